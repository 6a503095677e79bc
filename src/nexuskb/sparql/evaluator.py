"""What the facade needs of whatever evaluates its queries: worker processes of our own or a remote store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from nexuskb.sparql.formats import ResultFormat
from nexuskb.store.port import EVERYTHING, Dataset


class Answer(AsyncIterator[bytes]):
    """An answer in blocks, of which the first is here and ``rest`` is on its way; ``None`` if that is all.

    Whoever does not read it to its end closes it.
    """

    __slots__ = ("_first", "_rest")

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None] | None = None) -> None:
        self._first: bytes | None = first
        self._rest = rest

    @property
    def whole(self) -> bytes | None:
        """All of the answer, if it is here already."""
        return self._first if self._rest is None else None

    async def __anext__(self) -> bytes:
        """The next block; none is empty."""
        first, self._first = self._first, None
        if first:
            return first
        if self._rest is None:
            raise StopAsyncIteration
        return await anext(self._rest)

    async def read(self) -> bytes:
        """All of the answer."""
        whole = self.whole
        return b"".join([block async for block in self]) if whole is None else whole

    async def aclose(self) -> None:
        """End the work for it."""
        if self._rest is not None:
            await self._rest.aclose()


@dataclass(frozen=True, slots=True)
class Load:
    """How much is going on: workers that are free and busy, queries waiting, workers replaced so far."""

    free: int
    busy: int
    waiting: int
    restarts: int


class Evaluator(Protocol):
    """Answers queries on the base under limits.

    :class:`~nexuskb.sparql.pool.WorkerPool` and :class:`~nexuskb.store.evaluating.RemoteEvaluator` do.
    """

    @property
    def generation(self) -> str:
        """The content that was served last; equal generations give equal answers."""
        ...

    @property
    def load(self) -> Load:
        """How much is going on."""
        ...

    async def check(self) -> None:
        """Raise :class:`~nexuskb.errors.NexusError` if queries cannot be answered at the moment."""
        ...

    def end(self) -> None:
        """End all queries now, those that wait too: they get to know that the server is closing."""
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
    ) -> Answer:
        """Evaluate a stranger's query; the answer comes in blocks as it is made.

        Raises :class:`~nexuskb.errors.QueryError` and its kinds, and
        :class:`~nexuskb.errors.StoreError` for a store that does not answer. A late error ends the iteration.
        """
        ...

    async def whole(self, query: str, result_format: ResultFormat) -> bytes:
        """The whole answer to a query of our own."""
        ...
