"""Citations over HTTP: a record's, an answer's and a search's, and the metadata in pages."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs

import httpx
import pytest
import rispy
from pybtex.database import parse_string

RECORD = "mng-case-billion-trees-progress"
SOURCES = {"mng-src-bt-oct2023", "mng-src-bt-nov2022"}
BROWSER = {"Accept": "text/html"}


def keys(form: str, text: str) -> set[str]:
    if form == "ris":
        return {item["id"] for item in rispy.loads(text)}
    if form == "bib":
        return set(parse_string(text, "bibtex").entries)
    return {item["id"] for item in json.loads(text)}


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("ris", "application/x-research-info-systems"),
        ("bib", "application/x-bibtex"),
        ("csljson", "application/vnd.citationstyles.csl+json"),
    ],
)
def test_a_record_gives_its_sources_by_extension_parameter_and_accept(
    web: httpx.Client, form: str, media_type: str
) -> None:
    for answer in (
        web.get(f"/records/{RECORD}.{form}", headers=BROWSER),
        web.get(f"/records/{RECORD}", params={"format": form}),
        web.get(f"/records/{RECORD}", headers={"Accept": media_type}),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media_type)
        assert f'filename="{RECORD}.{form}"' in answer.headers["content-disposition"]
        assert keys(form, answer.text) == SOURCES


@pytest.mark.parametrize("form", ["ris", "bib", "csljson"])
def test_an_answer_gives_every_source_behind_it_in_one_file(web: httpx.Client, form: str) -> None:
    path = "/questions/policies-against-driver?country=MNG&driver=overgrazing"
    rows = web.get(f"{path}&format=json").json()["rows"]
    named = {value.rsplit("/", 1)[1] for row in rows for value in row.values() if "/records/" in value}
    found = keys(form, web.get(f"{path}&format={form}").text)
    assert {name for name in named if "-src-" in name} <= found
    assert len(found) > 5
    assert all("-src-" in key for key in found)


def test_a_search_gives_the_sources_behind_all_its_hits(web: httpx.Client) -> None:
    hits = web.get("/search?q=billion+trees&area=mng&kind=Case&format=json").json()
    assert RECORD in {hit["identifier"] for hit in hits["hits"]}
    assert keys("ris", web.get("/search?q=billion+trees&area=mng&kind=Case&format=ris").text) >= SOURCES


def test_a_source_page_carries_the_tags_that_zotero_reads(web: httpx.Client) -> None:
    page = web.get("/records/chn-src-acp2018", headers=BROWSER).text
    tags = {
        name: unescape(content)
        for name, content in re.findall(r'<meta name="([^"]+)" content="([^"]*)">', page)
    }
    assert tags["citation_title"].startswith("Effect of ecological restoration programs")
    assert tags["citation_author"] == "Long X. et al."
    assert tags["citation_journal_title"] == "Atmospheric Chemistry and Physics"
    assert tags["citation_doi"] == "10.5194/acp-18-6353-2018"
    assert tags["citation_publication_date"] == "2018"
    assert "Z3988" not in page


def test_a_record_page_carries_a_coins_span_for_each_source(web: httpx.Client) -> None:
    page = web.get(f"/records/{RECORD}", headers=BROWSER).text
    spans = [parse_qs(unescape(title)) for title in re.findall(r'<span class="Z3988" title="([^"]*)"', page)]
    assert len(spans) == 2
    assert {span["rft.title"][0] for span in spans} == {
        "Mongolia plants over 20 mln trees since 2021",
        "Mongolia plants over 10 mln trees in 1 year to combat desertification",
    }
    assert all(span["rft_id"][0].startswith("http") for span in spans)


def test_a_page_says_how_to_cite_it_in_both_scripts(web: httpx.Client) -> None:
    page = web.get("/records/jpn-src-forest", headers=BROWSER).text
    assert '<span lang="ja">森林法</span> [Forest Act], current text' in page
    assert 'href="/records/jpn-src-forest.ris"' in page


def test_what_is_not_there_is_said(web: httpx.Client) -> None:
    assert web.get("/records/mng-nowhere.ris").status_code == 404
    wrong = web.get("/questions/conflicting-figures?format=endnote")
    assert wrong.status_code in {400, 406}
    assert "csljson" in wrong.json()["detail"]


def test_an_identifier_merged_into_another_leads_there_in_the_same_format(web: httpx.Client) -> None:
    rows = web.get(
        "/sparql",
        params={"query": "SELECT ?old ?now { ?r nx:otherIdentifier ?old ; dcterms:identifier ?now } LIMIT 1"},
        headers={"Accept": "application/sparql-results+json"},
    ).json()["results"]["bindings"][0]
    moved = web.get(f"/records/{rows['old']['value']}.ris", follow_redirects=False)
    assert moved.status_code == 301
    assert moved.headers["location"].endswith(f"/records/{rows['now']['value']}.ris")
