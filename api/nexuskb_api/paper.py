"""The outline of the paper and how complete each of its sections is."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.paper.outline import Completeness, completeness, parts_of, read_outline, section_of
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Paper"])


@router.head("/paper", include_in_schema=False)
@router.get("/paper", summary="The outline of the paper, with how complete its sections are")
async def show_outline(request: Request) -> Response:
    """Every section with its brief, its state of review, and how many of its questions have an answer."""
    facade = facade_of(request)
    found = await _whole_outline(request, facade)
    if wants_html(request):
        return page(request, "paper.html", {"sections": found})
    listed = [each.as_dict() for each in found]
    return JSONResponse({"generation": facade.generation, "sections": listed}, headers={"Vary": "Accept"})


@router.head("/paper/{section}", include_in_schema=False)
@router.get("/paper/{section}", summary="A section of the paper: what it rests on and what is missing")
async def show_section(request: Request, section: str) -> Response:
    """The questions of a section with the state of their answers, its records, and what reviewers said."""
    facade = facade_of(request)
    outline = await facade.ask(read_outline())
    chosen = section_of(outline, section)
    found = await facade.ask(completeness(chosen, facade.vocabularies))
    if wants_html(request):
        return page(request, "paper_section.html", {"found": found, "parts": parts_of(outline, chosen)})
    return JSONResponse({"generation": facade.generation, **found.as_dict()}, headers={"Vary": "Accept"})


async def _whole_outline(request: Request, facade: Facade) -> list[Completeness]:
    """The completeness of all sections, made once for each generation, for it asks every question."""
    state, generation = request.app.state, await facade.current()
    known: tuple[str, list[Completeness]] | None = getattr(state, "outline", None)
    if known and known[0] == generation:
        return known[1]
    outline = await facade.ask(read_outline())
    found = await asyncio.gather(
        *(facade.ask(completeness(section, facade.vocabularies)) for section in outline)
    )
    state.outline = (generation, found)
    return found
