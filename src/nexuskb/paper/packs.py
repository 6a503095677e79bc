"""The evidence pack of a section: what a drafter writes it from.

The findings stand under the question that they answer. Each has its reservations and its citations; figures
are tables; what disagrees, what is missing and what States said are stated. A pack is plain data: the same
base gives the same pack, whatever it is written as.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from nexuskb.asking import Asking, PlainRow
from nexuskb.exchange.citations.imprints import in_words
from nexuskb.exchange.citations.references import Reference
from nexuskb.exchange.citations.references import references as sources_of
from nexuskb.paper.findings import Finding, read_findings
from nexuskb.paper.outline import AnswerState, Completeness, Section, completeness, read_outline, section_of
from nexuskb.questions.answers import heading
from nexuskb.questions.catalogue import Column, Question, fill, question
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Vocabularies

#: Records of an answer that are told one by one; more are a table.
_TOLD_SINGLY = 120
#: Kinds of record that a table tells best.
_IN_TABLES = frozenset({"Measure", "Target", "Observation", "Coverage note"})
_NOTHING = frozenset({"", "none", "no search recorded", "no date given", "not stated"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells, the first of which names the thing; whose citations it carries."""

    cells: tuple[str, ...]
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its headings."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the section with its answer as findings or as a table, and all rows as they came.

    ``groups`` are findings under a heading and a text; the heading is empty where nothing groups them.
    """

    state: AnswerState
    query: str
    groups: tuple[tuple[str, str, tuple[str, ...]], ...]
    table: Table | None
    columns: tuple[str, ...]
    rows: tuple[PlainRow, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The records shown under the question, each once."""
        named = [name for _, _, names in self.groups for name in names]
        named += [name for row in (self.table.rows if self.table else ()) for name in row.records]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class Pack:
    """All that a pack says. ``generation`` names the content of the base that it was made from."""

    generation: str
    section: Section
    completeness: Completeness
    answers: tuple[Answer, ...]
    findings: dict[str, Finding]
    conflicts: tuple[str, ...]

    @property
    def references(self) -> list[Reference]:
        """The sources that the pack cites."""
        cited = (c for answer in self.answers for n in answer.shown for c in self._found(n).citations)
        return [each for each in sources_of(cited) if "-src-" in each.identifier]

    @property
    def reservations(self) -> dict[str, list[str]]:
        """What must be said, with the records of which."""
        said: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for answer in self.answers for name in answer.shown):
            for words in self._found(name).reservations:
                said.setdefault(words, []).append(name)
        return dict(sorted(said.items(), key=lambda item: (-len(item[1]), item[0])))

    @property
    def single(self) -> list[str]:
        """The findings of claims that rest on one source alone."""
        shown = dict.fromkeys(name for answer in self.answers for name in answer.shown)
        return [name for name in shown if self._found(name).weak]

    def _found(self, name: str) -> Finding:
        return self.findings[name]

    @property
    def hash(self) -> str:
        """The hash of all that the pack says (SHA-256 of its data): the same figure has the same hash."""
        said = {
            "section": asdict(self.section),
            "completeness": self.completeness.as_dict(),
            "answers": [asdict(answer) for answer in self.answers],
            "findings": {name: asdict(finding) for name, finding in sorted(self.findings.items())},
            "conflicts": self.conflicts,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_pack(identifier: str, generation: str, vocabularies: Vocabularies) -> Asking[Pack]:
    """The pack of the section of this identifier or number. Raises :class:`RecordNotFoundError`."""
    section = section_of((yield from read_outline()), identifier)
    complete = yield from completeness(section, vocabularies)
    asked = []
    for state in complete.answers:
        query, rows = "", []
        if state.answered:
            query = fill(question(state.question.name), state.question.parameters, vocabularies)
            rows = yield query
        asked.append((state, query, rows))
    named = dict.fromkeys(
        [*section.assigned, *(name for _, _, rows in asked for row in rows for name in _named(row))]
    )
    findings = yield from read_findings([name for name in named if "-src-" not in name])
    conflicts = tuple(name for name, finding in findings.items() if finding.kind == _CONFLICT)
    beside = [n for name in conflicts for n in findings[name].involves if n not in findings]
    findings |= yield from read_findings(list(dict.fromkeys(beside)))
    answers: list[Answer] = []
    before: set[str] = set()
    for state, query, rows in asked:
        answers.append(_answer(state, query, rows, findings, before))
        before |= set(answers[-1].shown)
    return Pack(generation, section, complete, tuple(answers), findings, conflicts)


_CONFLICT = "Conflict of figures"


def _named(row: PlainRow) -> list[str]:
    """The records that a row names: by IRI, or by identifier in a column of records."""
    found = []
    for column, value in row.items():
        if name := record_identifier(value):
            found.append(name)
        elif column.endswith("Records") and value not in _NOTHING:
            found += [part for part in value.split(", ") if part]
    return found


def _answer(
    state: AnswerState,
    query: str,
    rows: list[PlainRow],
    findings: Mapping[str, Finding],
    before: set[str],
) -> Answer:
    """The answer as findings, or as a table where there are many or an earlier question has told them."""
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    groups: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    table = None
    if rows:
        asked = question(state.question.name)
        of_row = [_subject(row, asked.subject, findings) for row in rows]
        names = [name for name in dict.fromkeys(of_row) if name]
        if any(findings[n].kind == _CONFLICT for row in rows for n in _named(row) if n in findings):
            groups = tuple(_grouped(rows, of_row, findings))
        elif (
            names
            and len(names) <= _TOLD_SINGLY
            and 2 * len(before.intersection(names)) <= len(names)
            and 2 * sum(findings[name].kind in _IN_TABLES for name in names) <= len(names)
        ):
            groups = tuple(_by_category(names, findings))
        else:
            table = _table(asked, rows, of_row, findings)
    return Answer(state, query, groups, table, columns, tuple(rows))


def _subject(row: PlainRow, variables: Sequence[str], findings: Mapping[str, Finding]) -> str:
    """The record that a row is about; empty where it is about none."""
    named = (record_identifier(row.get(variable, "")) or "" for variable in variables)
    return next((name for name in named if name in findings), "")


def _by_category(
    names: Sequence[str], findings: Mapping[str, Finding]
) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Many findings stand under the names of their categories, if these bring them together."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(findings[name].category, []).append(name)
    if len(names) < _GROUPED or "" in groups or 2 * len(groups) > len(names):
        yield "", "", tuple(names)
        return
    for category, members in sorted(groups.items()):
        yield category, "", tuple(members)


#: Findings from which their categories are headings.
_GROUPED = 12


def _grouped(
    rows: list[PlainRow], of_row: Sequence[str], findings: Mapping[str, Finding]
) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Findings under the conflict that they are part of."""
    groups: dict[str, dict[str, None]] = {}
    for row, name in zip(rows, of_row, strict=True):
        conflict = next((n for n in _named(row) if n in findings and findings[n].kind == _CONFLICT), "")
        if name:
            groups.setdefault(conflict, {})[name] = None
    for conflict, members in groups.items():
        found = findings.get(conflict)
        text = " ".join(found.statements) if found else ""
        yield (found.label if found else "", text, tuple(members))


def _table(
    asked: Question, rows: list[PlainRow], of_row: Sequence[str], findings: Mapping[str, Finding]
) -> Table:
    """The rows in the columns that the question has for print, equal rows once, with what they cite.

    A column in which every row says the same, or nothing, is left out.
    """
    columns = asked.columns or _plain_columns(rows)
    shown = [
        column
        for column in columns
        if len(rows) == 1 or column is columns[0] or len({column.cell(row) for row in rows} - _NOTHING) > 1
    ]
    seen: dict[tuple[str, ...], list[str]] = {}
    for row, name in zip(rows, of_row, strict=True):
        cells = tuple(_cell(column, row, name, findings) for column in shown)
        cited = [name] if name else [n for n in _named(row) if n in findings]
        known = seen.setdefault(cells, [])
        known += [each for each in cited if each not in known]
    return Table(
        tuple(column.heading for column in shown),
        tuple(Row(cells, tuple(names)) for cells, names in seen.items()),
    )


def _plain_columns(rows: list[PlainRow]) -> tuple[Column, ...]:
    """Columns for a question that has none for print: the first that hold words."""
    names = dict.fromkeys(name for row in rows for name in row)
    words = [n for n in names if not any(row.get(n, "").startswith("https://w3id.org/") for row in rows)]
    return tuple(Column(heading(name), ((name,),)) for name in words[:_MOST_COLUMNS])


_MOST_COLUMNS = 5


def _cell(column: Column, row: PlainRow, name: str, findings: Mapping[str, Finding]) -> str:
    """A cell: dates in words; the record that the row is about under the name that may be printed."""
    value = column.cell(row)
    variable = next((parts[0] for parts in column.variables if any(row.get(part) for part in parts)), "")
    beside = re.sub(r"([Tt]itle|Name|Label)$", "", variable)
    named = record_identifier(value) or (
        name if variable == "title" else record_identifier(row.get(beside, "")) if beside != variable else ""
    )
    if named and named in findings:
        return findings[named].label
    if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", value):
        return in_words(value)
    return "" if value in _NOTHING else value
