"""The framework of a country in time: when policies were adopted and replaced, and what was in force."""

from __future__ import annotations

from nexuskb.asking import PlainRow
from nexuskb.paper.matrices.matrix import DARK, LIGHT, MIDDLE, PLAIN, Cell, Heading, Matrix, Span
from nexuskb.terms import record_identifier

QUESTION = "legal-framework"

#: The words of the question's answer for what starts and what ends a policy.
_STARTS = ("adopted", "entered into force")
_ENDS = ("superseded", "last year of its period")
#: The legal statuses of what is in force, as the vocabulary names them.
LIVE = ("In force", "In force, as amended")
_VERDICT = {"yes": LIGHT, "no": DARK, "unknown": MIDDLE, "no date given": PLAIN}
_DATED = ("adopted", "entered into force", "amended", "superseded", "last year of its period")


def timeline(rows: list[PlainRow], values: dict[str, str]) -> Matrix:
    """One row for each policy of a country, from the earliest."""
    by_policy: dict[str, list[PlainRow]] = {}
    for row in rows:
        by_policy.setdefault(record_identifier(row["policy"]) or row["policy"], []).append(row)
    date = values.get("date", "")
    cells = {
        (key, column): cell for key, lines in by_policy.items() for column, cell in _cells(lines).items()
    }
    columns = [
        Heading("kind", "Kind"),
        *(Heading(event, event[:1].upper() + event[1:]) for event in _DATED),
        Heading("status", "Status today"),
    ]
    if date:
        columns.append(Heading("verdict", f"In force on {date}"))
    return Matrix(
        name="timeline",
        title="The framework in time" + (f", and what was in force on {date}" if date else ""),
        corner="Policy",
        rows=tuple(Heading(key, lines[0]["policyTitle"], record=key) for key, lines in by_policy.items()),
        columns=tuple(columns),
        cells=cells,
        legend=(
            (LIGHT, f"in force on {date}" if date else "in force today"),
            (MIDDLE, "not known"),
            (DARK, f"not in force on {date}" if date else "not in force today"),
        ),
        note=(
            "Dates are as precise as their sources. A bar without an end has none on record. What sources "
            "do not date closely enough is not known."
        ),
        empty="no such event on record",
        question=QUESTION,
        parameters=values,
        spans=tuple(span for key, lines in by_policy.items() for span in _spans(key, lines)),
        marks=(_year(date),) if date else (),
    )


def _cells(lines: list[PlainRow]) -> dict[str, Cell]:
    first = lines[0]
    cells = {"kind": Cell(first["policyKind"]), "status": Cell(first["presentStatus"])}
    for event in _DATED:
        of_event = [line for line in lines if line["event"] == event]
        if of_event:
            dates = dict.fromkeys(line.get("eventDate", "no date") for line in of_event)
            others = tuple(
                record_identifier(line["otherPolicy"]) or "" for line in of_event if line.get("otherPolicy")
            )
            cells[event] = Cell(", ".join(dates), words=first.get("passages", ""), records=others)
    verdict = first["inForceOnDate"]
    words = f"{verdict}: {first['reason']}" if first["reason"] else verdict
    cells["verdict"] = Cell(words, _VERDICT.get(verdict, PLAIN), words)
    return cells


def _spans(key: str, lines: list[PlainRow]) -> list[Span]:
    starts = [
        _year(line["eventDate"]) for line in lines if line["event"] in _STARTS and line.get("eventDate")
    ]
    if not starts:
        return []
    ends = [
        _year(line["eventDate"], last=True)
        for line in lines
        if line["event"] in _ENDS and line.get("eventDate")
    ]
    verdict = lines[0]["inForceOnDate"]
    today = {**dict.fromkeys(LIVE, LIGHT), "Unknown": MIDDLE}
    shade = today.get(lines[0]["presentStatus"], DARK) if verdict == "no date given" else _VERDICT[verdict]
    return [Span(key, min(starts), min(ends) if ends else None, shade)]


def _year(date: str, *, last: bool = False) -> float:
    """A date as a year with a fraction; a year alone is its beginning, or its end if it is the last one."""
    parts = [int(part) for part in date.split("-") if part]
    if len(parts) == 1:
        return parts[0] + 1.0 if last else float(parts[0])
    day = parts[2] if len(parts) > 2 else 1
    return parts[0] + (parts[1] - 1) / 12 + (day - 1) / 365
