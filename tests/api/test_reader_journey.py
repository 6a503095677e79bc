"""A reader compares three States, and what pages for readers are like to everybody's eyes and hands."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.api.browsing import SIZES, Visitor

#: Where the pictures of the documentation are made anew, if this is set.
PICTURES = os.environ.get("NEXUSKB_PICTURES")
#: Records with much on their page, one of each kind that has some; the others are the first of their kind.
RICH = {
    "Policy": "mng-ndc-3-2025",
    "Interlinkage": "jpn-link-soil-coral",
    "Observation": "mng-data-land-affected-2020",
    "DriverFinding": "mng-driver-drought-2000s",
    "Target": "mng-bt-t1",
    "Source": "mng-src-ndc3",
}


def picture(page: Page, name: str, height: int = 1800) -> None:
    """Take a picture for the documentation."""
    if PICTURES:
        width = page.viewport_size["width"] if page.viewport_size else 1280
        clip = {"x": 0, "y": 0, "width": width, "height": height}
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True, clip=clip)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def kinds(served: str) -> dict[str, str]:
    """A record of every kind that there are records of."""
    with httpx.Client(base_url=served, timeout=60) as web:
        rows = web.get("/", headers={"Accept": "application/json"}).json()["rows"]
        found = {}
        for kind in (row["kind"] for row in rows):
            records = web.get("/search", params={"kind": kind, "format": "json"}).json()["hits"]
            found[kind] = RICH.get(kind, records[0]["identifier"])
    return found


def test_a_reader_compares_three_states(browser: Browser, served: str) -> None:
    reader = Visitor(browser, served)
    page = reader.page
    page.goto("/countries")
    page.get_by_role("link", name="Mongolia", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mongolia")
    picture(page, "country")
    page.get_by_role("link", name="China", exact=True).click()
    expect(page.get_by_label("Mongolia")).to_be_checked()
    expect(page.get_by_label("China")).to_be_checked()
    page.get_by_label("Republic of Korea", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("columnheader", name="Republic of Korea").first).to_be_visible()
    assert "areas=chn&areas=mng&areas=kor" in page.url
    picture(page, "compare")

    # From a gap in one cell to the records behind it, and back.
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Overgrazing"))
    row.get_by_role("cell").nth(1).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overgrazing, Mongolia")
    page.go_back()

    # The same three States on one question, and the answer to take along.
    page.get_by_label("What to compare").select_option("drivers-found-in-country")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("rowheader", name="Overgrazing")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    assert "Overgrazing" in taken.value.path().read_text(encoding="utf-8")
    page.get_by_role("row").filter(has_text="Overgrazing").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(page).to_have_url(re.compile("/records/"))
    reader.close()


def test_the_lists_of_a_record_say_what_its_drawing_says(browser: Browser, served: str) -> None:
    reader = Visitor(browser, served)
    page = reader.page
    page.goto("/records/mng-driver-drought-2000s")
    section = page.locator("#acts")
    drawn = set(section.locator("svg .node:not(.middle) title").all_text_contents())
    assert len(drawn) >= 3
    listed = section.locator(".acts").all_inner_texts()
    assert all(any(name in text for text in listed) for name in drawn)
    section.locator("svg a").first.focus()
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("drought-2000s$"))
    reader.close()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_pages_of_every_kind_of_record_can_be_used_by_everybody(
    browser: Browser, served: str, kinds: dict[str, str], size: str, dark: bool
) -> None:
    assert len(kinds) >= 15
    reader = Visitor(browser, served, size, dark=dark)
    for kind, identifier in kinds.items():
        reader.page.goto(f"/records/{identifier}")
        assert reader.accessibility() == [], kind
        wide = reader.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= SIZES[size][0], kind
        if kind == "Policy" and size == "wide" and not dark:
            picture(reader.page, f"record-{kind.lower()}", 1500)
    reader.close()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "address",
    [
        "/countries",
        "/countries/mng",
        "/countries/prk",
        "/countries/north-east-asia",
        "/compare",
        "/compare?areas=mng,chn,kor",
        "/compare?areas=mng,chn,kor&question=drivers-found-in-country",
    ],
)
def test_pages_of_countries_and_comparisons_can_be_used_by_everybody(
    browser: Browser, served: str, address: str, size: str, dark: bool
) -> None:
    reader = Visitor(browser, served, size, dark=dark)
    reader.page.goto(address)
    assert reader.accessibility() == []
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    reader.close()
