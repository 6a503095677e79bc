"""What the facade needs of whatever evaluates its queries: worker processes of our own or a remote store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from nexuskb.sparql.formats import ResultFormat
from nexuskb.store.port import EVERYTHING, Dataset


class Evaluator(Protocol):
    """Answers queries on the base under limits.

    :class:`~nexuskb.sparql.pool.WorkerPool` and :class:`~nexuskb.store.evaluating.RemoteEvaluator` do.
    """

    @property
    def generation(self) -> str:
        """The content that was served last; equal generations give equal answers."""
        ...

    async def current(self) -> str:
        """The content that is served now, as far as is known. What is kept of an answer is kept under it.

        Ask before the query: an answer newer than its generation is never looked up again, an older one would
        be wrong for as long as the generation lasts.
        """
        ...

    async def answer(
        self,
        query: str,
        result_format: ResultFormat,
        dataset: Dataset = EVERYTHING,
        seconds: float | None = None,
    ) -> AsyncIterator[bytes]:
        """Evaluate a stranger's query; the answer comes in blocks as it is made.

        Raises :class:`~nexuskb.errors.QueryError` and its kinds, and
        :class:`~nexuskb.errors.StoreError` for a store that does not answer. A late error ends the iteration.
        """
        ...

    async def whole(self, query: str, result_format: ResultFormat) -> bytes:
        """The whole answer to a query of our own."""
        ...
