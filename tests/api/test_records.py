"""Records at their own addresses, and lists of them."""

from __future__ import annotations

import csv
import html
import io
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from html_reading import Page
from rdflib import DCTERMS, RDF, RDFS, Graph

from nexuskb.exchange.citations.bibliographies import BIBLIOGRAPHY_FORMATS
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import NX, REC, concept_iri, record_identifier

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ONE = "mng-ndc-2020"
MERGED = "rus-dauria-dipa-1994"
FORMATS = [
    ("ttl", "text/turtle", "turtle"),
    ("nt", "application/n-triples", "nt"),
    ("rdf", "application/rdf+xml", "xml"),
    ("jsonld", "application/ld+json", "json-ld"),
]
NEWS = "Rests on news alone."
ELSEWHERE = "Rests alone on texts compiled in another State"


def identifiers(store: OxigraphStore, pattern: str) -> list[str]:
    """The records that a pattern of the variable ``?r`` finds."""
    rows = store.select(f"SELECT DISTINCT ?r WHERE {{ {pattern} }} ORDER BY ?r")
    return [name for row in rows if (name := record_identifier(str(row["r"])))]


@pytest.fixture(scope="module")
def statements(store: OxigraphStore) -> Graph:
    """What the base says of one record, and of the evidence for it."""
    graph = Graph()
    for pattern in ("VALUES ?s { rec:%s } ?s ?p ?o", "rec:%s nx:evidence ?s . ?s ?p ?o"):
        for row in store.select(f"SELECT ?s ?p ?o WHERE {{ {pattern % ONE} }}"):
            graph.add((row["s"], row["p"], row["o"]))
    assert (REC[ONE], RDF.type, NX.Policy) in graph
    return graph


@pytest.mark.parametrize(("extension", "kind", "syntax"), FORMATS)
def test_a_record_is_the_same_in_every_data_format(web, statements, extension, kind, syntax) -> None:
    for response in (
        web.get(f"/records/{ONE}", headers={"Accept": kind}),
        web.get(f"/records/{ONE}", headers={"Accept": f"text/html;q=0.5, {kind};q=0.9"}),
        web.get(f"/records/{ONE}.{extension}"),
        web.get(f"/records/{ONE}.{extension}", headers=BROWSER),
        web.get(f"/records/{ONE}", params={"format": extension}, headers=BROWSER),
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].partition(";")[0] == kind
        assert response.headers["vary"] == "Accept, Accept-Encoding"
        assert set(Graph().parse(data=response.text, format=syntax)) == set(statements)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("application/json", "application/ld+json"),
        ("application/xml", "application/rdf+xml"),
        ("text/turtle;q=0.3, application/n-triples", "application/n-triples"),
        (BROWSER["Accept"], "text/html"),
    ],
)
def test_the_accept_header_is_weighed(web, accept: str, kind: str) -> None:
    response = web.get(f"/records/{ONE}", headers={"Accept": accept})
    assert response.headers["content-type"].partition(";")[0] == kind


def test_what_a_record_does_not_come_as_is_answered_406_with_what_it_does(web) -> None:
    by_header = web.get(f"/records/{ONE}", headers={"Accept": "image/png"})
    by_extension = web.get(f"/records/{ONE}.pdf")
    assert by_header.status_code == by_extension.status_code == 406
    assert "text/turtle" in by_header.json()["detail"]
    assert "turtle" in by_extension.json()["detail"]


def test_the_link_header_leads_to_every_data_format(web) -> None:
    for path in (f"/records/{ONE}", f"/records/{ONE}.html", f"/records/{ONE}.nt", f"/records/{ONE}.json"):
        links = re.findall(r'<([^>]+)>; rel="alternate"; type="([^"]+)"', web.get(path).headers["link"])
        bibliographies = [choice.media_type for choice in BIBLIOGRAPHY_FORMATS]
        assert [kind for _, kind in links] == [*(kind for _, kind, _ in FORMATS), *bibliographies]
        for address, kind in links:
            assert address.startswith(str(web.base_url))
            assert web.get(address).headers["content-type"].partition(";")[0] == kind


def test_the_page_shows_the_record_with_its_evidence_and_the_way_to_its_data(web, statements: Graph) -> None:
    response = web.get(f"/records/{ONE}", headers=BROWSER)
    assert response.text == web.get(f"/records/{ONE}.html").text
    page = Page(response.text)
    assert page.texts("h1") == [str(statements.value(REC[ONE], RDFS.label))]
    locators = {str(locator) for locator in statements.objects(None, NX.locator)}
    assert locators
    assert locators == set(page.texts("strong"))
    for source in statements.objects(None, NX.source):
        assert f"/records/{record_identifier(str(source))}" in page.links()
    assert {ONE, str(REC[ONE])} <= set(page.texts("code"))
    for extension in ("ttl", "nt", "rdf", "jsonld", "json"):
        assert f"/records/{ONE}.{extension}" in page.links()


def test_the_page_shows_what_refers_to_the_record(web, store: OxigraphStore) -> None:
    measures = identifiers(store, f"?r nx:ofPolicy rec:{ONE}")
    assert measures
    links = Page(web.get(f"/records/{ONE}.html").text).links()
    assert {f"/records/{name}" for name in measures} <= set(links)


def test_the_document_says_the_same_as_the_page(web) -> None:
    document = web.get(f"/records/{ONE}.json").json()
    page = Page(web.get(f"/records/{ONE}.html").text)
    assert document["identifier"] == ONE
    assert document["iri"] == str(REC[ONE])
    assert [document["label"]] == page.texts("h1")
    names = [field["name"] for field in document["fields"]]
    assert set(page.texts("dt")) <= set(names)
    elsewhere = [field for field in document["fields"] if field["name"] not in page.texts("dt")]
    assert {field["key"] for field in elsewhere} == {"description", "area", "addressesThroughMeasures"}
    text = web.get(f"/records/{ONE}.html").text
    assert all(value["text"] in html.unescape(text) for field in elsewhere for value in field["values"])
    assert [item["locator"] for item in document["evidence"]] == page.texts("strong")


def test_a_text_in_another_language_is_marked_with_it(web, store: OxigraphStore) -> None:
    [row, *_] = store.select(
        """SELECT ?r ?title WHERE {
          ?r a nx:Policy ; nx:area area:jpn ; ?p ?title FILTER(LANG(?title) = "ja")
        } ORDER BY ?r"""
    )
    page = web.get(f"/records/{record_identifier(str(row['r']))}.html").text
    assert f'lang="ja">{row["title"]}' in page


def test_every_merged_identifier_leads_to_the_record_that_holds_it(web, store: OxigraphStore) -> None:
    rows = list(store.select("SELECT ?r ?other WHERE { ?r nx:otherIdentifier ?other }"))
    assert len(rows) > 20
    for row in rows:
        response = web.get(f"/records/{row['other']}")
        assert response.status_code == 301, row
        assert response.headers["location"] == str(
            web.base_url.join(f"/records/{record_identifier(str(row['r']))}")
        )


@pytest.mark.parametrize(
    ("ending", "headers", "kind"),
    [
        ("", {}, "text/turtle"),
        ("", BROWSER, "text/html"),
        ("", {"Accept": "application/ld+json"}, "application/ld+json"),
        (".nt", BROWSER, "application/n-triples"),
        (".rdf", {}, "application/rdf+xml"),
        (".json", {}, "application/json"),
        (".html", {}, "text/html"),
        ("?format=nt", BROWSER, "application/n-triples"),
    ],
)
def test_a_merged_identifier_leads_to_its_record_in_the_form_asked_for(
    web, store, ending, headers, kind
) -> None:
    [target] = identifiers(store, f"?r nx:otherIdentifier '{MERGED}'")
    response = web.get(f"/records/{MERGED}{ending}", headers=headers, follow_redirects=True)
    assert [step.status_code for step in response.history] == [301]
    assert response.status_code == 200
    assert response.url.path.partition(".")[0] == f"/records/{target}"
    assert response.headers["content-type"].partition(";")[0] == kind
    assert MERGED in response.text


@pytest.mark.parametrize("ending", ["", ".ttl", ".nt", ".rdf", ".jsonld", ".json", ".html", "?format=ttl"])
@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_an_unknown_identifier_is_answered_404(web, ending: str, headers: dict[str, str]) -> None:
    response = web.get(f"/records/no-such-record{ending}", headers=headers)
    assert response.status_code == 404
    assert "no-such-record" in response.text
    assert "/search" in response.text


@pytest.mark.parametrize(
    "name",
    [
        "MNG-NDC-2020",
        "mng_ndc_2020",
        "mng--ndc",
        "-mng",
        "mng-",
        "mng%20ndc",
        "mng%0Andc",
        "mng-ndc-2020%0A",
        "mng%00ndc",
        "m%C3%B6ng",
        "%E8%8D%92",
        "%F0%9F%98%80",
        "%FF%FE",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%2f..%2fetc%2fpasswd.ttl",
        "mng-ndc-2020%3E%20%3Fp%20%3Fo%20%7D%20%23",
        "mng-ndc-2020%23x",
        "%3Cscript%3E",
        ".ttl",
        "%20",
        "a" * 5_000,
    ],
)
@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_an_odd_identifier_is_answered_404(web, name: str, headers: dict[str, str]) -> None:
    response = web.get(f"/records/{name}", headers=headers)
    assert response.status_code == 404
    expected = "text/html" if headers else "application/problem+json"
    assert response.headers["content-type"].partition(";")[0] == expected


def counted(store: OxigraphStore, pattern: str) -> int:
    return len(identifiers(store, pattern))


@pytest.mark.parametrize(
    ("parameters", "pattern"),
    [
        ({"kind": "Policy"}, "?r a nx:Policy"),
        ({"area": "mng"}, f"?r nx:area area:mng FILTER(STRSTARTS(STR(?r), '{REC}'))"),
        ({"kind": "Policy", "area": "mng"}, "?r a nx:Policy ; nx:area area:mng"),
        ({"kind": "Measure", "area": "north-east-asia"}, "?r a nx:Measure ; nx:area area:north-east-asia"),
        ({"kind": "Source"}, "?r a nx:Source"),
        ({"kind": "Event", "area": "prk"}, "?r a nx:Event ; nx:area area:prk"),
    ],
)
def test_records_are_listed_by_kind_and_area(web, store: OxigraphStore, parameters, pattern: str) -> None:
    expected = identifiers(store, pattern)
    text = web.get("/search", params={**parameters, "format": "csv"}).text
    listed = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["record"].removeprefix(str(REC)) for row in listed) == sorted(expected)
    assert all(row["label"].strip() and row["kind"].strip() for row in listed)
    page = Page(web.get("/search", params={**parameters, "size": "100"}, headers=BROWSER).text)
    linked = {link.removeprefix("/records/") for link in page.links() if link.startswith("/records/")}
    assert linked <= set(expected)
    assert len(linked) == min(100, len(expected))
    assert f"{len(expected):,} record{'' if len(expected) == 1 else 's'}" in page.texts("h2")


@pytest.mark.parametrize("area", ["MNG", "Mongolia", str(concept_iri("area", "mng"))])
def test_an_area_may_be_given_by_notation_label_or_iri(web, area: str) -> None:
    by_key = web.get("/search", params={"kind": "Policy", "area": "mng"})
    assert web.get("/search", params={"kind": "Policy", "area": area}).json() == by_key.json()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"kind": "Policies"}, "Did you mean Policy?"),
        ({"kind": "Record"}, "There is no kind 'Record'."),
        ({"kind": "Evidence"}, "There is no kind 'Evidence'."),
        ({"kind": "Policy> } #"}, "There is no kind 'Policy> } #'."),
        ({"area": "Mongola"}, "Did you mean MNG?"),
        ({"area": "Atlantis"}, "There is no area 'Atlantis'."),
        ({"kind": "Policy", "area": "overgrazing"}, "There is no area 'overgrazing'."),
    ],
)
def test_an_unknown_kind_or_area_is_answered_400_with_a_way_on(web, parameters, words: str) -> None:
    response = web.get("/search", params=parameters)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert words in response.json()["detail"]
    assert web.get("/search", params=parameters, headers=BROWSER).status_code == 400


def cautions(web: httpx.Client, name: str) -> list[str]:
    """What the page of a record warns of; the document must warn of the same."""
    shown = Page(web.get(f"/records/{name}.html").text).texts("p", "caution")
    assert web.get(f"/records/{name}.json").json()["cautions"] == shown
    return shown


def test_a_record_that_rests_on_news_alone_says_so(web, store: OxigraphStore) -> None:
    resting = identifiers(
        store,
        """?r nx:evidence/nx:source/nx:sourceKind sourcekind:news
        FILTER NOT EXISTS { ?r nx:evidence/nx:source ?other
          FILTER NOT EXISTS { ?other nx:sourceKind sourcekind:news } }""",
    )
    assert len(resting) > 100
    for name in resting[::20]:
        assert NEWS in cautions(web, name), name


def test_a_record_that_rests_on_a_text_compiled_in_another_state_says_so(web, store: OxigraphStore) -> None:
    resting = identifiers(
        store,
        """?r nx:evidence/nx:source ?s . ?s nx:sensitivity sensitivity:compiled-elsewhere
        FILTER NOT EXISTS { ?r nx:evidence/nx:source ?other
          FILTER NOT EXISTS { ?other nx:sensitivity sensitivity:compiled-elsewhere } }""",
    )
    assert len(resting) > 5
    for name in resting[::20]:
        assert any(words.startswith(ELSEWHERE) for words in cautions(web, name)), name


def test_a_record_that_rests_on_a_legal_text_of_the_state_says_neither(web, store: OxigraphStore) -> None:
    resting = identifiers(
        store,
        """?r nx:evidence/nx:source ?law . ?law nx:sourceKind sourcekind:legal-text
        FILTER NOT EXISTS { ?law nx:sensitivity ?any }""",
    )
    assert len(resting) > 100
    for name in resting[::100]:
        assert not any(words.startswith((NEWS, ELSEWHERE)) for words in cautions(web, name)), name


def test_a_doubt_of_the_editors_is_shown_on_the_page(web, store: OxigraphStore) -> None:
    for row in store.select("SELECT ?r ?words WHERE { ?r nx:caveat ?words } ORDER BY ?r LIMIT 5"):
        name = record_identifier(str(row["r"]))
        assert name
        assert " ".join(str(row["words"]).split()) in cautions(web, name)


def test_a_source_that_was_compiled_in_another_state_says_so_wherever_it_is_cited(web, store) -> None:
    [name, *_] = identifiers(
        store, "?r a nx:Measure ; nx:evidence/nx:source/nx:sensitivity sensitivity:compiled-elsewhere"
    )
    [row] = store.select(
        "SELECT ?l { sensitivity:compiled-elsewhere skos:prefLabel ?l FILTER(LANG(?l) = 'en') }"
    )
    [evidence] = Page(web.get(f"/records/{name}.html").text).texts("ol", "evidence")
    assert str(row["l"]) in evidence


def test_the_identifier_of_a_record_is_the_end_of_its_address(web) -> None:
    graph = Graph().parse(data=web.get(f"/records/{ONE}.ttl").text, format="turtle")
    assert str(graph.value(REC[ONE], DCTERMS.identifier)) == ONE


@pytest.mark.parametrize(
    "kind", ["Policy", "Measure", "Interlinkage", "DriverFinding", "Observation", "Target"]
)
def test_what_the_page_of_a_record_links_to_on_this_host_is_there(web, kind: str) -> None:
    found = {"kind": kind, "area": "mng", "format": "json"}
    [first, *_] = web.get("/search", params=found).json()["hits"]
    page = Page(web.get(f"/records/{first['identifier']}.html").text)
    links = {link.partition("#")[0] for link in page.links() if link.startswith("/")}
    assert any(link.startswith("/query?query=") for link in links)
    assert any(link.startswith("/vocabularies/") for link in links)
    assert f"/records/{first['identifier']}.ttl" in links
    headers = {"Accept": "text/html"}
    answered = {
        link: web.get(link, headers=headers, follow_redirects=True).status_code for link in sorted(links)
    }
    assert {link: status for link, status in answered.items() if status != 200} == {}
    assert [link for link in page.links() if link.startswith(str(NX)[:20])] == []


def test_the_query_behind_a_record_gives_its_statements(web, statements: Graph) -> None:
    page = Page(web.get(f"/records/{ONE}.html").text)
    [editor] = [link for link in page.links() if link.startswith("/query?query=")]
    query = parse_qs(urlsplit(html.unescape(editor)).query)["query"][0]
    answer = web.get("/sparql", params={"query": query}, headers={"Accept": "application/n-triples"})
    assert set(Graph().parse(data=answer.text, format="nt")) == set(statements)
