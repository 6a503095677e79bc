"""Instruments against States and domains."""

from __future__ import annotations

from nexuskb.asking import PlainRow
from nexuskb.paper.matrices.matrix import LIGHT, MIDDLE, PLAIN, Cell, Heading, Matrix, headings, named, tail

QUESTION = "instruments-by-state-and-domain"


def instruments(rows: list[PlainRow], values: dict[str, str]) -> Matrix:
    """How many measures work by an instrument, for each State and domain."""
    states = sorted({(row["stateName"], tail(row["state"])) for row in rows})
    domains = sorted({(row["nexusDomainName"], tail(row["nexusDomain"])) for row in rows})
    columns = tuple(
        Heading(f"{state}-{domain}", f"{state_name}: {domain_name.lower()}", domain_name, group=state_name)
        for state_name, state in states
        for domain_name, domain in domains
    )
    return Matrix(
        name="instruments",
        title="Instruments by State and domain: measures of policies in force, and in all",
        corner="Instrument",
        rows=headings((tail(row["means"]), row["meansName"]) for row in rows),
        columns=columns,
        cells={
            (tail(row["means"]), f"{tail(row['state'])}-{tail(row['nexusDomain'])}"): _cell(row)
            for row in rows
        },
        legend=((LIGHT, "1 to 9 measures in force"), (MIDDLE, "10 or more"), (PLAIN, "none in force")),
        note=(
            "Each cell: measures of policies in force, then all on record. A measure counts in each domain "
            "of its policy, so that domains do not add up."
        ),
        empty="no measure on record; that does not show that there is none",
        question=QUESTION,
        parameters=values,
    )


def _cell(row: PlainRow) -> Cell:
    live = int(row["measuresInForce"])
    words = (
        f"{row['meansName']} in {row['stateName']}, {row['nexusDomainName'].lower()}: {live} measures of "
        f"policies in force, {row['measures']} on record."
    )
    shade = MIDDLE if live >= 10 else LIGHT if live else PLAIN
    return Cell(f"{live} / {row['measures']}", shade, words, named(row["measureRecords"]))
