"""A generation that goes on changing with what is accepted: copies of its store and of its index.

They need not outlast their process, so nothing of them is flushed; the generation itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import Final

import pyoxigraph as ox

from nexuskb.errors import SettingsError
from nexuskb.holding import hold, own_directory
from nexuskb.records.ledger import Accepted
from nexuskb.rules import Rule
from nexuskb.search.documents import Concepts
from nexuskb.search.index import INDEX_FILE, SearchIndex, open_index
from nexuskb.search.live import LiveIndex
from nexuskb.settings import Settings
from nexuskb.store.changing import Effect, change
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import Content, Filled, copy_store

_PREFIX: Final = "changing-"
#: Searches at a time.
_SEARCHES: Final = 4


class WorkingCopy:
    """A generation and what becomes of it, to be closed. ``content`` and ``index`` go together.

    A change is made by :meth:`prepare` and seen after :meth:`commit`. After an error in between, or if it is
    not to be, the copy is of no more use but for ``index``. It is for one thread at a time.
    """

    def __init__(self, settings: Settings, filled: Filled, rules: Collection[Rule]) -> None:
        self.content = filled.content
        self._settings = settings
        self._directory = filled.directory
        self._rules = rules
        self._store: ox.Store | None = None
        self._held = ExitStack()
        self._held.enter_context(hold(filled.directory))
        self.index: SearchIndex = open_index(filled.directory / INDEX_FILE, _SEARCHES)

    def prepare(self, changes: Sequence[Accepted]) -> tuple[Effect, Content]:
        """Make accepted changes that follow on the content: what they do, and the content after them.

        Raises :class:`~nexuskb.errors.ContentError`.
        """
        store = self._opened()
        records = {str(accepted.record): accepted.triples for accepted in changes}
        effect = change(store, records, self._rules, self._concepts)
        self._live.write(effect.documents)
        self._next = self.content.after(changes[-1])
        return effect, self._next

    def commit(self) -> None:
        """Let what was prepared be what is searched."""
        self._live.commit()
        self.content, self.index = self._next, self._live.index

    def close(self) -> None:
        """Remove the copies."""
        self._store = None  # it closes when nobody has it
        self._held.close()

    def _opened(self) -> ox.Store:
        """The copy of the store, made with that of the index when the first change comes."""
        if self._store is None:
            home = self._settings.home
            try:
                directory = self._held.enter_context(own_directory(home, _PREFIX))
                copy_store(self._directory, directory)
            except OSError as error:
                raise SettingsError(f"No copy can be written under {home}: {error.strerror}.") from error
            self._live = self._held.enter_context(LiveIndex(home, self._directory / INDEX_FILE, _SEARCHES))
            self._store = ox.Store(str(directory))
            self._concepts = Concepts(OxigraphStore(self._store, ""))
        return self._store
