"""Any store of the port, with full-text search in its queries."""

from __future__ import annotations

from nexuskb.errors import QuerySyntaxError, StoreError
from nexuskb.search.index import SearchIndex
from nexuskb.search.pattern import may_match, replace_matches
from nexuskb.sparql.formats import ResultFormat
from nexuskb.store.port import ByteSink, Dataset, Solutions, TripleStore


def check_indexed(indexed: str, generation: str) -> None:
    """Refuse to search for words in another generation of the base than the one that is answered from.

    The index is built from the curated files of this machine; a remote store may hold others. Raises
    :class:`StoreError`.
    """
    if indexed != generation:
        raise StoreError(
            f"The search index is of generation {indexed}, but the store holds {generation}: words would be "
            "found in other records than those it answers from. Bring the files up to date, or the store by "
            "`nexuskb load`, and start again."
        )


class SearchingStore:
    """A store that answers ``nx:matches`` from the index of the same generation.

    A fault in a query is told as the store tells it of the query as it was written.
    """

    def __init__(self, store: TripleStore, index: SearchIndex, indexed: str) -> None:
        self._store = store
        self._index = index
        self._indexed = indexed

    def searching(self) -> SearchIndex:
        """The index. Raises :class:`StoreError` if it is that of another generation than the store holds."""
        check_indexed(self._indexed, self.generation)
        return self._index

    def _replaced(self, query: str) -> str:
        return replace_matches(query, self.searching().identifiers) if may_match(query) else query

    @property
    def generation(self) -> str:
        """The content this store holds."""
        return self._store.generation

    def select(self, query: str) -> Solutions:
        """Evaluate a SELECT of our own."""
        replaced = self._replaced(query)
        try:
            return self._store.select(replaced)
        except QuerySyntaxError:
            self._store.select(query)
            raise

    def answer(self, query: str, dataset: Dataset, result_format: ResultFormat, out: ByteSink) -> None:
        """Evaluate a query and write its result."""
        replaced = self._replaced(query)
        try:
            self._store.answer(replaced, dataset, result_format, out)
        except QuerySyntaxError:
            self._store.answer(query, dataset, result_format, out)
            raise

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""
        return self._store.graphs()
