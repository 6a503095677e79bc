"""Errors as problem documents (RFC 9457), or as a page for a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from nexuskb.errors import (
    FormatError,
    KeyReusedError,
    LedgerError,
    MalformedEntryError,
    NexusError,
    NotPermittedError,
    OtherBaseError,
    QueryError,
    QueryLimitError,
    QueryRefusedError,
    QuerySyntaxError,
    QuestionError,
    RecordNotFoundError,
    RejectedError,
    StaleError,
    StepError,
    StoreError,
    SubmissionError,
    UnknownTermError,
)
from nexuskb.validation.report import Violation
from nexuskb_api.pages import page, wants_html

#: Characters of an address that are offered to search for.
_LONGEST_WORDS = 100
#: Where the kinds of problem are explained.
TYPES = "https://w3id.org/nexuskb/problems/"


def problem(  # noqa: PLR0913, PLR0917 -- the members of a problem document
    request: Request,
    status: int,
    kind: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """A problem document; ``more`` are its extension members (RFC 9457, 3.2)."""
    title = HTTPStatus(status).phrase
    members = {key: value for key, value in (more or {}).items() if value not in (None, "")}
    body = {"type": TYPES + kind, "title": title, "status": status, "detail": detail, **members}
    if wants_html(request):
        shown = {
            "problem": body,
            "words": _words(request.url.path) if status == 404 else "",
            "retry": (headers or {}).get("Retry-After", ""),
        }
        return page(request, "problem.html", shown, status=status, headers=headers)
    return JSONResponse(
        body, status, {"Vary": "Accept", **(headers or {})}, media_type="application/problem+json"
    )


def _words(path: str) -> str:
    """The words in the last part of an address at which there is nothing, to search for instead."""
    last = path.rstrip("/").rsplit("/", 1)[-1].partition(".")[0]
    return " ".join(re.findall(r"\w+", last))[:_LONGEST_WORDS]


async def answer_error(request: Request, error: NexusError | HTTPException) -> Response:
    """What is answered to a request that met an error of ours."""
    return await (_nexus_error if isinstance(error, NexusError) else _http_error)(request, error)


def install(app: FastAPI) -> None:
    """Teach the application to answer errors this way."""
    app.add_exception_handler(NexusError, _nexus_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)


#: Status and kind of problem of each error; the first class that fits counts.
_KINDS: tuple[tuple[type[NexusError], int, str], ...] = (
    (QuerySyntaxError, 400, "query-syntax"),
    (QueryRefusedError, 403, "query-refused"),
    (QueryLimitError, 503, "query-limit"),
    (QueryError, 400, "query"),
    (FormatError, 406, "format"),
    (UnknownTermError, 400, "unknown-term"),
    (RecordNotFoundError, 404, "unknown-record"),
    (NotPermittedError, 403, "not-permitted"),
    (StaleError, 412, "stale"),
    (StepError, 409, "step"),
    (RejectedError, 422, "rejected"),
    (KeyReusedError, 422, "idempotency-key"),
    (MalformedEntryError, 422, "entry"),
    (SubmissionError, 422, "submission"),
    (LedgerError, 503, "ledger"),
    (QuestionError, 404, "unknown-question"),
    (OtherBaseError, 409, "other-base"),
    (StoreError, 503, "store"),
    (NexusError, 500, "internal"),
)
_LIMITS = {
    "time": 504,
    "share": 429,
    "query size": 413,
    "nesting depth": 400,
    "number of operators": 400,
    "number of terminals": 400,
    "text searches": 400,
    "page size": 400,
}
_MEMBERS = ("line", "column", "expected", "feature", "limit", "parameter", "possible", "tag")


def status_and_kind(error: NexusError) -> tuple[int, str]:
    """The status of the answer to an error, and the kind of problem that it is."""
    status, kind = next((status, kind) for known, status, kind in _KINDS if isinstance(error, known))
    if isinstance(error, QueryLimitError):
        status = _LIMITS.get(error.limit, status)
    if isinstance(error, QuestionError) and error.parameter:
        status, kind = 400, "question-parameter"
    return status, kind


def told(error: NexusError) -> tuple[int, str, dict[str, str]]:
    """How an error of ours is told: the status, the kind of problem, and what the header says of it."""
    status, kind = status_and_kind(error)
    headers = {"Retry-After": str(getattr(error, "retry_after", None) or 5)} if status in (429, 503) else {}
    return status, kind, headers


async def _nexus_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, NexusError)  # noqa: S101 -- registered for this class
    status, kind, headers = told(error)
    if isinstance(error, SubmissionError):
        status = 413 if error.too_large else 415 if error.unknown_type else status
    if isinstance(error, StaleError) and error.tag:
        headers["ETag"] = f'"{error.tag}"'
    members: dict[str, object] = {name: getattr(error, name, None) for name in _MEMBERS}
    if isinstance(error, RejectedError):
        members["violations"] = [violation_members(violation) for violation in error.report.violations]
    elif isinstance(error, SubmissionError):
        members["violations"] = [asdict(fault) for fault in error.faults]
    return problem(request, status, kind, str(error), headers, members)


def violation_members(violation: Violation) -> dict[str, object]:
    """A violation as it stands in an answer: record, field, value, message, suggestion, whether it blocks."""
    members = asdict(violation)
    del members["file"], members["focus"]
    return members


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class
    headers = dict(error.headers) if error.headers else {}
    detail = error.detail
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed_methods(request))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    if error.status_code == 404 and detail == "Not Found":
        detail = f"There is nothing at {request.url.path}. The start page / leads to everything."
    return problem(request, error.status_code, "http", detail, headers)


def _allowed_methods(request: Request) -> list[str]:
    """All methods that some route answers at this path (RFC 9110, 10.2.1)."""
    found = {"OPTIONS"}
    for route in request.app.state.resource_routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return problem(request, 400, "request", f"{where}: {first['msg']}.", more={"parameter": where})
