"""Ledgers as earlier versions wrote them, one of each version of the tables, are read and written on.

Each is kept as SQL text in ``old/``. Whoever changes the tables raises ``VERSION``, writes what brings the
older ones up to date, and adds one of the new version here.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.conftest import serving
from tests.entering import Clock, People

from nexuskb.people.tokens import person_of, tokens
from nexuskb.records.backup import back_up, restore
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import APPLICATION, LEDGER_FILE, VERSION, Ledger
from nexuskb.records.life import Step
from nexuskb.settings import Settings
from nexuskb.terms import record_iri

OLD = sorted((Path(__file__).parent / "old").glob("ledger-*.sql"))
WIND, DUST = record_iri("mng-law-wind"), record_iri("mng-law-dust")


@pytest.fixture(params=OLD, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, home: Path) -> Path:
    """A home with an old ledger in it."""
    home.mkdir()
    script = request.param.read_text(encoding="utf-8")
    connection = sqlite3.connect(home / LEDGER_FILE)
    connection.executescript(script)
    version = int(request.param.stem.removeprefix("ledger-"))
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    connection.close()
    return home


def test_there_is_one_of_every_version() -> None:
    assert [path.stem for path in OLD] == [f"ledger-{version}" for version in range(1, VERSION + 1)]


def test_nothing_of_it_is_lost(old: Path) -> None:
    with Ledger.open(old) as ledger:
        assert ledger.seq == 1
        assert ledger.head == "7fdf76fcce9c4c5450ec3332b7fd6421"
        wind = ledger.standing(WIND)
        assert wind is not None
        assert (wind.state, wind.revision, wind.accepted, wind.author) == ("draft", 2, 1, "Bat")
        [accepted] = ledger.accepted()
        assert accepted.record == WIND
        assert b"Law on Wind Erosion" in (accepted.triples or b"")
        assert [draft.record for draft in ledger.drafts()] == [DUST, WIND]
        [token] = tokens(ledger)
        assert token.name == "Bat"
        assert (
            person_of(ledger, "nexuskb_fc298150a466_6HNEjXzMagFP6DE9PKh4CFOmuW1gw6Na67ndBKhzX6g").name
            == "Bat"
        )
        assert ledger.row("PRAGMA user_version") == (VERSION,)


def test_people_go_on_where_they_were(old: Path, clock: Clock, open_desk: Callable[[Ledger], Desk]) -> None:
    with Ledger.open(old, clock) as ledger:
        desk, people = open_desk(ledger), People()
        for step, person in ((Step.SUBMIT, people.contributor), (Step.ACCEPT, people.editor)):
            standing = ledger.standing(WIND)
            assert standing is not None
            desk.do(step, person, [Entry(WIND, if_match=standing.tag)])
        assert ledger.seq == 2
        assert b"Law on Wind and Soil Erosion" in (ledger.overlay()[WIND] or b"")


def test_it_is_backed_up_and_restored(old: Path, own_settings: Settings, tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite"
    with Ledger.open(old) as ledger:
        assert back_up(own_settings, ledger, backup).records == 1
    with Ledger.open(tmp_path / "new") as ledger:
        restore(replace(own_settings, home=tmp_path / "new"), ledger, backup, by="op")
        assert ledger.head == "7fdf76fcce9c4c5450ec3332b7fd6421"


def test_what_it_accepted_is_served_and_a_store_of_an_older_layout_is_not_looked_at(
    old: Path, own_settings: Settings, settings: Settings, store
) -> None:
    shutil.copytree(settings.home / "generations", old / "generations")
    older = old / "generations" / ("0" * 32)
    older.mkdir(parents=True)
    (older / "content.json").write_text('{"files": "' + "0" * 32 + '", "seq": 0, "head": ""}')
    (older / "CURRENT").write_text("not a store")
    with serving(own_settings) as (address, _):
        found = httpx.get(f"{address}/records/mng-law-wind", headers={"Accept": "text/turtle"}, timeout=60)
        assert "Law on Wind Erosion" in found.text
        assert httpx.get(f"{address}/records/mng-law-dust", timeout=60).status_code == 404


def test_one_of_a_newer_version_is_left_as_it_is(old: Path) -> None:
    connection = sqlite3.connect(old / LEDGER_FILE)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    copy = old / "before"
    shutil.copyfile(old / LEDGER_FILE, copy)
    with pytest.raises(Exception, match="made by a newer nexuskb"):
        Ledger.open(old)
    assert (old / LEDGER_FILE).read_bytes() == copy.read_bytes()
