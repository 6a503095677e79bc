"""The audit as page and JSON says what the command says."""

from __future__ import annotations

import datetime as dt

import httpx

from nexuskb.audit import audit
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore


def test_json_equals_the_audit_of_the_store(
    web: httpx.Client, store: OxigraphStore, settings: Settings
) -> None:
    expected = audit(store, settings.data, 10, dt.datetime.now(tz=dt.UTC).year).as_dict()
    assert web.get("/audit").json() == expected


def test_the_page_shows_every_area_and_that_nothing_is_wrong(web: httpx.Client) -> None:
    page = web.get("/audit", headers={"Accept": "text/html"})
    assert page.status_code == 200
    for area in web.get("/audit").json()["areas"]:
        assert area["area"].replace("'", "&#39;") in page.text
    assert "Claims without evidence: 0" in page.text


def test_the_start_page_leads_to_it(web: httpx.Client) -> None:
    assert 'href="/audit"' in web.get("/", headers={"Accept": "text/html"}).text
