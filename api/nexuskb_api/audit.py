"""The audit of the base as a page and as JSON."""

from __future__ import annotations

import asyncio
import datetime as dt

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.audit import QUERIES, Audit, assemble
from nexuskb_api.facade import facade_of, plain
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Audit"])

OLDER_THAN = 10


@router.get("/audit", summary="How well the base is sourced")
async def show_audit(request: Request) -> Response:
    """Claims with pinpoint, with several sources, on news alone and so on, by area, and what is wrong."""
    found = await current_audit(request)
    headers = {"Vary": "Accept"}
    if wants_html(request):
        return page(request, "audit.html", {"audit": found}, headers=headers)
    return JSONResponse(found.as_dict(), headers=headers)


async def current_audit(request: Request) -> Audit:
    """The audit of what is served now, made once for each generation and year."""
    facade, state = facade_of(request), request.app.state
    year, generation = dt.datetime.now(tz=dt.UTC).year, await facade.current()
    known: tuple[str, int, Audit] | None = getattr(state, "audit", None)
    if known and known[:2] == (generation, year):
        return known[2]
    answers = {name: [plain(row) for row in await facade.rows(query)] for name, query in QUERIES.items()}
    data = state.settings.data
    found = await asyncio.to_thread(assemble, answers, generation, data, OLDER_THAN, year)
    state.audit = (generation, year, found)
    return found
