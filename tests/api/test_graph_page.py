"""The graph's page: it filters, shows ways, says the same as a list, and is no barrier to anybody."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import httpx
import networkx as nx
import pytest
from playwright.sync_api import Browser, expect
from tests.api.browsing import Visitor

#: Where the pictures of the documentation are made anew, if this is set.
PICTURES = os.environ.get("NEXUSKB_PICTURES")
HTML = {"Accept": "text/html"}
ALL_KINDS = "kind=driver,impact,domain,policy,other"


@pytest.mark.parametrize(
    ("form", "media_type", "beginning"),
    [
        ("svg", "image/svg+xml", b"<svg"),
        ("png", "image/png", b"\x89PNG"),
        ("csv", "text/csv; charset=utf-8", b"from,from kind,brings,to"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("graphml", "application/graphml+xml", b"<?xml"),
        ("json", "application/json", b'{"generation"'),
    ],
)
def test_the_graph_comes_in_each_form_by_extension_and_parameter(
    web: httpx.Client, form: str, media_type: str, beginning: bytes
) -> None:
    by_name = web.get(f"/graph.{form}?area=MNG")
    by_parameter = web.get(f"/graph?area=MNG&format={form}")
    assert by_name.status_code == by_parameter.status_code == 200
    assert by_name.headers["content-type"] == by_parameter.headers["content-type"] == media_type
    assert by_name.content.startswith(beginning)
    if form != "xlsx":  # which has the time of its making
        assert by_name.content == by_parameter.content
    assert web.head(f"/graph.{form}?area=MNG").status_code == 200


def test_accept_chooses_between_page_and_data(web: httpx.Client) -> None:
    assert web.get("/graph", headers=HTML).headers["content-type"].startswith("text/html")
    assert web.get("/graph", headers={"Accept": "application/json"}).json()["nodes"]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/graph.docx", 406, "not as 'docx'"),
        ("/graph?focus=overgrazng", 400, "Did you mean Overgrazing"),
        ("/graph?area=Atlantis", 400, "is not a known area"),
        ("/graph?colour=red", 400, "has no parameter 'colour'"),
    ],
)
def test_what_cannot_be_shown_says_why(web: httpx.Client, address: str, status: int, words: str) -> None:
    told = web.get(address, headers={"Accept": "application/json"})
    assert told.status_code == status
    assert told.headers["content-type"] == "application/problem+json"
    assert words in told.json()["detail"]
    page = web.get(address, headers=HTML)
    assert page.status_code == status


@pytest.mark.parametrize("address", ["/graph", f"/graph?{ALL_KINDS}", "/graph?area=MNG&links=measures"])
def test_the_list_has_a_row_with_its_records_for_every_arrow(web: httpx.Client, address: str) -> None:
    text = web.get(address, headers=HTML).text
    arrows = re.findall(r'<a class="arrow [^>]*href="#(link-\d+)"', text)
    rows = dict(re.findall(r'<tr id="(link-\d+)">(.*?)</tr>', text, re.DOTALL))
    assert arrows
    assert set(arrows) == set(rows)
    assert len(arrows) == len(rows)
    listed = {name for row in rows.values() for name in re.findall(r'/records/([a-z0-9-]+)"', row)}
    data = web.get(address, headers={"Accept": "application/json"}).json()
    if not data["leftOutOfPicture"]:
        assert {link["record"] for link in data["links"]} <= listed


def test_graphml_and_svg_hold_what_the_json_holds(web: httpx.Client) -> None:
    data = web.get("/graph.json?domain=water").json()
    graph = nx.read_graphml(io.BytesIO(web.get("/graph.graphml?domain=water").content), force_multigraph=True)
    assert graph.number_of_edges() == len(data["links"])
    assert set(graph) == {node["iri"] for node in data["nodes"]}
    svg = web.get("/graph.svg?domain=water").text
    assert len(re.findall(r'class="place ', svg)) == len(data["nodes"])
    assert str(web.base_url).rstrip("/") in svg
    assert "generation" in svg


def test_a_link_of_every_node_leads_somewhere(web: httpx.Client) -> None:
    text = web.get(f"/graph?{ALL_KINDS}&area=MNG", headers=HTML).text
    leads = set(re.findall(r'<a class="place [^>]*href="([^"]+)"', text))
    assert {lead.split("?")[0].split("/")[1] for lead in leads} == {"graph", "records"}
    for lead in leads:
        assert web.get(lead.replace("&amp;", "&"), headers=HTML).status_code == 200


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_nobody_is_shut_out(browser: Browser, served: str, size: str, dark: bool) -> None:
    for name, address in (
        ("graph", "/graph"),
        ("graph-ways", "/graph?from=overgrazing&to=health"),
        ("graph-around", "/graph?focus=mng-law-on-land-2002"),
        ("graph-nothing", "/graph?sign=less&area=MNG&focus=poverty"),
    ):
        visitor = Visitor(browser, served, size, dark=dark)
        visitor.page.goto(address)
        assert visitor.accessibility() == []
        across = visitor.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert across[0] <= across[1]
        if PICTURES and name != "graph-nothing" and not dark and size == "wide":
            visitor.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))
        visitor.close()


def test_no_name_covers_another_with_a_hundred_nodes(browser: Browser, served: str) -> None:
    """As the browser draws it, in its own typeface: no name leaves its box, no two boxes meet."""
    visitor = Visitor(browser, served)
    visitor.page.goto(f"/graph?{ALL_KINDS}")
    expect(visitor.page.locator("svg.nexus .place").nth(99)).to_be_attached()
    found = visitor.page.evaluate(
        """() => {
          const places = [...document.querySelectorAll(".graph-picture .place")].map((place) => ({
            box: place.querySelector(".box").getBBox(),
            words: [...place.querySelectorAll("text")].map((text) => text.getBBox()),
          }));
          const out = places.filter(({ box, words }) =>
            words.some((word) => word.x < box.x || word.x + word.width > box.x + box.width));
          let meet = 0;
          for (const [n, { box: a }] of places.entries())
            for (const { box: b } of places.slice(0, n)) {
              const across = a.x < b.x + b.width && b.x < a.x + a.width;
              if (across && a.y < b.y + b.height && b.y < a.y + a.height) meet++;
            }
          return { count: places.length, out: out.length, meet };
        }"""
    )
    assert found["count"] >= 100
    assert (found["out"], found["meet"]) == (0, 0)
    visitor.close()


def test_a_reader_narrows_the_graph_finds_a_node_and_follows_it(browser: Browser, served: str) -> None:
    visitor = Visitor(browser, served)
    page = visitor.page
    page.goto("/graph")
    page.get_by_label("Area").select_option(label="Mongolia")
    page.get_by_label("Policies", exact=True).check()
    page.get_by_label("Drivers", exact=True).check()
    page.get_by_label("Impacts", exact=True).check()
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"area=mng.*kind=driver"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mongolia")
    shown = page.locator(".graph-picture svg")
    before = shown.bounding_box()
    page.get_by_role("button", name="Larger").click()
    after = shown.bounding_box()
    assert before
    assert after
    assert after["width"] > before["width"] * 1.2

    find = page.get_by_label("Find in the picture")
    find.fill("overgrazing")
    find.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Overgrazing")).to_be_visible()
    lit = page.locator("svg.nexus .place.lit")
    assert lit.count() > 1
    node = page.get_by_role("link", name="Overgrazing, driver", exact=True)
    expect(node).to_be_in_viewport()
    node.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/graph\?focus=driver/overgrazing$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Around Overgrazing")
    visitor.close()


def test_ways_are_found_without_scripts(browser: Browser, served: str) -> None:
    context = browser.new_context(base_url=served, java_script_enabled=False)
    page = context.new_page()
    page.goto("/graph")
    page.get_by_label("Ways from").fill("Overgrazing")
    page.get_by_label("Ways to").fill("Harm to health")
    page.get_by_role("button", name="Show").click()
    expect(
        page.get_by_role("heading", name=re.compile(r"\d+ ways from Overgrazing to Harm to health"))
    ).to_be_visible()
    expect(page.locator("svg.nexus").first).to_be_visible()
    expect(page.locator(".graph-tools")).to_be_hidden()
    page.get_by_label("Ways from").fill("Harm to health")
    page.get_by_label("Ways to").fill("Overgrazing")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="the other way round").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("From Overgrazing to Harm to health")
    context.close()
