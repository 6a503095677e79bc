"""A headless browser for the tests of the pages: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, sync_playwright
from tests.programs import program

_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Where the pictures of the documentation are made anew, if this is set.
PICTURES = os.environ.get("NEXUSKB_PICTURES")
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module: Playwright holds an event loop in this thread while it runs."""
    found = program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


def picture(page: Page, name: str) -> None:
    """Take a picture for the documentation."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


class Visitor:
    """A person with a browser of their own; notes what leaves the host and what goes wrong in a script."""

    def __init__(self, browser: Browser, address: str, size: str = "wide", *, dark: bool = False) -> None:
        width, height = SIZES[size]
        self.address = address
        self.context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.foreign: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self._hear(said.type, said.text))

    def _hear(self, kind: str, words: str) -> None:
        """Note an error of a page. Chromium tells the 422 of a form with mistakes in it as well."""
        if kind == "error" and "422" not in words:
            self.faults.append(words)

    def _note(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def accessibility(self) -> list[str]:
        """What axe-core finds on the page against WCAG 2.2 AA."""
        found = Axe().run(self.page, options={"runOnly": _WCAG})
        return [
            f"{each['id']}: {node['html'][:200]}"
            for each in found.response["violations"]
            for node in each["nodes"]
        ]

    def sign_in(self, token: str, back: str = "/add") -> None:
        """Sign in with a token."""
        self.page.goto(f"/signin?back={back}")
        self.page.get_by_label("Token").fill(token)
        with self.page.expect_navigation():  # scripts of the next page have run before anybody types
            self.page.get_by_role("button", name="Sign in").click()

    def close(self) -> None:
        """Close it; nothing went wrong and nothing was asked of another host."""
        self.context.close()
        assert not self.foreign, self.foreign
        assert not self.faults, self.faults
