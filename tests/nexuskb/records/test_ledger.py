"""The ledger as a file: made, opened again, refused, and what its tables do not let happen."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nexuskb.errors import LedgerError
from nexuskb.records.ledger import LEDGER_FILE, VERSION, Ledger
from nexuskb.terms import record_iri


def test_a_new_ledger_has_no_head_and_nothing_in_it(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "home") as ledger:
        assert ledger.head == ""
        assert ledger.head_at(0) == ""
        assert ledger.head_at(1) is None
        assert list(ledger.accepted()) == []
        assert ledger.overlay() == {}
        assert list(ledger.drafts()) == []
        assert ledger.standing(record_iri("mng-x")) is None


def test_commits_are_flushed_and_readers_do_not_wait(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger, ledger.writing() as writer:
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert writer.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert ledger.head == ""


def test_what_is_interrupted_leaves_no_trace(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"), ledger.writing() as writer:
            writer.executemany("INSERT INTO log VALUES (?, '', '', '', '', '', '', '')", [[1], [2], [1]])
        assert ledger.rows("SELECT * FROM log") == []


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    with sqlite3.connect(tmp_path / LEDGER_FILE) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = (tmp_path / LEDGER_FILE).read_bytes()
    with pytest.raises(LedgerError, match=rf"newer nexuskb \(version {VERSION + 1} of its tables"):
        Ledger.open(tmp_path)
    assert (tmp_path / LEDGER_FILE).read_bytes() == before


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / LEDGER_FILE) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(LedgerError, match="not a ledger of nexuskb"):
        Ledger.open(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / LEDGER_FILE).write_bytes(b"no database at all " * 100)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite is damaged.*restore"):
        Ledger.open(tmp_path)


@pytest.mark.parametrize("table", ["call", "revision", "act", "accepted", "log"])
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = 9", "DELETE FROM {}"])
def test_what_was_written_is_neither_changed_nor_removed(tmp_path: Path, table: str, change: str) -> None:
    rows = {
        "call": "1, '', '', '', '', '', NULL, '', ''",
        "revision": "'a', 1, x'', ''",
        "act": "1, 1, 'a', '', '', 1",
        "accepted": "1, 1, 'a', 1, ''",
        "log": "1, '', '', '', '', '', '', ''",
    }
    with Ledger.open(tmp_path) as ledger:
        with ledger.writing() as writer:
            for name, values in rows.items():
                writer.execute(f"INSERT INTO {name} VALUES ({values})")
        with pytest.raises(sqlite3.IntegrityError, match="never"), ledger.writing() as writer:
            writer.execute(change.format(table))
        assert len(ledger.rows(f"SELECT * FROM {table}")) == 1


def test_a_ledger_that_may_not_grow_says_so_and_holds_what_it_held(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        with ledger.writing() as writer:
            writer.execute("INSERT INTO revision VALUES ('a', 1, x'00', '')")
            pages = writer.execute("PRAGMA page_count").fetchone()[0]
        ledger._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(LedgerError, match="disk is full"), ledger.writing() as writer:
            writer.executemany(
                "INSERT INTO revision VALUES (?, 1, zeroblob(?), '')", [("b", 1), ("c", 1_000_000)]
            )
        assert ledger.rows("SELECT record FROM revision") == [("a",)]
        with ledger.writing() as writer:
            writer.execute("INSERT INTO revision VALUES ('d', 1, x'00', '')")
        assert ledger.rows("SELECT record FROM revision") == [("a",), ("d",)]
