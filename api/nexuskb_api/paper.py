"""The outline of the paper and how complete each of its sections is."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Final, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.errors import NexusError
from nexuskb.paper.kept import complete_outline, complete_section
from nexuskb.paper.outline import Completeness, parts_of
from nexuskb.sparql.fairness import CLIENT, OURSELVES
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Paper"])

#: Seconds that the base must have been left alone before the outline is made anew.
_QUIET: Final = 20.0


@router.head("/paper", include_in_schema=False)
@router.get("/paper", summary="The outline of the paper, with how complete its sections are")
async def show_outline(request: Request) -> Response:
    """Every section with its brief, its state of review, and how many of its questions have an answer."""
    generation, found = await whole_outline(request.app)
    if wants_html(request):
        return page(request, "paper.html", {"sections": found})
    listed = [each.as_dict() for each in found]
    return JSONResponse({"generation": generation, "sections": listed}, headers={"Vary": "Accept"})


@router.head("/paper/{section}", include_in_schema=False)
@router.get("/paper/{section}", summary="A section of the paper: what it rests on and what is missing")
async def show_section(request: Request, section: str) -> Response:
    """The questions of a section with the state of their answers, its records, and what reviewers said."""
    facade = facade_of(request)
    generation, home = await facade.current(), request.app.state.settings.home
    found, outline = await facade.ask(complete_section(home, generation, section, facade.vocabularies))
    if wants_html(request):
        return page(
            request, "paper_section.html", {"found": found, "parts": parts_of(outline, found.section)}
        )
    return JSONResponse({"generation": generation, **found.as_dict()}, headers={"Vary": "Accept"})


async def whole_outline(app: FastAPI) -> tuple[str, tuple[Completeness, ...]]:
    """The generation that is served and the completeness of all sections, made once for each generation.

    It asks every question of the paper. Whoever comes while it is made waits for the same work, which is on
    nobody's account.
    """
    facade = cast(Facade, app.state.facade)
    generation = await facade.current()
    known: _Making | None = getattr(app.state, "outline", None)
    if known is None or known.generation != generation or known.failed:
        work = complete_outline(app.state.settings.home, lambda: facade.generation, facade.vocabularies)
        context = copy_context()
        context.run(CLIENT.set, OURSELVES)
        known = app.state.outline = _Making(
            generation, asyncio.create_task(facade.ask(work), context=context)
        )
    return generation, await asyncio.shield(known.task)


@dataclass(frozen=True, slots=True)
class _Making:
    """The work at the outline of a generation, under way or done."""

    generation: str
    task: asyncio.Task[tuple[Completeness, ...]]

    @property
    def failed(self) -> bool:
        """Whether it came to nothing, so that it must be done again."""
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)


async def keep_outline(app: FastAPI) -> None:
    """Make the outline when the server starts, and when the base has changed and then been left alone.

    So that nobody waits for it. Its queries take turns with those of visitors.
    """
    facade, made = cast(Facade, app.state.facade), ""
    while True:
        generation = await facade.current()
        if generation != made:
            with suppress(NexusError):  # whoever asks for the page is told
                await whole_outline(app)
            made = generation
        seen = ""
        while (present := await facade.current()) != seen:
            seen = present
            await asyncio.sleep(_QUIET)
