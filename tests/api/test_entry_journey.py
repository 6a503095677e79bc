"""An expert's afternoon in the browser: policies entered, two with mistakes, mended, reviewed, accepted."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect
from tests.api.browsing import Visitor, picture
from tests.conftest import environment, serving
from tests.entering import policy_document
from tests.homes import own_home
from tests.programs import program

from nexuskb.exchange.sheets import FIRST_ROW
from nexuskb.people.rights import Role
from nexuskb.people.tokens import Grant, add_token
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings

REPORT = "Annual report on pastures of the test"
TITLES = ("Law on Pastures of the Test", "Law on Soil of the Test", "Law on Workbooks of the Test")
_TITLES = """SELECT ?l { ?p a nx:Policy ; rdfs:label ?l FILTER(STRENDS(?l, "of the Test")) } ORDER BY ?l"""
EVIDENCE = {"source": "mng-src-legalinfo-land-law", "locator": "Art. 1", "assertion": "Asserted by the text"}
POLICY = "mng-law-workbook-test-2021"
WORKBOOK = {
    "Policy": [
        {
            "identifier": POLICY,
            "label": "Law on Workbooks of the Test",
            "labelStatus": "Official",
            "policyKind": "Law",
            "legalStatus": "In force",
            "area": "Mongolia",
            "domain": "Land",
            "adopted": "2021-03",
            "description": "A law that came in a workbook.",
            "basis": "Source",
        }
    ],
    "Measure": [
        {
            "identifier": f"{POLICY}-m1",
            "label": "Herds are counted",
            "area": "Mongolia",
            "ofPolicy": POLICY,
            "instrument": "Regulatory",
            "description": "Herds are counted every year.",
        }
    ],
    "Evidence": [{"record": POLICY, **EVIDENCE}, {"record": f"{POLICY}-m1", **EVIDENCE}],
}


@pytest.fixture(scope="module")
def own(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A base of its own: what is entered here is in nobody's way."""
    return own_home(settings, tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def tokens(own: Settings) -> dict[str, str]:
    with Ledger.open(own.home) as ledger:
        return {
            "expert": add_token(ledger, Grant("Erdene", Role.CONTRIBUTOR), by="test"),
            "editor": add_token(ledger, Grant("Editor", Role.EDITOR), by="test"),
        }


@pytest.fixture(scope="module")
def address(own: Settings, tokens: dict[str, str]) -> Iterator[str]:
    with serving(own, NEXUSKB_CLIENT_SECONDS="0") as (at, _):
        yield at


def fill_policy(page: Page, title: str, adopted: str) -> None:
    page.get_by_label("English title", exact=True).fill(title)
    page.get_by_label("Status of the English title").select_option("official")
    page.get_by_label("Kind of policy").select_option("law")
    page.get_by_label("Legal status").select_option("in-force")
    page.get_by_label("Land", exact=True).check()
    page.locator('input[name="area"][value="mng"]').check()
    page.get_by_label("Adopted (optional)").fill(adopted)
    page.get_by_label("Summary").fill(f"{title}, for a test of the forms.")
    page.get_by_label("Basis", exact=True).select_option("source")


def pick(page: Page, box: str, words: str, identifier: str) -> None:
    """Find a record as one types, and take it."""
    page.locator(f'[id="{box}"]').press_sequentially(words, delay=5)
    page.get_by_role("option").filter(has_text=identifier).first.click()
    expect(page.locator(f'[id="{box}"]')).to_have_value(identifier)


def filled(template: Path, driver: str, directory: Path) -> Path:
    """The workbook with a policy and a measure typed in, as LibreOffice saves it."""
    book = load_workbook(template)
    for title, row in WORKBOOK.items():
        sheet = book[title]
        columns = {sheet.cell(1, n).value: n for n in range(1, sheet.max_column + 1)}
        for number, each in enumerate(row, FIRST_ROW):
            for key, value in {**each, **({"addressesDriver": driver} if title == "Measure" else {})}.items():
                sheet.cell(number, columns[key]).value = value
    written = directory / f"filled-{driver}.xlsx"
    book.save(written)
    command = [
        program("soffice"),
        f"-env:UserInstallation=file://{directory}/profile",
        "--headless",
        "--convert-to",
    ]
    saved = directory / "saved"
    subprocess.run(
        [*command, "xlsx:Calc MS Excel 2007 XML", "--outdir", str(saved), str(written)],
        check=True,
        timeout=200,
        capture_output=True,
    )
    return saved / written.name


def hand_in(page: Page, workbook: Path, button: str) -> None:
    page.get_by_label("Workbook (.xlsx)").set_input_files(workbook)
    send(page, button)


def run_nexuskb(settings: Settings, *arguments: str) -> None:
    command = [str(Path(sys.executable).parent / "nexuskb"), *arguments]
    subprocess.run(command, env=environment(settings), check=True, capture_output=True, timeout=200)


def send(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def test_an_afternoon_of_an_expert(  # noqa: PLR0915 -- it is one afternoon
    browser: Browser,
    address: str,
    tokens: dict[str, str],
    own: Settings,
    tmp_path: Path,
) -> None:
    expert = Visitor(browser, address)
    page = expert.page
    page.goto("/add/Policy")
    expect(page).to_have_title(re.compile("Sign in"))
    expert.sign_in(tokens["expert"], "/add/Policy")
    expect(page.get_by_role("heading", name="Add a policy")).to_be_visible()

    # The first is right at once: with a source that the base does not have, and a measure.
    fill_policy(page, "Law on Pastures of the Test", "2019-05-17")
    page.get_by_text("It is not in the base yet").first.click()
    source = page.locator("details").first
    source.get_by_label("Title", exact=True).fill(REPORT)
    source.get_by_label("Its language").select_option("en")
    source.get_by_label("Kind of source").select_option("legal-text")
    source.get_by_label("Language", exact=True).fill("mn")
    source.get_by_label("Mongolia").check()
    source.get_by_label("Author or publisher").fill("State Great Khural")
    source.get_by_label("How it was read").select_option("full")
    page.locator('[id="f-evidence-0-locator"]').fill("Article 1")
    page.locator('[id="f-evidence-0-assertion"]').select_option("asserted")
    send(page, "Add a measure")
    page.locator('[id="f-measures-0-label"]').fill("Rest for pastures")
    page.locator('[id="f-measures-0-instrument"]').select_option("regulatory")
    page.locator('[id="f-measures-0-description"]').fill("Pastures rest every fourth year.")
    page.locator('[id="f-measures-0-addressesDriver"]').fill("Overgrazing")
    page.locator('[id="f-measures-0-evidence-0-locator"]').fill("Article 3")
    page.locator('[id="f-measures-0-evidence-0-assertion"]').select_option("asserted")
    picture(page, "entry-form")
    send(page, "Preview")
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    expect(page.get_by_text("Nothing is wrong with it")).to_be_visible()
    send(page, "Send for review")
    expect(page.get_by_role("status")).to_contain_text("mng-law-pastures-test-2019")

    # The second has two mistakes, and names a source that is there.
    page.goto("/add/Policy")
    fill_policy(page, "Law on Soil of the Test", "2020-13")
    pick(page, "f-evidence-0-source", "law on land revised", "mng-src-legalinfo-land-law")
    page.locator('[id="f-evidence-0-assertion"]').select_option("asserted")
    page.locator('[id="f-evidence-0-locator"]').fill("Article 1")
    send(page, "Add a measure")
    page.locator('[id="f-measures-0-label"]').fill("Soil is kept")
    page.locator('[id="f-measures-0-instrument"]').select_option("regulatory")
    page.locator('[id="f-measures-0-description"]').fill("Whoever uses land keeps its soil.")
    page.locator('[id="f-measures-0-addressesDriver"]').fill("overgrazng")
    page.locator('[id="f-measures-0-evidence-0-locator"]').fill("Article 2")
    page.locator('[id="f-measures-0-evidence-0-assertion"]').select_option("asserted")
    send(page, "Send for review")
    problems = page.locator(".problems").first
    expect(problems).to_contain_text("There are 2 things to mend")
    expect(problems).to_contain_text("overgrazing")
    picture(page, "entry-mistakes")
    problems.get_by_role("link", name="Adopted").click()
    expect(page.get_by_label("Adopted (optional)")).to_be_in_viewport()
    page.get_by_label("Adopted (optional)").fill("2020-12")
    page.locator('[id="f-measures-0-addressesDriver"]').fill("overgrazing")
    send(page, "Send for review")
    expect(page.get_by_role("status")).to_contain_text("mng-law-soil-test-2020-m1")

    # The editor asks for a change in one, and gets it.
    editor = Visitor(browser, address)
    editor.sign_in(tokens["editor"], "/review/mng-law-soil-test-2020")
    desk = editor.page
    picture(desk, "review")
    desk.get_by_label(re.compile("^Why")).fill("Say what the soil is kept from.")
    send(desk, "Ask for changes")
    expect(desk.get_by_role("status")).to_contain_text("changes asked for")
    page.goto("/edit/mng-law-soil-test-2020")
    page.get_by_label("Summary").fill("Law on Soil of the Test: soil is kept from wind and water.")
    send(page, "Send for review")
    expect(page.get_by_role("status")).to_contain_text("sent for review")
    desk.goto("/review/mng-law-soil-test-2020")
    expect(desk.locator("ins", has_text="wind and water").first).to_be_visible()

    # The third comes in a workbook that LibreOffice saved, with a mistake in a cell at first.
    page.goto("/import")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Policy", exact=True).click()
    template = tmp_path / "policy.xlsx"
    taken.value.save_as(template)
    hand_in(page, filled(template, "overgrazng", tmp_path), "Send for review")
    expect(page.locator(".problems").first).to_contain_text("overgrazing")
    expect(page.locator(".problems").first).to_contain_text("Measure!")
    picture(page, "entry-workbook")
    with page.expect_download() as back:
        page.get_by_role("link", name="Take back your workbook").click()
    back.value.save_as(tmp_path / "checked.xlsx")
    assert "Problems" in load_workbook(tmp_path / "checked.xlsx").sheetnames
    hand_in(page, filled(template, "Overgrazing", tmp_path), "Send for review")
    expect(page.get_by_role("status")).to_contain_text("mng-law-workbook-test-2021")

    # What belongs together is accepted together.
    desk.goto("/review")
    for box in desk.get_by_role("checkbox").all():
        box.check()
    picture(desk, "review-queue")
    send(desk, "Accept")
    expect(desk.get_by_role("status")).to_contain_text("in the base from now on")

    with httpx.Client(base_url=address, timeout=60) as web:
        query = "SELECT ?l { ?m nx:ofPolicy rec:mng-law-pastures-test-2019 ; rdfs:label ?l }"
        assert (
            web.get("/sparql", params={"query": query, "format": "csv"}).text.split("\r\n")[1]
            == "Rest for pastures"
        )
        hits = web.get(
            "/search", params={"q": "soil wind water test"}, headers={"Accept": "application/json"}
        ).json()
        assert "mng-law-soil-test-2020" in {hit["identifier"] for hit in hits["hits"]}
        shown = web.get("/records/mng-law-pastures-test-2019", headers={"Accept": "text/html"}).text
        assert "Law on Pastures of the Test" in shown
        assert "revision 1: accept" in shown
        assert "Erdene" not in shown
        titles = web.get("/sparql", params={"query": _TITLES, "format": "csv"}).text.splitlines()
    assert titles == ["l", *sorted(TITLES)]
    expert.close()
    editor.close()

    # What was entered is exported as the same files as the curated ones.
    run_nexuskb(own, "export", str(tmp_path / "base"))
    exported = (tmp_path / "base" / "mng" / "policies.ttl").read_text(encoding="utf-8")
    assert all(f'"{title}"@en' in exported for title in TITLES)


def test_what_was_typed_is_kept_until_it_is_sent(
    browser: Browser, address: str, tokens: dict[str, str]
) -> None:
    expert = Visitor(browser, address)
    expert.sign_in(tokens["expert"], "/add/Institution")
    page = expert.page
    page.get_by_label("Title or name").fill("An institution half typed")
    page.reload()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label("Title or name")).to_have_value("An institution half typed")
    expert.close()


def test_a_form_from_elsewhere_is_refused(address: str, tokens: dict[str, str]) -> None:
    with httpx.Client(base_url=address, timeout=60) as web:
        assert web.get("/review", headers={"Accept": "text/html"}).status_code == 303
        web.post("/signin", data={"token": tokens["expert"], "back": "https://elsewhere.example/"})
        refused = web.post("/add/Policy", data={"csrf": "guessed", "label": "x", "do": "save"})
        assert refused.status_code == 403
        assert web.post("/signin", data={"token": "nexuskb_0123_wrong", "back": "/add"}).status_code == 403
        cookie = next(iter(web.cookies.jar))
        assert cookie.has_nonstandard_attr("HttpOnly")


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_of_entry_are_accessible(
    browser: Browser, address: str, tokens: dict[str, str], size: str, dark: bool
) -> None:
    with httpx.Client(
        base_url=address, timeout=60, headers={"Authorization": f"Bearer {tokens['editor']}"}
    ) as web:
        web.post("/records", json=policy_document(f"mng-law-waiting-{size}-{'dark' if dark else 'light'}"))
        asked = {"kind": "invitation", "text": "Your view?", "area": "mng", "answer_by": "2020-02-28"}
        assert web.post("/records/mng-ndc-2020/comments", json=asked).status_code == 201
        assert web.get("/drafts").json()["drafts"]
    visitor = Visitor(browser, address, size, dark=dark)
    visitor.page.goto("/signin")
    found = {"/signin": visitor.accessibility()}
    visitor.sign_in(tokens["editor"])
    for path in (
        "/add",
        "/add/Policy",
        "/add/Interlinkage",
        "/review",
        "/import",
        "/edit/mng-ndc-2020",
        "/review/mng-ndc-2020",
    ):
        visitor.page.goto(path)
        found[path] = visitor.accessibility()
        wide = visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} is {wide} pixels wider than the window"
    assert {path: faults for path, faults in found.items() if faults} == {}
    visitor.close()
