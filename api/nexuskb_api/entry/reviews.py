"""The queue of what is not accepted yet, and the page on which a record is reviewed."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from rdflib import RDF, RDFS, URIRef
from starlette.exceptions import HTTPException

from nexuskb.errors import EntryError, MalformedEntryError, OtherBaseError, RejectedError
from nexuskb.people.rights import REVIEW_KINDS, RIGHTS, Role
from nexuskb.people.sessions import Session
from nexuskb.records.desk import Desk, Look
from nexuskb.records.entry import Entry
from nexuskb.records.invitations import Invitation
from nexuskb.records.ledger import Draft
from nexuskb.records.life import State, Step
from nexuskb.records.reviews import Remark
from nexuskb.records.revisions import Difference, Event
from nexuskb.store.ntriples import read_ntriples
from nexuskb.terms import IDENTIFIER_PATTERN, concept_iri, record_identifier, record_iri
from nexuskb.validation.report import Violation
from nexuskb_api.entry.room import Room, posted_by, room_of, signed_in
from nexuskb_api.facade import facade_of, plain
from nexuskb_api.pages import page

router = APIRouter(include_in_schema=False)

_NO_STORE = {"Cache-Control": "no-store"}
#: What a step is called on its button, and what is said when it was done.
BUTTONS = {
    Step.SUBMIT: ("Send for review", "sent for review"),
    Step.TAKE: ("Take into review", "taken into review"),
    Step.ACCEPT: ("Accept", "accepted: in the base from now on"),
    Step.REQUEST_CHANGES: ("Ask for changes", "sent back with the changes asked for"),
    Step.TAKE_BACK: ("Take back", "taken back"),
    Step.WITHDRAW: ("Withdraw from the base", "withdrawn from the base"),
}
_REMARKS = """SELECT ?identifier ?reviewer ?date ?kind ?text WHERE {{
  ?review nx:about {} ; dcterms:identifier ?identifier ; nx:reviewer ?reviewer ; dcterms:date ?date ;
    nx:reviewKind/skos:prefLabel ?kind ; dcterms:description ?text .
  FILTER(LANG(?kind) = "en")
}} ORDER BY ?date ?identifier"""
#: Who may say to which State an invitation goes, and record a State's silence.
_SPEAK_FOR_STATES = (Role.EDITOR, Role.ADMIN)
_SAVED = "kept as a draft"
_HEADINGS = {
    State.CHANGES_REQUESTED: "Changes were asked for",
    State.SUBMITTED: "Waiting for review",
    State.IN_REVIEW: "In review",
    State.DRAFT: "Drafts",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the queue."""

    identifier: str
    label: str
    kind: str
    author: str
    tag: str


@router.get("/review", name="queue")
async def queue(request: Request) -> Response:
    """What is not accepted yet and this person may see."""
    session, room = await signed_in(request), room_of(request)
    return await _queue(request, room, session, _done_words(request))


@router.post("/review")
async def several(request: Request) -> Response:
    """One step for all that were ticked: for all of them, or for none."""
    (session, pairs), room = await posted_by(request), room_of(request)
    given = dict(pairs)
    step = _step(given.get("do", ""))
    entries = [_entry(value) for name, value in pairs if name == "record"]
    if not entries:
        return await _queue(request, room, session, fault="Tick the records that are meant.", status=422)
    try:
        await room.facade.reception.ready(step)
        outcome = await room.entered(
            lambda desk: desk.do(step, session.person, entries, why=given.get("why", ""))
        )
    except RejectedError as error:
        wrong = error.report.violations
        return await _queue(request, room, session, fault=str(error), wrong=wrong, status=422)
    except (EntryError, OtherBaseError) as error:
        return await _queue(request, room, session, fault=str(error), status=409)
    done = "+".join(str(record_identifier(each.record)) for each in outcome.done[:20])
    target = request.url_for("queue").include_query_params(done=done, step=step.value)
    return RedirectResponse(str(target), 303)


@router.get("/review/{identifier}", name="review_page")
async def review_page(request: Request, identifier: str) -> Response:
    """A record with what was changed in it, what is wrong with it, and what can be done next."""
    session, room = await signed_in(request), room_of(request)
    return await _review(request, room, session, identifier, _done_words(request))


@router.post("/review/{identifier}")
async def act(request: Request, identifier: str) -> Response:
    """Do the next step, or say something of the record."""
    (session, pairs), room = await posted_by(request), room_of(request)
    given = dict(pairs)
    key = given.get("key") or None
    try:
        if given.get("do") == "remark":
            remark = _remark(identifier, given)
            await room.entered(lambda desk: desk.review(session.person, remark, key=key))
            words = "remark"
        else:
            step = _step(given.get("do", ""))
            number = given.get("revision", "")
            revision = int(number) if number.isascii() and number.isdigit() else None
            entry = Entry(_record(identifier), if_match=given.get("tag") or None, revision=revision)
            await room.facade.reception.ready(step)
            await room.entered(
                lambda desk: desk.do(step, session.person, [entry], why=given.get("why", ""), key=key)
            )
            words = step.value
    except RejectedError as error:
        return await _review(
            request, room, session, identifier, fault=str(error), wrong=error.report.violations, status=422
        )
    except (EntryError, OtherBaseError) as error:
        return await _review(request, room, session, identifier, fault=str(error), status=409)
    name = "queue" if words == Step.TAKE_BACK else "review_page"
    parameters = {} if name == "queue" else {"identifier": identifier}
    target = request.url_for(name, **parameters).include_query_params(done=identifier, step=words)
    return RedirectResponse(str(target), 303)


async def _queue(  # noqa: PLR0913 -- what can be on the page
    request: Request,
    room: Room,
    session: Session,
    notice: str = "",
    *,
    fault: str = "",
    wrong: list[Violation] | None = None,
    status: int = 200,
) -> Response:
    drafts, invitations = await room.at_desk(
        lambda desk: (desk.drafts(session.person), desk.invitations(session.person))
    )
    groups: dict[str, list[_Row]] = {heading: [] for heading in _HEADINGS.values()}
    for draft in drafts:
        groups[_HEADINGS[State(draft.state)]].append(_row(room, draft))
    shown = {
        "groups": {heading: rows for heading, rows in groups.items() if rows},
        "invitations": invitations,
        "session": session,
        "csrf": session.form_value,
        "notice": notice,
        "sent": request.query_params.get("sent", ""),
        "fault": fault,
        "wrong": wrong or [],
        "buttons": {
            step: words
            for step, (words, _) in BUTTONS.items()
            if step is not Step.WITHDRAW and session.person.role in RIGHTS[step]
        },
    }
    return page(request, "queue.html", shown, status, _NO_STORE)


def _row(room: Room, draft: Draft) -> _Row:
    triples = [t for t in read_ntriples(draft.triples) if t[0] == draft.record]
    label = next((str(o) for _, p, o in triples if p == RDFS.label), "(no title yet)")
    form = room.forms.of(o for _, p, o in triples if p == RDF.type)
    kind = form.label if form else ""
    return _Row(str(record_identifier(draft.record)), label, kind, draft.author, draft.tag)


def _remark(identifier: str, given: Mapping[str, str]) -> Remark:
    """What somebody says of a record. Raises :class:`~nexuskb.errors.MalformedEntryError`."""
    day, area, answered = (given.get(name, "").strip() for name in ("answer_by", "area", "responds_to"))
    try:
        answer_by = dt.date.fromisoformat(day) if day else None
    except ValueError:
        raise MalformedEntryError(f"Answer by: {day[:20]!r} is not a day, such as 2026-12-31.") from None
    return Remark(
        about=(_record(identifier),),
        kind=given.get("kind", ""),
        text=given.get("text", "").strip(),
        wording=given.get("wording", "").strip(),
        responds_to=(_record(answered),) if answered else (),
        answer_by=answer_by,
        area=concept_iri("area", area) if area else None,
    )


def _entry(value: str) -> Entry:
    """A ticked record with the tag that it had on the page: ``identifier tag``."""
    identifier, _, tag = value.partition(" ")
    return Entry(_record(identifier), if_match=tag or None)


def _record(identifier: str) -> URIRef:
    if not IDENTIFIER_PATTERN.fullmatch(identifier):
        raise HTTPException(404, f"{identifier[:80]!r} is not an identifier of a record.")
    return record_iri(identifier)


def _step(given: str) -> Step:
    try:
        step = Step(given)
    except ValueError:
        step = Step.REVIEW
    if step not in (*BUTTONS, Step.RESTORE):
        raise HTTPException(400, f"do: {given[:40]!r} is not a step that a page can ask for.")
    return step


def _done_words(request: Request) -> str:
    """What the page before did, as it says in the address."""
    given = request.query_params
    names = [name for name in given.get("done", "").split("+") if IDENTIFIER_PATTERN.fullmatch(name)]
    if not names:
        return ""
    steps = {step.value: said for step, (_, said) in BUTTONS.items()}
    said = {**steps, Step.SAVE.value: _SAVED, Step.RESTORE.value: "restored as a draft", "remark": "noted"}
    return f"{', '.join(names)}: {said.get(given.get('step', ''), 'done')}."


async def _review(  # noqa: PLR0913 -- what can be on the page
    request: Request,
    room: Room,
    session: Session,
    identifier: str,
    notice: str = "",
    *,
    fault: str = "",
    wrong: list[Violation] | None = None,
    status: int = 200,
) -> Response:
    record, person = _record(identifier), session.person

    def read(desk: Desk) -> tuple[Look, list[Event], list[Difference], list[Invitation]]:
        look = desk.look(person, record)
        events = desk.history(person, record)
        earlier = (e.revision for e in events if e.step is Step.ACCEPT and e.revision < look.revision)
        before = max(earlier, default=0)
        known = look.accepted is None or look.accepted.digest != look.content.digest
        differences = desk.differences(person, record, before, look.revision) if known and events else []
        invited = [each for each in desk.invitations(person) if identifier in each.about]
        return look, events, differences, invited

    look, events, differences, invited = await room.at_desk(read)
    facade = facade_of(request)
    said = [plain(row) for row in await facade.rows(_REMARKS.format(record.n3()))]
    around = await room.around(person, look.content.triples)
    form = room.forms.of([look.content.kind])
    shown = {
        "record": room.show(look.content.triples, record, around),
        "identifier": identifier,
        "look": look,
        "state": facade.vocabularies.schemes["review"].find(look.state.value),
        "editable": form is not None and Step.SAVE in look.possible,
        "events": events,
        "differences": differences,
        "remarks": said,
        "remark_kinds": [
            term
            for term in facade.vocabularies.schemes["reviewkind"].terms
            if person.role in REVIEW_KINDS.get(term.notation, ())
        ],
        "buttons": {step: words for step, (words, _) in BUTTONS.items() if step in look.possible},
        "invited": invited,
        "states": facade.vocabularies.schemes["area"].terms if person.role in _SPEAK_FOR_STATES else (),
        "may_restore": Step.RESTORE in look.possible,
        "may_remark": Step.REVIEW in look.possible,
        "session": session,
        "csrf": session.form_value,
        "key": secrets.token_urlsafe(18),
        "notice": notice,
        "fault": fault,
        "wrong": wrong or [],
    }
    return page(request, "review.html", shown, status, _NO_STORE)
