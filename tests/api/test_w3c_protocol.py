"""The query-side cases of the W3C SPARQL 1.1 Protocol and Service Description test suites, by their names.

The suites load graphs of their own into the server; this base is read-only, so the cases on datasets use
two of its own graphs. Each test is named after the case it carries out.
"""

from __future__ import annotations

import httpx
import pytest
from rdflib import RDF, Graph, URIRef

from nexuskb.terms import GRAPHS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}
FIRST, SECOND = str(GRAPHS.ontology), str(GRAPHS.vocabularies)
SD = "http://www.w3.org/ns/sparql-service-description#"
RESULTS = ("application/sparql-results+xml", "application/sparql-results+json")
GRAPH_TYPES = ("application/rdf+xml", "text/turtle", "application/n-triples", "application/ld+json")

CLASS = "http://www.w3.org/2002/07/owl#Class"
SCHEME = "http://www.w3.org/2004/02/skos/core#ConceptScheme"
IN_FIRST = f"{{ ?x a <{CLASS}> }}"
IN_SECOND = f"{{ ?y a <{SCHEME}> }}"


def is_true(response: httpx.Response) -> bool:
    assert response.status_code == 200, response.text
    return bool(response.json()["boolean"])


def media_type(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return response.headers["content-type"].partition(";")[0]


def test_query_get(web: httpx.Client) -> None:
    assert is_true(web.get("/sparql", params={"query": "ASK {}"}))


def test_query_post_form(web: httpx.Client) -> None:
    assert is_true(web.post("/sparql", content="query=ASK%20%7B%7D", headers=FORM))


def test_query_post_direct(web: httpx.Client) -> None:
    assert is_true(web.post("/sparql", content="ASK {}", headers=DIRECT))


def test_query_dataset_default_graph_get(web: httpx.Client) -> None:
    asked = {"query": f"ASK {IN_FIRST}", "default-graph-uri": FIRST}
    assert is_true(web.get("/sparql", params=asked))
    assert not is_true(web.get("/sparql", params={**asked, "default-graph-uri": SECOND}))


def test_query_dataset_default_graph_post(web: httpx.Client) -> None:
    address = f"/sparql?default-graph-uri={FIRST}"
    assert is_true(web.post(address, content=f"ASK {IN_FIRST}", headers=DIRECT))
    assert not is_true(web.post(address, content=f"ASK {IN_SECOND}", headers=DIRECT))


def test_query_dataset_default_graphs_get(web: httpx.Client) -> None:
    both = [
        ("query", f"ASK {{ {IN_FIRST} {IN_SECOND} }}"),
        ("default-graph-uri", FIRST),
        ("default-graph-uri", SECOND),
    ]
    assert is_true(web.get("/sparql", params=both))
    assert not is_true(web.get("/sparql", params=both[:2]))


def test_query_dataset_default_graphs_post(web: httpx.Client) -> None:
    address = f"/sparql?default-graph-uri={FIRST}&default-graph-uri={SECOND}"
    assert is_true(web.post(address, content=f"ASK {{ {IN_FIRST} {IN_SECOND} }}", headers=DIRECT))


def test_query_dataset_named_graphs_post(web: httpx.Client) -> None:
    query = f"ASK {{ GRAPH <{FIRST}> {IN_FIRST} GRAPH <{SECOND}> {IN_SECOND} }}"
    address = f"/sparql?named-graph-uri={FIRST}&named-graph-uri={SECOND}"
    assert is_true(web.post(address, content=query, headers=DIRECT))
    assert not is_true(web.post(f"/sparql?named-graph-uri={FIRST}", content=query, headers=DIRECT))


def test_query_dataset_named_graphs_get(web: httpx.Client) -> None:
    query = f"ASK {{ GRAPH ?g {IN_FIRST} }}"
    assert is_true(web.get("/sparql", params={"query": query, "named-graph-uri": FIRST}))
    assert not is_true(web.get("/sparql", params={"query": query, "named-graph-uri": SECOND}))


@pytest.mark.parametrize("method", ["get", "post"])
def test_query_dataset_full(web: httpx.Client, method: str) -> None:
    query = f"ASK {{ {IN_FIRST} GRAPH ?g {IN_SECOND} FILTER NOT EXISTS {{ ?z a <{SCHEME}> }} }}"
    dataset = {"default-graph-uri": FIRST, "named-graph-uri": SECOND}
    if method == "get":
        assert is_true(web.get("/sparql", params={"query": query, **dataset}))
    else:
        assert is_true(web.post("/sparql", data={"query": query, **dataset}))


def test_query_multiple_dataset(web: httpx.Client) -> None:
    """The dataset of the protocol goes before that of the query (SPARQL 1.1 Protocol, 2.1.4)."""
    query = f"ASK FROM <{SECOND}> {{ {IN_FIRST} FILTER NOT EXISTS {{ ?z a <{SCHEME}> }} }}"
    assert not is_true(web.get("/sparql", params={"query": query}))
    assert is_true(web.get("/sparql", params={"query": query, "default-graph-uri": FIRST}))


def test_query_content_type_select(web: httpx.Client) -> None:
    query = "SELECT (1 AS ?value) {}"
    assert media_type(web.get("/sparql", params={"query": query})) in (
        *RESULTS,
        "text/csv",
        "text/tab-separated-values",
    )


def test_query_content_type_ask(web: httpx.Client) -> None:
    assert media_type(web.get("/sparql", params={"query": "ASK {}"})) in RESULTS


def test_query_content_type_describe(web: httpx.Client) -> None:
    assert media_type(web.get("/sparql", params={"query": f"DESCRIBE <{CLASS}>"})) in GRAPH_TYPES


def test_query_content_type_construct(web: httpx.Client) -> None:
    query = "CONSTRUCT { <s> <p> 1 } WHERE {}"
    assert (
        media_type(web.get("/sparql", params={"query": f"BASE <http://example.org/> {query}"})) in GRAPH_TYPES
    )


def test_bad_query_method(web: httpx.Client) -> None:
    response = web.request("PUT", "/sparql?query=ASK%20%7B%7D")
    assert response.status_code == 405
    assert set(response.headers["allow"].replace(" ", "").split(",")) >= {"GET", "POST"}


def test_bad_multiple_queries(web: httpx.Client) -> None:
    response = web.get("/sparql", params=[("query", "ASK {}"), ("query", "SELECT * {}")])
    assert response.status_code == 400


def test_bad_query_wrong_media_type(web: httpx.Client) -> None:
    response = web.post("/sparql", content="ASK {}", headers={"Content-Type": "text/plain"})
    assert 400 <= response.status_code < 500


def test_bad_query_missing_form_type(web: httpx.Client) -> None:
    response = web.post("/sparql", content="query=ASK%20%7B%7D")
    assert 400 <= response.status_code < 500


def test_bad_query_missing_direct_type(web: httpx.Client) -> None:
    response = web.post("/sparql", content="ASK {}")
    assert 400 <= response.status_code < 500


def test_bad_query_non_utf8(web: httpx.Client) -> None:
    encoded = 'ASK { ?s ?p "é" }'.encode("utf-16")
    response = web.post(
        "/sparql", content=encoded, headers={"Content-Type": "application/sparql-query; charset=UTF-16"}
    )
    assert 400 <= response.status_code < 500


def test_bad_query_syntax(web: httpx.Client) -> None:
    response = web.get("/sparql", params={"query": "ASK {"})
    assert response.status_code == 400


def test_service_description_is_returned_as_rdf_with_its_endpoint(served: str, web: httpx.Client) -> None:
    """The three cases of the suite: has-endpoint-triple, returns-rdf, conforms-to-schema."""
    response = web.get("/sparql", headers={"Accept": "text/turtle"})
    graph = Graph().parse(data=response.text, format="turtle")
    services = list(graph.subjects(RDF.type, URIRef(SD + "Service")))
    assert len(services) == 1
    assert list(graph.objects(services[0], URIRef(SD + "endpoint"))) == [URIRef(f"{served}/sparql")]
    for name in ("supportedLanguage", "resultFormat", "feature"):
        values = list(graph.objects(services[0], URIRef(SD + name)))
        assert values
        assert all(isinstance(value, URIRef) for value in values)
    dataset = graph.value(services[0], URIRef(SD + "defaultDataset"))
    assert (dataset, RDF.type, URIRef(SD + "Dataset")) in graph
    for named in graph.objects(dataset, URIRef(SD + "namedGraph")):
        assert (named, RDF.type, URIRef(SD + "NamedGraph")) in graph
        assert isinstance(graph.value(named, URIRef(SD + "name")), URIRef)
