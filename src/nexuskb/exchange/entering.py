"""A workbook all the way: read, checked against base and drafts, submitted whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from rdflib import DCTERMS, RDF, URIRef

from nexuskb.content import read_model, read_shapes
from nexuskb.errors import RecordNotFoundError, RejectedError, StepError, SubmissionError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.marking import Problem, in_order, problems_in, problems_of
from nexuskb.exchange.sheets import EVIDENCE_OF, kind_named
from nexuskb.exchange.submission import Submission
from nexuskb.exchange.template import Row, names_of, template
from nexuskb.exchange.workbooks import read_workbook
from nexuskb.forms import Form, FormField, Forms, Holds
from nexuskb.people.rights import Person
from nexuskb.records.call import name_of
from nexuskb.records.desk import Desk, Look
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import State, Step, after
from nexuskb.records.seen import is_of
from nexuskb.settings import Settings
from nexuskb.terms import record_identifier, record_iri
from nexuskb.validation.change import ChangeChecker
from nexuskb.validation.report import Report, with_near_records
from nexuskb.vocabulary import Vocabularies

#: States in which sending the same content again does nothing.
_SENT: Final = (State.SUBMITTED, State.IN_REVIEW, State.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a workbook: its problems, in the order of its sheets, and the records that entered.

    ``unchanged`` are the records in it that nobody edited there: they stay as they are.
    """

    problems: tuple[Problem, ...]
    records: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing keeps the records from entering."""
        return not any(problem.blocking for problem in self.problems)


@dataclass(slots=True)
class _Plan:
    """What is to be written of a workbook, what stays as it is, and what cannot be written."""

    entries: list[Entry] = field(default_factory=list)
    unchanged: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)


class WorkbookDesk:
    """Takes workbooks to the desk, and fills others with what the base has."""

    def __init__(self, desk: Desk, checker: Callable[[], ChangeChecker], documents: Documents) -> None:
        """``checker`` gives the one that the desk judges by."""
        self._desk = desk
        self._asked_checker = checker
        self.documents = documents

    @classmethod
    def open(cls, settings: Settings, ledger: Ledger) -> WorkbookDesk:
        """One with a desk of its own. Raises :class:`~nexuskb.errors.ContentError`."""
        model, shapes = read_model(settings), read_shapes(settings)
        checker = ChangeChecker.open(settings)
        desk = Desk(ledger, lambda: checker, model, shapes)
        return cls(desk, lambda: checker, Documents(Forms(model, shapes), Vocabularies(model)))

    @property
    def _checker(self) -> ChangeChecker:
        return self._asked_checker()

    def enter(self, body: bytes, person: Person, *, check_only: bool = False) -> Entered:
        """Submit all records of a workbook for review, or say what is wrong and submit none.

        Raises a subclass of :class:`~nexuskb.errors.EntryError` for what is no fault of a cell, such as a
        missing right, and :class:`~nexuskb.errors.SubmissionError` for a file that is not taken at all.
        """
        try:
            submission = read_workbook(body, self.documents, self._is_taken)
        except SubmissionError as error:
            if not any("!" in fault.place for fault in error.faults):
                raise
            return Entered(tuple(problems_in(error.faults)))
        plan = self._planned(submission, person)
        report = self._rehearsed(plan.entries, person)
        problems = in_order(submission, [*self._problems(submission, report), *plan.problems])
        if any(problem.blocking for problem in problems):
            return Entered(tuple(problems))
        if plan.entries and not check_only:
            self._desk.do(Step.SUBMIT, person, plan.entries)
        named = tuple(str(record_identifier(entry.record)) for entry in plan.entries)
        return Entered(tuple(problems), named, plan.unchanged)

    def filled(self, kinds: Iterable[str], identifiers: Iterable[str], person: Person) -> bytes:
        """A workbook with records, what belongs to them in the base, and their evidence.

        Each record is as the person sees it, a draft before what is accepted. Raises
        :class:`~nexuskb.errors.RecordNotFoundError` and :class:`~nexuskb.errors.UnknownTermError`.
        """
        forms, data = self.documents.forms, self._checker.data
        rows: dict[str, list[Row]] = {}
        revisions: dict[str, str] = {}
        found: dict[str, None] = {kind_named(forms, kind).key: None for kind in kinds}
        for identifier in identifiers:
            look = self._desk.look(person, _record(identifier))
            form = forms.of([look.content.kind])
            if form is None:
                raise RecordNotFoundError(f"The record {identifier} is of a kind that no sheet is for.")
            found.setdefault(form.key)
            parts = [
                (forms.kinds[part.kind], self._desk.look(person, URIRef(str(whole))))
                for part in form.parts
                for whole in sorted(data.subjects(part.path, look.record), key=str)
                if (whole, RDF.type, forms.kinds[part.kind].cls) in data
            ]
            for each, seen in [(form, look), *parts]:
                name = str(record_identifier(seen.record))
                if name not in revisions:
                    revisions[name] = seen.tag
                    self._add_rows(each, seen, rows)
        return template(forms, self.documents.vocabularies, found, rows, revisions)

    def _add_rows(self, form: Form, look: Look, rows: dict[str, list[Row]]) -> None:
        document = self.documents.write(look.content.triples, look.record)
        passages = document.pop("evidence", [])
        rows.setdefault(form.label, []).append(self._row(document, form))
        evidence = self.documents.forms.evidence
        for passage in passages if isinstance(passages, list) else []:
            row = {EVIDENCE_OF: [str(document["identifier"])], **self._row(passage, evidence)}
            rows.setdefault(evidence.label, []).append(row)

    def _row(self, document: dict[str, object], form: Form) -> dict[str, list[str]]:
        row: dict[str, list[str]] = {}
        for key, asked in form.by_key().items():
            value = document.get(key)
            if isinstance(value, dict) and asked.holds is Holds.WORDS:
                row |= {f"{key}@{language}": _texts(texts) for language, texts in value.items()}
            elif value is not None:
                row[key] = [self._name(each, asked) for each in _texts(value)]
        return row

    def _name(self, text: str, field: FormField) -> str:
        """A term as the list of the column shows it."""
        if field.holds is not Holds.TERM:
            return text
        scheme = self.documents.vocabularies.schemes[field.scheme]
        keys = [term.key for term in scheme.terms]
        return names_of(scheme)[keys.index(text)] if text in keys else text

    def _problems(self, submission: Submission, report: Report) -> list[Problem]:
        names = [str(name) for name in self._checker.data.objects(None, DCTERMS.identifier)]
        names += [str(record_identifier(record)) for record in submission.records]
        return problems_of(submission, with_near_records(report.violations, names))

    def _rehearsed(self, entries: list[Entry], person: Person) -> Report:
        if not entries:
            return Report(0)
        try:
            return self._desk.do(Step.SUBMIT, person, entries, dry_run=True).report
        except RejectedError as error:
            return error.report

    def _planned(self, submission: Submission, person: Person) -> _Plan:
        """What of a submission is to be written, and which of its records went on in the meantime."""
        plan = _Plan()
        for record, triples in submission.by_record().items():
            try:
                look = self._desk.look(person, record)
            except RecordNotFoundError:
                plan.entries.append(Entry(record, triples))
                continue
            tag = submission.revisions.get(record, "")
            digest = self._desk.rules.read(record, triples).digest
            as_is = look.state in _SENT and digest == look.content.digest
            as_taken_along = tag != look.tag and is_of(tag, digest)
            if as_is or as_taken_along:
                plan.unchanged += (str(record_identifier(record)),)
            else:
                words = self._kept_from(person, look, tag)
                if words:
                    place = submission.places.find(str(record))
                    plan.problems.append(Problem(place, True, "Identifier", name_of(record), words))
                else:
                    plan.entries.append(Entry(record, triples, look.tag))
        return plan

    def _kept_from(self, person: Person, look: Look, tag: str) -> str:
        """Why a record cannot be written as a workbook has it; nothing if it can."""
        if tag != look.tag and (words := self._went_on(person, look, tag)):
            return words
        try:
            after(Step.SAVE, look.state, name_of(look.record))
        except StepError as error:
            return str(error)
        return ""

    def _went_on(self, person: Person, look: Look, tag: str) -> str:
        """What became of a record since a workbook was made from it; nothing if only this person wrote it."""
        name = name_of(look.record)
        way_out = (
            f"Take a new workbook that is filled in with it along (nexuskb template FILE.xlsx --with {name}, "
            "or on the page Enter records in a spreadsheet), and make your changes there."
        )
        since = self._desk.since(person, look.record, tag)
        if since is None and not tag:
            return f"There is such a record already. For a new one choose another identifier. {way_out}"
        if since is None:
            return f"The record is not as it was when this workbook was made. {way_out}"
        others = [event for event in since.events if event.who != person.name]
        if not others:
            return ""
        last = others[-1]
        changes = self._desk.differences(person, look.record, since.revision, look.revision)
        fields = f": {', '.join(change.field for change in changes)}" if tag and changes else ""
        when = f"on {last.at[:10]}, after this workbook was made"
        return f"{last.who} changed the record {when}{fields}. {way_out}"

    def _is_taken(self, identifier: str) -> bool:
        record = record_iri(identifier)
        known = (record, RDF.type, None) in self._checker.data
        return known or self._desk.ledger.standing(record) is not None


def _record(identifier: str) -> URIRef:
    try:
        return record_iri(identifier)
    except ValueError as error:
        raise RecordNotFoundError(f"{error}.") from error


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
