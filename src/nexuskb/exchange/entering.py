"""A workbook all the way: read, checked against base and drafts, submitted whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import DCTERMS, RDF, URIRef

from nexuskb.content import read_model, read_shapes
from nexuskb.errors import RecordNotFoundError, RejectedError, SubmissionError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.marking import Problem, problems_in, problems_of
from nexuskb.exchange.sheets import EVIDENCE_OF, kind_named
from nexuskb.exchange.submission import Submission
from nexuskb.exchange.template import Row, names_of, template
from nexuskb.exchange.workbooks import read_workbook
from nexuskb.forms import Form, FormField, Forms, Holds
from nexuskb.people.rights import Person
from nexuskb.records.call import ANY
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import Step
from nexuskb.settings import Settings
from nexuskb.terms import record_identifier, record_iri
from nexuskb.validation.change import Change, ChangeChecker
from nexuskb.validation.report import Report, with_near_records
from nexuskb.vocabulary import Vocabularies


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a workbook: its problems, in the order of its sheets, and the records that entered."""

    problems: tuple[Problem, ...]
    records: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing keeps the records from entering."""
        return not any(problem.blocking for problem in self.problems)


class WorkbookDesk:
    """Takes workbooks to the desk, and fills others with what the base has."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        """Raises :class:`~nexuskb.errors.ContentError`."""
        model, shapes = read_model(settings), read_shapes(settings)
        self._settings = settings
        self._checker = ChangeChecker.open(settings)
        self._desk = Desk(ledger, lambda: self._checker, model, shapes)
        self.documents = Documents(Forms(model, shapes), Vocabularies(model))

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
        try:
            outcome = self._desk.do(Step.SUBMIT, person, self._entries(submission, person), dry_run=True)
            report = outcome.report
        except RejectedError as error:
            report = error.report
        problems = self._problems(submission, report)
        entered = Entered(tuple(problems), tuple(str(record_identifier(each)) for each in submission.records))
        if entered.good and not check_only:
            self._desk.do(Step.SUBMIT, person, self._entries(submission, person))
            return entered
        return entered if entered.good else Entered(entered.problems)

    def filled(self, kinds: Iterable[str], identifiers: Iterable[str]) -> bytes:
        """A workbook with records of the base, what belongs to them, and their evidence.

        Raises :class:`~nexuskb.errors.RecordNotFoundError` and :class:`~nexuskb.errors.UnknownTermError`.
        """
        forms, data = self.documents.forms, self._checker.data
        rows: dict[str, list[Row]] = {}
        found: dict[str, None] = {kind_named(forms, kind).key: None for kind in kinds}
        for identifier in identifiers:
            record = record_iri(identifier) if record_identifier(str(record_iri(identifier))) else None
            form = forms.of(data.objects(record, RDF.type)) if record else None
            if record is None or form is None:
                raise RecordNotFoundError(f"There is no record {identifier!r} in the base.")
            found.setdefault(form.key)
            parts = [
                (forms.kinds[part.kind], whole)
                for part in form.parts
                for whole in sorted(data.subjects(part.path, record), key=str)
                if (whole, RDF.type, forms.kinds[part.kind].cls) in data
            ]
            for each, node in [(form, record), *parts]:
                if isinstance(node, URIRef):
                    self._add_rows(each, node, rows)
        return template(forms, self.documents.vocabularies, found, rows)

    def _add_rows(self, form: Form, record: URIRef, rows: dict[str, list[Row]]) -> None:
        document = self.documents.write(self._checker.current([record]), record)
        passages = document.pop("evidence", [])
        rows.setdefault(form.label, []).append(self._row(document, form))
        evidence = self.documents.forms.evidence
        for passage in passages if isinstance(passages, list) else []:
            row = {EVIDENCE_OF: [str(document["identifier"])], **self._row(passage, evidence)}
            rows.setdefault(evidence.label, []).append(row)

    def _row(self, document: dict[str, object], form: Form) -> dict[str, list[str]]:
        row: dict[str, list[str]] = {}
        for key, field in form.by_key().items():
            value = document.get(key)
            if isinstance(value, dict) and field.holds is Holds.WORDS:
                row |= {f"{key}@{language}": _texts(texts) for language, texts in value.items()}
            elif value is not None:
                row[key] = [self._name(each, field) for each in _texts(value)]
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
        change = Change(frozenset(submission.triples), self._checker.current(submission.records))
        alike = self._checker.duplicates(change, submission.records, self._settings.data)
        return problems_of(submission, [*with_near_records(report.violations, names), *alike])

    def _entries(self, submission: Submission, person: Person) -> list[Entry]:
        return [
            Entry(record, triples, self._tag(record, person))
            for record, triples in submission.by_record().items()
        ]

    def _tag(self, record: URIRef, person: Person) -> str | None:
        try:
            self._desk.look(person, record)
        except RecordNotFoundError:
            return None
        return ANY

    def _is_taken(self, identifier: str) -> bool:
        record = record_iri(identifier)
        known = (record, RDF.type, None) in self._checker.data
        return known or self._desk.ledger.standing(record) is not None


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
