"""The embedded store through its port: rows, answers in every format, datasets."""

from __future__ import annotations

import csv
import io
import json

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, XSD, BNode, Graph, Literal, URIRef, Variable

from nexuskb.errors import QueryError
from nexuskb.sparql.formats import (
    BINDING_FORMATS,
    CSV,
    GRAPH_FORMATS,
    JSON,
    N_TRIPLES,
    TSV,
    TURTLE,
    XML,
    ResultFormat,
)
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.port import EVERYTHING, Dataset
from nexuskb.terms import GRAPHS, NX, REC, concept_iri

COUNT = "SELECT (COUNT(*) AS ?n) {body}"
TREES = REC["mng-billion-trees-2021"]


def answer(
    store: OxigraphStore, query: str, form: ResultFormat = JSON, dataset: Dataset = EVERYTHING
) -> bytes:
    out = io.BytesIO()
    store.answer(query, dataset, form, out)
    return out.getvalue()


def count(store: OxigraphStore, query: str, dataset: Dataset = EVERYTHING) -> int:
    (row,) = json.loads(answer(store, query, JSON, dataset))["results"]["bindings"]
    return int(row["n"]["value"])


@pytest.fixture(scope="module")
def small() -> OxigraphStore:
    """Two graphs with a triple each."""
    engine = ox.Store()
    for name in ("one", "two"):
        node, graph = ox.NamedNode(f"http://a.example/{name}"), ox.NamedNode(f"http://a.example/graph-{name}")
        engine.add(ox.Quad(node, ox.NamedNode(str(RDFS.label)), ox.Literal(name), graph))
    return OxigraphStore(engine, "g1")


def test_rows_come_by_variable_name_with_rdflib_terms(store: OxigraphStore) -> None:
    (row,) = store.select(f"SELECT ?s ?a {{ {TREES.n3()} nx:legalStatus ?s ; nx:adopted ?a }}")
    assert row == {
        "s": concept_iri("status", "in-force"),
        "a": Literal("2021-10-04", datatype=XSD.date),
    }


def test_variables_keep_their_order_and_a_missing_value_is_left_out(store: OxigraphStore) -> None:
    solutions = store.select(f"SELECT ?z ?a ?none {{ BIND(1 AS ?a) BIND({TREES.n3()} AS ?z) }}")
    assert list(solutions.variables) == ["z", "a", "none"]
    (row,) = solutions.rows
    assert row == (TREES, Literal(1), None)
    (named,) = store.select("SELECT ?a ?none { BIND(1 AS ?a) }")
    assert set(named) == {"a"}


@pytest.mark.parametrize("query", ["ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }", f"DESCRIBE {TREES.n3()}"])
def test_only_a_select_has_rows(store: OxigraphStore, query: str) -> None:
    with pytest.raises(QueryError, match="Only a SELECT"):
        store.select(query)


def test_bindings_come_in_every_format_with_the_same_values(store: OxigraphStore) -> None:
    query = "SELECT ?i ?l { ?s a nx:Target ; dcterms:identifier ?i ; rdfs:label ?l } ORDER BY ?i LIMIT 50"
    rows = [(str(row["i"]), str(row["l"])) for row in store.select(query)]
    assert len(rows) == 50
    in_json = json.loads(answer(store, query, JSON))["results"]["bindings"]
    assert [(row["i"]["value"], row["l"]["value"]) for row in in_json] == rows
    in_csv = csv.reader(io.StringIO(answer(store, query, CSV).decode(), newline=""))
    assert [tuple(row) for row in in_csv] == [("i", "l"), *rows]
    in_tsv = answer(store, query, TSV).decode().splitlines()
    assert in_tsv[0] == "?i\t?l"
    assert len(in_tsv) == 51
    parsed = Graph().query("SELECT * {}").parse(io.BytesIO(answer(store, query, XML)), format="xml")
    assert [(str(row[Variable("i")]), str(row[Variable("l")])) for row in parsed.bindings] == rows


@pytest.mark.parametrize(
    ("query", "truth"), [("ASK { ?s a nx:Policy }", True), ("ASK { ?s a nx:No }", False)]
)
def test_a_truth_value_is_told(store: OxigraphStore, query: str, truth: bool) -> None:
    assert json.loads(answer(store, query, JSON))["boolean"] is truth
    assert f"<boolean>{str(truth).lower()}</boolean>".encode() in answer(store, query, XML)


@pytest.mark.parametrize("form", GRAPH_FORMATS, ids=lambda f: f.name)
def test_triples_come_in_every_format_and_are_the_same_graph(
    store: OxigraphStore, form: ResultFormat
) -> None:
    query = f"CONSTRUCT {{ {TREES.n3()} ?p ?o }} WHERE {{ {TREES.n3()} ?p ?o }}"
    reader = {"ntriples": "nt", "rdfxml": "xml", "jsonld": "json-ld"}.get(form.name, form.name)
    graph = Graph().parse(data=answer(store, query, form), format=reader)
    expected = Graph().parse(data=answer(store, query, N_TRIPLES), format="nt")
    assert len(graph) > 15
    assert set(graph) == set(expected)


def test_turtle_uses_the_prefixes_of_the_base(store: OxigraphStore) -> None:
    text = answer(store, f"DESCRIBE {TREES.n3()}", TURTLE).decode()
    assert "rec:mng-billion-trees-2021" in text
    assert "status:in-force" in text


@pytest.mark.parametrize(
    ("query", "form"),
    [
        *[("CONSTRUCT WHERE { ?s a nx:Policy }", form) for form in BINDING_FORMATS],
        *[("SELECT ?s { ?s a nx:Policy }", form) for form in GRAPH_FORMATS],
        ("ASK {}", TURTLE),
    ],
    ids=lambda value: value.name if isinstance(value, ResultFormat) else value[:6],
)
def test_a_format_that_cannot_carry_the_answer_is_refused(store, query: str, form: ResultFormat) -> None:
    with pytest.raises(QueryError, match=f"no answer in the format {form.name}"):
        answer(store, query, form)


def test_without_a_dataset_the_default_graph_is_everything(small: OxigraphStore) -> None:
    assert count(small, COUNT.format(body="{ ?s ?p ?o }")) == 2
    assert count(small, COUNT.format(body="{ GRAPH ?g { ?s ?p ?o } }")) == 2


@pytest.mark.parametrize(
    ("clauses", "plain", "named"),
    [
        ("FROM <http://a.example/graph-one>", 1, 0),
        ("FROM <http://a.example/graph-one> FROM <http://a.example/graph-two>", 2, 0),
        ("FROM NAMED <http://a.example/graph-two>", 0, 1),
        ("FROM <http://a.example/graph-one> FROM NAMED <http://a.example/graph-two>", 1, 1),
        ("FROM <http://a.example/none>", 0, 0),
    ],
)
def test_from_clauses_choose_the_graphs(small: OxigraphStore, clauses: str, plain: int, named: int) -> None:
    query = COUNT.format(body=clauses + " WHERE { ?s ?p ?o }")
    assert count(small, query) == plain
    assert [int(str(row["n"])) for row in small.select(query)] == [plain]
    assert count(small, COUNT.format(body=clauses + " WHERE { GRAPH ?g { ?s ?p ?o } }")) == named


def test_the_dataset_of_the_protocol_goes_before_from_clauses(small: OxigraphStore) -> None:
    query = COUNT.format(body="FROM <http://a.example/graph-one> WHERE { ?s rdfs:label 'two' }")
    assert count(small, query) == 0
    assert count(small, query, Dataset(default_graphs=("http://a.example/graph-two",))) == 1


def test_the_dataset_of_the_protocol_may_name_graphs_only(small: OxigraphStore) -> None:
    dataset = Dataset(named_graphs=("http://a.example/graph-two",))
    assert count(small, COUNT.format(body="{ ?s ?p ?o }"), dataset) == 0
    assert count(small, COUNT.format(body="{ GRAPH ?g { ?s ?p ?o } }"), dataset) == 1


def test_the_graphs_of_the_base_are_listed(store: OxigraphStore) -> None:
    expected = {GRAPHS.ontology, GRAPHS.vocabularies, GRAPHS.alignments, GRAPHS.records, GRAPHS.derived}
    assert store.graphs() == sorted(str(graph) for graph in expected)


def test_records_are_in_the_graph_of_records_alone(store: OxigraphStore) -> None:
    rows = store.select(f"SELECT ?g {{ GRAPH ?g {{ {TREES.n3()} a nx:Policy }} }}")
    assert [row["g"] for row in rows] == [GRAPHS.records]


def test_a_store_knows_its_generation_and_size(small: OxigraphStore) -> None:
    assert small.generation == "g1"
    assert len(small) == 2


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("<http://a.example/x>", URIRef("http://a.example/x")),
        ('"plain"', Literal("plain")),
        ('"Тэрбум"@mn', Literal("Тэрбум", lang="mn")),
        ('"2030"^^xsd:gYear', Literal("2030", datatype=XSD.gYear)),
        ('"2020-02-31"^^xsd:date', Literal("2020-02-31", datatype=XSD.date)),
        ("15", Literal(15)),
        ("nx:Policy", NX.Policy),
    ],
)
def test_a_term_of_the_engine_comes_as_the_same_rdflib_term(store: OxigraphStore, written: str, term) -> None:
    (row,) = store.select(f"SELECT ?t {{ VALUES ?t {{ {written} }} }}")
    found = row["t"]
    assert (type(found), str(found)) == (type(term), str(term))
    if isinstance(term, Literal):
        assert (found.language, found.datatype) == (term.language, term.datatype)


def test_a_blank_node_comes_as_one(store: OxigraphStore) -> None:
    (row,) = store.select("SELECT ?t { BIND(BNODE() AS ?t) }")
    assert isinstance(row["t"], BNode)


def test_numbers_in_the_base_come_as_they_were_written(store: OxigraphStore) -> None:
    values = [row["v"] for row in store.select("SELECT ?v { ?o nx:value ?v } ORDER BY ?o LIMIT 200")]
    assert len(values) == 200
    assert all(isinstance(value, Literal) and value.datatype == XSD.decimal for value in values)


def test_types_are_queried_with_the_prefixes_of_the_base_and_with_own_ones(store: OxigraphStore) -> None:
    own = f"PREFIX mine: <{NX}> PREFIX rec: <http://other.example/> ASK {{ ?s <{RDF.type}> mine:Policy }}"
    assert json.loads(answer(store, own))["boolean"] is True
    taken = "PREFIX rec: <http://other.example/> ASK { rec:mng-billion-trees-2021 ?p ?o }"
    assert json.loads(answer(store, taken))["boolean"] is False
