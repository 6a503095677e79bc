"""Bounds on connections, before any request is read: how many, how long, how large a head.

uvicorn waits without end for a request that never comes and for a client that never reads, and takes heads of
any size. So the facade is served through a protocol of our own, which adds the bounds and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nexuskb.sparql.fairness import CLIENT, client_of_address
from nexuskb_api.problems import TYPES


class Clients:
    """Middleware that makes known to the pool of workers for whom a request is: the address it comes from."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with its client known."""
        if scope["type"] == "http":
            address = scope.get("client")
            CLIENT.set(client_of_address(address[0] if address else ""))
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds: connections in all and of a client, bytes and fields of a head, requests sent ahead, seconds.

    ``head_seconds`` is the time for the head of a request to come in, ``drain_seconds`` that for a client to
    read what is left for it when the answer has been made, ``request_seconds`` that for all of a request.
    """

    connections: int = 512
    of_client: int = 64
    head_bytes: int = 64 * 1024
    head_fields: int = 200
    ahead: int = 16
    head_seconds: float = 10.0
    drain_seconds: float = 30.0
    request_seconds: float = 120.0


#: What uvicorn logs of requests that make no sense, or are cut off at a limit: a stranger could fill a disk.
_USUAL = ("Invalid HTTP request", "Unsupported upgrade", "No supported WebSocket", "ASGI callable returned")


def _of_interest(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_USUAL)


def bounded(limits: ConnectionLimits, *, shared: bool) -> type[BoundedProtocol]:
    """The protocol with these bounds. Behind a proxy connections are ``shared`` between its clients."""
    logging.getLogger("uvicorn.error").addFilter(_of_interest)
    return type("Protocol", (BoundedProtocol,), {"limits": limits, "shared": shared, "open": {}})


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 by uvicorn, with an end to everything that a client can draw out."""

    limits: ClassVar[ConnectionLimits]
    shared: ClassVar[bool]
    open: ClassVar[dict[str, int]]

    _deadline: asyncio.TimerHandle | None = None
    _head: int | None = 0
    _counted: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Take a connection, or refuse it where there are too many."""
        super().connection_made(transport)
        self._counted = client_of_address(self.client[0] if self.client else "")
        count = self.open[self._counted] = self.open.get(self._counted, 0) + 1
        if len(self.connections) > self.limits.connections or (
            count > self.limits.of_client and not self.shared
        ):
            self._refuse(503, "connections", "Too many connections are open. Close some and try again.")
        else:
            self._end_after(self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        super().connection_lost(exc)
        if self._deadline:
            self._deadline.cancel()
        if self._counted is not None:
            left = self.open.pop(self._counted) - 1
            if left:
                self.open[self._counted] = left
            self._counted = None

    def data_received(self, data: bytes) -> None:
        """Take in bytes, of a head not too many."""
        if self.transport.is_closing():
            return
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > self.limits.head_bytes:
            self._refuse(
                431,
                "head size",
                f"The address and the header fields have more than {self.limits.head_bytes:,} bytes. Send "
                "long queries by POST.",
            )

    def send_400_response(self, msg: str) -> None:
        """Say that a request is none."""
        self._refuse(400, "", msg)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; those that come after a body are left aside."""
        if self._head is None:
            return
        if len(self.headers) >= self.limits.head_fields:
            raise ValueError("too many header fields")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start with a request, unless too many have been sent ahead."""
        if len(self.pipeline) >= self.limits.ahead:
            raise ValueError("too many requests sent ahead")
        self._head = None
        self._end_after(self.limits.request_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request has come in whole; what comes now is the head of the next."""
        super().on_message_complete()
        self._head = 0

    def on_response_complete(self) -> None:
        """An answer has been made; it may still have to be read."""
        super().on_response_complete()
        unread = self.transport.get_write_buffer_size() > 0
        rest = self.limits.drain_seconds if unread else self.limits.head_seconds
        self._end_after(self.limits.request_seconds if self.pipeline else rest)

    def _end_after(self, seconds: float) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._too_late)

    def _too_late(self) -> None:
        """The time is up. A client that began to send a head is told so."""
        if self._head and not self.transport.is_closing():
            seconds = f"{self.limits.head_seconds:g}"
            self._refuse(408, "time", f"The request did not come within {seconds} seconds.")
        else:
            self._cut()

    def _cut(self) -> None:
        """End the connection now, whatever is under way."""
        if self.cycle:
            self.cycle.disconnected = True
        self.transport.abort()

    def _refuse(self, status: int, limit: str, detail: str) -> None:
        """Answer without having read a request, and close; in the middle of an answer just close."""
        if self.cycle and not self.cycle.response_complete:
            self._cut()
            return
        phrase = HTTPStatus(status).phrase
        problem: dict[str, Any] = {"type": f"{TYPES}query-limit", "title": phrase, "status": status}
        body = json.dumps({**problem, "detail": detail, "limit": limit}).encode()
        retry = "retry-after: 5\r\n" if status == 503 else ""
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
        self._end_after(self.limits.head_seconds)
