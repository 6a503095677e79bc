"""The ledger: the durable truth of what people enter, one SQLite database under the home directory.

The accepted base is the curated files overlaid by :meth:`Ledger.overlay`; whatever is served is made from the
two and can be made again at any time. Writing goes through :class:`nexuskb.records.desk.Desk`.

Every commit is flushed to the disk before it is acknowledged (write-ahead log, ``synchronous=FULL``). Readers
see whole commits only and wait for nobody; one writer at a time, in whichever process.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from rdflib import URIRef

from nexuskb.errors import LedgerError
from nexuskb.store.ntriples import Triple
from nexuskb.terms import NX, concept_iri

#: The name of the ledger under the home directory.
LEDGER_FILE: Final = "ledger.sqlite"
#: Marks the file as ours (SQLite, PRAGMA application_id): "NXKB".
APPLICATION: Final = 0x4E584B42
#: Version of the tables (SQLite, PRAGMA user_version).
VERSION: Final = 1
#: Seconds that a writer waits for another to finish.
PATIENCE: Final = 60.0

_PORTION = 500
_FULL_CODES = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC)

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The time of the machine's clock."""
    return dt.datetime.now(tz=dt.UTC)


def stamp(time: dt.datetime) -> str:
    """A time as it is written down: UTC, to the second."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One change of the accepted base.

    ``seq`` counts from 1. ``triples`` are N-Triples of the record and its evidence with the review state
    ``accepted``; ``None`` when the record was withdrawn. ``head`` is the ledger's head after the change.
    """

    seq: int
    record: URIRef
    triples: bytes | None
    head: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A record's content that is not in the accepted base.

    ``state`` is the notation of its review state, such as ``in-review``; ``triples`` are N-Triples of the
    record and its evidence, with that state; ``tag`` is what ``if_match`` compares.
    """

    record: URIRef
    state: str
    revision: int
    tag: str
    author: str
    areas: frozenset[URIRef]
    triples: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record stands: the state of its latest revision, and which revision is in the base, if any."""

    record: URIRef
    state: str
    revision: int
    accepted: int | None
    tag: str
    author: str
    areas: frozenset[URIRef]


def state_triple(record: URIRef, state: str) -> bytes:
    """The statement of a review state as a line of N-Triples."""
    return f"{record.n3()} {NX.reviewState.n3()} {concept_iri('review', state).n3()} .\n".encode()


def state_triples(record: URIRef, state: str) -> set[Triple]:
    """The statement of a review state."""
    return {(record, NX.reviewState, concept_iri("review", state))}


class Ledger:
    """An open ledger. It can be used from any thread, and by several processes at once."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self.path = path
        self.clock = clock
        self._reading = threading.RLock()
        self._writing = threading.RLock()
        self._reader = _connect(path)
        try:
            _prepare(self._reader, path)
            self._writer = _connect(path)
        except BaseException:
            self._reader.close()
            raise

    @classmethod
    def open(cls, home: Path, clock: Clock = utc_now) -> Ledger:
        """Open the ledger under ``home``, an empty one if there is none yet.

        ``clock`` gives the times that are written down; nothing is ordered by them. Raises
        :class:`~nexuskb.errors.LedgerError`, for a ledger of a newer version too.
        """
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"The home directory {home} cannot be written: {error.strerror}. Set NEXUSKB_HOME."
            ) from error
        return cls(home / LEDGER_FILE, clock)

    def close(self) -> None:
        """Close it; a write that is going on is finished first."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def head(self) -> str:
        """Changes with every accepted change of the base; "" before the first.

        It is a hash over all changes, so that equal heads mean equal overlays.
        """
        row = self.row("SELECT head FROM accepted ORDER BY seq DESC LIMIT 1")
        return str(row[0]) if row else ""

    @property
    def seq(self) -> int:
        """The number of the last accepted change; 0 before the first."""
        row = self.row("SELECT MAX(seq) FROM accepted")
        return int(row[0] or 0) if row else 0

    def head_at(self, seq: int) -> str | None:
        """The head after the change ``seq``; "" for 0, ``None`` if there is no such change.

        Who follows the changes asks with the last one that it took: another head than then means that a
        backup was restored in between, and that it has to start over from :meth:`overlay`.
        """
        row = self.row("SELECT head FROM accepted WHERE seq = ?", seq)
        return str(row[0]) if row else ("" if seq == 0 else None)

    def accepted(self, after: int = 0) -> Iterator[Accepted]:
        """The accepted changes of the base after ``after``, in their order."""
        while rows := self.rows(
            "SELECT a.seq, a.record, r.content, a.head FROM accepted a"
            " LEFT JOIN revision r ON r.record = a.record AND r.number = a.revision"
            " WHERE a.seq > ? ORDER BY a.seq LIMIT ?",
            after,
            _PORTION,
        ):
            for seq, record, content, head in rows:
                yield Accepted(seq, URIRef(record), _with_state(record, content, "accepted"), head)
                after = seq

    def overlay(self) -> dict[URIRef, bytes | None]:
        """The latest accepted content of each record that the ledger accepted; ``None`` when withdrawn."""
        return {
            URIRef(record): _with_state(record, content, "accepted")
            for record, content in self.rows(
                "SELECT a.record, r.content FROM"
                " (SELECT record, MAX(seq), revision FROM accepted GROUP BY record) a"
                " LEFT JOIN revision r ON r.record = a.record AND r.number = a.revision ORDER BY a.record"
            )
        }

    def drafts(self) -> Iterator[Draft]:
        """The latest content of every record whose latest content is not accepted, by record.

        Not for everybody: :meth:`nexuskb.records.desk.Desk.drafts` gives what a person may see.
        """
        for row in self.rows(
            "SELECT s.record, s.state, s.revision, s.act, s.author, s.areas, r.content, r.digest"
            " FROM standing s JOIN revision r ON r.record = s.record AND r.number = s.revision"
            " WHERE s.state NOT IN ('accepted', 'withdrawn') ORDER BY s.record"
        ):
            record, state, revision, act, author, areas, content, digest = row
            triples = content + state_triple(URIRef(record), state)
            yield Draft(URIRef(record), state, revision, tag(act, digest), author, _iris(areas), triples)

    def standing(self, record: URIRef) -> Standing | None:
        """Where a record stands; ``None`` if nobody touched it here."""
        row = self.row(
            "SELECT s.state, s.revision, s.accepted, s.act, r.digest, s.author, s.areas FROM standing s"
            " JOIN revision r ON r.record = s.record AND r.number = s.revision WHERE s.record = ?",
            str(record),
        )
        if row is None:
            return None
        state, revision, accepted, act, digest, author, areas = row
        return Standing(record, state, revision, accepted, tag(act, digest), author, _iris(areas))

    def content(self, record: URIRef, revision: int) -> bytes | None:
        """A revision as N-Triples without review state; ``None`` if there is none of this number."""
        row = self.row("SELECT content FROM revision WHERE record = ? AND number = ?", str(record), revision)
        return bytes(row[0]) if row else None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query of our own."""
        with self._reading, _told(self.path):
            return self._reader.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """The first row of a query of our own."""
        with self._reading, _told(self.path):
            found: tuple[Any, ...] | None = self._reader.execute(query, values).fetchone()
            return found

    def copy_to(self, connection: sqlite3.Connection) -> None:
        """Copy all of the ledger, as it is at one moment, into an empty database (SQLite online backup)."""
        with _told(self.path), closing(_connect(self.path)) as own:
            own.backup(connection)

    @contextmanager
    def attached(self, other: Path) -> Iterator[sqlite3.Connection]:
        """A transaction of :meth:`writing` in which the tables of another file are called ``given.…``."""
        with self._writing, _told(self.path):
            self._writer.execute("ATTACH ? AS given", [f"{other.absolute().as_uri()}?mode=ro&immutable=1"])
            try:
                with self.writing() as connection:
                    yield connection
            finally:
                self._writer.execute("DETACH given")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: what is done in it is on the disk when it ends well, and nothing of it otherwise.

        Raises :class:`~nexuskb.errors.LedgerError` if the disk is full or another writer does not finish.
        """
        with self._writing, _told(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # a full disk has rolled it back already
                    self._writer.execute("ROLLBACK")
                raise


def tag(act: int, digest: str) -> str:
    """The tag of a record after an act that left it with a content of this digest.

    The act alone would not do: after a backup was restored, its number comes again.
    """
    return f"r{act}-{digest[:8]}"


def next_head(head: str, record: str, digest: str) -> str:
    """The head after a record's content got this digest, "" for a withdrawal."""
    return hashlib.sha256(f"{head}\n{record}\n{digest}\n".encode()).hexdigest()[:32]


def _connect(path: Path) -> sqlite3.Connection:
    with _told(path):
        if not path.exists():
            path.touch(mode=0o600)  # drafts are not for everybody on this machine
        connection = sqlite3.connect(
            path.absolute().as_uri(),
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new ledger, or make sure that this code knows those that are there."""
    with _told(path):
        check_version(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        if _number(connection, "user_version") == VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _number(connection, "user_version") == 0:  # nobody was faster
                for statement in _statements(
                    files("nexuskb.records").joinpath("ledger.sql").read_text("utf-8")
                ):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    sync_directory(path.parent)


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that a database is empty or a ledger that this code can read.

    Raises :class:`~nexuskb.errors.LedgerError` otherwise.
    """
    with _told(path):
        application, version = _number(connection, "application_id"), _number(connection, "user_version")
        empty = not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    if empty and application == version == 0:
        return
    if application != APPLICATION or version < 1:
        raise LedgerError(f"The file {path} is not a ledger of nexuskb. Move it away, or set NEXUSKB_HOME.")
    if version > VERSION:
        raise LedgerError(
            f"The ledger {path} was made by a newer nexuskb (version {version} of its tables; this one knows "
            f"{VERSION}). Nothing was changed. Install that version, or restore a backup made with this one."
        )


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """The statements of a script: executescript() would commit in between."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what SQLite says into words for people."""
    try:
        yield
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be used: {error.strerror}. Set NEXUSKB_HOME.") from error
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in _FULL_CODES:
            reason = "The disk is full, or the file may grow no further. Nothing of this was written."
        elif error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            reason = (
                f"Another writer has not finished for {PATIENCE:g} seconds. Try again; nothing was written."
            )
        else:
            reason = f"{error}. Nothing was written."
        raise LedgerError(f"The ledger {path} cannot be used: {reason}") from error
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        raise LedgerError(
            f"The ledger {path} is damaged: {error}. Move it away and restore a backup: nexuskb restore FILE."
        ) from error


def _with_state(record: str, content: bytes | None, state: str) -> bytes | None:
    return None if content is None else content + state_triple(URIRef(record), state)


def _iris(text: str) -> frozenset[URIRef]:
    return frozenset(URIRef(iri) for iri in text.split())


def sync_directory(directory: Path) -> None:
    """Flush the names in a directory to the disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
