"""SPARQL 1.1 Service Description of the endpoint."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from nexuskb.sparql.formats import (
    BINDING_FORMATS,
    GRAPH_FORMATS,
    JSON_LD,
    N_TRIPLES,
    RDF_XML,
    TURTLE,
    ResultFormat,
    negotiate,
)
from nexuskb.terms import bind_prefixes
from nexuskb_api.facade import facade_of

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID = Namespace("http://rdfs.org/ns/void#")
FORMATS = Namespace("http://www.w3.org/ns/formats/")

_FORMAT_IRIS = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML", "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV", "turtle": "Turtle", "ntriples": "N-Triples", "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
}  # fmt: skip
_SYNTAX = {TURTLE: "turtle", N_TRIPLES: "nt", RDF_XML: "xml", JSON_LD: "json-ld"}
_COUNTS = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"


async def service_description(request: Request) -> Response:
    """The description in the RDF format that the client likes best."""
    return rdf_response(request, await _describe(request))


def rdf_response(request: Request, graph: Graph) -> Response:
    """A graph in the RDF format that the client likes best, Turtle where it takes none of ours."""
    chosen = negotiate(request.headers.get("accept"), GRAPH_FORMATS) or TURTLE
    return graph_response(chosen, graph, {"Vary": "Accept"})


def graph_response(chosen: ResultFormat, graph: Graph, headers: Mapping[str, str]) -> Response:
    """A graph in one of the RDF formats."""
    body = graph.serialize(format=_SYNTAX[chosen])
    return Response(body, media_type=chosen.content_type, headers=dict(headers))


async def _describe(request: Request) -> Graph:
    endpoint = URIRef(str(request.url.replace(query="", fragment="")))
    graph = bind_prefixes(Graph())
    graph.bind("sd", SD)
    graph.bind("void", VOID)
    dataset, default = URIRef(f"{endpoint}#dataset"), URIRef(f"{endpoint}#default-graph")
    graph += [
        (endpoint, RDF.type, SD.Service),
        (endpoint, SD.endpoint, endpoint),
        (endpoint, SD.supportedLanguage, SD.SPARQL11Query),
        (endpoint, SD.feature, SD.UnionDefaultGraph),
        (endpoint, SD.defaultDataset, dataset),
        (dataset, RDF.type, SD.Dataset),
        (dataset, SD.defaultGraph, default),
        (default, RDF.type, SD.Graph),
    ]
    for known in (*BINDING_FORMATS, *GRAPH_FORMATS):
        graph.add((endpoint, SD.resultFormat, FORMATS[_FORMAT_IRIS[known.name]]))
    total = 0
    for row in await facade_of(request).rows(_COUNTS):
        name, count = URIRef(row["g"]["value"]), int(row["n"]["value"])
        total += count
        node = URIRef(f"{endpoint}#graph-{name.rsplit('/', 1)[1]}")
        graph += [
            (dataset, SD.namedGraph, node),
            (node, RDF.type, SD.NamedGraph),
            (node, SD.name, name),
            (node, SD.graph, URIRef(f"{node}-content")),
            (URIRef(f"{node}-content"), RDF.type, SD.Graph),
            (URIRef(f"{node}-content"), VOID.triples, Literal(count)),
        ]
    graph.add((default, VOID.triples, Literal(total)))
    return graph
