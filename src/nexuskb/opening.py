"""The base as commands and programs open it: the store that the settings name, with its search index."""

from __future__ import annotations

from nexuskb.search.index import INDEX_FILE, open_index
from nexuskb.search.store import SearchingStore
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import Progress, prepare
from nexuskb.store.remote import RemoteStore


def open_base(settings: Settings, progress: Progress | None = None) -> SearchingStore:
    """The base, brought up to date first where it is on this machine.

    Raises :class:`~nexuskb.errors.SettingsError`, :class:`~nexuskb.errors.ContentError` and
    :class:`~nexuskb.errors.StoreError`.
    """
    directory, generation = prepare(settings, progress)
    index = open_index(directory / INDEX_FILE)
    if settings.store:
        return SearchingStore(RemoteStore(settings.store), index, generation)
    return SearchingStore(OxigraphStore.open(directory, generation), index, generation)
