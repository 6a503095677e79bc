"""Records at their own path: as a page, as Turtle, N-Triples, RDF/XML or JSON-LD; and lists of them."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from nexuskb.errors import FormatError, RecordNotFoundError, UnknownTermError
from nexuskb.exchange.turtle import serialise
from nexuskb.records.document import moved_query, plain_query, record_query
from nexuskb.sparql.formats import GRAPH_FORMATS, TURTLE, format_by_name, negotiate
from nexuskb.terms import IDENTIFIER_PATTERN, NX
from nexuskb.vocabulary import Term
from nexuskb_api.facade import Facade, facade_of, plain
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Records"])


@router.head("/records", include_in_schema=False)
@router.get("/records", summary="Records by kind and area")
async def list_records(request: Request, kind: str = "", area: str = "") -> Response:
    """The records of a kind, of an area, or of both, as a page or JSON."""
    facade = facade_of(request)
    kinds = record_kinds(facade)
    if kind and kind not in kinds:
        raise UnknownTermError(f"There is no kind {kind!r}. The kinds are: {', '.join(kinds)}.")
    term = _area(facade, area)
    wanted = [NX[kind].n3()] if kind else [NX[name].n3() for name in kinds]
    query = (
        "SELECT DISTINCT ?identifier ?label ?kind WHERE { "
        f"VALUES ?class {{ {' '.join(wanted)} }} "
        "?record a ?class ; dcterms:identifier ?identifier ; rdfs:label ?label . ?class rdfs:label ?kind . "
        + (f"?record nx:area {term.iri.n3()} . " if term else "")
        + "} ORDER BY ?label ?identifier"
    )
    rows = [plain(row) for row in await facade.rows(query)] if kind or term else []
    if wants_html(request):
        areas = facade.vocabularies.schemes["area"].terms
        shown = {"rows": rows, "kinds": kinds, "areas": areas, "kind": kind, "area": term.key if term else ""}
        return page(request, "records.html", shown)
    return JSONResponse({"generation": facade.generation, "records": rows}, headers={"Vary": "Accept"})


@router.head("/records/{name}", include_in_schema=False)
@router.get("/records/{name}", summary="A record")
async def get_record(request: Request, name: str) -> Response:
    """A record by its identifier; an extension (.ttl, .nt, .rdf, .jsonld, .json, .html) sets the format."""
    identifier, _, extension = name.partition(".")
    extension = extension or request.query_params.get("format", "")
    if not IDENTIFIER_PATTERN.fullmatch(identifier):
        raise RecordNotFoundError(
            f"{identifier!r} is not an identifier of a record: use a-z, 0-9 and hyphens."
        )
    facade = facade_of(request)
    headers = {"Vary": "Accept", "Link": _links(request, identifier)}
    if extension == "html" or (not extension and wants_html(request)) or extension == "json":
        graph = await facade.graph(record_query(identifier))
        if not len(graph):
            return await _moved(request, facade, identifier, extension)
        document = facade.records.read(graph, identifier)
        if extension == "json":
            return JSONResponse(asdict(document), headers=headers)
        return page(request, "record.html", {"record": document}, headers=headers)
    accept = request.headers.get("accept")
    chosen = format_by_name(extension, GRAPH_FORMATS) if extension else negotiate(accept, GRAPH_FORMATS)
    if chosen is None:
        known = ", ".join(choice.media_type for choice in GRAPH_FORMATS)
        raise FormatError(f"Nothing in Accept: {accept} fits a record. It comes as text/html, {known}.")
    graph = await facade.graph(plain_query(identifier))
    if not len(graph):
        return await _moved(request, facade, identifier, extension)
    if chosen is TURTLE:
        body = serialise(graph, facade.records.predicate_order).encode()
    else:
        body = await facade.pool.whole(plain_query(identifier), chosen)
    return Response(body, media_type=chosen.content_type, headers=headers)


def record_kinds(facade: Facade) -> dict[str, str]:
    """The kinds that records can have, by the last part of their IRI, with their labels."""
    return {term.key: term.label for term in facade.filters["kind"].terms}


def _area(facade: Facade, area: str) -> Term | None:
    if not area:
        return None
    scheme = facade.vocabularies.schemes["area"]
    term = scheme.find(area)
    if term is None:
        near = scheme.nearest(area)
        hint = f" Did you mean {near.notation}?" if near else ""
        raise UnknownTermError(f"There is no area {area!r}.{hint}")
    return term


async def _moved(request: Request, facade: Facade, identifier: str, extension: str) -> Response:
    """Lead from an identifier that was merged into another record to that record, in the same format."""
    rows = await facade.rows(moved_query(identifier))
    if not rows:
        raise RecordNotFoundError(
            f"There is no record {identifier!r}. Lists by kind and area are at /records."
        )
    target = rows[0]["record"]["value"].rsplit("/", 1)[1] + (f".{extension}" if extension else "")
    return RedirectResponse(str(request.url_for("get_record", name=target)), 301)


def _links(request: Request, identifier: str) -> str:
    here = request.url_for("get_record", name=identifier)
    return ", ".join(
        f'<{here}.{choice.extension}>; rel="alternate"; type="{choice.media_type}"'
        for choice in GRAPH_FORMATS
    )
