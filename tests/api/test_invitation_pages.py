"""Invitations without answer on the queue page, over HTTP and on the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.api.html_reading import Page
from tests.conftest import environment, serving
from tests.homes import own_home

from nexuskb.people.rights import Role
from nexuskb.people.tokens import Grant, add_token
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings

POLICY = "mng-billion-trees-2021"


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return own_home(settings, tmp_path)


@pytest.fixture
def editor(own: Settings) -> Iterator[httpx.Client]:
    with Ledger.open(own.home) as ledger:
        token = add_token(ledger, Grant("Ed", Role.EDITOR), by="test")
    with (
        serving(own, NEXUSKB_CLIENT_SECONDS="0") as (at, _),
        httpx.Client(base_url=at, timeout=60, headers={"Authorization": f"Bearer {token}"}) as web,
    ):
        web.post("/signin", data={"token": token, "back": "/review"})
        yield web


def invitations(own: Settings, *more: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "nexuskb"), "invitations", *more]
    return subprocess.run(
        command, env=environment(own), capture_output=True, text=True, timeout=200, check=False
    )


def test_an_invitation_filed_on_the_page_is_listed_until_it_is_answered(
    editor: httpx.Client, own: Settings
) -> None:
    html = {"Accept": "text/html"}
    page = editor.get(f"/review/{POLICY}", headers=html).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    given = {"csrf": csrf[1], "do": "remark", "kind": "invitation", "text": "Your view?", "area": "mng"}
    refused = editor.post(f"/review/{POLICY}", data={**given, "answer_by": "soon"}, headers=html)
    assert (refused.status_code, "is not a day" in refused.text) == (409, True)
    done = editor.post(f"/review/{POLICY}", data={**given, "answer_by": "2020-02-28"}, headers=html)
    assert done.status_code == 303, done.text
    (listed,) = editor.get("/invitations").json()["invitations"]
    assert (listed["about"], listed["to"], listed["answer_by"], listed["overdue"]) == (
        [POLICY],
        ["Mongolia"],
        "2020-02-28",
        True,
    )
    name = listed["identifier"]
    queue = editor.get("/review", headers=html).text
    assert "Invitations without answer 1" in Page(queue).texts("h2")
    assert re.search("2020-02-28.*days over", queue)
    told = invitations(own)
    assert (told.returncode, name in told.stdout, "to Mongolia on" in told.stdout) == (1, True, True)
    early = invitations(own, "--on", "2020-02-27")
    assert (early.returncode, "1 days left" in early.stdout) == (0, True)
    assert f'<option value="{name}">' in editor.get(f"/review/{POLICY}", headers=html).text
    silence = {**given, "kind": "non-objection", "text": "No answer.", "responds_to": name}
    assert editor.post(f"/review/{POLICY}", data=silence, headers=html).status_code == 303
    assert editor.get("/invitations").json() == {"invitations": []}
    assert "Invitations without answer" not in editor.get("/review", headers=html).text
    assert invitations(own).returncode == 0
    assert httpx.get(editor.base_url.join("/invitations")).status_code == 401
