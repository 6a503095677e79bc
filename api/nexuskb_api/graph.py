"""The nexus as a graph: a page with a picture and the list that says the same, and both as data and files."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.errors import FormatError
from nexuskb.graph.asked import DEEPEST, PARAMETERS, SIGNS, Asked, read_asked
from nexuskb.graph.drawing import Frame, as_png, draw, draw_key
from nexuskb.graph.view import Place, View, find_view
from nexuskb.graph.written import DATA, PICTURES, as_csv, as_dict, as_graphml, as_workbook, made_from
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Graph"])

_FORMS = {**PICTURES, **DATA}
#: Vocabularies that the search divides its hits by: a term leads to what is about it.
_FACETS = ("driver", "impact", "domain")


@router.head("/graph", include_in_schema=False)
@router.head("/graph.{extension}", include_in_schema=False)
@router.get("/graph.{extension}", include_in_schema=False)
@router.get(
    "/graph",
    summary="The nexus as a graph: what acts on what",
    openapi_extra={
        "parameters": [
            {"name": p.name, "in": "query", "schema": {"type": "string"}, "description": p.help}
            for p in PARAMETERS
        ]
        + [{"name": "format", "in": "query", "schema": {"type": "string", "enum": ["html", *_FORMS]}}]
    },
)
async def show_graph(request: Request, extension: str = "") -> Response:
    """A view of the graph as a page, SVG, PNG, JSON, CSV, XLSX or GraphML, its state in the address."""
    facade = facade_of(request)
    given = [(name, value) for name, value in request.query_params.multi_items() if value.strip()]
    form = extension or next((value for name, value in given if name == "format"), "")
    asked = read_asked([pair for pair in given if pair[0] not in ("format", "lang")], facade.vocabularies)
    if form == "html" or (not form and wants_html(request)):
        return await _page(request, facade, asked)
    form = form or "json"
    if form not in _FORMS:
        raise FormatError(f"The graph comes as html, {', '.join(_FORMS)}, not as {form!r}.")
    view = await facade.ask(find_view(asked, facade.vocabularies))
    if form == "json":
        return JSONResponse({"generation": facade.generation, **as_dict(view)}, headers={"Vary": "Accept"})
    base = str(request.base_url).rstrip("/")
    generation = facade.generation
    body = await facade.apart(lambda: _written(view, form, base, generation))
    shown = "inline" if form == "svg" else "attachment"
    headers = {"Content-Disposition": f'{shown}; filename="graph.{form}"', "Vary": "Accept"}
    return Response(body, media_type=_FORMS[form], headers=headers)


def _written(view: View, form: str, base: str, generation: str) -> bytes:
    origin = made_from(view, generation)
    if form == "csv":
        return as_csv(view).encode()
    if form == "xlsx":
        return as_workbook(view, origin, generation)
    if form == "graphml":
        return as_graphml(view)
    left_out = f" {view.left_out}" if view.left_out else ""
    picture = draw(view, lambda place: _address(base, place), Frame(view.title, origin + left_out))
    return picture.svg.encode() if form == "svg" else as_png(picture)


async def _page(request: Request, facade: Facade, asked: Asked) -> Response:
    view = await facade.ask(find_view(asked, facade.vocabularies))
    root = str(request.scope.get("app_root_path", request.scope.get("root_path", "")))
    picture = (
        await facade.apart(lambda: draw(view, lambda place: _address(root, place))) if view.shown else None
    )
    deeper = [pair for pair in asked.given if pair[0] != "depth"] + [("depth", str(asked.depth + 1))]
    shown = {
        "view": view,
        "picture": picture,
        "key": draw_key(),
        "schemes": facade.vocabularies.schemes,
        "signs": [key for key, sign in SIGNS.items() if sign in asked.signs],
        "depths": range(1, DEEPEST + 1),
        "forms": _FORMS,
        "names": {form: "GraphML" if form == "graphml" else form.upper() for form in _FORMS},
        "address": asked.address,
        "about": lambda place: _about(root, place),
        "further": urlencode(deeper) if asked.depth < DEEPEST else "",
        "turned": urlencode([("from", asked.end), ("to", asked.start)]),
        "country": urlencode({"country": asked.area}) if asked.area else "",
    }
    return page(request, "graph.html", shown)


def _address(root: str, place: Place) -> str:
    """Where a node leads: a record to its page, a term to what is around it."""
    return f"{root}/records/{place.key}" if place.node.record else _around(root, place)


def _around(root: str, place: Place) -> str:
    return f"{root}/graph?focus={quote(place.key, safe='/')}"


def _about(root: str, place: Place) -> str:
    """Where the base says more of a node, if it does."""
    if place.node.record:
        return f"{root}/records/{place.key}"
    scheme, _, term = place.key.partition("/")
    return f"{root}/search?{urlencode({scheme: term})}" if scheme in _FACETS else ""
