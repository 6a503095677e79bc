"""Full-text search over the records: as a page, JSON or CSV, divided and narrowed by facets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from nexuskb.errors import FormatError
from nexuskb.exchange.citations.bibliographies import bibliography_format
from nexuskb.questions.answers import as_csv
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import read_filters
from nexuskb.search.index import MOST_HITS, Count, Found
from nexuskb.sparql.formats import CSV, JSON, negotiate
from nexuskb.terms import record_iri
from nexuskb_api.bibliographies import bibliography_of
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Search"])

#: Hits on a page.
_PER_PAGE = 20
_HEADINGS = {
    "kind": "Kind of record",
    "area": "Area",
    "domain": "Nexus domain",
    "driver": "Driver",
    "impact": "Impact",
    "sector": "Sector",
    "status": "Legal status",
    "year": "Year of adoption or of the figure",
}
_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": kind}, "description": words}
    for name, kind, words in (
        ("q", "string", 'Words in any script, "quoted phrases" and -excluded words.'),
        *((facet, "string", f"Only records with this: {_HEADINGS[facet].lower()}.") for facet in FACETS),
        ("page", "integer", f"Which {_PER_PAGE} of the hits, from 1. CSV has all of them."),
        ("format", "string", "html, json or csv; csljson, bib or ris for the sources."),
    )
]


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    filters: dict[str, str]
    page: int

    def address(self, **changed: str) -> str:
        """The parameters of this search, from its first page, with some changed; empty ones are left out."""
        values = {"q": self.query, **self.filters, **changed}
        return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class _Choice:
    """A value of a facet: its label, how many hits have it, the address of the search with or without it."""

    label: str
    count: int
    chosen: bool
    address: str


@router.head("/search", include_in_schema=False)
@router.get("/search", summary="Full-text search", openapi_extra={"parameters": _PARAMETERS})
async def search(request: Request) -> Response:
    """The records that have all the words, the best first, with counts by kind, area and other terms."""
    facade = facade_of(request)
    given = request.query_params
    filters = read_filters({facet: given.get(facet, "") for facet in FACETS}, facade.filters)
    asked = _Asked(given.get("q", "").strip(), filters, _page_number(given.get("page", "")))
    if wants_html(request):
        return _page(request, facade, asked, await _found(facade, asked))
    form = given.get("format") or _preferred(request)
    if form == "csv":
        found = await _found(facade, _Asked(asked.query, filters, 1), MOST_HITS)
        headers = {"Content-Disposition": 'attachment; filename="search.csv"', "Vary": "Accept"}
        body = await facade.apart(lambda: as_csv(found.as_answer()))
        return Response(body, 200, headers, media_type=CSV.content_type)
    if cited := bibliography_format(form):
        found = await _found(facade, _Asked(asked.query, filters, 1), MOST_HITS)
        return await bibliography_of(facade, [hit.identifier for hit in found.hits], cited, "search")
    if form != "json":
        raise FormatError(
            f"The format {form!r} is not known here. Choose html, json or csv, or csljson, bib or ris for "
            "the sources behind the hits."
        )
    return _data(facade, asked, await _found(facade, asked))


async def _found(facade: Facade, asked: _Asked, limit: int = _PER_PAGE) -> Found:
    """Search in a thread, so that other requests go on."""
    offset = (asked.page - 1) * limit
    await facade.current()  # a remote store may hold something else by now
    index = await facade.searching()
    return await facade.apart(lambda: index.search(asked.query, asked.filters, limit, offset))


def _data(facade: Facade, asked: _Asked, found: Found) -> Response:
    body = {
        "generation": facade.generation,
        "query": asked.query,
        "filters": asked.filters,
        "page": asked.page,
        "total": found.total,
        "hits": [{"iri": str(record_iri(hit.identifier)), **asdict(hit)} for hit in found.hits],
        "facets": {
            facet: [{**asdict(count), "label": _label(facade, facet, count.value)} for count in counts]
            for facet, counts in found.facets.items()
        },
    }
    return JSONResponse(body, headers={"Vary": "Accept"})


def _page(request: Request, facade: Facade, asked: _Asked, found: Found) -> Response:
    last = -(-found.total // _PER_PAGE)
    shown = {
        "query": asked.query,
        "filters": asked.filters,
        "found": found,
        "first": (asked.page - 1) * _PER_PAGE + 1,
        "kinds": {term.key: term.label for term in facade.filters["kind"].terms},
        "facets": {
            _HEADINGS[facet]: choices
            for facet, counts in found.facets.items()
            if (choices := _choices(facade, asked, facet, counts))
        },
        "previous": asked.address(page=str(asked.page - 1)) if 1 < asked.page <= last else "",
        "next": asked.address(page=str(asked.page + 1)) if asked.page < last else "",
        "address": asked.address(),
    }
    return page(request, "search.html", shown)


def _choices(facade: Facade, asked: _Asked, facet: str, counts: tuple[Count, ...]) -> list[_Choice]:
    """The values of a facet among the hits; a chosen one also where it has none."""
    chosen = asked.filters.get(facet)
    if chosen and all(count.value != chosen for count in counts):
        counts = (Count(chosen, 0), *counts)
    return [
        _Choice(
            label=_label(facade, facet, count.value),
            count=count.count,
            chosen=count.value == chosen,
            address=asked.address(**{facet: "" if count.value == chosen else count.value}),
        )
        for count in counts
    ]


def _label(facade: Facade, facet: str, value: str) -> str:
    found = facade.filters[facet].find(value) if facet in facade.filters else None
    return found.label if found else value


def _page_number(given: str) -> int:
    if not given:
        return 1
    if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given)):
        raise HTTPException(400, f"page: {given[:40]!r} is not the number of a page, such as 2.")
    return int(given)


def _preferred(request: Request) -> str:
    return "csv" if negotiate(request.headers.get("accept"), (JSON, CSV)) is CSV else "json"
