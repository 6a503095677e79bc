"""The network of interlinkages: what acts on what, with sign, score, confidence and passages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nexuskb.asking import Asking, PlainRow
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Vocabularies

NETWORK: Final = "interlinkage-network"
AGAINST: Final = "what-measures-work-against"

#: Confidence of a step that is no interlinkage: that a measure works against what it addresses.
PRESCRIBED: Final = "prescribed"


@dataclass(frozen=True, slots=True)
class Node:
    """A driver, an impact, a domain or a record. ``record`` is empty for a vocabulary term."""

    iri: str
    name: str
    is_domain: bool = False

    @property
    def record(self) -> str:
        """The identifier, if it is a record."""
        return record_identifier(self.iri) or ""


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow: an interlinkage, or a measure that works against something.

    ``sign`` is 1 where more of the first brings more of the second, -1 where it brings less, 0 where nothing
    says which. ``rank`` is that of the confidence, the lowest first; 0 for what a measure prescribes.
    """

    identifier: str
    title: str
    start: Node
    end: Node
    kind: str
    sign: int
    score: int | None
    confidence: str
    rank: int
    areas: tuple[str, ...]
    pinpoints: tuple[str, ...]


def read_network(vocabularies: Vocabularies, country: str = "") -> Asking[tuple[Link, ...]]:
    """All interlinkages, or those recorded for a State or area."""
    values = {"country": country} if country else {}
    rows = yield fill(question(NETWORK), values, vocabularies)
    return tuple(_link(row) for row in rows)


def read_prescribed(record: str, vocabularies: Vocabularies) -> Asking[tuple[Link, ...]]:
    """What a measure, or the measures of a policy, work against, as arrows from the measures."""
    rows = yield fill(question(AGAINST), {"record": record}, vocabularies)
    return tuple(_prescribed(row, Node(row["measure"], row["title"])) for row in rows)


def read_addressed(vocabularies: Vocabularies, country: str = "") -> Asking[tuple[Link, ...]]:
    """What all measures, or those for a State or area, work against, as arrows from their policies."""
    values = {"country": country} if country else {}
    rows = yield fill(question(AGAINST), values, vocabularies)
    return tuple(_prescribed(row, Node(row["policy"], row["policyTitle"])) for row in rows)


def _prescribed(row: PlainRow, start: Node) -> Link:
    return Link(
        identifier=record_identifier(row["measure"]) or "",
        title=row["title"],
        start=start,
        end=Node(row["concept"], row["conceptName"]),
        kind="Works against",
        sign=-1,
        score=None,
        confidence=PRESCRIBED,
        rank=0,
        areas=_parts(row["areas"], ", "),
        pinpoints=_parts(row["pinpoints"], "; "),
    )


def _link(row: PlainRow) -> Link:
    return Link(
        identifier=record_identifier(row["interlinkage"]) or "",
        title=row["title"],
        start=Node(row["fromNode"], row["fromName"], row["fromIsDomain"] == "true"),
        end=Node(row["toNode"], row["toName"], row["toIsDomain"] == "true"),
        kind=row["kindName"],
        sign=int(row["sign"]),
        score=int(row["scoreValue"]) if row.get("scoreValue") else None,
        confidence=row["confidenceName"],
        rank=int(row["confidenceRank"]),
        areas=_parts(row.get("areas", ""), ", "),
        pinpoints=_parts(row.get("pinpoints", ""), "; "),
    )


def _parts(text: str, separator: str) -> tuple[str, ...]:
    return tuple(text.split(separator)) if text else ()
