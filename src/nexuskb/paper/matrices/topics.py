"""States against drivers, and States against impacts."""

from __future__ import annotations

from nexuskb.asking import PlainRow
from nexuskb.paper.matrices.matrix import (
    DARK,
    DOTTED,
    HATCHED,
    LIGHT,
    MIDDLE,
    PLAIN,
    Cell,
    Matrix,
    headings,
    named,
    tail,
)

QUESTION = "drivers-and-impacts-by-state"

#: What each shade of a standing means.
LEGEND = (
    (LIGHT, "at work, measures in force"),
    (DARK, "gap: at work, no measure"),
    (MIDDLE, "gap: at work, measures only in policies not known to be in force"),
    (PLAIN, "measures, no finding"),
    (DOTTED, "looked for, no finding and no measure"),
    (HATCHED, "not looked at"),
)
_SHADES = {words: shade for shade, words in LEGEND}
_SIGNS = {DARK: " gap", MIDDLE: " gap", DOTTED: "none found", HATCHED: "?"}


def drivers(rows: list[PlainRow], values: dict[str, str]) -> Matrix:
    """Drivers by State."""
    return _topics(
        "drivers", "Drivers of land degradation by State: measures and evidence", "Driver", rows, values
    )


def impacts(rows: list[PlainRow], values: dict[str, str]) -> Matrix:
    """Impacts by State."""
    return _topics(
        "impacts", "Impacts of land degradation by State: measures and evidence", "Impact", rows, values
    )


def _topics(name: str, title: str, corner: str, rows: list[PlainRow], values: dict[str, str]) -> Matrix:
    states = sorted({(row["stateName"], tail(row["state"])) for row in rows})
    return Matrix(
        name=name,
        title=title,
        corner=corner,
        rows=headings((tail(row["concept"]), row["conceptName"]) for row in rows),
        columns=headings((key, text) for text, key in states),
        cells={(tail(row["concept"]), tail(row["state"])): cell_of(row) for row in rows},
        legend=LEGEND,
        note=(
            "Each cell: measures of policies in force, then findings of it at work. A measure or finding "
            "counts once for each driver or impact that it names; a narrower term counts for the broader one."
        ),
        empty="not looked at",
        question=QUESTION,
        parameters=values,
    )


def cell_of(row: PlainRow) -> Cell:
    """The cell of a State and a driver or impact: its standing, with the records behind it."""
    shade = _SHADES[row["standing"]]
    counts = f"{row['measuresInForce']} / {row['findings']}"
    text = _SIGNS[shade] if shade in (DOTTED, HATCHED) else counts + _SIGNS.get(shade, "")
    words = (
        f"{row['conceptName']} in {row['stateName']}: {row['standing']}. Measures in force: "
        f"{row['measuresInForce']} of {row['measures']} on record. Findings: {row['findings']}, "
        f"with {row['passages']} passages."
    )
    records = (*named(row["measureRecords"]), *named(row["findingRecords"]), *named(row["searchRecords"]))
    return Cell(text, shade, words, records)
