"""Ledgers with accepted changes in them, written below the desk: for tests of what is served from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rdflib import DCTERMS, RDF, RDFS

from nexuskb.records.ledger import Ledger, next_head
from nexuskb.settings import Settings
from nexuskb.terms import NX, REC


def fresh(number: int, label: str = "fresh") -> dict[str, bytes | None]:
    """A policy with an identifier of its own."""
    iri = REC[f"fresh-{number}"].n3()
    lines = (
        f'{iri} {RDFS.label.n3()} "{label}"@en .',
        f"{iri} {RDF.type.n3()} {NX.Policy.n3()} .",
        f'{iri} {DCTERMS.identifier.n3()} "fresh-{number}" .',
    )
    return {str(REC[f"fresh-{number}"]): "\n".join(lines).encode() + b"\n"}


def accept(settings: Settings | Path, changes: Mapping[str, bytes | None]) -> int:
    """Write accepted changes in one transaction; the number of the last."""
    home = settings if isinstance(settings, Path) else settings.home
    with Ledger.open(home) as ledger, ledger.writing() as rows:
        rows.execute(
            "INSERT INTO call (at, who, role, operation, why, request, outcome)"
            " VALUES ('', '', '', '', '', '', '')"
        )
        row = rows.execute("SELECT head FROM accepted ORDER BY seq DESC LIMIT 1").fetchone()
        head = row[0] if row else ""
        seq = 0
        for record, triples in changes.items():
            (last,) = rows.execute(
                "SELECT COALESCE(MAX(number), 0) FROM revision WHERE record = ?", [record]
            ).fetchone()
            number = last + 1
            rows.execute("INSERT INTO revision VALUES (?, ?, ?, ?)", [record, number, triples or b"", "x"])
            act = rows.execute(
                "INSERT INTO act (call, record, step, state, revision) VALUES (1, ?, '', '', ?)",
                [record, number],
            ).lastrowid
            head = next_head(head, record, f"{number}" if triples else "")
            seq = (
                rows.execute(
                    "INSERT INTO accepted (act, record, revision, head) VALUES (?, ?, ?, ?)",
                    [act, record, number if triples else None, head],
                ).lastrowid
                or 0
            )
    return seq
