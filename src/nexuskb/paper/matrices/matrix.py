"""A matrix: headings, cells with the records behind them, and what each sign and an empty cell mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

#: Shades from light to dark, for cells and their legend; they differ in print without colour.
PLAIN: Final = "plain"
LIGHT: Final = "light"
MIDDLE: Final = "middle"
DARK: Final = "dark"
HATCHED: Final = "hatched"
DOTTED: Final = "dotted"


@dataclass(frozen=True, slots=True)
class Heading:
    """A row or column: its key, its words, a short form for a narrow column, its record, its group."""

    key: str
    text: str
    short: str = ""
    record: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, how it is shaded, what it says in words, and the records behind it."""

    text: str
    shade: str = PLAIN
    words: str = ""
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A bar on a line of time. ``until`` is ``None`` where no end is known; years may have fractions."""

    row: str
    start: float
    until: float | None
    shade: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix ready to be shown, written or drawn.

    ``question`` and ``parameters`` are the named question that it is made from; ``empty`` says what a cell
    without a sign means; ``legend`` what each shade means; ``note`` how to read it.
    """

    name: str
    title: str
    corner: str
    rows: tuple[Heading, ...]
    columns: tuple[Heading, ...]
    cells: dict[tuple[str, str], Cell]
    legend: tuple[tuple[str, str], ...]
    note: str
    empty: str
    question: str
    parameters: dict[str, str] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    marks: tuple[float, ...] = ()

    def cell(self, row: str, column: str) -> Cell:
        """The cell of a row and a column by their keys; an empty one where there is nothing."""
        return self.cells.get((row, column), Cell("", words=self.empty))

    def lines(self) -> Iterable[tuple[Heading, list[Cell]]]:
        """Each row with its cells in the order of the columns."""
        for row in self.rows:
            yield row, [self.cell(row.key, column.key) for column in self.columns]

    def as_dict(self) -> dict[str, Any]:
        """As plain data, cell by cell."""
        return {
            "matrix": self.name,
            "title": self.title,
            "note": self.note,
            "empty": self.empty,
            "question": self.question,
            "parameters": self.parameters,
            "legend": [{"shade": shade, "means": words} for shade, words in self.legend],
            "columns": [{"key": c.key, "text": c.text, "group": c.group} for c in self.columns],
            "rows": [
                {
                    "key": row.key,
                    "text": row.text,
                    "record": row.record,
                    "cells": {
                        column.key: {
                            "text": cell.text,
                            "words": cell.words,
                            "shade": cell.shade,
                            "records": list(cell.records),
                        }
                        for column, cell in zip(self.columns, cells, strict=True)
                    },
                }
                for row, cells in self.lines()
            ],
        }


def headings(pairs: Iterable[tuple[str, str]]) -> tuple[Heading, ...]:
    """Headings from keys and words, each once, in their order."""
    return tuple(Heading(key, text) for key, text in dict(pairs).items())


def tail(iri: str) -> str:
    """The last part of an IRI, as a key."""
    return iri.rsplit("/", 1)[-1]


def named(text: str) -> tuple[str, ...]:
    """The identifiers in a list of an answer."""
    return () if text in ("", "none") else tuple(text.split(", "))
