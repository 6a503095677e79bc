"""The pages: what they count, where they lead, what they load, what they escape, how they fail."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest
from html_reading import Page, loaded_by_style

from nexuskb.audit import QUERIES
from nexuskb.exchange.citations.bibliographies import BIBLIOGRAPHY_FORMATS
from nexuskb.graph.written import DATA, PICTURES
from nexuskb.questions.catalogue import questions
from nexuskb.sparql.formats import GRAPH_FORMATS
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import NX, REC, concept_iri, record_identifier

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
BIBLIOGRAPHIES = {choice.media_type for choice in BIBLIOGRAPHY_FORMATS}
GRAPHS = {choice.media_type for choice in GRAPH_FORMATS}
#: What the nexus graph comes in.
DRAWN = {kind.partition(";")[0] for kind in (*DATA.values(), *PICTURES.values())}
MEDIA_TYPES = {
    "text/html", "application/json", "text/csv", "application/pdf", *BIBLIOGRAPHIES, *GRAPHS, *DRAWN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """What was found at an address: its status and headers, where it leads, and what is wrong with it."""

    address: str
    status: int
    headers: httpx.Headers
    links: frozenset[str]
    stylesheets: frozenset[str]
    faults: tuple[str, ...]

    @property
    def is_page(self) -> bool:
        return self.headers["content-type"].startswith("text/html")


def visit(web: httpx.Client, address: str) -> Visit:
    response = web.get(address)
    if not response.headers["content-type"].startswith("text/html"):
        return Visit(address, response.status_code, response.headers, frozenset(), frozenset(), ())
    page = Page(response.text)
    here = str(response.url)
    foreign = [url for url in page.loaded() if is_foreign(here, url)]
    links = {urldefrag(urljoin(here, link)).url for link in page.links()}
    styles = {urljoin(here, link) for link in page.stylesheets()}
    faults = (*foreign, *page.active(), *page.mismatched)
    return Visit(address, response.status_code, response.headers, frozenset(links), frozenset(styles), faults)


def is_foreign(here: str, url: str) -> bool:
    return urlsplit(urljoin(here, url))[:2] != urlsplit(here)[:2] and not url.startswith("data:")


@pytest.fixture(scope="module")
def browser(served: str) -> Iterable[httpx.Client]:
    with httpx.Client(base_url=served, timeout=60, headers=BROWSER, follow_redirects=True) as client:
        yield client


@pytest.fixture(scope="module")
def site(served: str, browser: httpx.Client) -> dict[str, Visit]:
    """What the start page leads to, all pages of its lists of kinds, and what both lead to.

    Searches that another search leads to are left out: there are as many as ways to combine filters.
    """
    found: dict[str, Visit] = {}
    with ThreadPoolExecutor(4) as threads:

        def walk(addresses: Iterable[str]) -> list[Visit]:
            visits = list(threads.map(lambda address: visit(browser, address), sorted(addresses)))
            found.update({one.address: one for one in visits})
            return visits

        [start] = walk([f"{served}/"])
        first = walk(link for link in start.links if link.startswith(f"{served}/"))
        kinds = {link for link in start.links if re.fullmatch(r".*/search\?kind=\w+", link)}
        lists = walk(
            f"{kind}&size=100&page={number}"
            for kind in kinds
            for number in range(1, -(-browser.get(f"{kind}&format=json").json()["total"] // 100) + 1)
        )
        ahead = {link for one in (*first, *lists) for link in one.links if link.startswith(f"{served}/")}
        walk(link for link in ahead - found.keys() if not link.startswith(f"{served}/search?"))
    return found


@pytest.fixture(scope="module")
def start(browser: httpx.Client) -> Page:
    return Page(browser.get("/").text)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_everything_that_pages_lead_to_is_there(site: dict[str, Visit]) -> None:
    assert {address: one.status for address, one in site.items() if one.status != 200} == {}
    assert {one.headers["content-type"].partition(";")[0] for one in site.values()} <= MEDIA_TYPES


def test_every_record_and_every_question_is_on_a_list_of_the_start_page(
    site, served: str, store: OxigraphStore
) -> None:
    rows = store.select(
        f"SELECT DISTINCT ?r {{ ?r dcterms:identifier ?i FILTER(STRSTARTS(STR(?r), '{REC}')) }}"
    )
    records = {f"{served}/records/{record_identifier(str(row['r']))}" for row in rows}
    assert len(records) > 4_000
    assert records - site.keys() == set()
    assert {f"{served}/questions/{name}" for name in questions()} - site.keys() == set()
    assert {f"{served}/{path}" for path in ("sparql", "api", "openapi.json", "search")} - site.keys() == set()


def test_no_page_loads_anything_from_another_host_runs_anything_or_is_malformed(
    site: dict[str, Visit],
) -> None:
    assert sum(one.is_page for one in site.values()) > 4_000
    assert {one.address: one.faults for one in site.values() if one.faults} == {}


def test_no_stylesheet_loads_anything_from_another_host(
    site: dict[str, Visit], browser: httpx.Client
) -> None:
    sheets = set().union(*(one.stylesheets for one in site.values()))
    assert all(one.stylesheets for one in site.values() if one.is_page)
    for sheet in sheets:
        response = browser.get(sheet)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/css")
        assert [url for url in loaded_by_style(response.text) if is_foreign(sheet, url)] == []


def test_every_page_carries_the_security_headers(site: dict[str, Visit]) -> None:
    policies = {one.headers.get("content-security-policy") for one in site.values() if one.is_page}
    [policy] = policies
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert directives["script-src"] == "'self'"
    sources = set(" ".join(directives.values()).split())
    assert sources <= {"'none'", "'self'", "data:"}
    for one in site.values():
        if one.is_page:
            assert one.headers["x-content-type-options"] == "nosniff"
            assert one.headers["referrer-policy"] == "same-origin"
            assert one.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"


def test_every_page_tells_its_language_and_has_one_heading_and_a_title(browser, site) -> None:
    for path in ("/", "/questions", "/questions/1", "/records", "/records?area=mng", "/sparql", "/api"):
        page = Page(browser.get(path).text)
        assert [a.get("lang") for tag, a in page.elements if tag == "html"] == ["en"], path
        assert len(page.texts("h1")) == len(page.texts("title")) == 1, path
        labelled = {a["for"] for tag, a in page.elements if tag == "label"}
        fields = {
            a["id"]
            for tag, a in page.elements
            if tag in ("input", "select", "textarea") and a.get("type") != "hidden"
        }
        assert fields == labelled, path


def test_the_counts_of_the_start_page_are_those_of_the_store(start: Page, web, store: OxigraphStore) -> None:
    heading, *rows = table(start, "Kind of record")
    assert heading[-1] == "All"
    areas, kinds = axis(start, "area"), axis(start, "kind")
    assert len(areas) == len(heading) - 2 == 7
    assert len(kinds) == len(rows) > 10
    for kind, row in zip(kinds, rows, strict=True):
        assert number(row[-1]) == counted(store, kind), kind
        for area, shown in zip(areas, row[1:-1], strict=True):
            assert number(shown) == counted(store, kind, area), (kind, area)


def table(page: Page, corner: str) -> list[list[str]]:
    """The rows of the table of a page whose first cell says this."""
    [found] = [rows for rows in page.tables if rows[0][0] == corner]
    return found


def axis(start: Page, facet: str) -> list[str]:
    """The values of a facet that head the rows or columns of the last table."""
    found = [re.fullmatch(rf"/search\?{facet}=([\w-]+)", link) for link in start.links()]
    return list(dict.fromkeys(match[1] for match in reversed(found) if match))[::-1]


def counted(store: OxigraphStore, kind: str, area: str = "") -> int:
    within = f"; nx:area {concept_iri('area', area).n3()}" if area else ""
    [row] = store.select(f"SELECT (COUNT(DISTINCT ?r) AS ?n) WHERE {{ ?r a {NX[kind].n3()} {within} }}")
    return int(str(row["n"]))


def test_the_start_page_leaves_out_no_kind_of_record_and_sums_all(start: Page, store: OxigraphStore) -> None:
    in_base = f"SELECT DISTINCT ?k ?r {{ ?r a ?k FILTER(STRSTARTS(STR(?r), '{REC}')) }}"
    found = {(str(row["r"]), str(row["k"]).removeprefix(str(NX))) for row in store.select(in_base)}
    shown = set(axis(start, "kind"))
    assert shown == {kind for _, kind in found}
    [lead] = start.texts("p", "lead")
    assert lead.startswith(f"{len({record for record, _ in found}):,} records")


def test_the_start_page_says_how_well_the_base_is_sourced(start: Page, store: OxigraphStore) -> None:
    claims, several, news = (
        {str(row["claim"]) for row in store.select(QUERIES[name])} for name in ("claims", "several", "news")
    )
    [words] = [text for text in start.texts("p") if text.startswith("Every claim names a passage.")]
    assert words.startswith(
        f"Every claim names a passage. Of {len(claims):,} claims {len(claims & several):,} rest on two "
        f"documents or more and {len(claims & news):,} on news alone"
    )


def test_the_list_behind_a_count_is_as_long_as_the_count(start: Page, browser: httpx.Client, web) -> None:
    cells = [link for link in start.links() if re.fullmatch(r"/search\?kind=\w+&area=[\w-]+", link)]
    shown = [text for row in table(start, "Kind of record")[1:] for text in row[1:-1] if text != "0"]
    assert len(shown) > 80
    for link, text in zip(cells[-len(shown) :], shown, strict=True):
        assert web.get(f"{link}&size=1").json()["total"] == number(text), link
    assert {link.partition("&area=")[2] for link in cells[: -len(shown)]} == set(axis(start, "area"))


def test_the_nexus_at_a_glance_counts_what_its_links_find(start: Page, web, store: OxigraphStore) -> None:
    heading, *rows = table(start, "Kind of interlinkage")
    assert heading == [
        "Kind of interlinkage", "Climate and land", "Climate and water", "Land and water", "All"
    ]  # fmt: skip
    cells = [
        link for link in start.links() if link.startswith("/search?kind=Interlinkage&") and "linkkind" in link
    ]
    shown = [text for row in rows for text in row[1:] if text != "0"]
    assert len(shown) > 20
    for link, text in zip(cells, shown, strict=True):
        assert web.get(f"{link}&size=1").json()["total"] == number(text), link
    [total] = store.select("SELECT (COUNT(DISTINCT ?l) AS ?n) { ?l a nx:Interlinkage }")
    assert sum(number(row[-1]) for row in rows) == int(str(total["n"]))
    for key in ("climate-land", "climate-water", "land-water"):
        link = f"/search?kind=Interlinkage&joins={key}"
        assert link in start.links()
        assert f">{web.get(link).json()['total']}</text>" in start.source


def test_what_the_base_does_not_know_is_counted_from_its_coverage(start: Page, store: OxigraphStore) -> None:
    heading, *rows = table(start, "Area")
    assert len(rows) == 7
    for place, (found, standing) in enumerate(
        ((True, None), (True, "measure"), (False, "not-found"), (False, "not-looked-at")), start=1
    ):
        for row, area in zip(rows, axis(start, "area"), strict=True):
            among = "outcome:found, outcome:partly-found"
            condition = f"?standing IN ({among})" if found else f"?standing = outcome:{standing}"
            if standing == "measure":
                condition += f" && ?measured NOT IN ({among})"
            [counted_cells] = store.select(
                f"""SELECT (COUNT(DISTINCT ?topic) AS ?n) {{ ?cell a nx:CoverageCell ; nx:area area:{area} ;
                nx:topic ?topic ; nx:standing ?standing ; nx:measureStanding ?measured
                MINUS {{ ?cell nx:domain ?any }} FILTER({condition}) }}"""
            )
            assert number(row[place]) == int(str(counted_cells["n"])), (heading[place], area)


def test_the_newest_policies_are_on_the_start_page(start: Page, web, store: OxigraphStore) -> None:
    newest = web.get("/").json()["newest"]
    assert len(newest) > 4
    assert [each["date"] for each in newest] == sorted((each["date"] for each in newest), reverse=True)
    [latest] = store.select("SELECT (MAX(STR(?d)) AS ?l) { ?p a nx:Policy ; nx:adopted ?d }")
    assert newest[0]["date"] == str(latest["l"])
    for each in newest:
        assert f"/records/{each['identifier']}" in start.links()


def test_the_start_page_asks_every_competency_question_under_its_number(start: Page) -> None:
    numbers = [int(a["value"]) for tag, a in start.elements if tag == "li" and "value" in a]
    asked = [link.removeprefix("/questions/") for link in start.links() if link.startswith("/questions/")]
    assert dict(zip(numbers, asked[: len(numbers)], strict=True)) == {
        q.number: q.id for q in questions().values() if q.number
    }


def test_the_start_page_as_data_says_the_same(start: Page, web) -> None:
    told = web.get("/").json()
    heading, *rows = table(start, "Kind of record")
    assert [area["label"] for area in told["areas"]] == heading[1:-1]
    for row, shown in zip(told["rows"], rows, strict=True):
        assert [row["label"], *row["counts"], row["total"]] == [shown[0], *map(number, shown[1:])]


def results(browser: httpx.Client, query: str) -> Page:
    response = browser.get("/sparql", params={"query": query})
    assert response.status_code == 200
    return Page(response.text)


def test_rows_of_a_query_are_shown_as_a_table_with_links_to_records(browser: httpx.Client) -> None:
    page = results(browser, "SELECT ?p ?pTitle { VALUES ?p { rec:mng-ndc-2020 } ?p rdfs:label ?pTitle }")
    [heading, [title]] = page.rows
    assert heading == ["P"]
    assert title
    assert "/records/mng-ndc-2020" in page.links()
    bare = results(browser, "SELECT ?p ?absent { VALUES ?p { rec:mng-ndc-2020 } }")
    assert bare.rows == [["P", "Absent"], ["mng-ndc-2020", ""]]
    assert results(browser, "SELECT * { ?s a nx:NoSuchClass }").rows == []


@pytest.mark.parametrize(
    ("query", "word"), [("ASK { ?s a nx:Policy }", "Yes"), ("ASK { ?s a nx:None }", "No")]
)
def test_a_truth_value_is_shown_as_a_word(browser: httpx.Client, query: str, word: str) -> None:
    assert results(browser, query).texts("p", "lead") == [word]


def test_a_graph_is_shown_as_turtle(browser: httpx.Client) -> None:
    page = results(browser, "DESCRIBE rec:mng-ndc-2020")
    assert any("rec:mng-ndc-2020" in text and "nx:Policy" in text for text in page.exact("pre"))


def test_of_many_rows_the_first_thousand_are_shown_and_all_can_be_fetched(browser: httpx.Client) -> None:
    page = results(browser, "SELECT ?s { ?s ?p ?o } LIMIT 1500")
    assert len(page.rows) == 1 + 1000
    assert "1,500 rows, of which the first 1,000 are shown." in page.texts("p")
    [whole] = [link for link in page.links() if link.endswith("format=csv")]
    assert len(browser.get(whole).text.splitlines()) == 1 + 1500


def test_the_formats_offered_with_a_result_can_all_be_fetched(browser: httpx.Client) -> None:
    for query, formats in (
        ("SELECT ?s { ?s ?p ?o } LIMIT 1", 5),
        ("ASK {}", 2),
        ("DESCRIBE rec:mng-ndc-2020", 4),
    ):
        links = [link for link in results(browser, query).links() if "format=" in link]
        assert len(links) == formats
        assert {browser.get(link).status_code for link in links} == {200}


def test_the_page_of_the_endpoint_has_a_form_whose_query_runs(browser: httpx.Client) -> None:
    page = Page(browser.get("/sparql").text)
    forms = [a for tag, a in page.elements if tag == "form" and a.get("role") != "search"]
    assert forms == [{"method": "get", "action": "/sparql"}]
    [query] = page.exact("textarea")
    assert len(results(browser, query).rows) == 1 + 20


EVIL = (
    "</textarea></title></pre><script>alert('x')</script><img src=x onerror=alert(1)>\"' onfocus=alert(1) x='"
)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/sparql", {"query": f'SELECT ("""{EVIL}""" AS ?x) {{}}'}),
        ("/sparql", {"query": f'SELECT ("x" AS ?x) {{}} #{EVIL}'}),
        ("/sparql", {"query": f'SELECT (STRDT("""{EVIL}""", <http://e.org/{"%3Cscript%3E"}>) AS ?x) {{}}'}),
        ("/sparql", {"query": f'CONSTRUCT {{ <http://e.org/> <http://e.org/> """{EVIL}""" }} WHERE {{}}'}),
        ("/sparql", {"query": f"SELECT {EVIL}"}),
        (
            "/sparql",
            {"query": f"ASK FROM <http://e.org/{re.sub('[ <>]', '', EVIL)}> {{}}"},
        ),
        ("/sparql", {"query": "ASK {}", "default-graph-uri": EVIL}),
        ("/sparql", {"query": "ASK {}", "timeout": EVIL}),
        ("/questions/policies-against-driver", {"country": EVIL}),
        ("/questions/policies-against-driver", {"country": EVIL, "driver": EVIL}),
        ("/questions/policies-against-driver", {EVIL: EVIL, "country": "MNG"}),
        ("/questions/policies-against-driver", {EVIL: EVIL, "country": "MNG", "driver": "overgrazing"}),
        (f"/questions/{EVIL.replace('/', '%2F')}", {}),
        (f"/questions/{EVIL.replace('/', '')}", {}),
        (f"/records/{EVIL.replace('/', '')}", {}),
        (f"/records/mng-ndc-2020.{EVIL.replace('/', '')}", {}),
        ("/records", {"kind": EVIL}),
        ("/records", {"area": EVIL}),
        (f"/{EVIL}", {}),
        (f"/static/{EVIL}", {}),
    ],
)
def test_whatever_is_shown_back_is_escaped(
    browser: httpx.Client, path: str, parameters: dict[str, str]
) -> None:
    response = browser.get(path, params=parameters)
    assert response.headers["content-type"].startswith("text/html")
    assert response.status_code in (200, 400, 403, 404, 406)
    page = Page(response.text)
    assert page.active() == []
    assert page.mismatched == []
    assert "<script" not in response.text
    assert "img" not in {tag for tag, _ in page.elements}


def test_a_query_is_shown_back_as_it_was_sent(browser: httpx.Client) -> None:
    query = f"SELECT ('<b>&amp;' AS ?x) {{}} #{EVIL}"
    response = browser.get("/sparql", params={"query": query})
    assert html.escape(EVIL).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in response.text
    page = Page(response.text)
    assert page.exact("textarea") == [query]
    assert page.rows == [["X"], ["<b>&amp;"]]


@pytest.mark.parametrize(
    "scheme", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x"]
)
def test_an_iri_that_could_run_is_no_link(browser: httpx.Client, scheme: str) -> None:
    page = results(
        browser, f"SELECT (IRI('{scheme}') AS ?x) (IRI('{scheme}') AS ?y) ('words' AS ?yTitle) {{}}"
    )
    assert page.active() == []
    assert scheme in page.rows[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/records/no-such-record", 404),
        ("GET", "/records/Not%20An%20Identifier", 404),
        ("GET", "/records/mng-ndc-2020.pdf", 406),
        ("GET", "/questions/no-such-question", 404),
        ("GET", "/questions/policies-against-driver?country=Mongola&driver=overgrazing", 400),
        ("GET", "/records?kind=Policies", 400),
        ("GET", "/records?area=Mongola", 400),
        ("GET", "/sparql?query=SELEKT", 400),
        ("GET", "/sparql?query=DROP+ALL", 403),
        ("GET", "/sparql?update=DROP+ALL", 403),
        ("POST", "/sparql", 415),
        ("PUT", "/sparql", 405),
        ("GET", "/static/nothing.css", 404),
    ],
)
def test_errors_are_pages_for_browsers(browser: httpx.Client, method: str, path: str, status: int) -> None:
    response = browser.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-security-policy" in response.headers
    page = Page(response.text)
    assert page.texts("h1")
    assert page.texts("p", "caution")[0]
    assert f"Status {status}." in " ".join(page.texts("p"))
    assert "/" in page.links()
    as_data = browser.request(method, path, headers={"Accept": "application/json"})
    assert as_data.status_code == status
    assert as_data.headers["content-type"] == "application/problem+json"
    assert as_data.json()["detail"] == page.texts("p", "caution")[0]


@pytest.mark.parametrize(
    "path", ["/", "/questions", "/questions/1", "/records", "/records/mng-ndc-2020", "/api"]
)
def test_head_is_answered_where_get_is(browser: httpx.Client, path: str) -> None:
    head = browser.head(path)
    get = browser.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"") == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["/", "/questions", "/search?kind=Policy", "/sparql?query=ASK+{}", "/nothing"]
)
def test_an_address_with_two_faces_tells_caches_what_decides(web, path: str) -> None:
    for accept in (BROWSER["Accept"], "application/json", "*/*"):
        response = web.get(path, headers={"Accept": accept})
        language = "Accept-Language, " if response.headers["content-type"].startswith("text/html") else ""
        assert response.headers["vary"] == f"Accept, {language}Accept-Encoding"
