"""The answer to a SELECT as a workbook (Office Open XML), for people who go on working in a spreadsheet.

Every value is in the sheet as the answer has it. Only numbers that a spreadsheet holds exactly become
numbers; all else is text, so that nothing is taken for a formula, a date or an address to be opened.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from rdflib import XSD
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from nexuskb.errors import QueryLimitError

#: A term as in SPARQL 1.1 Query Results JSON.
Term = Mapping[str, str]

#: What a sheet holds at most: rows with that of the names, and characters in a cell.
_MOST_ROWS: Final = 1_048_576
_MOST_CHARACTERS: Final = 32_767
#: Digits that the double of a cell holds for certain.
_EXACT_DIGITS: Final = 15
_NUMBERS: Final = frozenset(str(XSD[name]) for name in ("integer", "decimal", "double", "float"))
_WIDEST: Final = 60
#: Nothing of a text is guessed at, and rows leave the memory as they are written.
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
}


def as_workbook(
    variables: Sequence[str], rows: Sequence[Mapping[str, Term]], query: str, generation: str
) -> bytes:
    """A workbook with the rows on one sheet, and on another the query and the generation that answered.

    ``rows`` are bindings as in SPARQL 1.1 Query Results JSON. Raises :class:`QueryLimitError` for more than a
    sheet or a cell holds.
    """
    if len(rows) >= _MOST_ROWS:
        raise QueryLimitError(
            f"The answer has {len(rows):,} rows, more than a sheet holds. Take format=csv.", "page size"
        )
    out = io.BytesIO()
    with Workbook(out, _OPTIONS) as workbook:
        bold = workbook.add_format({"bold": True})
        sheet = workbook.add_worksheet("Results")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(variables):
            sheet.set_column(column, column, _width(name, rows))
        for column, name in enumerate(variables):
            _write_text(sheet, 0, column, name, bold)
        for place, row in enumerate(rows, start=1):
            for column, name in enumerate(variables):
                if (term := row.get(name)) is not None:
                    _write(sheet, place, column, term)
        about = workbook.add_worksheet("Query")
        about.set_column(0, 0, 2 * _WIDEST)
        for place, line in enumerate(_about(query, generation)):
            _write_text(about, place, 0, line)
    return out.getvalue()


def _about(query: str, generation: str) -> Iterable[str]:
    yield f"Answered from generation {generation} of the knowledge base."
    yield ""
    for line in query.splitlines():
        yield line[:_MOST_CHARACTERS]


def _width(name: str, rows: Sequence[Mapping[str, Term]]) -> int:
    """Characters to show of a column, by its first rows."""
    shown = (len(row[name]["value"]) for row in rows[:200] if name in row)
    return min(_WIDEST, max(len(name), *shown, 8) + 2)


def _write(sheet: Worksheet, row: int, column: int, term: Term) -> None:
    number = _exact(term["value"]) if term.get("datatype") in _NUMBERS else None
    if number is None:
        _write_text(sheet, row, column, term["value"])
    else:
        sheet.write_number(row, column, number)


def _exact(value: str) -> float | None:
    """The number, if a cell holds all of its digits."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > _EXACT_DIGITS:
        return None
    return float(number)


def _write_text(sheet: Worksheet, row: int, column: int, text: str, *form: object) -> None:
    if len(text) > _MOST_CHARACTERS:
        raise QueryLimitError(
            f"A value in row {row + 1} has {len(text):,} characters, too many for a cell. Take format=csv.",
            "page size",
        )
    sheet.write_string(row, column, text, *form)
