"""Content codings: gzip for who takes it (RFC 9110, 8.4 and 12.5.3), block by block.

Each block is flushed, so that what has been made of an answer is sent, and nothing of it is held back.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, MutableMapping
from functools import lru_cache
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

GZIP: Final = "gzip"
#: Bodies below this would hardly get shorter.
SMALL: Final = 1_024
#: Beyond this, compression takes longer than it takes to hand it to a thread.
_LONG: Final = 8 * 1_024
#: The level of zlib after which time grows faster than size shrinks.
_LEVEL: Final = 4
_WITH_GZIP_HEADER: Final = 31
_LONGEST_HEADER: Final = 512
_TEXTS: Final = ("text/", "application/json", "application/sparql-", "application/rdf+xml", "image/svg+xml")


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client that sends this header takes gzip. One that sends none gets no coding."""
    quality: dict[str, float] = {}
    for part in accept_encoding[:_LONGEST_HEADER].lower().split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.partition("=")
        try:
            quality[name.strip()] = float(value) if key.strip() == "q" else 1.0
        except ValueError:
            quality[name.strip()] = 0.0
    return quality.get(GZIP, quality.get("*", 0.0)) > 0


def is_text(content_type: str) -> bool:
    """Whether a body of this media type gets much shorter."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith(_TEXTS) or kind.endswith(("+json", "+xml", "n-triples"))


async def compressed(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Blocks of a body as blocks of its gzip form, one for one, and an end."""
    packer = _Packer()
    async for block in blocks:
        yield await packer.pack(block)
    yield await packer.pack(b"", last=True)


async def compress(body: bytes) -> bytes:
    """A whole body in its gzip form."""
    return await _Packer().pack(body, last=True)


class _Packer:
    def __init__(self) -> None:
        self._zlib = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WITH_GZIP_HEADER)

    async def pack(self, block: bytes, *, last: bool = False) -> bytes:
        """A long block in a thread, where it keeps nobody waiting."""
        if len(block) > _LONG:
            return await asyncio.to_thread(self._pack, block, last)
        return self._pack(block, last)

    def _pack(self, block: bytes, last: bool) -> bytes:
        return self._zlib.compress(block) + self._zlib.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


class Compression:
    """Middleware that compresses text, for all that does not do so itself.

    An entity tag becomes a weak one, as the bytes are others; a body of unknown length is compressed as it
    comes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, compressed if its client takes that."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = takes_gzip(Headers(scope=scope).get("accept-encoding", ""))
        await self.app(scope, receive, _Compressing(send, wanted=wanted))


class _Compressing:
    """Sends a response on. Its start waits for the first of its body, which may be all of it."""

    def __init__(self, send: Send, *, wanted: bool) -> None:
        self._send = send
        self._wanted = wanted
        self._start: MutableMapping[str, Any] | None = None
        self._packer: _Packer | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        body, last = message.get("body", b""), not message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            self._begin(start, body, last=last)
            if self._packer and last:
                body = await self._packer.pack(body, last=True)
                MutableHeaders(scope=start)["content-length"] = str(len(body))
                self._packer = None
            await self._send(start)
        if self._packer:
            body = await self._packer.pack(body, last=last)
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    def _begin(self, start: MutableMapping[str, Any], body: bytes, *, last: bool) -> None:
        """Decide on a response whose first body is known, and put its header fields right."""
        headers = MutableHeaders(scope=start)
        if not is_text(headers.get("content-type", "")) or "content-encoding" in headers:
            return
        headers.add_vary_header("Accept-Encoding")
        if not self._wanted or start["status"] != 200 or (last and len(body) < SMALL):
            return
        headers["content-encoding"] = GZIP
        if (etag := headers.get("etag")) and not etag.startswith("W/"):
            headers["etag"] = f"W/{etag}"
        if "content-length" in headers:
            del headers["content-length"]
        self._packer = _Packer()
