"""Policies against policies: a cross-impact matrix on the seven-point scale, with its totals."""

from __future__ import annotations

from nexuskb.asking import PlainRow
from nexuskb.paper.matrices.matrix import DARK, LIGHT, PLAIN, Cell, Heading, Matrix
from nexuskb.terms import record_identifier

QUESTION = "policy-coherence"
INFLUENCE = "influence"
DEPENDENCE = "dependence"
INFERRED = "*"


def coherence(rows: list[PlainRow], values: dict[str, str]) -> Matrix:
    """How the policy of a row acts on that of a column; totals at the end of rows and columns."""
    titles = {
        record_identifier(row[f"{end}Policy"]) or "": row[f"{end}Title"]
        for row in rows
        for end in ("from", "to")
    }
    order = sorted(titles, key=lambda key: (titles[key], key))
    policies = [
        Heading(key, f"{number}. {titles[key]}", str(number), record=key)
        for number, key in enumerate(order, 1)
    ]
    links: dict[tuple[str, str], list[PlainRow]] = {}
    for row in rows:
        ends = (record_identifier(row["fromPolicy"]) or "", record_identifier(row["toPolicy"]) or "")
        links.setdefault(ends, []).append(row)
    cells = {ends: _cell(of_pair) for ends, of_pair in links.items()}
    for key in order:
        cells[key, INFLUENCE] = _total([r for (a, _), found in links.items() if a == key for r in found])
        cells[DEPENDENCE, key] = _total([r for (_, b), found in links.items() if b == key for r in found])
    if rows:
        cells[DEPENDENCE, INFLUENCE] = _total(rows)
    return Matrix(
        name="coherence",
        title="Coherence of policies: how the policy of a row acts on that of a column",
        corner="Policy",
        rows=(*policies, Heading(DEPENDENCE, "Dependence (sum of the column)")),
        columns=(*policies, Heading(INFLUENCE, "Influence (sum of the row)", "Infl.")),
        cells=cells,
        legend=((LIGHT, "furthers (+1 enabling, +2 reinforcing, +3 indivisible)"),
                (DARK, "hinders (-1 constraining, -2 counteracting, -3 cancelling)")),
        note=(
            f"Scores of Nilsson and others, given by the editors. {INFERRED} marks a score with an end "
            "that no passage is cited for. Influence is the sum of a row, dependence that of a column: how "
            "far a policy acts on the others, and how far they act on it."
        ),
        empty="no interlinkage between the two is recorded; that does not show that there is none",
        question=QUESTION,
        parameters=values,
    )  # fmt: skip


def _cell(links: list[PlainRow]) -> Cell:
    signs = [f"{int(link['scoreValue']):+}{INFERRED * (link['ends'] != BOTH)}" for link in links]
    total = sum(int(link["scoreValue"]) for link in links)
    words = " ".join(
        f"{link['fromTitle']} acts on {link['toTitle']}: {link['scoreValue']}, {link['kindName'].lower()}, "
        f"{link['ends']} ({link['title']})."
        for link in links
    )
    shade = LIGHT if total > 0 else DARK if total < 0 else PLAIN
    return Cell(", ".join(signs), shade, words, _records(links))


def _total(links: list[PlainRow]) -> Cell:
    if not links:
        return Cell("0", words="No interlinkage.")
    total = sum(int(link["scoreValue"]) for link in links)
    words = f"Sum of {len(links)} interlinkage{'s' * (len(links) > 1)}: {total:+}."
    return Cell(f"{total:+}", words=words, records=_records(links))


def _records(links: list[PlainRow]) -> tuple[str, ...]:
    return tuple(record_identifier(link["interlinkage"]) or "" for link in links)


BOTH = "a passage at both ends"
