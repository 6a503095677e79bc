"""One call at the desk, within its transaction: what is there, what is asked, what comes of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Protocol

from rdflib import URIRef

from nexuskb.errors import (
    KeyReusedError,
    MalformedEntryError,
    NotPermittedError,
    RecordNotFoundError,
    RejectedError,
    StaleError,
)
from nexuskb.people.log import Line, write_log
from nexuskb.people.rights import Matter, Person, Rights, Role
from nexuskb.records.entry import Content, Entry, content_in_base, content_of
from nexuskb.records.ledger import Ledger, next_head, stamp, state_triples, tag
from nexuskb.records.life import WORDS, State, Step, after
from nexuskb.store.ntriples import Triple
from nexuskb.terms import NX, REC, record_identifier
from nexuskb.validation.change import Change
from nexuskb.validation.report import Report, Violation

#: The tag that stands for "whatever it is now".
ANY: Final = "*"

#: Submissions may link to others that are under way; acceptances only to what is in the base.
_UNDER_WAY: Final = (State.SUBMITTED, State.IN_REVIEW, State.CHANGES_REQUESTED)
_MUST_CONFORM: Final = (Step.SUBMIT, Step.ACCEPT, Step.WITHDRAW, Step.REVIEW, Step.REQUEST_CHANGES)


class Checker(Protocol):
    """What the desk asks of :class:`~nexuskb.validation.change.ChangeChecker`."""

    def check(self, change: Change) -> Report:
        """What would be wrong after a change."""
        ...

    def apply(self, change: Change) -> None:
        """Make a change part of the base."""
        ...

    def current(self, subjects: Iterable[URIRef]) -> Iterable[Triple]:
        """What the base says of some records and their evidence."""
        ...

    def duplicates(self, change: Change, records: Collection[URIRef]) -> list[Violation]:
        """What some records would look like, after a change, among all of the base."""
        ...

    def of_kind(self, kind: URIRef) -> Iterable[Triple]:
        """What the base says of the records of a kind."""
        ...

    def recheck(self, day: dt.date | None = None) -> Report:
        """What the passing of time has made wrong by a day, or by today."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a call did to one record: its state, its latest revision and its tag afterwards.

    ``changed`` is false where a draft was saved that is the same as the one before.
    """

    record: URIRef
    state: State
    revision: int
    tag: str
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call.

    ``report`` says what is still wrong with a draft, or of what the shapes warn; ``repeated`` says that the
    call had been made before under the same idempotency key, and that this is what came of it then.
    """

    done: tuple[Done, ...]
    report: Report
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What there is of a record: its latest content and the one in the base, either perhaps none."""

    record: URIRef
    state: State | None
    revision: int
    tag: str
    author: str
    content: Content | None
    in_base: Content | None
    base_revision: int | None
    is_known: bool

    @property
    def is_open(self) -> bool:
        """Whether the latest content is on its way into the base."""
        return self.state not in (None, State.ACCEPTED, State.WITHDRAWN)

    @property
    def areas(self) -> frozenset[URIRef]:
        """The areas of its contents."""
        return frozenset(
            area for content in (self.content, self.in_base) if content for area in content.areas
        )

    def matter(self, more: frozenset[URIRef] = frozenset()) -> Matter:
        """What rights are asked for; ``more`` are areas of a new content."""
        return Matter(name_of(self.record), self.areas | more, self.author if self.is_open else "")


def _held(ledger: Ledger, checker: Checker, record: URIRef) -> Held:
    """What there is of a record at this moment."""
    in_base = content_in_base(record, checker.current([record]))
    standing = ledger.standing(record)
    if standing is None:
        if in_base is None:
            return Held(record, None, 0, "", "", None, None, None, is_known=False)
        tag = f"f{in_base.digest[:16]}"
        return Held(record, State.ACCEPTED, 0, tag, "", in_base, in_base, 0, is_known=False)
    state = State(standing.state)
    latest = ledger.content(record, standing.revision)
    content = in_base if state is State.ACCEPTED else content_of(record, latest or b"")
    return Held(
        record, state, standing.revision, standing.tag, standing.author, content, in_base,
        standing.accepted, is_known=True,
    )  # fmt: skip


@dataclass(slots=True)
class _Move:
    """What a call does to one record."""

    held: Held
    content: Content
    revision: int
    steps: list[tuple[Step, State]]
    is_new: bool
    author: str
    base_revision: int | None
    tag: str = ""

    @property
    def state(self) -> State:
        return self.steps[-1][1] if self.steps else self.held.state or State.DRAFT

    @property
    def enters_or_leaves(self) -> bool:
        return any(step in (Step.ACCEPT, Step.WITHDRAW) for step, _ in self.steps)


@dataclass(frozen=True, slots=True)
class Ground:
    """What every call stands on: the ledger, the base of this moment, and the rights."""

    ledger: Ledger
    checker: Checker
    rights: Rights

    def held(self, record: URIRef) -> Held:
        """What there is of a record at this moment."""
        return _held(self.ledger, self.checker, record)


class Call:
    """A step to be done to some records by a person, for a reason."""

    def __init__(self, ground: Ground, person: Person, step: Step, why: str) -> None:
        self.person = person
        self._ground = ground
        self._ledger = ground.ledger
        self._checker = ground.checker
        self._rights = ground.rights
        self._step = step
        self._why = why
        self._moves: dict[URIRef, _Move] = {}
        self._review: URIRef | None = None

    def move(self, entry: Entry, content: Content | None) -> None:
        """Plan the step for one record. Raises a subclass of :class:`~nexuskb.errors.EntryError`."""
        found = self._ground.held(entry.record)
        if entry.record in self._moves:
            raise MalformedEntryError(f"The record {name_of(entry.record)} comes twice in one call.")
        step = self._step
        self._rights.require(self.person, step, found.matter(content.areas if content else frozenset()))
        _check_tag(entry, found)
        if step is Step.RESTORE:
            number = entry.revision
            stored = None if number is None else self._ledger.content(entry.record, number)
            if stored is None:
                raise RecordNotFoundError(f"The record {name_of(entry.record)} has no revision {number}.")
            content = content_of(entry.record, stored)
        self._moves[entry.record] = self._planned(step, found, content)

    def file(self, review: Content) -> None:
        """Plan a new review record, submitted, beside the step."""
        found = self._ground.held(review.record)
        self._review = review.record
        steps = [(Step.SAVE, State.DRAFT), (Step.SUBMIT, State.SUBMITTED)]
        self._moves[review.record] = _Move(found, review, 1, steps, True, self.person.name, None)

    def _planned(self, step: Step, found: Held, content: Content | None) -> _Move:
        name = name_of(found.record)
        latest = content or found.content
        if latest is None:
            raise RecordNotFoundError(f"There is no record {name!r}.")
        is_new = _is_new(content, found)
        steps = _steps(step, found, content, name)
        if content and not is_new and found.state is State.ACCEPTED:
            steps = []  # it is what the base has
        if step is Step.ACCEPT:
            self._require_second_person(found)
        revision = self._next_revision(found) if is_new else found.revision
        author = found.author if found.is_open else self.person.name
        move = _Move(found, latest, revision, steps, is_new, author, found.base_revision)
        if step is Step.ACCEPT:
            move.base_revision = revision
        elif step is Step.WITHDRAW:
            move.base_revision = None
        elif step is Step.TAKE_BACK and found.in_base and found.base_revision is not None:
            move.content, move.revision = found.in_base, found.base_revision
        return move

    def _next_revision(self, found: Held) -> int:
        row = self._ledger.row("SELECT MAX(number) FROM revision WHERE record = ?", str(found.record))
        return 1 + (int(row[0]) if row and row[0] is not None else 0)

    def _require_second_person(self, found: Held) -> None:
        """What somebody wrote, somebody else accepts."""
        row = self._ledger.row(
            "SELECT c.who FROM act a JOIN call c ON c.id = a.call WHERE a.record = ? AND a.revision = ?"
            " AND a.step IN ('save', 'restore') ORDER BY a.seq DESC LIMIT 1",
            str(found.record),
            found.revision,
        )
        is_review = found.content is not None and found.content.kind == NX.Review
        if row and row[0] == self.person.name and self.person.role is not Role.ADMIN and not is_review:
            raise NotPermittedError(
                f"The record {name_of(found.record)} cannot be accepted by {self.person.name}, who wrote it: "
                "another editor or an admin has to."
            )

    def check(self, *, rehearsed: bool = False) -> Report:
        """Let the shapes judge what the base would be; in a rehearsal, also what the records look like.

        Raises :class:`~nexuskb.errors.RejectedError` where the step asks for what conforms.
        """
        if self._step in (Step.TAKE, Step.TAKE_BACK):
            return Report(0)
        added: set[Triple] = set()
        removed: set[Triple] = set()
        for record, move in self._moves.items():
            removed |= set(self._checker.current([record]))
            if move.state is not State.WITHDRAWN:
                added |= move.content.triples | state_triples(record, move.state)
        beside = set() if self._step is Step.ACCEPT else self._under_way(added)
        for content in beside:
            added |= content.triples | state_triples(content.record, State.SUBMITTED)
        change = Change(frozenset(added), frozenset(removed))
        found = self._checker.check(change)
        others = {name_of(content.record) for content in beside}
        if self._step in (Step.REVIEW, Step.REQUEST_CHANGES):  # what is reviewed need not conform
            others |= {name_of(record) for record in self._moves if record != self._review}
        report = Report(len(self._moves), [v for v in found.violations if v.record not in others])
        if rehearsed and self._step in (Step.SAVE, Step.SUBMIT):
            report.violations += self._checker.duplicates(change, [*self._moves])
        if not report.conforms and self._step in _MUST_CONFORM:
            raise RejectedError(_rejection(self._step, list(self._moves), report), report)
        return report

    def _under_way(self, triples: Iterable[Triple]) -> set[Content]:
        """New records under way that are linked to, and those that they link to in turn."""
        found: dict[URIRef, Content] = {}
        looked_at: set[URIRef] = set(self._moves)
        linked = _records_in(triples) - looked_at
        while linked:
            record = linked.pop()
            looked_at.add(record)
            standing = self._ledger.standing(record)
            if standing and standing.state in _UNDER_WAY and standing.accepted is None:
                content = content_of(record, self._ledger.content(record, standing.revision) or b"")
                found[record] = content
                linked |= _records_in(content.triples) - looked_at
        return set(found.values())

    def write(self, connection: sqlite3.Connection, key: str | None, request: str, report: Report) -> Outcome:
        """Write what was planned and checked."""
        now = self._ledger.clock()
        seq = _last(connection, "act")
        for move in self._moves.values():
            seq += len(move.steps)
            move.tag = tag(seq, move.content.digest) if move.steps else move.held.tag
        outcome = Outcome(
            tuple(
                Done(record, move.state, move.revision, move.tag, changed=bool(move.steps))
                for record, move in self._moves.items()
            ),
            report,
        )
        call = connection.execute(
            "INSERT INTO call (at, who, role, operation, why, key, request, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                stamp(now), self.person.name, self.person.role.value, self._step.value, self._why, key,
                request, _as_json(outcome),
            ],
        ).lastrowid  # fmt: skip
        for record, move in self._moves.items():
            if move.steps:
                self._write_move(connection, call, str(record), move)
        names = tuple(name_of(record) for record in self._moves)
        line = Line(self.person.name, self._step.value, names, words=self._why, token=self.person.token)
        write_log(connection, now, line)
        return outcome

    def _write_move(self, connection: sqlite3.Connection, call: int | None, record: str, move: _Move) -> None:
        add_revision = "INSERT INTO revision VALUES (?, ?, ?, ?)"
        before = move.held.in_base
        if not move.held.is_known and before is not None:
            connection.execute(add_revision, [record, 0, before.ntriples, before.digest])
        if move.is_new:
            content = move.content
            connection.execute(add_revision, [record, move.revision, content.ntriples, content.digest])
        seq = 0
        for step, state in move.steps:
            seq = _last(connection, "act") + 1
            connection.execute(
                "INSERT INTO act VALUES (?, ?, ?, ?, ?, ?)",
                [seq, call, record, step.value, state.value, move.revision],
            )
        if move.enters_or_leaves:
            _write_accepted(connection, seq, record, move)
        connection.execute(
            "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                record, seq, move.state.value, move.revision, move.base_revision, move.author,
                " ".join(sorted(move.content.areas)),
            ],
        )  # fmt: skip


def _steps(step: Step, found: Held, content: Content | None, name: str) -> list[tuple[Step, State]]:
    """The steps that a call makes: what is submitted with content is saved before; the same is not again."""
    is_new = _is_new(content, found)
    if step is Step.SUBMIT and content and (is_new or not found.is_open):
        saved = after(Step.SAVE, found.state, name)
        return [(Step.SAVE, saved), (Step.SUBMIT, after(Step.SUBMIT, saved, name))]
    state = after(step, found.state, name, has_accepted=found.base_revision is not None)
    is_same = step in (Step.SAVE, Step.RESTORE) and not is_new and state is found.state
    return [] if is_same else [(step, state)]


def _is_new(content: Content | None, found: Held) -> bool:
    """Whether a content is another than the latest."""
    return content is not None and (found.content is None or content.digest != found.content.digest)


def _write_accepted(connection: sqlite3.Connection, act: int, record: str, move: _Move) -> None:
    row = connection.execute("SELECT seq, head FROM accepted ORDER BY seq DESC LIMIT 1").fetchone()
    seq, head = row or (0, "")
    digest = move.content.digest if move.base_revision is not None else ""
    connection.execute(
        "INSERT INTO accepted VALUES (?, ?, ?, ?, ?)",
        [seq + 1, act, record, move.base_revision, next_head(head, record, digest)],
    )


def repeated(connection: sqlite3.Connection, person: Person, key: str | None, request: str) -> Outcome | None:
    """What came of the call that this person made under this key, if any.

    Raises :class:`~nexuskb.errors.KeyReusedError` if that one asked for something else.
    """
    row = (
        key
        and connection.execute(
            "SELECT request, outcome FROM call WHERE who = ? AND key = ?", [person.name, key]
        ).fetchone()
    )
    if not row:
        return None
    if row[0] != request:
        raise KeyReusedError(
            f"The idempotency key {key!r} was used before, for another request. Use a new one."
        )
    return _from_json(row[1])


def request_digest(step: Step, entries: Sequence[Entry], contents: Sequence[Content | None], why: str) -> str:
    """What a call asks for, as a hash, to tell a repeat from another request."""
    asked = [
        [entry.record, content.digest if content else None, entry.if_match, entry.revision]
        for entry, content in zip(entries, contents, strict=True)
    ]
    return hashlib.sha256(json.dumps([step.value, asked, why]).encode()).hexdigest()


def name_of(record: URIRef) -> str:
    """The identifier of a record, or whatever it was called instead."""
    return record_identifier(record) or str(record)[:200]


def _check_tag(entry: Entry, found: Held) -> None:
    if entry.if_match == ANY or (entry.if_match or "") == found.tag:
        return
    name = name_of(found.record)
    if not found.tag:
        raise StaleError(f"The record {name} does not exist, so it cannot match {entry.if_match!r}.", "")
    if not entry.if_match:
        raise StaleError(
            f"The record {name} exists already. Say which revision you have seen (if_match), or choose "
            "another identifier for a new record.",
            found.tag,
        )
    raise StaleError(
        f"The record {name} has changed since you saw it: it is at {found.tag}, you have seen "
        f"{entry.if_match}. Look at it again; nothing of yours was written.",
        found.tag,
    )


def _records_in(triples: Iterable[Triple]) -> set[URIRef]:
    return {o for _, _, o in triples if isinstance(o, URIRef) and o.startswith(REC)}


def _rejection(step: Step, records: list[URIRef], report: Report) -> str:
    errors = [violation for violation in report.violations if violation.blocking]
    who = f"The record {name_of(records[0])}" if len(records) == 1 else f"The {len(records)} records"
    first = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    where = "" if len(records) == 1 and first.record == name_of(records[0]) else f"{first.record}: "
    message = first.message.removeprefix(f"{first.field}: ")
    return f"{who} cannot {WORDS[step]}: {where}{first.field}: {message}{more}"


def _last(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute(f"SELECT MAX(seq) FROM {table}").fetchone()  # noqa: S608 -- a name of ours
    return int(row[0] or 0)


def _as_json(outcome: Outcome) -> str:
    return json.dumps(
        {
            "done": [[d.record, d.state.value, d.revision, d.tag, d.changed] for d in outcome.done],
            "records": outcome.report.records,
            "violations": [asdict(violation) for violation in outcome.report.violations],
        },
        ensure_ascii=False,
    )


def _from_json(text: str) -> Outcome:
    stored = json.loads(text)
    done = tuple(
        Done(URIRef(record), State(state), revision, tag, changed)
        for record, state, revision, tag, changed in stored["done"]
    )
    report = Report(stored["records"], [Violation(**each) for each in stored["violations"]])
    return Outcome(done, report, repeated=True)
