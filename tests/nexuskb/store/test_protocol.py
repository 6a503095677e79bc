"""What the answers of stores mean, as they were seen from Oxigraph, Virtuoso, GraphDB, Neptune and QLever."""

from __future__ import annotations

import io
import json

import httpx
import pytest

from nexuskb.errors import NexusError, QueryError, QueryLimitError, QuerySyntaxError, StoreError
from nexuskb.settings import RemoteSettings
from nexuskb.sparql.formats import CSV, JSON, N_TRIPLES, TURTLE, XML, QueryForm, ResultFormat
from nexuskb.store import protocol
from nexuskb.store.credentials import Credentials
from nexuskb.store.transcoding import transcode

REMOTE = RemoteSettings("https://store.example.org:8080/query", user="me", password="open-sesame")
TYPED = (
    b'{"head":{"link":[],"vars":["n"]},"results":{"distinct":false,"bindings":[{"n":{"type":"typed-literal",'
    b'"datatype":"http://www.w3.org/2001/XMLSchema#integer","value":"7"}}]}}'
)
JSON_TYPE, NT_TYPE = "application/sparql-results+json", "application/n-triples"


def converted(body: bytes, form: QueryForm, result_format: ResultFormat, kind: str = JSON_TYPE) -> bytes:
    out = io.BytesIO()
    transcode(io.BytesIO(body), kind, form, result_format, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("status", "said", "error", "limit"),
    [
        (400, "error at 1:7: expected one of PREFIX, SELECT", QuerySyntaxError, None),
        (400, "Virtuoso 37000 Error SP030: SPARQL compiler: syntax error", QuerySyntaxError, None),
        (400, "Virtuoso 42000 Error The estimated execution time 9000 (sec) exceeds the limit of 400 (sec).",
         QueryLimitError, "time"),
        (500, '{"code":"TimeLimitExceededException"}', QueryLimitError, "time"),
        (500, '{"code":"MemoryLimitExceededException"}', QueryLimitError, "memory"),
        (429, '{"exception":"Operation timed out."}', QueryLimitError, "time"),
        (429, "", QueryLimitError, "queue"),
        (504, "", QueryLimitError, "time"),
        (414, "", QueryLimitError, "query size"),
        (500, "a fault", QueryError, None),
        (503, "starting", StoreError, None),
        (401, "", StoreError, None),
        (403, "", StoreError, None),
        (404, "", StoreError, None),
        (302, "", StoreError, None),
    ],
)  # fmt: skip
def test_a_status_and_its_words_become_an_error(
    status: int, said: str, error: type[NexusError], limit: str | None
) -> None:
    found = protocol.failure(status, said.encode(), REMOTE)
    assert type(found) is error
    assert getattr(found, "limit", None) == limit


def test_words_of_a_store_are_bounded() -> None:
    assert len(str(protocol.failure(400, b"\xff x" * 100_000, REMOTE))) < 1_000


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (200, {"x-sql-state": "S1TAT", "content-type": JSON_TYPE}, QueryLimitError),
        (206, {"content-type": JSON_TYPE}, QueryLimitError),
        (200, {"x-sparql-maxrows": "10000", "content-type": JSON_TYPE}, QueryLimitError),
        (200, {"content-type": "text/html"}, StoreError),
        (200, {"content-type": "application/sparql-results+xml"}, StoreError),
        (200, {}, StoreError),
    ],
)
def test_an_answer_in_name_only_is_none(
    status: int, headers: dict[str, str], error: type[NexusError]
) -> None:
    with pytest.raises(error):
        protocol.media_type(httpx.Response(status, headers=headers), QueryForm.SELECT, REMOTE)


def test_the_old_literals_of_virtuoso_become_those_of_today() -> None:
    [row] = json.loads(converted(TYPED, QueryForm.SELECT, JSON))["results"]["bindings"]
    assert row["n"]["type"] == "literal"
    assert converted(TYPED, QueryForm.SELECT, CSV) == b"n\r\n7\r\n"


@pytest.mark.parametrize(
    ("value", "truth"), [(b'[{"__ASK_RETVAL":{"type":"typed-literal","value":"1"}}]', True), (b"[]", False)]
)
def test_a_truth_value_as_a_table_becomes_one(value: bytes, truth: bool) -> None:
    body = b'{"head":{"vars":["__ASK_RETVAL"]},"results":{"bindings":%s}}' % value
    if truth:
        body = body.replace(
            b'"type":"typed-literal"',
            b'"type":"typed-literal","datatype":"http://www.w3.org/2001/XMLSchema#integer"',
        )
    assert json.loads(converted(body, QueryForm.ASK, JSON))["boolean"] is truth
    assert b"<boolean>%s</boolean>" % str(truth).lower().encode() in converted(body, QueryForm.ASK, XML)


@pytest.mark.parametrize(
    ("body", "form", "kind"),
    [
        (TYPED[:-5], QueryForm.SELECT, JSON_TYPE),
        (TYPED[:-5] + b"The SPARQL operation has been cancelled", QueryForm.SELECT, JSON_TYPE),
        (TYPED + b"trailing", QueryForm.SELECT, JSON_TYPE),
        (b"", QueryForm.SELECT, JSON_TYPE),
        (b"<http://a/s> <http://a/p> 1 .\nThe operation has been cancelled", QueryForm.CONSTRUCT, NT_TYPE),
    ],
)
def test_an_answer_that_breaks_off_is_found_out(body: bytes, form: QueryForm, kind: str) -> None:
    with pytest.raises(SyntaxError):
        converted(body, form, TURTLE if form.gives_triples else CSV, kind)


def test_why_it_broke_off_is_told_where_the_store_says_so() -> None:
    late = protocol.broken_off(b'"bindings":[The SPARQL operation has been cancelled')
    assert isinstance(late, QueryLimitError)
    assert type(protocol.broken_off(b'"bindings":[{"n":')) is QueryError


def test_a_format_that_does_not_fit_is_named() -> None:
    with pytest.raises(QueryError, match="ntriples"):
        converted(TYPED, QueryForm.SELECT, N_TRIPLES)


def flow(remote: RemoteSettings, *challenges: str) -> list[str]:
    """What Authorization says in each request for a store that challenges each in turn."""
    auth, sent = Credentials(remote), []
    for challenge in challenges:
        request = httpx.Request("POST", remote.query, content=b"update=")
        steps = auth.auth_flow(request)
        asked = next(steps)
        try:
            while True:
                shown = asked.headers.get("authorization", "")
                sent.append(shown)
                asked = steps.send(
                    httpx.Response(200)
                    if shown or not challenge
                    else httpx.Response(401, headers={"www-authenticate": challenge}, request=asked)
                )
        except StopIteration:
            continue
    return sent


def test_credentials_are_shown_only_when_asked_for_and_then_kept() -> None:
    assert flow(REMOTE, "") == [""]
    assert flow(REMOTE, 'Basic realm="x"', 'Basic realm="x"') == ["", *["Basic bWU6b3Blbi1zZXNhbWU="] * 2]


def test_a_digest_does_not_show_the_password() -> None:
    sent = flow(REMOTE, 'Digest realm="SPARQL", nonce="58", qop="auth", algorithm="MD5"', "")
    assert [words.partition(" ")[0] for words in sent] == ["", "", "Digest", "Digest"]
    assert not any("open-sesame" in words for words in sent)


def test_a_password_without_a_user_is_a_token() -> None:
    assert flow(RemoteSettings("https://store.example.org/", password="t0ken"), "") == ["Bearer t0ken"]


def test_time_limits_are_told_in_the_words_of_the_store() -> None:
    for template, told in (
        ("", {}),
        ("timeout={milliseconds}", {"timeout": "2500"}),
        ("timeout={seconds}", {"timeout": "2"}),
        ("timeout={seconds}s", {"timeout": "2s"}),
    ):
        assert RemoteSettings("http://a/", timeout=template).timeout_parameter(2.5) == told
    assert RemoteSettings("http://a/", timeout="t={seconds}").timeout_parameter(0.1) == {"t": "1"}
