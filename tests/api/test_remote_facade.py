"""The facade over a remote store: the same pages and answers as over the embedded one, from two servers."""

from __future__ import annotations

import csv
import io
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from rdflib import Graph
from rdflib.compare import isomorphic
from tests.api.remote_facades import facade
from tests.conftest import ROOT
from tests.servers import oxigraph

from nexuskb.settings import RemoteSettings, Settings
from nexuskb.store.publishing import publish

ROWS = "SELECT ?p ?t { ?p a nx:Policy ; nx:area area:mng ; rdfs:label ?t } ORDER BY ?p ?t"
TRIPLES = "CONSTRUCT { ?p rdfs:label ?t } { ?p a nx:Policy ; nx:area area:mng ; rdfs:label ?t }"
SYNTAX = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml", "jsonld": "json-ld"}
FOUND = 'SELECT ?r WHERE { ?r nx:matches "forest" }'
NOTE = '<https://w3id.org/nexuskb/records/mng-ndc-2020> nx:caveat "Look twice."@en .\n'


@pytest.fixture(scope="module")
def far(
    settings: Settings, remote: RemoteSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A facade over each of the two servers."""
    with facade(settings, remote, tmp_path_factory.mktemp("secrets")) as (client, _):
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/questions",
        "/questions/policies-against-driver?country=MNG&driver=overgrazing",
        "/search?kind=Policy&area=MNG",
        "/records/mng-ndc-2020",
        "/search?q=overgrazing",
        "/sparql",
        "/audit",
    ],
)
def test_pages_are_those_over_the_embedded_store(far: httpx.Client, web: httpx.Client, path: str) -> None:
    found, wanted = (client.get(path, headers={"Accept": "text/html"}) for client in (far, web))
    assert (found.status_code, wanted.status_code) == (200, 200)
    assert _pieces(found) == _pieces(wanted)


def _pieces(answer: httpx.Response) -> Counter[str]:
    """The text in pieces, without the server's address: Virtuoso has an order of its own for long texts."""
    return Counter(
        re.split(r"</li>|</tr>|(?<=\}),", answer.text.replace(answer.request.url.netloc.decode(), ""))
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/questions/policies-against-driver?country=MNG&driver=overgrazing",
        "/search?kind=Policy&area=MNG",
        "/records/mng-ndc-2020.json",
        "/search?q=overgrazing",
    ],
)
def test_documents_are_those_over_the_embedded_store(far: httpx.Client, web: httpx.Client, path: str) -> None:
    found, wanted = (client.get(path, headers={"Accept": "application/json"}) for client in (far, web))
    assert found.headers["content-type"] == wanted.headers["content-type"]
    assert sorted(found.json()) == sorted(wanted.json())
    assert _pieces(found) == _pieces(wanted)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_rows_are_the_same_in_every_format(far: httpx.Client, web: httpx.Client, name: str) -> None:
    found, wanted = (client.post("/sparql", data={"query": ROWS, "format": name}) for client in (far, web))
    assert (found.status_code, found.headers["content-type"]) == (200, wanted.headers["content-type"])
    assert found.text == wanted.text


@pytest.mark.parametrize("name", list(SYNTAX))
def test_graphs_are_the_same_in_every_format(far: httpx.Client, web: httpx.Client, name: str) -> None:
    found, wanted = (client.post("/sparql", data={"query": TRIPLES, "format": name}) for client in (far, web))
    assert (found.status_code, found.headers["content-type"]) == (200, wanted.headers["content-type"])
    assert isomorphic(*(Graph().parse(data=answer.text, format=SYNTAX[name]) for answer in (found, wanted)))


def test_records_are_the_same_in_every_format(far: httpx.Client, web: httpx.Client) -> None:
    for extension, syntax in (("ttl", "turtle"), ("nt", "nt"), ("rdf", "xml"), ("jsonld", "json-ld")):
        found, wanted = (client.get(f"/records/mng-ndc-2020.{extension}") for client in (far, web))
        assert isomorphic(*(Graph().parse(data=answer.text, format=syntax) for answer in (found, wanted)))


def test_answers_as_csv_carry_their_reservations(far: httpx.Client, web: httpx.Client) -> None:
    path = "/questions/policies-against-driver?country=MNG&driver=overgrazing&format=csv"
    found, wanted = (list(csv.reader(io.StringIO(client.get(path).text))) for client in (far, web))
    assert Counter(map(tuple, found)) == Counter(map(tuple, wanted))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELEKT", 400),
        ("SELECT * { ?s ?p }", 400),
        ("INSERT DATA { <http://a/s> <http://a/p> 1 }", 403),
        ("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", 403),
        ("SELECT * FROM <http://example.org/g> { ?s ?p ?o }", 403),
    ],
)
def test_what_is_refused_is_refused_in_the_same_words(
    far: httpx.Client, web: httpx.Client, query: str, status: int
) -> None:
    found, wanted = (client.get("/sparql", params={"query": query}) for client in (far, web))
    assert found.status_code == wanted.status_code == status
    assert found.json() == wanted.json()


def test_functions_of_an_engine_are_refused(far: httpx.Client) -> None:
    refused = far.get("/sparql", params={"query": "PREFIX bif: <bif:> ASK { FILTER(bif:f(1)) }"})
    assert refused.status_code in (400, 403)


def test_a_query_without_end_ends(far: httpx.Client) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . FILTER(STRLEN(STR(?c)) > STRLEN(STR(?f))) }"
    stopped = far.get("/sparql", params={"query": query, "timeout": "1.5"})
    assert (stopped.status_code, stopped.json()["limit"]) == (504, "time")


def test_entity_tags_are_those_of_the_generation(far: httpx.Client, web: httpx.Client) -> None:
    first = far.get("/sparql", params={"query": ROWS})
    again = far.get("/sparql", params={"query": ROWS}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["etag"] == web.get("/sparql", params={"query": ROWS}).headers["etag"]


def test_facades_over_one_store_see_a_new_generation_and_tell_when_the_store_is_gone(tmp_path: Path) -> None:
    for name in ("store", "data"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "data" / "mng" / "policies.ttl", tmp_path / "data")
    asked = {"query": "SELECT ?w { rec:mng-ndc-2020 nx:reservation ?w }", "format": "csv"}
    with ExitStack() as server:
        remote = server.enter_context(oxigraph(tmp_path / "store"))
        settings = Settings(ROOT / "ontology", tmp_path / "data", tmp_path / "home", remote)
        publish(settings)
        with facade(settings, remote, tmp_path) as (one, _), facade(settings, remote, tmp_path) as (two, _):
            before = {client: client.get("/sparql", params=asked) for client in (one, two)}
            assert [answer.text.split() for answer in before.values()] == [["w"], ["w"]]
            with (tmp_path / "data" / "policies.ttl").open("a", encoding="utf-8") as file:
                file.write(NOTE)
            generation = publish(settings).generation
            now = {}
            for client, old in before.items():
                seen = until(client, asked, 200, old.headers["etag"])
                assert seen.text.split("\r\n") == ["w", "Look twice.", ""]
                now[client] = seen.headers["etag"]
                start = client.get("/", headers={"Accept": "application/json"})
                assert start.json()["generation"] == generation
                search = client.get("/search?q=forest", headers={"Accept": "application/json"})
                assert search.status_code == 200  # the files here are those that were loaded
                assert client.get("/sparql", params={"query": FOUND}).status_code == 200
            (tmp_path / "other").mkdir()
            shutil.copy(ROOT / "data" / "mng" / "policies.ttl", tmp_path / "other")
            generation = publish(replace(settings, data=tmp_path / "other")).generation
            for client in (one, two):
                until(client, asked, 200, now[client])
                search = client.get("/search?q=forest", headers={"Accept": "application/json"})
                assert search.status_code == 503
                assert generation in search.json()["detail"]
                assert client.get("/sparql", params={"query": FOUND}).status_code == 503
            server.close()
            gone = until(one, asked, 503)
            assert gone.headers["content-type"] == "application/problem+json"
            assert gone.headers["retry-after"]
            assert "127.0.0.1" not in gone.json()["detail"]


def until(client: httpx.Client, asked: dict[str, str], status: int, etag: str = "") -> httpx.Response:
    """The answer when it has this status: the generation of a store is looked up about once a second."""
    patience = time.monotonic() + 60
    while (
        answer := client.get("/sparql", params=asked, headers={"If-None-Match": etag})
    ).status_code != status:
        assert time.monotonic() < patience, answer.status_code
        time.sleep(0.05)
    return answer
