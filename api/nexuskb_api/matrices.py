"""The matrices of the paper: pages, data and figures at one address each, with the parameters in it."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.errors import FormatError, QuestionError
from nexuskb.paper.matrices.catalogue import MATRICES, MatrixKind, matrix_kind, read_matrix
from nexuskb.paper.matrices.matrix import Matrix
from nexuskb.paper.matrices.written import FORMS, provenance, written
from nexuskb.terms import record_iri
from nexuskb_api.facade import Facade, facade_of, plain
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Paper"])

_LABELS = """SELECT ?identifier ?label ?kind WHERE {
  VALUES ?record { %s }
  ?record dcterms:identifier ?identifier ; rdfs:label ?label ; a ?class . ?class rdfs:label ?kind .
  FILTER(LANG(?kind) = "en")
} ORDER BY ?kind ?label ?identifier"""


@router.head("/paper/matrices", include_in_schema=False)
@router.get("/paper/matrices", summary="The matrices of the paper")
async def list_matrices(request: Request) -> Response:
    """Every matrix with what it shows, its parameters and its address."""
    if wants_html(request):
        return page(request, "matrices.html", {"matrices": MATRICES.values()})
    listed = [
        {
            "name": kind.name,
            "title": kind.title,
            "question": kind.question,
            "parameters": [{"name": p.name, "required": p.required, "help": p.help} for p in kind.parameters],
            "address": str(request.url_for("show_matrix", name=kind.name)),
        }
        for kind in MATRICES.values()
    ]
    return JSONResponse({"matrices": listed}, headers={"Vary": "Accept"})


@router.head("/paper/matrices/{name}", include_in_schema=False)
@router.get(
    "/paper/matrices/{name}",
    summary="A matrix, or with row and column the records behind one of its cells",
    openapi_extra={
        "parameters": [
            {"name": "format", "in": "query", "schema": {"type": "string", "enum": list(FORMS)}},
            {"name": "parameters of the matrix", "in": "query", "schema": {"type": "string"}},
        ]
    },
)
async def show_matrix(request: Request, name: str) -> Response:
    """A matrix as a page, JSON, CSV, XLSX, SVG, PNG or PDF; an extension of the name sets the format."""
    bare, _, extension = name.partition(".")
    facade, kind = facade_of(request), matrix_kind(bare)
    values = {key: value for key, value in request.query_params.items() if value.strip()}
    form = extension or values.pop("format", "")
    values.pop("format", None)
    row, column = values.pop("row", ""), values.pop("column", "")
    html = form == "html" or (not form and wants_html(request))
    missing = [p.name for p in kind.parameters if p.required and p.name not in values]
    if html and missing:
        return _page(request, facade, kind, values, None)
    made = await facade.ask(read_matrix(kind, values, facade.vocabularies))
    if row and column:
        return await _cell(request, facade, made, (row, column), html=html)
    if html:
        return _page(request, facade, kind, values, made)
    if form in ("", "json"):
        return JSONResponse({"generation": facade.generation, **made.as_dict()}, headers={"Vary": "Accept"})
    if form not in FORMS:
        raise FormatError(f"A matrix comes as {', '.join(FORMS)}, not as {form!r}.")
    made_from = provenance(made, facade.generation)
    body = await facade.apart(lambda: written(made, form, made_from))
    shown = "inline" if form == "svg" else "attachment"
    headers = {"Content-Disposition": f'{shown}; filename="{kind.name}.{form}"', "Vary": "Accept"}
    return Response(body, media_type=FORMS[form], headers=headers)


def _page(
    request: Request, facade: Facade, kind: MatrixKind, values: dict[str, str], made: Matrix | None
) -> Response:
    shown = {
        "kind": kind,
        "matrix": made,
        "values": {**dict(kind.defaults), **values},
        "schemes": facade.vocabularies.schemes,
        "address": urlencode(values),
        "asked": urlencode(made.parameters) if made else "",
    }
    return page(request, "matrix.html", shown)


async def _cell(
    request: Request, facade: Facade, made: Matrix, place: tuple[str, str], *, html: bool
) -> Response:
    headings = {heading.key: heading.text for heading in (*made.rows, *made.columns)}
    for key in place:
        if key not in headings:
            raise QuestionError(f"The matrix {made.name} has no row or column {key!r}.", "row")
    cell = made.cell(*place)
    values = " ".join(record_iri(identifier).n3() for identifier in cell.records)
    records = [plain(row) for row in await facade.rows(_LABELS % values)] if values else []
    shown = {
        "matrix": made.name,
        "title": made.title,
        "row": headings[place[0]],
        "column": headings[place[1]],
        "sign": cell.text.strip(),
        "words": cell.words,
        "records": records,
    }
    if html:
        return page(request, "matrix_cell.html", shown)
    return JSONResponse({"generation": facade.generation, **shown}, headers={"Vary": "Accept"})
