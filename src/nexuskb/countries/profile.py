"""The profile of a State or of the region: what the base holds of it, block by block.

Each block is the answer to a named question, so that it can be taken along, asked again and changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nexuskb.asking import Asking, PlainRow
from nexuskb.countries.areas import REGION
from nexuskb.countries.series import Series, series_of
from nexuskb.paper.gaps import KINDS, Gaps, find_gaps
from nexuskb.paper.matrices import topics
from nexuskb.paper.matrices.catalogue import matrix_kind, read_matrix
from nexuskb.paper.matrices.matrix import Matrix
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Term, Vocabularies

#: Kinds of gap that a profile lists: the others go through all measures of all States.
_GAPS: Final = ("unanswered", "unobserved", "uncommitted", "unlinked")
#: Targets that fall due by this year: all of them.
_ANY_YEAR: Final = "2100"


@dataclass(frozen=True, slots=True)
class Link:
    """Words, and the record that they name if any."""

    text: str
    record: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A table of the profile: its key and title, the question and parameters behind it, its rows."""

    key: str
    title: str
    question: str
    parameters: dict[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[Link, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "title": self.title,
            "question": self.question,
            "parameters": self.parameters,
            "columns": list(self.columns),
            "rows": [[{"text": cell.text, "record": cell.record} for cell in row] for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class Caution:
    """What must be said of some records of the area, and how many they are."""

    words: str
    records: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many records of a kind there are about the area."""

    kind: str
    label: str
    records: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything on the page of an area. ``drivers`` and ``impacts`` are its columns of the matrices."""

    area: Term
    formal_name: str
    counts: tuple[Count, ...]
    cautions: tuple[Caution, ...]
    framework: Matrix
    drivers: Matrix | None
    impacts: Matrix | None
    blocks: tuple[Block, ...]
    gaps: tuple[Gaps, ...]
    series: tuple[Series, ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "area": self.area.key,
            "name": self.area.label,
            "formalName": self.formal_name,
            "counts": {count.kind: count.records for count in self.counts},
            "cautions": [{"words": c.words, "records": c.records} for c in self.cautions],
            "framework": self.framework.as_dict(),
            "drivers": self.drivers.as_dict() if self.drivers else None,
            "impacts": self.impacts.as_dict() if self.impacts else None,
            **{block.key: block.as_dict() for block in self.blocks},
            "gaps": [each.as_dict() for each in self.gaps],
            "series": [each.as_dict() for each in self.series],
        }


_FORMAL: Final = 'SELECT ?name { %s nx:formalName ?name FILTER(LANG(?name) = "en") }'
_COUNTS: Final = """SELECT ?kind ?label (COUNT(DISTINCT ?record) AS ?records) WHERE {
  ?record nx:area %s ; nx:reviewState ?state ; a ?kind . ?kind rdfs:label ?label .
  FILTER(LANG(?label) = "en")
} GROUP BY ?kind ?label ORDER BY ?label"""
# Doubts of the editors are particular to their records; these three are said of many.
_CAUTIONS: Final = """SELECT ?words (COUNT(DISTINCT ?record) AS ?records) WHERE {
  ?record nx:area %s ; nx:reservation ?words . FILTER NOT EXISTS { ?record nx:caveat ?words }
} GROUP BY ?words ORDER BY DESC(?records) ?words"""


def read_profile(area: Term, vocabularies: Vocabularies) -> Asking[Profile]:
    """Ask everything that the page of an area shows."""
    country = {"country": area.notation}
    iri = area.iri.n3()
    formal = yield _FORMAL % iri
    counts = yield _COUNTS % iri
    cautions = yield _CAUTIONS % iri
    framework = yield from read_matrix(matrix_kind("timeline"), country, vocabularies)
    drivers = impacts = None
    if area.key != REGION:
        standings = yield _query(topics.QUESTION, country, vocabularies)
        drivers = topics.drivers([row for row in standings if row["conceptKind"] == "driver"], country)
        impacts = topics.impacts([row for row in standings if row["conceptKind"] == "impact"], country)
    blocks = []
    for make in (_policies, _driver_findings, _impact_findings, _interlinkages, _targets, _institutions):
        block = yield from make(country, vocabularies)
        blocks.append(block)
    gaps = []
    for kind in KINDS:
        if kind.name in _GAPS and area.key != REGION:
            found = yield from find_gaps(kind, area.notation, vocabularies)
            gaps.append(found)
    figures = yield _query("country-figures-by-sdg", country, vocabularies)
    return Profile(
        area=area,
        formal_name=formal[0]["name"] if formal else area.label,
        counts=tuple(
            Count(row["kind"].rsplit("/", 1)[1], row["label"], int(row["records"])) for row in counts
        ),
        cautions=tuple(Caution(row["words"], int(row["records"])) for row in cautions),
        framework=framework,
        drivers=drivers,
        impacts=impacts,
        blocks=tuple(blocks),
        gaps=tuple(gaps),
        series=tuple(each for each in series_of(figures) if area.key != REGION or each.area == area.label),
    )


def _query(name: str, values: dict[str, str], vocabularies: Vocabularies) -> str:
    return fill(question(name), values, vocabularies)


def _policies(country: dict[str, str], vocabularies: Vocabularies) -> Asking[Block]:
    rows = yield _query("policies-of-country", country, vocabularies)
    dated = sorted(rows, key=lambda row: (row.get("adopted", ""), row["policyTitle"]), reverse=True)
    return Block(
        "policies", "Policies, the latest first", "policies-of-country", country,
        ("Adopted", "Policy", "Kind", "Legal status", "Domains", "Attested by"),
        tuple(
            (
                Link(row.get("adopted", "no date")), _to(row, "policy", "policyTitle"),
                _words(row, "policyKind"), _words(row, "legalStatus"), _words(row, "domains"),
                _words(row, "attestedBy"),
            )
            for row in _once(dated, "policy")
        ),
    )  # fmt: skip


def _driver_findings(country: dict[str, str], vocabularies: Vocabularies) -> Asking[Block]:
    rows = yield _query("drivers-found-in-country", country, vocabularies)
    return Block(
        "driverFindings", "Drivers found at work", "drivers-found-in-country", country,
        ("Driver", "Finding", "Confidence", "Source", "Pinpoint"),
        tuple(
            (
                _words(row, "driverName"), _to(row, "finding", "findingTitle"), _words(row, "confidence"),
                _to(row, "source", "sourceTitle"), _words(row, "pinpoint"),
            )
            for row in _once(rows, "finding")
        ),
    )  # fmt: skip


def _impact_findings(country: dict[str, str], vocabularies: Vocabularies) -> Asking[Block]:
    rows = yield _query("impacts-and-who-is-affected", country, vocabularies)
    return Block(
        "impactFindings", "Impacts found, and who is affected", "impacts-and-who-is-affected", country,
        ("Impact", "Finding", "Affected", "Source", "Pinpoint"),
        tuple(
            (
                _words(row, "impactName"), _to(row, "finding", "findingTitle"), _words(row, "affected"),
                _to(row, "source", "sourceTitle"), _words(row, "pinpoint"),
            )
            for row in _once(rows, "finding")
        ),
    )  # fmt: skip


def _interlinkages(country: dict[str, str], vocabularies: Vocabularies) -> Asking[Block]:
    rows = yield _query("interlinkages-that-touch", country, vocabularies)
    return Block(
        "interlinkages", "Interlinkages", "interlinkages-that-touch", country,
        ("From", "How it acts", "To", "Interlinkage", "Confidence", "Source", "Pinpoint"),
        tuple(
            (
                _words(row, "fromName"), _words(row, "linkKind"), _words(row, "toName"),
                _to(row, "interlinkage", "title"), _words(row, "confidence"),
                _to(row, "source", "sourceTitle"), _words(row, "pinpoint"),
            )
            for row in _once(rows, "interlinkage")
        ),
    )  # fmt: skip


def _targets(country: dict[str, str], vocabularies: Vocabularies) -> Asking[Block]:
    values = {**country, "year": _ANY_YEAR}
    rows = yield _query("targets-due", values, vocabularies)
    return Block(
        "targets", "Targets, and what is observed of their progress", "targets-due", values,
        ("Due", "Target", "Figure", "Policy", "Progress", "Where it is said"),
        tuple(
            (
                _words(row, "dueYear"), _to(row, "target", "targetTitle"),
                Link(f"{row.get('targetFigure', '')} {row['targetUnit']}".strip()),
                _to(row, "policy", "policyTitle"), _progress(row), Link(row.get("targetPassages", "")),
            )
            for row in rows
        ),
    )  # fmt: skip


def _progress(row: PlainRow) -> Link:
    if "observation" not in row:
        return _words(row, "progress")
    year = f" ({row['observedYear']})" if row.get("observedYear") else ""
    words = f"{row['observedFigure']} {row['observedUnit']}{year}"
    return Link(words, record_identifier(row["observation"]) or "")


def _institutions(country: dict[str, str], vocabularies: Vocabularies) -> Asking[Block]:
    rows = yield _query("institutions-and-their-policies", country, vocabularies)
    policies: dict[str, int] = {}
    for row in rows:
        policies[row["institution"]] = policies.get(row["institution"], 0) + ("policy" in row)
    return Block(
        "institutions", "Institutions", "institutions-and-their-policies", country,
        ("Institution", "Its part", "Policies linked to it", "Attested by"),
        tuple(
            (
                _to(row, "institution", "institutionName"), _words(row, "part"),
                Link(str(policies[row["institution"]])), _words(row, "institutionAttestedBy"),
            )
            for row in _once(rows, "institution")
        ),
    )  # fmt: skip


def _words(row: PlainRow, column: str) -> Link:
    return Link(row.get(column, ""))


def _to(row: PlainRow, record: str, words: str) -> Link:
    return Link(row[words], record_identifier(row[record]) or "")


def _once(rows: Sequence[PlainRow], column: str) -> list[PlainRow]:
    """The first row of each value of a column: a record with several passages has a row for each."""
    return list({row[column]: row for row in reversed(rows)}.values())[::-1]
