"""Workbooks in the browser: an empty one to take along, a filled one to hand in, a marked one back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from nexuskb.errors import EntryError, Fault, RecordNotFoundError, SubmissionError
from nexuskb.exchange.entering import Entered
from nexuskb.exchange.hazards import MOST_BYTES
from nexuskb.exchange.marking import Problem, marked
from nexuskb.exchange.template import template
from nexuskb.exchange.workbooks import XLSX
from nexuskb_api.bodies import bounded_body, media_type
from nexuskb_api.entry.forms import addable, form_of
from nexuskb_api.entry.room import SignInError, own_form, room_of, session_in, signed_in
from nexuskb_api.facade import facade_of
from nexuskb_api.pages import page

router = APIRouter(include_in_schema=False)

_AROUND = 64 * 1024
_MOST_FIELDS = 10
#: Most records that one workbook is filled in with.
_MOST_TAKEN = 100
_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/import")
async def upload_form(request: Request) -> Response:
    """Where workbooks are taken along and handed in."""
    return await _page(request)


@router.get("/template/{name}")
async def empty_workbook(request: Request, name: str) -> Response:
    """A workbook to fill in, for a kind of record and what belongs to it."""
    kind, _, extension = name.rpartition(".")
    if extension != "xlsx":
        raise HTTPException(404, "Workbooks are at addresses such as /template/Policy.xlsx.")
    room = room_of(request)
    form = form_of(room, kind)
    body = await facade_of(request).apart(
        lambda: template(room.forms, room.documents.vocabularies, [form.key])
    )
    headers = {"Content-Disposition": f'attachment; filename="{form.key.lower()}.xlsx"'}
    return Response(body, media_type=XLSX, headers=headers)


@router.get("/template")
async def filled_workbook(request: Request) -> Response:
    """A workbook with the records of ``with``, what belongs to them, and their evidence, to be changed."""
    session = await session_in(request)
    if session is None:
        raise SignInError("/import")
    identifiers = [each.strip() for each in request.query_params.getlist("with") if each.strip()]
    if not identifiers:
        return await _page(request, fault="Say which record to take along.", status=422)
    if len(identifiers) > _MOST_TAKEN:
        raise HTTPException(413, f"Take at most {_MOST_TAKEN} records along at a time.")
    room, person = room_of(request), session.person
    try:
        body = await room.at_desk(
            lambda desk: room.facade.reception.workbooks(desk).filled([], identifiers, person)
        )
    except RecordNotFoundError as error:
        return await _page(request, fault=str(error), status=404)
    headers = {"Content-Disposition": f'attachment; filename="{identifiers[0]}.xlsx"', **_NO_STORE}
    return Response(body, media_type=XLSX, headers=headers)


@router.post("/import")
async def take(request: Request) -> Response:
    """Check a workbook; submit its records if that was asked for and nothing is wrong."""
    session = await signed_in(request)
    given = await _posted(request)
    own_form(request, session, str(given.get("csrf", "")))
    file = given.get("file")
    body = await file.read() if isinstance(file, UploadFile) else b""
    if not body:
        return await _page(request, fault="Choose a workbook first.", status=422)
    room = room_of(request)
    check_only = given.get("do") != "submit"
    try:
        entered = await room.entered(
            lambda desk: room.facade.reception.workbooks(desk).enter(
                body, session.person, check_only=check_only
            )
        )
    except SubmissionError as error:
        return await _page(request, faults=error.faults, status=422)
    except EntryError as error:
        return await _page(request, fault=str(error), status=409)
    if entered.good and not check_only:
        return await _page(request, entered=entered, submitted=True)
    back = await room.facade.apart(lambda: marked(body, list(entered.problems))) if entered.problems else b""
    return await _page(request, entered=entered, back=back, status=200 if entered.good else 422)


async def _posted(request: Request) -> FormData:
    """The fields of an upload. Raises ``HTTPException`` for what is none, or too large."""
    if media_type(request) != "multipart/form-data":
        raise HTTPException(415, "This address takes a form with a file: multipart/form-data.")
    body = await bounded_body(request, MOST_BYTES + _AROUND)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        return await MultiPartParser(
            request.headers, whole(), max_files=1, max_fields=_MOST_FIELDS, max_part_size=_AROUND
        ).parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(400, "The form with the file cannot be read.") from error


async def _page(  # noqa: PLR0913 -- what can be on the page
    request: Request,
    *,
    entered: Entered | None = None,
    submitted: bool = False,
    back: bytes = b"",
    fault: str = "",
    faults: list[Fault] | None = None,
    status: int = 200,
) -> Response:
    problems: list[Problem] = list(entered.problems) if entered else []
    session = await session_in(request)
    shown = {
        "kinds": addable(room_of(request)),
        "session": session,
        "csrf": session.form_value if session else "",
        "entered": entered,
        "submitted": submitted,
        "errors": [each for each in problems if each.blocking],
        "questions": [each for each in problems if not each.blocking],
        "back": f"data:{XLSX};base64,{b64encode(back).decode()}" if back else "",
        "faults": [str(each) for each in faults or []] or ([fault] if fault else []),
    }
    return page(request, "import.html", shown, status, _NO_STORE)
