"""Every IRI of the ontology and the vocabularies, as a page or as data; the way from an IRI to its document.

The IRIs of the base name things. ``/id/`` leads from a thing to the document about it by 303 See Other (Cool
URIs for the Semantic Web, W3C Interest Group Note of 3 December 2008), in the format that the client likes
best: the redirection at w3id.org leads there. The documents are at the paths of the IRIs.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from rdflib import Graph, URIRef
from starlette.exceptions import HTTPException

from nexuskb.definitions import ONTOLOGY, Definition, Definitions, local_path
from nexuskb.exchange.dataset import LICENCE
from nexuskb.exchange.schema import json_ld_context
from nexuskb.records.document import plain_query
from nexuskb.sparql.formats import GRAPH_FORMATS, JSON, ResultFormat, format_by_name, negotiate
from nexuskb.terms import BASE, EV, bind_prefixes, owner, record_identifier
from nexuskb_api.description import graph_response
from nexuskb_api.facade import facade_of, plain
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Linked data"])

_EXTENSIONS = {choice.extension: choice for choice in GRAPH_FORMATS}
#: Records that use a word, named on its page.
_MOST_USES = 100
_USES = """SELECT DISTINCT ?identifier ?label ?kind WHERE {{
  ?record ?property {word} ; a ?class ; nx:reviewState ?state ; dcterms:identifier ?identifier ;
    rdfs:label ?label .
  ?class rdfs:label ?kind .
}} ORDER BY ?kind ?label ?identifier LIMIT {limit}"""
_USE_COUNTS = """SELECT ?property (COUNT(DISTINCT ?record) AS ?count) WHERE {{
  ?record ?property {word} ; nx:reviewState ?state .
}} GROUP BY ?property ORDER BY DESC(?count) ?property"""
_STATEMENTS = "SELECT (COUNT(*) AS ?count) WHERE {{ ?record {word} ?value ; nx:reviewState ?state }}"


@router.get("/ontology", summary="The ontology")
@router.get("/ontology.{extension}", include_in_schema=False)
async def ontology(request: Request, extension: str = "") -> Response:
    """Its classes and properties."""
    return await _definition(request, ONTOLOGY, extension)


@router.get("/vocabularies", summary="The vocabularies")
async def vocabularies(request: Request) -> Response:
    """All vocabularies, with their definitions."""
    definitions = await _definitions(request)
    listed = definitions.listed("Vocabulary")
    chosen = negotiate(request.headers.get("accept"), (JSON, *GRAPH_FORMATS))
    if chosen in GRAPH_FORMATS and not wants_html(request):
        return graph_response(chosen, definitions.heads("Vocabulary"), {"Vary": "Accept"})
    if wants_html(request):
        return page(request, "vocabularies.html", {"vocabularies": listed})
    told = [{"iri": each.iri, "label": each.label, "definition": each.definition} for each in listed]
    return JSONResponse({"vocabularies": told}, headers={"Vary": "Accept"})


@router.get("/ontology/{name}", summary="A class or a property")
async def class_or_property(request: Request, name: str) -> Response:
    """A word of the ontology; an extension sets the format: ttl, nt, rdf, jsonld, json."""
    return await _word(request, f"ontology/{name}")


@router.get("/shapes/{name}", summary="A shape or a field of it")
async def shape(request: Request, name: str) -> Response:
    """A shape with its fields, or a field; an extension sets the format."""
    return await _word(request, f"shapes/{name}")


@router.get("/vocabularies/{scheme}", summary="A vocabulary")
async def vocabulary(request: Request, scheme: str) -> Response:
    """A vocabulary with its terms; an extension sets the format."""
    return await _word(request, f"vocabularies/{scheme}")


@router.get("/vocabularies/{scheme}/{name}", summary="A term of a vocabulary")
async def term(request: Request, scheme: str, name: str) -> Response:
    """A term and the records that use it; an extension sets the format."""
    return await _word(request, f"vocabularies/{scheme}/{name}")


async def _word(request: Request, path: str) -> Response:
    stem, dot, extension = path.rpartition(".")
    if dot and extension in (*_EXTENSIONS, "json", "html"):
        return await _definition(request, URIRef(BASE + stem), extension)
    return await _definition(request, URIRef(BASE + path), "")


@router.get("/evidence/{name}", summary="A passage that supports a record")
async def evidence(request: Request, name: str) -> Response:
    """Its statements as data; as a page, the place of it on the page of its record."""
    stem, _, extension = name.partition(".")
    node = EV[stem]
    record = record_identifier(owner(str(node)) or "")
    if not record:
        raise HTTPException(404, f"{stem!r} does not name evidence: that is a record, -e and a number.")
    if extension == "html" or (not extension and wants_html(request)):
        number = stem.rpartition("-")[2]
        return RedirectResponse(f"{request.url_for('get_record', name=record)}#{number}", 303)
    whole = await facade_of(request).graph(plain_query(record))
    statements = bind_prefixes(Graph())
    statements += whole.triples((node, None, None))
    if not len(statements):
        raise HTTPException(404, f"The record {record} has no evidence {stem!r}. It is at /records/{record}.")
    return graph_response(_chosen(request, extension), statements, _headers(request, f"evidence/{stem}"))


@router.get("/context.jsonld", summary="The JSON-LD context of records")
async def context(request: Request) -> Response:
    """The context of the documents that records are entered and given as."""
    documents = facade_of(request).reception.documents
    body = json_ld_context(documents.forms, documents.vocabularies)
    return JSONResponse(body, headers={"Access-Control-Allow-Origin": "*"}, media_type="application/ld+json")


@router.get("/id/{path:path}", summary="From an IRI to the document about it")
async def document_of(request: Request, path: str) -> Response:
    """Lead from a thing to its document: the path is that of the IRI after ``https://w3id.org/nexuskb/``."""
    if not local_path(BASE + path) and path != "ontology":
        raise HTTPException(
            404, f"<{BASE}{path}> is no IRI of a record, of evidence or of a word of the base."
        )
    chosen = None if wants_html(request) else negotiate(request.headers.get("accept"), GRAPH_FORMATS)
    target = f"{request.base_url}{path}" + (f".{chosen.extension}" if chosen else "")
    return RedirectResponse(target, 303, {"Vary": "Accept"})


async def _definition(request: Request, iri: URIRef, extension: str) -> Response:
    definitions = await _definitions(request)
    found = definitions.read(iri)
    if found is None:
        raise HTTPException(
            404,
            f"<{iri}> is not defined here. The words of the base are listed at /ontology and /vocabularies.",
        )
    headers = _headers(request, iri.removeprefix(BASE))
    if extension == "html" or (not extension and wants_html(request)):
        shown = {"word": found, "lists": _lists(definitions, iri), **await _uses(request, found)}
        return page(request, "definition.html", shown, headers=headers)
    if extension == "json":
        return JSONResponse(asdict(found), headers=headers)
    return graph_response(_chosen(request, extension), definitions.graph_of(iri), headers)


def _lists(definitions: Definitions, iri: URIRef) -> dict[str, tuple[Definition, ...]]:
    """What the page of the ontology lists beside its own statements."""
    if iri != ONTOLOGY:
        return {}
    return {
        name: definitions.listed(kind) for name, kind in (("Classes", "Class"), ("Properties", "Property"))
    }


async def _uses(request: Request, found: Definition) -> dict[str, object]:
    """Records that use a term, by property; how many statements have a property."""
    facade = facade_of(request)
    name, counts, uses = URIRef(found.iri).n3(), [], []
    if found.kind in ("Term", "Class"):
        for row in await facade.rows(_USE_COUNTS.format(word=name)):
            counts.append({**plain(row), "label": (await _label(request, row["property"]["value"]))})
        uses = [plain(row) for row in await facade.rows(_USES.format(word=name, limit=_MOST_USES + 1))]
    elif found.kind == "Property":
        [row] = await facade.rows(_STATEMENTS.format(word=name))
        counts = [{"label": "Statements of records", **plain(row)}]
    return {"counts": counts, "uses": uses[:_MOST_USES], "more": len(uses) > _MOST_USES}


async def _label(request: Request, iri: str) -> str:
    found = (await _definitions(request)).read(URIRef(iri))
    return found.label if found else iri


def _chosen(request: Request, extension: str) -> ResultFormat:
    if extension:
        return format_by_name(extension, GRAPH_FORMATS)
    accept = request.headers.get("accept")
    chosen = negotiate(accept, GRAPH_FORMATS)
    if chosen is None:
        known = ", ".join(choice.media_type for choice in GRAPH_FORMATS)
        raise HTTPException(406, f"Nothing in Accept: {accept} fits. It comes as text/html, {known}.")
    return chosen


def _headers(request: Request, path: str) -> dict[str, str]:
    """Where else the document is, what it describes and under which licence (RFC 8288)."""
    links = [
        f'<{request.base_url}{path}.{choice.extension}>; rel="alternate"; type="{choice.media_type}"'
        for choice in GRAPH_FORMATS
    ]
    links += [f'<{BASE}{path}>; rel="describes"', f'<{LICENCE}>; rel="license"']
    return {"Vary": "Accept", "Link": ", ".join(links)}


async def _definitions(request: Request) -> Definitions:
    """The definitions, read when they are first asked for."""
    state = request.app.state
    if not hasattr(state, "definitions"):
        state.definitions = asyncio.ensure_future(asyncio.to_thread(Definitions.open, state.settings))
    return cast(Definitions, await asyncio.shield(state.definitions))
