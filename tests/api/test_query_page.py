"""The query page as it is without its script: a form, an answer, its files, and the same query elsewhere."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys

import httpx
import pytest
from html_reading import Page
from openpyxl import load_workbook
from rdflib import Graph
from tests.programs import program

from nexuskb.questions.catalogue import questions
from nexuskb.sparql.formats import QueryForm
from nexuskb_api.built import built_file
from nexuskb_api.charts import chart_of
from nexuskb_api.snippets import snippets

BROWSER = {"Accept": "text/html"}
COUNTS = """SELECT ?area ?areaLabel (COUNT(*) AS ?policies) WHERE {
  ?policy a nx:Policy ; nx:area ?area . ?area skos:prefLabel ?areaLabel FILTER(LANG(?areaLabel) = "en")
} GROUP BY ?area ?areaLabel ORDER BY ?areaLabel"""
AWKWARD = 'SELECT ?said WHERE { BIND("it\'s 5 % of \\"half\\" #(lf) \\\\ 草地 é )\\" &+" AS ?said) }\n# ends'


def shown(web: httpx.Client, **values: str) -> Page:
    response = web.get("/query", params=values, headers=BROWSER)
    assert response.status_code == 200, response.text
    return Page(response.text)


def test_it_answers_a_query_with_links_to_records(web: httpx.Client) -> None:
    page = shown(
        web, query="SELECT ?policy ?policyTitle { ?policy a nx:Policy ; rdfs:label ?policyTitle } LIMIT 7"
    )
    assert len(page.rows) == 8
    assert len([link for link in page.links() if link.startswith("/records/")]) == 7
    assert any(words.startswith("7 rows in ") for words in page.texts("h2"))


def test_a_chart_has_a_bar_for_each_number(web: httpx.Client) -> None:
    answer = list(
        csv.DictReader(io.StringIO(web.get("/sparql", params={"query": COUNTS, "format": "csv"}).text))
    )
    page = shown(web, query=COUNTS, view="chart")
    assert [(row[0], row[-1].replace(",", "")) for row in page.rows] == [
        (row["areaLabel"], row["policies"]) for row in answer
    ]
    widths = [float(a["width"].rstrip("%")) for tag, a in page.elements if tag == "rect"]
    numbers = [int(row["policies"]) for row in answer]
    assert widths == pytest.approx([100 * number / max(numbers) for number in numbers], abs=0.01)


def test_years_are_no_amounts_and_negative_numbers_begin_left_of_nothing() -> None:
    def number(value: str) -> dict[str, str]:
        return {"type": "literal", "value": value, "datatype": "http://www.w3.org/2001/XMLSchema#integer"}

    rows = [
        {"year": number(str(2000 + n)), "change": number(str(change))} for n, change in enumerate((-5, 15))
    ]
    chart = chart_of(["year", "change"], rows)
    assert chart is not None
    assert [(bar.label, bar.start, bar.length) for bar in chart.bars] == [("2000", 0, 25), ("2001", 25, 75)]
    assert chart_of(["year"], [{"year": row["year"]} for row in rows]) is None


@pytest.mark.parametrize("name", ["csv", "json", "tsv", "xml", "xlsx"])
def test_the_files_are_the_whole_answer(web: httpx.Client, name: str) -> None:
    [address] = [link for link in shown(web, query=COUNTS).links() if link.endswith(f"format={name}")]
    response = web.get(address)
    assert response.status_code == 200
    if name == "xlsx":
        assert "Mongolia" in {
            cell.value for row in load_workbook(io.BytesIO(response.content)).worksheets[0] for cell in row
        }
    else:
        assert "Mongolia" in response.text


def test_a_graph_is_shown_and_taken_as_turtle(web: httpx.Client) -> None:
    page = shown(web, query="CONSTRUCT { ?p rdfs:label ?l } WHERE { ?p a nx:Policy ; rdfs:label ?l } LIMIT 5")
    assert len(Graph().parse(data=page.exact("pre")[1], format="turtle")) == 5
    assert any(link.endswith("format=turtle") for link in page.links())


def test_a_fault_is_told_at_its_line_and_the_query_stays(web: httpx.Client) -> None:
    query = "SELECT *\nWHERE { ?s ?p }"
    response = web.get("/query", params={"query": query}, headers=BROWSER)
    assert response.status_code == 400
    page = Page(response.text)
    [place] = [a for _, a in page.elements if "data-line" in a]
    assert (place["data-line"], place["data-column"]) == ("2", "15")
    assert page.exact("textarea") == [query]


@pytest.mark.parametrize(
    ("query", "status"),
    [("DELETE WHERE { ?s ?p ?o }", 403), ("SELECT * { SERVICE <http://a.example/> { ?s ?p ?o } }", 403)],
)
def test_what_is_refused_is_told_on_the_page(web: httpx.Client, query: str, status: int) -> None:
    response = web.get("/query", params={"query": query}, headers=BROWSER)
    assert response.status_code == status
    assert "This query has no answer" in response.text


def test_what_a_query_says_is_text_on_the_page(web: httpx.Client) -> None:
    page = shown(
        web, query='SELECT ("<script>alert(1)</script>" AS ?x) {} # </textarea><script>alert(2)</script>'
    )
    assert page.active() == []
    assert page.mismatched == []


@pytest.mark.parametrize("identifier", questions())
def test_every_question_is_an_example_that_runs(web: httpx.Client, identifier: str) -> None:
    [query] = shown(web, example=identifier).exact("textarea")
    assert query.startswith(f"# {questions()[identifier].title.split()[0]}")
    assert web.get("/sparql", params={"query": query}).status_code == 200


def test_an_example_takes_the_values_that_a_question_was_asked_with(web: httpx.Client) -> None:
    [query] = shown(web, example="policies-against-driver", driver="drought", view="table").exact("textarea")
    assert "vocabularies/driver/drought>" in query
    assert "vocabularies/area/mng>" in query, "what is needed and not given comes from the example"
    response = web.get(
        "/query", params={"example": "policies-against-driver", "country": "Mongola"}, headers=BROWSER
    )
    assert response.status_code == 400
    assert "Did you mean MNG?" in response.text


def test_an_answer_opens_in_the_editor_as_it_was_asked(web: httpx.Client) -> None:
    asked = {"country": "KOR", "driver": "drought"}
    page = Page(web.get("/questions/policies-against-driver", params=asked, headers=BROWSER).text)
    [address] = [link for link in page.links() if link.startswith("/query?example=")]
    [query] = Page(web.get(address, headers=BROWSER).text).exact("textarea")
    here = web.get("/questions/policies-against-driver", params=asked).json()
    there = web.get("/sparql", params={"query": query}).json()
    assert len(there["results"]["bindings"]) == len(here["rows"]) > 0


def test_an_answer_in_numbers_has_a_chart_of_them(web: httpx.Client) -> None:
    rows = web.get("/questions/holdings-by-area-and-kind").json()["rows"]
    page = Page(web.get("/questions/holdings-by-area-and-kind", headers=BROWSER).text)
    assert len([tag for tag, _ in page.elements if tag == "rect"]) == min(len(rows), 60)
    without = Page(web.get("/questions/policies-of-country?country=MNG", headers=BROWSER).text)
    assert "rect" not in {tag for tag, _ in without.elements}


def test_questions_are_found_by_their_words(web: httpx.Client) -> None:
    found = web.get("/questions", params={"q": "trans wat"}).json()["questions"]
    assert "transboundary-water-agreements" in {each["id"] for each in found}
    assert len(found) < len(questions()) / 4
    page = Page(web.get("/questions", params={"q": "trans wat"}, headers=BROWSER).text)
    assert [link for link in page.links() if link.startswith("/questions/")] == [
        f"/questions/{each['id']}" for each in found
    ]
    nothing = web.get("/questions", params={"q": "zebra ("}, headers=BROWSER)
    assert "No question has all of these words" in nothing.text


def test_programs_are_sent_on_to_the_endpoint(web: httpx.Client) -> None:
    response = web.get(
        "/query", params={"query": "ASK {}", "view": "chart", "format": "json"}, follow_redirects=True
    )
    assert response.json()["boolean"] is True
    assert response.url.path == "/sparql"


def test_the_terms_are_those_of_the_base(web: httpx.Client) -> None:
    response = web.get("/query/terms")
    terms = {term["name"]: term for term in response.json()["terms"]}
    assert terms["driver:overgrazing"]["label"] == "Overgrazing"
    assert terms["nx:Policy"]["kind"] == "class"
    asked = web.get(
        "/sparql", params={"query": "SELECT (COUNT(*) AS ?n) { ?p a nx:Policy }", "format": "csv"}
    )
    assert terms["nx:Policy"]["count"] == int(asked.text.split()[1])
    assert terms["nx:addressesDriver"]["values"] == ["driver"]
    assert terms["dcterms:identifier"]["count"] > 4_000
    again = web.get("/query/terms", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("query", [COUNTS, AWKWARD])
def test_the_snippets_for_python_and_curl_give_the_answer(web: httpx.Client, served: str, query: str) -> None:
    given = {s.key: s.text for s in snippets(query, f"{served}/sparql", QueryForm.SELECT)}
    answer = web.get("/sparql", params={"query": query, "format": "csv"}).text
    curl = subprocess.run(["bash", "-c", given["curl"]], capture_output=True, check=True, timeout=60)
    assert program("curl")
    assert curl.stdout.decode() == answer
    python = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", given["python"]], capture_output=True, check=True, timeout=60
    )
    assert python.stdout.decode().splitlines() == [str(row) for row in csv.DictReader(io.StringIO(answer))]


@pytest.mark.parametrize(
    ("query", "form", "expected"),
    [("ASK { rec:mng-ndc-2020 a nx:Policy }", QueryForm.ASK, "True"),
     ("DESCRIBE rec:mng-ndc-2020", QueryForm.DESCRIBE, "mng-ndc-2020")],
)  # fmt: skip
def test_the_snippets_read_truth_values_and_graphs(
    served: str, query: str, form: QueryForm, expected: str
) -> None:
    given = {s.key: s.text for s in snippets(query, f"{served}/sparql", form)}
    assert "excel" not in given
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", given["python"]], capture_output=True, check=True, timeout=60
    )
    assert expected in run.stdout.decode()


def test_the_snippets_for_r_and_excel_hold_the_query_as_it_is(served: str) -> None:
    given = {s.key: s.text for s in snippets(AWKWARD, f"{served}/sparql", QueryForm.SELECT)}
    raw = re.search(r'query <- r"(-*)\((.*?)\)\1"$', given["r"], re.DOTALL | re.MULTILINE)
    assert raw
    assert raw[2] == AWKWARD
    text = re.search(r'Query = "((?:[^"]|"")*)",\n', given["excel"])
    assert text
    escapes = {"#(lf)": "\n", "#(#)": "#", '""': '"'}
    assert re.sub(r'#\(lf\)|#\(#\)|""', lambda found: escapes[found[0]], text[1]) == AWKWARD
    assert f'Web.Contents("{served}", [RelativePath = "sparql"' in given["excel"]


def test_a_built_script_is_kept_for_good_and_other_files_are_not(web: httpx.Client) -> None:
    name = built_file("query.ts")
    assert name, "the scripts were not built: see hatch_build.py"
    response = web.get(f"/static/built/{name}")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "sourceMappingURL" not in response.text
    assert "immutable" not in web.get("/static/built/manifest.json").headers.get("cache-control", "")
    assert "immutable" not in web.get("/static/style.css").headers.get("cache-control", "")
    assert f"/static/built/{name}" in shown(web).loaded()
