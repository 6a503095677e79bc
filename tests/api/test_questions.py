"""The named questions: their list, and the answer to the first of them in every form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
from html_reading import Page
from rdflib.plugins.sparql import prepareQuery

from nexuskb.questions.catalogue import questions
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import REC

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PATH = "/questions/policies-against-driver"
ASKED = {"country": "MNG", "driver": "overgrazing"}

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(web: httpx.Client) -> Ask:
    """Ask the first question with these parameters, and headers."""

    def send(headers: dict[str, str] | None = None, **parameters: str) -> httpx.Response:
        return web.get(PATH, params=parameters, headers=headers)

    return send


@pytest.fixture
def answer(ask: Ask) -> dict:
    """The answer for Mongolia and overgrazing as JSON."""
    response = ask(**ASKED)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    return response.json()


def test_the_list_holds_every_question_with_what_it_takes_to_ask_it(web) -> None:
    listed = web.get("/questions").json()["questions"]
    assert [one["id"] for one in listed] == list(questions())
    for one in listed:
        known = questions()[one["id"]]
        assert (one["number"], one["title"], one["answers"]) == (known.number, known.title, known.answers)
        assert [p["name"] for p in one["parameters"]] == [p.name for p in known.parameters]
        assert all(parameter["help"] and parameter["allowed"] for parameter in one["parameters"])


def test_every_listed_address_answers_or_says_which_parameter_it_needs(web) -> None:
    for one in web.get("/questions").json()["questions"]:
        response = web.get(one["address"])
        needed = [p["name"] for p in one["parameters"] if p["required"]]
        assert response.status_code == (400 if needed else 200), one["id"]
        if needed:
            assert response.json()["parameter"] == needed[0]


def test_the_page_of_the_list_leads_to_every_question(web) -> None:
    page = Page(web.get("/questions", headers=BROWSER).text)
    asked = [link.removeprefix("/questions/") for link in page.links() if link.startswith("/questions/")]
    assert sorted(asked) == sorted(questions())
    for question in questions().values():
        assert question.title in page.texts("a")


def test_the_answer_says_what_was_asked_and_of_which_content(answer, web) -> None:
    assert answer["question"]["id"] == "policies-against-driver"
    assert answer["parameters"] == ASKED
    assert answer["generation"] == web.get("/").json()["generation"]


def test_every_row_of_the_answer_has_its_pinpoint_and_the_status_of_its_policy(answer, vocabularies) -> None:
    assert len(answer["rows"]) > 5
    known = {term.label for term in vocabularies.schemes["status"].terms}
    for row in answer["rows"]:
        assert row.keys() <= set(answer["columns"])
        assert row["pinpoint"].strip()
        assert row["status"] in known
        assert row["policy"].startswith(str(REC))
        assert row["policyTitle"].strip()


def test_the_rows_are_those_that_the_base_holds(answer, store: OxigraphStore) -> None:
    expected = store.select(
        """SELECT DISTINCT ?measure ?policy ?pinpoint WHERE {
        ?measure a nx:Measure ; nx:addressesDriver driver:overgrazing ; nx:ofPolicy ?policy .
        ?policy nx:area area:mng .
        ?measure nx:evidence/nx:locator ?pinpoint }"""
    )
    held = {(str(row["measure"]), str(row["policy"]), str(row["pinpoint"])) for row in expected}
    assert {(row["measure"], row["policy"], row["pinpoint"]) for row in answer["rows"]} == held


def test_the_query_of_an_answer_gives_the_same_rows_at_the_endpoint(answer, web) -> None:
    response = web.post("/sparql", data={"query": answer["query"], "format": "json"})
    given = response.json()
    assert given["head"]["vars"] == answer["columns"]
    bindings = given["results"]["bindings"]
    assert [{name: term["value"] for name, term in row.items()} for row in bindings] == answer["rows"]


def test_the_query_of_an_answer_stands_on_its_own(answer) -> None:
    """It declares its prefixes, so that any SPARQL 1.1 processor can read it."""
    assert prepareQuery(answer["query"]).algebra.name == "SelectQuery"


def test_the_reservations_of_the_records_go_with_the_answer(answer, store: OxigraphStore) -> None:
    named = {value for row in answer["rows"] for value in row.values() if value.startswith(str(REC))}
    rows = store.select("SELECT ?r ?words WHERE { ?r nx:reservation ?words }")
    held = {(str(r["r"]).removeprefix(str(REC)), str(r["words"])) for r in rows if str(r["r"]) in named}
    assert held
    assert {(name, word) for name, words in answer["reservations"].items() for word in words} == held


@pytest.mark.parametrize(
    ("headers", "parameters"),
    [
        ({}, {"format": "csv"}),
        ({"Accept": "text/csv"}, {}),
        ({"Accept": "text/csv, application/json;q=0.9"}, {}),
        ({"Accept": "application/json;q=0.2, text/csv;q=0.8"}, {}),
        (BROWSER, {"format": "csv"}),
    ],
)
def test_the_answer_as_csv_has_the_same_rows(ask: Ask, answer, headers, parameters) -> None:
    response = ask(headers, **ASKED, **parameters)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="policies-against-driver.csv"' in response.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [{name: row[name] for name in answer["columns"]} for row in rows] == [
        {name: row.get(name, "") for name in answer["columns"]} for row in answer["rows"]
    ]
    for given, row in zip(rows, answer["rows"], strict=True):
        names = {value.removeprefix(str(REC)) for value in row.values()}
        for name in names & answer["reservations"].keys():
            assert all(words in given["reservations"] for words in answer["reservations"][name])


@pytest.mark.parametrize(
    ("headers", "parameters"),
    [
        ({}, {"format": "json"}),
        ({"Accept": "application/json"}, {}),
        ({"Accept": "text/csv;q=0.5, application/json"}, {}),
        ({"Accept": "*/*"}, {}),
        (BROWSER, {"format": "json"}),
    ],
)
def test_the_answer_comes_as_json_to_whoever_asks_for_it(ask: Ask, answer, headers, parameters) -> None:
    response = ask(headers, **ASKED, **parameters)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["vary"] == "Accept, Accept-Encoding"
    assert response.json() == answer


@pytest.mark.parametrize(("headers", "parameters"), [(BROWSER, {}), ({}, {"format": "html"})])
def test_the_answer_as_a_page_has_the_same_rows(ask: Ask, answer, headers, parameters) -> None:
    response = ask(headers, **ASKED, **parameters)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    heading, *rows = page.rows
    assert f"{len(answer['rows'])} rows" in page.texts("h2")
    assert len(rows) == len(answer["rows"])
    for column, name in (("Pinpoint", "pinpoint"), ("Status", "status"), ("Policy", "policyTitle")):
        place = heading.index(column)
        assert [row[place] for row in rows] == [" ".join(row[name].split()) for row in answer["rows"]]
    for row in answer["rows"]:
        assert f"/records/{row['policy'].removeprefix(str(REC))}" in page.links()
    assert answer["query"] in page.exact("pre")
    for words in {words for reasons in answer["reservations"].values() for words in reasons}:
        assert any(text.startswith(words) for text in page.texts("li"))


def test_the_page_of_an_answer_leads_to_the_same_answer_as_data(ask: Ask, web, answer) -> None:
    page = Page(ask(BROWSER, **ASKED).text)
    as_csv, as_json, *_ = [link for link in page.links() if "format=" in link]
    assert web.get(PATH + as_json).json() == answer
    assert web.get(PATH + as_csv).headers["content-type"].startswith("text/csv")


def test_the_page_keeps_what_was_chosen(ask: Ask) -> None:
    page = Page(ask(BROWSER, **ASKED).text)
    chosen = {a["value"] for tag, a in page.elements if tag == "option" and "selected" in a}
    assert chosen == {"MNG", "overgrazing"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"country": "mng", "driver": "OVERGRAZING"},
        {"country": "Mongolia", "driver": "Overgrazing"},
        {"country": " MNG ", "driver": "overgrazing "},
        {
            "country": "https://w3id.org/nexuskb/vocabularies/area/mng",
            "driver": "https://w3id.org/nexuskb/vocabularies/driver/overgrazing",
        },
    ],
)
def test_a_term_may_be_given_by_notation_label_or_iri(ask: Ask, answer, parameters: dict[str, str]) -> None:
    given = ask(**parameters).json()
    assert (given["query"], given["rows"]) == (answer["query"], answer["rows"])


def test_a_question_may_be_asked_by_its_number(web, answer) -> None:
    assert web.get("/questions/1", params=ASKED).json() == answer


def test_without_its_parameters_the_page_asks_for_them(ask: Ask) -> None:
    response = ask(BROWSER)
    assert response.status_code == 200
    page = Page(response.text)
    needed = [a["name"] for tag, a in page.elements if tag == "select" and "required" in a]
    assert needed == ["country", "driver"]
    assert page.rows == []
    offered = {a["value"] for tag, a in page.elements if tag == "option"}
    assert {"MNG", "JPN", "overgrazing", "drought"} <= offered


@pytest.mark.parametrize("parameter", ["country", "driver"])
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_a_missing_parameter_is_answered_400_with_what_it_may_be(ask: Ask, parameter: str, empty) -> None:
    given = {name: value for name, value in ASKED.items() if name != parameter}
    if empty is not None:
        given[parameter] = empty
    response = ask(**given)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["parameter"] == parameter
    assert ASKED[parameter] in response.json()["detail"]


@pytest.mark.parametrize(
    ("parameter", "value", "suggestion"),
    [
        ("country", "Mongola", "MNG"),
        ("driver", "overgrasing", "overgrazing"),
        ("driver", "Over grazing", "overgrazing"),
    ],
)
def test_a_misspelt_term_is_answered_400_with_a_suggestion(ask: Ask, parameter, value, suggestion) -> None:
    for headers in ({}, BROWSER):
        response = ask(headers, **{**ASKED, parameter: value})
        assert response.status_code == 400
        assert f"Did you mean {suggestion}?" in response.text
    body = ask(**{**ASKED, parameter: value}).json()
    assert body["parameter"] == parameter
    assert repr(value) in body["detail"]


@pytest.mark.parametrize(
    "value", ["Atlantis", "> } DROP ALL #", "area:mng", "?country", '"MNG"', "M\0NG", "ＭＮＧ"]
)
def test_a_term_that_is_none_is_answered_400_with_those_there_are(ask: Ask, value: str) -> None:
    response = ask(**{**ASKED, "country": value})
    assert response.status_code == 400
    assert "Allowed values: " in response.json()["detail"]
    assert "MNG" in response.json()["detail"]


def test_a_parameter_that_the_question_does_not_have_is_answered_400_with_those_it_has(ask: Ask) -> None:
    for headers in ({}, BROWSER):
        response = ask(headers, **ASKED, year="2030")
        assert response.status_code == 400
        assert "Its parameters: country, driver." in response.text


def test_an_unknown_format_is_answered_406_with_those_there_are(ask: Ask) -> None:
    response = ask(**ASKED, format="turtle")
    assert response.status_code == 406
    assert "json or csv" in response.json()["detail"]


@pytest.mark.parametrize(
    "name",
    [
        "no-such-question",
        "0",
        "-1",
        "1000",
        "9" * 5_000,
        "²",
        "१",
        "1.0",
        "POLICIES-AGAINST-DRIVER",
        "a b",
        "%00",
    ],
)
def test_an_unknown_question_is_answered_404_with_the_way_to_the_list(web, name: str) -> None:
    response = web.get(f"/questions/{name if name == '%00' else quote(name)}", params=ASKED)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "/questions" in response.json()["detail"]
