"""Content codings: what is long goes compressed to who takes it, and each coding has a tag of its own."""

from __future__ import annotations

import gzip
import http.client
import zlib
from urllib.parse import quote, urlsplit

import httpx
import pytest

from nexuskb_api.compression import SMALL, takes_gzip

LONG = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 400"
MANY_BLOCKS = "CONSTRUCT WHERE { ?s ?p ?o }"


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("gzip;q=much", False),
    ],
)
def test_gzip_is_sent_only_to_who_takes_it(header: str, taken: bool) -> None:
    assert takes_gzip(header) is taken


def raw(
    served: str, path: str, coding: str = "gzip", **headers: str
) -> tuple[http.client.HTTPMessage, bytes]:
    """The answer as it goes over the wire."""
    connection = http.client.HTTPConnection(urlsplit(served).netloc, timeout=60)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": coding, **headers})
        response = connection.getresponse()
        return response.headers, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "query", [LONG, MANY_BLOCKS, MANY_BLOCKS + " # RAND"], ids=["whole", "blocks", "new"]
)
def test_an_answer_says_the_same_compressed(served: str, query: str) -> None:
    path = f"/sparql?query={quote(query)}"
    for _ in range(2):  # the second time from the cache
        plain, body = raw(served, path, "identity")
        headers, packed = raw(served, path)
        assert "content-encoding" not in plain
        assert headers["content-encoding"] == "gzip"
        assert headers["vary"] == plain["vary"] == "Accept, Accept-Encoding"
        assert sorted(gzip.decompress(packed).splitlines()) == sorted(body.splitlines())
        assert len(packed) < len(body) / 3


def test_a_small_answer_is_not_compressed(served: str) -> None:
    headers, body = raw(served, f"/sparql?query={quote('ASK { ?s ?p ?o }')}")
    assert "content-encoding" not in headers
    assert len(body) < SMALL
    assert b"true" in body


def test_each_coding_has_a_tag_of_its_own(served: str) -> None:
    path = f"/sparql?query={quote(LONG)}"
    plain, _ = raw(served, path, "identity")
    packed, _ = raw(served, path)
    assert plain["etag"] != packed["etag"]
    again = httpx.get(served + path, headers={"Accept-Encoding": "gzip", "If-None-Match": packed["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = httpx.get(served + path, headers={"Accept-Encoding": "gzip", "If-None-Match": plain["etag"]})
    assert other.status_code == 200


def test_what_has_been_made_of_an_answer_can_be_read_before_its_end(served: str) -> None:
    """The first block of a long answer: whoever reads it has rows from it at once."""
    unpacker, rows = zlib.decompressobj(31), b""
    query = "SELECT ?s ?p ?a WHERE { ?s ?p ?o . ?a ?b ?c }"  # the square of the base: never sent to its end
    asked = {"query": query, "format": "csv", "timeout": "20"}
    with httpx.stream(
        "POST", f"{served}/sparql", data=asked, headers={"Accept-Encoding": "gzip"}
    ) as response:
        assert response.headers["content-encoding"] == "gzip"
        for block in response.iter_raw():
            rows += unpacker.decompress(block)
            if rows:
                break
    assert rows.startswith(b"s,p,a\r\n")
    assert rows.count(b"\r\n") > 100


@pytest.mark.parametrize("path", ["/", "/questions", "/openapi.json", "/static/style.css"])
def test_pages_and_data_are_compressed_too(served: str, path: str) -> None:
    plain, body = raw(served, path, "identity", Accept="text/html")
    headers, packed = raw(served, path, Accept="text/html")
    assert headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in headers["vary"]
    assert int(headers["content-length"]) == len(packed)
    assert gzip.decompress(packed) == body
    assert "content-encoding" not in plain
    if "etag" in plain:
        assert headers["etag"] == f"W/{plain['etag']}"
        unchanged = httpx.get(
            served + path, headers={"Accept-Encoding": "gzip", "If-None-Match": headers["etag"]}
        )
        assert unchanged.status_code == 304


def test_a_compressed_page_of_head_has_no_body(served: str) -> None:
    response = httpx.head(served, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
    assert (response.status_code, response.content) == (200, b"")
