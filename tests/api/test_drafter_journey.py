"""A drafter's minute: a measure found, read and cited; and what every page weighs and how it can be used."""

from __future__ import annotations

import pytest
import rispy
from playwright.sync_api import Browser, Response, expect
from tests.api.browsing import Visitor, picture

#: What a page may weigh with all that it loads, before the query editor.
MOST_BYTES = 300_000
#: A page of each kind that this branch of the site has; those of entry are in test_entry_journey.
PAGES = {
    "start": "/",
    "search, empty": "/search",
    "search, hits": "/search?q=drought&area=mng&area=chn&sort=year",
    "search, none": "/search?q=drougth&area=mng",
    "list": "/search?kind=Interlinkage&joins=climate-land&size=100",
    "error, unknown record": "/records/no-such-record",
    "error, unknown value": "/search?area=mongola",
    "error, nothing there": "/no/such/page",
    "record": "/records/mng-ndc-2020",
    "questions": "/questions",
    "question": "/questions/policies-against-driver?country=MNG&driver=overgrazing",
    "endpoint": "/sparql",
    "results": "/sparql?query=SELECT+%3Fs+%7B+%3Fs+a+nx%3APolicy+%7D",
    "paper": "/paper",
    "matrices": "/paper/matrices",
    "audit": "/audit",
    "api": "/api",
    "sign in": "/signin",
}


def test_a_drafter_finds_and_cites_a_measure(browser: Browser, served: str) -> None:
    drafter = Visitor(browser, served)
    page = drafter.page
    page.goto("/")
    picture(page, "start")
    page.get_by_label("Search the records").fill("tax on livestock")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("records")

    # Narrowed to measures of Mongolia, as the page counts them.
    narrow = page.get_by_role("complementary", name="Narrow the search")
    narrow.get_by_role("link", name="Measure", exact=True).click()
    narrow.get_by_role("link", name="Mongolia", exact=True).click()
    expect(page.get_by_label("Filters").get_by_role("listitem")).to_have_count(3)  # and "Take all off"
    picture(page, "search")
    counted = int(page.get_by_role("heading", level=2).first.inner_text().split()[0].replace(",", ""))
    first = page.get_by_role("region", name="Hits").get_by_role("listitem").first
    expect(first.locator("mark").first).to_be_visible()
    title = first.get_by_role("link").first.inner_text()
    first.get_by_role("link").first.click()

    # The record says where in its source it stands; its footnote is to be copied, its source to be kept.
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    identifier = page.url.rsplit("/", 1)[1]
    footnote = page.locator("#cite .footnote").inner_text()
    assert len(footnote) > 40
    assert page.locator(".evidence").first.is_visible()
    with page.expect_download() as taken:
        page.locator("#cite").get_by_role("link", name="RIS").click()
    assert taken.value.suggested_filename == f"{identifier}.ris"
    [source, *_] = rispy.loads(taken.value.path().read_text(encoding="utf-8"))
    assert (source.get("title") or source.get("primary_title"))[:20] in footnote

    # All that was found goes along too, sources alone.
    page.go_back()
    with page.expect_download() as taken:
        page.get_by_role("region", name="Hits").get_by_role("link", name="CSV", exact=True).click()
    assert len(taken.value.path().read_text(encoding="utf-8").splitlines()) == counted + 1
    drafter.close()


def test_a_slip_of_the_drafter_leads_to_what_was_meant(browser: Browser, served: str) -> None:
    drafter = Visitor(browser, served)
    drafter.page.goto("/")
    drafter.page.get_by_label("Search the records").fill("overgrasing")
    drafter.page.keyboard.press("Enter")
    drafter.page.get_by_role("link", name="overgrazing", exact=True).click()
    expect(drafter.page.get_by_role("heading", level=2).first).to_contain_text("records")
    drafter.close()


def test_the_nexus_at_a_glance_leads_to_its_interlinkages(browser: Browser, served: str) -> None:
    reader = Visitor(browser, served)
    reader.page.goto("/")
    join = reader.page.get_by_role("link", name="interlinkages join Climate and land")
    counted = (join.text_content() or "").strip()
    join.focus()
    reader.page.keyboard.press("Enter")
    expect(reader.page.get_by_role("heading", level=2).first).to_have_text(f"{counted} records")
    reader.close()


def test_searching_and_reading_need_no_script(browser: Browser, served: str) -> None:
    context = browser.new_context(base_url=served, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Search the records").fill("drought")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("complementary").get_by_role("link", name="Policy", exact=True).click()
    page.get_by_role("region", name="Hits").get_by_role("listitem").first.get_by_role("link").first.click()
    expect(page.locator("#cite")).to_be_visible()
    context.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_is_light(browser: Browser, served: str, path: str) -> None:
    visitor = Visitor(browser, served)
    answers: list[Response] = []
    visitor.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 -- it wants a function
    visitor.page.goto(path, wait_until="networkidle", timeout=120_000)  # the outline is made anew once
    sizes = {answer.url: answer.request.sizes()["responseBodySize"] for answer in answers}
    assert len(sizes) >= 2
    assert sum(sizes.values()) < MOST_BYTES, sizes
    visitor.context.close()


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_are_accessible_and_as_wide_as_the_window(
    browser: Browser, served: str, size: str, dark: bool
) -> None:
    visitor = Visitor(browser, served, size, dark=dark)
    found = {}
    for name, path in PAGES.items():
        if name == "record":  # of every kind in test_reader_journey
            continue
        visitor.page.goto(path)
        found[name] = visitor.accessibility()
        wider = visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, f"{path} is {wider} pixels wider than the window"
        if name in ("start", "search, hits") and (size, dark) in (("narrow", False), ("wide", True)):
            picture(visitor.page, f"{name.partition(',')[0]}-{'dark' if dark else size}")
    assert {name: faults for name, faults in found.items() if faults} == {}
    visitor.context.close()
    assert not visitor.foreign
