"""A remote store as the facade's evaluator: many queries at once, each with an end.

Queries of strangers are first put to workers of our own over an empty store. So the grammar is one whatever
the store is, a mistake is explained in the same words, and no extension of an engine gets through to it.
"""

from __future__ import annotations

import asyncio
import io
import logging
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import httpx
import pyoxigraph as ox

from nexuskb.errors import StoreError
from nexuskb.settings import RemoteSettings
from nexuskb.sparql.evaluator import Answer, Load
from nexuskb.sparql.fairness import CLIENT, OURSELVES, FairShare
from nexuskb.sparql.formats import JSON, ResultFormat
from nexuskb.sparql.frames import BLOCK
from nexuskb.sparql.limits import PoolLimits
from nexuskb.sparql.pool import WorkerPool
from nexuskb.sparql.portable import PortableQuery, portable
from nexuskb.store import protocol
from nexuskb.store.credentials import Credentials
from nexuskb.store.port import EVERYTHING, Dataset, Solutions
from nexuskb.store.state import State, check_count, count_query, known, read_state, state_query
from nexuskb.store.streaming import AnswerStream
from nexuskb.store.transcoding import read_solutions

_LOG = logging.getLogger(__name__)

#: Seconds for which the generation of the store is taken to be as it was read.
FRESH = 1.0


class RemoteEvaluator:
    """Answers queries from a remote store under limits. Use it as an async context manager.

    ``limits`` are those of the workers that judge the grammar, and but for memory also those of the queries
    sent, of which ``connections`` are on their way at once, shared fairly between clients.
    """

    def __init__(self, remote: RemoteSettings, limits: PoolLimits, connections: int = 16) -> None:
        self.remote = remote
        self.limits = limits
        self._connections = connections
        self._share: FairShare[int] = FairShare(replace(limits, workers=connections))
        for connection in range(connections):
            self._share.offer(connection)
        self._answers: set[asyncio.Task[None]] = set()
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")
        #: What the store said it is (the Server header) when it last answered, in lower case.
        self.product = ""

    async def __aenter__(self) -> RemoteEvaluator:
        """Connect, and make sure that the store holds what it says. Raises :class:`StoreError`."""
        async with AsyncExitStack() as stack:
            empty = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nexuskb-")))
            ox.Store(str(empty)).flush()
            self._grammar = await stack.enter_async_context(WorkerPool(empty, "empty", self.limits))
            self._threads = ThreadPoolExecutor(self._connections, "nexuskb-answer")
            stack.push_async_callback(self._end_answers)
            self._client = await stack.enter_async_context(
                httpx.AsyncClient(
                    auth=Credentials(self.remote),
                    headers=protocol.AGENT,
                    timeout=protocol.UNLIMITED,
                    limits=httpx.Limits(max_connections=self._connections),
                    verify=protocol.certificates(),
                    trust_env=False,
                )
            )
            await self._read()
            for graph in self._state.triples:
                check_count(self._state, graph, await self._rows(count_query(graph)), self.remote)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End answers, connections, threads and workers."""
        await self._stack.aclose()

    async def _end_answers(self) -> None:
        self._share.close()
        for task in self._answers:
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)

    @property
    def generation(self) -> str:
        """The content of the store when it was last asked."""
        return self._state.generation

    async def current(self) -> str:
        """The content of the store, at most a second ago."""
        with _without_address():
            return (await self.state()).generation

    async def state(self, *, anew: bool = False) -> State:
        """What the store holds, at most a second ago, or read ``anew``. Raises :class:`StoreError`."""
        if anew or self._stale():
            async with self._reading:
                if anew or self._stale():
                    await self._read()
        return self._state

    @property
    def load(self) -> Load:
        """How much is going on: connections are the workers."""
        share = self._share
        return Load(share.free, share.held, share.waiting, self._grammar.restarts)

    async def check(self) -> None:
        """Raise :class:`StoreError` if the store does not answer, or our own workers do not."""
        await self._grammar.check()
        await self.current()

    def end(self) -> None:
        """Have no further queries sent; what has been sent is cut with its connection."""
        self._share.close()
        self._grammar.end()

    async def answer(
        self,
        query: str,
        result_format: ResultFormat,
        dataset: Dataset = EVERYTHING,
        seconds: float | None = None,
    ) -> Answer:
        """Evaluate a query; the answer comes in blocks as it comes from the store.

        The first block is waited for, as in :class:`~nexuskb.sparql.pool.WorkerPool`.
        """
        limit = min(seconds or self.limits.seconds, self.limits.seconds)
        await self._check(query, result_format, dataset, limit)
        await self.current()
        with _without_address():
            return await self._send(portable(query, dataset, self._state.graphs), result_format, limit)

    async def whole(self, query: str, result_format: ResultFormat) -> bytes:
        """The whole answer to a query of our own."""
        await self.current()
        with _without_address():
            return await self._whole(portable(query, EVERYTHING, self._state.graphs), result_format)

    def _stale(self) -> bool:
        return asyncio.get_running_loop().time() - self._read_at > FRESH

    async def _read(self) -> None:
        started, client = asyncio.get_running_loop().time(), CLIENT.set(OURSELVES)
        try:
            self._state: State = known(read_state(await self._rows(state_query())), self.remote)
        finally:
            CLIENT.reset(client)
        self._read_at = started

    async def _rows(self, asked: PortableQuery) -> Solutions:
        answer = await self._whole(asked, JSON)
        return read_solutions(io.BytesIO(answer), JSON.media_type)

    async def _whole(self, asked: PortableQuery, result_format: ResultFormat) -> bytes:
        return await (await self._send(asked, result_format, self.limits.seconds)).read()

    async def _check(self, query: str, result_format: ResultFormat, dataset: Dataset, limit: float) -> None:
        """Have our own engine read the query. What it makes of nothing is not looked at."""
        size = 0
        async for block in await self._grammar.answer(query, result_format, dataset, limit):
            size += len(block)
            if size > BLOCK:
                return

    async def _send(self, asked: PortableQuery, result_format: ResultFormat, limit: float) -> Answer:
        client, loop = CLIENT.get(), asyncio.get_running_loop()
        connection = await self._share.take(client)
        since = loop.time()

        def ended() -> None:
            self._share.release(client, loop.time() - since)
            self._share.offer(connection)

        stream = AnswerStream(
            respond=lambda: self._respond(asked, limit),
            form=asked.form,
            result_format=result_format,
            remote=self.remote,
            threads=self._threads,
            tasks=self._answers,
            seconds=limit,
        )
        blocks = stream.blocks(ended)
        return Answer(await anext(blocks, b""), blocks)

    async def _respond(self, asked: PortableQuery, limit: float) -> httpx.Response:
        request = self._client.build_request(
            "POST",
            self.remote.query,
            data=protocol.fields(asked, self.remote, limit),
            headers=protocol.headers(asked.form),
        )
        try:
            response = await self._client.send(request, stream=True)
        except protocol.STALE:
            response = await self._client.send(request, stream=True)
        self.product = str(response.headers.get("server", "")).lower()
        return response


@contextmanager
def _without_address() -> Iterator[None]:
    """Keep from strangers where the store is and what is wrong with it; that is for the log."""
    try:
        yield
    except StoreError as error:
        _LOG.error("%s", error)
        raise StoreError(
            "The store behind this service does not answer. Try again in a few seconds."
        ) from error
