"""Figures in years: a line for each series, told apart by dashes and signs, so that it is read in grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nexuskb.drawings.svg import Element, part, sheet, words, written

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 16, 32
#: Signs of the series, by the number of the series.
_SIGNS: Final = ("circle", "square", "diamond", "triangle")


@dataclass(frozen=True, slots=True)
class Point:
    """A figure: year, number, how it is printed, and the address of its record. ``due`` marks a target."""

    year: int
    number: float
    printed: str
    address: str = ""
    due: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A series of figures by its name."""

    name: str
    points: tuple[Point, ...]


def draw_series(lines: Sequence[Line], label: str) -> str:
    """The chart as SVG. The axis of numbers begins at zero where they are all on one side of it."""
    points = [point for line in lines for point in line.points]
    years = [point.year for point in points]
    first, last = min(years), max(years)
    low, high, step = _scale([point.number for point in points])
    drawing = sheet(_WIDTH, _HEIGHT, label)

    def across(year: float) -> float:
        return _LEFT + (year - first + 0.5) / (last - first + 1) * (_WIDTH - _LEFT - _RIGHT)

    def up(number: float) -> float:
        return _HEIGHT - _BOTTOM - (number - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    for tick in range(round((high - low) / step) + 1):
        number = low + tick * step
        part(drawing, "path", "grid", d=f"M{_LEFT} {up(number):.1f} H{_WIDTH - _RIGHT}")
        words(drawing, f"{number:,.10g}", _LEFT - 8, up(number) + 4, "axis", "end")
    for year in _ticks(first, last):
        words(drawing, str(year), across(year), _HEIGHT - 10, "axis", "middle")
    for number, line in enumerate(lines):
        ordered = sorted(line.points, key=lambda point: point.year)
        observed = [point for point in ordered if not point.due]
        path = " L".join(f"{across(point.year):.1f} {up(point.number):.1f}" for point in observed)
        if len(observed) > 1:
            part(drawing, "path", f"line line-{number % 4}", d=f"M{path}")
        for point in ordered:
            _sign(drawing, point, across(point.year), up(point.number), number)
    return written(drawing)


def _sign(drawing: Element, point: Point, x: float, y: float, number: int) -> None:
    cls = "sign due" if point.due else "sign"
    group = part(drawing, "a", cls, href=point.address) if point.address else part(drawing, "g", cls)
    part(group, "title").text = f"{point.year}: {point.printed}"
    match _SIGNS[number % 4]:
        case "circle":
            part(group, "circle", cx=x, cy=y, r=5)
        case "square":
            part(group, "rect", x=x - 4.5, y=y - 4.5, width=9, height=9)
        case "diamond":
            part(group, "path", d=f"M{x:.1f} {y - 6:.1f} l6 6 l-6 6 l-6 -6 z")
        case _:
            part(group, "path", d=f"M{x:.1f} {y - 6:.1f} l6 11 h-12 z")


def _scale(numbers: Sequence[float]) -> tuple[float, float, float]:
    """Where the axis begins and ends, and the step between its marks: 1, 2 or 5 times a power of ten."""
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    if low == high:
        high = 1.0
    rough = (high - low) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


def _ticks(first: int, last: int) -> list[int]:
    step = max(1, math.ceil((last - first) / 6))
    return list(range(first, last + 1, step))
