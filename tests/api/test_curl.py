"""The endpoint as the real curl meets it, with the command lines of the documentation's kind."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Protocol

import pytest
from rdflib import RDF, Graph
from tests.programs import program

from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import NX, REC

SELECT = """SELECT ?policy ?title WHERE {
  ?policy a nx:Policy ; nx:area area:mng ; rdfs:label ?title
} ORDER BY ?policy"""
QUERY = "Content-Type: application/sparql-query"


class Curl(Protocol):
    """Run curl with these arguments; what it printed."""

    def __call__(self, *arguments: str, stdin: bytes = b"") -> str: ...


@pytest.fixture(scope="module")
def curl() -> Curl:
    found = program("curl")

    def run(*arguments: str, stdin: bytes = b"") -> str:
        command = [found, "--silent", "--show-error", "--max-time", "60", "--noproxy", "*", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8")

    return run


@pytest.fixture(scope="module")
def titles(store: OxigraphStore) -> list[tuple[str, str]]:
    found = [(str(row["policy"]), str(row["title"])) for row in store.select(SELECT)]
    assert len(found) > 50
    return found


def rows_of_csv(text: str) -> list[tuple[str, str]]:
    return [(row["policy"], row["title"]) for row in csv.DictReader(io.StringIO(text, newline=""))]


def test_a_query_by_get(curl: Curl, served: str, titles) -> None:
    given = json.loads(curl("--get", f"{served}/sparql", "--data-urlencode", f"query={SELECT}"))
    rows = given["results"]["bindings"]
    assert [(row["policy"]["value"], row["title"]["value"]) for row in rows] == titles


def test_a_query_by_form(curl: Curl, served: str, titles) -> None:
    given = curl(f"{served}/sparql", "-H", "Accept: text/csv", "--data-urlencode", f"query={SELECT}")
    assert rows_of_csv(given) == titles


def test_a_query_as_the_body_from_a_file(curl: Curl, served: str, titles, tmp_path: Path) -> None:
    file = tmp_path / "query.rq"
    file.write_text(SELECT, encoding="utf-8")
    given = curl(f"{served}/sparql?format=csv", "-H", QUERY, "--data-binary", f"@{file}")
    assert rows_of_csv(given) == titles


def test_a_query_from_a_pipe_without_a_length(curl: Curl, served: str, titles) -> None:
    chunked = ("-H", QUERY, "-H", "Transfer-Encoding: chunked", "-H", "Accept: text/csv")
    given = curl(f"{served}/sparql", *chunked, "--data-binary", "@-", stdin=SELECT.encode())
    assert rows_of_csv(given) == titles


def test_a_text_that_curl_does_not_escape(curl: Curl, served: str) -> None:
    given = curl(f"{served}/sparql?format=csv", "--data", "query=SELECT ('荒漠化' AS ?t) {}")
    assert given.splitlines() == ["t", "荒漠化"]


def test_a_body_that_waits_for_leave_to_be_sent(curl: Curl, served: str) -> None:
    query = "ASK { ?s a nx:Policy } #".ljust(200_000, "x").encode()
    given = curl(
        f"{served}/sparql", "-H", QUERY, "-H", "Expect: 100-continue", "--data-binary", "@-", stdin=query
    )
    assert json.loads(given)["boolean"] is True


def test_a_graph_and_a_record_as_turtle(curl: Curl, served: str) -> None:
    described = curl(f"{served}/sparql", "-H", "Accept: text/turtle", "-d", "query=DESCRIBE rec:mng-ndc-2020")
    assert (REC["mng-ndc-2020"], RDF.type, NX.Policy) in Graph().parse(data=described, format="turtle")
    record = curl("-H", "Accept: text/turtle", f"{served}/records/mng-ndc-2020")
    assert (REC["mng-ndc-2020"], RDF.type, NX.Policy) in Graph().parse(data=record, format="turtle")


def test_a_merged_identifier_is_followed_to_its_record(curl: Curl, served: str) -> None:
    arguments = (
        "--location",
        "--write-out",
        "%{stderr}%{num_redirects}",
        "-H",
        "Accept: application/n-triples",
    )
    given = curl(*arguments, f"{served}/records/rus-dauria-dipa-1994")
    assert "rus-dauria-dipa-1994" in given
    assert len(Graph().parse(data=given, format="nt")) > 5


def test_the_headers_alone(curl: Curl, served: str) -> None:
    given = curl("--head", "-H", "Accept: text/turtle", f"{served}/records/mng-ndc-2020").lower()
    assert given.startswith("http/1.1 200")
    assert "content-type: text/turtle; charset=utf-8" in given
    query = curl("--head", "--get", f"{served}/sparql", "--data-urlencode", f"query={SELECT}").lower()
    assert "content-type: application/sparql-results+json" in query


def test_the_answer_to_a_named_question_as_csv(curl: Curl, served: str) -> None:
    parameters = ("-d", "country=MNG", "-d", "driver=overgrazing", "-d", "format=csv")
    given = curl("--get", f"{served}/questions/policies-against-driver", *parameters)
    rows = list(csv.DictReader(io.StringIO(given, newline="")))
    assert rows
    assert all(row["pinpoint"] and row["status"] for row in rows)


def test_a_refusal_is_told_by_the_status(curl: Curl, served: str) -> None:
    status = ("--output", os.devnull, "--write-out", "%{http_code} %{content_type}")
    for expected, arguments in (
        ("403", ("--data-urlencode", "update=DROP ALL")),
        ("403", ("-H", "Content-Type: application/sparql-update", "--data", "DROP ALL")),
        ("400", ("--data-urlencode", "query=SELEKT")),
        ("415", ("-H", "Content-Type: text/plain", "--data", SELECT)),
        ("406", ("-H", "Accept: image/png", "--data-urlencode", f"query={SELECT}")),
    ):
        assert curl(*status, f"{served}/sparql", *arguments) == f"{expected} application/problem+json"
