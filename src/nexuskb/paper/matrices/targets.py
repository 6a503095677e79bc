"""Targets and what is observed of their progress."""

from __future__ import annotations

from itertools import groupby

from nexuskb.asking import PlainRow
from nexuskb.paper.matrices.matrix import DARK, LIGHT, Cell, Heading, Matrix
from nexuskb.terms import record_identifier

QUESTION = "targets-due"

#: In place of the year of a target whose source names none.
UNDATED = "no year named"

_COLUMNS = (
    Heading("policy", "Policy"),
    Heading("areas", "State or area"),
    Heading("due", "Due"),
    Heading("baseline", "Baseline year"),
    Heading("target", "Target"),
    Heading("observed", "Observed"),
)


def targets(rows: list[PlainRow], values: dict[str, str]) -> Matrix:
    """The targets that fall due by a year, each with its latest observation if there is one."""
    by_target = {key: list(lines) for key, lines in groupby(rows, key=lambda row: row["target"])}
    undated = sum(not lines[0].get("dueYear") for lines in by_target.values())
    cells = {}
    for target, lines in by_target.items():
        for column, cell in _cells(lines).items():
            cells[record_identifier(target) or target, column] = cell
    return Matrix(
        name="targets",
        title=f"Targets that fall due by {values.get('year', '')} and what is observed of them",
        corner="Target",
        rows=tuple(
            Heading(
                record_identifier(key) or key, lines[0]["targetTitle"], record=record_identifier(key) or ""
            )
            for key, lines in by_target.items()
        ),
        columns=_COLUMNS,
        cells=cells,
        legend=((LIGHT, "observed, with the year of the figure"), (DARK, "no observation on record")),
        note=(
            "Figures as printed in the sources. Nothing is calculated from target and observation, for their "
            "methods and areas may differ: follow the records. "
            f"{undated:,} of {len(by_target):,} targets name no year; they stand last."
        ),
        empty="the source does not say",
        question=QUESTION,
        parameters=values,
    )


def _cells(lines: list[PlainRow]) -> dict[str, Cell]:
    first = lines[0]
    target = record_identifier(first["target"]) or ""
    observed = [line for line in lines if line.get("observation")]
    found = {
        "policy": Cell(first["policyTitle"], records=(record_identifier(first["policy"]) or "",)),
        "areas": Cell(first.get("areas", "")),
        "due": Cell(first.get("dueYear", UNDATED), records=(target,)),
        "target": Cell(f"{first.get('targetFigure', '')} {first['targetUnit']}".strip(), records=(target,)),
        "observed": _observed(observed),
    }
    if first.get("baselineYear"):
        found["baseline"] = Cell(first["baselineYear"])
    return found


def _observed(lines: list[PlainRow]) -> Cell:
    if not lines:
        return Cell("none on record", DARK, "No observation of its progress is on record.")
    latest = max(lines, key=lambda line: line.get("observedYear", ""))
    others = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    year = f" ({latest['observedYear']})" if latest.get("observedYear") else ""
    text = f"{latest['observedFigure']} {latest['observedUnit']}{year}{others}"
    words = "; ".join(
        f"{line['observationTitle']}: {line['observedFigure']} {line['observedUnit']}, "
        f"{line.get('observedYear', 'no year')}"
        for line in lines
    )
    return Cell(text, LIGHT, words, tuple(record_identifier(line["observation"]) or "" for line in lines))
