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


def with_empty_cells(count: int) -> Change:
    """Many cells with a format and nothing in them, a hundred in a row."""

    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet2.xml"
        rows = b"".join(b"<row>%b</row>" % (b'<c s="1"/>' * 100) for _ in range(count // 100))
        parts[name] = parts[name].replace(b"</sheetData>", rows + b"</sheetData>")

    return change


def elsewhere(parts: dict[str, bytes]) -> None:
    """A formula in a sheet that is kept where sheets usually are not."""
    with_formula(parts)
    parts["xl/media/image1.png"] = parts.pop("xl/worksheets/sheet2.xml")
    for name in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
        parts[name] = parts[name].replace(b"worksheets/sheet2.xml", b"media/image1.png")


def nested(parts: dict[str, bytes]) -> None:
    """Elements in each other, a million deep."""
    name = "xl/worksheets/sheet2.xml"
    deep = b"<a>" * 1_000_000 + b"</a>" * 1_000_000
    parts[name] = parts[name].replace(b"</sheetData>", deep + b"</sheetData>")


def with_many_words(parts: dict[str, bytes]) -> None:
    """Texts that no cell shows, more than anybody types."""
    parts["xl/sharedStrings.xml"] = b"<sst>%b</sst>" % (b"<si/>" * 1_300_000)


def with_last_row(parts: dict[str, bytes]) -> None:
    """Something in the last row that there can be."""
    name = "xl/worksheets/sheet2.xml"
    row = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>far below</t></is></c></row>'
    parts[name] = parts[name].replace(b"</sheetData>", row + b"</sheetData>")


def truncated(parts: dict[str, bytes]) -> None:
    """A sheet whose XML ends early."""
    name = "xl/worksheets/sheet2.xml"
    parts[name] = parts[name][: len(parts[name]) // 2]
