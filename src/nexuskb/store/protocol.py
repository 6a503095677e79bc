"""SPARQL 1.1 Protocol as its client: what is sent to a store, and what its answers mean to us.

What a store says in words goes to the log and, bounded, to whoever asked; addresses and credentials go to
neither.
"""

from __future__ import annotations

import re
import ssl

import httpx

from nexuskb import __version__
from nexuskb.errors import NexusError, QueryError, QueryLimitError, QuerySyntaxError, StoreError
from nexuskb.settings import RemoteSettings
from nexuskb.sparql.formats import QueryForm
from nexuskb.sparql.portable import PortableQuery
from nexuskb.store.transcoding import accept, readable

#: Characters of a store's error that are passed on, and bytes of it that are read.
ERROR_TEXT = 600
ERROR_BYTES = 16 * 1024
#: What a connection that the store closed between two requests looks like; a query is sent once more.
STALE = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)

AGENT = {"User-Agent": f"nexuskb/{__version__}"}
#: Only connecting is limited by the client; for an answer there is a clock outside.
UNLIMITED = httpx.Timeout(None, connect=5.0)

_TIME = re.compile(
    r"time.?limit|timed?.?out|too long|cancel|exceeds the limit of \d+ \(sec\)|interrupted by", re.IGNORECASE
)
_MEMORY = re.compile(r"memory|allocat", re.IGNORECASE)
_TIME_WORDS = (
    "The store stopped the query: it took too long. Ask for less: add LIMIT, name the kind of record, or "
    "join on fewer free variables."
)


def fields(query: PortableQuery, remote: RemoteSettings, seconds: float) -> dict[str, str | list[str]]:
    """The form that asks a query (SPARQL 1.1 Protocol, 2.1.2)."""
    return {
        "query": query.text,
        "default-graph-uri": list(query.default_graphs),
        "named-graph-uri": list(query.named_graphs),
        **remote.timeout_parameter(seconds),
    }


def headers(form: QueryForm) -> dict[str, str]:
    """The headers that go with it."""
    return {"Accept": accept(form)}


def certificates() -> ssl.SSLContext:
    """The system's certificates, and those that SSL_CERT_FILE names."""
    return ssl.create_default_context()


def media_type(response: httpx.Response, form: QueryForm, remote: RemoteSettings) -> str:
    """The media type of a good answer. Raises if it is one in name only."""
    if response.headers.get("x-sql-state") == "S1TAT" or response.status_code == 206:
        raise QueryLimitError(_TIME_WORDS, "time")
    if rows := response.headers.get("x-sparql-maxrows"):
        raise QueryLimitError(
            f"The store cuts answers after {rows[:20]} rows, so this one is not whole. Add a smaller LIMIT.",
            "answer size",
        )
    found = str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if not readable(form, found):
        raise StoreError(f"The store at {remote.host} answers a query with {found or 'no media type'}.")
    return found


def failure(status: int, body: bytes, remote: RemoteSettings) -> NexusError:
    """The error that a status and the words with it stand for."""
    said = " ".join(body.decode("utf-8", "replace").split())[:ERROR_TEXT]
    store = f"The store at {remote.host}"
    faults = (
        (status in (401, 403), StoreError(f"{store} refuses us: check user and password.")),
        (status < 400 or status in (404, 405), StoreError(f"{store} has no such address (status {status}).")),
        (status in (408, 504) or _TIME.search(said), QueryLimitError(_TIME_WORDS, "time")),
        (status == 429, QueryLimitError("The store has too many queries already. Try again soon.", "queue")),
        (status in (413, 414), QueryLimitError("The query is too long for the store.", "query size")),
        (status == 400, QuerySyntaxError(f"The store does not understand the query: {said}")),
        (status in (502, 503), StoreError(f"{store} is not ready (status {status}): {said}")),
        (_MEMORY.search(said), QueryLimitError("The query needs more memory than the store has.", "memory")),
    )
    return next((e for applies, e in faults if applies), QueryError(f"The store failed: {said or status}"))


def broken_off(tail: bytes) -> QueryError:
    """The error of an answer that did not come to its end; ``tail`` is the last of what came."""
    if _TIME.search(tail.decode("utf-8", "replace")):
        return QueryLimitError(_TIME_WORDS, "time")
    return QueryError("The answer of the store broke off. Ask again, or for less at a time.")


def out_of_reach(error: httpx.TransportError, remote: RemoteSettings) -> StoreError:
    """The error of a store that cannot be spoken to."""
    reason = "it does not answer" if isinstance(error, httpx.TimeoutException) else str(error) or "it hung up"
    return StoreError(f"The store at {remote.host} is out of reach: {reason}.")
