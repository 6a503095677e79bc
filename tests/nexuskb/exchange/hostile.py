"""Workbooks that must not be taken, made as real files from a good one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

Change = Callable[[dict[str, bytes]], None]


def changed(body: bytes, change: Change) -> bytes:
    """The workbook with some of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(name: str, content: bytes = b"x") -> Change:
    """One part more."""

    def change(parts: dict[str, bytes]) -> None:
        parts[name] = content

    return change


def with_formula(parts: dict[str, bytes]) -> None:
    """A formula in row 600 of the second sheet."""
    name = "xl/worksheets/sheet2.xml"
    row = b'<row r="600"><c r="B600"><f>HYPERLINK("http://x","y")</f><v>1</v></c></row>'
    parts[name] = parts[name].replace(b"</sheetData>", row + b"</sheetData>")


def macro_enabled(parts: dict[str, bytes]) -> None:
    """The content type of a workbook with macros."""
    name = "[Content_Types].xml"
    parts[name] = parts[name].replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )


def with_entities(parts: dict[str, bytes]) -> None:
    """A billion laughs in a sheet."""
    bomb = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    name = "xl/worksheets/sheet2.xml"
    head, _, rest = parts[name].partition(b"?>")
    parts[name] = head + b"?>" + bomb + rest


def with_external_entity(parts: dict[str, bytes]) -> None:
    """An entity in the list of sheets that names a file of the machine."""
    name = "xl/workbook.xml"
    head, _, rest = parts[name].rpartition(b"?>")
    bomb = b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    parts[name] = head + b"?>" * bool(head) + bomb + rest.replace(b'name="Policy"', b'name="&e;"')


def with_empty_rows(count: int) -> Change:
    """Many rows without a cell."""

    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet2.xml"
        rows = b"".join(b'<row r="%d"></row>' % number for number in range(600, 600 + count))
        parts[name] = parts[name].replace(b"</sheetData>", rows + b"</sheetData>")

    return change


def with_last_row(parts: dict[str, bytes]) -> None:
    """Something in the last row that there can be."""
    name = "xl/worksheets/sheet2.xml"
    row = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>far below</t></is></c></row>'
    parts[name] = parts[name].replace(b"</sheetData>", row + b"</sheetData>")


def truncated(parts: dict[str, bytes]) -> None:
    """A sheet whose XML ends early."""
    name = "xl/worksheets/sheet2.xml"
    parts[name] = parts[name][: len(parts[name]) // 2]
