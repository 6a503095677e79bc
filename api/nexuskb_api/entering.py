"""Entering records over HTTP: drafts, and each step of their life, through the desk.

Whoever changes what exists says which state of it they have seen (``If-Match``), so that nobody's work is
overwritten unseen. A call with an ``Idempotency-Key`` is done once, however often it is sent. A call that
lets something into the base or takes it out returns when that is visible to every query.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Path, Query, Request, Security
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from rdflib import URIRef
from starlette.exceptions import HTTPException

from nexuskb.errors import Fault, FormatError, RecordNotFoundError, StaleError, SubmissionError
from nexuskb.exchange.reading import JSON, MEDIA_TYPES, MOST_BYTES, TURTLE, read_submission
from nexuskb.exchange.submission import Submission
from nexuskb.people.rights import Person
from nexuskb.records.call import ANY, Done, Outcome
from nexuskb.records.desk import Desk, Look, Manner
from nexuskb.records.entry import Content, Entry, content_of
from nexuskb.records.life import Step
from nexuskb.records.reviews import Remark
from nexuskb.sparql.formats import formats_for, negotiate
from nexuskb.sparql.guard import admit
from nexuskb.terms import GRAPHS, PREFIXES, concept_iri, record_identifier, record_iri
from nexuskb_api.bodies import any_object, bounded_body, json_object, media_type
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.problems import violation_members
from nexuskb_api.reception import VISIBLE, Reception

_TOKEN = HTTPBearer(auto_error=False, scheme_name="token", description="A token of `nexuskb token add`.")
router = APIRouter(tags=["Entering records"], dependencies=[Security(_TOKEN)])

MERGE_PATCH: Final = "application/merge-patch+json"
_QUERY: Final = "application/sparql-query"
_TAG = re.compile(r'"([^"]*)"')
_MOST_WORDS: Final = 64 * 1024

_PRIVATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
_HEADERS = {
    "If-Match": 'The entity tag of the record as you have seen it, such as "r12"; * takes it as it is.',
    "Idempotency-Key": "Any text of your choice: a call with the same one is done once.",
    "Prefer": "return=minimal leaves out what the record holds (RFC 7240).",
}
_PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "No token, or one that lets nobody in.",
    "403": "The token's role or areas are not for this.",
    "404": "There is no such record, or none that you may see.",
    "409": "The record stands where this cannot be done; `possible` names what can.",
    "412": "The record has changed since you saw it; ETag is its tag now.",
    "413": "Too much at once.",
    "415": "Another media type than those named here.",
    "422": "What was sent is not right; `violations` names field, value and suggestion of each fault.",
    "428": "The record exists: say with If-Match which state of it you have seen.",
    "429": "Too many calls; see Retry-After.",
}


def _described(body: Sequence[str], *headers: str, done: str = "200") -> dict[str, Any]:
    """What OpenAPI says of an operation beside its summary."""
    content = {kind: {"schema": {"type": "string" if kind == TURTLE else "object"}} for kind in body}
    parameters = [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": _HEADERS[name]}
        for name in headers
    ]
    dry = {
        "name": "dry_run",
        "in": "query",
        "schema": {"type": "boolean"},
        "description": "Say what would come of it, and do nothing.",
    }
    return {
        "parameters": [*parameters, dry],
        **({"requestBody": {"content": content}} if content else {}),
        "responses": {
            done: {"description": "Done: state, revision, tag, and what is still to be mended."},
            **{
                status: {"description": words, "content": {"application/problem+json": {}}}
                for status, words in _PROBLEMS.items()
            },
        },
    }


Name = Annotated[str, Path(description="The identifier of a record.")]
Number = Annotated[int, Path(description="The number of a revision.", ge=0, le=10**9)]
Submit = Annotated[bool, Query(description="Send it to review at once.")]


@router.post(
    "/records",
    status_code=201,
    summary="Begin drafts of new records",
    openapi_extra=_described(MEDIA_TYPES, "Idempotency-Key", "Prefer", done="201"),
)
async def create(request: Request, submit: Submit = False) -> Response:
    """Keep new records as drafts: one, or several together or not at all.

    In JSON a record without an identifier gets one from its area and title.
    """
    call = await _Call.begin(request)
    submission = await call.submission(await bounded_body(request, MOST_BYTES), media_type(request))
    parts = submission.by_record()
    entries = [Entry(record, parts[record]) for record in submission.records]
    return await call.do(Step.SUBMIT if submit else Step.SAVE, entries, created=True)


@router.put(
    "/records/{name}",
    summary="Write a draft of a record as a whole",
    openapi_extra=_described(MEDIA_TYPES, "If-Match", "Idempotency-Key", "Prefer"),
)
async def replace(request: Request, name: Name, submit: Submit = False) -> Response:
    """Keep this as the latest content of a record, or begin it. What is in the base stays there meanwhile."""
    call = await _Call.begin(request)
    record = _record(name)
    body = await bounded_body(request, MOST_BYTES)
    submission = await call.submission(body, media_type(request), name)
    if submission.records != (record,):
        others = ", ".join(
            filter(None, (record_identifier(str(r)) for r in submission.records if r != record))
        )
        raise _fault(
            f"The address is that of {name}, the content is of {others or 'no record'}.", "identifier"
        )
    seen = call.seen(required=False)
    entry = Entry(record, submission.triples, if_match=seen)
    return await call.do(Step.SUBMIT if submit else Step.SAVE, [entry], created=seen is None)


@router.patch(
    "/records/{name}",
    summary="Change some fields of a draft",
    openapi_extra=_described((MERGE_PATCH,), "If-Match", "Idempotency-Key", "Prefer"),
)
async def change(request: Request, name: Name) -> Response:
    """Change the fields named in a JSON Merge Patch (RFC 7396) of the record's JSON; null takes one out."""
    call = await _Call.begin(request)
    record = _record(name)
    if media_type(request) not in (MERGE_PATCH, JSON):
        raise HTTPException(415, f"Changes of fields are taken as {MERGE_PATCH}.")
    patch = await bounded_body(request, MOST_BYTES)
    seen = call.seen()
    look = await call.look(record)
    if seen not in (ANY, look.tag):
        raise StaleError(
            f"The record {name} has changed since you saw it: it is at {look.tag} now.", look.tag
        )
    merged = json.dumps(_merged(call.document(look.content), any_object(patch))).encode()
    submission = await call.submission(merged, JSON, name)
    return await call.do(Step.SAVE, [Entry(record, submission.triples, if_match=look.tag)])


@router.delete(
    "/records/{name}",
    summary="Take back a draft, or withdraw a record from the base",
    openapi_extra=_described((), "If-Match", "Idempotency-Key"),
)
async def remove(request: Request, name: Name, why: str = "") -> Response:
    """Give up a draft; or take a record out of the base, which needs ``why``. Every revision stays."""
    call = await _Call.begin(request)
    record, seen = _record(name), call.seen()
    look = await call.look(record)
    step = Step.TAKE_BACK if Step.TAKE_BACK in look.possible else Step.WITHDRAW
    return await call.do(step, [Entry(record, if_match=seen)], why=why)


def _add_step(path: str, step: Step, summary: str) -> None:
    async def take_step(request: Request, name: Name) -> Response:
        call = await _Call.begin(request)
        given = await call.words(why=str)
        entry = Entry(_record(name), if_match=call.seen())
        return await call.do(step, [entry], why=str(given.get("why", "")))

    take_step.__doc__ = f'{summary}. The body may say why: ``{{"why": "..."}}``.'
    router.add_api_route(
        f"/records/{{name}}/{path}",
        take_step,
        methods=["POST"],
        summary=summary,
        name=step.value,
        openapi_extra=_described((JSON,), "If-Match", "Idempotency-Key", "Prefer"),
    )


for _path, _step, _summary in (
    ("submit", Step.SUBMIT, "Send a draft to review"),
    ("take", Step.TAKE, "Take a submitted record into review"),
    ("request-changes", Step.REQUEST_CHANGES, "Send a record back with requested changes; why is needed"),
    ("accept", Step.ACCEPT, "Let a record into the base"),
    ("take-back", Step.TAKE_BACK, "Give up what is not accepted"),
    ("withdraw", Step.WITHDRAW, "Take a record out of the base; why is needed"),
):
    _add_step(_path, _step, _summary)


@router.post(
    "/records/{name}/restore",
    summary="Make an earlier revision the latest draft",
    openapi_extra=_described((JSON,), "If-Match", "Idempotency-Key", "Prefer"),
)
async def restore(request: Request, name: Name) -> Response:
    """Begin a draft with the content of an earlier revision: ``{"revision": 2}``."""
    call = await _Call.begin(request)
    given = await call.words(why=str, revision=int)
    if "revision" not in given:
        raise HTTPException(400, 'Say which revision to restore: {"revision": 2}.')
    entry = Entry(_record(name), if_match=call.seen(), revision=cast("int", given["revision"]))
    return await call.do(Step.RESTORE, [entry], why=str(given.get("why", "")))


@router.post(
    "/records/{name}/comments",
    status_code=201,
    summary="Say something of a record",
    openapi_extra=_described((JSON,), "Idempotency-Key", "Prefer", done="201"),
)
async def comment(request: Request, name: Name) -> Response:
    """File a review: comment, requested-change, response, agreed-wording, invitation or non-objection.

    It is a record of its own, which enters the base when an editor accepts it.
    """
    call = await _Call.begin(request)
    given = await call.words(kind=str, text=str, wording=str, responds_to=list, answer_by=str, area=str)
    remark = Remark(
        about=(_record(name),),
        kind=str(given.get("kind", "comment")),
        text=str(given.get("text", "")),
        wording=str(given.get("wording", "")),
        responds_to=tuple(_record(each) for each in cast("list[str]", given.get("responds_to", []))),
        answer_by=_day(str(given["answer_by"])) if "answer_by" in given else None,
        area=concept_iri("area", str(given["area"])) if "area" in given else None,
    )
    if not remark.text.strip() and not remark.wording.strip():
        raise HTTPException(400, 'Say something: {"text": "..."}.')
    return await call.review(remark)


@router.get("/records/{name}/standing", summary="Where a record stands, with its latest content")
async def standing(request: Request, name: Name) -> Response:
    """State, latest revision, tag, what you may do next, and the latest content that you may see, as JSON."""
    call = await _Call.begin(request)
    look = await call.look(_record(name))
    shown = {
        "identifier": name,
        "state": look.state,
        "revision": look.revision,
        "tag": look.tag,
        "author": look.author,
        "possible": list(look.possible),
        "in_base": look.accepted is not None,
        "record": call.document(look.content),
    }
    return JSONResponse(shown, headers={"ETag": f'"{look.tag}"', **_PRIVATE})


@router.get("/drafts", summary="What is not accepted yet")
async def drafts(request: Request) -> Response:
    """Everything on its way into the base that you may see."""
    call = await _Call.begin(request)
    found = await call.apart(lambda: call.desk.drafts(call.person))
    shown = [
        {
            "identifier": record_identifier(str(draft.record)),
            "state": draft.state,
            "revision": draft.revision,
            "tag": draft.tag,
            "author": draft.author,
        }
        for draft in found
    ]
    return JSONResponse({"drafts": shown}, headers=_PRIVATE)


@router.get("/invitations", summary="Invitations to review that nobody has answered")
async def invitations(request: Request) -> Response:
    """By their last day. Silence until its end counts as non-objection, which an editor then files."""
    call = await _Call.begin(request)
    found = await call.apart(lambda: call.desk.invitations(call.person))
    shown = [
        {
            **asdict(each),
            "answer_by": each.answer_by.isoformat(),
            "overdue": each.is_overdue,
        }
        for each in found
    ]
    return JSONResponse({"invitations": shown}, headers=_PRIVATE)


@router.post(
    "/drafts/sparql",
    summary="Query the base together with its drafts",
    openapi_extra={
        "requestBody": {"content": {_QUERY: {"schema": {"type": "string"}}}},
        "responses": {"200": {"description": "The answer, in the format that Accept names."}},
    },
)
async def query_drafts(request: Request) -> Response:
    """Answer a SPARQL query over the base and the drafts that you may see.

    They stand in the graph `https://w3id.org/nexuskb/graphs/drafts`. Nobody else sees the answer.
    """
    call = await _Call.begin(request)
    if media_type(request) != _QUERY:
        raise HTTPException(415, f"Send the query as {_QUERY}.")
    body = await bounded_body(request, call.facade.query_limits.max_bytes)
    try:
        query = body.decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "The query is not UTF-8.") from None
    graphs = call.facade.graphs | {str(GRAPHS.drafts)}
    parsed = await call.apart(lambda: admit(query, PREFIXES, graphs, call.facade.query_limits))
    offered = formats_for(parsed.form)
    accept = request.headers.get("accept")
    chosen = negotiate(accept, offered)
    if chosen is None:
        known = ", ".join(choice.media_type for choice in offered)
        raise FormatError(f"Nothing in Accept: {accept} can carry this answer. Ask for one of: {known}.")
    found = await call.apart(lambda: call.desk.drafts(call.person))
    drafts = b"".join(draft.triples for draft in found)
    blocks = await call.reception.answer_with_drafts(drafts, query, chosen)
    return StreamingResponse(blocks, headers=_PRIVATE, media_type=chosen.content_type)


@router.get("/records/{name}/revisions", summary="What was done to a record: who, when, why")
async def revisions(request: Request, name: Name) -> Response:
    """All steps in the life of a record, as far as you may see them. Revision 0 is what the files held."""
    call = await _Call.begin(request)
    events = await call.apart(lambda: call.desk.history(call.person, _record(name)))
    return JSONResponse({"identifier": name, "events": [asdict(each) for each in events]}, headers=_PRIVATE)


@router.get("/records/{name}/revisions/{number}", summary="A revision of a record")
async def revision(request: Request, name: Name, number: Number) -> Response:
    """What a revision holds, as JSON."""
    call, record = await _Call.begin(request), _record(name)
    content = await call.apart(lambda: call.revision(record, number))
    shown = {"identifier": name, "revision": number, "record": call.document(content)}
    return JSONResponse(shown, headers=_PRIVATE)


@router.get("/records/{name}/revisions/{number}/since/{earlier}", summary="What differs between revisions")
async def difference(request: Request, name: Name, number: Number, earlier: Number) -> Response:
    """What differs from an earlier revision, field by field, in the words of the form."""
    call, record = await _Call.begin(request), _record(name)
    changes = await call.apart(lambda: call.desk.differences(call.person, record, earlier, number))
    shown = {"identifier": name, "from": earlier, "to": number, "differences": [asdict(c) for c in changes]}
    return JSONResponse(shown, headers=_PRIVATE)


class _Call:
    """One request of one person."""

    def __init__(self, request: Request, facade: Facade, person: Person, desk: Desk) -> None:
        self._request = request
        self.facade = facade
        self.person = person
        self.desk = desk

    @classmethod
    async def begin(cls, request: Request) -> _Call:
        """Let a person in. Raises ``HTTPException``."""
        facade = facade_of(request)
        person = await facade.reception.person(request)
        return cls(request, facade, person, await facade.reception.desk())

    @property
    def reception(self) -> Reception:
        return self.facade.reception

    async def apart(self, work: Any) -> Any:
        """Do work in a thread, on the person's account."""
        return await self.facade.apart(work)

    async def look(self, record: URIRef) -> Look:
        """The record as the person sees it."""
        return cast("Look", await self.apart(lambda: self.desk.look(self.person, record)))

    def revision(self, record: URIRef, number: int) -> Content:
        """A revision that the person may see. Raises :class:`RecordNotFoundError`."""
        seen = {event.revision for event in self.desk.history(self.person, record)} | {0}
        held = self.desk.ledger.content(record, number) if number in seen else None
        if held is None:
            raise RecordNotFoundError(f"The record {record_identifier(record)} has no revision {number}.")
        return content_of(record, held)

    def document(self, content: Content) -> dict[str, object]:
        """A content as JSON."""
        return self.reception.documents.write(content.triples, content.record)

    async def submission(self, body: bytes, kind: str, name: str = "") -> Submission:
        """The records of a body."""

        def taken(identifier: str) -> bool:
            try:
                self.desk.look(self.person, record_iri(identifier))
            except RecordNotFoundError:
                return False
            return True

        def read() -> Submission:
            return read_submission(body, kind, self.reception.documents, identifier=name, taken=taken)

        return cast("Submission", await self.apart(read))

    async def words(self, **known: type) -> dict[str, object]:
        """The members of the body, which is JSON or nothing."""
        body = await bounded_body(self._request, _MOST_WORDS)
        if body and media_type(self._request) != JSON:
            raise HTTPException(415, f"What to say with this step is taken as {JSON}.")
        return json_object(body, known)

    def seen(self, *, required: bool = True) -> str | None:
        """The tag that the person has seen. Raises ``HTTPException`` 400 and 428."""
        given = self._request.headers.get("if-match", "").strip()
        if given == ANY:
            return ANY
        if not given:
            if required:
                raise HTTPException(
                    428,
                    'Say which state of the record you have seen: If-Match: "TAG". '
                    "The ETag of /records/ID/standing is its tag.",
                )
            return None
        match = _TAG.fullmatch(given)
        if match is None:
            raise HTTPException(400, f'If-Match: {given[:80]!r} is not one entity tag, such as "r12", or *.')
        return match[1]

    async def do(
        self,
        step: Step,
        entries: list[Entry],
        *,
        why: str = "",
        created: bool = False,
    ) -> Response:
        """Have a step done, and what came of it as a response."""
        manner = self._manner(why)
        await self.reception.ready(step)
        try:
            outcome = await self.apart(lambda: self.desk.do(step, self.person, entries, **manner))
        except StaleError as error:
            if error.tag and not any(entry.if_match for entry in entries):
                raise HTTPException(428, f"{error}", {"ETag": f'"{error.tag}"'}) from error
            raise
        visible = step not in VISIBLE or manner["dry_run"] or await self.reception.serve()
        return await self._response(outcome, created=created, visible=visible)

    async def review(self, remark: Remark) -> Response:
        """Have a review filed."""
        manner = self._manner("")
        outcome = await self.apart(lambda: self.desk.review(self.person, remark, **manner))
        return await self._response(outcome, created=True)

    def _manner(self, why: str) -> Manner:
        dry = self._request.query_params.get("dry_run", "").lower()
        if dry not in ("", "true", "false", "1", "0"):
            raise HTTPException(400, f"dry_run: {dry[:20]!r} is neither true nor false.")
        return Manner(why=why, key=self._request.headers.get("idempotency-key"), dry_run=dry in ("true", "1"))

    async def _response(self, outcome: Outcome, *, created: bool, visible: bool = True) -> Response:
        dry = self._manner("")["dry_run"]
        done = [self._shown(each) for each in outcome.done]
        shown: dict[str, object] = {
            "done": done,
            "violations": [violation_members(violation) for violation in outcome.report.violations],
        }
        if dry:
            shown["dry_run"] = True
        if outcome.repeated:
            shown["repeated"] = True
        if not visible:
            shown["visible"] = False
        headers = dict(_PRIVATE)
        single = outcome.done[0] if len(outcome.done) == 1 else None
        if single and not dry:
            headers["ETag"] = f'"{single.tag}"'
            if created:
                name = record_identifier(str(single.record)) or ""
                headers["Location"] = str(self._request.url_for("standing", name=name))
        if not self._minimal() and single and not dry:
            look = await self.look(single.record)
            shown["possible"] = list(look.possible)
            shown["record"] = self.document(look.content)
        return JSONResponse(shown, 201 if created and not dry else 200, headers)

    def _minimal(self) -> bool:
        return "return=minimal" in self._request.headers.get("prefer", "").replace(" ", "")

    @staticmethod
    def _shown(done: Done) -> dict[str, object]:
        return {
            "identifier": record_identifier(str(done.record)),
            "state": done.state,
            "revision": done.revision,
            "tag": done.tag,
            "changed": done.changed,
        }


def _record(name: str) -> URIRef:
    try:
        return record_iri(name)
    except ValueError:
        raise RecordNotFoundError(
            f"{name[:80]!r} is not an identifier of a record: use a-z, 0-9 and hyphens."
        ) from None


def _fault(message: str, field: str) -> SubmissionError:
    return SubmissionError([Fault(message, field=field)])


def _merged(target: object, patch: object, depth: int = 0) -> object:
    """A JSON Merge Patch applied (RFC 7396, 2)."""
    if not isinstance(patch, dict):
        return patch
    if depth > 8:
        raise HTTPException(400, "The patch is nested too deeply.")
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value, depth + 1)
    return merged


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise HTTPException(400, f"answer_by: {text[:20]!r} is not a day, such as 2026-12-31.") from None
