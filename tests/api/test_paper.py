"""The outline of the paper as pages and JSON: the same as the command says."""

from __future__ import annotations

import httpx

from nexuskb.asking import drive, rows_of
from nexuskb.paper.outline import completeness, read_outline, section_of

HTML = {"Accept": "text/html"}


def test_a_section_is_the_same_as_json_and_for_the_library(web: httpx.Client, store, vocabularies) -> None:
    section = section_of(drive(read_outline(), rows_of(store)), "outline-nexus")
    expected = drive(completeness(section, vocabularies), rows_of(store)).as_dict()
    found = web.get("/paper/outline-nexus").json()
    assert found["answered"] == expected["answered"] > 0
    assert found["records"] == list(expected["records"])
    assert found["missing"] == list(expected["missing"])
    assert [a["rows"] for a in found["answers"]] == [a["rows"] for a in expected["answers"]]
    for answer in found["answers"]:
        given = web.get(answer["question"]["address"], headers={"Accept": "application/json"}).json()
        assert len(given["rows"]) == answer["rows"]


def test_the_page_of_a_section_leads_to_the_answers_and_says_what_is_missing(web: httpx.Client) -> None:
    page = web.get("/paper/outline-national-review-mng", headers=HTML)
    assert page.status_code == 200
    assert "/questions/policies-of-country?country=MNG" in page.text
    assert "rest on a single document" in page.text
    assert "A proposal of the editors" in page.text


def test_the_outline_lists_every_section_with_what_it_rests_on(web: httpx.Client) -> None:
    listed = web.get("/paper").json()["sections"]
    page = web.get("/paper", headers=HTML).text
    assert len(listed) == 15
    for each in listed:
        assert f"/paper/{each['section']['identifier']}" in page
        assert len(each["answers"]) >= each["answered"] > 0


def test_an_unknown_section_is_a_problem_that_names_the_sections(web: httpx.Client) -> None:
    problem = web.get("/paper/outline-nothing")
    assert problem.status_code == 404
    assert problem.headers["content-type"] == "application/problem+json"
    assert "outline-nexus (3)" in problem.json()["detail"]
