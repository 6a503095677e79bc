"""Figures for print: matrices and lines of time in grey, with their numbers, as SVG, PNG and PDF.

Drawn by matplotlib without its global state. Everything is laid out in inches on a sheet as wide as the
matrix needs; a PDF is scaled to pages of A4 or A3, the other formats are one sheet. Shades and hatches differ
in print without colour, and no figure says by its shade alone what its text does not say too.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock
from typing import Final, Literal
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nexuskb.errors import FormatError
from nexuskb.paper.matrices.matrix import (
    DARK,
    DOTTED,
    HATCHED,
    LIGHT,
    MIDDLE,
    PLAIN,
    Cell,
    Heading,
    Matrix,
)

#: Text stays text and equal figures are equal bytes. Set once, for these settings are global to the process.
mpl.rcParams.update(
    {"svg.fonttype": "none", "svg.hashsalt": "nexuskb", "pdf.fonttype": 42, "hatch.linewidth": 0.5,
     "font.family": ["DejaVu Sans"]}
)  # fmt: skip
#: Held while a figure is drawn: matplotlib does not promise that two threads can draw at once.
DRAWING = Lock()

#: Face, hatch and ink of each shade.
STYLES: Final = {
    PLAIN: ("white", "", "black"),
    LIGHT: ("#e6e6e6", "", "black"),
    MIDDLE: ("#bdbdbd", "", "black"),
    DARK: ("#595959", "", "white"),
    HATCHED: ("white", "////", "black"),
    DOTTED: ("white", "....", "black"),
}

MEDIA_TYPES: Final = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}

_GRID: Final = "#8c8c8c"
_POINTS: Final = 7.0
_CHARACTER: Final = 0.062
_LINE: Final = 0.125
_PAD: Final = 0.06
_MARGIN: Final = 0.5
_LABELS: Final = 2.6
_TIME: Final = 7.0
_BAR: Final = 0.16
_PAGES: Final = ((8.27, 11.69), (11.69, 8.27), (16.54, 11.69))
#: Below this scale a page turns, or grows to A3.
_LEAST_SCALE: Final = 0.75
#: More rows or columns than this nobody reads on one figure.
_MOST: Final = 400


@dataclass(frozen=True, slots=True)
class _Row:
    """A row laid out: its heading in lines, its cells in lines, its height in inches."""

    heading: Heading
    label: list[str]
    cells: list[tuple[Cell, list[str]]]
    height: float


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A matrix laid out: the widths of its columns and all its rows."""

    matrix: Matrix
    widths: list[float]
    rows: list[_Row]
    head: float
    foot: list[str]

    @property
    def width(self) -> float:
        """The width in inches, without margins."""
        return _LABELS + (_TIME if self.matrix.spans else sum(self.widths))

    @property
    def fixed(self) -> float:
        """The height of all that is not rows: title, headings, legend and notes."""
        title = _LINE * 2.2 * len(wrapped(self.matrix.title, self.width * 0.7))
        return title + self.head + _LINE * (2 + len(self.foot)) + 0.25 * len(self.matrix.legend) + 0.2


def draw(matrix: Matrix, form: str, provenance: str) -> bytes:
    """The matrix as a figure in one of :data:`MEDIA_TYPES`; ``provenance`` says what it was made from.

    Raises :class:`FormatError` for an unknown form, or a matrix with more rows or columns than can be read.
    """
    if form not in MEDIA_TYPES:
        raise FormatError(f"A figure comes as {', '.join(MEDIA_TYPES)}, not as {form!r}.")
    if max(len(matrix.rows), len(matrix.columns)) > _MOST:
        raise FormatError(
            f"The matrix has {len(matrix.rows):,} rows and {len(matrix.columns):,} columns, too many for a "
            "figure. Narrow it by a parameter, or take it as csv or xlsx."
        )
    sheet = _lay_out(matrix, provenance)
    with DRAWING:
        return _pages(sheet) if form == "pdf" else _single(sheet, form)


def _single(sheet: _Sheet, form: str) -> bytes:
    height = sheet.fixed + sum(row.height for row in sheet.rows)
    figure = Figure((sheet.width + 2 * _MARGIN, height + 2 * _MARGIN))
    _draw_page(figure, sheet, sheet.rows, (1.0, height))
    return saved(figure, form, sheet.matrix.title, _told(sheet.matrix))


def saved(figure: Figure, form: str, title: str, words: str) -> bytes:
    """The figure in a format of its own, an SVG with title and description for those who cannot see it."""
    out = io.BytesIO()
    metadata = {"Title": title, "Date": None} if form == "svg" else {"Title": title}
    if form == "pdf":
        metadata |= {"CreationDate": None, "ModDate": None}
    figure.savefig(out, format=form, dpi=200, metadata=metadata)
    if form != "svg":
        return out.getvalue()
    text = out.getvalue().decode()
    start = text.index("<svg")
    end = text.index(">", start)
    role = ' role="img" aria-labelledby="figure-title figure-words">'
    told = f'<title id="figure-title">{escape(title)}</title><desc id="figure-words">{escape(words)}</desc>'
    return f"{text[:end]}{role}\n {told}{text[end + 1 :]}".encode()


def _pages(sheet: _Sheet) -> bytes:
    scale, (width, height) = _page_of(sheet.width)
    room = (height - 2 * _MARGIN) / scale - sheet.fixed
    out = io.BytesIO()
    with PdfPages(out, metadata={"Title": sheet.matrix.title, "CreationDate": None}) as pages:
        for rows in _by_page(sheet.rows, room):
            figure = Figure((width, height))
            _draw_page(figure, sheet, rows, (scale, (height - 2 * _MARGIN) / scale))
            pages.savefig(figure)
    return out.getvalue()


def _page_of(width: float) -> tuple[float, tuple[float, float]]:
    for page in _PAGES:
        scale = min(1.0, (page[0] - 2 * _MARGIN) / width)
        if scale >= _LEAST_SCALE:
            return scale, page
    return (_PAGES[-1][0] - 2 * _MARGIN) / width, _PAGES[-1]


def _by_page(rows: list[_Row], room: float) -> Iterator[list[_Row]]:
    page: list[_Row] = []
    for row in rows:
        if page and sum(r.height for r in page) + row.height > room:
            yield page
            page = []
        page.append(row)
    yield page


def _lay_out(matrix: Matrix, provenance: str) -> _Sheet:
    widths = [_column_width(matrix, column) for column in matrix.columns]
    rows = []
    for heading, cells in matrix.lines():
        label = wrapped(heading.text, _LABELS)
        told = [(cell, wrapped(cell.text.strip(), w)) for cell, w in zip(cells, widths, strict=True)]
        lines = len(label) if matrix.spans else max([len(label), *(len(text) for _, text in told)])
        rows.append(_Row(heading, label, told, lines * _LINE + 2 * _PAD))
    head = max([1, *(len(wrapped(_short(c), w)) for c, w in zip(matrix.columns, widths, strict=True))])
    groups = max(len(lines) for lines in _groups(matrix, widths).values()) if matrix.columns else 0
    width = _LABELS + (_TIME if matrix.spans else sum(widths))
    foot = [
        line
        for text in (matrix.note, f"An empty cell: {matrix.empty}." if _has_empty(matrix) else "", provenance)
        if text
        for line in wrapped(text, width)
    ]
    return _Sheet(matrix, widths, rows, (head + groups) * _LINE + 3 * _PAD, foot)


def _groups(matrix: Matrix, widths: list[float]) -> dict[str, list[str]]:
    """The headings over groups of columns in lines, each as wide as its columns; no line without groups."""
    room: dict[str, float] = {}
    for column, width in zip(matrix.columns, widths, strict=True):
        room[column.group] = room.get(column.group, 0.0) + width
    return {group: wrapped(group, width) if group else [] for group, width in room.items()}


def _column_width(matrix: Matrix, column: Heading) -> float:
    texts = [matrix.cell(row.key, column.key).text for row in matrix.rows]
    longest = max([len(text) for text in texts] + [len(word) for word in _short(column).split()], default=1)
    return min(max(longest * _CHARACTER + 2 * _PAD, 0.3), 1.7)


def _draw_page(figure: Figure, sheet: _Sheet, rows: list[_Row], space: tuple[float, float]) -> None:
    scale, height = space
    width, tall = figure.get_size_inches()
    axes = figure.add_axes(
        (
            _MARGIN / width,
            1 - (_MARGIN + height * scale) / tall,
            sheet.width * scale / width,
            height * scale / tall,
        )
    )
    axes.set_xlim(0, sheet.width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    pen = _Pen(axes, scale)
    y = 0.0
    for line in wrapped(sheet.matrix.title, sheet.width * 0.7):
        y += _LINE * 1.7
        pen.write((0, y - _LINE * 0.6), line, _TITLE)
    y = _draw_years(pen, sheet, y + _PAD) if sheet.matrix.spans else _draw_head(pen, sheet, y + _PAD)
    top = y
    for row in rows:
        _draw_row(pen, sheet, row, y)
        y += row.height
    if not sheet.matrix.spans:
        pen.grid(sheet.widths, [row.height for row in rows], top)
    if sheet.matrix.spans:
        scale_years = _years(sheet.matrix)
        for mark in sheet.matrix.marks:
            pen.line(scale_years(mark), top, y, dashed=True)
    _draw_foot(pen, sheet, y + _PAD)


@dataclass(frozen=True, slots=True)
class _Style:
    """How a text is written; ``size`` is relative."""

    size: float = 1.0
    bold: bool = False
    ink: str = "black"
    align: Literal["left", "center", "right"] = "left"


_TEXT: Final = _Style()
_TITLE: Final = _Style(1.5, bold=True)
_HEAD: Final = _Style(bold=True)
_OVER: Final = _Style(bold=True, align="center")
_SMALL: Final = _Style(0.85)
_FOOT: Final = _Style(0.9)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws on axes in inches of the sheet."""

    axes: Axes
    scale: float

    def write(self, place: tuple[float, float], text: str, style: _Style) -> None:
        """A line of text, its middle at this height."""
        self.axes.text(
            *place, text, fontsize=_POINTS * style.size * self.scale, color=style.ink, ha=style.align,
            fontweight="bold" if style.bold else "normal", va="center", parse_math=False, clip_on=False,
        )  # fmt: skip

    def box(self, place: tuple[float, float], size: tuple[float, float], shade: str) -> str:
        """A shaded rectangle; returns the ink for a text on it."""
        face, hatch, ink = STYLES[shade]
        self.axes.add_patch(
            Rectangle(
                place,
                *size,
                facecolor=face,
                hatch=hatch,
                edgecolor=_GRID,
                linewidth=0.5 * self.scale,
                clip_on=False,
            )
        )
        return ink

    def grid(self, widths: list[float], heights: list[float], top: float) -> None:
        """The lines between cells, all in one stroke: a large matrix is mostly empty cells."""
        across = list(accumulate(widths, initial=_LABELS))
        down = list(accumulate(heights, initial=top))
        lines = [[(across[0], y), (across[-1], y)] for y in down] + [
            [(x, top), (x, down[-1])] for x in across
        ]
        self.axes.add_collection(
            LineCollection(lines, colors=_GRID, linewidths=0.5 * self.scale, clip_on=False), autolim=False
        )

    def line(self, x: float, top: float, bottom: float, *, dashed: bool = False) -> None:
        """A line from top to bottom."""
        self.axes.plot(
            [x, x], [top, bottom], color="black" if dashed else "#d0d0d0", linewidth=0.7 * self.scale,
            linestyle="--" if dashed else "-", zorder=3 if dashed else 0,
        )  # fmt: skip


def _draw_head(pen: _Pen, sheet: _Sheet, y: float) -> float:
    bottom = y + sheet.head
    pen.write((_PAD, bottom - _LINE), sheet.matrix.corner, _HEAD)
    groups, x, drawn = _groups(sheet.matrix, sheet.widths), _LABELS, ""
    for column, width in zip(sheet.matrix.columns, sheet.widths, strict=True):
        if column.group != drawn:
            drawn = column.group
            for number, line in enumerate(groups[drawn]):
                pen.write((x + _PAD, y + _LINE * (number + 0.6)), line, _HEAD)
        lines = wrapped(_short(column), width)
        for number, line in enumerate(lines):
            middle = bottom - _PAD - _LINE * (len(lines) - number - 0.5)
            pen.write((x + width / 2, middle), line, _OVER)
        x += width
    return bottom


def _draw_row(pen: _Pen, sheet: _Sheet, row: _Row, y: float) -> None:
    for number, line in enumerate(row.label):
        pen.write((_PAD, y + _PAD + _LINE * (number + 0.5)), line, _TEXT)
    if sheet.matrix.spans:
        _draw_spans(pen, sheet, row, y)
        return
    x = _LABELS
    for (cell, lines), width in zip(row.cells, sheet.widths, strict=True):
        plain = cell.shade == PLAIN
        ink = "black" if plain else pen.box((x, y), (width, row.height), cell.shade)
        for number, line in enumerate(lines):
            middle = y + row.height / 2 + _LINE * (number - (len(lines) - 1) / 2)
            pen.write((x + width / 2, middle), line, _Style(ink=ink, align="center"))
        x += width


def _years(matrix: Matrix) -> Callable[[float], float]:
    first, last = _first_and_last(matrix)
    return lambda year: _LABELS + (year - first) / (last - first) * _TIME


def _first_and_last(matrix: Matrix) -> tuple[int, int]:
    known = [year for span in matrix.spans for year in (span.start, span.until) if year is not None]
    first = int(min([*known, *matrix.marks]) // 10 * 10)
    return first, int(max([*known, *matrix.marks]) // 10 * 10 + 10)


def _draw_years(pen: _Pen, sheet: _Sheet, y: float) -> float:
    bottom = y + sheet.head
    place, (first, last) = _years(sheet.matrix), _first_and_last(sheet.matrix)
    pen.write((_PAD, bottom - _LINE), sheet.matrix.corner, _HEAD)
    step = 10 if last - first <= 100 else 20
    for year in range(first, last + 1, step):
        pen.write((place(year), bottom - _LINE), str(year), _OVER)
    return bottom


def _draw_spans(pen: _Pen, sheet: _Sheet, row: _Row, y: float) -> None:
    place, (first, last) = _years(sheet.matrix), _first_and_last(sheet.matrix)
    for year in range(first, last + 1, 10):
        pen.line(place(year), y, y + row.height)
    spans = [span for span in sheet.matrix.spans if span.row == row.heading.key]
    for span in spans:
        start, until = (
            place(span.start),
            place(last if span.until is None else max(span.until, span.start + 0.5)),
        )
        pen.box((start, y + row.height / 2 - _BAR / 2), (until - start, _BAR), span.shade)
        ink = STYLES[span.shade][2]
        words = f"{int(span.start)}-" if span.until is None else f"{int(span.start)}-{int(span.until - 0.01)}"
        fits = until - start > len(words) * _CHARACTER
        x = start + _PAD if fits else until + _PAD
        pen.write((x, y + row.height / 2), words, _Style(0.85, ink=ink if fits else "black"))
    if not spans:
        pen.write((_LABELS + _PAD, y + row.height / 2), "no date of its start on record", _SMALL)


def _draw_foot(pen: _Pen, sheet: _Sheet, y: float) -> None:
    for shade, words in sheet.matrix.legend:
        pen.box((_PAD, y + 0.03), (0.3, 0.16), shade)
        pen.write((0.3 + 3 * _PAD, y + 0.11), words, _TEXT)
        y += 0.25
    for line in sheet.foot:
        y += _LINE
        pen.write((_PAD, y), line, _FOOT)


def _told(matrix: Matrix) -> str:
    lines = []
    for row, cells in matrix.lines():
        signs = [
            f"{column.text} {cell.text.strip()}"
            for column, cell in zip(matrix.columns, cells, strict=True)
            if cell.text
        ]
        lines.append(f"{row.text}: {'; '.join(signs) or 'nothing'}")
    return f"{matrix.note} {'. '.join(lines)}."


def _has_empty(matrix: Matrix) -> bool:
    return not matrix.spans and any(not cell.text for _, cells in matrix.lines() for cell in cells)


def _short(column: Heading) -> str:
    return column.short or column.text


def wrapped(text: str, inches: float) -> list[str]:
    """The text in lines of this width, words kept whole."""
    room = max(int((inches - 2 * _PAD) / _CHARACTER), 3)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
