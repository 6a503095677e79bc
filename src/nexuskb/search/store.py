"""Any store of the port, with full-text search in its queries."""

from __future__ import annotations

from nexuskb.errors import QuerySyntaxError
from nexuskb.search.index import SearchIndex
from nexuskb.search.pattern import replace_matches
from nexuskb.sparql.formats import ResultFormat
from nexuskb.store.port import ByteSink, Dataset, Solutions, TripleStore


class SearchingStore:
    """A store that answers ``nx:matches`` from the index of the same generation.

    A fault in a query is told as the store tells it of the query as it was written.
    """

    def __init__(self, store: TripleStore, index: SearchIndex) -> None:
        self._store = store
        self.index = index

    @property
    def generation(self) -> str:
        """The content this store holds."""
        return self._store.generation

    def select(self, query: str) -> Solutions:
        """Evaluate a SELECT of our own."""
        replaced = replace_matches(query, self.index.identifiers)
        try:
            return self._store.select(replaced)
        except QuerySyntaxError:
            self._store.select(query)
            raise

    def answer(self, query: str, dataset: Dataset, result_format: ResultFormat, out: ByteSink) -> None:
        """Evaluate a query and write its result."""
        replaced = replace_matches(query, self.index.identifiers)
        try:
            self._store.answer(replaced, dataset, result_format, out)
        except QuerySyntaxError:
            self._store.answer(query, dataset, result_format, out)
            raise

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""
        return self._store.graphs()
