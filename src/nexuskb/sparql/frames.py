"""Messages between the server and its query workers: a kind, a length, a body, over a stream socket."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum

from nexuskb.errors import FormatError, QueryError, QueryLimitError, QueryRefusedError, QuerySyntaxError
from nexuskb.sparql.formats import BINDING_FORMATS, GRAPH_FORMATS, ResultFormat

HEADER = struct.Struct("!BI")
BLOCK = 64 * 1024


class Kind(IntEnum):
    """What a message carries."""

    REQUEST = 1
    DATA = 2
    END = 3
    ERROR = 4


@dataclass(frozen=True, slots=True)
class Request:
    """A query to evaluate: text, dataset and the short name of the result format."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    format: str

    def encode(self) -> bytes:
        """The request as the body of a message."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, body: bytes) -> Request:
        """Read a request from the body of a message."""
        data = json.loads(body)
        return cls(data["query"], tuple(data["default_graphs"]), tuple(data["named_graphs"]), data["format"])


def frame(kind: Kind, body: bytes = b"") -> bytes:
    """A whole message."""
    return HEADER.pack(kind, len(body)) + body


def result_format(name: str) -> ResultFormat:
    """The format of exactly this name."""
    for candidate in (*BINDING_FORMATS, *GRAPH_FORMATS):
        if candidate.name == name:
            return candidate
    raise FormatError(f"The format {name!r} is not known.")


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
