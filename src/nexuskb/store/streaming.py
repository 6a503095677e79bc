"""One answer on its way: from a remote store, through a thread that converts it, to whoever reads it.

A pair of sockets joins the thread to the event loop. What goes out waits for the reader, what comes in waits
for the thread, so an answer of any size takes little memory.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, cast

import httpx

from nexuskb.errors import QueryError, QueryLimitError
from nexuskb.settings import RemoteSettings
from nexuskb.sparql.formats import QueryForm, ResultFormat
from nexuskb.sparql.frames import BLOCK
from nexuskb.store import protocol
from nexuskb.store.transcoding import transcode

_TAIL = 300


@dataclass(frozen=True, slots=True)
class AnswerStream:
    """An answer that is asked for when it is read: ``respond`` sends the query to ``remote``.

    While it is on its way, its task is one of ``tasks``; to cancel that ends it.
    """

    respond: Callable[[], Awaitable[httpx.Response]]
    form: QueryForm
    result_format: ResultFormat
    remote: RemoteSettings
    threads: Executor
    tasks: set[asyncio.Task[None]]
    seconds: float

    async def blocks(self, ended: Callable[[], None]) -> AsyncGenerator[bytes, None]:
        """The answer in blocks. ``ended`` is called when the store has nothing more to do with it.

        The clock also runs while the reader is slow; then the store is let go, and the answer breaks off.
        """
        ours, theirs = socket.socketpair()
        try:
            reader, writer = await asyncio.open_connection(sock=ours, limit=BLOCK)
        except BaseException:
            ours.close()
            theirs.close()
            ended()
            raise
        feeding = asyncio.create_task(self._feed(writer, theirs))
        self.tasks.add(feeding)
        feeding.add_done_callback(self.tasks.discard)
        feeding.add_done_callback(lambda _: ended())
        feeding.add_done_callback(_looked_at)
        try:
            while block := await reader.read(BLOCK):
                yield block
            await feeding
        finally:
            feeding.cancel()
            writer.close()

    async def _feed(self, writer: asyncio.StreamWriter, theirs: socket.socket) -> None:
        tail = b""
        work: asyncio.Future[Exception | None] | None = None
        try:
            async with asyncio.timeout(self.seconds):
                response = await self.respond()
                try:
                    kind = await self._media_type(response)
                    work = asyncio.get_running_loop().run_in_executor(
                        self.threads, _convert, theirs, kind, self.form, self.result_format
                    )
                    with suppress(ConnectionError):  # the thread has read enough: it says why
                        async for block in response.aiter_bytes():
                            tail = (tail + block)[-_TAIL:]
                            writer.write(block)
                            await writer.drain()
                        writer.write_eof()
                    if (fault := await work) is not None:
                        raise fault
                finally:
                    await response.aclose()
        except BaseException as error:
            writer.transport.abort()
            if work is None:
                theirs.close()
            raise self._ours(error, tail) from error

    async def _media_type(self, response: httpx.Response) -> str:
        if response.is_success:
            return protocol.media_type(response, self.form, self.remote)
        held = b""
        async for block in response.aiter_bytes():
            held += block
            if len(held) >= protocol.ERROR_BYTES:
                break
        raise protocol.failure(response.status_code, held, self.remote)

    def _ours(self, error: BaseException, tail: bytes) -> BaseException:
        if isinstance(error, TimeoutError):
            return QueryLimitError(
                f"The query was stopped after {self.seconds:g} seconds. Ask for less: add LIMIT, name the "
                "kind of record, or join on fewer free variables.",
                "time",
            )
        if isinstance(error, SyntaxError) or (tail and isinstance(error, httpx.TransportError)):
            return protocol.broken_off(tail)
        if isinstance(error, httpx.TransportError):
            return protocol.out_of_reach(error, self.remote)
        return error


class _Blocks:
    """A binary file whose content goes out in large pieces, and not at all before there is one or the end.

    So an answer that turns out to be an error early on has not begun.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        if len(self._held) >= BLOCK:
            self.flush_all()
        return len(data)

    def flush(self) -> None:
        """Nothing to do: what is held goes out in large pieces, and at the end."""

    def flush_all(self) -> None:
        self._channel.sendall(self._held)
        self._held.clear()


def _convert(
    channel: socket.socket, kind: str, form: QueryForm, result_format: ResultFormat
) -> Exception | None:
    """Convert what comes through the channel; the error if there was one.

    It is returned without its frames: they hold objects of the engine that must end in this thread.
    """
    try:
        with channel, channel.makefile("rb", BLOCK) as body:
            out = _Blocks(channel)
            transcode(cast("IO[bytes]", body), kind, form, result_format, out)
            out.flush_all()
    except (SyntaxError, OSError, ValueError, QueryError) as error:
        error.__traceback__ = error.__context__ = error.__cause__ = None
        return error
    return None


def _looked_at(done: asyncio.Task[None]) -> None:
    """Take an error that nobody waits for any more."""
    if not done.cancelled():
        done.exception()
