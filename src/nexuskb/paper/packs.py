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
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Vocabularies

#: Columns of a table of the answer beside the one that names the thing.
_MOST_COLUMNS = 4
#: Characters on average above which a column is prose.
_LONG = 80
#: A column is shown if one row in so many has something in it; the spreadsheet has them all.
_FILLED = 10
_FIGURES = frozenset({"Observation", "Target"})
#: What a footnote says is not repeated in a column.
_SAID_BY_FOOTNOTES = re.compile(
    r"passages?$|pinpoints?$|attestedby$|source|evidence$|assertion$|^basis$|records$|^areas$", re.IGNORECASE
)
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
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    subject = _subject(rows, columns, findings, before)
    subjects = list(dict.fromkeys(row[subject] for row in rows if row.get(subject))) if subject else []
    names = [name for iri in subjects if (name := record_identifier(iri)) and name in findings]
    groups: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    table = None
    if not names:
        table = _table_of_rows(rows, columns, "", findings)
    elif any(findings[n].kind == _CONFLICT for row in rows for n in _named(row) if n in findings):
        groups = tuple(_grouped(rows, subject, findings))
    elif 2 * len(before.intersection(names)) > len(names):
        table = _table_of_rows(rows, columns, subject, findings)
    elif all(findings[name].kind in _FIGURES for name in names):
        table = _table_of_figures(names, findings)
    else:
        groups = tuple(_grouped(rows, subject, findings))
    return Answer(state, query, groups, table, columns, tuple(rows))


def _subject(
    rows: list[PlainRow], columns: Sequence[str], findings: Mapping[str, Finding], before: set[str]
) -> str:
    """The column of the records that an answer is about: the one that names most that are new, or most."""
    named = {
        column: {
            name
            for row in rows
            if (name := record_identifier(row.get(column, "")) or "") in findings
            and findings[name].kind != _CONFLICT
        }
        for column in columns
    }
    best = max(((len(found - before), len(found)) for found in named.values()), default=(0, 0))
    fitting = (c for c, found in named.items() if found and (len(found - before), len(found)) == best)
    return next(fitting, "")


def _grouped(
    rows: list[PlainRow], subject: str, findings: Mapping[str, Finding]
) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Findings under the conflict that they are part of, where the answer names conflicts."""
    groups: dict[str, dict[str, None]] = {}
    for row in rows:
        name = record_identifier(row.get(subject, "")) or ""
        conflict = next((n for n in _named(row) if n in findings and findings[n].kind == _CONFLICT), "")
        if name in findings:
            groups.setdefault(conflict, {})[name] = None
    for conflict, members in groups.items():
        found = findings.get(conflict)
        text = " ".join(found.statements) if found else ""
        yield (found.label if found else "", text, tuple(members))


def _table_of_figures(names: list[str], findings: Mapping[str, Finding]) -> Table:
    found = [findings[name] for name in names]
    rows = [
        Row((each.label, each.figure, each.year, ", ".join(each.areas)), (each.identifier,)) for each in found
    ]
    if len({row.cells[3] for row in rows}) == 1:
        return Table(("Figure", "Value", "Year"), tuple(Row(row.cells[:3], row.records) for row in rows))
    return Table(("Figure", "Value", "Year", "Area"), tuple(rows))


def _table_of_rows(
    rows: list[PlainRow], columns: Sequence[str], subject: str, findings: Mapping[str, Finding]
) -> Table:
    """The rows with the columns that tell them apart; what a footnote says is left to it."""
    naming = _title_of(subject, columns)
    others = [
        column
        for column in columns
        if column not in (subject, naming)
        and not _SAID_BY_FOOTNOTES.search(column)
        and len({row.get(column, "") for row in rows} - _NOTHING) > (1 if len(rows) > 1 else 0)
        and _FILLED * sum(row.get(column, "") not in _NOTHING for row in rows) >= len(rows)
        and not any(row.get(column, "").startswith("https://w3id.org/") for row in rows)
    ]
    if subject:  # what it says is told where it was first a finding
        others = [column for column in others if _mean_length(rows, column) <= _LONG]
    units = {column: unit for column in others if (unit := _unit_of(column, columns))}
    others = [column for column in others if column not in units.values()]
    if not subject:
        naming, others = (others[0], others[1:]) if others else ("", [])
    chosen = others[:_MOST_COLUMNS]
    seen: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        subject_name = record_identifier(row.get(subject, "")) or ""
        label = findings[subject_name].label if subject_name in findings else row.get(naming, "")
        cells = (
            label,
            *(f"{_cell(row.get(c, ''))} {row.get(units.get(c, ''), '')}".strip() for c in chosen),
        )
        cited = [subject_name] if subject_name in findings else [n for n in _named(row) if n in findings]
        known = seen.setdefault(cells, [])
        known += [name for name in cited if name not in known]
    headings = (_heading(naming or subject), *(_heading(column) for column in chosen))
    return Table(headings, tuple(Row(cells, tuple(names)) for cells, names in seen.items()))


def _unit_of(column: str, columns: Sequence[str]) -> str:
    """The column with the unit of the figure in this one."""
    found = re.fullmatch(r"(.*?)[Ff]igure", column)
    unit = (f"{found[1]}Unit" if found[1] else "unit") if found else ""
    return unit if unit in columns else ""


def _title_of(subject: str, columns: Sequence[str]) -> str:
    for suffix in ("Title", "Label", "Name"):
        if subject and f"{subject}{suffix}" in columns:
            return f"{subject}{suffix}"
    return ""


def _mean_length(rows: list[PlainRow], column: str) -> float:
    return sum(len(row.get(column, "")) for row in rows) / len(rows)


def _cell(value: str) -> str:
    if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", value):
        return in_words(value)
    return "" if value in _NOTHING else value


def _heading(column: str) -> str:
    """The heading of the column of a thing or of its name."""
    return heading(re.sub(r"(?<=.)(Title|Label|Name)$", "", column))
