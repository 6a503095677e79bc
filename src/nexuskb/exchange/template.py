"""Writes the workbook that experts fill in: drop-downs, help, required fields marked, all from the forms."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from nexuskb.exchange.harmless import TEXT_CELL
from nexuskb.exchange.sheets import (
    EVIDENCE_OF,
    FIRST_ROW,
    LISTS,
    MOST_ROWS,
    READ_ME,
    REVISIONS,
    Column,
    Sheet,
    joined,
    sheets_for,
)
from nexuskb.forms import Forms, Holds
from nexuskb.vocabulary import Scheme, Vocabularies

#: How many rows are made ready for typing.
_READY: Final = 500
_WORDS: Final = (
    "How to fill in this workbook",
    "A sheet for each kind of record, a record in each row. The third row says what goes where.",
    "Columns with * have to be filled in. Cells with a list open it with Alt and the down arrow.",
    "Several values in one cell: with a semicolon between them; in columns that say so, a line each "
    "(Alt+Enter). A semicolon that belongs to a value has a backslash in front: \\;",
    "Every record but a source needs evidence: on the sheet Evidence, a row for each passage, with the "
    "identifier of the record, the source and the place in it (article, paragraph, page, section or table).",
    "A source that the base does not have yet goes on the sheet Source.",
    "Dates are as precise as their source: 2012, 2012-05 or 2012-05-17. Never add a day that is not printed.",
    "Do not use formulas, macros or links to other files; paste values.",
    "Then: nexuskb import FILE.xlsx. It says what is wrong, in the cells; all rows enter, or none.",
)

Row = Mapping[str, list[str]]


def template(
    forms: Forms,
    vocabularies: Vocabularies,
    kinds: Iterable[str],
    rows: Mapping[str, list[Row]] | None = None,
    revisions: Mapping[str, str] | None = None,
) -> bytes:
    """A workbook for some kinds of record, empty or with ``rows``: by title of the sheet, values by column.

    ``revisions`` are the tags of the records in it, by identifier; they come back with the workbook.
    Raises :class:`~nexuskb.errors.UnknownTermError` for a kind that there is not.
    """
    given = rows or {}
    languages = {key.partition("@")[2] for listed in given.values() for row in listed for key in row} - {""}
    sheets = sheets_for(forms, kinds, sorted(languages))
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(out, options) as workbook:
        _Writing(workbook, vocabularies, sheets).write(given, revisions or {})
    return out.getvalue()


class _Writing:
    """A workbook under way: its formats and its lists."""

    def __init__(self, workbook: Workbook, vocabularies: Vocabularies, sheets: list[Sheet]) -> None:
        self._workbook = workbook
        self._vocabularies = vocabularies
        self._sheets = sheets
        top = {"valign": "top", "text_wrap": True}
        self._text = workbook.add_format({**TEXT_CELL, **top})
        self._title = workbook.add_format({"bold": True, "font_size": 14})
        self._plain = workbook.add_format(top)
        heading = {"bold": True, "font_color": "white", "text_wrap": True, "valign": "vcenter"}
        self._heading = workbook.add_format({**heading, "bg_color": "#3a6b4f"})
        self._required = workbook.add_format({**heading, "bg_color": "#9a3b26"})
        self._help = workbook.add_format(
            {"italic": True, "font_color": "#555555", "bg_color": "#f3f1ea", **top}
        )

    def write(self, rows: Mapping[str, list[Row]], revisions: Mapping[str, str]) -> None:
        """Write all sheets: words first, lists and revisions last and hidden."""
        self._read_me()
        pages = [(sheet, self._workbook.add_worksheet(sheet.title)) for sheet in self._sheets]
        lists = self._lists()
        for sheet, page in pages:
            self._sheet(sheet, page, lists, rows.get(sheet.title, []))
        if revisions:
            self._revisions(revisions)
        pages[0][1].activate()

    def _read_me(self) -> None:
        page = self._workbook.add_worksheet(READ_ME)
        page.set_column(0, 0, 100)
        for number, words in enumerate(_WORDS):
            page.write_string(number, 0, words, self._plain if number else self._title)

    def _lists(self) -> dict[str, str]:
        """A hidden column for each vocabulary, under a defined name: lists in place end at 255 characters."""
        page = self._workbook.add_worksheet(LISTS)
        page.hide()
        fields = [column.field for sheet in self._sheets for column in sheet.columns if column.field]
        schemes = dict.fromkeys(field.scheme for field in fields if field.scheme)
        lists: dict[str, list[str]] = {
            scheme: names_of(self._vocabularies.schemes[scheme]) for scheme in schemes
        }
        lists |= {f"choices {field.key}": list(field.choices) for field in fields if field.choices}
        named = {}
        for number, (key, names) in enumerate(lists.items()):
            column = xl_col_to_name(number)
            for row, name in enumerate(names):
                page.write_string(row, number, name, self._text)
            self._workbook.define_name(
                f"list_{number}", f"={LISTS}!${column}$1:${column}${max(len(names), 1)}"
            )
            named[key] = f"=list_{number}"
        return named

    def _revisions(self, revisions: Mapping[str, str]) -> None:
        page = self._workbook.add_worksheet(REVISIONS)
        page.hide()
        for number, (identifier, tag) in enumerate(revisions.items()):
            page.write_string(number, 0, identifier, self._text)
            page.write_string(number, 1, tag, self._text)

    def _sheet(self, sheet: Sheet, page: Worksheet, lists: Mapping[str, str], rows: list[Row]) -> None:
        page.freeze_panes(FIRST_ROW - 1, 1)
        page.set_row(0, None, None, {"hidden": True})
        page.set_row(1, 32)
        page.set_row(2, 92)
        last = FIRST_ROW - 1 + max(_READY, len(rows))
        for number, column in enumerate(sheet.columns):
            page.set_column(number, number, _width(column), self._text)
            page.write_string(0, number, column.key)
            heading: Format = self._required if column.required else self._heading
            page.write_string(
                1, number, f"{column.heading} *" if column.required else column.heading, heading
            )
            page.write_string(2, number, column.help, self._help)
            self._choices(column, page, number, last, lists)
        for place, row in enumerate(rows, FIRST_ROW - 1):
            for number, column in enumerate(sheet.columns):
                values = row.get(column.key)
                if values:
                    text = joined(values, column.field) if column.field and len(values) > 1 else values[0]
                    if column.field and not column.field.single:
                        text = joined(values, column.field)
                    page.write_string(place, number, text, self._text)

    def _choices(
        self, column: Column, page: Worksheet, number: int, last: int, lists: Mapping[str, str]
    ) -> None:
        field = column.field
        key = field.scheme or f"choices {field.key}" if field else ""
        source = lists.get(key) or self._own_records(column)
        if not source:
            return
        several = field is not None and not field.single
        page.data_validation(
            FIRST_ROW - 1,
            number,
            last,
            number,
            {
                "validate": "list",
                "source": source,
                "error_type": "warning",
                "error_title": "Not in the list",
                "error_message": "Choose from the list, or go on if it is the identifier of a record.",
                # A cell for several values holds more than one of the list.
                "show_error": not several and bool(lists.get(key)),
            },
        )

    def _own_records(self, column: Column) -> str:
        """The identifiers on another sheet, for a column that names records of its kind."""
        titles = {sheet.form.cls: sheet.title for sheet in self._sheets}
        classes = column.field.classes if column.field and column.field.holds is Holds.RECORD else ()
        if column.key == EVIDENCE_OF:
            return f"='{self._sheets[0].title}'!$A${FIRST_ROW}:$A${MOST_ROWS + FIRST_ROW - 1}"
        if len(classes) != 1 or classes[0] not in titles:
            return ""
        return f"='{titles[classes[0]]}'!$A${FIRST_ROW}:$A${MOST_ROWS + FIRST_ROW - 1}"


def names_of(scheme: Scheme) -> list[str]:
    """The terms of a vocabulary as a list shows them: by label, or by key where two have the same."""
    labels = [term.label for term in scheme.terms]
    return [
        term.label if labels.count(term.label) == 1 and ";" not in term.label else term.key
        for term in scheme.terms
    ]


def _width(column: Column) -> int:
    if column.field is None:
        return 28
    wide = column.field.about.group == "Content" or column.field.key == "label"
    return 48 if wide else 26 if column.field.holds in (Holds.RECORD, Holds.THING, Holds.TERM) else 20
