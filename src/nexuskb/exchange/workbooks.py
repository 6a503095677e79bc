"""Workbooks that people hand in, read into a submission once they have been found harmless."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from rdflib import URIRef

from nexuskb.errors import Fault, SubmissionError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.hazards import check_workbook
from nexuskb.exchange.identifiers import Taken, never
from nexuskb.exchange.sheets import (
    EVIDENCE_OF,
    FIRST_ROW,
    LISTS,
    MOST_ROWS,
    PROBLEMS,
    READ_ME,
    REVISIONS,
    Column,
    Sheet,
    all_sheets,
    split,
)
from nexuskb.exchange.submission import Places, Submission
from nexuskb.forms import Forms
from nexuskb.terms import IDENTIFIER_PATTERN, record_identifier, record_iri
from nexuskb.vocabulary import nearest_name

MOST_COLUMNS: Final = 120
#: The media type of workbooks (.xlsx).
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_NO_RECORDS = (READ_ME, LISTS, PROBLEMS, REVISIONS)


@dataclass(slots=True)
class _Rows:
    """The records of a workbook as documents, and the cell of each of their parts by JSON pointer."""

    documents: list[dict[str, object]] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_workbook(body: bytes, documents: Documents, taken: Taken = never) -> Submission:
    """Read the records of a workbook made by ``nexuskb template``.

    The places of the submission are cells, such as ``Policy!C5``. Raises
    :class:`~nexuskb.errors.SubmissionError`: for the whole file if it is not one or is dangerous, or with the
    cell of each fault.
    """
    check_workbook(body)
    sheets = all_sheets(documents.forms)
    workbook = open_workbook(body)
    rows = _rows(workbook, sheets, documents.forms)
    if rows.faults:
        raise SubmissionError(rows.faults)
    if not rows.documents:
        raise SubmissionError([Fault(f"The workbook holds no records; the first goes into row {FIRST_ROW}.")])
    try:
        read = documents.read(rows.documents, taken=taken)
    except SubmissionError as error:
        faults = [replace(fault, place=_cell(rows, fault.place)) for fault in error.faults]
        raise SubmissionError(faults) from error
    places = _places(rows, read.places, documents.forms)
    return Submission(read.records, read.triples, places, _revisions(workbook))


def open_workbook(body: bytes, *, streaming: bool = True) -> Workbook:
    """Open a workbook that was checked. Raises :class:`~nexuskb.errors.SubmissionError` if it is damaged."""
    try:
        return load_workbook(io.BytesIO(body), read_only=streaming, keep_links=False)
    except Exception as error:
        raise SubmissionError([Fault("The workbook is damaged. Save it anew as .xlsx.")]) from error


def _rows(workbook: Workbook, sheets: dict[str, Sheet], forms: Forms) -> _Rows:
    found = _Rows()
    pages = [page for page in workbook.worksheets if page.title not in _NO_RECORDS]
    evidence: list[tuple[str, dict[str, object], dict[str, str]]] = []
    for page in pages:
        sheet = sheets.get(page.title)
        if sheet is None:
            near = nearest_name(page.title, sheets)
            message = f"There is no kind of record {page.title!r}. Sheets are named {', '.join(sheets)}."
            found.faults.append(Fault(message, f"{page.title}!A1", suggestion=near))
            continue
        for row, cells in _documents(page, sheet, found):
            if sheet.form is forms.evidence:
                evidence.append((str(row.pop(EVIDENCE_OF, "")), row, cells))
                continue
            pointer = f"/{len(found.documents)}"
            found.documents.append({"kind": sheet.form.key, **row})
            found.columns[pointer] = cells
            found.cells |= {f"{pointer}/{key}" if key else pointer: cell for key, cell in cells.items()}
    _attach(evidence, found)
    return found


def _revisions(workbook: Workbook) -> dict[URIRef, str]:
    """The tags of the records that the workbook was filled in with."""
    if REVISIONS not in workbook.sheetnames:
        return {}
    page = workbook[REVISIONS]
    page.reset_dimensions()
    rows = page.iter_rows(max_row=MOST_ROWS, max_col=2, values_only=True)
    pairs = [(_text(row[0]), _text(row[1])) for row in rows if len(row) > 1]
    return {record_iri(name): tag for name, tag in pairs if IDENTIFIER_PATTERN.fullmatch(name)}


def _attach(evidence: list[tuple[str, dict[str, object], dict[str, str]]], found: _Rows) -> None:
    """Put passages into the documents of the records that they support."""
    by_identifier = {str(d.get("identifier")): n for n, d in enumerate(found.documents)}
    for named, row, cells in evidence:
        number = by_identifier.get(record_identifier(named) or named)
        if number is None:
            place = cells.get(EVIDENCE_OF, cells[""])
            near = nearest_name(named, [name for name in by_identifier if name != "None"])
            message = "Of record: name a record of this workbook by its identifier; fill that in there too."
            found.faults.append(Fault(message, place, "Of record", named, near))
            continue
        passages = found.documents[number].setdefault("evidence", [])
        assert isinstance(passages, list)  # noqa: S101 -- made in the line before
        pointer = f"/{number}/evidence/{len(passages)}"
        passages.append(row)
        found.columns[pointer] = cells
        found.cells |= {f"{pointer}/{key}" if key else pointer: cell for key, cell in cells.items()}


def _documents(
    page: object, sheet: Sheet, found: _Rows
) -> Iterator[tuple[dict[str, object], dict[str, str]]]:
    """Each row with something in it as a document, with the cell of each key; of the whole under ``""``."""
    page.reset_dimensions()  # type: ignore[attr-defined] # what the file says of its size may be wrong
    rows = page.iter_rows(max_row=FIRST_ROW + MOST_ROWS - 1, max_col=MOST_COLUMNS)  # type: ignore[attr-defined]
    columns: list[Column | None] = []
    for number, cells in enumerate(rows, 1):
        values = [_text(cell.value) for cell in cells]
        if number == 1:
            columns = _known_columns(values, sheet, found)
        if number < FIRST_ROW or not any(values):
            continue
        places = {"": f"{sheet.title}!A{number}"}
        document: dict[str, object] = {}
        for place, (column, text) in enumerate(zip(columns, values, strict=False), 1):
            if column is None:
                continue
            cell = f"{sheet.title}!{get_column_letter(place)}{number}"
            key = column.key.partition("@")[0]
            if text or key not in places:
                places[key] = cell
            if column.language and column.key != key:
                places[f"{key}/{column.language}"] = cell
            if text:
                _put(document, column, text)
        yield document, places


def _known_columns(keys: list[str], sheet: Sheet, found: _Rows) -> list[Column | None]:
    known = {column.key: column for column in sheet.columns}
    listed: list[Column | None] = []
    for place, key in enumerate(keys, 1):
        name, _, language = key.partition("@")
        column = known.get(key)
        if column is None and language and f"{name}@en" in known:
            column = replace(known[f"{name}@en"], key=key, language=language, required=False)
        if column is None and key:
            cell = f"{sheet.title}!{get_column_letter(place)}1"
            message = f"The sheet {sheet.title} has no field {key!r}; do not change its first row."
            found.faults.append(Fault(message, cell, key, suggestion=nearest_name(key, known)))
        listed.append(column)
    if not any(listed):
        message = (
            f"The first row of the sheet {sheet.title} has no keys of fields; start from nexuskb template."
        )
        found.faults.append(Fault(message, f"{sheet.title}!A1"))
    return listed


def _put(document: dict[str, object], column: Column, text: str) -> None:
    key = column.key.partition("@")[0]
    if column.field is None:
        document[key] = text
    elif column.key != key:
        texts = document.setdefault(key, {})
        assert isinstance(texts, dict)  # noqa: S101 -- made in the line before
        texts[column.language] = text if column.field.single else split(text, column.field)
    elif column.field.single:
        document[key] = text
    else:
        document[key] = split(text, column.field)


def _text(value: object) -> str:
    """What a cell holds, as text without spaces around it: numbers and dates as they would be typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).replace("\r\n", "\n").replace("_x000D_", "").strip().strip("\u00a0\u3000")


def _cell(rows: _Rows, pointer: str) -> str:
    """The cell of a JSON pointer: its own, or that of what it is in."""
    while pointer and pointer not in rows.cells:
        pointer = pointer.rpartition("/")[0]
    return rows.cells.get(pointer, "")


def _places(rows: _Rows, places: Places, forms: Forms) -> Places:
    """The places of a submission as cells; a field that is empty has the cell where it would be."""
    nodes = {node: _cell(rows, pointer) for node, pointer in places.nodes.items()}
    fields = {key: _cell(rows, pointer) for key, pointer in places.fields.items()}
    values = {key: _cell(rows, pointer) for key, pointer in places.values.items()}
    all_forms = [*forms.kinds.values(), forms.evidence]
    paths = {field.key: field.path for form in all_forms for field in form.fields}
    for node, pointer in places.nodes.items():
        cells = rows.columns.get(pointer, {})
        for key, cell in cells.items():
            if key in paths:
                fields.setdefault((node, str(paths[key])), cell)
    return Places(nodes, fields, values)
