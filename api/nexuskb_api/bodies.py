"""Bodies of requests that change something: bounded in size and time, and JSON read strictly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

#: Seconds for a body to come in.
BODY_SECONDS: Final = 15.0


async def bounded_body(request: Request, most: int) -> bytes:
    """The body, of at most so many bytes. Raises ``HTTPException`` 400, 408 and 413."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    return await collected(request, most, "body", _too_large)


async def collected(request: Request, most: int, what: str, too_large: Callable[[int], Exception]) -> bytes:
    """What comes in of a body, as long as it is within bounds. ``what`` it is stands in the messages.

    Raises ``HTTPException`` 400 and 408, and what ``too_large`` makes of the bound.
    """
    held = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                held += chunk
                if len(held) > most:
                    raise too_large(most)
    except TimeoutError:
        words = f"The {what} did not come within {BODY_SECONDS:g} seconds."
        raise HTTPException(408, words, {"Connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400, f"The {what} broke off.") from None
    return bytes(held)


def media_type(request: Request) -> str:
    """The media type of the body in small letters, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def any_object(body: bytes) -> dict[str, object]:
    """A JSON object with whatever members. Raises ``HTTPException`` 400."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body is not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "The body has to be a JSON object, such as {}.")
    return given


def json_object(body: bytes, known: dict[str, type]) -> dict[str, object]:
    """A JSON object with some of the known members; none at all for an empty body.

    Raises ``HTTPException`` 400 that names what is wrong.
    """
    if not body.strip():
        return {}
    given = any_object(body)
    for name, value in given.items():
        if name not in known:
            raise HTTPException(400, f"{name!r} is not known here. Known are: {', '.join(known) or 'none'}.")
        if not isinstance(value, known[name]) or isinstance(value, bool):
            wanted = {str: "a text", int: "a whole number", list: "a list of texts"}[known[name]]
            raise HTTPException(400, f"{name} has to be {wanted}.")
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            raise HTTPException(400, f"{name} has to be a list of texts.")
    return given


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"The body has more than {most:,} bytes. Send it by parts.")
