"""A client that is not the bottleneck: prepared requests over keep-alive connections, one epoll loop.

An answer is read to its end but not looked into; whether answers agree is asked elsewhere (``harness``).
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, urlencode

from benchmarks.workload import Ask

JSON = "application/sparql-results+json"
_LONGEST_ADDRESS = 3000
_BUFFER = 256 * 1024
_STEP = 0.05


class Prepared(NamedTuple):
    """A request as it goes over the wire, with its kind."""

    kind: str
    data: bytes


class Sample(NamedTuple):
    """One request done: kind, seconds, whether it was answered with 200, and bytes of the response."""

    kind: str
    seconds: float
    good: bool
    size: int


@dataclass(slots=True)
class Run:
    """What came of a phase: samples, requests cut off when patience ended, and the time it took."""

    samples: list[Sample] = field(default_factory=list)
    unfinished: list[Sample] = field(default_factory=list)
    seconds: float = 0.0
    reconnects: int = 0
    repeated: int = 0


def prepare(asks: Sequence[Ask], path: str, host: str = "127.0.0.1") -> list[Prepared]:
    """The requests for a peer: GET, and a form by POST where the address would be too long for some."""
    common = f"Host: {host}\r\nAccept: {JSON}\r\n"
    prepared = []
    for ask in asks:
        escaped = quote(ask.text, safe="")
        if len(escaped) <= _LONGEST_ADDRESS:
            text = f"GET {path}?query={escaped} HTTP/1.1\r\n{common}\r\n"
        else:
            body = urlencode({"query": ask.text})
            text = (
                f"POST {path} HTTP/1.1\r\n{common}Content-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            )
        prepared.append(Prepared(ask.kind, text.encode()))
    return prepared


class _Connection:
    __slots__ = ("address", "asked", "held", "kind", "length", "requests", "socket", "started", "unsent")

    def __init__(self, requests: Iterator[Prepared], address: str) -> None:
        self.requests = requests
        self.address = address
        self.socket: socket.socket | None = None
        self.held = bytearray()
        self.length: int | None = None
        self.kind = ""
        self.asked = b""
        self.started = 0.0
        self.unsent = b""


class Client:
    """Drives connections to one port, each with a stream of requests of its own or a shared one.

    Each connection comes from an address of its own (127.0.NETWORK.1 and up), as clients of a server that
    gives each a fair share do.
    """

    def __init__(self, port: int, network: int = 1) -> None:
        self._network = network
        self._address = ("127.0.0.1", port)
        self._epoll = select.epoll()
        self._open: dict[int, _Connection] = {}

    def run(self, streams: Sequence[Iterator[Prepared]], seconds: float, patience: float) -> Run:
        """Ask for so many seconds, then wait for what is under way, up to ``patience`` seconds more."""
        run = Run()
        gc.collect()
        gc.disable()
        try:
            start = time.perf_counter()
            stop_asking, give_up = start + seconds, start + seconds + patience
            for number, stream in enumerate(streams, 1):
                connection = _Connection(stream, f"127.0.{self._network}.{number}")
                self._connect(connection)
                self._next(connection)
            last = start
            while self._open:
                now = time.perf_counter()
                if now >= give_up:
                    break
                for descriptor, event in self._epoll.poll(_STEP):
                    connection = self._open[descriptor]
                    if event & select.EPOLLOUT:
                        self._send(connection)
                        continue
                    if self._read(connection, run, stop_asking):
                        last = time.perf_counter()
            ended = time.perf_counter()
            for connection in list(self._open.values()):
                run.unfinished.append(Sample(connection.kind, ended - connection.started, False, 0))
                last = ended
                self._close(connection)
            run.seconds = max(last - start, 1e-9)
            return run
        finally:
            self._epoll.close()
            gc.enable()

    def _connect(self, connection: _Connection) -> None:
        opened = socket.create_connection(self._address, 10, (connection.address, 0))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setblocking(False)
        connection.socket = opened
        self._open[opened.fileno()] = connection
        self._epoll.register(opened.fileno(), select.EPOLLIN)

    def _close(self, connection: _Connection) -> None:
        if connection.socket is not None:
            descriptor = connection.socket.fileno()
            self._epoll.unregister(descriptor)
            del self._open[descriptor]
            connection.socket.close()
            connection.socket = None

    def _next(self, connection: _Connection) -> bool:
        prepared = next(connection.requests, None)
        if prepared is None:
            self._close(connection)
            return False
        connection.kind, connection.asked = prepared
        connection.unsent = connection.asked
        connection.length = None
        connection.held.clear()
        connection.started = time.perf_counter()
        self._send(connection)
        return True

    def _send(self, connection: _Connection) -> None:
        assert connection.socket is not None
        try:
            sent = connection.socket.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the reading side sees the end of the connection and asks again
        connection.unsent = connection.unsent[sent:]
        wanted = select.EPOLLIN | (select.EPOLLOUT if connection.unsent else 0)
        if connection.unsent or sent < len(connection.asked):
            self._epoll.modify(connection.socket.fileno(), wanted)

    def _read(self, connection: _Connection, run: Run, stop_asking: float) -> bool:
        """Take what came; whether an answer ended with it."""
        assert connection.socket is not None
        try:
            data = connection.socket.recv(_BUFFER)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        now = time.perf_counter()
        if not data:
            self._ended(connection, run, now, stop_asking)
            return True
        held = connection.held
        held += data
        if not _complete(connection):
            return False
        good = held[9:12] == b"200"
        run.samples.append(Sample(connection.kind, now - connection.started, good, len(held)))
        if now >= stop_asking:
            self._close(connection)
        elif b"\nconnection: close" in held[:1024].lower():
            self._close(connection)
            run.reconnects += 1
            self._connect(connection)
            self._next(connection)
        else:
            self._next(connection)
        return True

    def _ended(self, connection: _Connection, run: Run, now: float, stop_asking: float) -> None:
        """The peer closed the connection: with an answer of unknown length, or instead of one."""
        held = connection.held
        self._close(connection)
        run.reconnects += 1
        whole = (
            bool(held) and connection.length == -2
        )  # neither a length nor chunks: ends with the connection
        good = whole and held[9:12] == b"200"
        run.samples.append(Sample(connection.kind, now - connection.started, good, len(held)))
        if now < stop_asking:
            self._connect(connection)
            self._next(connection)


def _complete(connection: _Connection) -> bool:
    """Whether the response is whole. ``length`` is its size; -1 for chunks, -2 for all until the end."""
    held = connection.held
    if connection.length is None:
        end = held.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(held[:end]).lower()
        place = head.find(b"\r\ncontent-length:")
        if place >= 0:
            line_end = head.find(b"\r\n", place + 2)
            number = head[place + 17 : line_end if line_end >= 0 else len(head)]
            connection.length = end + 4 + int(number)
        elif b"\r\ntransfer-encoding: chunked" in head:
            connection.length = -1
        else:
            connection.length = -2
    if connection.length == -1:
        return held.endswith(b"\r\n0\r\n\r\n")  # nothing is sent ahead, and no answer has CR LF in its text
    return connection.length >= 0 and len(held) >= connection.length
