"""The SPARQL endpoint: SPARQL 1.1 Protocol for queries (W3C Recommendation, 21 March 2013)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from nexuskb.errors import NexusError, QueryLimitError
from nexuskb.exchange.results import as_workbook
from nexuskb.sparql.evaluator import Answer
from nexuskb.sparql.formats import (
    JSON,
    XLSX,
    ResultFormat,
    format_by_name,
    negotiate,
)
from nexuskb.sparql.guard import check_graph
from nexuskb.store.port import Dataset
from nexuskb.terms import PREFIXES
from nexuskb_api.bodies import collected
from nexuskb_api.cache import AnswerKey, Held, answer_key
from nexuskb_api.compression import GZIP, SMALL, Compression, compress, compressed, takes_gzip
from nexuskb_api.description import service_description
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.measures import (
    BROKEN_OFF,
    CACHED,
    DESCRIBED,
    EVALUATED,
    FAULT,
    LEFT,
    UNCHANGED,
    log_request,
    outcome_of,
    requests_are_logged,
)
from nexuskb_api.pages import page, wants_html
from nexuskb_api.problems import answer_error
from nexuskb_api.results import bounded_answer, offered_formats, read_results

router = APIRouter(tags=["SPARQL"])

#: Where the endpoint is. The application sends it requests without looking for a route (see ``app``).
PATH = "/sparql"

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_SHEET_BYTES = 16 * 1024**2
_MOST_PARAMETERS = 1_000
#: Seconds after which it is looked out for a client that goes away before its answer has been sent.
_SOON = 0.1
#: How much of a held answer is passed on at a time.
_PIECE = 64 * 1024
#: Requests whose meaning is remembered, and the longest that is.
_REMEMBERED = 2_048
_REMEMBERED_LENGTH = 8_192
#: The values of each parameter.
_Values = dict[str, list[str]]

_ANSWERS = {
    "200": {
        "description": "The answer, or the service description where no query is given.",
        "content": {
            kind: {}
            for kind in (
                "application/sparql-results+json", "application/sparql-results+xml", "text/csv",
                "text/tab-separated-values", "text/turtle", "application/n-triples", "application/rdf+xml",
                "application/ld+json", "text/html", XLSX.media_type,
            )
        },
    },
    "400": {"description": "The query does not parse: line, column and what was expected."},
    "403": {"description": "Updates, SERVICE, and graphs that the base does not have."},
    "406": {"description": "None of the formats asked for can carry the answer."},
    "408": {"description": "The query did not come in time."},
    "413": {"description": "The query is too long."},
    "429": {"description": "Your address has used up its share of the server's time; see Retry-After."},
    "503": {"description": "Too many queries are waiting, or the query needed too much memory."},
    "504": {"description": "The query took too long."},
}  # fmt: skip
_PARAMETERS = [
    {"name": name, "in": "query", "schema": schema, "description": words}
    for name, schema, words in (
        ("query", {"type": "string"}, "The query. The prefixes of the base need no declaring."),
        ("default-graph-uri", {"type": "array", "items": {"type": "string"}}, "Graphs of the default graph."),
        ("named-graph-uri", {"type": "array", "items": {"type": "string"}}, "Named graphs of the dataset."),
        ("format", {"type": "string"}, "json, xml, csv, tsv, xlsx, turtle, ntriples, rdfxml or jsonld."),
        ("timeout", {"type": "number"}, "Seconds after which to give up, up to the server's limit."),
    )
]


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    dataset: Dataset
    format: str | None
    seconds: float | None


@dataclass(slots=True)
class _Plan:
    """What a request for data comes to: the query, its format and coding, and whether answers may be kept."""

    asked: _Asked
    format: ResultFormat
    coding: str
    repeatable: bool
    _key: AnswerKey | None = None

    def key(self, generation: str) -> AnswerKey:
        """Under what its answer is kept while the base has this generation."""
        if self._key is None or self._key.generation != generation:
            self._key = answer_key(generation, self.asked.query, self.asked.dataset, self.format, self.coding)
        return self._key


class _Endpoint(Response):
    """Stands for what the endpoint answers: it is sent by :func:`serve` when the framework sends it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        await serve(scope, receive, send)


@router.get(PATH, summary="Query by GET", openapi_extra={"parameters": _PARAMETERS, "responses": _ANSWERS})
@router.head(PATH, include_in_schema=False)
async def query_by_get() -> Response:
    """Answer a SPARQL query in the address; without one, describe the service."""
    return _Endpoint()


@router.post(
    PATH,
    summary="Query by POST",
    openapi_extra={
        "requestBody": {
            "content": {_FORM: {"schema": {"type": "object"}}, _QUERY: {"schema": {"type": "string"}}}
        },
        "responses": _ANSWERS,
    },
)
async def query_by_post() -> Response:
    """Answer a SPARQL query in a form field or as the body."""
    return _Endpoint()


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a GET, HEAD or POST: the endpoint as an ASGI application."""
    begun, request, presence = time.perf_counter(), Request(scope, receive), _Presence(receive)
    outcome = FAULT
    try:
        try:
            response = await _respond(request, presence)
            outcome = presence.outcome
        except (NexusError, HTTPException) as error:
            outcome = outcome_of(error)
            response = Compression(await answer_error(request, error))
        await response(scope, receive, send)
        if isinstance(response, _Streamed) and response.broken_off:
            outcome = BROKEN_OFF
    except asyncio.CancelledError:
        if not presence.left:
            outcome = BROKEN_OFF
            raise
        outcome = LEFT
    finally:
        presence.end()
        seconds = time.perf_counter() - begun
        scope["app"].state.measures.query(outcome, seconds)
        if requests_are_logged():
            shown = presence.query if scope["app"].state.serving.log.queries else ""
            log_request(scope["method"], PATH, outcome, seconds, shown)


class _Presence:
    """Watches out for the client of a request, and cancels the work for it when it goes away.

    ``outcome`` is what becomes of the request, and ``query`` what was asked, as far as that is known.
    """

    __slots__ = ("_receive", "_task", "_timer", "_watch", "left", "outcome", "query")

    def __init__(self, receive: Receive) -> None:
        self.left = False
        self.outcome = DESCRIBED
        self.query = ""
        self._receive = receive
        self._timer: asyncio.TimerHandle | None = None
        self._watch: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Watch from soon on: most answers are sent before. All of the request has been read."""
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(_SOON, self._look_out)

    def end(self) -> None:
        """Do not watch any longer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def _look_out(self) -> None:
        self._watch = asyncio.ensure_future(self._departure())

    async def _departure(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._task is not None:
            self._task.cancel()


async def _respond(request: Request, presence: _Presence) -> ASGIApp:
    """What to answer: a description or a form, a page for people, or data."""
    scope, facade = request.scope, facade_of(request)
    body = b"" if scope["method"] != "POST" else await _bounded_body(request)
    presence.begin()
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"")
    accept, codings = headers.get(b"accept", b""), headers.get(b"accept-encoding", b"")
    said = (scope["query_string"], body, kind, accept, codings)
    plan = facade.plans.get(said)
    if plan is None:
        found = await _plan(request, body, accept.decode("latin-1"), codings.decode("latin-1"), presence)
        if not isinstance(found, _Plan):
            return Compression(found)
        plan = found
        if plan.repeatable and sum(map(len, said)) <= _REMEMBERED_LENGTH:
            if len(facade.plans) >= _REMEMBERED:
                facade.plans.clear()
            facade.plans[said] = plan
    return await _data(request, facade, plan, presence)


async def _plan(
    request: Request, body: bytes, accept: str, codings: str, presence: _Presence
) -> _Plan | Response:
    """Read a request, as far as that does not depend on the base."""
    values, text = await _values(request, body)
    if request.method != "POST" and not {"query", "update"} & values.keys():
        if wants_html(request):
            return page(request, "sparql.html", {"prefixes": PREFIXES, "query": ""})
        return await service_description(request)
    asked, facade = _asked(values, text), facade_of(request)
    presence.outcome, presence.query = EVALUATED, asked.query
    parsed = await facade.read(len(asked.query), lambda: facade.admit(asked.query))
    for graph in (*asked.dataset.default_graphs, *asked.dataset.named_graphs):
        check_graph(graph, facade.graphs)
    offered = offered_formats(parsed.form)
    if asked.format == "html" or (not asked.format and "html" in accept and wants_html(request)):
        return await _results_page(request, asked)
    chosen = _choose(asked.format, accept, offered)
    if chosen is XLSX:
        return await _workbook(request, asked)
    return _Plan(asked, chosen, GZIP if takes_gzip(codings) else "", parsed.repeatable)


async def _values(request: Request, body: bytes) -> tuple[_Values, str | None]:
    """The parameters of a request, and the query where that is its body."""
    address = request.scope["query_string"]
    if request.method != "POST":
        return _parameters(address), None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _QUERY:
        return _parameters(address), _utf8(body)
    if kind == _FORM:
        return await facade_of(request).read(len(body), lambda: _parameters(body, address)), None
    if kind == "application/sparql-update":
        raise HTTPException(403, "Updates are refused: this endpoint only answers queries.")
    raise HTTPException(
        415, f"Send the query as {_QUERY} or {_FORM}; {kind or 'no content type'} is not understood."
    )


async def _bounded_body(request: Request) -> bytes:
    """Read the body, but not more of it than a query may have (forms escape each byte as up to three)."""
    limit = 3 * facade_of(request).query_limits.max_bytes + 4096
    return await collected(request, limit, "query", _too_large)


def _too_large(limit: int) -> QueryLimitError:
    return QueryLimitError(f"The request has more than {limit:,} bytes.", "query size")


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HTTPException(400, "The query is not UTF-8.") from error


def _parameters(*parts: bytes) -> _Values:
    """The parameters of a form and of the address. Anything but UTF-8 is refused, not guessed at."""
    if sum(part.count(b"&") for part in parts) >= _MOST_PARAMETERS:
        raise HTTPException(400, f"A request may have at most {_MOST_PARAMETERS} parameters.")
    values: _Values = {}
    for pair in b"&".join(parts).split(b"&"):
        name, _, value = pair.partition(b"=")
        if name:
            values.setdefault(_utf8(_unescaped(name)), []).append(_utf8(_unescaped(value)))
    return values


def _unescaped(raw: bytes) -> bytes:
    """Bytes of a form with ``+`` and ``%`` resolved (the URL standard, 5.1).

    A codec reads the escapes in a tenth of the time that the standard library takes for them.
    """
    raw = raw.replace(b"+", b" ")
    if b"%" not in raw:
        return raw
    try:
        read = raw.replace(b"\\", rb"\x5c").replace(b"%", rb"\x").decode("unicode_escape")
    except UnicodeDecodeError:
        return unquote_to_bytes(raw)  # a % without two digits, which stays what it is
    return read.encode("latin-1")


def _asked(values: _Values, text: str | None = None) -> _Asked:
    queries = values.get("query", []) if text is None else [text]
    if "update" in values:
        raise HTTPException(403, "Updates are refused: this endpoint only answers queries.")
    if len(queries) != 1:
        raise HTTPException(400, "Give exactly one query in the parameter query.")
    dataset = Dataset(tuple(values.get("default-graph-uri", ())), tuple(values.get("named-graph-uri", ())))
    first = next(iter(values.get("format", ())), None)  # SPARQLWrapper sends JSON-LD under two names
    return _Asked(queries[0], dataset, first, _seconds(values))


def _seconds(values: _Values) -> float | None:
    given = next(iter(values.get("timeout", ())), None)
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise HTTPException(400, f"timeout: {given!r} is not a number of seconds, such as 5.")
    return seconds


async def _data(request: Request, facade: Facade, plan: _Plan, presence: _Presence) -> Response:
    """Answer from what the client has, from the cache, or by evaluating."""
    presence.query = plan.asked.query
    headers = {"Vary": "Accept, Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    key: AnswerKey | None = None
    if plan.repeatable:
        key = plan.key(await facade.current())
        headers |= {"ETag": key.etag, "Cache-Control": "no-cache"}
        known = request.headers.get("if-none-match")
        if known and key.etag in _entity_tags(known):
            presence.outcome = UNCHANGED
            return Response(status_code=304, headers=headers)
    else:
        headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        response = Response(b"", 200, headers, media_type=plan.format.content_type)
        del response.headers["content-length"]
        return response
    held = facade.cache.get(key) if key else None
    presence.outcome = CACHED if held else EVALUATED
    if held is None:
        asked = plan.asked
        answer = await facade.answer(asked.query, plan.format, asked.dataset, asked.seconds)
        if answer.whole is None:
            return _streamed(facade, plan, key, answer, headers)
        held = await _encoded(answer.whole, plan.coding)
        if key:
            facade.cache.put(key, held)
    if held.coding:
        headers["Content-Encoding"] = held.coding
    if len(held.body) <= _PIECE:
        return Response(held.body, 200, headers, media_type=plan.format.content_type)
    headers["Content-Length"] = str(len(held.body))
    return _Streamed(_pieces(held.body), 200, headers, media_type=plan.format.content_type)


async def _encoded(body: bytes, coding: str) -> Held:
    """A whole answer as it is sent."""
    return Held(body) if not coding or len(body) < SMALL else Held(await compress(body), coding)


def _streamed(
    facade: Facade, plan: _Plan, key: AnswerKey | None, answer: Answer, headers: dict[str, str]
) -> Response:
    """A long answer, block by block as it is made."""
    blocks: AsyncIterator[bytes] = answer
    if plan.coding:
        headers["Content-Encoding"] = plan.coding
        blocks = compressed(blocks)
    if key:
        blocks = facade.cache.keeping(key, blocks, plan.coding)
    return _Streamed(blocks, 200, headers, media_type=plan.format.content_type)


class _Streamed(StreamingResponse):
    """An answer on its way. When it cannot be finished it breaks off, so that nobody takes it for whole."""

    broken_off = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- as ASGI
        """Send it. Whether the client goes away is watched for by :class:`_Presence`."""
        try:
            await self.stream_response(send)
        except NexusError:
            self.broken_off = True


async def _pieces(held: bytes) -> AsyncIterator[bytes]:
    """An answer that is held, piece by piece, so that little of it waits for a slow reader."""
    for start in range(0, len(held), _PIECE):
        yield held[start : start + _PIECE]


def _entity_tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _choose(name: str | None, accept: str | None, offered: tuple[ResultFormat, ...]) -> ResultFormat:
    if name:
        return format_by_name(name, offered)
    chosen = negotiate(accept, offered)
    if chosen is None:
        known = ", ".join(kind for choice in offered for kind in choice.media_types[:1])
        raise HTTPException(
            406, f"Nothing in Accept: {accept} can carry this answer. Ask for one of: {known}."
        )
    return chosen


async def _results_page(request: Request, asked: _Asked) -> Response:
    """A table for people, of the first rows, with links to the whole in every format."""
    found = await read_results(facade_of(request), asked.query, asked.dataset, asked.seconds)
    return page(request, "results.html", {"results": found, "query": asked.query, "prefixes": PREFIXES})


async def _workbook(request: Request, asked: _Asked) -> Response:
    """The answer to a SELECT as a spreadsheet, made in a thread on the client's account."""
    facade = facade_of(request)
    headers = {
        "Vary": "Accept, Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="results.xlsx"',
    }
    if request.method == "HEAD":
        return Response(b"", 200, headers, media_type=XLSX.content_type)
    generation = await facade.current()
    body = await bounded_answer(facade, asked.query, JSON, _SHEET_BYTES, asked.dataset, asked.seconds)

    def made() -> bytes:
        answer = json.loads(body)
        return as_workbook(answer["head"]["vars"], answer["results"]["bindings"], asked.query, generation)

    return Response(await facade.apart(made), 200, headers, media_type=XLSX.content_type)
