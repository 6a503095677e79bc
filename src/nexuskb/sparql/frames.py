"""Messages between the server and its query workers: a kind, a length, a body, over a stream socket."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum

from nexuskb.errors import FormatError, QueryError, QueryLimitError, QueryRefusedError, QuerySyntaxError
from nexuskb.sparql.formats import BINDING_FORMATS, GRAPH_FORMATS, ResultFormat

HEADER = struct.Struct("!BI")
BLOCK = 64 * 1024


class Kind(IntEnum):
    """What a message carries."""

    REQUEST = 1
    DATA = 2
    LAST = 3
    ERROR = 4
    DRAFTS = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A query to evaluate: text, dataset and the short name of the result format."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    format: str

    def encode(self) -> bytes:
        """The request as the body of a message: a line each for format and graphs, the rest is the query.

        An IRI has no white space in it; a graph whose name has is one that nobody has.
        """
        lines = (self.format, " ".join(self.default_graphs), " ".join(self.named_graphs), self.query)
        return "\n".join(lines).encode("utf-8", "surrogatepass")

    @classmethod
    def decode(cls, body: bytes) -> Request:
        """Read a request from the body of a message."""
        name, defaults, named, query = body.decode("utf-8", "surrogatepass").split("\n", 3)
        return cls(query, tuple(defaults.split()), tuple(named.split()), name)


def frame(kind: Kind, body: bytes | bytearray = b"") -> bytes:
    """A whole message."""
    return HEADER.pack(kind, len(body)) + body


_BY_NAME = {known.name: known for known in (*BINDING_FORMATS, *GRAPH_FORMATS)}


def result_format(name: str) -> ResultFormat:
    """The format of exactly this name."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise FormatError(f"The format {name!r} is not known.") from None


def encode_error(error: QueryError) -> bytes:
    """A query error as the body of a message."""
    details = {
        key: getattr(error, key)
        for key in ("line", "column", "expected", "feature", "limit")
        if getattr(error, key, None) is not None
    }
    return json.dumps({"type": type(error).__name__, "message": str(error), **details}).encode()


def decode_error(body: bytes) -> QueryError:
    """The query error that a worker met."""
    data = json.loads(body)
    message = data["message"]
    match data["type"]:
        case "QuerySyntaxError":
            return QuerySyntaxError(message, data.get("line"), data.get("column"), data.get("expected", ""))
        case "QueryRefusedError":
            return QueryRefusedError(message, data.get("feature", ""))
        case "QueryLimitError":
            return QueryLimitError(message, data.get("limit", ""))
    return QueryError(message)
