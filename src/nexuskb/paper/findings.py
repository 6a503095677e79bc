"""What a pack says of a record: statement, figure, qualities in words, reservations, citations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from nexuskb.asking import Asking, PlainRow
from nexuskb.exchange.citations.imprints import in_words
from nexuskb.exchange.citations.references import Citation, cite
from nexuskb.terms import NX, record_identifier, record_iri

_TOGETHER = 250

# One row a statement; a term or record is told by its English label, a text comes with its language.
_FACTS = """SELECT ?record ?property ?text (LANG(?value) AS ?language) ?value WHERE {
  VALUES ?record { %s }
  ?record ?property ?value .
  FILTER(?property IN (rdfs:label, dcterms:description, nx:officialLabel, nx:labelStatus, nx:area,
    nx:policyKind, nx:legalStatus, nx:adopted, nx:issuingBody, nx:instrument, nx:response, nx:ofPolicy,
    nx:driver, nx:impact, nx:affected, nx:place, nx:periodAsStated, nx:confidence, nx:linkKind, nx:score,
    nx:scoreReason, nx:from, nx:to, nx:value, nx:valueAsPrinted, nx:unit, nx:refYear, nx:targetYear,
    nx:baseline, nx:sdg, nx:result, nx:lesson, nx:madeBy, nx:addressedTo, nx:outcome, nx:involves,
    nx:reservation, nx:reviewState, dcterms:date, skos:note) || ?property = rdf:type)
  OPTIONAL { ?value rdfs:label|skos:prefLabel ?name FILTER(LANG(?name) = "en") }
  BIND(COALESCE(STR(?name), STR(?value)) AS ?text)
} ORDER BY ?record ?property ?text"""


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its language; empty for English."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A record as a pack shows it.

    ``qualities`` are short, such as ``Law; in force; adopted 1994``. ``value`` is the number of a figure
    and ``figure`` what is printed of it, with its unit; ``year`` is that of the figure. ``category`` is the
    term by which its kind is counted in charts. ``citations`` are the passages that support it.
    """

    identifier: str
    kind: str
    label: str
    official: tuple[Text, ...]
    statements: tuple[str, ...]
    qualities: tuple[str, ...]
    areas: tuple[str, ...]
    figure: str
    value: str
    unit: str
    year: str
    category: str
    reservations: tuple[str, ...]
    involves: tuple[str, ...]
    citations: tuple[Citation, ...]

    @property
    def weak(self) -> bool:
        """Whether a claim has one source only."""
        return len({citation.reference.identifier for citation in self.citations}) == 1


def fingerprint(found: Finding) -> str:
    """What tells whether a record has changed: the first 16 digits of the SHA-256 of what is said of it."""
    said = json.dumps(asdict(found), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def read_findings(identifiers: Sequence[str]) -> Asking[dict[str, Finding]]:
    """The records of these identifiers as findings; identifiers that name none are left out."""
    statements: dict[str, dict[str, list[PlainRow]]] = {}
    for start in range(0, len(identifiers), _TOGETHER):
        some = " ".join(record_iri(each).n3() for each in identifiers[start : start + _TOGETHER])
        for row in (yield _FACTS % some):
            name = record_identifier(row["record"]) or ""
            facts = statements.setdefault(name, {})
            facts.setdefault(row["property"].removeprefix(str(NX)), []).append(row)
    cited: dict[str, list[Citation]] = {}
    for citation in (yield from cite(list(statements))):
        cited.setdefault(citation.record or citation.reference.identifier, []).append(citation)
    return {name: _finding(name, facts, cited.get(name, [])) for name, facts in statements.items()}


def _finding(name: str, facts: Mapping[str, list[PlainRow]], citations: Iterable[Citation]) -> Finding:
    def texts(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row["text"] for row in facts.get(key, ())))

    def first(key: str) -> str:
        return next(iter(texts(key)), "")

    kind = next(
        (t for t in texts("http://www.w3.org/1999/02/22-rdf-syntax-ns#type") if t not in _BROAD), "Record"
    )
    label = first("http://www.w3.org/2000/01/rdf-schema#label")
    official = tuple(Text(row["text"], row.get("language", "")) for row in facts.get("officialLabel", ()))
    if first("labelStatus") == _MACHINE_MADE:
        label = official[0].text if official else name
    unit, printed = first("unit"), first("valueAsPrinted")
    years = texts("refYear") or texts("targetYear")
    return Finding(
        identifier=name,
        kind=kind,
        label=label,
        official=official,
        statements=tuple(f"{lead}{text}" for key, lead in _STATEMENTS.items() for text in texts(key)),
        qualities=tuple(_qualities(kind, texts)),
        areas=texts("area"),
        figure=f"{printed} {unit}".strip() if printed else "",
        value=first("value"),
        unit=unit,
        year=", ".join(years),
        category=next((first(key) for key in _CATEGORIES if first(key)), ""),
        reservations=texts("reservation"),
        involves=tuple(record_identifier(row["value"]) or "" for row in facts.get("involves", ())),
        citations=tuple(citations),
    )


_BROAD = frozenset({"Record", "Claim", "Finding"})
_MACHINE_MADE = "Machine-made"
_STATEMENTS = {
    "http://purl.org/dc/terms/description": "",
    "result": "Result: ",
    "lesson": "Lesson: ",
    "scoreReason": "Reason for the score: ",
    "http://www.w3.org/2004/02/skos/core#note": "Note: ",
}
#: By what the records of a kind are counted: the first of these that they have.
_CATEGORIES = ("policyKind", "instrument", "linkKind", "driver", "impact")


def _qualities(kind: str, texts: Callable[[str], tuple[str, ...]]) -> Iterable[str]:
    """The short facts of a record in their order, in lower case where a vocabulary begins with a capital."""
    start, end = texts("from"), texts("to")
    if start and end:
        yield from (texts("linkKind")[0].lower(), f"{start[0]} → {end[0]}")
    elif texts("ofPolicy"):
        yield f"{kind.lower()} of: {texts('ofPolicy')[0]}"
    else:
        yield (texts("policyKind") or (kind,))[0].lower()
    for key, lead in (
        ("legalStatus", ""),
        ("adopted", "adopted "),
        ("issuingBody", "issued by "),
        ("instrument", "instrument: "),
        ("response", "response: "),
        ("driver", "driver: "),
        ("impact", "impact: "),
        ("affected", "affects "),
        ("score", ""),
        ("place", "place: "),
        ("periodAsStated", "period: "),
        ("confidence", ""),
        ("madeBy", "made by "),
        ("addressedTo", "addressed to "),
        ("outcome", "outcome: "),
    ):
        words = texts(key)
        if words:
            if key == "legalStatus" and words == ("Unknown",):
                yield "legal status unknown"
                continue
            lowered = (
                in_words(word) if key == "adopted" else word[:1].lower() + word[1:] if key in _TERMS else word
                for word in words
            )
            yield lead + ", ".join(lowered)
    if texts("labelStatus") == ("Working title",):
        yield "working title of the editors"
    state = texts("reviewState")
    if state and state != ("Accepted",):
        yield f"state of review: {state[0].lower()}"


_TERMS = frozenset(
    {"legalStatus", "instrument", "response", "driver", "impact", "score", "confidence", "outcome"}
)
