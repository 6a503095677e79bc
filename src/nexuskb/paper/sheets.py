"""A pack as a spreadsheet: a sheet a question with every row of its answer, and one of the sources."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from nexuskb.exchange.citations.footnotes import footnote, plain
from nexuskb.exchange.citations.references import Citation
from nexuskb.paper.packs import Answer, Pack
from nexuskb.paper.word import undated
from nexuskb.terms import record_identifier

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MOST_CHARACTERS, _LONG = 32_767, 40


def as_workbook(pack: Pack) -> bytes:
    """The pack as the bytes of an ``.xlsx``; no cell holds a formula."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"{pack.section.number} {pack.section.title}", "keywords": pack.hash})
    looks = _Looks(
        book.add_format({"bold": True}),
        book.add_format({"bold": True, "bg_color": "#E6E6E6", "text_wrap": True}),
        book.add_format({"valign": "top"}),
        book.add_format({"valign": "top", "text_wrap": True}),
        book.add_format({"valign": "top", "quote_prefix": True}),
    )
    _fill(book.add_worksheet("About"), looks, ("What", "Value"), _about(pack))
    for number, answer in enumerate(pack.answers, start=1):
        name = _NOT_IN_NAMES.sub(" ", f"{number:02d} {answer.state.question.name or 'open'}")[:31]
        columns, rows = _rows(answer, pack)
        _fill(book.add_worksheet(name), looks, columns, rows, answer.state.question.text)
    _fill(
        book.add_worksheet("Sources"),
        looks,
        ("identifier", "footnote", "title", "author or publisher", "kind", "date", "address", "remarks"),
        (
            (
                each.identifier, plain(footnote([Citation(each)])), each.printed_title,
                each.author_or_publisher, each.kind, each.date, each.address, " ".join(each.remarks),
            )
            for each in pack.references
        ),
    )  # fmt: skip
    book.close()
    return undated(out.getvalue(), without_times=True)


def _about(pack: Pack) -> Iterable[tuple[str, str]]:
    yield "section", f"{pack.section.number} {pack.section.title}"
    yield "identifier", pack.section.identifier
    yield "state of review", pack.section.state
    yield "brief", pack.section.brief
    yield "generation of the base", pack.generation
    yield "SHA-256 of the content", pack.hash
    for words in pack.completeness.missing:
        yield "missing", words
    for words, names in pack.reservations.items():
        yield f"reservation: {words}", ", ".join(names)
    if not pack.completeness.comments:
        yield "comments of States", "none in the base"
    for comment in pack.completeness.comments:
        yield f"comment of {comment.reviewer}, {comment.date}", comment.comment


def _rows(answer: Answer, pack: Pack) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
    """All rows of an answer, with the footnotes and reservations of the findings that they name."""

    def found(row: dict[str, str]) -> list[str]:
        named = (record_identifier(value) for value in row.values())
        return [name for name in named if name in pack.findings]

    def cells(row: dict[str, str]) -> Sequence[str]:
        notes = [
            plain(footnote(pack.findings[name].citations, name))
            for name in found(row)
            if pack.findings[name].citations
        ]
        reserved = dict.fromkeys(words for name in found(row) for words in pack.findings[name].reservations)
        return [*(row.get(column, "") for column in answer.columns), "\n".join(notes), " ".join(reserved)]

    return [*answer.columns, "footnotes", "reservations"], map(cells, answer.rows)


@dataclass(frozen=True, slots=True)
class _Looks:
    title: Format
    heading: Format
    short: Format
    long: Format
    suspect: Format


def _fill(
    sheet: Worksheet, looks: _Looks, headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = ""
) -> None:
    first = 1 if title else 0
    if title:
        sheet.write_string(0, 0, title, looks.title)
    longest = [len(heading) for heading in headings]
    for column, heading in enumerate(headings):
        sheet.write_string(first, column, heading, looks.heading)
    last = first
    for last, row in enumerate(rows, start=first + 1):
        for column, value in enumerate(row):
            _write(sheet, last, column, value, looks)
            longest[column] = max(longest[column], len(value))
    for column, length in enumerate(longest):
        sheet.set_column(column, column, min(60, length + 2))
    sheet.freeze_panes(first + 1, 0)
    if last > first:
        sheet.autofilter(first, 0, last, len(headings) - 1)


def _write(sheet: Worksheet, row: int, column: int, value: str, looks: _Looks) -> None:
    """A number as a number; everything else as text that stays text, also when somebody edits it."""
    if _NUMBER.fullmatch(value):
        sheet.write_number(row, column, float(value), looks.short)
        return
    text = _UNPRINTABLE.sub("", value)[:_MOST_CHARACTERS]
    suspect = text.startswith(("=", "+", "-", "@", "\t", "\r"))
    look = looks.suspect if suspect else looks.long if len(text) > _LONG else looks.short
    sheet.write_string(row, column, text, look)
