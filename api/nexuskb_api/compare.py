"""States side by side: a page, CSV, XLSX and JSON at one address with what is compared in it."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.countries.areas import STATES, profiled
from nexuskb.countries.comparison import (
    Comparison,
    area_parameter,
    comparable,
    compare,
    compare_answers,
    compared_areas,
)
from nexuskb.errors import FormatError
from nexuskb.paper.matrices.topics import LEGEND
from nexuskb.paper.matrices.written import FORMS, provenance, written
from nexuskb.questions.catalogue import Question, question
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Countries"])

_FILES = ("csv", "xlsx")
_OWN = ("areas", "question", "by", "format", "lang")


@router.head("/compare", include_in_schema=False)
@router.head("/compare.{extension}", include_in_schema=False)
@router.get("/compare.{extension}", include_in_schema=False)
@router.get(
    "/compare",
    summary="Two to six States side by side",
    openapi_extra={
        "parameters": [
            {
                "name": "areas",
                "in": "query",
                "schema": {"type": "string"},
                "description": "Two to six States, such as mng,chn,kor.",
            },
            {
                "name": "question",
                "in": "query",
                "schema": {"type": "string"},
                "description": "A named question with an area among its parameters; without one, a "
                "comparison of policies, instruments, drivers, impacts, targets and figures.",
            },
            {
                "name": "by",
                "in": "query",
                "schema": {"type": "string"},
                "description": "The column of the answers to compare by.",
            },
            {"name": "format", "in": "query", "schema": {"type": "string", "enum": ["json", *_FILES]}},
        ]
    },
)
async def show_comparison(request: Request, extension: str = "") -> Response:
    """States side by side in general, or their answers to one question with its other parameters."""
    facade = facade_of(request)
    given = [key for text in request.query_params.getlist("areas") for key in text.split(",") if key.strip()]
    asked = question(request.query_params["question"]) if request.query_params.get("question") else None
    parameter = area_parameter(asked) if asked else None
    own = parameter.name if parameter else ""
    values = {
        name: value
        for name, value in request.query_params.items()
        if name not in (*_OWN, own) and value.strip() and asked
    }
    form = extension or request.query_params.get("format", "")
    html = form == "html" or (not form and wants_html(request))
    missing = (
        [p.name for p in asked.parameters if p.required and p.name not in (own, *values)] if asked else []
    )
    if html and (not given or missing):
        return _page(request, facade, given, asked, values, None)
    areas = compared_areas(given, facade.vocabularies)
    by = request.query_params.get("by", "").strip()
    work = (
        compare_answers(asked, areas, values, by, facade.vocabularies)
        if asked
        else compare(areas, facade.vocabularies)
    )
    made = await facade.ask(work)
    if html:
        return _page(request, facade, [area.key for area in areas], asked, values, made)
    if form in ("", "json"):
        return JSONResponse({"generation": facade.generation, **made.as_dict()}, headers={"Vary": "Accept"})
    if form not in _FILES:
        raise FormatError(f"A comparison comes as json, {', '.join(_FILES)}, not as {form!r}.")
    matrix = made.matrix()
    body = await facade.apart(lambda: written(matrix, form, provenance(matrix, facade.generation)))
    headers = {"Content-Disposition": f'attachment; filename="compare.{form}"', "Vary": "Accept"}
    return Response(body, media_type=FORMS[form], headers=headers)


def _page(  # noqa: PLR0913, PLR0917 -- what the form was filled in with
    request: Request,
    facade: Facade,
    areas: list[str],
    asked: Question | None,
    values: dict[str, str],
    made: Comparison | None,
) -> Response:
    own = area_parameter(asked) if asked else None
    address = {"areas": ",".join(areas), **({"question": asked.id} if asked else {}), **values}
    shown = {
        "states": [term for term in profiled(facade.vocabularies) if term.key in STATES],
        "chosen": [area.strip().lower() for area in areas],
        "asked": asked,
        "own": own.name if own else "",
        "questions": comparable(),
        "parameters": [p for p in asked.parameters if p != own] if asked else [],
        "values": values,
        "schemes": facade.vocabularies.schemes,
        "comparison": made,
        "legend": LEGEND,
        "address": urlencode(address),
    }
    return page(request, "compare.html", shown)
