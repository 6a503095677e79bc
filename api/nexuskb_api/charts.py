"""Numbers of a table as bars: a table again, with a bar in each row, that needs no script and prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import XSD

from nexuskb.questions.answers import heading
from nexuskb_api.facade import Binding
from nexuskb_api.pages import table_columns

#: Bars of a chart; what comes after is in the table.
MOST_BARS: Final = 60
_MOST_LABELS: Final = 3
_NUMBERS: Final = frozenset(map(str, (
    XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.int, XSD.long, XSD.short, XSD.nonNegativeInteger,
    XSD.positiveInteger,
)))  # fmt: skip
_YEARS: Final = range(1500, 2201)


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a chart: label, what it links to, the number as it stands, where the bar is in percent."""

    label: str
    link: str
    number: str
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one column: its heading, the columns that can be charted, its bars, all rows there are."""

    column: str
    heading: str
    columns: dict[str, str]
    bars: tuple[Bar, ...]
    rows: int


def chart_of(variables: Sequence[str], rows: Sequence[Binding], column: str = "") -> Chart | None:
    """A chart of one column of numbers, the first if none is named; ``None`` where there are no numbers.

    Whole numbers that are all years are names of rows, not amounts.
    """
    columns = {name: heading(name) for name in variables if _amounts(rows, name)}
    if not columns or len(rows) < 2:
        return None
    chosen = column if column in columns else next(iter(columns))
    shown = [row for row in rows if chosen in row][:MOST_BARS]
    numbers = [float(row[chosen]["value"]) for row in shown]
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    reach = (high - low) or 1.0
    labels = _labels(variables, columns, shown)
    return Chart(
        column=chosen,
        heading=columns[chosen],
        columns=columns,
        bars=tuple(
            Bar(
                label=label,
                link=link,
                number=_said(row[chosen]["value"]),
                start=round(100 * (min(number, 0.0) - low) / reach, 2),
                length=round(100 * abs(number) / reach, 2),
            )
            for row, number, (label, link) in zip(shown, numbers, labels, strict=True)
        ),
        rows=len(rows),
    )


def _amounts(rows: Sequence[Binding], name: str) -> bool:
    terms = [row[name] for row in rows if name in row]
    if not terms or any(term.get("datatype") not in _NUMBERS for term in terms):
        return False
    numbers = [float(term["value"]) for term in terms]
    finite = all(abs(number) < float("inf") for number in numbers)
    return finite and not all(number.is_integer() and int(number) in _YEARS for number in numbers)


def _labels(
    variables: Sequence[str], amounts: dict[str, str], rows: Sequence[Binding]
) -> list[tuple[str, str]]:
    """What to call each row: as few of the other columns as tell them apart."""
    named = [column for column in table_columns(list(variables)) if column.variable not in amounts]
    chosen = named[:1]
    for another in named[1:_MOST_LABELS]:
        if len({_joined(row, [c.variable for c in chosen]) for row in rows}) == len(rows):
            break
        chosen.append(another)
    names = [column.variable for column in chosen]
    link = next((column.link or column.variable for column in chosen), "")
    return [
        (_joined(row, names) or str(number), row.get(link, {}).get("value", ""))
        for number, row in enumerate(rows, 1)
    ]


def _joined(row: Binding, names: Sequence[str]) -> str:
    return ", ".join(row[name]["value"] for name in names if name in row)


def _said(value: str) -> str:
    """A number with its thousands apart, as precise as it came."""
    whole, point, rest = value.partition(".")
    return (
        f"{int(whole):,}{point}{rest}" if whole.lstrip("-").isdigit() and "e" not in rest.lower() else value
    )
