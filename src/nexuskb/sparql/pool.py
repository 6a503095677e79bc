"""Evaluation with hard limits: queries run in worker processes that are killed when their time is up.

The pool belongs to one event loop. It starts the fork server, keeps a fixed number of workers, hands them out
fairly to what waits for them (:mod:`nexuskb.sparql.fairness`), and replaces every worker that dies, and the
fork server if that should.

When the base changes, all queries get workers of the new generation from one moment on: those that are free
are replaced at once, those at work when they have finished.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from nexuskb.errors import ContentError, QueryError, QueryLimitError, SettingsError, StoreError
from nexuskb.rules import Rule
from nexuskb.search.documents import Document
from nexuskb.sparql.evaluator import Answer, Load
from nexuskb.sparql.fairness import CLIENT, FairShare
from nexuskb.sparql.forkserver import CHANGE, COMMAND, FORK, KILL, MOVE, REFUSED, WAIT
from nexuskb.sparql.formats import ResultFormat
from nexuskb.sparql.frames import HEADER, Kind, Request, decode_error, frame
from nexuskb.sparql.limits import PoolLimits
from nexuskb.store.port import EVERYTHING, Dataset

#: What a query costs its client at least that takes its worker with it, as another must be made.
_COST_OF_A_WORKER = 0.5
#: Stands for the generation of a worker that has seen drafts, so that it is never asked again.
_WITH_DRAFTS = "with drafts"
#: Seconds between attempts to replace a worker where the machine has nothing to make it of.
_PAUSE = 1.0


class _Channel(asyncio.Protocol):
    """The messages of a worker. Few are held, so that it waits for whoever reads them."""

    def __init__(self) -> None:
        self.ended = False
        self._held = bytearray()
        self._messages: deque[tuple[int, bytes]] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be joined to a worker."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take in what has come of messages."""
        self._held += data
        while len(self._held) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._held)
            end = HEADER.size + length
            if len(self._held) < end:
                break
            self._messages.append((kind, bytes(self._held[HEADER.size : end])))
            del self._held[:end]
        if len(self._messages) > 1 and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- as asyncio has it
        """The worker has ended."""
        self.ended = True
        self._wake()

    def send(self, message: bytes) -> None:
        """Send a message, of which one is under way at most."""
        self._transport.write(message)

    async def receive(self) -> tuple[int, bytes]:
        """The next message: its kind and its body. Raises ``ConnectionError``."""
        while not self._messages:
            if self.ended:
                raise ConnectionResetError("the worker has ended")
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        message = self._messages.popleft()
        if self._paused and not self._messages and not self.ended:
            self._paused = False
            self._transport.resume_reading()
        return message

    def close(self) -> None:
        """Part from the worker."""
        self._transport.abort()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@dataclass(slots=True)
class _Worker:
    pid: int
    server: asyncio.subprocess.Process
    generation: str
    channel: _Channel
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
        self._spare: list[_Worker] = []
        self._forked = generation
        self._changed: dict[str, str | None] = {}
        self._rules: list[dict[str, Any]] = []
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
        for worker in (*self._share.close(), *self._spare):
            worker.channel.close()
        self._control.close()
        await self._server.wait()

    async def current(self) -> str:
        """The content that is served: that of the start."""
        return self.generation

    @property
    def load(self) -> Load:
        """How much is going on."""
        return Load(self._share.free, self._share.held, self._share.waiting, self.restarts)

    async def check(self) -> None:
        """Raise :class:`StoreError` if there are no workers."""
        if self._closing:
            raise StoreError("The server is closing.")
        if self._server.returncode is not None or not (self._share.free or self._share.held):
            raise StoreError("The query workers are being started anew.")

    def end(self) -> None:
        """End all queries now: they get to know that the server is closing."""
        self._closing = True
        for worker in self._share.close():
            worker.channel.close()
        with suppress(ProcessLookupError):
            self._server.kill()  # and all its workers end with it

    @asynccontextmanager
    async def changing(
        self, records: Mapping[str, bytes | None], rules: Collection[Rule], generation: str
    ) -> AsyncIterator[dict[str, Document | None]]:
        """Change records in the store in memory; queries see that when the context is left without an error.

        Gives the documents of the search index that change with it, so that both can be done at one moment.
        If the context is left by an error, the base stays as it was. Raises :class:`ContentError` for
        records that cannot be read, and ``ConnectionError`` if the fork server does not do its part.
        """
        asked = {record: triples.decode() if triples else None for record, triples in records.items()}
        plain = [rule.as_dict() for rule in rules]
        async with self._control_lock:
            if self._server.returncode is not None:
                await self._restart()
            try:
                documents = await self._change(asked, plain, generation)
            except ContentError:
                raise
            except BaseException:
                self._give_up()
                raise
            try:
                self._forked = generation
                await self._fork_spare()
                yield documents
            except BaseException:
                self._give_up()
                self._forked = self.generation
                raise
            self._changed |= asked
            self._rules = plain
            self._pass_to(generation)

    @asynccontextmanager
    async def moving(self, directory: Path, generation: str) -> AsyncIterator[None]:
        """Move to a store on disk; queries see that when the context is left without an error."""
        before = self._arguments[:2], self._forked
        async with self._control_lock:
            try:
                self._arguments[:2] = [str(directory), generation]
                self._forked, self._changed = generation, {}
                if self._arguments[2] == "memory":
                    await self._restart()
                else:
                    asked = {"directory": str(directory), "generation": generation}
                    await self._tell(MOVE, asked)
                await self._fork_spare()
                yield
            except BaseException:
                self._arguments[:2], self._forked = before
                self._give_up()
                raise
            self._pass_to(generation)

    def _pass_to(self, generation: str) -> None:
        """From now on, queries get workers of this generation."""
        self.generation = generation
        for worker in self._share.withdraw():
            self._dismiss(worker, KILL)

    def _give_up(self) -> None:
        """End a fork server that holds what nobody is to see. The next holds the base as it is served."""
        with suppress(ProcessLookupError):
            self._server.kill()
        for worker in self._share.withdraw():
            self._dismiss(worker, WAIT)

    async def _fork_spare(self) -> None:
        """Have workers of the generation to come at hand, for those that will be dismissed."""
        while self._spare:
            worker = self._spare.pop()
            worker.channel.close()
            await self._command_now(KILL, worker)
        for _ in range(self.limits.workers):
            self._spare.append(await self._fork_now())

    async def _change(
        self, records: Mapping[str, str | None], rules: list[dict[str, Any]], generation: str
    ) -> dict[str, Document | None]:
        body = await self._tell(CHANGE, {"records": records, "rules": rules, "generation": generation})
        return {name: document and Document.of(document) for name, document in json.loads(body).items()}

    async def _tell(self, operation: bytes, asked: dict[str, Any]) -> bytes:
        """Have the fork server do something at length. Raises :class:`ContentError` if it refuses."""
        loop, body = asyncio.get_running_loop(), json.dumps(asked).encode()
        await loop.sock_sendall(self._control, COMMAND.pack(operation, len(body)) + body)
        kind, length = await self._told()
        answer = await self._exactly(length)
        if kind == REFUSED:
            raise ContentError(answer.decode())
        return answer

    async def answer(
        self,
        query: str,
        result_format: ResultFormat,
        dataset: Dataset = EVERYTHING,
        seconds: float | None = None,
    ) -> Answer:
        """Evaluate a query; the answer comes in blocks as it is made.

        The first block is waited for, so that an error of the query is raised here and not in the middle of
        an answer. Raises :class:`QueryError` and its kinds. A late error ends the iteration with one.
        """
        limit = min(seconds or self.limits.seconds, self.limits.seconds)
        request = Request(query, dataset.default_graphs, dataset.named_graphs, result_format.name)
        return await self._run(_Run(self, await self._borrow(), limit), request)

    async def answer_with_drafts(
        self, drafts: bytes, query: str, result_format: ResultFormat, dataset: Dataset = EVERYTHING
    ) -> Answer:
        """Evaluate a query with N-Triples in the graph of drafts, in a worker that is ended afterwards.

        Nobody else sees them: they are in that process alone.
        """
        run = _Run(self, await self._borrow(), self.limits.seconds)
        run.worker.generation = _WITH_DRAFTS
        run.worker.channel.send(frame(Kind.DRAFTS, drafts))
        await run.heard()
        request = Request(query, dataset.default_graphs, dataset.named_graphs, result_format.name)
        return await self._run(run, request)

    async def _run(self, run: _Run, request: Request) -> Answer:
        run.worker.channel.send(frame(Kind.REQUEST, request.encode()))
        first, last = await run.block()
        if last:
            return Answer(first)
        rest = run.blocks()
        await anext(rest)
        return Answer(first, rest)

    async def whole(self, query: str, result_format: ResultFormat) -> bytes:
        """The whole answer to a query of our own."""
        return await (await self.answer(query, result_format)).read()

    async def fate(self, worker: _Worker, limit: float) -> QueryError:
        """Why a worker does not answer any more."""
        if self._closing:
            return _closed()
        ended_by = await asyncio.shield(self._dismiss(worker, WAIT))
        if worker.expired:
            return QueryLimitError(
                f"The query was stopped after {limit:g} seconds. Ask for less: add LIMIT, name the kind "
                "of record, or join on fewer free variables.",
                "time",
            )
        return _cause_of_death(ended_by, self.limits)

    def take_back(self, worker: _Worker, *, finished: bool) -> None:
        """A worker is not needed for its query any more; one that has not finished it is replaced."""
        if finished and worker.leaving is None:
            self._let_go(worker)
            if worker.generation == self.generation:
                self._share.offer(worker)
            else:
                self._dismiss(worker, KILL)
        elif self._closing:
            worker.channel.close()
        else:
            self._dismiss(worker, KILL)

    def expire(self, worker: _Worker) -> None:
        """The time for its query is up."""
        worker.expired = True
        self._dismiss(worker, KILL)

    async def _borrow(self) -> _Worker:
        """A worker for the client of this task, passing over those that have died meanwhile."""
        client = CLIENT.get()
        while True:
            worker = await self._share.take(client)
            worker.client, worker.since = client, asyncio.get_running_loop().time()
            if worker.generation != self.generation:
                self._let_go(worker)
                self._dismiss(worker, KILL)
            elif not worker.channel.ended:
                return worker
            else:
                self._dismiss(worker, WAIT)

    def _let_go(self, worker: _Worker, least: float = 0.0) -> None:
        """The client has had what it gets of this worker."""
        if worker.client is not None:
            client, worker.client = worker.client, None
            held = asyncio.get_running_loop().time() - worker.since
            self._share.release(client, max(held, least))

    def _dismiss(self, worker: _Worker, operation: bytes) -> asyncio.Task[int]:
        """Have a worker ended and replaced in the background; the task gives the signal that ended it."""
        if worker.leaving is None:
            self._let_go(worker, _COST_OF_A_WORKER)
            worker.channel.close()
            worker.leaving = asyncio.create_task(self._replace(worker, operation))
            self._leaving.add(worker.leaving)
            worker.leaving.add_done_callback(self._leaving.discard)
        return worker.leaving

    async def _replace(self, worker: _Worker, operation: bytes) -> int:
        spare = self._spare.pop() if self._spare and self._spare[-1].generation == self.generation else None
        if spare:
            self._share.offer(spare)
        ended_by = 0
        with suppress(ConnectionError):
            ended_by = await self._command(operation, worker)
        while not spare:
            try:
                self._share.offer(await self._fork())
                break
            except OSError:
                await asyncio.sleep(_PAUSE)
        self.restarts += 1
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
        if self._changed:
            await self._change(self._changed, self._rules, self.generation)

    async def _restart(self) -> None:
        """Start another fork server in the place of one that has ended; its workers ended with it."""
        self._control.close()
        with suppress(ProcessLookupError):
            self._server.kill()
        await self._server.wait()
        await self._start()

    async def _fork(self) -> _Worker:
        async with self._control_lock:
            return await self._fork_now()

    async def _fork_now(self) -> _Worker:
        ours, theirs = socket.socketpair()
        try:
            if self._server.returncode is not None:
                await self._restart()
            self._control.setblocking(True)
            socket.send_fds(self._control, [COMMAND.pack(FORK, 0)], [theirs.fileno()])
            self._control.setblocking(False)
            theirs.close()
            pid = await self._reply()
        except BaseException:
            ours.close()
            theirs.close()
            raise
        _, channel = await asyncio.get_running_loop().create_connection(_Channel, sock=ours)
        return _Worker(pid, self._server, self._forked, channel)

    async def _command(self, operation: bytes, worker: _Worker) -> int:
        async with self._control_lock:
            return await self._command_now(operation, worker)

    async def _command_now(self, operation: bytes, worker: _Worker) -> int:
        """Have the fork server do something with a worker, if it is one of its own."""
        if worker.server is not self._server:
            return 0
        await asyncio.get_running_loop().sock_sendall(self._control, COMMAND.pack(operation, worker.pid))
        return await self._reply()

    async def _reply(self) -> int:
        return (await self._told())[1]

    async def _told(self) -> tuple[bytes, int]:
        kind, number = COMMAND.unpack(await self._exactly(COMMAND.size))
        return kind, number

    async def _exactly(self, length: int) -> bytes:
        held = bytearray()
        while len(held) < length:
            data = await asyncio.get_running_loop().sock_recv(self._control, length - len(held))
            if not data:
                raise ConnectionError("the fork server ended")
            held += data
        return bytes(held)


class _Run:
    """A query at a worker. The clock also runs while the client is slow to take the answer.

    Whoever reads may be cancelled or go away at any point, so nothing is waited for when this ends.
    """

    __slots__ = ("_clock", "_limit", "_over", "_pool", "worker")

    def __init__(self, pool: WorkerPool, worker: _Worker, limit: float) -> None:
        self.worker = worker
        self._pool = pool
        self._limit = limit
        self._clock = asyncio.get_running_loop().call_later(limit, pool.expire, worker)
        self._over = False

    async def heard(self) -> None:
        """The worker has done what it was told."""
        await self._message()

    async def block(self) -> tuple[bytes, bool]:
        """The next block of the answer, and whether it is the last."""
        kind, body = await self._message()
        if kind == Kind.DATA:
            return body, False
        self._end(finished=True)
        if kind == Kind.ERROR:
            raise decode_error(body)
        return body, True

    async def _message(self) -> tuple[int, bytes]:
        try:
            return await self.worker.channel.receive()
        except ConnectionError as error:
            fate = await self._pool.fate(self.worker, self._limit)
            self._end(finished=False)
            raise fate from error
        except BaseException:
            self._end(finished=False)
            raise

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """What is left of the answer, after an empty block: having begun, it ends properly when dropped."""
        try:
            block, last = b"", False
            yield block
            while not last:
                block, last = await self.block()
                if block:
                    yield block
        finally:
            self._end(finished=False)

    def _end(self, *, finished: bool) -> None:
        if not self._over:
            self._over = True
            self._clock.cancel()
            self._pool.take_back(self.worker, finished=finished)


def _cause_of_death(ended_by: int, limits: PoolLimits) -> QueryError:
    if ended_by == signal.SIGABRT:
        return QueryLimitError(
            f"The query needed more than {limits.memory // 1024**2:,} MiB of memory. Ask for less at a time.",
            "memory",
        )
    if ended_by == signal.SIGSEGV:
        return QueryLimitError("The query is nested too deeply to be evaluated.", "nesting depth")
    return QueryLimitError("The query ended its worker. Ask for less at a time.", "resources")


def _closed() -> QueryError:
    return QueryLimitError("The query was stopped: the server is closing.", "closing")
