"""The log of write acts and refusals: who, what, which records, with what outcome. It only ever grows.

It holds no token, no content, and nothing of a person but the name.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass

from nexuskb.records.ledger import Ledger, stamp

_MOST_WORDS = 500
_MOST_RECORDS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """What the log says of one act. ``token`` is a token's public part; ``outcome`` is done or refused."""

    who: str
    operation: str
    records: tuple[str, ...] = ()
    outcome: str = "done"
    words: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the log with its number and the time (UTC) at which it was written."""

    seq: int
    at: str
    line: Line


def write_log(connection: sqlite3.Connection, now: dt.datetime, line: Line) -> None:
    """Add a line, within a transaction of :meth:`~nexuskb.records.ledger.Ledger.writing`."""
    more = len(line.records) - _MOST_RECORDS
    records = " ".join(line.records[:_MOST_RECORDS]) + (f" +{more}" if more > 0 else "")
    connection.execute(
        "INSERT INTO log (at, who, token, operation, records, outcome, words) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [stamp(now), line.who, line.token, line.operation, records, line.outcome, line.words[:_MOST_WORDS]],
    )


def read_log(ledger: Ledger, after: int = 0, limit: int = 100) -> list[Logged]:
    """Lines of the log after a number, in the order in which they were written."""
    rows = ledger.rows(
        "SELECT seq, at, who, operation, records, outcome, words, token FROM log"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        after,
        limit,
    )
    return [
        Logged(seq, at, Line(who, operation, tuple(records.split()), outcome, words, token))
        for seq, at, who, operation, records, outcome, words, token in rows
    ]
