"""What was acknowledged is there, whole, whatever happens to the processes and the disk."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import environment
from tests.nexuskb.records.writers import Anything, policy

from nexuskb.errors import LedgerError
from nexuskb.people.rights import Person, Role
from nexuskb.records.backup import back_up
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import LEDGER_FILE, Ledger, next_head, tag
from nexuskb.records.life import Step
from nexuskb.settings import Settings
from nexuskb.store.ntriples import read_ntriples
from nexuskb.terms import record_iri

ADA = Person("Ada", Role.ADMIN)
Acknowledged = list[list[list]]


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, home=tmp_path / "home")


def start(own: Settings, *arguments: str, **more: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).parent / "writers.py"), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env={**environment(own), **more}, stdout=pipe, stderr=pipe, text=True, cwd=own.home.parent
    )


def acknowledged(process: subprocess.Popen[str]) -> tuple[Acknowledged, str]:
    out, err = process.communicate()
    return [json.loads(line) for line in out.splitlines()], err


def check(home: Path, said: Acknowledged) -> Ledger:
    """Everything acknowledged is in the ledger, and everything in the ledger is whole."""
    ledger = Ledger.open(home)
    assert ledger.rows("PRAGMA integrity_check") == [("ok",)]
    assert ledger.rows("PRAGMA foreign_key_check") == []
    acts = {
        (record, tag(seq, digest)): (state, revision)
        for seq, record, state, revision, digest in ledger.rows(
            "SELECT a.seq, a.record, a.state, a.revision, r.digest FROM act a"
            " JOIN revision r ON r.record = a.record AND r.number = a.revision"
        )
    }
    for call in said:
        for record, state, revision, given in call:
            assert acts[record, given] == (state, revision)
    for (outcome,) in ledger.rows("SELECT outcome FROM call"):
        for record, state, revision, given, _ in json.loads(outcome)["done"]:
            assert acts[record, given] == (state, revision)
    calls = ledger.rows("SELECT call, COUNT(*) FROM act GROUP BY call")
    assert len(calls) == ledger.rows("SELECT COUNT(*) FROM call")[0][0]
    latest = ledger.rows("SELECT record, MAX(seq), state, revision FROM act GROUP BY record ORDER BY record")
    standing = ledger.rows("SELECT record, act, state, revision FROM standing ORDER BY record")
    assert latest == standing
    head = ""
    for number, change in enumerate(ledger.accepted(), 1):
        found = ledger.row("SELECT r.digest FROM accepted a JOIN revision r ON r.record = a.record"
                           " AND r.number = a.revision WHERE a.seq = ?", number)  # fmt: skip
        assert found
        head = next_head(head, change.record, found[0])
        assert (change.seq, change.head) == (number, head)
        assert read_ntriples(change.triples or b"")
    return ledger


def test_no_acknowledged_write_is_lost_and_none_is_half_there_when_writers_are_killed(own: Settings) -> None:
    own.home.mkdir()
    said, err = acknowledged(start(own, "kill", "40,2000"))
    assert err == ""
    assert len(said) > 1_900
    with check(own.home, said) as ledger:
        calls = ledger.rows("SELECT COUNT(*) FROM call")[0][0]
        assert len(said) <= calls  # some were killed before they could say so
        assert ledger.rows("SELECT call FROM act GROUP BY call HAVING COUNT(*) <> 2") == []
        in_base = {record for call in said for record, state, *_ in call if state == "accepted"}
        assert in_base <= {str(record) for record in ledger.overlay()}


def test_a_backup_of_a_ledger_in_use_is_one_moment_of_it(own: Settings, tmp_path: Path) -> None:
    small = replace(own, data=tmp_path / "data")
    small.data.mkdir()
    own.home.mkdir()
    process = start(own, "kill", "6,300")
    made = []
    with Ledger.open(own.home) as ledger:
        while process.poll() is None and len(made) < 5:
            made.append(back_up(small, ledger, tmp_path / f"{len(made)}.sqlite"))
    said, _ = acknowledged(process)
    check(own.home, said).close()
    assert made
    assert [backup.records for backup in made] == sorted(backup.records for backup in made)
    for number in range(len(made)):
        home = tmp_path / f"home{number}"
        home.mkdir()
        shutil.copy(tmp_path / f"{number}.sqlite", home / LEDGER_FILE)
        check(home, []).close()


def test_editors_of_one_record_in_several_processes_lose_nothing(own: Settings, model, shapes_graph) -> None:
    record = record_iri("shared")
    with Ledger.open(own.home) as ledger:
        Desk(ledger, Anything, model, shapes_graph).do(Step.SAVE, ADA, [Entry(record, policy(record, "0"))])
    said, err = acknowledged(start(own, "edit", "60"))
    assert err == ""
    with check(own.home, said) as ledger:
        revisions = [revision for ((_, _, revision, _),) in said]
        assert sorted(revisions) == list(range(2, len(said) + 2))
        assert ledger.rows("SELECT COUNT(*) FROM revision") == [(len(said) + 1,)]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, *options[1:]], capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED ON A FULL DISK: no right to mount one; the test with a limit stands for it")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def filled(own: Settings, **more: str) -> None:
    said, err = acknowledged(start(own, "fill", "", **more))
    refusals = err.splitlines()
    assert len(refusals) == 3, err
    assert all("disk is full" in line and "Nothing of this was written" in line for line in refusals)
    assert said[-1][0][0] == str(record_iri("filler-last"))
    assert len(said) > 20
    with check(own.home, said) as ledger:
        assert ledger.rows("SELECT COUNT(*) FROM call") == [(len(said),)]


def test_a_limit_of_the_file_size_refuses_what_does_not_fit_and_keeps_the_rest(own: Settings) -> None:
    own.home.mkdir()
    filled(own, MOST_BYTES=str(2 * 1024**2))


def test_a_full_disk_refuses_what_does_not_fit_and_keeps_the_rest(own: Settings, tiny_disk: Path) -> None:
    own = replace(own, home=tiny_disk / "home")
    own.home.mkdir()
    (own.home / "ballast").write_bytes(bytes(1024**2))
    filled(own)


def test_a_torn_log_leaves_the_calls_that_were_whole_in_it(
    own: Settings, tmp_path: Path, model, shapes_graph
) -> None:
    ledger = Ledger.open(own.home)
    ledger._writer.execute("PRAGMA wal_autocheckpoint = 0")
    desk = Desk(ledger, Anything, model, shapes_graph)
    sizes = []
    log = own.home / f"{LEDGER_FILE}-wal"
    for number in range(12):
        record = record_iri(f"r-{number}")
        desk.do(Step.SUBMIT, ADA, [Entry(record, policy(record, "x" * 3_000))])
        desk.do(Step.ACCEPT, ADA, [Entry(record, None, "*")])
        sizes.append(log.stat().st_size)
    whole = log.read_bytes()
    generator = random.Random(7)
    places = [*sizes, *(generator.randrange(sizes[0], len(whole)) for _ in range(25))]
    for number, place in enumerate(places):
        for kind, torn in (("cut", whole[:place]), ("noise", whole[:place] + generator.randbytes(9_000))):
            home = tmp_path / f"{kind}{number}"
            home.mkdir()
            shutil.copy(own.home / LEDGER_FILE, home)
            (home / f"{LEDGER_FILE}-wal").write_bytes(torn)
            with check(home, []) as opened:
                held = opened.rows("SELECT COUNT(*) FROM accepted")[0][0]
                assert held >= sum(size <= place for size in sizes)
                assert held <= sum(size <= place for size in sizes) + 1
            shutil.rmtree(home)
    ledger.close()


def test_a_page_that_was_overwritten_is_told_and_not_served(own: Settings, model, shapes_graph) -> None:
    with Ledger.open(own.home) as ledger:
        desk = Desk(ledger, Anything, model, shapes_graph)
        for number in range(20):
            record = record_iri(f"r-{number}")
            desk.do(Step.SUBMIT, ADA, [Entry(record, policy(record, "x" * 3_000))])
            desk.do(Step.ACCEPT, ADA, [Entry(record, None, "*")])
    path = own.home / LEDGER_FILE
    with sqlite3.connect(path) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'accepted'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(content)
    with Ledger.open(own.home) as ledger, pytest.raises(LedgerError, match=r"is damaged.*restore a backup"):
        ledger.overlay()
