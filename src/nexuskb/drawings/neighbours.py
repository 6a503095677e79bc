"""What acts on a thing and what it acts on: the thing in the middle, a column on either side, and arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nexuskb.drawings.svg import Element, lines_of, part, sheet, words, written

_BOX, _HIGH, _GAP, _ACROSS = 220, 46, 12, 130
_MOST: Final = 6


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A thing beside the one in the middle: its words, its address if it has one, and how it acts."""

    text: str
    address: str
    act: str


def draw_neighbours(
    middle: str, before: Sequence[Neighbour], after: Sequence[Neighbour], label: str, more: str
) -> str:
    """The drawing as SVG. What is beyond six on a side is counted; ``more`` links to where it is listed."""
    tall = max(1, *(min(len(side), _MOST) + (len(side) > _MOST) for side in (before, after)))
    height = tall * (_HIGH + _GAP) + _GAP
    columns = [bool(before), True, bool(after)]
    width = sum(columns) * _BOX + (sum(columns) - 1) * _ACROSS + 4
    drawing = sheet(width, height, label)
    centre = 2.0 + (_BOX + _ACROSS if before else 0)
    top = (height - _HIGH) / 2
    if before:
        _side(drawing, before, more, 2.0, centre, height, into=True)
    if after:
        _side(drawing, after, more, centre + _BOX + _ACROSS, centre + _BOX, height, into=False)
    _box(drawing, middle, "", centre, top, "node middle")
    return written(drawing)


def _side(  # noqa: PLR0913, PLR0917 -- where it stands
    drawing: Element, side: Sequence[Neighbour], more: str, x: float, end: float, height: float, *, into: bool
) -> None:
    shown = list(side[:_MOST])
    if len(side) > _MOST:
        shown.append(Neighbour(f"and {len(side) - _MOST} more", more, ""))
    top = (height - len(shown) * (_HIGH + _GAP) + _GAP) / 2
    for number, each in enumerate(shown):
        y = top + number * (_HIGH + _GAP)
        line, near = y + _HIGH / 2, x + (_BOX if into else 0)
        goal = height / 2 + (number - (len(shown) - 1) / 2) * min(6.0, (_HIGH - 10) / max(1, len(shown)))
        if each.act:
            start, finish = ((near, line), (end, goal)) if into else ((end, goal), (near, line))
            _arrow(drawing, start, finish)
            _act(drawing, each.act, near + (6 if into else -6), line - 5, "start" if into else "end")
        _box(drawing, each.text, each.address, x, y, "node")


def _act(drawing: Element, act: str, x: float, y: float, anchor: str) -> None:
    words(drawing, lines_of(act, 21, 1)[0], x, y, "act", anchor)


def _arrow(drawing: Element, start: tuple[float, float], finish: tuple[float, float]) -> None:
    (x1, y1), (x2, y2) = start, finish
    half = (x1 + x2) / 2
    part(
        drawing,
        "path",
        "arrow",
        d=f"M{x1:.1f} {y1:.1f} C{half:.1f} {y1:.1f} {half:.1f} {y2:.1f} {x2 - 7:.1f} {y2:.1f}",
    )
    part(drawing, "path", "tip", d=f"M{x2:.1f} {y2:.1f} l-8 -4 v8 z")


def _box(  # noqa: PLR0913, PLR0917 -- what it says and where it stands
    drawing: Element, text: str, address: str, x: float, y: float, cls: str
) -> None:
    group = part(drawing, "a", cls, href=address) if address else part(drawing, "g", cls)
    part(group, "title").text = text
    part(group, "rect", x=x, y=y, width=_BOX, height=_HIGH, rx=4)
    lines = lines_of(text, 28)
    first = y + _HIGH / 2 + 5 - (len(lines) - 1) * 8.5
    for number, line in enumerate(lines):
        words(group, line, x + _BOX / 2, first + number * 17, anchor="middle")
