"""The endpoint as users of SPARQLWrapper meet it: the client as it is, with its own idea of the protocol."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from urllib.error import HTTPError
from xml.dom.minidom import Document

import pytest
import SPARQLWrapper
from rdflib import RDF, RDFS, Graph
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import GRAPHS, NX, REC

Pairs = list[tuple[str, str]]
Asking = Callable[..., SPARQLWrapper.QueryResult]

SELECT = """SELECT ?policy ?title WHERE {
  ?policy a nx:Policy ; nx:area area:jpn ; rdfs:label ?title
} ORDER BY ?policy"""
CONSTRUCT = """CONSTRUCT { ?policy rdfs:label ?title } WHERE {
  ?policy a nx:Policy ; nx:area area:jpn ; rdfs:label ?title
}"""


@pytest.fixture(
    params=[
        (SPARQLWrapper.GET, SPARQLWrapper.URLENCODED),
        (SPARQLWrapper.POST, SPARQLWrapper.URLENCODED),
        (SPARQLWrapper.POST, SPARQLWrapper.POSTDIRECTLY),
    ],
    ids=["get", "urlencoded", "directly"],
)
def client(request: pytest.FixtureRequest, served: str) -> SPARQLWrapper.SPARQLWrapper:
    """A wrapper around the served endpoint, for each way in which it can send a query."""
    method, manner = request.param
    wrapper = SPARQLWrapper.SPARQLWrapper(f"{served}/sparql")
    wrapper.setMethod(method)
    wrapper.setRequestMethod(manner)
    wrapper.setTimeout(60)
    return wrapper


@pytest.fixture
def ask(client: SPARQLWrapper.SPARQLWrapper) -> Asking:
    """Send a query and give the result of the wrapper."""

    def send(query: str, kind: str) -> SPARQLWrapper.QueryResult:
        client.setQuery(query)
        client.setReturnFormat(kind)
        return client.query()

    return send


@pytest.fixture(scope="module")
def titles(store: OxigraphStore) -> Pairs:
    found = [(str(row["policy"]), str(row["title"])) for row in store.select(SELECT)]
    assert len(found) > 50
    return found


def test_rows_come_as_json(ask: Asking, titles: Pairs) -> None:
    answer = ask(SELECT, SPARQLWrapper.JSON).convert()
    rows = answer["results"]["bindings"]
    assert [(row["policy"]["value"], row["title"]["value"]) for row in rows] == titles
    assert {row["title"]["type"] for row in rows} == {"literal"}


def test_rows_come_as_bindings_of_the_second_interface(served: str, titles: Pairs) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper2(f"{served}/sparql")
    wrapper.setQuery(SELECT)
    bindings = wrapper.query().bindings
    assert [(row["policy"].value, row["title"].value) for row in bindings] == titles


def test_rows_come_as_xml(ask: Asking, titles: Pairs) -> None:
    document = ask(SELECT, SPARQLWrapper.XML).convert()
    assert isinstance(document, Document)
    found = []
    for result in document.getElementsByTagName("result"):
        values = {
            binding.getAttribute("name"): binding.firstChild.firstChild.data
            for binding in result.getElementsByTagName("binding")
        }
        found.append((values["policy"], values["title"]))
    assert found == titles


def test_rows_come_as_csv(ask: Asking, titles: Pairs) -> None:
    text = ask(SELECT, SPARQLWrapper.CSV).convert().decode("utf-8")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    assert [(row["policy"], row["title"]) for row in rows] == titles


def test_a_graph_comes_as_turtle(ask: Asking, titles: Pairs) -> None:
    graph = Graph().parse(data=ask(CONSTRUCT, SPARQLWrapper.TURTLE).convert(), format="turtle")
    assert sorted((str(s), str(o)) for s, o in graph.subject_objects(RDFS.label)) == titles


@pytest.mark.parametrize(
    "kind",
    [SPARQLWrapper.XML, SPARQLWrapper.RDF, SPARQLWrapper.RDFXML, SPARQLWrapper.JSONLD, SPARQLWrapper.JSON],
)
def test_a_graph_comes_as_an_rdflib_graph(ask: Asking, titles: Pairs, kind: str) -> None:
    graph = ask(CONSTRUCT, kind).convert()
    assert sorted((str(s), str(o)) for s, o in graph.subject_objects(RDFS.label)) == titles


def test_a_description_comes_as_turtle(ask: Asking) -> None:
    graph = Graph().parse(
        data=ask("DESCRIBE rec:mng-ndc-2020", SPARQLWrapper.TURTLE).convert(), format="turtle"
    )
    assert (REC["mng-ndc-2020"], RDF.type, NX.Policy) in graph


@pytest.mark.parametrize(("kind", "truth"), [("nx:Policy", True), ("nx:NoSuchClass", False)])
def test_a_truth_value_comes_as_json_and_xml(ask: Asking, kind: str, truth: bool) -> None:
    assert ask(f"ASK {{ ?s a {kind} }}", SPARQLWrapper.JSON).convert()["boolean"] is truth
    document = ask(f"ASK {{ ?s a {kind} }}", SPARQLWrapper.XML).convert()
    assert document.getElementsByTagName("boolean")[0].firstChild.data == str(truth).lower()


def test_content_negotiation_alone_is_enough(client: SPARQLWrapper.SPARQLWrapper, titles: Pairs) -> None:
    client.setOnlyConneg(True)
    client.setQuery(SELECT)
    client.setReturnFormat(SPARQLWrapper.JSON)
    assert len(client.query().convert()["results"]["bindings"]) == len(titles)


def test_graphs_of_the_dataset_are_understood(
    client: SPARQLWrapper.SPARQLWrapper, store: OxigraphStore
) -> None:
    client.setReturnFormat(SPARQLWrapper.JSON)
    client.addDefaultGraph(str(GRAPHS.ontology))
    client.addNamedGraph(str(GRAPHS.vocabularies))
    client.setQuery("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
    rows = client.query().convert()["results"]["bindings"]
    assert [row["g"]["value"] for row in rows] == [str(GRAPHS.vocabularies)]
    client.setQuery("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    [row] = client.query().convert()["results"]["bindings"]
    counted = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{GRAPHS.ontology}> {{ ?s ?p ?o }} }}"
    assert row["n"]["value"] == str(next(iter(store.select(counted)))["n"])


def test_a_query_that_does_not_parse_is_its_bad_formed_query(ask: Asking) -> None:
    with pytest.raises(QueryBadFormed, match="column 42"):
        ask("SELECT ?s WHERE { ?s a nx:Policy } LIMIT many", SPARQLWrapper.JSON)


def test_an_update_is_refused(served: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(f"{served}/sparql")
    wrapper.setMethod(SPARQLWrapper.POST)
    for manner in (SPARQLWrapper.URLENCODED, SPARQLWrapper.POSTDIRECTLY):
        wrapper.setRequestMethod(manner)
        wrapper.setQuery("INSERT DATA { <http://example.org/s> <http://example.org/p> 1 }")
        with pytest.raises(HTTPError, match="403"):
            wrapper.query()
