"""Backups of the ledger, made and brought back while it is in use.

A backup is one SQLite file: a copy of the ledger at one moment, with the checksums of what it holds. It is
verified when it is made and again before it is brought back. Sessions are left out; tokens are in it as
hashes only.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from rdflib import URIRef

from nexuskb.errors import LedgerError
from nexuskb.exchange.export import accepted_base
from nexuskb.people.log import Line, write_log
from nexuskb.records.ledger import Ledger, check_version, next_head, stamp, state_triple, sync_directory
from nexuskb.settings import Settings
from nexuskb.store.ntriples import checksum, read_ntriples

_TABLE = """CREATE TABLE backup (
  made TEXT NOT NULL, head TEXT NOT NULL, records INTEGER NOT NULL, overlay TEXT NOT NULL, base TEXT NOT NULL
) STRICT"""
_KEPT = ("call", "revision", "act", "accepted")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself.

    ``head`` is the ledger's, ``records`` how many records the ledger accepted or withdrew; ``overlay`` and
    ``base`` are SHA-256 of the canonical form (RDFC-1.0) of the accepted content of those, and of the whole
    accepted base with the curated files of that time.
    """

    made: str
    head: str
    records: int
    overlay: str
    base: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of bringing a backup back: the backup, whether the whole base is as it was then, and the
    backup of what was there before, if there was anything.
    """

    backup: Backup
    same_base: bool
    before: Path | None


def back_up(settings: Settings, ledger: Ledger, target: Path) -> Backup:
    """Copy the ledger as it is at this moment to a new file, verified and flushed.

    Others may go on reading and writing. Raises :class:`~nexuskb.errors.LedgerError`; there is no file then.
    """
    target = target.absolute()
    if target.exists():
        raise LedgerError(f"{target} is there already. A backup never overwrites: choose another name.")
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        scratch.touch(mode=0o600)
        with closing(sqlite3.connect(scratch, isolation_level=None)) as copy:
            ledger.copy_to(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("DELETE FROM session")
            copy.execute("DROP TABLE IF EXISTS backup")
            copy.execute(_TABLE)
            overlay = _overlay(copy)
            base = accepted_base(settings, ledger, overlay).checksum()
            made = Backup(stamp(ledger.clock()), _check_heads(copy), len(overlay), _checksum(overlay), base)
            values = [made.made, made.head, made.records, made.overlay, made.base]
            copy.execute("INSERT INTO backup VALUES (?, ?, ?, ?, ?)", values)
            copy.execute("VACUUM")
        _verified(scratch)
        with scratch.open("rb") as handle:
            os.fsync(handle.fileno())
        os.link(scratch, target)  # fails if somebody made it meanwhile
        sync_directory(target.parent)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise LedgerError(f"The backup {target} cannot be written: {reason}.") from error
    finally:
        scratch.unlink(missing_ok=True)
    return made


def restore(settings: Settings, ledger: Ledger, source: Path, *, by: str) -> Restored:
    """Bring a backup back in one transaction: all of what people entered is as it was then, or nothing is.

    What is there is backed up first, beside the ledger. Tokens stay as they are, so that none that was
    revoked comes alive again; those that only the backup has come with it. The log stays and grows by a line.
    ``by`` is who restores. Raises :class:`~nexuskb.errors.LedgerError`.
    """
    backup = _verified(source)
    before = None
    if ledger.row("SELECT 1 FROM call LIMIT 1"):
        before = _free_name(ledger.path.parent)
        back_up(settings, ledger, before)
    with ledger.attached(source) as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        triggers = connection.execute(
            "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND name GLOB '*_kept'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER main.{name}")
        for table in ("standing", *reversed(_KEPT)):
            connection.execute(f"DELETE FROM main.{table}")  # noqa: S608 -- a name of ours
        for table in (*_KEPT, "standing"):
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM given.{table}")  # noqa: S608 -- the same
        connection.execute("INSERT OR IGNORE INTO main.token SELECT * FROM given.token")
        if not connection.execute("SELECT 1 FROM main.log LIMIT 1").fetchone():
            connection.execute("INSERT INTO main.log SELECT * FROM given.log")
        for _, sql in triggers:
            connection.execute(sql)
        if _check_heads(connection) != backup.head:
            raise _differs(source)
        words = f"The backup of {backup.made}, head {backup.head or 'none'}"
        write_log(connection, ledger.clock(), Line(by, "restore", words=words))
    return Restored(backup, accepted_base(settings, ledger).checksum() == backup.base, before)


def _free_name(home: Path) -> Path:
    numbers = itertools.count(1)
    return next(p for n in numbers if not (p := home / f"before-restore-{n}.sqlite").exists())


def _verified(source: Path) -> Backup:
    """What a backup says of itself, after everything in it was checked."""
    if not source.is_file():
        raise LedgerError(f"There is no file {source}.")
    address = f"{source.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            check_version(connection, source)
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            row = None
            with suppress(sqlite3.OperationalError):
                row = connection.execute("SELECT made, head, records, overlay, base FROM backup").fetchone()
            if verdict != "ok" or row is None:
                raise LedgerError(
                    f"The file {source} is not a backup that `nexuskb backup` made"
                    + (f": {verdict}." if row else ".")
                )
            backup = Backup(*row)
            if connection.execute("PRAGMA foreign_key_check").fetchone():
                raise _differs(source)
            if _check_heads(connection) != backup.head or _checksum(_overlay(connection)) != backup.overlay:
                raise _differs(source)
            return backup
    except sqlite3.Error as error:
        raise LedgerError(f"The backup {source} cannot be read: {error}.") from error


def _differs(source: Path) -> LedgerError:
    return LedgerError(
        f"The backup {source} is not what it was when it was made: its checksum differs. Use another backup; "
        "nothing was changed."
    )


def _overlay(connection: sqlite3.Connection) -> dict[URIRef, bytes | None]:
    """What a copy of a ledger accepted, as :meth:`Ledger.overlay`."""
    rows = connection.execute(
        "SELECT a.record, MAX(a.seq), r.content FROM accepted a"
        " LEFT JOIN revision r ON r.record = a.record AND r.number = a.revision GROUP BY a.record"
    )
    return {
        URIRef(record): None if content is None else content + state_triple(URIRef(record), "accepted")
        for record, _, content in rows
    }


def _check_heads(connection: sqlite3.Connection) -> str:
    """The head that follows from the accepted changes. Raises ``sqlite3.Error`` if one is not right."""
    head = ""
    rows = connection.execute(
        "SELECT a.seq, a.record, r.digest, a.head FROM accepted a"
        " LEFT JOIN revision r ON r.record = a.record AND r.number = a.revision ORDER BY a.seq"
    )
    for number, (seq, record, digest, given) in enumerate(rows, 1):
        head = next_head(head, record, digest or "")
        if seq != number or head != given:
            raise sqlite3.DatabaseError(f"the accepted change {seq} does not follow from those before it")
    return head


def _checksum(overlay: dict[URIRef, bytes | None]) -> str:
    return checksum(t for content in overlay.values() if content for t in read_ntriples(content))
