"""An analyst's quarter of an hour: an example made one's own, a mistake mended, a chart, a CSV, a form."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.api.browsing import SIZES, Visitor

#: Where the pictures of the documentation are made anew, if this is set.
PICTURES = os.environ.get("NEXUSKB_PICTURES")

BY_AREA = (
    "SELECT ?area ?areaLabel (COUNT(DISTINCT ?measure) AS ?measures) WHERE { ?measure a nx:Measure ; "
    'nx:area ?area . ?area skos:prefLabel ?areaLabel FILTER(LANG(?areaLabel) = "en") } '
    "GROUP BY ?area ?areaLabel ORDER BY DESC(?measures)"
)
PAGES = {
    "query": "/query",
    "query-chart": f"/query?view=chart&query={BY_AREA}",
    "questions": "/questions",
    "question": "/questions/policies-against-driver?country=MNG&driver=overgrazing",
    "question-numbers": "/questions/figures-in-one-unit?unit=million-ha&words=degrad",
    "build": "/query/build",
    "build-measures": "/query/build?kind=Measure&area=mng&show=instrument&show=addressesDriver",
    "build-counts": "/query/build?kind=Policy&adopted.from=2015&count=policyKind",
}


def picture(page: Page, name: str) -> None:
    """Take a picture for the documentation."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def written(editor: Locator) -> str:
    """What stands in the editor."""
    return "\n".join(editor.locator(".cm-line").all_inner_texts())


def test_an_analyst_makes_an_example_their_own_and_takes_the_rows(  # noqa: PLR0915 -- it is one quarter of an hour
    browser: Browser, served: str, tmp_path: Path
) -> None:
    analyst = Visitor(browser, served)
    page = analyst.page
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Query").click()

    # An example comes into the editor with its words, and is run as it is.
    page.get_by_text(re.compile(r"^Examples: \d+ questions")).click()
    page.get_by_role("link", name=re.compile("^Which policies of a country address a driver")).click()
    editor = page.get_by_role("textbox", name="Query", exact=True)
    expect(editor).to_contain_text("# Which policies of a country address a driver")
    page.get_by_role("button", name="Run").click()
    rows = page.locator("#answer tbody tr")
    expect(rows.first).to_be_visible()
    before = rows.count()

    # Another query, with a term found by its label; the fault of a slip is marked where it is.
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("SELECT ?measure ?measureTitle WHERE {\n?measure nx:addressesDriver overgr", delay=20)
    offered = page.get_by_role("option", name=re.compile("driver:overgrazing"))
    expect(offered).to_be_visible()
    picture(page, "query-completion")
    offered.click()  # the editor takes no Enter in the first moments of a list, lest one typed on is lost
    page.keyboard.type(" ; rdfs:label ?measureTitle")
    page.keyboard.press("Control+End")
    page.keyboard.type("\nLIMT 5")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    problem = page.locator("#answer .problems")
    expect(problem).to_contain_text("LIMT")
    expect(page.locator(".cm-lintRange-error")).to_have_text("LIMT")
    picture(page, "query-fault")
    for _ in range(len("LIMT 5")):
        page.keyboard.press("Backspace")
    page.keyboard.type("LIMIT 500")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer h2")).to_contain_text(re.compile(r"\d+ rows in \d+ ms"))
    count = rows.count()
    assert count != before
    assert "driver:overgrazing ; rdfs:label" in written(editor)

    # The rows go along as CSV, and whoever gets the address sees the same.
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV", exact=True).click()
    taken.value.save_as(tmp_path / "measures.csv")
    with (tmp_path / "measures.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == count
    assert {line["measureTitle"] for line in lines} >= {rows.first.inner_text().split("\t")[0].strip()}
    address = page.get_by_label("Link to this query").input_value()
    assert address == page.url
    colleague = Visitor(browser, served)
    colleague.page.goto(address)
    expect(colleague.page.locator("#answer tbody tr")).to_have_count(count)
    colleague.close()

    # Back to the query before.
    page.go_back()
    expect(page.locator("#answer tbody tr")).to_have_count(before)
    # The 400 that tells of the slip is an error to the browser; nothing else was.
    assert [words for words in analyst.faults if "400" not in words] == []
    analyst.faults.clear()
    analyst.close()


def test_an_analyst_without_sparql_fills_in_a_form(browser: Browser, served: str, tmp_path: Path) -> None:
    analyst = Visitor(browser, served)
    page = analyst.page
    page.goto("/query")
    page.get_by_role("link", name="build a query by a form").click()
    page.get_by_role("link", name="Measure", exact=True).click()
    page.get_by_label("Area is").select_option("Mongolia")
    page.get_by_label("Instrument is").select_option("Economic instrument")
    page.get_by_role("button", name="Show the answer").click()
    rows = page.locator("#answer tbody tr")
    expect(page.locator("#answer h2")).to_contain_text(re.compile(r"\d+ rows"))
    count = rows.count()
    assert count > 5
    assert "asked=yes" in page.url
    assert "&=" not in page.url
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV", exact=True).click()
    taken.value.save_as(tmp_path / "measures.csv")
    assert len((tmp_path / "measures.csv").read_text(encoding="utf-8").splitlines()) == count + 1
    page.get_by_role("link", name="Open in the query editor").click()
    expect(page.get_by_role("textbox", name="Query", exact=True)).to_contain_text("instrument:economic")
    expect(rows).to_have_count(count)
    analyst.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_at_every_width(
    browser: Browser, served: str, size: str, dark: bool
) -> None:
    visitor = Visitor(browser, served, size, dark=dark)
    found = {}
    for name, address in PAGES.items():
        visitor.page.goto(address)
        if name.startswith("query"):
            expect(visitor.page.get_by_role("textbox", name="Query", exact=True)).to_be_visible()
        for summary in visitor.page.locator("#answer summary").all():
            summary.click()
        picture(visitor.page, f"{name}-{size}-{'dark' if dark else 'light'}")
        found[name] = visitor.accessibility()
        width = visitor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= SIZES[size][0], f"{name} is {width} pixels wide"
    assert {name: faults for name, faults in found.items() if faults} == {}
    visitor.close()


def test_the_query_page_works_without_its_script(browser: Browser, served: str) -> None:
    context = browser.new_context(base_url=served, java_script_enabled=False)
    page = context.new_page()
    page.goto("/query")
    page.get_by_label("Query", exact=True).fill(BY_AREA)
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer table")).to_contain_text("Mongolia")
    page.get_by_role("link", name="Chart").click()
    expect(page.locator("table.chart rect").first).to_be_visible()
    assert page.get_by_role("button", name="Copy").count() == 0
    context.close()
