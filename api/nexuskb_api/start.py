"""The start page, the description of the API, and what the base holds in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.audit import TOTALS
from nexuskb.countries.areas import STATES_AND_REGION
from nexuskb.questions.catalogue import questions
from nexuskb_api.facade import Binding, Facade, facade_of
from nexuskb_api.pages import page, wants_html
from nexuskb_api.records import record_kinds

router = APIRouter()

_COUNTS = """SELECT ?kind ?area (COUNT(?record) AS ?count) WHERE {
  ?record a ?kind ; nx:area ?area ; dcterms:identifier ?identifier .
} GROUP BY ?kind ?area"""
_TOTALS = """SELECT ?kind (COUNT(DISTINCT ?record) AS ?count) WHERE {
  ?record a ?kind ; nx:reviewState ?state .
} GROUP BY ?kind"""


@router.head("/", include_in_schema=False)
@router.get("/", summary="What the base holds", tags=["Start"])
async def start(request: Request) -> Response:
    """Counts by kind and area, and the way to everything."""
    facade = facade_of(request)
    table = await _counts(facade)
    [row] = await facade.rows(TOTALS)
    sourced = {name: int(value["value"]) for name, value in row.items()}
    if wants_html(request):
        competency = [q for q in questions().values() if q.number]
        total = sum(row.total for row in table.rows)
        shown = {"table": table, "questions": competency, "total": total, "sourced": sourced}
        return page(request, "start.html", shown)
    content = {"generation": facade.generation, **asdict(table), "sourced": sourced}
    return JSONResponse(content, headers={"Vary": "Accept"})


@dataclass(frozen=True, slots=True)
class KindCounts:
    """How many records of a kind there are, by area and in all."""

    kind: str
    label: str
    counts: list[int]
    total: int


@dataclass(frozen=True, slots=True)
class CountTable:
    """The kinds of record against the areas."""

    areas: list[dict[str, str]]
    rows: list[KindCounts]


async def _counts(facade: Facade) -> CountTable:
    counts: dict[tuple[str, str], int] = {}
    for row in await facade.rows(_COUNTS):
        kind, area = (_tail(row, name) for name in ("kind", "area"))
        counts[kind, area] = int(row["count"]["value"])
    totals = {_tail(row, "kind"): int(row["count"]["value"]) for row in await facade.rows(_TOTALS)}
    labels = {term.key: term.label for term in facade.vocabularies.schemes["area"].terms}
    return CountTable(
        areas=[{"key": key, "label": labels[key]} for key in STATES_AND_REGION],
        rows=[
            KindCounts(kind, label, [counts.get((kind, area), 0) for area in STATES_AND_REGION], totals[kind])
            for kind, label in record_kinds(facade).items()
            if kind in totals
        ],
    )


def _tail(row: Binding, name: str) -> str:
    return row[name]["value"].rsplit("/", 1)[1]


@router.head("/api", include_in_schema=False)
@router.get("/api", include_in_schema=False)
async def describe_api(request: Request) -> Response:
    """The API in words, from its OpenAPI description; nothing is loaded from another host."""
    return page(request, "api.html", {"api": request.app.openapi()})
