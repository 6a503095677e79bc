"""The whole base to be fetched: dumps, made once for each content, and their description."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from rdflib import Graph
from starlette.exceptions import HTTPException

from nexuskb.exchange.dataset import DATASET, data_version, describe
from nexuskb.settings import Settings
from nexuskb.sparql.formats import N_TRIPLES
from nexuskb.store.dumping import Dump, read_dumps, write_dumps
from nexuskb.terms import BASE
from nexuskb_api.description import rdf_response
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Linked data"])

_PLACE = "dumps"


@router.get(
    f"/{DATASET.removeprefix(BASE)}", include_in_schema=False
)  # what stands at the IRI of the dataset
@router.get("/dumps", summary="The whole base: files and their description")
async def dumps(request: Request) -> Response:
    """The files with their sizes and checksums, as a page or in DCAT and VoID."""
    settings: Settings = request.app.state.settings
    generation, made = await _made(facade_of(request), settings)
    if wants_html(request):
        shown = {"dumps": made, "generation": generation, "data_version": data_version(settings)}
        return page(request, "dumps.html", shown)
    return rdf_response(request, dataset_description(request, generation, made))


def dataset_description(request: Request, generation: str, made: tuple[Dump, ...]) -> Graph:
    """The description of the base as this service has it, with the files that there are."""
    version, endpoint = data_version(request.app.state.settings), str(request.url_for("query_by_get"))
    return describe(generation, version, made, lambda file: _address(request, file), endpoint)


@router.head("/dumps/{file}", include_in_schema=False)
@router.get("/dumps/{file}", summary="A file of the whole base")
async def dump(request: Request, file: str) -> Response:
    """One of the files that the description lists. Its entity tag is its checksum."""
    settings: Settings = request.app.state.settings
    generation, made = await _made(facade_of(request), settings)
    found = next((each for each in made if each.file == file), None)
    if found is None:
        raise HTTPException(
            404, f"There is no file {file!r}. The files are: {', '.join(d.file for d in made)}."
        )
    tag = f'"{found.sha256}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    path = settings.home / _PLACE / generation / file
    return FileResponse(path, headers=headers, media_type="application/gzip", filename=file)


async def _made(facade: Facade, settings: Settings) -> tuple[str, tuple[Dump, ...]]:
    """The dumps of the present content, made when they are first asked for; older ones go."""
    async with facade.dumping:
        generation = await facade.current()
        place = settings.home / _PLACE / generation
        if found := await asyncio.to_thread(read_dumps, place):
            return generation, found
        with tempfile.TemporaryDirectory(prefix="nexuskb-") as scratch:
            parts = {graph: Path(scratch) / str(number) for number, graph in enumerate(sorted(facade.graphs))}
            for graph, part in parts.items():
                await _fetch(facade, graph, part)
            if await facade.current() != generation:
                raise HTTPException(503, "The base changed meanwhile. Try again.", {"Retry-After": "1"})
            return generation, await facade.apart(lambda: _write(parts, place))


async def _fetch(facade: Facade, graph: str, part: Path) -> None:
    query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
    with part.open("wb") as out:
        async for block in await facade.pool.answer(query, N_TRIPLES):
            await asyncio.to_thread(out.write, block)


def _write(parts: dict[str, Path], place: Path) -> tuple[Dump, ...]:
    """Write the dumps and forget older ones but the last, which somebody may be fetching."""
    made = write_dumps({graph: _lines(part) for graph, part in parts.items()}, place)
    others = sorted(place.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[2:]
    for older in others:
        shutil.rmtree(older, ignore_errors=True)
    return made


def _lines(part: Path) -> Iterator[bytes]:
    with part.open("rb") as read:
        yield from read


def _address(request: Request, file: str) -> str:
    return str(request.url_for("dump", file=file))
