"""Lives of policies on one line of time: bars from their start to their end, open where no end is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nexuskb.drawings.svg import lines_of, part, sheet, words, written

_NAMES, _YEARS, _ROW, _HEAD = 300, 520, 26, 26


@dataclass(frozen=True, slots=True)
class Life:
    """The life of one policy in years with fractions; ``until`` is ``None`` where no end is known."""

    name: str
    address: str
    start: float
    until: float | None
    shade: str


def draw_framework(lives: Sequence[Life], today: float, label: str) -> str:
    """The drawing as SVG. Open bars run to ``today``, a year with a fraction, which is marked."""
    first = min(int(life.start) for life in lives)
    last = max(today, *(life.until or life.start + 1 for life in lives))
    height = _HEAD + len(lives) * _ROW + 6
    drawing = sheet(_NAMES + _YEARS + 20, height, label)

    def across(year: float) -> float:
        return _NAMES + (year - first) / max(1.0, last - first) * _YEARS

    span = last - first
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100) if span / size <= 8)
    for year in range(first - first % step + (step if first % step else 0), int(last) + 1, step):
        part(drawing, "path", "grid", d=f"M{across(year):.1f} {_HEAD - 6} V{height - 4}")
        words(drawing, str(year), across(year), _HEAD - 10, "axis", "middle")
    part(drawing, "path", "mark", d=f"M{across(today):.1f} {_HEAD - 6} V{height - 4}")
    for number, life in enumerate(lives):
        y = _HEAD + number * _ROW
        group = part(drawing, "a", "life", href=life.address) if life.address else part(drawing, "g", "life")
        part(group, "title").text = life.name
        words(group, lines_of(life.name, 36, 1)[0], _NAMES - 10, y + 15, anchor="end")
        end = across(life.until if life.until is not None else max(today, life.start))
        wide = max(3.0, end - across(life.start))
        part(group, "rect", f"bar bar-{life.shade}", x=across(life.start), y=y + 4, width=wide, height=14)
        if life.until is None:
            part(group, "path", "open", d=f"M{end:.1f} {y + 5} l8 6 l-8 6 z")
    return written(drawing)
