"""The annotated outline of the paper, and how far the base answers what each section must answer.

A section is a record (``nx:PaperSection``), and so is each of its questions (``nx:PaperQuestion``), which
names a question of the catalogue with its parameters. The records that the answers name are those that the
section rests on, beside those that an editor assigns by hand. The outline itself is read from the base.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from nexuskb.asking import Asking, PlainRow
from nexuskb.errors import QuestionError, RecordNotFoundError
from nexuskb.questions.answers import named_records
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import record_identifier, record_iri
from nexuskb.vocabulary import Vocabularies

#: Records asked about in one query: their IRIs stay well below the longest query allowed.
_BATCH: Final = 500

_SECTIONS = """SELECT ?section ?title ?order ?whole ?wholeOrder ?brief ?state ?note WHERE {
  ?section a nx:PaperSection ; rdfs:label ?title ; nx:order ?order ; dcterms:description ?brief ;
    nx:reviewState/skos:prefLabel ?state .
  FILTER(LANG(?state) = "en")
  OPTIONAL { ?section nx:ofSection ?whole . ?whole nx:order ?wholeOrder }
  OPTIONAL { ?section skos:note ?note }
} ORDER BY COALESCE(?wholeOrder, ?order) BOUND(?whole) ?order ?section"""

_QUESTIONS = """SELECT ?section ?question ?text ?name ?parameter WHERE {
  ?question a nx:PaperQuestion ; nx:ofSection ?section ; nx:order ?order ; rdfs:label ?text .
  OPTIONAL { ?question nx:namedQuestion ?name }
  OPTIONAL { ?question nx:parameter ?parameter }
} ORDER BY ?section ?order ?question ?parameter"""

_ASSIGNED = """SELECT ?section ?record WHERE {
  ?section a nx:PaperSection ; nx:assigns ?record .
} ORDER BY ?section ?record"""

_REVIEWS = """SELECT DISTINCT ?section ?review ?reviewer ?date ?kind ?comment ?answer ?open WHERE {
  VALUES ?about { %s }
  OPTIONAL { ?about nx:ofSection ?whole FILTER NOT EXISTS { ?about a nx:PaperSection } }
  BIND(COALESCE(?whole, ?about) AS ?section)
  ?review a nx:Review ; nx:about ?about ; nx:reviewer ?reviewer ; dcterms:date ?date ;
    nx:reviewKind ?reviewKind ; dcterms:description ?comment .
  ?reviewKind skos:prefLabel ?kind .
  FILTER(LANG(?kind) = "en")
  OPTIONAL { ?review nx:answer ?answer }
  BIND(?reviewKind IN (reviewkind:comment, reviewkind:requested-change)
    && !EXISTS { ?review nx:answer ?given } && !EXISTS { ?response nx:respondsTo ?review } AS ?open)
} ORDER BY ?date ?review"""

# A document counts once, as the rule ontology/rules/support.rq counts it: by DOI, or else by address.
_SUPPORT = """SELECT DISTINCT ?record ?claim ?state ?reserved ?document WHERE {
  VALUES ?record { %s }
  ?record nx:reviewState ?state .
  BIND(EXISTS { ?record a/rdfs:subClassOf+ nx:Claim } AS ?claim)
  BIND(EXISTS { ?record nx:reservation ?words } AS ?reserved)
  OPTIONAL {
    { ?record nx:evidence/nx:source ?source } UNION { ?record a nx:Source BIND(?record AS ?source) }
    OPTIONAL { ?source nx:doi ?doi }
    OPTIONAL { ?source nx:url ?url }
    BIND(REPLACE(LCASE(STR(?url)), "^https?://(www[.])?|[/#]+$", "") AS ?address)
    BIND(COALESCE(LCASE(?doi), REPLACE(?address, "^(dx[.])?doi[.]org/", ""), STR(?source)) AS ?document)
  }
}"""


@dataclass(frozen=True, slots=True)
class PaperQuestion:
    """A question that a section must answer; ``name`` is empty while no named question answers it."""

    identifier: str
    text: str
    name: str
    parameters: dict[str, str]

    @property
    def address(self) -> str:
        """The path of its answer in the facade, empty without a question of the catalogue."""
        if not self.name:
            return ""
        return f"/questions/{self.name}" + (f"?{urlencode(self.parameters)}" if self.parameters else "")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the outline or a part of one. ``number`` is its place, such as ``4.3``."""

    identifier: str
    number: str
    title: str
    brief: str
    state: str
    note: str
    part_of: str
    questions: tuple[PaperQuestion, ...]
    assigned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerState:
    """How far a question has an answer: rows, the records that they name, the documents behind those.

    ``standing`` is ``answered`` or says in words why not.
    """

    question: PaperQuestion
    standing: str
    rows: int
    records: tuple[str, ...]
    documents: int

    @property
    def answered(self) -> bool:
        """Whether it has an answer."""
        return self.standing == ANSWERED


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reviewer said of a section or of one of its questions; ``open`` as long as nobody responds."""

    identifier: str
    reviewer: str
    date: str
    kind: str
    comment: str
    answer: str
    open: bool


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a section rests on and what is missing from it, in words."""

    section: Section
    answers: tuple[AnswerState, ...]
    records: tuple[str, ...]
    documents: int
    missing: tuple[str, ...]
    comments: tuple[Comment, ...]

    @property
    def answered(self) -> int:
        """How many of its questions have an answer."""
        return sum(answer.answered for answer in self.answers)

    def as_dict(self) -> dict[str, Any]:
        """As plain data, with the addresses of the answers."""
        found = asdict(self)
        for plain, answer in zip(found["answers"], self.answers, strict=True):
            plain["question"]["address"] = answer.question.address
        return {**found, "answered": self.answered}


ANSWERED: Final = "answered"
UNSOURCED: Final = "the claims in the answer name no source"
NO_ROWS: Final = "the base has no answer"
NO_QUERY: Final = "no question of the catalogue answers it yet"


def read_outline() -> Asking[tuple[Section, ...]]:
    """All sections in their order, each part after its section."""
    sections = yield _SECTIONS
    questions = _questions((yield _QUESTIONS))
    assigned: dict[str, list[str]] = {}
    for row in (yield _ASSIGNED):
        assigned.setdefault(_name(row["section"]), []).append(_name(row["record"]))
    return tuple(_section(row, questions, assigned) for row in sections)


def section_of(outline: Iterable[Section], identifier: str) -> Section:
    """The section of this identifier or number. Raises :class:`RecordNotFoundError` with those there are."""
    known = list(outline)
    for section in known:
        if identifier in (section.identifier, section.number):
            return section
    raise RecordNotFoundError(
        f"There is no section {identifier!r} in the outline. The sections are: "
        + ", ".join(f"{section.identifier} ({section.number})" for section in known)
        + "."
    )


def parts_of(outline: Iterable[Section], section: Section) -> tuple[Section, ...]:
    """The parts of a section."""
    return tuple(part for part in outline if part.part_of == section.identifier)


def completeness(section: Section, vocabularies: Vocabularies) -> Asking[Completeness]:
    """Ask every question of a section and say what it rests on and what is missing."""
    (found,) = yield from complete((section,), vocabularies)
    return found


def complete(sections: Sequence[Section], vocabularies: Vocabularies) -> Asking[tuple[Completeness, ...]]:
    """The completeness of sections; what several of them ask is asked once."""
    asked: dict[str, _Answered] = {}
    answered = []
    for section in sections:
        found = []
        for each in section.questions:
            found.append((yield from _answer(each, vocabularies, asked)))
        answered.append(found)
    records = [
        tuple(dict.fromkeys([*section.assigned, *(name for each in found for name in each.records)]))
        for section, found in zip(sections, answered, strict=True)
    ]
    support = yield from _support(tuple(dict.fromkeys(name for names in records for name in names)))
    comments: dict[str, list[Comment]] = {}
    for row in (yield _REVIEWS % " ".join(record_iri(name).n3() for name in _reviewed(sections))):
        comments.setdefault(_name(row["section"]), []).append(_comment(row))
    return tuple(
        _completeness(section, found, names, support, tuple(comments.get(section.identifier, ())))
        for section, found, names in zip(sections, answered, records, strict=True)
    )


def queries(sections: Iterable[Section], vocabularies: Vocabularies) -> Iterator[str]:
    """The queries that the completeness of sections is made from."""
    yield from (_SECTIONS, _QUESTIONS, _ASSIGNED, _REVIEWS, _SUPPORT)
    for section in sections:
        yield from ("".join(_query(each, vocabularies)) for each in section.questions)


def _reviewed(sections: Iterable[Section]) -> Iterator[str]:
    """What a comment on a section may be about: itself and its questions."""
    for section in sections:
        yield section.identifier
        yield from (question.identifier for question in section.questions)


@dataclass(frozen=True, slots=True)
class _Answered:
    """How many rows answer a question, the records that they name, or why it cannot be asked."""

    rows: int
    records: tuple[str, ...]
    problem: str = ""


def _completeness(
    section: Section,
    answered: list[_Answered],
    records: tuple[str, ...],
    support: _Support,
    comments: tuple[Comment, ...],
) -> Completeness:
    answers = tuple(
        _state(asked, found, support) for asked, found in zip(section.questions, answered, strict=True)
    )
    behind = support.behind(records)
    missing = tuple(_missing(answers, behind, comments))
    return Completeness(section, answers, records, len(behind.of(records)), missing, comments)


@dataclass(frozen=True, slots=True)
class _Support:
    """What stands behind records: their documents, and which of them are weak in what way."""

    documents: dict[str, set[str]]
    claims: set[str]
    accepted: set[str]
    reserved: set[str]

    def of(self, records: Iterable[str]) -> set[str]:
        """The documents behind these records."""
        return set().union(*(self.documents.get(name, set()) for name in records))

    def behind(self, records: Iterable[str]) -> _Support:
        """What stands behind these records alone."""
        names = set(records)
        return _Support(
            {name: self.documents[name] for name in names.intersection(self.documents)},
            self.claims & names,
            self.accepted & names,
            self.reserved & names,
        )


def _query(asked: PaperQuestion, vocabularies: Vocabularies) -> tuple[str, str]:
    """The query of a question, or why it cannot be asked."""
    if not asked.name:
        return "", NO_QUERY
    try:
        return fill(question(asked.name), asked.parameters, vocabularies), ""
    except QuestionError as error:
        return "", f"it cannot be asked: {error}"


def _answer(
    asked: PaperQuestion, vocabularies: Vocabularies, known: dict[str, _Answered]
) -> Asking[_Answered]:
    query, problem = _query(asked, vocabularies)
    if problem:
        return _Answered(0, (), problem)
    if query not in known:
        rows = yield query
        known[query] = _Answered(len(rows), tuple(named_records(rows)))
    return known[query]


def _support(records: tuple[str, ...]) -> Asking[_Support]:
    support = _Support({}, set(), set(), set())
    for start in range(0, len(records), _BATCH):
        batch = records[start : start + _BATCH]
        for row in (yield _SUPPORT % " ".join(record_iri(name).n3() for name in batch)):
            name = _name(row["record"])
            support.documents.setdefault(name, set()).update(filter(None, [row.get("document")]))
            for which, holds in (
                (support.claims, row["claim"] == "true"),
                (support.reserved, row["reserved"] == "true"),
                (support.accepted, row["state"].endswith("/accepted")),
            ):
                if holds:
                    which.add(name)
    return support


def _state(asked: PaperQuestion, found: _Answered, support: _Support) -> AnswerState:
    documents, claims = len(support.of(found.records)), support.claims.intersection(found.records)
    unsourced = claims and not documents
    standing = found.problem or (NO_ROWS if not found.rows else UNSOURCED if unsourced else ANSWERED)
    return AnswerState(asked, standing, found.rows, found.records, documents)


def _missing(
    answers: tuple[AnswerState, ...], support: _Support, comments: tuple[Comment, ...]
) -> Iterator[str]:
    if not answers:
        yield "The section has no question to answer."
    for answer in answers:
        if not answer.answered:
            yield f"{answer.question.text} {answer.standing[:1].upper()}{answer.standing[1:]}."
    weak = {
        "rest on a single document": {n for n in support.claims if len(support.documents[n]) == 1},
        "carry a reservation that must be said wherever they are used": support.reserved,
        "are not accepted yet": set(support.documents) - support.accepted,
    }
    for words, names in weak.items():
        if names:
            yield f"{len(names):,} of {len(support.documents):,} records {words}."
    waiting = sum(comment.open for comment in comments)
    if waiting:
        yield f"{waiting:,} of {len(comments):,} comments of reviewers wait for an answer."


def _questions(rows: list[PlainRow]) -> dict[str, list[PaperQuestion]]:
    found: dict[str, list[PaperQuestion]] = {}
    for identifier, of_question in groupby(rows, key=lambda row: row["question"]):
        lines = list(of_question)
        parameters = dict(line["parameter"].split("=", 1) for line in lines if line.get("parameter"))
        asked = PaperQuestion(_name(identifier), lines[0]["text"], lines[0].get("name", ""), parameters)
        found.setdefault(_name(lines[0]["section"]), []).append(asked)
    return found


def _section(
    row: PlainRow, questions: dict[str, list[PaperQuestion]], assigned: dict[str, list[str]]
) -> Section:
    identifier = _name(row["section"])
    return Section(
        identifier=identifier,
        number=f"{row['wholeOrder']}.{row['order']}" if row.get("wholeOrder") else row["order"],
        title=row["title"],
        brief=row["brief"],
        state=row["state"],
        note=row.get("note", ""),
        part_of=_name(row["whole"]) if row.get("whole") else "",
        questions=tuple(questions.get(identifier, ())),
        assigned=tuple(assigned.get(identifier, ())),
    )


def _comment(row: PlainRow) -> Comment:
    return Comment(
        _name(row["review"]),
        row["reviewer"],
        row["date"],
        row["kind"],
        row["comment"],
        row.get("answer", ""),
        row["open"] == "true",
    )


def _name(iri: str) -> str:
    return record_identifier(iri) or iri
