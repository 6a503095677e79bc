"""Checking a draft of the paper: sent as Word or Markdown, answered with its faults."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from nexuskb.asking import PlainRow, drive
from nexuskb.content import read_shapes
from nexuskb.errors import FormatError
from nexuskb.paper.drafts.checking import check, wrong_country_names
from nexuskb.paper.drafts.reading import MOST_BYTES, read_draft
from nexuskb.paper.packing import MEDIA_TYPES
from nexuskb_api.facade import facade_of, plain

router = APIRouter(tags=["Paper"])

_NAMES = {MEDIA_TYPES["docx"]: "draft.docx", "text/markdown": "draft.md", "text/plain": "draft.md"}


@router.post(
    "/paper/check",
    summary="The faults of a draft",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _NAMES},
        }
    },
)
async def check_draft(request: Request) -> Response:
    """What is wrong with a draft by its citations, figures, names and quotations. Nothing is kept of it."""
    name = _NAMES.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if name is None:
        raise HTTPException(415, f"Send the draft as one of: {', '.join(_NAMES)}.")
    data = await _body(request)
    facade, state, loop = facade_of(request), request.app.state, asyncio.get_running_loop()
    if not hasattr(state, "wrong_country_names"):
        shapes = await asyncio.to_thread(read_shapes, state.settings)
        state.wrong_country_names = wrong_country_names(shapes)

    def rows(query: str) -> list[PlainRow]:
        answered = asyncio.run_coroutine_threadsafe(facade.rows(query), loop).result()
        return [plain(row) for row in answered]

    try:
        sentences = await facade.apart(lambda: read_draft(data, name))
    except FormatError as error:
        raise HTTPException(422, str(error)) from error
    faults = await facade.apart(lambda: drive(check(sentences, state.wrong_country_names), rows))
    return JSONResponse(
        {
            "generation": facade.generation,
            "sentences": len(sentences),
            "faults": [asdict(fault) for fault in faults],
        }
    )


async def _body(request: Request) -> bytes:
    """The body, as far as a draft may be long."""
    parts, length = [], 0
    async for part in request.stream():
        parts.append(part)
        length += len(part)
        if length > MOST_BYTES:
            raise HTTPException(413, f"A draft may have {MOST_BYTES:,} bytes.")
    return b"".join(parts)
