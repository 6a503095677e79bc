"""Passages of hits with what was found marked in them."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from nexuskb.search.building import COLUMNS, PARTS
from nexuskb.search.words import Search, fold

#: About how many characters of a text are shown before what was found, and in all.
_BEFORE: Final = 70
_SHOWN: Final = 260
#: Characters that no indexed text has.
_OPEN, _CLOSE = "\x02", "\x03"

Span = tuple[int, int]
Line = tuple[str, list[Span]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a passage; ``found`` if it is what was looked for."""

    text: str
    found: bool = False


Passage = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a hit: its whole label, and a passage if there is one to show.

    The passage is of its texts or titles; of its subjects and sources only if nothing else tells why it is
    a hit.
    """

    label: Passage
    passage: Passage


def passages(connection: sqlite3.Connection, search: Search, records: list[int]) -> dict[int, Shown]:
    """What to show of each of these records."""
    spans = _spans(connection, search, records)
    shown = {}
    for number, *texts in connection.execute(
        f"SELECT id, {', '.join(COLUMNS)} FROM record WHERE id IN ({_numbers(records)})"  # noqa: S608 -- numbers
    ):
        lines = {
            column: list(_lines(text, spans.get((number, column), set())))
            for column, text in zip(COLUMNS, texts, strict=True)
        }
        label, label_spans = lines["label"][0]
        best = _best([*lines["texts"], *lines["titles"]])
        if not best[1] and not (label_spans and best[0]):
            best = _best([best, *lines["subjects"], *lines["context"]])
        shown[number] = Shown(_pieces(label, label_spans), cut(*best))
    return {number: shown[number] for number in records}


def cut(text: str, spans: list[Span]) -> Passage:
    """The part of a text around the first of its spans, as pieces; where it has spaces, of whole words."""
    start = max(0, spans[0][0] - _BEFORE) if spans else 0
    if start:
        start = text.find(" ", start, spans[0][0]) + 1 or start
    end = len(text) if len(text) <= start + _SHOWN else start + _SHOWN
    if end < len(text):
        reached = max([start, *(b for _, b in spans if b <= end)])
        space = text.rfind(" ", reached, end)
        end = space if space > start else end
    inside = [(first - start, last - start) for first, last in spans if last <= end]
    before, after = Piece("… " if start else ""), Piece(" …" if end < len(text) else "")
    return tuple(piece for piece in (before, *_pieces(text[start:end], inside), after) if piece.text)


def _best(lines: list[Line]) -> Line:
    """The line with the most in it, the first of equals: the description, if nothing was found in any."""
    return max(lines, key=lambda line: len(line[1]))


def _pieces(text: str, spans: list[Span]) -> Passage:
    pieces, place = [], 0
    for first, last in spans:
        pieces += [Piece(text[place:first]), Piece(text[first:last], found=True)]
        place = last
    return tuple(piece for piece in (*pieces, Piece(text[place:])) if piece.text)


def _spans(
    connection: sqlite3.Connection, search: Search, records: list[int]
) -> dict[tuple[int, str], set[Span]]:
    """Where in each column of each record something was found."""
    spans: defaultdict[tuple[int, str], set[Span]] = defaultdict(set)
    wanted = [condition for condition in search.conditions if not condition.excluded]
    ways = dict.fromkeys(way for condition in wanted for part in condition.parts for way in part)
    for part, columns in PARTS.items():
        for kind in ("words", "stems"):
            phrases = " OR ".join(way.phrase for way in ways if way.kind == kind)
            if not phrases:
                continue
            table = f"{part}_{kind}"
            marked = ", ".join(f"highlight({table}, {place}, ?2, ?3)" for place in range(len(columns)))
            for number, *texts in connection.execute(
                f"SELECT rowid, {marked} FROM {table} WHERE {table} MATCH ?1 "  # noqa: S608 -- our names, numbers
                f"AND rowid IN ({_numbers(records)})",
                [phrases, _OPEN, _CLOSE],
            ):
                for column, text in zip(columns, texts, strict=True):
                    spans[number, column].update(_marked(text))
    runs = sorted({run for condition in wanted for run in condition.runs}, key=len, reverse=True)
    if runs:
        pattern = re.compile("|".join(map(re.escape, runs)), re.IGNORECASE)
        for number, *texts in connection.execute(
            f"SELECT id, {', '.join(COLUMNS)} FROM record WHERE id IN ({_numbers(records)})"  # noqa: S608 -- numbers
        ):
            for column, text in zip(COLUMNS, texts, strict=True):
                spans[number, column].update(match.span() for match in pattern.finditer(fold(text)))
    return spans


def _marked(text: str) -> Iterator[Span]:
    """The spans between the marks, counted without the marks."""
    for marks, match in enumerate(re.finditer(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}", text)):
        yield match.start() - 2 * marks, match.end() - 2 * marks - 2


def _lines(text: str, spans: Iterable[Span]) -> Iterator[Line]:
    """Each line with the spans in it, none of them reaching into another."""
    start = 0
    merged = _apart(spans)
    for line in text.split("\n"):
        end = start + len(line)
        yield line, [(max(a, start) - start, min(b, end) - start) for a, b in merged if a < end and b > start]
        start = end + 1


def _apart(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _numbers(records: list[int]) -> str:
    return ", ".join(str(int(number)) for number in records)
