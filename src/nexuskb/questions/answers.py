"""Answers to named questions, with what must be said of the records they name.

Whatever form an answer takes, the reservations of its records go with it: rests on news alone, rests alone
on texts compiled in another State, rests on general knowledge, doubts of the editors.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import URIRef

from nexuskb.exchange.harmless import harmless
from nexuskb.terms import record_identifier

PlainRow = dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of plain values by column, and the reservations by record identifier."""

    columns: list[str]
    rows: list[PlainRow]
    reservations: dict[str, list[str]]

    def by_words(self) -> dict[str, list[str]]:
        """The identifiers of the records by what must be said of them."""
        grouped: dict[str, list[str]] = {}
        for identifier, reasons in sorted(self.reservations.items()):
            for words in reasons:
                grouped.setdefault(words, []).append(identifier)
        return grouped

    def of_row(self, row: PlainRow) -> str:
        """The reservations of the records in a row, in one text."""
        found = []
        for value in row.values():
            name = record_identifier(value)
            for words in self.reservations.get(name or "", []):
                if words not in found:
                    found.append(words)
        return " ".join(found)


def named_records(rows: Iterable[PlainRow]) -> list[str]:
    """The identifiers of the records that the rows name, in their order, each once.

    A record is named by its IRI, or in a column whose name ends in ``Records`` by its identifier in a list.
    """
    found: dict[str, None] = {}
    for row in rows:
        for column, value in row.items():
            if name := record_identifier(value):
                found[name] = None
            elif column.endswith("Records") and value != "none":
                found.update(dict.fromkeys(part for part in value.split(", ") if part))
    return list(found)


def reservations_query(rows: Iterable[PlainRow]) -> str | None:
    """The query for the reservations of all records that the rows name; ``None`` if they name none."""
    named = sorted({value for row in rows for value in row.values() if record_identifier(value)})
    if not named:
        return None
    values = " ".join(URIRef(value).n3() for value in named)
    return (
        f"SELECT ?record ?words WHERE {{ VALUES ?record {{ {values} }} ?record nx:reservation ?words }} "
        "ORDER BY ?record ?words"
    )


def answer(columns: list[str], rows: list[PlainRow], reserved: Iterable[PlainRow]) -> Answer:
    """Put rows and the rows of :func:`reservations_query` together."""
    reservations: dict[str, list[str]] = {}
    for row in reserved:
        reservations.setdefault(record_identifier(row["record"]) or row["record"], []).append(row["words"])
    return Answer(columns, rows, reservations)


def heading(column: str) -> str:
    """The heading of a column for people: ``adoptedOn`` is "Adopted on"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column).replace("_", " ").lower()
    return words[:1].upper() + words[1:]


def as_csv(given: Answer) -> str:
    """The answer as CSV (RFC 4180) with a last column for reservations.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*given.columns, "reservations"])
    for row in given.rows:
        cells = [*(row.get(name, "") for name in given.columns), given.of_row(row)]
        writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue()
