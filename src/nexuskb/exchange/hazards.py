"""What is dangerous in a workbook, found before any library builds cells from it.

A workbook is a zip archive of XML (ECMA-376). Its size packed and unpacked, its parts, rows, cells and
formulas are counted while the XML streams by, whatever the parts are called; entities are never expanded
(defusedxml). Time and memory are bounded by the size of the file.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from nexuskb.errors import Fault, SubmissionError
from nexuskb.exchange.sheets import FIRST_ROW, MOST_ROWS

MOST_BYTES: Final = 5_000_000
MOST_BYTES_UNPACKED: Final = 30_000_000
MOST_PARTS: Final = 300
#: Most rows of a sheet, empty ones included, and most cells of a workbook.
MOST_EMPTY_ROWS: Final = 20_000
MOST_CELLS: Final = 400_000

_MOST_ELEMENTS = 1_200_000
_DEEPEST = 100
_MOST_FAULTS = 100
_NAMESPACES = (
    "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}",
    "{http://purl.oclc.org/ooxml/spreadsheetml/main}",
)
_CELLS = {f"{namespace}c" for namespace in _NAMESPACES}
_ROWS = {f"{namespace}row" for namespace in _NAMESPACES}
_FORMULAS = {f"{namespace}f" for namespace in _NAMESPACES}
_REFUSED = (
    (re.compile(r"vbaProject|vbaData|macrosheets", re.I), "macros", "Save it as .xlsx, which has none."),
    (re.compile(r"externalLinks/", re.I), "links to other workbooks", "Paste the values instead."),
    (re.compile(r"(embeddings|activeX|ctrlProps)/", re.I), "embedded objects", "Leave them out."),
    (re.compile(r"(connections|queryTables|model/|webextensions)", re.I), "connections", "Leave them out."),
)


def check_workbook(body: bytes) -> None:
    """Refuse what is no workbook, or a dangerous one, in bounded time and memory.

    Raises :class:`~nexuskb.errors.SubmissionError`.
    """
    if len(body) > MOST_BYTES:
        raise _too_large(
            f"The workbook is {len(body):,} bytes long; at most {MOST_BYTES:,} are taken. Split it."
        )
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        message = "This is an old (.xls) or encrypted workbook. Save it as .xlsx without a password."
        raise SubmissionError([Fault(message)], unknown_type=True)
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        message = "This is not a workbook. Make one with nexuskb template, fill it in and save it as .xlsx."
        raise SubmissionError([Fault(message)], unknown_type=True) from error
    with archive:
        _check_parts(archive)
        _Look(archive).through()


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)  # zipfile reads no more of a part than it declares
    if len(parts) > MOST_PARTS or size > MOST_BYTES_UNPACKED:
        raise _too_large(
            f"Unpacked, the workbook has {len(parts):,} parts and {size:,} bytes; at most {MOST_PARTS:,} and "
            f"{MOST_BYTES_UNPACKED:,} are taken. Delete empty rows and columns, pictures and unused sheets."
        )
    names = {part.filename for part in parts}
    if "mimetype" in names:
        message = "This is an OpenDocument spreadsheet. Save it as .xlsx."
        raise SubmissionError([Fault(message)], unknown_type=True)
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise SubmissionError([Fault("This is not a workbook (.xlsx).")], unknown_type=True)
    if any(part.flag_bits & 1 for part in parts):
        raise SubmissionError([Fault("The workbook has a password. Save it without one.")])
    for pattern, what, way_out in _REFUSED:
        if any(pattern.search(name) for name in names):
            raise SubmissionError([Fault(f"The workbook has {what}, which are not taken. {way_out}")])
    if b"macroEnabled" in archive.read("[Content_Types].xml"):
        raise SubmissionError([Fault("The workbook may hold macros (.xlsm). Save it as .xlsx.")])


@dataclass(slots=True)
class _Look:
    """One look through all parts of a workbook."""

    archive: zipfile.ZipFile
    elements: int = 0
    cells: int = 0
    faults: list[Fault] = field(default_factory=list)

    def through(self) -> None:
        """Raises :class:`~nexuskb.errors.SubmissionError` for what is found."""
        for name in sorted(self.archive.namelist()):
            try:
                with self.archive.open(name) as part:
                    self._read(name, iterparse(part, events=("start", "end"), forbid_dtd=True))
            except ParseError as error:
                if name.endswith((".xml", ".rels", ".vml")):  # anything else may be a picture
                    raise _damaged() from error
            except (DefusedXmlException, zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
                raise _damaged() from error
            except NotImplementedError as error:  # a way of packing that zipfile does not know
                raise _damaged() from error
        if self.faults:
            raise SubmissionError(self.faults)

    def _read(self, name: str, events: Iterator[tuple[str, object]]) -> None:
        """Read a part, of which no more is held than the way to where it is read."""
        rows, title = 0, ""
        way: list[object] = []
        in_cell = False
        for event, element in events:
            tag = element.tag  # type: ignore[attr-defined] # the stubs of defusedxml know no elements
            if event == "start":
                way.append(element)
                in_cell = in_cell or tag in _CELLS
                self._count(len(way))
                continue
            way.pop()
            if tag in _ROWS:
                rows += 1
                if rows > MOST_EMPTY_ROWS:
                    raise _too_large(
                        f"The sheet {_title(self.archive, name)} has more than {MOST_EMPTY_ROWS:,} rows, "
                        "empty ones included. Delete the rows below the last record (mark them, then Delete "
                        "rows), and save it."
                    )
            elif tag in _CELLS:
                in_cell = False
                title = title or _title(self.archive, name)
                self._cell(element, title)
            if way and not in_cell:
                way[-1].clear()  # type: ignore[attr-defined]

    def _count(self, depth: int) -> None:
        self.elements += 1
        if self.elements > _MOST_ELEMENTS or depth > _DEEPEST:
            raise _too_large(
                "The workbook holds more than can be looked through. Delete empty rows and columns, formats "
                "and unused sheets."
            )

    def _cell(self, element: object, title: str) -> None:
        place = str(element.get("r", ""))  # type: ignore[attr-defined]
        children = list(element)  # type: ignore[call-overload]
        self.cells += 1
        if self.cells > MOST_CELLS:
            raise _too_large(
                f"The workbook has more than {MOST_CELLS:,} cells, empty ones included (seen in {title}). "
                "Delete empty rows and columns, and their formats, or hand it in by parts."
            )
        if any(child.tag in _FORMULAS for child in children) and len(self.faults) < _MOST_FAULTS:
            message = "A cell holds a formula. Copy it and paste it as a value."
            self.faults.append(Fault(message, f"{title}!{place}"))
        row = int(re.sub("[^0-9]", "", place) or 0)
        if children and row >= FIRST_ROW + MOST_ROWS:
            raise _too_large(
                f"The sheet {title} has something in row {row:,}; it may have {MOST_ROWS:,} records, up to "
                f"row {FIRST_ROW + MOST_ROWS - 1:,}. Hand it in by parts, or empty the rows below."
            )


def _title(archive: zipfile.ZipFile, part: str) -> str:
    """The title of the sheet that a part holds, or the part's own name."""
    try:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
        file = re.escape(part.removeprefix("xl/"))
        number = re.search(rf'Id="([^"]+)"[^>]*{file}"', relations) or re.search(
            rf'{file}"[^>]*Id="([^"]+)"', relations
        )
        book = archive.read("xl/workbook.xml").decode()
        title = (
            re.search(rf'<sheet [^>]*name="([^"]+)"[^>]*r:id="{re.escape(number[1])}"', book)
            if number
            else None
        )
    except (KeyError, UnicodeDecodeError):
        return part
    return title[1] if title else part


def _damaged() -> SubmissionError:
    return SubmissionError([Fault("The workbook is damaged. Save it anew as .xlsx.")])


def _too_large(message: str) -> SubmissionError:
    return SubmissionError([Fault(message)], too_large=True)
