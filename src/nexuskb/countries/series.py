"""Figures of an area as series: one quantity in one unit over years, with where each is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nexuskb.asking import PlainRow
from nexuskb.terms import record_identifier


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its year, as printed, as a number if it is one, its record, where it is printed, doubts."""

    year: str
    printed: str
    number: float | None
    record: str
    nature: str
    places: tuple[tuple[str, str, str], ...]
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Figures of one quantity in one unit, in the order of their years; ``indicator`` of the SDGs if any."""

    name: str
    unit: str
    area: str
    indicator: str
    figures: tuple[Figure, ...]

    @property
    def latest(self) -> Figure:
        """The figure of the latest year."""
        return self.figures[-1]

    @property
    def drawable(self) -> bool:
        """Whether there are figures of two years or more to draw."""
        return len({f.year for f in self.figures if f.year and f.number is not None}) > 1

    @property
    def sources(self) -> dict[str, str]:
        """The sources of its figures: title by identifier."""
        return {source: title for f in self.figures for source, title, _ in f.places}

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "unit": self.unit,
            "area": self.area,
            "indicator": self.indicator,
            "figures": [
                {
                    "year": f.year,
                    "asPrinted": f.printed,
                    "number": f.number,
                    "record": f.record,
                    "nature": f.nature,
                    "doubt": f.doubt,
                    "places": [
                        {"source": source, "title": title, "pinpoint": place}
                        for source, title, place in f.places
                    ],
                }
                for f in self.figures
            ],
        }


def series_of(rows: Iterable[PlainRow]) -> list[Series]:
    """The series in an answer to the question ``country-figures-by-sdg``.

    A figure with several passages or SDG indicators has a row for each; it counts once in its series.
    """
    grouped: dict[tuple[str, str, str], dict[str, list[PlainRow]]] = {}
    for row in rows:
        key = (row["figureOf"], row["unit"], row["areaName"])
        grouped.setdefault(key, {}).setdefault(row["observation"], []).append(row)
    found = []
    for (name, unit, area), observations in grouped.items():
        figures = sorted(
            (_figure(lines) for lines in observations.values()), key=lambda f: (f.year, f.record)
        )
        lines = [line for each in observations.values() for line in each]
        indicator = next((line["indicator"] for line in lines if line.get("indicator")), "")
        found.append(Series(name, unit, area, indicator, tuple(figures)))
    return sorted(found, key=lambda s: (not s.drawable, not s.indicator, s.indicator, s.name, s.unit))


def _figure(lines: list[PlainRow]) -> Figure:
    first = lines[0]
    places = {
        (record_identifier(line["source"]) or "", line["sourceTitle"], line["pinpoint"]): None
        for line in lines
    }
    return Figure(
        year=first.get("year", ""),
        printed=first["figureAsPrinted"],
        number=float(first["value"]) if first.get("value") else None,
        record=record_identifier(first["observation"]) or "",
        nature=first.get("nature", ""),
        places=tuple(places),
        doubt=first.get("doubt", ""),
    )
