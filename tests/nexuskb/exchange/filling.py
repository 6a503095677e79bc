"""Workbooks as somebody fills them in."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from nexuskb.exchange.sheets import FIRST_ROW


def filled(body: bytes, rows: dict[str, list[dict[str, object]]]) -> bytes:
    """The workbook as somebody would fill it in."""
    book = load_workbook(io.BytesIO(body))
    for title, listed in rows.items():
        page = book[title]
        keys = {page.cell(1, n).value: n for n in range(1, page.max_column + 1)}
        for number, row in enumerate(listed, FIRST_ROW):
            for key, value in row.items():
                if key in keys:
                    page.cell(number, keys[key]).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
