"""The start page, the description of the API, and what the base holds in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.audit import TOTALS
from nexuskb.countries.areas import STATES_AND_REGION
from nexuskb.questions.catalogue import questions
from nexuskb.search.filters import value_label
from nexuskb.search.glance import Glance, glance
from nexuskb_api.facade import Binding, Facade, facade_of, plain
from nexuskb_api.pages import page, wants_html

router = APIRouter()

_COUNTS: Final = """SELECT ?kind ?area (COUNT(?record) AS ?count) WHERE {
  ?record a ?kind ; nx:area ?area ; dcterms:identifier ?identifier .
} GROUP BY ?kind ?area"""
_TOTALS: Final = """SELECT ?kind (COUNT(DISTINCT ?record) AS ?count) WHERE {
  ?record a ?kind ; nx:reviewState ?state .
} GROUP BY ?kind"""
#: A cell without a domain is for all of them together (docs/model.md, Coverage).
_COVERAGE: Final = """SELECT ?area ?standing ?measured (COUNT(?cell) AS ?count) WHERE {
  ?cell a nx:CoverageCell ; nx:area ?area ; nx:standing ?standing ; nx:measureStanding ?measured .
  FILTER NOT EXISTS { ?cell nx:domain ?domain }
} GROUP BY ?area ?standing ?measured"""
_NEWEST: Final = 6
_POLICIES: Final = f"""SELECT ?identifier ?label (STR(?adopted) AS ?date) ?areas WHERE {{
  ?policy a nx:Policy ; dcterms:identifier ?identifier ; rdfs:label ?label ; nx:adopted ?adopted .
  {{ SELECT ?policy (GROUP_CONCAT(?name; separator=", ") AS ?areas) WHERE {{
    SELECT ?policy ?name WHERE {{
      ?policy a nx:Policy ; nx:area/skos:prefLabel ?name FILTER(LANG(?name) = "en")
    }} ORDER BY ?name
  }} GROUP BY ?policy }}
}} ORDER BY DESC(?date) ?identifier LIMIT {_NEWEST}"""
_FOUND: Final = frozenset({"found", "partly-found"})
#: The kinds that the entry of a State tells, in this order.
_TOLD: Final = ("Policy", "Measure", "DriverFinding", "ImpactFinding", "Interlinkage")


@router.head("/", include_in_schema=False)
@router.get("/", summary="What the base holds", tags=["Start"])
async def start(request: Request) -> Response:
    """The nexus at a glance, what is new, what nobody knows, and counts by kind and area."""
    facade = facade_of(request)
    found = await facade.once("start", lambda: _found(facade))
    if not wants_html(request):
        return JSONResponse({"generation": facade.generation, **found.as_dict()}, headers={"Vary": "Accept"})
    rows = found.table.rows
    shown = {
        "found": found,
        "told": [row for kind in _TOLD for row in rows if row.kind == kind],
        "questions": [q for q in questions().values() if q.number],
        "total": sum(row.total for row in rows),
        "totals": {row.kind: row.total for row in rows},
        "places": _places(found.nexus),
        "picture": _picture(found.nexus),
        "label": lambda facet, value: value_label(facet, value, facade.filters),
    }
    return page(request, "start.html", shown)


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


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the drivers and impacts in an area: how many are known to be at work, and what is not known.

    ``unanswered`` are at work without a measure on record, ``not_found`` were looked for in vain, and
    ``not_looked_at`` nobody looked for.
    """

    area: str
    label: str
    at_work: int
    unanswered: int
    not_found: int
    not_looked_at: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What the start page tells of the base."""

    table: CountTable
    sourced: dict[str, int]
    nexus: Glance
    coverage: list[Coverage]
    newest: list[dict[str, str]]

    def as_dict(self) -> dict[str, object]:
        """The same in plain types, for JSON."""
        return {
            **asdict(self.table),
            "sourced": self.sourced,
            "nexus": asdict(self.nexus),
            "coverage": [asdict(each) for each in self.coverage],
            "newest": self.newest,
        }


async def _found(facade: Facade) -> _Found:
    [row] = await facade.rows(TOTALS)
    domains = [term.key for term in facade.vocabularies.schemes["domain"].terms]
    index = await facade.searching()
    return _Found(
        table=await _counts(facade),
        sourced={name: int(value["value"]) for name, value in row.items()},
        nexus=await facade.apart(lambda: glance(index, domains)),
        coverage=await _coverage(facade),
        newest=[plain(binding) for binding in await facade.rows(_POLICIES)],
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the picture between two domains: where it is, how thick, and where its number stands."""

    value: str
    total: int
    x1: int
    y1: int
    x2: int
    y2: int
    x: int
    y: int
    width: int


#: Where the domains stand in the picture of the nexus, in its units; the first on top.
_PLACES: Final = ((230, 62), (80, 262), (380, 262))
_THICKEST: Final = 14


def _places(nexus: Glance) -> dict[str, tuple[int, int]]:
    return {domain.value: place for domain, place in zip(nexus.domains, _PLACES, strict=True)}


def _picture(nexus: Glance) -> list[Line]:
    """The lines of the picture, as thick as there are interlinkages."""
    at = _places(nexus)
    most = max((join.total for join in nexus.joins), default=0) or 1
    lines = []
    for join in nexus.joins:
        (x1, y1), (x2, y2) = (at[domain] for domain in join.value.split("-"))
        width = max(2, round(_THICKEST * join.total / most))
        lines.append(Line(join.value, join.total, x1, y1, x2, y2, (x1 + x2) // 2, (y1 + y2) // 2, width))
    return lines


async def _counts(facade: Facade) -> CountTable:
    counts: dict[tuple[str, str], int] = {}
    for row in await facade.rows(_COUNTS):
        kind, area = (_tail(row, name) for name in ("kind", "area"))
        counts[kind, area] = int(row["count"]["value"])
    totals = {_tail(row, "kind"): int(row["count"]["value"]) for row in await facade.rows(_TOTALS)}
    return CountTable(
        areas=[{"key": key, "label": label} for key, label in _area_labels(facade)],
        rows=[
            KindCounts(
                term.key,
                term.label,
                [counts.get((term.key, area), 0) for area in STATES_AND_REGION],
                totals[term.key],
            )
            for term in facade.filters["kind"].terms
            if term.key in totals
        ],
    )


async def _coverage(facade: Facade) -> list[Coverage]:
    cells = [
        (_tail(row, "area"), _tail(row, "standing"), _tail(row, "measured"), int(row["count"]["value"]))
        for row in await facade.rows(_COVERAGE)
    ]
    return [
        Coverage(
            area=key,
            label=label,
            at_work=sum(n for area, standing, _, n in cells if area == key and standing in _FOUND),
            unanswered=sum(
                n for area, standing, measured, n in cells
                if area == key and standing in _FOUND and measured not in _FOUND
            ),
            not_found=sum(n for area, standing, _, n in cells if area == key and standing == "not-found"),
            not_looked_at=sum(
                n for area, standing, _, n in cells if area == key and standing == "not-looked-at"
            ),
        )
        for key, label in _area_labels(facade)
    ]  # fmt: skip


def _area_labels(facade: Facade) -> list[tuple[str, str]]:
    labels = {term.key: term.label for term in facade.vocabularies.schemes["area"].terms}
    return [(key, labels[key]) for key in STATES_AND_REGION]


def _tail(row: Binding, name: str) -> str:
    return row[name]["value"].rsplit("/", 1)[1]


@router.head("/api", include_in_schema=False)
@router.get("/api", include_in_schema=False)
async def describe_api(request: Request) -> Response:
    """The API in words, from its OpenAPI description; nothing is loaded from another host."""
    return page(request, "api.html", {"api": request.app.openapi()})
