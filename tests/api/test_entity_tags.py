"""Answers carry an entity tag, so that a client who has one already costs nothing (RFC 9110, 8.8.3)."""

from __future__ import annotations

import httpx
import pytest

QUERY = "SELECT ?p WHERE { ?p a nx:Policy ; nx:area area:mng } ORDER BY ?p LIMIT 3"


def test_an_answer_that_the_client_has_is_not_sent_again(web: httpx.Client) -> None:
    first = web.get("/sparql", params={"query": QUERY})
    again = web.get("/sparql", params={"query": QUERY}, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert web.get("/sparql", params={"query": QUERY}).content == first.content


def test_another_format_or_query_has_another_tag(web: httpx.Client) -> None:
    tags = {
        web.get("/sparql", params={"query": query, "format": name}).headers["etag"]
        for query in (QUERY, QUERY.replace("3", "4"))
        for name in ("json", "csv")
    }
    assert len(tags) == 4


@pytest.mark.parametrize("function", ["NOW()", "RAND()", "UUID()", "STRUUID()", "now()"])
def test_what_changes_from_call_to_call_is_neither_tagged_nor_kept(web: httpx.Client, function: str) -> None:
    query = f"SELECT ({function} AS ?value) WHERE {{}}"
    first, second = (web.get("/sparql", params={"query": query}) for _ in range(2))
    assert "etag" not in first.headers
    assert first.headers["cache-control"] == "no-store"
    assert first.json() != second.json()


def test_a_word_in_a_string_does_not_make_an_answer_fleeting(web: httpx.Client) -> None:
    assert "etag" in web.get("/sparql", params={"query": 'SELECT ("NOW RAND" AS ?value) WHERE {}'}).headers


def test_options_names_the_methods(web: httpx.Client) -> None:
    response = web.options("/sparql")
    assert response.status_code == 204
    assert {"GET", "HEAD", "POST", "OPTIONS"} <= set(response.headers["allow"].replace(" ", "").split(","))
