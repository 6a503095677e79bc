"""What other programs look for under /.well-known: the dataset described in VoID, and example queries."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from rdflib import RDF, RDFS, SH, XSD, Graph, Literal, Namespace, URIRef

from nexuskb.exchange.dataset import DATASET
from nexuskb.questions.catalogue import fill, questions
from nexuskb.sparql.portable import declare_prefixes
from nexuskb.terms import bind_prefixes
from nexuskb_api.description import VOID, rdf_response
from nexuskb_api.dumps import dataset_description
from nexuskb_api.facade import Facade, facade_of

router = APIRouter(tags=["Well-known"])

SCHEMA = Namespace("https://schema.org/")
#: The classes in use, with how many things are of each; the properties, with their statements.
CLASSES = "SELECT ?class (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?class } GROUP BY ?class ORDER BY ?class"
PROPERTIES = (
    "SELECT ?property (COUNT(*) AS ?n) WHERE { ?s ?property ?o } GROUP BY ?property ORDER BY ?property"
)


@router.get("/.well-known/void", summary="The dataset in VoID")
async def void(request: Request) -> Response:
    """Triples, classes and properties with counts, licence and endpoint (VoID, W3C Note of 3 March 2011)."""
    return rdf_response(request, await _void(request, facade_of(request)))


@router.get("/.well-known/sparql-examples", summary="Example queries")
async def sparql_examples(request: Request) -> Response:
    """Every named question with example parameters, as SHACL executables that editors can read."""
    facade = facade_of(request)
    return await facade.apart(lambda: rdf_response(request, _examples(request, facade)))


def _examples(request: Request, facade: Facade) -> Graph:
    endpoint = URIRef(str(request.url_for("query_by_get")))
    graph = bind_prefixes(Graph())
    graph.bind("schema", SCHEMA)
    for asked in questions().values():
        node = URIRef(f"{endpoint}/examples/{asked.id}")
        query = declare_prefixes(fill(asked, asked.example, facade.vocabularies))
        graph += [
            (node, RDF.type, SH.SPARQLExecutable),
            (node, RDF.type, SH.SPARQLSelectExecutable),
            (node, RDFS.comment, Literal(asked.title, lang="en")),
            (node, SH.select, Literal(query)),
            (node, SCHEMA.target, endpoint),
        ]
        graph += [(node, SCHEMA.keywords, Literal(word)) for word in asked.keywords]
    return graph


async def _void(request: Request, facade: Facade) -> Graph:
    graph = dataset_description(request, facade.generation, ())
    graph.add((DATASET, RDFS.seeAlso, URIRef(str(request.url_for("dumps")))))
    total = 0
    for number, row in enumerate(await facade.rows(PROPERTIES)):
        part, count = URIRef(f"{DATASET}#property-{number}"), int(row["n"]["value"])
        total += count
        graph += [
            (DATASET, VOID.propertyPartition, part),
            (part, VOID.property, URIRef(row["property"]["value"])),
            (part, VOID.triples, Literal(count, datatype=XSD.integer)),
        ]
    for number, row in enumerate(await facade.rows(CLASSES)):
        part = URIRef(f"{DATASET}#class-{number}")
        graph += [
            (DATASET, VOID.classPartition, part),
            (part, VOID["class"], URIRef(row["class"]["value"])),
            (part, VOID.entities, Literal(int(row["n"]["value"]), datatype=XSD.integer)),
        ]
    graph.add((DATASET, VOID.triples, Literal(total, datatype=XSD.integer)))
    return graph
