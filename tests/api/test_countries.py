"""Profiles and comparisons over HTTP: pages, data, files, and what is said where something is wrong."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from html_reading import Page
from openpyxl import load_workbook

from nexuskb.countries.areas import STATES, STATES_AND_REGION

HTML = {"Accept": "text/html"}


def test_the_list_leads_to_every_area_under_its_name_in_the_united_nations(web: httpx.Client) -> None:
    page = Page(web.get("/countries", headers=HTML).text)
    assert {f"/countries/{key}" for key in STATES_AND_REGION} <= set(page.links())
    names = {each["key"]: each["name"] for each in web.get("/countries").json()["areas"]}
    assert list(names) == list(STATES_AND_REGION)
    assert names["prk"] == "Democratic People's Republic of Korea"
    assert names["kor"] == "Republic of Korea"
    assert names["rus"] == "Russian Federation"


@pytest.mark.parametrize("key", STATES_AND_REGION)
def test_a_page_says_what_its_json_says_and_each_block_has_its_query(web: httpx.Client, key: str) -> None:
    told = web.get(f"/countries/{key}").json()
    text = web.get(f"/countries/{key}", headers=HTML).text
    page = Page(text)
    assert page.texts("h1") == [told["name"]]
    records = {
        cell["record"]
        for block in ("policies", "driverFindings", "impactFindings", "interlinkages", "targets")
        for row in told[block]["rows"]
        for cell in row
        if cell["record"]
    }
    figures = {figure["record"] for series in told["series"] for figure in series["figures"]}
    links = set(page.links())
    assert {f"/records/{record}" for record in records | figures} <= links
    for block in ("policies", "driverFindings", "impactFindings", "interlinkages", "targets", "institutions"):
        name = told[block]["question"]
        assert any(link.startswith(f"/questions/{name}?") and link.endswith("format=csv") for link in links)
    for caution in told["cautions"]:
        assert caution["words"] in text
    assert text.count("<svg") >= 1 + sum(
        len({f["year"] for f in each["figures"] if f["year"] and f["number"] is not None}) > 1
        for each in told["series"]
    )


@pytest.mark.parametrize("key", STATES)
def test_what_a_page_of_a_state_links_to_on_this_host_is_there(web: httpx.Client, key: str) -> None:
    links = {
        link.partition("#")[0]
        for link in Page(web.get(f"/countries/{key}", headers=HTML).text).links()
        if link.startswith("/") and not link.startswith("/records/")
    }
    assert len(links) > 20
    wrong = {link: web.get(link, headers=HTML, follow_redirects=True).status_code for link in sorted(links)}
    assert {link: status for link, status in wrong.items() if status != 200} == {}


def test_another_way_to_write_an_area_leads_to_its_page(web: httpx.Client) -> None:
    assert web.get("/countries/MNG").headers["location"].endswith("/countries/mng")
    assert web.get("/countries/MNG.json").headers["location"].endswith("/countries/mng.json")
    assert web.get("/countries/", follow_redirects=True).status_code == 200
    problem = web.get("/countries/atlantis")
    assert problem.status_code in (400, 404)
    assert "north-east-asia" in problem.json()["detail"]


def test_a_comparison_is_the_same_as_page_json_csv_and_workbook(web: httpx.Client) -> None:
    asked = {"areas": "mng,chn,kor"}
    told = web.get("/compare", params=asked).json()
    assert [area["key"] for area in told["areas"]] == ["chn", "mng", "kor"]
    texts = [[row["cells"][key]["text"] for key in ("chn", "mng", "kor")] for row in told["rows"]]
    rows = list(csv.reader(io.StringIO(web.get("/compare.csv", params=asked).text)))
    assert [[cell.removeprefix("'") for cell in row[1:]] for row in rows[1:]] == texts
    book = load_workbook(io.BytesIO(web.get("/compare.xlsx", params=asked).content))
    grid = [[cell.value for cell in line][1:] for line in book["Matrix"].iter_rows(min_row=2)]
    assert grid == texts
    page = Page(web.get("/compare", params=asked, headers=HTML).text)
    labels = [text for text in page.texts("th") if text in {row["label"] for row in told["rows"]}]
    assert labels == [row["label"] for row in told["rows"]]
    drill = {link for link in page.links() if link.startswith(("/paper/matrices/drivers?", "/questions/"))}
    for link in sorted(drill)[::9]:
        assert web.get(link, headers=HTML).status_code == 200, link


def test_boxes_that_are_ticked_ask_the_same_as_a_list(web: httpx.Client) -> None:
    ticked = web.get("/compare?areas=mng&areas=jpn&question=drivers-found-in-country").json()
    assert ticked == web.get("/compare?areas=mng,jpn&question=drivers-found-in-country").json()
    assert ticked["by"] == "driverName"


def test_what_a_question_needs_beside_the_states_is_asked_for(web: httpx.Client) -> None:
    asked = {"areas": "mng,jpn", "question": "figures-in-one-unit"}
    page = web.get("/compare", params=asked, headers=HTML)
    assert page.status_code == 200
    assert 'name="unit"' in page.text
    assert 'name="country"' not in page.text
    made = web.get("/compare", params={**asked, "unit": "million-ha"})
    assert made.status_code == 200
    assert made.json()["parameters"] == {"unit": "million-ha"}


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/compare", "two to six"),
        ("/compare?areas=mng", "two to six"),
        ("/compare?areas=mng,france", "france"),
        ("/compare?areas=mng,chn&question=nothing", "no question"),
        ("/compare?areas=mng,chn&question=paper-nothing", "no question"),
        ("/compare?areas=mng,chn&question=nexus-chains&by=colour", "colour"),
        ("/compare?areas=mng,chn&format=docx", "docx"),
        ("/compare.pdf?areas=mng,chn", "pdf"),
        ("/compare?areas=mng,chn&question=drivers-found-in-country&driver=grasing", "grasing"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_do(web: httpx.Client, address: str, words: str) -> None:
    problem = web.get(address)
    assert problem.headers["content-type"] == "application/problem+json"
    assert 400 <= problem.status_code < 500
    assert words in problem.json()["detail"]


def test_hostile_words_come_back_as_words(web: httpx.Client) -> None:
    hostile = '"><script>alert(1)</script>'
    for address in (f"/countries/{hostile}", "/compare"):
        page = web.get(address, params={"areas": hostile, "question": hostile}, headers=HTML)
        assert "<script>alert" not in page.text
