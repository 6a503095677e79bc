"""The search index of the checkout."""

from __future__ import annotations

import pytest

from nexuskb.search import SearchIndex, open_index
from nexuskb.search.index import INDEX_FILE
from nexuskb.settings import Settings
from nexuskb.store.filling import prepare


@pytest.fixture(scope="session")
def index(settings: Settings) -> SearchIndex:
    """The index of the whole base."""
    directory, _ = prepare(settings)
    return open_index(directory / INDEX_FILE, connections=2)
