"""Search and browse: the list of records, with facets, as a page, data, a spreadsheet or a bibliography."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from nexuskb.errors import FormatError, UnknownTermError
from nexuskb.exchange.citations.bibliographies import BIBLIOGRAPHY_FORMATS, bibliography_format
from nexuskb.exchange.results import as_workbook
from nexuskb.questions.answers import as_csv
from nexuskb.search.behind import query_behind
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import read_filters, value_label
from nexuskb.search.index import MOST_HITS, ORDERS, Count, Found, Order, SearchIndex
from nexuskb.search.meant import known_words, meant
from nexuskb.sparql.formats import CSV, JSON, XLSX, negotiate
from nexuskb.sparql.portable import declare_prefixes
from nexuskb.terms import record_iri
from nexuskb_api.bibliographies import bibliography_of
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Search"])

#: Hits on a page, unless asked for otherwise, and at most.
_PER_PAGE: Final = 20
_MOST_PER_PAGE: Final = 100
#: What a page offers as the number of hits on it.
_SIZES: Final = (20, 50, 100)
#: Values of a facet that a page shows before it folds the rest away.
_UNFOLDED: Final = 7
#: Pages that are linked on either side of the one that is shown.
_BESIDE: Final = 2
_QUERY: Final = "sparql"
_FORMATS: Final = (
    "html", "json", "csv", "xlsx", _QUERY, *(choice.extension for choice in BIBLIOGRAPHY_FORMATS),
)  # fmt: skip
_WORDS: Final = {
    "kind": "kind of record",
    "area": "area",
    "domain": "nexus domain",
    "driver": "driver",
    "impact": "impact",
    "linkkind": "kind of interlinkage",
    "joins": "two domains that an interlinkage joins, such as climate-land",
    "instrument": "instrument of a measure",
    "policykind": "kind of policy",
    "sector": "sector",
    "status": "legal status",
    "year": "year of adoption or of the figure",
}
_PARAMETERS: Final = [
    {"name": name, "in": "query", "schema": {"type": kind}, "description": words}
    for name, kind, words in (
        ("q", "string", 'Words in any script, "quoted phrases" and -excluded words. All records without it.'),
        *(
            (facet, "string", f"Only records with this {words}; one of several if it is given again.")
            for facet, words in _WORDS.items()
        ),
        ("sort", "string", f"One of {', '.join(ORDERS)}; by title where no words are asked for."),
        ("page", "integer", "Which page of the hits, from 1. Files to download have all of them."),
        ("size", "integer", f"Hits on a page, {_PER_PAGE} unless given, {_MOST_PER_PAGE} at most."),
        (
            "format",
            "string",
            "html, json, csv or xlsx; sparql for the query; csljson, bib or ris for sources.",
        ),
    )
]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search as it was asked for; it has one address."""

    query: str
    filters: Mapping[str, tuple[str, ...]]
    order: Order
    page: int = 1
    size: int = _PER_PAGE

    def parameters(self, *changes: tuple[str, str]) -> list[tuple[str, str]]:
        """All but words and page, what is usual left out.

        ``changes`` are values of facets, taken off where they are chosen and added where they are not.
        """
        chosen = [(facet, value) for facet, values in self.filters.items() for value in values]
        pairs = [pair for pair in chosen if pair not in changes]
        pairs += [pair for pair in changes if pair not in chosen]
        if self.order != _usual_order(self.query):
            pairs.append(("sort", self.order))
        if self.size != _PER_PAGE:
            pairs.append(("size", str(self.size)))
        return pairs

    def address(self, *changes: tuple[str, str], **more: str) -> str:
        """The parameters of this search, from its first page, with such changes."""
        words = [("q", self.query)] if self.query else []
        return urlencode([*words, *self.parameters(*changes), *more.items()])


@dataclass(frozen=True, slots=True)
class _Choice:
    """A value of a facet: its label, how many records have it, the address with or without it."""

    label: str
    count: int
    chosen: bool
    address: str


@router.head("/records", include_in_schema=False)
@router.get("/records", include_in_schema=False)
async def list_records(request: Request) -> Response:
    """Lists of records are searches without words."""
    address = request.url_for("search").include_query_params(**request.query_params)
    return RedirectResponse(str(address), 301)


@router.head("/search", include_in_schema=False)
@router.get("/search", summary="Search and browse the records", openapi_extra={"parameters": _PARAMETERS})
async def search(request: Request) -> Response:
    """The records that have all the words, or all records, narrowed and counted by kind, area and more."""
    facade = facade_of(request)
    asked = _read(request, facade)
    if wants_html(request):
        return await _page(request, facade, asked)
    form = request.query_params.get("format") or _preferred(request)
    if form == "json":
        return _data(facade, asked, await _found(facade, asked))
    query = query_behind(asked.query, asked.filters, facade.filters)
    if form == _QUERY:
        return Response(
            declare_prefixes(query), 200, {"Vary": "Accept"}, media_type="application/sparql-query"
        )
    cited = bibliography_format(form)
    if form not in ("csv", "xlsx") and not cited:
        raise FormatError(
            f"The format {form!r} is not known here. Choose one of {', '.join(_FORMATS)}; csljson, bib and "
            "ris are the sources behind the hits."
        )
    found = await _found(facade, replace(asked, page=1, size=MOST_HITS))
    if cited:
        return await bibliography_of(facade, [hit.identifier for hit in found.hits], cited, "search")
    headers = {"Content-Disposition": f'attachment; filename="search.{form}"', "Vary": "Accept"}
    if form == "csv":
        body: str | bytes = await facade.apart(lambda: as_csv(found.as_answer()))
        return Response(body, 200, headers, media_type=CSV.content_type)
    body = await facade.apart(lambda: _workbook(found, query, facade.generation))
    return Response(body, 200, headers, media_type=XLSX.content_type)


def _read(request: Request, facade: Facade) -> _Asked:
    given = request.query_params
    query = given.get("q", "").strip()
    order = given.get("sort") or _usual_order(query)
    if order not in ORDERS:
        raise UnknownTermError(f"sort: {order[:40]!r} is no order. Choose one of {', '.join(ORDERS)}.")
    return _Asked(
        query=query,
        filters=read_filters({facet: given.getlist(facet) for facet in FACETS}, facade.filters),
        order=order,
        page=_number("page", given.get("page", ""), 1, 10**9),
        size=_number("size", given.get("size", ""), _PER_PAGE, _MOST_PER_PAGE),
    )


def _orders(query: str) -> tuple[Order, ...]:
    """The orders that make sense: without words, nothing is more relevant than anything else."""
    return ORDERS if query else tuple(order for order in ORDERS if order != "relevance")


def _usual_order(query: str) -> Order:
    return "relevance" if query else "title"


def _number(name: str, given: str, usual: int, most: int) -> int:
    if not given:
        return usual
    if not (given.isascii() and given.isdigit() and len(given) < 10 and 0 < int(given) <= most):
        raise HTTPException(400, f"{name}: {given[:40]!r} is not a whole number from 1 to {most:,}.")
    return int(given)


async def _found(facade: Facade, asked: _Asked) -> Found:
    """Search in a thread, so that other requests go on."""
    offset = (asked.page - 1) * asked.size
    await facade.current()  # a remote store may hold something else by now
    index = await facade.searching()
    return await facade.apart(
        lambda: index.search(asked.query, asked.filters, asked.size, offset, asked.order)
    )


def _workbook(found: Found, query: str, generation: str) -> bytes:
    answer = found.as_answer()
    rows = [
        {name: {"type": "literal", "value": value} for name, value in row.items()}
        | {"reservations": {"type": "literal", "value": answer.of_row(row)}}
        for row in answer.rows
    ]
    return as_workbook([*answer.columns, "reservations"], rows, declare_prefixes(query), generation)


def _data(facade: Facade, asked: _Asked, found: Found) -> Response:
    body = {
        "generation": facade.generation,
        "query": asked.query,
        "filters": {facet: list(values) for facet, values in asked.filters.items()},
        "sort": asked.order,
        "page": asked.page,
        "size": asked.size,
        "total": found.total,
        "hits": [{"iri": str(record_iri(hit.identifier)), **asdict(hit)} for hit in found.hits],
        "facets": {
            facet: [
                {**asdict(count), "label": value_label(facet, count.value, facade.filters)}
                for count in counts
            ]
            for facet, counts in found.facets.items()
        },
        "sparql": declare_prefixes(query_behind(asked.query, asked.filters, facade.filters)),
    }
    return JSONResponse(body, headers={"Vary": "Accept"})


async def _page(request: Request, facade: Facade, asked: _Asked) -> Response:
    found = await _found(facade, asked)
    better = ""
    if asked.query and not found.total:
        index = await facade.searching()
        better = await facade.apart(lambda: _better(facade, index, asked))
    shown = {
        "asked": asked,
        "found": found,
        "better": better,
        "better_address": replace(asked, query=better).address() if better else "",
        "first": (asked.page - 1) * asked.size + 1,
        "label": lambda facet, value: value_label(facet, value, facade.filters),
        "chosen": [
            _choice(facade, asked, facet, Count(value, 0))
            for facet, values in asked.filters.items()
            for value in values
        ],
        "facets": {facet: _choices(facade, asked, facet, counts) for facet, counts in found.facets.items()},
        "unfolded": _UNFOLDED,
        "orders": {order: replace(asked, order=order).address() for order in _orders(asked.query)},
        "sizes": {size: replace(asked, size=size).address() for size in _SIZES},
        "pages": _pages(asked, found.total),
        "query": query_behind(asked.query, asked.filters, facade.filters),
    }
    return page(request, "search.html", shown)


def _better(facade: Facade, index: SearchIndex, asked: _Asked) -> str:
    """What a search without hits may have meant."""
    schemes = [*facade.filters.values(), *facade.vocabularies.schemes.values()]
    return meant(index, asked.query, asked.filters, known_words(index, schemes))


def _choices(facade: Facade, asked: _Asked, facet: str, counts: tuple[Count, ...]) -> list[_Choice]:
    """The values of a facet among the hits; chosen ones first, also where they have none."""
    chosen = asked.filters.get(facet, ())
    known = {count.value: count for count in counts}
    first = [known.get(value, Count(value, 0)) for value in chosen]
    others = [count for count in counts if count.value not in chosen]
    return [_choice(facade, asked, facet, count) for count in (*first, *others)]


def _choice(facade: Facade, asked: _Asked, facet: str, count: Count) -> _Choice:
    return _Choice(
        label=value_label(facet, count.value, facade.filters),
        count=count.count,
        chosen=count.value in asked.filters.get(facet, ()),
        address=asked.address((facet, count.value)),
    )


def _pages(asked: _Asked, total: int) -> dict[int, str]:
    """The pages to link to: the first, the last, and those around the present one."""
    last = -(-total // asked.size)
    near = range(asked.page - _BESIDE, asked.page + _BESIDE + 1)
    numbers = sorted({1, last, *near} & set(range(1, last + 1)))
    return {number: asked.address(page=str(number)) for number in numbers}


def _preferred(request: Request) -> str:
    chosen = negotiate(request.headers.get("accept"), (JSON, CSV, XLSX))
    return chosen.name if chosen in (CSV, XLSX) and chosen else "json"
