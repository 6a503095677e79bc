"""The SPARQL endpoint: SPARQL 1.1 Protocol for queries (W3C Recommendation, 21 March 2013)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Send

from nexuskb.errors import NexusError, QueryLimitError
from nexuskb.sparql.formats import JSON, ResultFormat, format_by_name, formats_for, negotiate
from nexuskb.sparql.guard import check_graph
from nexuskb.store.port import Dataset
from nexuskb.terms import PREFIXES
from nexuskb_api.cache import answer_key
from nexuskb_api.description import service_description
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["SPARQL"])

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
#: What a page reads of an answer; more is for the data formats, which are passed on as they are made.
_PAGE_BYTES = 4 * 1024**2
#: Seconds for the body of a request to come in.
BODY_SECONDS = 15.0
_MOST_PARAMETERS = 1_000
#: Seconds after which it is looked out for a client that goes away before its answer begins.
_SOON = 0.1
#: How much of a held answer is passed on at a time.
_PIECE = 64 * 1024
_ANSWERS = {
    "200": {
        "description": "The answer, or the service description where no query is given.",
        "content": {
            kind: {}
            for kind in (
                "application/sparql-results+json", "application/sparql-results+xml", "text/csv",
                "text/tab-separated-values", "text/turtle", "application/n-triples", "application/rdf+xml",
                "application/ld+json", "text/html",
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
        ("format", {"type": "string"}, "json, xml, csv, tsv, turtle, ntriples, rdfxml or jsonld."),
        ("timeout", {"type": "number"}, "Seconds after which to give up, up to the server's limit."),
    )
]


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    dataset: Dataset
    format: str | None
    seconds: float | None


@router.get(
    "/sparql", summary="Query by GET", openapi_extra={"parameters": _PARAMETERS, "responses": _ANSWERS}
)
@router.head("/sparql", include_in_schema=False)
async def query_by_get(request: Request) -> Response:
    """Answer a SPARQL query in the address; without one, describe the service."""
    values = _parameters(request.scope["query_string"])
    if not {"query", "update"} & values.keys():
        if wants_html(request):
            return page(request, "sparql.html", {"prefixes": PREFIXES, "query": ""})
        return await service_description(request)
    return await _answer(request, _asked(values))


@router.post(
    "/sparql",
    summary="Query by POST",
    openapi_extra={
        "requestBody": {
            "content": {_FORM: {"schema": {"type": "object"}}, _QUERY: {"schema": {"type": "string"}}}
        },
        "responses": _ANSWERS,
    },
)
async def query_by_post(request: Request) -> Response:
    """Answer a SPARQL query in a form field or as the body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _QUERY:
        text = _utf8(await _bounded_body(request))
        return await _answer(request, _asked(_parameters(request.scope["query_string"]), text))
    if kind == _FORM:
        form, address = await _bounded_body(request), request.scope["query_string"]
        values = await facade_of(request).read(len(form), lambda: _parameters(form, address))
        return await _answer(request, _asked(values))
    if kind == "application/sparql-update":
        raise HTTPException(403, "Updates are refused: this endpoint only answers queries.")
    raise HTTPException(
        415,
        f"Send the query as {_QUERY} or {_FORM}; {kind or 'no content type'} is not understood.",
    )


async def _bounded_body(request: Request) -> bytes:
    """Read the body, but not more of it than a query may have (forms escape each byte as up to three)."""
    limit = 3 * facade_of(request).query_limits.max_bytes + 4096
    held = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                held += chunk
                if len(held) > limit:
                    raise QueryLimitError(f"The request has more than {limit:,} bytes.", "query size")
    except TimeoutError:
        raise HTTPException(
            408, f"The query did not come within {BODY_SECONDS:g} seconds.", {"Connection": "close"}
        ) from None
    except ClientDisconnect:
        raise HTTPException(400, "The query broke off.") from None
    return bytes(held)


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HTTPException(400, "The query is not UTF-8.") from error


def _parameters(*parts: bytes) -> ImmutableMultiDict[str, str]:
    """The parameters of a form and of the address. Anything but UTF-8 is refused, not guessed at."""
    try:
        read = [
            parse_qsl(_utf8(raw), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
            for raw in parts
        ]
        return ImmutableMultiDict([pair for pairs in read for pair in pairs])
    except UnicodeDecodeError as error:
        raise HTTPException(400, "The query is not UTF-8.") from error
    except ValueError as error:
        raise HTTPException(400, f"A request may have at most {_MOST_PARAMETERS} parameters.") from error


def _asked(values: ImmutableMultiDict[str, str], text: str | None = None) -> _Asked:
    queries = values.getlist("query") if text is None else [text]
    if "update" in values:
        raise HTTPException(403, "Updates are refused: this endpoint only answers queries.")
    if len(queries) != 1:
        raise HTTPException(400, "Give exactly one query in the parameter query.")
    dataset = Dataset(tuple(values.getlist("default-graph-uri")), tuple(values.getlist("named-graph-uri")))
    first = next(iter(values.getlist("format")), None)  # SPARQLWrapper sends JSON-LD under two names
    return _Asked(queries[0], dataset, first, _seconds(values))


def _seconds(values: Mapping[str, str]) -> float | None:
    given = values.get("timeout")
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise HTTPException(400, f"timeout: {given!r} is not a number of seconds, such as 5.")
    return seconds


async def _answer(request: Request, asked: _Asked) -> Response:
    facade = facade_of(request)
    parsed = await facade.read(len(asked.query), lambda: facade.admit(asked.query))
    for graph in (*asked.dataset.default_graphs, *asked.dataset.named_graphs):
        check_graph(graph, facade.graphs)
    offered = formats_for(parsed.form)
    if asked.format == "html" or (not asked.format and wants_html(request)):
        return await _results_page(request, asked, offered)
    chosen = _choose(asked.format, request.headers.get("accept"), offered)
    headers = {"Vary": "Accept", "X-Content-Type-Options": "nosniff"}
    if not parsed.repeatable:
        headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        return Response(b"", 200, headers, media_type=chosen.content_type)
    if parsed.repeatable:
        return await _repeatable(request, facade, asked, chosen, headers)
    blocks = await _evaluate(request, asked, chosen)
    return _Streamed(blocks, 200, headers, media_type=chosen.content_type)


async def _repeatable(
    request: Request, facade: Facade, asked: _Asked, chosen: ResultFormat, headers: dict[str, str]
) -> Response:
    """Answer from what the client has, from the cache, or by evaluating."""
    key = answer_key(await facade.current(), asked.query, asked.dataset, chosen)
    headers |= {"ETag": key.etag, "Cache-Control": "no-cache"}
    if key.etag in _entity_tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if (held := facade.cache.get(key)) is not None:
        headers["Content-Length"] = str(len(held))
        return _Streamed(_pieces(held), 200, headers, media_type=chosen.content_type)
    blocks = await _evaluate(request, asked, chosen)
    return _Streamed(facade.cache.keeping(key, blocks), 200, headers, media_type=chosen.content_type)


async def _evaluate(request: Request, asked: _Asked, chosen: ResultFormat) -> AsyncIterator[bytes]:
    """Evaluate a query for as long as somebody waits for the answer to begin."""
    answer = facade_of(request).answer(asked.query, chosen, asked.dataset, asked.seconds)
    work = asyncio.ensure_future(answer)
    left: asyncio.Future[None] | None = None
    try:
        if not (await asyncio.wait((work,), timeout=_SOON))[0]:
            left = asyncio.ensure_future(_departure(request))
            await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise QueryLimitError("The client went away.", "patience")
        return work.result()
    finally:
        work.cancel()
        if left:
            left.cancel()


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Streamed(StreamingResponse):
    """An answer on its way. When it cannot be finished it breaks off, so that nobody takes it for whole."""

    async def stream_response(self, send: Send) -> None:
        with suppress(NexusError):
            await super().stream_response(send)


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


async def _results_page(request: Request, asked: _Asked, offered: tuple[ResultFormat, ...]) -> Response:
    """A table for people, of the first rows, with links to the whole in every format."""
    values: dict[str, object] = {
        "query": asked.query,
        "prefixes": PREFIXES,
        "formats": offered,
        "limit": 1000,
    }
    if JSON in offered:
        blocks = await _evaluate(request, asked, JSON)
        answer = json.loads(await _bounded_answer(blocks))
        values["variables"] = answer["head"].get("vars", [])
        values["rows"] = answer.get("results", {}).get("bindings", [])
        values["boolean"] = answer.get("boolean")
        values["text"] = None
    else:
        blocks = await _evaluate(request, asked, offered[0])
        values["text"] = (await _bounded_answer(blocks)).decode()
    return page(request, "results.html", values)


async def _bounded_answer(blocks: AsyncIterator[bytes]) -> bytes:
    held = bytearray()
    async for block in blocks:
        held += block
        if len(held) > _PAGE_BYTES:
            raise QueryLimitError(
                f"The answer has more than {_PAGE_BYTES // 1024**2} MiB, too much for a page. Add LIMIT, or "
                "take it whole in another format, such as format=csv.",
                "page size",
            )
    return bytes(held)
