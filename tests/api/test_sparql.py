"""The SPARQL endpoint as the protocol describes it: operations, forms, formats, negotiation, datasets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import httpx
import pytest
from openpyxl import load_workbook
from rdflib import RDF, RDFS, Graph, Literal, Namespace, URIRef
from rdflib.query import Result

from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import GRAPHS, NX, REC, concept_iri

Pairs = list[tuple[str, str]]

SELECT = """SELECT ?policy ?title WHERE {
  ?policy a nx:Policy ; nx:area area:mng ; rdfs:label ?title .
} ORDER BY ?policy"""
CONSTRUCT = """CONSTRUCT { ?policy rdfs:label ?title } WHERE {
  ?policy a nx:Policy ; nx:area area:mng ; rdfs:label ?title .
}"""
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
NAMED = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
YES, NO = "ASK { ?s a nx:Policy }", "ASK { ?s a nx:NoSuchClass }"
ONTOLOGY, VOCABULARIES = str(GRAPHS.ontology), str(GRAPHS.vocabularies)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
SR = "{http://www.w3.org/2005/sparql-results#}"
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID = Namespace("http://rdfs.org/ns/void#")


def read_json(text: str) -> Pairs:
    answer = json.loads(text)
    assert answer["head"]["vars"] == ["policy", "title"]
    return [(row["policy"]["value"], row["title"]["value"]) for row in answer["results"]["bindings"]]


def read_xml(text: str) -> Pairs:
    rows = ElementTree.fromstring(text).iter(f"{SR}result")
    values = [{b.get("name"): "".join(b.itertext()) for b in row.iter(f"{SR}binding")} for row in rows]
    return [(row["policy"], row["title"]) for row in values]


def read_csv(text: str) -> Pairs:
    return [(row["policy"], row["title"]) for row in csv.DictReader(io.StringIO(text, newline=""))]


def read_tsv(text: str) -> Pairs:
    rows = Result.parse(io.BytesIO(text.encode()), format="tsv")
    return [(str(row[0]), str(row[1])) for row in rows]


BINDINGS: dict[str, Callable[[str], Pairs]] = {
    "application/sparql-results+json": read_json,
    "application/sparql-results+xml": read_xml,
    "text/csv": read_csv,
    "text/tab-separated-values": read_tsv,
}
TRIPLES = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
}


def media_type(response: httpx.Response) -> str:
    return response.headers["content-type"].partition(";")[0]


def by_get(web: httpx.Client, query: str, accept: str, **parameters: str | list[str]) -> httpx.Response:
    return web.get("/sparql", params={"query": query, **parameters}, headers={"Accept": accept})


def by_form(web: httpx.Client, query: str, accept: str, **parameters: str | list[str]) -> httpx.Response:
    return web.post("/sparql", data={"query": query, **parameters}, headers={"Accept": accept})


def by_body(web: httpx.Client, query: str, accept: str, **parameters: str | list[str]) -> httpx.Response:
    headers = {"Accept": accept, "Content-Type": "application/sparql-query; charset=utf-8"}
    return web.post("/sparql", content=query.encode(), params=parameters, headers=headers)


@pytest.fixture(params=[by_get, by_form, by_body], ids=["get", "form", "body"])
def send(request: pytest.FixtureRequest) -> Callable[..., httpx.Response]:
    """Each of the three query operations of the protocol."""
    return request.param


@pytest.fixture(autouse=True)
def _server_goes_on(web: httpx.Client) -> Iterator[None]:
    yield
    assert web.get("/sparql", params={"query": YES}).json()["boolean"] is True


@pytest.fixture(scope="module")
def titles(store: OxigraphStore) -> Pairs:
    """What the store itself answers to the SELECT."""
    found = [(str(row["policy"]), str(row["title"])) for row in store.select(SELECT)]
    assert len(found) > 50
    return found


def count(web: httpx.Client, query: str = COUNT, **parameters: str | list[str]) -> int:
    response = by_get(web, query, "application/sparql-results+json", **parameters)
    assert response.status_code == 200, response.text
    return int(response.json()["results"]["bindings"][0]["n"]["value"])


def names(web: httpx.Client, query: str = NAMED, **parameters: str | list[str]) -> list[str]:
    response = by_get(web, query, "application/sparql-results+json", **parameters)
    assert response.status_code == 200, response.text
    return [row["g"]["value"] for row in response.json()["results"]["bindings"]]


@pytest.mark.parametrize("kind", BINDINGS)
def test_select_gives_what_the_store_gives_in_every_format(web, send, titles: Pairs, kind: str) -> None:
    response = send(web, SELECT, kind)
    assert response.status_code == 200
    assert media_type(response) == kind
    assert BINDINGS[kind](response.text) == titles


@pytest.mark.parametrize("kind", TRIPLES)
def test_construct_gives_what_the_store_gives_in_every_format(web, send, titles: Pairs, kind: str) -> None:
    response = send(web, CONSTRUCT, kind)
    assert response.status_code == 200
    assert media_type(response) == kind
    graph = Graph().parse(data=response.text, format=TRIPLES[kind])
    assert sorted((str(s), str(o)) for s, o in graph.subject_objects(RDFS.label)) == titles
    assert len(graph) == len(titles)


@pytest.mark.parametrize("kind", TRIPLES)
def test_describe_tells_what_the_base_says_of_a_record(web, send, store: OxigraphStore, kind: str) -> None:
    response = send(web, "DESCRIBE rec:mng-ndc-2020", kind)
    assert media_type(response) == kind
    graph = Graph().parse(data=response.text, format=TRIPLES[kind])
    said = {(row["p"], row["o"]) for row in store.select("SELECT ?p ?o WHERE { rec:mng-ndc-2020 ?p ?o }")}
    assert (RDF.type, NX.Policy) in said
    assert said <= set(graph.predicate_objects(REC["mng-ndc-2020"]))


@pytest.mark.parametrize(("query", "truth"), [(YES, True), (NO, False)])
def test_ask_gives_a_truth_value_in_json_and_xml(web, send, query: str, truth: bool) -> None:
    as_json = send(web, query, "application/sparql-results+json")
    assert as_json.json()["boolean"] is truth
    as_xml = send(web, query, "application/sparql-results+xml")
    assert media_type(as_xml) == "application/sparql-results+xml"
    assert ElementTree.fromstring(as_xml.text).findtext(f"{SR}boolean") == str(truth).lower()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("json", "application/sparql-results+json"),
        ("xml", "application/sparql-results+xml"),
        ("csv", "text/csv"),
        ("tsv", "text/tab-separated-values"),
        ("CSV", "text/csv"),
        ("text/csv", "text/csv"),
    ],
)
def test_format_chooses_the_serialisation_of_rows_over_accept(
    web, send, titles, name: str, kind: str
) -> None:
    response = send(web, SELECT, BROWSER, format=name)
    assert media_type(response) == kind
    assert BINDINGS[kind](response.text) == titles


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("turtle", "text/turtle"),
        ("ttl", "text/turtle"),
        ("ntriples", "application/n-triples"),
        ("nt", "application/n-triples"),
        ("rdfxml", "application/rdf+xml"),
        ("rdf", "application/rdf+xml"),
        ("xml", "application/rdf+xml"),
        ("jsonld", "application/ld+json"),
        ("json-ld", "application/ld+json"),
        ("json", "application/ld+json"),
    ],
)
def test_format_chooses_the_serialisation_of_a_graph_over_accept(
    web, send, titles, name: str, kind: str
) -> None:
    response = send(web, CONSTRUCT, BROWSER, format=name)
    assert media_type(response) == kind
    assert len(Graph().parse(data=response.text, format=TRIPLES[kind])) == len(titles)


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        (SELECT, "*/*", "application/sparql-results+json"),
        (SELECT, "", "application/sparql-results+json"),
        (SELECT, "application/*", "application/sparql-results+json"),
        (SELECT, "application/json", "application/sparql-results+json"),
        (SELECT, "application/xml", "application/sparql-results+xml"),
        (SELECT, "text/*", "text/csv"),
        (SELECT, "TEXT/CSV", "text/csv"),
        (SELECT, "text/csv, application/sparql-results+xml", "text/csv"),
        (SELECT, "application/sparql-results+xml, text/csv", "application/sparql-results+xml"),
        (SELECT, "text/csv;q=0.5, application/sparql-results+xml;q=0.6", "application/sparql-results+xml"),
        (SELECT, "text/csv; q=0.5, application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "*/*, text/csv", "text/csv"),
        (SELECT, "*/*;q=0.1, text/csv;q=0", "application/sparql-results+json"),
        (SELECT, "application/sparql-results+json;q=0, */*;q=0.1", "application/sparql-results+xml"),
        (SELECT, "text/*;q=0.9, text/csv;q=0.1", "text/tab-separated-values"),
        (SELECT, "text/csv;q=much, text/tab-separated-values;q=0.1", "text/tab-separated-values"),
        (SELECT, "text/turtle, text/csv;q=0.1", "text/csv"),
        (SELECT, "text/html;q=0.4, text/csv", "text/csv"),
        (SELECT, BROWSER, "text/html"),
        (YES, "text/csv, application/xml;q=0.2", "application/sparql-results+xml"),
        (CONSTRUCT, "*/*", "text/turtle"),
        (CONSTRUCT, "application/*", "application/n-triples"),
        (CONSTRUCT, "text/plain", "application/n-triples"),
        (CONSTRUCT, "application/x-turtle", "text/turtle"),
        (CONSTRUCT, "text/turtle;q=0.8, application/ld+json;q=0.9", "application/ld+json"),
        (CONSTRUCT, "application/json", "application/ld+json"),
        (CONSTRUCT, BROWSER, "text/html"),
    ],
)
def test_the_accept_header_is_weighed(web, query: str, accept: str, kind: str) -> None:
    response = by_get(web, query, accept)
    assert response.status_code == 200
    assert media_type(response) == kind
    languages = {"Accept-Language"} if kind == "text/html" else set()
    assert set(response.headers["vary"].split(", ")) == {"Accept", "Accept-Encoding"} | languages


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (SELECT, "image/png"),
        (SELECT, "text/turtle"),
        (SELECT, "*/*;q=0"),
        (YES, "text/csv"),
        (CONSTRUCT, "text/csv"),
        (CONSTRUCT, "application/sparql-results+json"),
    ],
)
def test_an_accept_header_that_nothing_fits_is_answered_406_with_what_there_is(
    web, send, query, accept
) -> None:
    response = send(web, query, accept)
    assert response.status_code == 406
    assert media_type(response) == "application/problem+json"
    offered = "text/turtle" if query == CONSTRUCT else "application/sparql-results+json"
    assert offered in response.json()["detail"]


@pytest.mark.parametrize(
    ("query", "name", "offered"),
    [
        (SELECT, "pdf", "json, xml, csv, tsv"),
        (SELECT, "turtle", "json, xml, csv, tsv"),
        (YES, "csv", "json, xml"),
        (CONSTRUCT, "csv", "turtle, ntriples, rdfxml, jsonld"),
    ],
)
def test_an_unknown_format_is_answered_406_with_the_names_that_would_do(
    web, send, query, name, offered
) -> None:
    response = send(web, query, "*/*", format=name)
    assert response.status_code == 406
    assert name in response.json()["detail"]
    assert offered in response.json()["detail"]


def test_texts_of_all_scripts_pass_unharmed(web, send) -> None:
    texts = ["монгол улс", "中华人民共和国", "일본", "a+b & c=d; 100 %", 'quote " and \\ and\nline', "😀"]
    values = " ".join(Literal(text).n3() for text in texts)
    response = send(web, f"SELECT ?t WHERE {{ VALUES ?t {{ {values} }} }}", "application/json")
    assert [row["t"]["value"] for row in response.json()["results"]["bindings"]] == texts


def test_a_form_may_hold_its_query_as_plain_utf8(web) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = web.post("/sparql", content="query=SELECT ('荒漠化' AS ?t) {}".encode(), headers=headers)
    assert response.json()["results"]["bindings"][0]["t"]["value"] == "荒漠化"


def test_parameters_in_the_address_count_for_a_form_too(web) -> None:
    narrowed = {"default-graph-uri": ONTOLOGY, "format": "csv"}
    response = web.post("/sparql", params=narrowed, data={"query": COUNT})
    assert response.text.split() == ["n", str(count(web, **{"default-graph-uri": ONTOLOGY}))]
    assert web.post("/sparql", params={"update": "DROP ALL"}, data={"query": COUNT}).status_code == 403
    assert web.post("/sparql", params={"query": NAMED}, data={"query": COUNT}).status_code == 400


def test_without_a_dataset_the_default_graph_is_all_graphs_and_each_can_be_named(web, store) -> None:
    assert names(web) == sorted(store.graphs())
    everything = "SELECT (COUNT(*) AS ?n) { { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } } }"
    assert count(web) == count(web, everything) > 50_000


def test_default_graph_uri_narrows_the_default_graph(web, send) -> None:
    ontology, vocabularies = (
        count(web, f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        for graph in (ONTOLOGY, VOCABULARIES)
    )
    assert 0 < ontology != vocabularies > 0
    asked = {"default-graph-uri": ONTOLOGY}
    answer = send(web, COUNT, "application/json", **asked).json()
    assert int(answer["results"]["bindings"][0]["n"]["value"]) == ontology
    assert names(web, **asked) == []
    assert count(web, **{"default-graph-uri": [ONTOLOGY, VOCABULARIES]}) == ontology + vocabularies


def test_named_graph_uri_names_the_named_graphs_and_leaves_no_default_graph(web, send) -> None:
    asked = {"named-graph-uri": [ONTOLOGY, VOCABULARIES]}
    answer = send(web, NAMED, "application/json", **asked).json()
    assert [row["g"]["value"] for row in answer["results"]["bindings"]] == [ONTOLOGY, VOCABULARIES]
    assert count(web, **asked) == 0


def test_from_and_from_named_do_the_same_in_the_query(web) -> None:
    def narrowed(query: str, clauses: str) -> str:
        return query.replace("WHERE", f"{clauses} WHERE", 1)

    ontology = count(web, **{"default-graph-uri": ONTOLOGY})
    assert count(web, narrowed(COUNT, f"FROM <{ONTOLOGY}>")) == ontology
    assert count(web, f"PREFIX g: <{GRAPHS}> " + narrowed(COUNT, "FROM g:ontology")) == ontology
    assert names(web, narrowed(NAMED, f"FROM NAMED <{ONTOLOGY}>")) == [ONTOLOGY]
    assert count(web, narrowed(COUNT, f"FROM NAMED <{ONTOLOGY}>")) == 0
    both = f"FROM <{VOCABULARIES}> FROM NAMED <{ONTOLOGY}>"
    assert names(web, narrowed(NAMED, both)) == [ONTOLOGY]
    assert count(web, narrowed(COUNT, both)) == count(web, **{"default-graph-uri": VOCABULARIES})


def test_the_dataset_of_the_protocol_goes_before_that_of_the_query(web) -> None:
    query = COUNT.replace("WHERE", f"FROM <{VOCABULARIES}> WHERE")
    assert count(web, query) != count(web, **{"default-graph-uri": ONTOLOGY})
    assert count(web, query, **{"default-graph-uri": ONTOLOGY}) == count(
        web, **{"default-graph-uri": ONTOLOGY}
    )


@pytest.mark.parametrize("clause", ["FROM <http://example.org/g>", "FROM NAMED <http://example.org/g>"])
def test_from_of_an_unknown_graph_is_refused_and_fetches_nothing(web, send, clause: str) -> None:
    response = send(web, COUNT.replace("WHERE", f"{clause} WHERE"), "application/json")
    assert response.status_code == 403
    assert response.json()["feature"] == "dataset"
    assert "<http://example.org/g>" in response.json()["detail"]
    assert ONTOLOGY in response.json()["detail"]


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
@pytest.mark.parametrize("graph", ["http://example.org/g", "file:///etc/passwd", "no iri", ""])
def test_an_unknown_graph_in_the_protocol_is_refused(web, send, parameter: str, graph: str) -> None:
    response = send(web, COUNT, "application/json", **{parameter: [ONTOLOGY, graph]})
    assert response.status_code == 403
    assert f"<{graph}>" in response.json()["detail"]


@pytest.mark.parametrize(
    ("query", "accept"),
    [(SELECT, kind) for kind in BINDINGS] + [(CONSTRUCT, kind) for kind in TRIPLES] + [(YES, "*/*")],
)
def test_head_tells_what_get_would_send(web, query: str, accept: str) -> None:
    head = web.head("/sparql", params={"query": query}, headers={"Accept": accept})
    get = by_get(web, query, accept)
    assert (head.status_code, head.content) == (get.status_code, b"") == (200, b"")
    for name in ("content-type", "vary", "x-content-type-options"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("parameters", "accept", "status"),
    [
        ({"query": "SELEKT"}, "*/*", 400),
        ({"query": YES, "format": "pdf"}, "*/*", 406),
        ({"query": YES}, "image/png", 406),
        ({"query": "DROP ALL"}, "*/*", 403),
        ({}, "*/*", 200),
    ],
)
def test_head_fails_where_get_would(web, parameters: dict[str, str], accept: str, status: int) -> None:
    response = web.head("/sparql", params=parameters, headers={"Accept": accept})
    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.parametrize("kind", TRIPLES)
def test_without_a_query_the_service_describes_itself(web, store: OxigraphStore, kind: str) -> None:
    response = web.get("/sparql", headers={"Accept": kind})
    assert media_type(response) == kind
    graph = Graph().parse(data=response.text, format=TRIPLES[kind])
    [service] = graph.subjects(RDF.type, SD.Service)
    assert service == URIRef(str(web.base_url.join("/sparql")))
    assert graph.value(service, SD.endpoint) == service
    assert len(set(graph.objects(service, SD.resultFormat))) == len(BINDINGS) + len(TRIPLES)
    assert sorted(map(str, graph.objects(None, SD.name))) == sorted(store.graphs())
    for node, name in graph.subject_objects(SD.name):
        triples = graph.value(graph.value(node, SD.graph), VOID.triples)
        assert triples is not None
        assert int(triples) == count(web, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")


def test_answers_say_that_they_are_what_their_media_type_says(web) -> None:
    assert by_get(web, SELECT, "text/csv").headers["x-content-type-options"] == "nosniff"
    assert by_get(web, SELECT, "text/csv").headers["content-type"] == "text/csv; charset=utf-8"


def test_prefixes_of_the_base_need_no_declaring_and_may_be_declared_otherwise(web) -> None:
    driver = concept_iri("driver", "overgrazing")
    assert by_get(web, f"ASK {{ FILTER(driver:overgrazing = <{driver}>) }}", "*/*").json()["boolean"] is True
    other = "PREFIX driver: <http://example.org/> ASK { FILTER(driver:x = <http://example.org/x>) }"
    assert by_get(web, other, "*/*").json()["boolean"] is True


SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize("how", ["format", "accept"])
def test_a_spreadsheet_has_the_rows_of_the_csv(web, how: str) -> None:
    query = (
        "SELECT ?id ?year WHERE { ?p a nx:Policy ; nx:area area:mng ; dcterms:identifier ?id } ORDER BY ?id"
    )
    asked = {"query": query, **({"format": "xlsx"} if how == "format" else {})}
    response = web.get("/sparql", params=asked, headers={"Accept": SHEET} if how == "accept" else {})
    assert response.headers["content-type"] == SHEET
    assert response.headers["content-disposition"] == 'attachment; filename="results.xlsx"'
    sheet = load_workbook(io.BytesIO(response.content))["Results"]
    rows = [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]
    found = web.get("/sparql", params={"query": query, "format": "csv"}).text
    assert rows == list(csv.reader(io.StringIO(found)))
    assert len(rows) > 10


def test_a_graph_has_no_spreadsheet(web) -> None:
    response = web.get("/sparql", params={"query": "CONSTRUCT WHERE { ?s a nx:Policy }", "format": "xlsx"})
    assert response.status_code == 406


def test_the_page_of_results_leads_to_the_spreadsheet(web) -> None:
    page = web.get("/sparql", params={"query": "SELECT * { ?s a nx:Case }"}, headers={"Accept": "text/html"})
    assert "format=xlsx" in page.text
