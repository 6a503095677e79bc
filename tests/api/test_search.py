"""The resource /search, and nx:matches at the endpoint."""

from __future__ import annotations

import csv
import html
import io
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from openpyxl import load_workbook

from nexuskb.search.documents import FACETS
from nexuskb.search.words import as_title

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HOSTILE = [
    '"', "'; DROP TABLE record; --", "drought\0water", "a" * 10_000, "🌵", "NEAR(a b)", "label:x", "((", "*",
    "\\", "<script>alert(1)</script>", "-", '-"', "%", "\u202e",
]  # fmt: skip


def found(web: httpx.Client, **parameters: str | list[str]) -> dict[str, object]:
    response = web.get("/search", params={"format": "json", **parameters})
    assert response.status_code == 200, response.text
    return response.json()


def identifiers(web: httpx.Client, **parameters: str) -> list[str]:
    return [hit["identifier"] for hit in found(web, **parameters)["hits"]]


@pytest.mark.parametrize(
    ("words", "record"),
    [
        ("livestock head tax", "mng-law-on-livestock-tax-2020"),
        ("节约用水", "chn-reg-water-saving-2024"),
        ("水循環基本法", "jpn-water-cycle-basic-act-2014"),
        ("기후위기", "kor-adaptation-plan-4"),
        ("цөлжилт", "mng-law-on-soil-protection-2012"),
        ("Даурский", "rus-inst-daursky"),
    ],
)
def test_words_in_every_script_find_the_record(web: httpx.Client, words: str, record: str) -> None:
    assert record in identifiers(web, q=words)
    page = web.get("/search", params={"q": words}, headers=BROWSER)
    assert f'href="/records/{record}"' in page.text


def test_the_answer_has_hits_facets_and_the_whole_count(web: httpx.Client) -> None:
    answer = found(web, q="drought", area="KOR")
    assert answer["filters"] == {"area": ["kor"]}
    assert len(answer["hits"]) == 20 < answer["total"]
    hit = answer["hits"][0]
    assert hit["iri"].endswith(hit["identifier"])
    assert "".join(piece["text"] for piece in hit["heading"]) == hit["label"]
    assert tuple(answer["facets"]) == FACETS
    assert sum(count["count"] for count in answer["facets"]["kind"]) == answer["total"]
    assert {"value": "kor", "count": answer["total"], "label": "Republic of Korea"} in answer["facets"][
        "area"
    ]


def test_pages_follow_one_another(web: httpx.Client) -> None:
    total = found(web, q="drought", area="kor")["total"]
    pages = [identifiers(web, q="drought", area="kor", page=str(number)) for number in range(1, 10)]
    whole = [name for page in pages for name in page]
    assert len(whole) == len(set(whole)) == total
    assert pages[-1] == []


def test_every_filter_narrows(web: httpx.Client) -> None:
    answer = found(web, q="water")
    for facet, counts in answer["facets"].items():
        assert found(web, q="water", **{facet: counts[0]["value"]})["total"] == counts[0]["count"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"area": "mongola"}, "Did you mean MNG?"),
        ({"kind": "polcy"}, "Did you mean Policy?"),
        ({"driver": "overgrasing"}, "Did you mean overgrazing?"),
        ({"year": "soon"}, "is not a year"),
        ({"joins": "land-watr"}, "Did you mean land-water?"),
        ({"sort": "best"}, "Choose one of relevance, year, title"),
    ],
)
def test_an_unknown_value_is_answered_with_the_nearest(web: httpx.Client, parameters, words: str) -> None:
    response = web.get("/search", params={"q": "water", **parameters})
    assert response.status_code == 400
    assert response.json()["type"].endswith("unknown-term")
    assert words in response.json()["detail"]
    page = web.get("/search", params=parameters, headers=BROWSER)
    assert page.status_code == 400
    assert html.escape(words) in page.text


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "٣", "9" * 30])
def test_what_is_no_page_is_refused(web: httpx.Client, page: str) -> None:
    assert web.get("/search", params={"q": "water", "page": page}).status_code == 400
    assert web.get("/search", params={"q": "water", "size": page}).status_code == 400


def test_no_page_is_larger_than_a_hundred(web: httpx.Client) -> None:
    assert len(found(web, size="100")["hits"]) == 100
    assert web.get("/search", params={"size": "101"}).status_code == 400


def test_a_search_without_words_browses_by_title(web: httpx.Client) -> None:
    answer = found(web, kind="Policy", area="mng", size="100")
    assert answer["sort"] == "title"
    titles = [as_title(hit["label"]) for hit in answer["hits"]]
    assert titles == sorted(titles)
    assert len(titles) == answer["total"] > 50


def test_the_newest_come_first_if_asked_for(web: httpx.Client) -> None:
    years = [hit["year"] for hit in found(web, q="water", sort="year")["hits"]]
    assert years == sorted(years, reverse=True)
    assert years[0] >= "2024"


def test_lists_of_records_are_searches(web: httpx.Client) -> None:
    response = web.get("/records", params={"kind": "Policy", "area": "mng"})
    assert response.status_code == 301
    assert response.headers["location"].endswith("/search?kind=Policy&area=mng")


def test_filters_are_combined_and_taken_off(web: httpx.Client) -> None:
    both = found(web, q="drought", area=["kor", "jpn"])
    assert both["total"] == sum(found(web, q="drought", area=area)["total"] for area in ("kor", "jpn")) - len(
        {hit["identifier"] for hit in found(web, q="drought", area="kor", size="100")["hits"]}
        & {hit["identifier"] for hit in found(web, q="drought", area="jpn", size="100")["hits"]}
    )
    text = web.get("/search", params={"q": "drought", "area": ["kor", "jpn"]}, headers=BROWSER).text
    links = [html.unescape(link) for link in re.findall(r'href="(\?[^"]*)"', text)]
    assert "?q=drought&area=jpn" in links
    assert "?q=drought&area=kor" in links
    assert "?q=drought&area=kor&area=jpn&area=mng" in links
    assert 'href="/search?q=drought"' in text


@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "drought", "area": "kor"},
        {"kind": ["Policy", "Measure"], "driver": "overgrazing"},
        {"kind": "Interlinkage", "joins": "land-water", "linkkind": "trade-off"},
        {"q": '"dust storm" -spring', "sort": "title"},
    ],
)
def test_the_query_behind_a_list_finds_its_records_with_any_endpoint_of_ours(web, parameters) -> None:
    answer = found(web, **parameters, size="100")
    query = web.get("/search", params={**parameters, "format": "sparql"})
    assert query.headers["content-type"].startswith("application/sparql-query")
    assert query.text == answer["sparql"]
    rows = sparql(web, query.text).json()["results"]["bindings"]
    records = {row["record"]["value"] for row in rows}
    assert len(records) == answer["total"]
    assert {hit["iri"] for hit in answer["hits"]} <= records
    page = web.get("/search", params=parameters, headers=BROWSER).text
    [behind] = re.findall(r'href="(/sparql\?query=[^"]*)"', page)
    assert web.get(html.unescape(behind), headers={"Accept": "text/csv"}).text.count("\n") == len(records) + 1


def test_a_workbook_has_all_hits_and_the_query(web: httpx.Client) -> None:
    response = web.get("/search", params={"q": "dzud", "format": "xlsx"})
    assert response.headers["content-disposition"] == 'attachment; filename="search.xlsx"'
    book = load_workbook(io.BytesIO(response.content))
    names, *rows = book["Results"].iter_rows(values_only=True)
    assert names[:5] == ("record", "kind", "label", "areas", "year")
    assert names[-1] == "reservations"
    assert len(rows) == found(web, q="dzud")["total"] > 20
    said = "\n".join(str(row[0] or "") for row in book["Query"].iter_rows(values_only=True))
    assert 'nx:matches "dzud"' in said


def test_a_slip_is_answered_with_what_was_meant(web: httpx.Client) -> None:
    text = web.get("/search", params={"q": "overgrasing", "area": "mng"}, headers=BROWSER).text
    assert 'Did you mean <a href="?q=overgrazing&amp;area=mng">overgrazing</a>?' in text
    hopeless = web.get("/search", params={"q": "qqqqqq"}, headers=BROWSER).text
    assert "Did you mean" not in hopeless
    assert "what was looked for and not found" in hopeless


def test_formats_go_by_name_and_by_accept(web: httpx.Client) -> None:
    for parameters, headers, kind in (
        ({"format": "csv"}, {}, "text/csv"),
        ({}, {"Accept": "text/csv"}, "text/csv"),
        ({}, {"Accept": "application/json"}, "application/json"),
        ({}, {}, "application/json"),
        ({}, BROWSER, "text/html"),
        ({"format": "html"}, {}, "text/html"),
    ):
        response = web.get("/search", params={"q": "dzud", **parameters}, headers=headers)
        assert response.headers["content-type"].startswith(kind)
        assert "Accept" in response.headers["vary"]
        assert web.head("/search", params={"q": "dzud", **parameters}, headers=headers).status_code == 200
    assert web.get("/search", params={"q": "dzud", "format": "pdf"}).status_code == 406


def test_csv_has_all_hits_with_what_must_be_said_of_them(web: httpx.Client) -> None:
    text = web.get("/search", params={"q": "drought", "format": "csv", "page": "3"}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == found(web, q="drought")["total"]
    assert rows[0]["record"].startswith("https://w3id.org/nexuskb/records/")
    assert any(row["reservations"] for row in rows)


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query[:12]))
def test_hostile_input_gives_an_answer_in_every_form(web: httpx.Client, query: str) -> None:
    for form in ("json", "csv", "html"):
        assert web.get("/search", params={"q": query, "format": form}).status_code == 200


def test_what_a_person_writes_and_what_records_say_is_escaped(web: httpx.Client) -> None:
    query = '"><script>alert(1)</script><mark>'
    text = web.get("/search", params={"q": query, "area": "mng"}, headers=BROWSER).text
    assert "<script>" not in text
    assert (
        html.escape(query, quote=False) in text or html.escape(query) in text or "&#34;&gt;&lt;script" in text
    )


def test_what_was_found_is_marked_and_nothing_else_is_markup(web: httpx.Client) -> None:
    text = web.get("/search", params={"q": "drought"}, headers=BROWSER).text
    marked = re.findall(r"<mark>([^<]*)</mark>", text)
    assert len(marked) >= 20
    assert all(word.casefold().startswith("drought") for word in marked)
    assert text.count("<mark>") == text.count("</mark>") == len(marked)


def test_the_page_works_by_links_and_a_form(web: httpx.Client) -> None:
    text = web.get("/search", params={"q": "drought", "area": "kor"}, headers=BROWSER).text
    assert '<input type="hidden" name="area" value="kor">' in text
    assert "<script" not in text
    links = [html.unescape(link) for link in re.findall(r'href="(\?[^"]*)"', text)]
    assert "?q=drought&area=kor&kind=Policy" in links
    assert "?q=drought" in links
    assert "?q=drought&area=kor&page=2" in links
    for link in links:
        assert web.get(f"/search{link}", headers=BROWSER).status_code == 200, link


def test_a_filter_that_leaves_nothing_can_be_removed(web: httpx.Client) -> None:
    text = web.get("/search", params={"q": "dzud", "area": "jpn", "year": "1950"}, headers=BROWSER).text
    assert "No record has all of this" in text
    links = [html.unescape(link) for link in re.findall(r'href="(\?[^"]*)"', text)]
    assert "?q=dzud&area=jpn" in links


@pytest.mark.parametrize("path", ["/", "/search", "/questions", "/sparql", "/records/mng-ndc-2020"])
def test_every_page_has_one_search_field(web: httpx.Client, path: str) -> None:
    text = web.get(path, headers=BROWSER).text
    [form] = re.findall(r'<form[^>]*action="/search".*?</form>', text, re.DOTALL)
    assert 'role="search"' in form
    assert len(re.findall(r'type="search"', form)) == 1


def test_the_description_of_the_api_has_the_parameters(web: httpx.Client) -> None:
    operation = web.get("/openapi.json").json()["paths"]["/search"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {
        "q", *FACETS, "sort", "page", "size", "format",
    }  # fmt: skip


def sparql(web: httpx.Client, query: str, **parameters: str) -> httpx.Response:
    return web.post("/sparql", data={"query": query, "format": "json", **parameters})


def test_the_pattern_at_the_endpoint_gives_what_the_search_gives(web: httpx.Client) -> None:
    response = sparql(web, 'SELECT ?r WHERE { ?r nx:matches "drought" ; a nx:Policy ; nx:area area:kor }')
    rows = [row["r"]["value"].rsplit("/", 1)[1] for row in response.json()["results"]["bindings"]]
    answer = found(web, q="drought", kind="Policy", area="kor")
    assert len(rows) == answer["total"] > 0
    assert {hit["identifier"] for hit in answer["hits"]} <= set(rows)


def test_the_pattern_may_be_in_every_form_of_query_and_on_the_page(web: httpx.Client) -> None:
    assert sparql(web, 'ASK { ?r nx:matches "荒漠化" }').json()["boolean"] is True
    assert sparql(web, 'ASK { ?r nx:matches "nosuchword" }').json()["boolean"] is False
    graph = sparql(web, 'CONSTRUCT { ?r rdfs:label ?l } { ?r nx:matches "荒漠化" ; rdfs:label ?l }')
    assert "National Action Programme" in graph.text
    page = web.get("/sparql", params={"query": 'SELECT ?r { ?r nx:matches "荒漠化" }'}, headers=BROWSER)
    assert "chn-nap-unccd-1996" in page.text
    assert "nx:matches" in page.text
    assert "VALUES" not in page.text


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("SELECT * { ?r nx:matches ?w }", 26, "needs a text in quotation marks"),
        ('SELECT * { rec:a nx:matches "w" }', 12, "needs a variable"),
        ('SELECT * { ?r nx:matches "drought" . ?x }', 41, "cannot stand here"),
    ],
)
def test_a_fault_is_told_with_its_place(web: httpx.Client, query: str, column: int, words: str) -> None:
    response = sparql(web, query)
    assert response.status_code == 400
    assert (response.json()["line"], response.json()["column"]) == (1, column)
    assert words in response.json()["detail"]


def test_too_many_texts_are_refused(web: httpx.Client) -> None:
    response = sparql(web, "SELECT * { " + '?r nx:matches "a" . ' * 21 + "}")
    assert response.status_code == 400
    assert "at most 10 texts" in response.json()["detail"]


def test_the_largest_rewriting_is_answered(web: httpx.Client) -> None:
    texts = " , ".join(['"-nosuchword"'] * 10)
    query = f"SELECT (COUNT(*) AS ?n) {{ ?r nx:matches {texts} }}"
    rows = sparql(web, query).json()["results"]["bindings"]
    assert int(rows[0]["n"]["value"]) == found(web)["total"]


def test_the_server_goes_on_while_it_searches(served: str) -> None:
    def ask(path: str) -> float:
        start = time.perf_counter()
        with httpx.Client(base_url=served, timeout=60) as client:
            assert client.get(path).status_code == 200
        return time.perf_counter() - start

    with ThreadPoolExecutor(12) as pool:
        searches = [pool.submit(ask, "/search?q=-water&format=csv") for _ in range(8)]
        light = [pool.submit(ask, "/static/mark.svg") for _ in range(4)]
        assert max(task.result() for task in light) < max(task.result() for task in searches)
