"""Evaluation with hard limits: queries run in worker processes that are killed when their time is up.

The pool belongs to one event loop. It starts the fork server, keeps a fixed number of workers, hands them out
fairly to what waits for them (:mod:`nexuskb.sparql.fairness`), and replaces every worker that dies, and the
fork server if that should.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from nexuskb.errors import QueryError, QueryLimitError, SettingsError
from nexuskb.sparql.fairness import CLIENT, FairShare
from nexuskb.sparql.forkserver import COMMAND, FORK, KILL, WAIT
from nexuskb.sparql.formats import ResultFormat
from nexuskb.sparql.frames import HEADER, Kind, Request, decode_error, frame
from nexuskb.sparql.limits import PoolLimits
from nexuskb.store.port import EVERYTHING, Dataset

#: What a query costs its client at least that takes its worker with it, as another must be made.
_COST_OF_A_WORKER = 0.5
#: Seconds between attempts to replace a worker where the machine has nothing to make it of.
_PAUSE = 1.0


@dataclass(slots=True)
class _Worker:
    pid: int
    server: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    client: str | None = None
    since: float = 0.0
    expired: bool = False
    leaving: asyncio.Task[int] | None = None


class WorkerPool:
    """Answers queries on a finished store under limits. Use it as an async context manager."""

    def __init__(self, directory: Path, generation: str, limits: PoolLimits, mode: str = "memory") -> None:
        self.generation = generation
        self.limits = limits
        self._arguments = [str(directory), generation, mode, str(limits.memory)]
        self._share: FairShare[_Worker] = FairShare(limits)
        self._control_lock = asyncio.Lock()
        self._leaving: set[asyncio.Task[int]] = set()
        self._closing = False
        self.restarts = 0

    async def __aenter__(self) -> WorkerPool:
        """Start the fork server and the workers. Raises :class:`SettingsError` if they cannot start."""
        try:
            await self._start()
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise SettingsError(f"The query workers could not start on {self._arguments[0]}.") from error
        for _ in range(self.limits.workers):
            self._share.offer(await self._fork())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers and the fork server."""
        self._closing = True
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        for worker in self._share.close():
            worker.writer.close()
        self._control.close()
        await self._server.wait()

    async def current(self) -> str:
        """The content that is served: that of the start."""
        return self.generation

    async def answer(
        self,
        query: str,
        result_format: ResultFormat,
        dataset: Dataset = EVERYTHING,
        seconds: float | None = None,
    ) -> AsyncIterator[bytes]:
        """Evaluate a query; the answer comes in blocks as it is made.

        The first block is waited for, so that an error of the query is raised here and not in the middle of
        an answer. Raises :class:`QueryError` and its kinds. A late error ends the iteration with one.
        """
        limit = min(seconds or self.limits.seconds, self.limits.seconds)
        worker = await self._borrow()
        request = Request(query, dataset.default_graphs, dataset.named_graphs, result_format.name)
        blocks = self._blocks(worker, request, limit)
        first = await anext(blocks, b"")
        return _chain(first, blocks)

    async def whole(self, query: str, result_format: ResultFormat) -> bytes:
        """The whole answer to a query of our own."""
        return b"".join([block async for block in await self.answer(query, result_format)])

    async def _blocks(self, worker: _Worker, request: Request, limit: float) -> AsyncIterator[bytes]:
        """The answer as it comes. The clock also runs while the client is slow to take it.

        Whoever reads may be cancelled or go away at any point, so nothing is waited for when this ends.
        """
        clock = asyncio.get_running_loop().call_later(limit, self._expire, worker)
        finished = False
        try:
            worker.writer.write(frame(Kind.REQUEST, request.encode()))
            await worker.writer.drain()
            while True:
                kind, length = HEADER.unpack(await worker.reader.readexactly(HEADER.size))
                body = await worker.reader.readexactly(length)
                if kind != Kind.DATA:
                    finished = True
                    break
                yield body
            if kind == Kind.ERROR:
                raise decode_error(body)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            if self._closing:
                raise QueryLimitError("The query was stopped: the server is closing.", "closing") from error
            ended_by = await asyncio.shield(self._dismiss(worker, WAIT))
            if worker.expired:
                raise QueryLimitError(
                    f"The query was stopped after {limit:g} seconds. Ask for less: add LIMIT, name the kind "
                    "of record, or join on fewer free variables.",
                    "time",
                ) from error
            raise _cause_of_death(ended_by, self.limits) from error
        finally:
            clock.cancel()
            if finished and worker.leaving is None:
                self._let_go(worker)
                self._share.offer(worker)
            elif self._closing:
                worker.writer.close()
            else:
                self._dismiss(worker, KILL)

    async def _borrow(self) -> _Worker:
        """A worker for the client of this task, passing over those that have died meanwhile."""
        client = CLIENT.get()
        while True:
            worker = await self._share.take(client)
            worker.client, worker.since = client, asyncio.get_running_loop().time()
            if not worker.reader.at_eof():
                return worker
            self._dismiss(worker, WAIT)

    def _let_go(self, worker: _Worker, least: float = 0.0) -> None:
        """The client has had what it gets of this worker."""
        if worker.client is not None:
            client, worker.client = worker.client, None
            held = asyncio.get_running_loop().time() - worker.since
            self._share.release(client, max(held, least))

    def _expire(self, worker: _Worker) -> None:
        worker.expired = True
        self._dismiss(worker, KILL)

    def _dismiss(self, worker: _Worker, operation: bytes) -> asyncio.Task[int]:
        """Have a worker ended and replaced in the background; the task gives the signal that ended it."""
        if worker.leaving is None:
            self._let_go(worker, _COST_OF_A_WORKER)
            worker.writer.close()
            worker.leaving = asyncio.create_task(self._replace(worker, operation))
            self._leaving.add(worker.leaving)
            worker.leaving.add_done_callback(self._leaving.discard)
        return worker.leaving

    async def _replace(self, worker: _Worker, operation: bytes) -> int:
        ended_by = 0
        with suppress(ConnectionError):
            ended_by = await self._command(operation, worker)
        while True:
            try:
                replacement = await self._fork()
                break
            except OSError:
                await asyncio.sleep(_PAUSE)
        self.restarts += 1
        self._share.offer(replacement)
        return ended_by

    async def _start(self) -> None:
        """Start the fork server and wait until it has the store."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            self._server = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "nexuskb.sparql.forkserver", *self._arguments, stdin=theirs.fileno()
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._control = ours
        await self._reply()

    async def _restart(self) -> None:
        """Start another fork server in the place of one that has ended; its workers ended with it."""
        self._control.close()
        with suppress(ProcessLookupError):
            self._server.kill()
        await self._server.wait()
        await self._start()

    async def _fork(self) -> _Worker:
        ours, theirs = socket.socketpair()
        try:
            async with self._control_lock:
                if self._server.returncode is not None:
                    await self._restart()
                self._control.setblocking(True)
                socket.send_fds(self._control, [COMMAND.pack(FORK, 0)], [theirs.fileno()])
                self._control.setblocking(False)
                theirs.close()
                pid = await self._reply()
                server = self._server
        except BaseException:
            ours.close()
            theirs.close()
            raise
        reader, writer = await asyncio.open_connection(sock=ours)
        return _Worker(pid, server, reader, writer)

    async def _command(self, operation: bytes, worker: _Worker) -> int:
        """Have the fork server do something with a worker, if it is one of its own."""
        async with self._control_lock:
            if worker.server is not self._server:
                return 0
            await asyncio.get_running_loop().sock_sendall(self._control, COMMAND.pack(operation, worker.pid))
            return await self._reply()

    async def _reply(self) -> int:
        held = b""
        while len(held) < COMMAND.size:
            data = await asyncio.get_running_loop().sock_recv(self._control, COMMAND.size - len(held))
            if not data:
                raise ConnectionError("the fork server ended")
            held += data
        _, number = COMMAND.unpack(held)
        return int(number)


def _cause_of_death(ended_by: int, limits: PoolLimits) -> QueryError:
    if ended_by == signal.SIGABRT:
        return QueryLimitError(
            f"The query needed more than {limits.memory // 1024**2:,} MiB of memory. Ask for less at a time.",
            "memory",
        )
    if ended_by == signal.SIGSEGV:
        return QueryLimitError("The query is nested too deeply to be evaluated.", "nesting depth")
    return QueryLimitError("The query ended its worker. Ask for less at a time.", "resources")


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for block in rest:
        yield block
