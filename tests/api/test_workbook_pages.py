"""Workbooks over the pages: taken along filled in, handed in changed, refused where somebody was faster."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import httpx
import pytest
from openpyxl import load_workbook
from tests.conftest import serving
from tests.homes import own_home

from nexuskb.exchange.sheets import FIRST_ROW, REVISIONS
from nexuskb.people.rights import Role
from nexuskb.people.tokens import Grant, add_token
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings

POLICY = "mng-billion-trees-2021"


@pytest.fixture(scope="module")
def address(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    own = own_home(settings, tmp_path_factory.mktemp("own"))
    with Ledger.open(own.home) as ledger:
        tokens = [add_token(ledger, Grant(name, Role.EDITOR), by="test") for name in ("Erdene", "Ed")]
    with serving(own, NEXUSKB_CLIENT_SECONDS="0") as (at, _):
        yield at, tokens[0], tokens[1]


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_workbook_taken_along_is_refused_when_somebody_was_faster(address: tuple[str, str, str]) -> None:
    at, erdene, ed = address
    with httpx.Client(base_url=at, timeout=60, headers={"Accept": "text/html"}) as web:
        before = web.get("/template", params={"with": POLICY})
        assert (before.status_code, before.headers["location"].partition("?")[0]) == (303, f"{at}/signin")
        web.post("/signin", data={"token": erdene, "back": "/import"})
        page = web.get("/import").text
        assert 'action="/template"' in page
        taken = web.get("/template", params={"with": POLICY})
        assert taken.headers["content-disposition"] == f'attachment; filename="{POLICY}.xlsx"'
        assert taken.headers["cache-control"] == "no-store"
        book = load_workbook(io.BytesIO(taken.content))
        assert book[REVISIONS].sheet_state == "hidden"
        sheet = book["Policy"]
        columns = {sheet.cell(1, n).value: n for n in range(1, sheet.max_column + 1)}
        sheet.cell(FIRST_ROW, columns["description"]).value = "It plants trees, as the expert says."
        out = io.BytesIO()
        book.save(out)
        headers = {"Authorization": f"Bearer {ed}", "If-Match": "*"}
        web.patch(f"/records/{POLICY}", json={"description": "The editor was faster."}, headers=headers)
        given = {"file": ("policy.xlsx", out.getvalue())}
        refused = web.post("/import", data={"csrf": csrf(page), "do": "submit"}, files=given)
        assert refused.status_code == 422
        assert "Ed changed the record on" in refused.text
        assert "Summary" in refused.text
        standing = web.get(f"/records/{POLICY}/standing", headers=headers).json()
        assert standing["record"]["description"] == "The editor was faster."
        as_it_is = {"file": ("policy.xlsx", web.get("/template", params={"with": "mng-ndc-2020"}).content)}
        same = web.post("/import", data={"csrf": csrf(page), "do": "submit"}, files=as_it_is)
        assert same.status_code == 200
        assert "Nothing in the workbook is new" in same.text


@pytest.mark.parametrize(
    ("identifier", "status", "says"),
    [
        ("mng-nothing", 404, "There is no record"),
        ("NO GOOD", 404, "is not an identifier"),
        (" ", 422, "Say which record"),
    ],
)
def test_a_record_that_cannot_be_taken_along_is_named(
    address: tuple[str, str, str], identifier: str, status: int, says: str
) -> None:
    at, erdene, _ = address
    with httpx.Client(base_url=at, timeout=60, headers={"Accept": "text/html"}) as web:
        web.post("/signin", data={"token": erdene, "back": "/import"})
        answer = web.get("/template", params={"with": identifier})
        assert (answer.status_code, says in answer.text) == (status, True)
