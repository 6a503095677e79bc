"""Whether the service is alive, and whether it can answer: for those that watch over it."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.errors import NexusError
from nexuskb_api.facade import facade_of
from nexuskb_api.problems import problem

router = APIRouter(tags=["Operations"])
_NOT_STORED = {"Cache-Control": "no-store"}


@router.get("/health/live", summary="Whether the server runs")
@router.head("/health/live", include_in_schema=False)
async def live() -> Response:
    """The server takes requests. One that does not should be started anew."""
    return JSONResponse({"status": "live"}, headers=_NOT_STORED)


@router.get(
    "/health/ready",
    summary="Whether queries can be answered",
    responses={"503": {"description": "Queries cannot be answered now: a problem document says why."}},
)
@router.head("/health/ready", include_in_schema=False)
async def ready(request: Request) -> Response:
    """The store is open and there are workers. One that is not ready should get no requests for now."""
    facade = facade_of(request)
    try:
        await facade.pool.check()
    except NexusError as error:
        return problem(request, 503, "not-ready", str(error), {**_NOT_STORED, "Retry-After": "5"})
    load = asdict(facade.pool.load)
    content = {"status": "ready", "generation": facade.generation, "workers": load}
    return JSONResponse(content, headers=_NOT_STORED)
