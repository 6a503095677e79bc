"""Records at their own path: as a page, as Turtle, N-Triples, RDF/XML or JSON-LD."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from nexuskb.errors import FormatError, RecordNotFoundError
from nexuskb.exchange.citations.bibliographies import (
    BIBLIOGRAPHY_FORMATS,
    bibliography_format,
)
from nexuskb.exchange.citations.embedded import coins, meta_tags
from nexuskb.exchange.citations.footnotes import footnote
from nexuskb.exchange.citations.references import Citation, citations_in, cite, references
from nexuskb.exchange.turtle import serialise
from nexuskb.records.document import moved_query, plain_query, record_query
from nexuskb.sparql.formats import GRAPH_FORMATS, TURTLE, format_by_name, negotiate
from nexuskb.terms import IDENTIFIER_PATTERN, record_iri
from nexuskb_api.bibliographies import bibliography_file
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html
from nexuskb_api.record_page import page_of

router = APIRouter(tags=["Records"])

_FORMATS = (*GRAPH_FORMATS, *BIBLIOGRAPHY_FORMATS)


@router.head("/records/{name}", include_in_schema=False)
@router.get("/records/{name}", summary="A record")
async def get_record(request: Request, name: str) -> Response:
    """A record by its identifier; an extension or ``format`` sets the format.

    As data: ttl, nt, rdf, jsonld, json; the sources that it cites, as a bibliography: csljson, bib, ris.
    """
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
        citations = citations_in(graph, facade.model, identifier)
        history = await facade.reception.public_history(record_iri(identifier))
        root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
        shown = {**page_of(document, root), "history": history, **_citing(citations, identifier)}
        return page(request, "record.html", shown, headers=headers)
    return await _as_file(request, facade, identifier, extension, headers)


async def _as_file(
    request: Request, facade: Facade, identifier: str, extension: str, headers: dict[str, str]
) -> Response:
    """The record's statements, or the sources that it cites, in a format for programs."""
    accept = request.headers.get("accept")
    chosen = bibliography_format(extension) or (
        format_by_name(extension, GRAPH_FORMATS) if extension else negotiate(accept, _FORMATS)
    )
    if chosen in BIBLIOGRAPHY_FORMATS:
        try:
            citations = await facade.ask(cite([identifier]))
        except RecordNotFoundError:
            return await _moved(request, facade, identifier, extension)
        return bibliography_file(references(citations), chosen, identifier, headers)
    if chosen is None:
        known = ", ".join(choice.media_type for choice in _FORMATS)
        raise FormatError(f"Nothing in Accept: {accept} fits a record. It comes as text/html, {known}.")
    graph = await facade.graph(plain_query(identifier))
    if not len(graph):
        return await _moved(request, facade, identifier, extension)
    if chosen is TURTLE:
        body = serialise(graph, facade.records.predicate_order).encode()
    else:
        body = await facade.pool.whole(plain_query(identifier), chosen)
    return Response(body, media_type=chosen.content_type, headers=headers)


async def _moved(request: Request, facade: Facade, identifier: str, extension: str) -> Response:
    """Lead from an identifier that was merged into another record to that record, in the same format."""
    rows = await facade.rows(moved_query(identifier))
    if not rows:
        raise RecordNotFoundError(
            f"There is no record {identifier!r}. Search for it by its title at /search."
        )
    target = rows[0]["record"]["value"].rsplit("/", 1)[1] + (f".{extension}" if extension else "")
    return RedirectResponse(str(request.url_for("get_record", name=target)), 301)


def _links(request: Request, identifier: str) -> str:
    here = request.url_for("get_record", name=identifier)
    return ", ".join(
        f'<{here}.{choice.extension}>; rel="alternate"; type="{choice.media_type}"' for choice in _FORMATS
    )


def _citing(citations: list[Citation], identifier: str) -> dict[str, object]:
    """What the page says for citing: the footnote, and the metadata that reference managers read."""
    itself = [c.reference for c in citations if c.reference.identifier == identifier]
    return {
        "footnote": footnote(citations) if citations else (),
        "meta": [tag for reference in itself for tag in meta_tags(reference)],
        "coins": [] if itself else [coins(reference) for reference in references(citations)],
    }
