"""The pages on which experts add and change records, with forms generated from the shapes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from rdflib import RDFS, URIRef
from starlette.exceptions import HTTPException

from nexuskb.errors import EntryError, RejectedError, SubmissionError, UnknownTermError
from nexuskb.exchange.submission import Submission
from nexuskb.forms import Form
from nexuskb.people.sessions import Session
from nexuskb.records.call import Outcome
from nexuskb.records.desk import Look
from nexuskb.records.entry import Entry
from nexuskb.records.life import Step
from nexuskb.search.filters import read_filters
from nexuskb.terms import IDENTIFIER_PATTERN, local_name, record_identifier, record_iri
from nexuskb.validation.report import Report, Violation
from nexuskb_api.entry.posted import Pairs, Posted, document_of, pairs_of, read_group, redrawn
from nexuskb_api.entry.room import Room, help_of, posted_by, room_of, session_in, signed_in
from nexuskb_api.entry.sheet import Near, Sheet, Shown, form_title
from nexuskb_api.facade import Facade, facade_of, plain
from nexuskb_api.pages import page

router = APIRouter(include_in_schema=False)

_NEAR = 8
_SEARCHED = 50
#: Kinds that no form adds: reviews are filed at what they are about.
_NOT_BY_FORM = frozenset({"Review"})
#: Kinds first in the list of what can be added; the others follow by name.
_FIRST = ("Policy", "Measure", "Target", "Source")
#: Vocabularies whose terms are the ends of interlinkages.
_ENDS = ("driver", "impact")
_STEPS = {"save": Step.SAVE, "submit": Step.SUBMIT}
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A form with what is in it, and the record that it changes, if any."""

    form: Form
    pairs: Pairs
    action: str
    look: Look | None = None

    def given(self, name: str) -> str:
        """The first value under a name."""
        return next((value for key, value in self.pairs if key == name), "")


@router.get("/add")
async def kinds_to_add(request: Request) -> Response:
    """What can be added."""
    shown = {"kinds": addable(room_of(request)), "session": await session_in(request)}
    return page(request, "add.html", shown, headers=_NO_STORE)


@router.get("/add/{kind}")
async def empty_form(request: Request, kind: str) -> Response:
    """The form of a kind, with what the address gives for its fields."""
    session, room = await signed_in(request), room_of(request)
    form = form_of(room, kind)
    return await _shown(
        request, room, session, _Asked(form, list(request.query_params.multi_items()), f"/add/{form.key}")
    )


@router.post("/add/{kind}")
async def add(request: Request, kind: str) -> Response:
    """Check, preview, keep or send what was filled in."""
    (session, pairs), room = await posted_by(request), room_of(request)
    form = form_of(room, kind)
    return await _posted(request, room, session, _Asked(form, pairs, f"/add/{form.key}"))


@router.get("/edit/{identifier}")
async def filled_form(request: Request, identifier: str) -> Response:
    """A record in its form."""
    session, room = await signed_in(request), room_of(request)
    look, form = await _looked_at(room, session, identifier)
    document = room.documents.write(look.content.triples, look.record)
    pairs = [*pairs_of(document, form, room.forms), ("tag", look.tag)]
    return await _shown(request, room, session, _Asked(form, pairs, f"/edit/{identifier}", look))


@router.post("/edit/{identifier}")
async def edit(request: Request, identifier: str) -> Response:
    """Check, preview, keep or send a changed record."""
    (session, pairs), room = await posted_by(request), room_of(request)
    look, form = await _looked_at(room, session, identifier)
    return await _posted(request, room, session, _Asked(form, pairs, f"/edit/{identifier}", look))


@router.get("/near")
async def near(request: Request) -> Response:
    """Records, and terms where they may stand too, that have the words typed so far."""
    facade, room = facade_of(request), room_of(request)
    text = request.query_params.get("q", "").strip()[:200]
    kinds = [key for key in request.query_params.get("kinds", "").split() if key in room.forms.kinds]
    schemes = [facade.vocabularies.schemes[key] for key in _ENDS] if "terms" in request.query_params else []
    found = [
        {"identifier": f"{scheme.key}:{term.key}", "label": term.label, "kind": scheme.title}
        for scheme in schemes
        for term in scheme.terms
        if text and text.casefold() in term.label.casefold()
    ]
    records = [
        {"identifier": each.identifier, "label": each.label, "kind": room.forms.kinds[each.kind].label}
        for each in await _near(facade, text, kinds)
    ]
    return JSONResponse({"hits": (found + records)[: 2 * _NEAR]}, headers=_NO_STORE)


def addable(room: Room) -> list[tuple[Form, str]]:
    """The kinds that can be added, the usual ones first, with what each is in the words of the ontology."""
    kinds = sorted(
        (form for key, form in room.forms.kinds.items() if key not in _NOT_BY_FORM),
        key=lambda form: _FIRST.index(form.key) if form.key in _FIRST else len(_FIRST),
    )
    return [(form, help_of(room.facade, form)) for form in kinds]


async def _near(facade: Facade, text: str, kinds: Sequence[str]) -> list[Near]:
    """Records of some kinds that have the words of a text; the last word may be half typed."""
    found = await _matching(facade, text, kinds)
    before, _, last = text.rpartition(" ")
    if not found and before:
        found = [n for n in await _matching(facade, before, kinds) if last.casefold() in n.label.casefold()]
    return found[:_NEAR]


async def _matching(facade: Facade, text: str, kinds: Sequence[str]) -> list[Near]:
    if not text:
        return []
    filters = read_filters({"kind": kinds[0]}, facade.filters) if len(kinds) == 1 else {}
    index = await facade.searching()
    found = await facade.apart(lambda: index.search(text, filters, _SEARCHED, 0))
    return [Near(hit.identifier, hit.label, hit.kind) for hit in found.hits if not kinds or hit.kind in kinds]


def form_of(room: Room, kind: str) -> Form:
    """The form of a kind that can be added. Raises :class:`~nexuskb.errors.UnknownTermError`."""
    form = {key.casefold(): form for key, form in room.forms.kinds.items()}.get(kind.casefold())
    if form is None or form.key in _NOT_BY_FORM:
        raise UnknownTermError(f"There is no form for {kind!r}. What can be added is listed at /add.")
    return form


async def _looked_at(room: Room, session: Session, identifier: str) -> tuple[Look, Form]:
    if not IDENTIFIER_PATTERN.fullmatch(identifier):
        raise HTTPException(404, f"{identifier!r} is not an identifier of a record.")
    look = await room.at_desk(lambda desk: desk.look(session.person, record_iri(identifier)))
    form = room.forms.of([look.content.kind])
    if form is None or form.key in _NOT_BY_FORM:
        raise HTTPException(404, f"The record {identifier} is not changed by a form.")
    return look, form


async def _posted(request: Request, room: Room, session: Session, asked: _Asked) -> Response:
    """Do what was asked of a filled form."""
    if asked.given("add") or asked.given("remove"):
        pairs = redrawn(asked.pairs, asked.given("add"), asked.given("remove"))
        asked = replace(asked, pairs=pairs)
    elif asked.given("do") != "redraw":
        return await _done(request, room, session, asked)
    return await _shown(request, room, session, asked)


async def _done(request: Request, room: Room, session: Session, asked: _Asked) -> Response:
    """Check what was filled in, and keep or send it if that was asked for."""
    taken = (await room.facade.reception.desk()).is_taken
    posted = document_of(read_group(room.forms, asked.form, asked.pairs), room.forms, taken)
    step = _STEPS.get(asked.given("do"))
    submission: Submission | None = None
    try:
        identifier = str(record_identifier(asked.look.record)) if asked.look else ""
        submission = await room.facade.apart(lambda: room.documents.read(posted.document, identifier, taken))
        outcome = await _at_desk(room, session, asked, submission, step)
        faults = _of_report(outcome.report, submission, posted)
    except SubmissionError as error:
        faults = [
            Shown(posted.name_of(each.place), each.message, each.field, each.value, each.suggestion)
            for each in error.faults
        ]
    except RejectedError as error:
        faults = _of_report(error.report, submission, posted) if submission else []
    except EntryError as error:
        faults = [Shown("", str(error))]
    else:
        if step is not None:
            done = "+".join(str(record_identifier(each.record)) for each in outcome.done[:20])
            target = request.url_for("queue")
            told = target.include_query_params(done=done, step=step.value, sent=asked.action)
            return RedirectResponse(str(told), 303)
    notices = [] if faults else ["Nothing is wrong with it. It is not sent yet."]
    preview = submission if asked.given("do") == "preview" else None
    return await _shown(request, room, session, asked, faults, preview, notices)


async def _at_desk(
    room: Room, session: Session, asked: _Asked, submission: Submission, step: Step | None
) -> Outcome:
    """One call for the record of the form and all that came with it; without a step, a rehearsal of it."""
    tag = asked.given("tag") or None
    entries = [
        Entry(record, triples, if_match=tag if record == submission.records[0] else None)
        for record, triples in submission.by_record().items()
    ]
    return await room.entered(
        lambda desk: desk.do(
            step or Step.SUBMIT,
            session.person,
            entries,
            why=asked.given("why"),
            key=asked.given("key") or None,
            dry_run=step is None,
        )
    )


def _of_report(report: Report, submission: Submission, posted: Posted) -> list[Shown]:
    """The violations of a report at the inputs that they speak of, those that only warn last."""
    return [
        Shown(
            _input_of(each, submission, posted),
            each.said,
            each.field,
            each.value,
            each.suggestion,
            warns=not each.blocking,
            candidates=tuple(Near(name, "", "") for name in each.similar),
        )
        for each in sorted(report.violations, key=lambda each: not each.blocking)
    ]


def _input_of(violation: Violation, submission: Submission, posted: Posted) -> str:
    """The input to show a violation at: of the value, or of the field where there is none yet."""
    place = submission.place(violation)
    node = submission.places.nodes.get(violation.focus)
    if violation.path and node is not None and place == node:
        place = f"{node.rstrip('/')}/{local_name(URIRef(violation.path))}"
    return posted.name_of(place)


async def _shown(  # noqa: PLR0913, PLR0917 -- all that can be on the page of a form
    request: Request,
    room: Room,
    session: Session,
    asked: _Asked,
    faults: Sequence[Shown] = (),
    preview: Submission | None = None,
    notices: Iterable[str] = (),
) -> Response:
    facade = room.facade
    group = read_group(room.forms, asked.form, asked.pairs)
    sheet = Sheet(group, room.forms, facade.vocabularies, list(faults))
    await _name_records(facade, sheet)
    fresh = request.method == "GET"
    shown = {
        "heading": form_title(asked.form) if asked.look is None else f"Change {_label(asked.look)}",
        "sheet": sheet,
        "notices": list(notices),
        "action": asked.action,
        "csrf": session.form_value,
        "session": session,
        "tag": asked.given("tag"),
        "key": asked.given("key") if not fresh else secrets.token_urlsafe(18),
        "fresh": fresh,
        "asks_why": asked.look is not None,
        "why": asked.given("why"),
        "preview": [],
    }
    if preview is not None:
        around = await room.around(session.person, preview.triples)
        shown["preview"] = [room.show(preview.triples, record, around) for record in preview.records]
    return page(request, "form.html", shown, 422 if faults and not fresh else 200, _NO_STORE)


async def _name_records(facade: Facade, sheet: Sheet) -> None:
    """Put the labels of the records named beside their identifiers, and what may be meant beside others."""
    named = {entry.text.strip() for _, entry in sheet.records_named()}
    alike = {each.identifier for fault in sheet.faults for each in fault.candidates}
    identifiers = sorted(text for text in named | alike if IDENTIFIER_PATTERN.fullmatch(text))
    sheet.labels = await labels_of(facade, identifiers)
    sheet.faults = [
        replace(fault, candidates=_labelled(fault.candidates, sheet.labels)) for fault in sheet.faults
    ]
    for box, entry in sheet.records_named():
        text = entry.text.strip()
        if text not in sheet.labels and ":" not in text and any(f.input == box.name for f in sheet.faults):
            hits = await _near(facade, text.replace("-", " "), sheet.kinds_of(box.field))
            sheet.faults = [
                replace(fault, candidates=tuple(hits[:3])) if fault.input == box.name else fault
                for fault in sheet.faults
            ]


def _labelled(candidates: Iterable[Near], labels: Mapping[str, str]) -> tuple[Near, ...]:
    return tuple(replace(each, label=each.label or labels.get(each.identifier, "")) for each in candidates)


async def labels_of(facade: Facade, identifiers: Iterable[str]) -> dict[str, str]:
    """The names of records of the base by identifier."""
    values = " ".join(f'"{identifier}"' for identifier in identifiers)
    if not values:
        return {}
    rows = await facade.rows(
        f"SELECT ?identifier ?label {{ VALUES ?identifier {{ {values} }} "
        "?record dcterms:identifier ?identifier ; rdfs:label ?label }"
    )
    return {row["identifier"]: row["label"] for row in map(plain, rows)}


def _label(look: Look) -> str:
    labels = (o for s, p, o in look.content.triples if s == look.record and p == RDFS.label)
    return str(next(labels, record_identifier(look.record)))
