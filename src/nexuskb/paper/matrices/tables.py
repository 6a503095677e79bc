"""A matrix as CSV and as a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from nexuskb.exchange.harmless import harmless
from nexuskb.paper.matrices.matrix import DARK, DOTTED, HATCHED, LIGHT, MIDDLE, Matrix

#: Fills of the shades, and whether the text on them is white; the patterns are those of Excel.
_FILLS: Final = {
    LIGHT: (PatternFill("solid", fgColor="E6E6E6"), False),
    MIDDLE: (PatternFill("solid", fgColor="BDBDBD"), False),
    DARK: (PatternFill("solid", fgColor="595959"), True),
    HATCHED: (PatternFill("lightUp", fgColor="7F7F7F"), False),
    DOTTED: (PatternFill("gray125"), False),
}
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")
_BOLD: Final = Font(bold=True)


def as_csv(matrix: Matrix) -> str:
    """The matrix as CSV (RFC 4180), a line for each row; what looks like a formula is made harmless."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([matrix.corner, *(harmless(column.text) for column in matrix.columns)])
    for row, cells in matrix.lines():
        writer.writerow([harmless(row.text), *(harmless(cell.text.strip()) for cell in cells)])
    return out.getvalue()


def as_workbook(matrix: Matrix, provenance: str) -> bytes:
    """The matrix as a workbook: as it stands, cell by cell with the records behind it, and how to read it.

    ``provenance`` says what it was made from.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    _grid(book.create_sheet("Matrix"), matrix)
    _cells(book.create_sheet("Cells"), matrix)
    _reading(book.create_sheet("How to read it"), matrix, provenance)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _grid(sheet: Worksheet, matrix: Matrix) -> None:
    for number, text in enumerate((matrix.corner, *(column.text for column in matrix.columns)), 1):
        _write(sheet.cell(1, number), text, bold=True)
    for line, (row, cells) in enumerate(matrix.lines(), 2):
        _write(sheet.cell(line, 1), row.text, bold=True)
        for number, cell in enumerate(cells, 2):
            written = sheet.cell(line, number)
            _write(written, cell.text.strip())
            if cell.shade in _FILLS:
                fill, white = _FILLS[cell.shade]
                written.fill = fill
                if white:
                    written.font = Font(color="FFFFFF")
    sheet.freeze_panes = "B2"
    sheet.column_dimensions["A"].width = 40
    for number in range(2, len(matrix.columns) + 2):
        sheet.column_dimensions[get_column_letter(number)].width = 18


def _cells(sheet: Worksheet, matrix: Matrix) -> None:
    for number, text in enumerate((matrix.corner, "Column", "Sign", "In words", "Records"), 1):
        _write(sheet.cell(1, number), text, bold=True)
    line = 2
    for row, cells in matrix.lines():
        for column, cell in zip(matrix.columns, cells, strict=True):
            if (row.key, column.key) in matrix.cells:
                told = (row.text, column.text, cell.text.strip(), cell.words, ", ".join(cell.records))
                for number, text in enumerate(told, 1):
                    _write(sheet.cell(line, number), text)
                line += 1
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDE", (40, 24, 14, 80, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _reading(sheet: Worksheet, matrix: Matrix, provenance: str) -> None:
    told = [
        ("Title", matrix.title),
        ("How to read it", matrix.note),
        ("An empty cell", matrix.empty),
        *((f"Shade: {shade}", words) for shade, words in matrix.legend),
        ("Made from", provenance),
    ]
    for line, (name, words) in enumerate(told, 1):
        _write(sheet.cell(line, 1), name, bold=True)
        _write(sheet.cell(line, 2), words)
    sheet.column_dimensions["A"].width = 24
    sheet.column_dimensions["B"].width = 100


def _write(cell: SheetCell | MergedCell, text: str, *, bold: bool = False) -> None:
    """A text as a text: what looks like a formula is none in a cell of this type."""
    cell.value = "".join(character for character in text if character.isprintable() or character in "\n\t")
    cell.data_type = "s"
    cell.alignment = _WRAPPED
    if bold:
        cell.font = _BOLD
