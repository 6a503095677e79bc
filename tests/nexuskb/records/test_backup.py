"""Backups: complete, verified, refused when damaged, and brought back whole while the ledger is in use."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rdflib import RDFS, Literal
from tests.conftest import environment
from tests.entering import People, policy

from nexuskb.cli import main
from nexuskb.errors import LedgerError, StaleError, TokenError
from nexuskb.people.log import read_log
from nexuskb.people.rights import Role
from nexuskb.people.sessions import open_session
from nexuskb.people.tokens import Grant, add_token, person_of, revoke_token
from nexuskb.records.backup import back_up, restore
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import VERSION, Ledger
from nexuskb.records.life import Step
from nexuskb.settings import Settings
from nexuskb.terms import record_iri

WIND = record_iri("mng-law-wind")


@pytest.fixture
def own_settings(settings: Settings, home: Path, tmp_path: Path) -> Settings:
    """A base of one curated file: checksums of the whole one take seconds."""
    (tmp_path / "data" / "mng").mkdir(parents=True)
    shutil.copy(settings.data / "mng" / "conflicts.ttl", tmp_path / "data" / "mng")
    return replace(settings, home=home, data=tmp_path / "data")


def enter(desk: Desk, people: People, title: str) -> None:
    desk.do(Step.SUBMIT, people.contributor, [Entry(WIND, policy(title=title), "*")])
    desk.do(Step.ACCEPT, people.editor, [Entry(WIND, None, "*")])


def rows(ledger: Ledger) -> dict[str, list]:
    tables = ("call", "act", "revision", "accepted", "standing")
    return {table: ledger.rows(f"SELECT * FROM {table}") for table in tables}


def title_in_base(desk: Desk, people: People) -> str:
    content = desk.look(people.editor, WIND).accepted
    assert content
    return next(str(o) for _, p, o in content.triples if p == RDFS.label)


def test_what_was_there_comes_back_and_what_came_after_goes(
    desk: Desk, people: People, own_settings: Settings, tmp_path: Path
) -> None:
    ledger = desk.ledger
    enter(desk, people, "First")
    then, head = rows(ledger), ledger.head
    made = back_up(own_settings, ledger, tmp_path / "b.sqlite")
    assert (made.head, made.records) == (head, 1)
    enter(desk, people, "Second")
    tag = desk.look(people.editor, WIND).tag
    done = restore(own_settings, ledger, tmp_path / "b.sqlite", by="root")
    assert rows(ledger) == then
    assert (ledger.head, done.backup, done.same_base) == (head, made, True)
    assert title_in_base(desk, people) == "First"  # the desk that was open notices
    with pytest.raises(StaleError):
        desk.do(Step.SAVE, people.editor, [Entry(WIND, policy(title="Late"), tag)])
    assert done.before
    back = restore(own_settings, ledger, done.before, by="root")
    assert back.backup.records == 1
    assert title_in_base(desk, people) == "Second"
    assert [logged.line.operation for logged in read_log(ledger)].count("restore") == 2


def test_a_tag_from_before_a_restore_does_not_fit_what_was_written_after(
    desk: Desk, people: People, own_settings: Settings, tmp_path: Path
) -> None:
    enter(desk, people, "First")
    back_up(own_settings, desk.ledger, tmp_path / "b.sqlite")
    desk.do(Step.SAVE, people.contributor, [Entry(WIND, policy(title="Lost"), "*")])
    lost = desk.look(people.contributor, WIND).tag
    restore(own_settings, desk.ledger, tmp_path / "b.sqlite", by="root")
    desk.do(Step.SAVE, people.contributor, [Entry(WIND, policy(title="New"), "*")])
    new = desk.look(people.contributor, WIND).tag
    assert lost.split("-")[0] == new.split("-")[0]
    with pytest.raises(StaleError):
        desk.do(Step.SUBMIT, people.contributor, [Entry(WIND, None, lost)])


def test_who_followed_the_changes_sees_that_they_are_others(
    desk: Desk, people: People, own_settings: Settings, tmp_path: Path
) -> None:
    enter(desk, people, "First")
    back_up(own_settings, desk.ledger, tmp_path / "b.sqlite")
    enter(desk, people, "Second")
    (*_, last) = desk.ledger.accepted()
    restore(own_settings, desk.ledger, tmp_path / "b.sqlite", by="root")
    assert desk.ledger.head_at(last.seq) is None
    enter(desk, people, "Third")
    assert desk.ledger.head_at(last.seq) not in (None, last.head)


def test_a_backup_starts_a_new_home_with_tokens_but_without_sessions(
    desk: Desk, people: People, own_settings: Settings, tmp_path: Path
) -> None:
    token = add_token(desk.ledger, Grant("Bat", Role.ADMIN), by="root")
    session = open_session(desk.ledger, token)
    enter(desk, people, "First")
    back_up(own_settings, desk.ledger, tmp_path / "b.sqlite")
    with Ledger.open(tmp_path / "new") as fresh:
        done = restore(own_settings, fresh, tmp_path / "b.sqlite", by="root")
        assert (fresh.head, done.before) == (desk.ledger.head, None)
        assert person_of(fresh, token).name == "Bat"
        assert fresh.rows("SELECT * FROM session") == []
        assert [logged.line.operation for logged in read_log(fresh)][-1] == "restore"
    assert desk.ledger.rows("SELECT COUNT(*) FROM session") == [(1,)]
    assert session.secret


def test_a_revoked_token_stays_revoked(desk: Desk, own_settings: Settings, tmp_path: Path) -> None:
    token = add_token(desk.ledger, Grant("Bat", Role.ADMIN), by="root")
    back_up(own_settings, desk.ledger, tmp_path / "b.sqlite")
    revoke_token(desk.ledger, "Bat", by="root")
    restore(own_settings, desk.ledger, tmp_path / "b.sqlite", by="root")
    with pytest.raises(TokenError):
        person_of(desk.ledger, token)


def test_what_was_written_stays_protected_after_a_restore(
    desk: Desk, people: People, own_settings: Settings, tmp_path: Path
) -> None:
    enter(desk, people, "First")
    back_up(own_settings, desk.ledger, tmp_path / "b.sqlite")
    restore(own_settings, desk.ledger, tmp_path / "b.sqlite", by="root")
    with pytest.raises(sqlite3.IntegrityError, match="never removed"), desk.ledger.writing() as connection:
        connection.execute("DELETE FROM accepted")


def test_a_backup_is_for_its_owner_alone_and_never_overwrites(
    desk: Desk, own_settings: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "b.sqlite"
    back_up(own_settings, desk.ledger, target)
    for path in (target, desk.ledger.path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = target.read_bytes()
    with pytest.raises(LedgerError, match="never overwrites"):
        back_up(own_settings, desk.ledger, target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["b.sqlite"]


def changed(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda p: changed(
                p, "UPDATE revision SET content = CAST(replace(content, 'wind', 'rain') AS BLOB)"
            ),
            "checksum",
        ),
        (lambda p: changed(p, "UPDATE accepted SET head = 'x'"), "does not follow"),
        (lambda p: changed(p, "DELETE FROM revision"), "checksum"),
        (lambda p: changed(p, "DROP TABLE backup"), "not a backup that"),
        (lambda p: changed(p, f"PRAGMA user_version = {VERSION + 1}"), "newer nexuskb"),
        (lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]), "backup"),
        (lambda p: p.write_bytes(b"no database"), "cannot be read|not a ledger|is damaged"),
        (os.unlink, "There is no file"),
    ],
)
def test_a_backup_that_is_not_what_it_was_is_refused_and_nothing_changes(
    desk: Desk,
    people: People,
    own_settings: Settings,
    tmp_path: Path,
    damage: Callable[[Path], object],
    message: str,
) -> None:
    enter(desk, people, "First")
    target = tmp_path / "b.sqlite"
    back_up(own_settings, desk.ledger, target)
    enter(desk, people, "Second")
    before = rows(desk.ledger)
    damage(target)
    with pytest.raises(LedgerError, match=message):
        restore(own_settings, desk.ledger, target, by="root")
    assert rows(desk.ledger) == before


def test_a_flipped_bit_anywhere_is_found_or_harmless(
    desk: Desk, people: People, own_settings: Settings, tmp_path: Path
) -> None:
    enter(desk, people, "First")
    made = back_up(own_settings, desk.ledger, tmp_path / "b.sqlite")
    whole = bytearray((tmp_path / "b.sqlite").read_bytes())
    refused = 0
    for place in range(100, len(whole), max(1, len(whole) // 25)):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path = tmp_path / f"f{place}.sqlite"
        path.write_bytes(flipped)
        with Ledger.open(tmp_path / f"home{place}") as fresh:
            try:
                restore(own_settings, fresh, path, by="root")
            except LedgerError:
                refused += 1
                assert fresh.head == ""
            else:
                assert fresh.head == made.head
                assert fresh.overlay() == desk.ledger.overlay()
        shutil.rmtree(tmp_path / f"home{place}")
    assert refused > 0


def test_the_commands_back_up_and_restore(
    desk: Desk, people: People, settings: Settings, own_settings: Settings, tmp_path: Path
) -> None:
    enter(desk, people, "First")
    runner = CliRunner(env=environment(own_settings))
    file = str(tmp_path / "b.sqlite")
    result = runner.invoke(main, ["backup", file])
    assert result.exit_code == 0, result.output
    assert f"1 records, head {desk.ledger.head}" in result.stdout
    enter(desk, people, "Second")
    result = runner.invoke(main, ["restore", file])
    assert result.exit_code == 0, result.output
    assert "before-restore-1.sqlite" in result.stdout
    assert title_in_base(desk, people) == "First"
    assert (WIND, RDFS.label, Literal("First", lang="en")) in desk.look(people.editor, WIND).content.triples
    runner = CliRunner(env=environment(replace(own_settings, data=settings.data)))
    result = runner.invoke(main, ["history", "mng-law-wind"])
    assert "Ed (editor) accept, accepted" in result.stdout
    assert "+ First" in result.stdout
    turtle = runner.invoke(main, ["history", "mng-law-wind", "--format", "turtle"]).stdout
    assert "prov:wasAssociatedWith" in turtle
