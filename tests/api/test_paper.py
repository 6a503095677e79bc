"""The outline of the paper as pages and JSON: the same as the command says."""

from __future__ import annotations

import html
import json
import re
import time

import httpx
import pytest

from nexuskb.asking import drive, rows_of
from nexuskb.paper.kept import KEPT_FILE
from nexuskb.paper.matrices.catalogue import MATRICES, read_matrix
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


@pytest.mark.parametrize(
    "address",
    [
        "/paper/matrices",
        "/paper/matrices/drivers",
        "/paper/matrices/coherence?country=CHN",
        "/paper/matrices/targets?country=MNG",
        "/paper/matrices/timeline",
        "/paper/matrices/timeline?country=MNG&date=2015-06-30",
        "/paper/matrices/instruments?row=restoration&column=mng-land",
        "/paper/chains",
        "/paper/chains?driver=overgrazing&to=health",
        "/paper/chains?record=mng-livestock-tax-m1",
        "/paper/effects",
        "/paper/effects?policy=prk-law-farms-2009",
        "/paper/gaps?country=MNG",
        "/paper/gaps?kind=unobserved",
        "/paper/recommendations?country=MNG",
    ],
)
def test_a_page_is_whole_and_its_links_lead_somewhere(web: httpx.Client, address: str) -> None:
    page = web.get(address, headers=HTML)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert "style=" not in page.text
    links = re.findall(r'href="(/(?:records|questions|paper)[^"#]*)"', page.text)
    assert links
    for link in sorted(set(links))[:12]:
        assert web.get(html.unescape(link), headers=HTML).status_code == 200, link


def test_a_matrix_is_the_same_at_its_address_in_the_library_and_behind_its_cells(
    web: httpx.Client, store, vocabularies
) -> None:
    expected = drive(read_matrix(MATRICES["instruments"], {"country": "MNG"}, vocabularies), rows_of(store))
    found = web.get("/paper/matrices/instruments?country=MNG").json()
    assert {k: v for k, v in found.items() if k != "generation"} == expected.as_dict()
    cell = web.get("/paper/matrices/instruments?country=MNG&row=restoration&column=mng-land").json()
    assert {r["identifier"] for r in cell["records"]} == set(expected.cell("restoration", "mng-land").records)


@pytest.mark.parametrize(
    ("form", "media", "begins"),
    [
        ("csv", "text/csv", b"Instrument,"),
        ("xlsx", "application/vnd.openxmlformats", b"PK"),
        ("svg", "image/svg+xml", b"<?xml"),
        ("png", "image/png", b"\x89PNG"),
        ("pdf", "application/pdf", b"%PDF"),
    ],
)
def test_a_matrix_comes_in_its_forms_by_extension(
    web: httpx.Client, form: str, media: str, begins: bytes
) -> None:
    found = web.get(f"/paper/matrices/instruments.{form}?country=MNG")
    assert found.headers["content-type"].startswith(media)
    assert found.content.startswith(begins)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/paper/matrices/nothing", 404, "The matrices are"),
        ("/paper/matrices/drivers.docx", 406, "csv, json, xlsx"),
        ("/paper/matrices/timeline.csv", 400, "needs the parameter country"),
        ("/paper/matrices/drivers?row=x&column=mng", 400, "no row or column"),
        ("/paper/chains.csv", 400, "give exactly one"),
        ("/paper/chains.docx?driver=overgrazing", 406, "not as"),
        ("/paper/effects?damping=7", 400, "from 0 to 1"),
        ("/paper/effects?policy=nobody", 400, "nothing is known of its effects"),
        ("/paper/gaps?kind=nothing", 400, "The kinds are"),
        ("/paper/recommendations?country=Atlantis", 400, "is not a known country"),
    ],
)
def test_what_cannot_be_shown_says_why(web: httpx.Client, address: str, status: int, words: str) -> None:
    problem = web.get(address)
    assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")
    assert words in problem.json()["detail"]


def test_the_server_makes_the_outline_before_anybody_asks(web: httpx.Client, settings) -> None:
    for _ in range(600):
        if (settings.home / KEPT_FILE).exists():
            break
        time.sleep(0.2)
    kept = json.loads((settings.home / KEPT_FILE).read_bytes())
    listed = web.get("/paper").json()["sections"]
    assert [each["records"] for each in kept["sections"]] == [each["records"] for each in listed]
