"""The desk: the one way in which records change, behind the form, the spreadsheet and HTTP alike.

A call does one step of the life of a record (:mod:`nexuskb.records.life`) to one record or to several: to all
of them, or to none. It asks for the rights, compares revision tags, checks against the base of that moment,
writes, and flushes; only then does it return. The ledger's lock lets one call write at a time, in whichever
process.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypedDict, Unpack

from rdflib import RDFS, Graph, URIRef

from nexuskb.content import read_model, read_shapes
from nexuskb.errors import (
    EntryError,
    LedgerError,
    MalformedEntryError,
    NexusError,
    NotPermittedError,
    RecordNotFoundError,
)
from nexuskb.forms import Forms
from nexuskb.people.log import Line, write_log
from nexuskb.people.rights import SEE, Matter, Person, Rights, Role
from nexuskb.records.call import Call, Checker, Ground, Outcome, name_of, repeated, request_digest
from nexuskb.records.entry import Content, Entry, EntryRules
from nexuskb.records.invitations import Invitation, open_invitations
from nexuskb.records.ledger import Draft, Ledger
from nexuskb.records.life import State, Step, after, possible
from nexuskb.records.reviews import Remark, check_remark, review_triples, speaker
from nexuskb.records.revisions import Difference, Differences, Event, history, public_part
from nexuskb.records.seen import Since, written_since
from nexuskb.settings import Settings
from nexuskb.store.ntriples import read_ntriples
from nexuskb.terms import NX, REVISIONS, record_iri
from nexuskb.validation.change import Change, ChangeChecker
from nexuskb.validation.report import Report

#: Most records in one call.
MOST_RECORDS: Final = 2_000
#: Most characters of a reason, and of an idempotency key.
MOST_WORDS: Final = 5_000
MOST_KEY: Final = 200

_NEEDS_WORDS = (Step.REQUEST_CHANGES, Step.WITHDRAW)
_TAKES_CONTENT = (Step.SAVE, Step.SUBMIT)


class Manner(TypedDict, total=False):
    """How a call is made.

    ``why`` is kept in the history. Under an idempotency ``key`` a person's call is done once, however often
    it is made; the same key for another call is an error. A ``dry_run`` says what would come of it, and which
    records of the base look the same, and leaves no trace.
    """

    why: str
    key: str | None
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Look:
    """A record as somebody who was let in sees it.

    ``content`` is the latest that they may see, ``accepted`` the one in the base, if any; ``possible`` are
    the steps that they may do next, and ``tag`` is what ``if_match`` has to be then.
    """

    record: URIRef
    state: State
    revision: int
    tag: str
    author: str
    content: Content
    accepted: Content | None
    possible: tuple[Step, ...]


class Desk:
    """Takes what people enter. One for a process; it can be used from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        open_checker: Callable[[], Checker],
        model: Graph,
        shapes: Graph,
    ) -> None:
        self.ledger = ledger
        self.rules = EntryRules(Forms(model, shapes))
        self.rights = Rights(model)
        self._model = model
        self._comparing = Differences(model, shapes)
        self._open_checker = open_checker
        self._lock = threading.RLock()
        self._checker, self._seq, self._head = open_checker(), 0, ""
        self.refresh()

    @classmethod
    def open(cls, settings: Settings, ledger: Ledger) -> Desk:
        """A desk over the curated files and a ledger. Raises :class:`~nexuskb.errors.ContentError`."""
        model, shapes = read_model(settings), read_shapes(settings)
        return cls(ledger, lambda: ChangeChecker.open(settings), model, shapes)

    def refresh(self) -> None:
        """Take in what was accepted in the meantime, here or in another process."""
        with self._lock:
            if self.ledger.head_at(self._seq) != self._head:  # a backup was restored
                self._checker, self._seq, self._head = self._open_checker(), 0, ""
            for change in self.ledger.accepted(self._seq):
                added = frozenset(read_ntriples(change.triples or b""))
                removed = frozenset(self._checker.current([change.record]))
                self._checker.apply(Change(added, removed))
                self._seq, self._head = change.seq, change.head

    def look(self, person: Person, record: URIRef) -> Look:
        """A record with its latest content, or with its accepted one for who may not see the latest.

        Raises :class:`~nexuskb.errors.RecordNotFoundError` if there is none that this person may see.
        """
        with self._lock:
            self.refresh()
            found = self._ground().held(record)
        matter = found.matter()
        if found.content and found.state and (not found.is_open or self._sees(person, matter)):
            steps = tuple(s for s in possible(found.state) if self.rights.has(person, s, matter))
            return Look(
                record, found.state, found.revision, found.tag, matter.author, found.content,
                found.in_base, steps,
            )  # fmt: skip
        if found.in_base is None:
            raise RecordNotFoundError(f"There is no record {name_of(record)!r}.")
        revision = found.base_revision or 0
        return Look(record, State.ACCEPTED, revision, found.tag, "", found.in_base, found.in_base, ())

    def recheck(self, day: dt.date | None = None) -> Report:
        """What the passing of time has made wrong in the accepted base by a day, or by today."""
        with self._lock:
            self.refresh()
            return self._checker.recheck(day)

    def history(self, person: Person, record: URIRef) -> list[Event]:
        """What was done to a record, as far as this person may see. Raises as :meth:`look`."""
        self.look(person, record)
        with self._lock:
            matter = self._ground().held(record).matter()
        events = history(self.ledger, record)
        return events if self._sees(person, matter) else public_part(events)

    def differences(self, person: Person, record: URIRef, before: int, after: int) -> list[Difference]:
        """What differs between two revisions in words; 0 is what the curated files held.

        Raises :class:`~nexuskb.errors.RecordNotFoundError` for revisions that are not there, or that this
        person may not see.
        """
        seen = {event.revision for event in self.history(person, record)} | {0}
        contents = [
            self.ledger.content(record, number) if number in seen else None for number in (before, after)
        ]
        if before == 0 and contents[0] is None:
            contents[0] = b""  # a record that began here
        if contents[0] is None or contents[1] is None:
            raise RecordNotFoundError(f"The record {name_of(record)} has no revisions {before} and {after}.")
        old, new = (read_ntriples(content or b"") for content in contents)
        with self._lock:
            return self._comparing.between(record, old, new, self._label)

    def since(self, person: Person, record: URIRef, tag: str) -> Since | None:
        """What was written after the state that a tag stands for; ``None`` if that is not known or not for
        this person. Raises as :meth:`look`.
        """
        self.look(person, record)
        with self._lock:
            matter = self._ground().held(record).matter()
        return written_since(self.ledger, record, tag) if self._sees(person, matter) else None

    def _label(self, record: URIRef) -> str | None:
        """The name of a record, of the base or under way."""
        content = self._ground().held(record).content
        triples = content.triples if content else ()
        return next((str(o) for s, p, o in triples if (s, p) == (record, RDFS.label)), None)

    def is_taken(self, identifier: str) -> bool:
        """Whether a record has this identifier, or ever had it: identifiers are given once."""
        record = record_iri(identifier)
        with self._lock:
            return self.ledger.standing(record) is not None or bool(self._checker.current([record]))

    def drafts(self, person: Person) -> list[Draft]:
        """What is not accepted yet and this person may see, by record."""
        return [draft for draft in self.ledger.drafts() if self._may_see(person, draft)]

    def invitations(self, person: Person, today: dt.date | None = None) -> list[Invitation]:
        """The invitations to review that nobody has answered, as far as this person may see them."""
        drafts = [draft for draft in self.ledger.drafts() if b"/reviewkind/" in draft.triples]
        with self._lock:
            self.refresh()
            reviews = {*self._checker.of_kind(NX.Review)}
        hidden = {name_of(draft.record) for draft in drafts if not self._may_see(person, draft)}
        reviews |= {triple for draft in drafts for triple in read_ntriples(draft.triples)}
        found = open_invitations(reviews, self._model, today or self.ledger.clock().date())
        return [each for each in found if each.identifier not in hidden]

    def _may_see(self, person: Person, draft: Draft) -> bool:
        return self._sees(person, Matter(name_of(draft.record), draft.areas, draft.author))

    def _sees(self, person: Person, matter: Matter) -> bool:
        return matter.author == person.name or self.rights.has(person, SEE, matter)

    def do(self, step: Step, person: Person, entries: Sequence[Entry], **manner: Unpack[Manner]) -> Outcome:
        """Do one step to records: to all of them, or to none.

        - ``SAVE`` keeps drafts, of new records or of those that are there, which stay in the base meanwhile.
          A draft may be incomplete; the outcome's report says what is wrong with it.
        - ``SUBMIT`` sends drafts to review, with new content or as they stand. They have to conform, together
          with what else is under way.
        - ``TAKE`` takes submitted records into review, so that others know.
        - ``REQUEST_CHANGES`` sends them back; ``why`` says which, and is filed as a review.
        - ``ACCEPT`` lets them into the base. They are checked against the base of this moment. What somebody
          wrote, somebody else accepts; an admin may do both.
        - ``TAKE_BACK`` gives up what is not accepted; what is in the base, if anything, is the latest again.
        - ``WITHDRAW`` takes records out of the base; ``why`` is needed. Refused while others link to them.
        - ``RESTORE`` makes the revision ``entry.revision`` the latest draft.

        Raises a subclass of :class:`~nexuskb.errors.EntryError`, with a report if it is a
        :class:`~nexuskb.errors.RejectedError`; :class:`~nexuskb.errors.RecordNotFoundError`; or
        :class:`~nexuskb.errors.LedgerError`. Nothing was written then but a line in the log.
        """
        if step is Step.REVIEW:
            raise ValueError("a review is filed by Desk.review")
        remark = None
        if step is Step.REQUEST_CHANGES:
            about = tuple(entry.record for entry in entries)
            remark = Remark(about, "requested-change", manner.get("why", "").strip())
        return self._call(step, person, entries, remark, manner)

    def review(self, person: Person, remark: Remark, **manner: Unpack[Manner]) -> Outcome:
        """File what somebody says of records or outline sections, as a submitted record of its own.

        A reviewer for a State speaks in its name, on what concerns its area: its records, and those of
        regions that it is part of. The review enters the base when an editor accepts it. Raises as
        :meth:`do`.
        """
        return self._call(Step.REVIEW, person, (), remark, manner)

    def _call(
        self,
        step: Step,
        person: Person,
        entries: Sequence[Entry],
        remark: Remark | None,
        manner: Manner,
    ) -> Outcome:
        about = remark.about if remark and not entries else ()
        names = [name_of(record) for record in (*(entry.record for entry in entries), *about)]
        try:
            return self._done(step, person, entries, remark, manner)
        except (EntryError, RecordNotFoundError) as error:
            if not manner.get("dry_run"):
                self._log_refusal(step, person, names, error)
            raise

    def _done(
        self,
        step: Step,
        person: Person,
        entries: Sequence[Entry],
        remark: Remark | None,
        manner: Manner,
    ) -> Outcome:
        why, key, dry_run = manner.get("why", ""), manner.get("key"), manner.get("dry_run", False)
        _check_call(step, entries, why, key)
        contents = [self._content(step, person, entry) for entry in entries]
        request = request_digest(step, entries, contents, f"{why}\n{remark}" if remark else why)
        with self._lock:
            try:
                with self.ledger.writing() as connection:
                    before = None if dry_run else repeated(connection, person, key, request)
                    if before:
                        return before
                    self.refresh()
                    call = Call(self._ground(), person, step, why)
                    for entry, content in zip(entries, contents, strict=True):
                        call.move(entry, content)
                    if remark:
                        self._file(call, remark)
                    report = call.check(rehearsed=dry_run)
                    outcome = call.write(connection, key, request, report)
                    if dry_run:
                        raise _RehearsedError(outcome)
            except _RehearsedError as rehearsed:
                return rehearsed.outcome
            self.refresh()
        return outcome

    def _content(self, step: Step, person: Person, entry: Entry) -> Content | None:
        if entry.triples is None:
            if step is Step.SAVE:
                raise MalformedEntryError(f"The record {name_of(entry.record)} comes without content.")
            return None
        if step not in _TAKES_CONTENT:
            raise MalformedEntryError(
                f"The record {name_of(entry.record)} comes with content: only saving and submitting take one."
            )
        content = self.rules.read(entry.record, entry.triples)
        if content.kind == NX.Review and person.role not in (Role.EDITOR, Role.ADMIN):
            raise NotPermittedError(
                f"The record {name_of(entry.record)} is a review: file it as one, so that it is clear in "
                "whose name it speaks."
            )
        return content

    def _file(self, call: Call, remark: Remark) -> None:
        """Add the record of a remark to a call."""
        check_remark(remark, call.person)
        ground = self._ground()
        areas: set[URIRef] = set()
        seen: list[URIRef] = []
        for record in remark.about:
            subject = ground.held(record)
            matter = subject.matter()
            latest = subject.in_base is None or (
                subject.state is not State.DRAFT and self._sees(call.person, matter)
            )
            if subject.content is None or (subject.in_base is None and not self._sees(call.person, matter)):
                raise RecordNotFoundError(f"There is no record {matter.identifier!r} to review.")
            self.rights.require(call.person, Step.REVIEW, matter)
            after(Step.REVIEW, subject.state if latest else State.ACCEPTED, matter.identifier)
            areas |= subject.areas
            revision = subject.revision if latest else subject.base_revision
            if subject.is_known:
                seen.append(REVISIONS[f"{matter.identifier}/{revision}"])
        first, number = name_of(remark.about[0]), 1
        while ground.held(record_iri(f"review-{first}-{number}")).content is not None:
            number += 1
        review = record_iri(f"review-{first}-{number}")
        who = speaker(remark, call.person, frozenset(areas), self._model)
        on = seen[0] if len(remark.about) == 1 and seen else None
        today = self.ledger.clock().date()
        call.file(self.rules.read(review, review_triples(review, remark, who, on, today)))

    def _ground(self) -> Ground:
        return Ground(self.ledger, self._checker, self.rights)

    def _log_refusal(self, step: Step, person: Person, names: list[str], error: NexusError) -> None:
        words = f"{type(error).__name__.removesuffix('Error')}: {error}"
        line = Line(person.name, step.value, tuple(names), "refused", words, person.token)
        with suppress(LedgerError), self.ledger.writing() as connection:  # what was refused is told anyway
            write_log(connection, self.ledger.clock(), line)


class _RehearsedError(Exception):
    """Ends a dry run, so that its transaction is undone."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def _check_call(step: Step, entries: Sequence[Entry], why: str, key: str | None) -> None:
    if not entries and step is not Step.REVIEW:
        raise MalformedEntryError("The call names no record.")
    if len(entries) > MOST_RECORDS:
        raise MalformedEntryError(f"The call names more than {MOST_RECORDS:,} records. Divide it.")
    if step in _NEEDS_WORDS and not why.strip():
        raise MalformedEntryError("Say why: whoever wrote the record wants to know.")
    if len(why) > MOST_WORDS:
        raise MalformedEntryError(f"The reason is longer than {MOST_WORDS:,} characters.")
    if key is not None and not 0 < len(key) <= MOST_KEY:
        raise MalformedEntryError(f"The idempotency key has to have 1 to {MOST_KEY} characters.")
