"""A query worker: a process that evaluates one query at a time and can be killed at any moment.

Its limits are set by the kernel: address space, so that a query cannot fill the machine, and file
descriptors, so that no query can open a connection or a file: a limit of none, as a number that happens to be
free below any other limit would be handed out.
"""

from __future__ import annotations

import ctypes
import resource
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from nexuskb.errors import NexusError, QueryError
from nexuskb.sparql.frames import BLOCK, HEADER, Kind, Request, encode_error, frame, result_format
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.port import Dataset
from nexuskb.terms import GRAPHS

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
#: Seconds after which a query may have used much memory.
_LONG = 0.05


class _FrameWriter:
    """A binary file whose content goes out in messages of bounded size."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) >= BLOCK:
            self._channel.sendall(frame(Kind.DATA, self._held[:BLOCK]))
            del self._held[:BLOCK]
        return len(data)

    def flush(self) -> None:
        """Nothing to do: what is held goes out in whole blocks, and at the end."""

    def finish(self) -> None:
        self._channel.sendall(frame(Kind.LAST, self._held))


def end_with_parent() -> None:
    """Have the kernel end this process with the fork server, however deep in a query it is (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def confine(memory: int) -> None:
    """Bound this process: ``memory`` bytes of address space beyond what it has, no new descriptors.

    Where the machine runs out of memory all the same, a worker is to end before anything else does.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    ceiling = _address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _give_back() -> None:
    """Give the memory that a query has freed back to the system (glibc keeps it otherwise)."""
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)


def serve(channel: socket.socket, store: OxigraphStore) -> None:
    """Answer requests from the channel until it closes.

    Drafts that come before a request are added to the store of this process, which nobody else sees. It is
    not asked again after that: the server ends it.
    """
    while (message := _receive(channel)) is not None:
        kind, body = message
        if kind == Kind.DRAFTS:
            store.add(str(GRAPHS.drafts), body)
            channel.sendall(frame(Kind.LAST))
            continue
        request = Request.decode(body)
        begun = time.monotonic()
        out = _FrameWriter(channel)
        dataset = Dataset(request.default_graphs, request.named_graphs)
        try:
            store.answer(request.query, dataset, result_format(request.format), out)
            out.finish()
        except NexusError as error:
            known = error if isinstance(error, QueryError) else QueryError(str(error))
            channel.sendall(frame(Kind.ERROR, encode_error(known)))
        except (OSError, ValueError, RuntimeError) as error:
            channel.sendall(frame(Kind.ERROR, encode_error(QueryError(f"The query failed: {error}"))))
        if time.monotonic() - begun > _LONG:
            _give_back()


def _receive(channel: socket.socket) -> tuple[int, bytes] | None:
    """The next message: kind and body. One is sent at a time, so what has come is at most that one."""
    held = channel.recv(BLOCK)
    while held:
        if len(held) >= HEADER.size:
            kind, length = HEADER.unpack_from(held)
            if len(held) >= HEADER.size + length:
                return kind, held[HEADER.size :]
        data = channel.recv(BLOCK)
        held = held + data if data else b""
    return None


def _address_space() -> int:
    """Bytes of address space in use now (0 where the system does not tell)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()
