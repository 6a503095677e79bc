"""Messages between the server and its workers: what goes in comes out."""

from __future__ import annotations

import pytest

from nexuskb.errors import FormatError, QueryError, QueryLimitError, QueryRefusedError, QuerySyntaxError
from nexuskb.sparql.formats import BINDING_FORMATS, GRAPH_FORMATS
from nexuskb.sparql.frames import HEADER, Kind, Request, decode_error, encode_error, frame, result_format


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 300], ids=len)
def test_a_message_is_its_kind_its_length_and_its_body(kind: Kind, body: bytes) -> None:
    whole = frame(kind, body)
    assert HEADER.unpack(whole[: HEADER.size]) == (kind, len(body))
    assert whole[HEADER.size :] == body


@pytest.mark.parametrize(
    "request_",
    [
        Request("SELECT * {}", (), (), "json"),
        Request(
            'SELECT "Тэрбум 漠 \u2028 \\" {\n}', ("http://a.example/1",), ("http://a.example/2", "x"), "csv"
        ),
    ],
)
def test_a_request_comes_back_as_it_was(request_: Request) -> None:
    assert Request.decode(request_.encode()) == request_


@pytest.mark.parametrize(
    ("error", "members"),
    [
        (QueryError("It failed."), ()),
        (QuerySyntaxError("Line 2: no.", 2, 7, "WHERE"), ("line", "column", "expected")),
        (QuerySyntaxError("No place."), ("line", "column", "expected")),
        (QueryRefusedError("Refused.", "SERVICE"), ("feature",)),
        (QueryLimitError("Too long: монгол.", "time"), ("limit",)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_comes_back_as_it_was(error: QueryError, members: tuple[str, ...]) -> None:
    back = decode_error(encode_error(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert [getattr(back, name) for name in members] == [getattr(error, name) for name in members]


def test_a_format_has_exactly_its_own_name() -> None:
    for known in (*BINDING_FORMATS, *GRAPH_FORMATS):
        assert result_format(known.name) is known
    with pytest.raises(FormatError, match="'ttl' is not known"):
        result_format("ttl")
