"""Entries at a facade over a remote store: what is accepted comes there whole, whatever fails meanwhile."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from tests.api.remote_facades import facade
from tests.api.test_killed_while_entering import Writer
from tests.conftest import ROOT
from tests.ledgers import accept, fresh
from tests.servers import free_port, oxigraph, virtuoso

from nexuskb.people.rights import Role
from nexuskb.people.tokens import Grant, add_token
from nexuskb.records.ledger import Ledger
from nexuskb.settings import RemoteSettings, Settings
from nexuskb.store.filling import fill
from nexuskb.store.publishing import publish
from nexuskb.store.remote import RemoteStore
from nexuskb.terms import REC

TITLES = "SELECT ?l { ?r a nx:Policy ; rdfs:label ?l ; nx:sourceCount ?n } ORDER BY ?l"
FOUND = 'SELECT ?l { ?r nx:matches "kilwa" ; rdfs:label ?l } ORDER BY ?l'
JSON = {"Accept": "application/json"}
COUNTS = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"


class Server(Protocol):
    """Starts a server over what is in a directory, on a given port."""

    def __call__(self, home: Path, *, port: int) -> AbstractContextManager[RemoteSettings]: ...


@pytest.fixture(params=[oxigraph, virtuoso])
def server(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[], AbstractContextManager[RemoteSettings]]:
    """Starts a server on an address of its own, again and again over the same files."""
    (tmp_path / "server").mkdir()
    port = free_port()
    start: Server = request.param
    return lambda: start(tmp_path / "server", port=port)


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """A base of the sources of one State, with a home of its own."""
    (tmp_path / "data" / "mng").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "mng" / "sources.ttl", tmp_path / "data" / "mng")
    return Settings(ROOT / "ontology", tmp_path / "data", tmp_path / "home")


@pytest.fixture
def people(own: Settings) -> dict[str, dict[str, str]]:
    """A contributor and an editor, as headers of their requests."""
    with Ledger.open(own.home) as ledger:
        tokens = {
            name: add_token(ledger, Grant(name, role), by="test")
            for name, role in (("Bat", Role.CONTRIBUTOR), ("Ed", Role.EDITOR))
        }
    return {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}


def policy(name: str, title: str) -> dict[str, object]:
    return {
        "kind": "Policy",
        "identifier": name,
        "label": title,
        "labelStatus": "working",
        "policyKind": "law",
        "legalStatus": "in-force",
        "area": ["mng"],
        "domain": ["land"],
        "sector": ["environment"],
        "issuingBody": 'Parliament \\u0041 "by vote" \\',
        "officialLabel": {"mn": "Цөлжилтийн тухай хууль"},
        "description": "It protects soil against wind, \\U0001F33E and all.\nSecond line.",
        "basis": "source",
        "evidence": [{"source": "mng-src-montsame-bt-2023", "locator": "Article 4", "assertion": "asserted"}],
    }


def submit(client: httpx.Client, people: dict[str, dict[str, str]], name: str, title: str) -> str:
    """Submit a policy; its tag."""
    known = (
        {"If-Match": "*"} if client.get(f"/records/{name}/standing", headers=people["Ed"]).is_success else {}
    )
    written = client.put(
        f"/records/{name}", params={"submit": "true"}, json=policy(name, title), headers=people["Bat"] | known
    )
    assert written.status_code in (200, 201), written.text
    return str(written.headers["etag"])


def step(
    client: httpx.Client, people: dict[str, dict[str, str]], name: str, tag: str, do: str = "accept"
) -> httpx.Response:
    return client.post(
        f"/records/{name}/{do}", headers=people["Ed"] | {"If-Match": tag}, json={"why": "As agreed."}
    )


def enter(
    client: httpx.Client, people: dict[str, dict[str, str]], name: str, title: str
) -> dict[str, object]:
    """Have a policy accepted; what was answered."""
    accepted = step(client, people, name, submit(client, people, name, title))
    assert accepted.status_code == 200, accepted.text
    return dict(accepted.json())


def titles(client: httpx.Client, query: str = TITLES) -> list[str]:
    answer = client.get("/sparql", params={"query": query, "format": "json"})
    assert answer.status_code == 200, answer.text
    return [row["l"]["value"] for row in answer.json()["results"]["bindings"]]


def found(client: httpx.Client) -> list[str]:
    """What is found by words, or what is said instead."""
    return client.get("/sparql", params={"query": FOUND, "format": "csv"}).text.split()


def searched(client: httpx.Client) -> list[dict[str, str]]:
    hits: list[dict[str, str]] = client.get("/search?q=kilwa", headers=JSON).json()["hits"]
    return hits


def until(look: Callable[[], object], wanted: object) -> None:
    """Wait until something is seen: other facades look once a second."""
    patience = time.monotonic() + 60
    while (seen := look()) != wanted:
        assert time.monotonic() < patience, seen
        time.sleep(0.05)


def generation(client: httpx.Client) -> str:
    return str(client.get("/", headers=JSON).json()["generation"])


def check_whole(settings: Settings, remote: RemoteSettings) -> None:
    """The store holds exactly what the files and the ledger make, and says so."""
    filled = fill(settings)
    embedded = filled.store()
    with RemoteStore(remote) as store:
        assert store.generation == filled.content.generation
        state = store.read_state()
        assert state is not None
        held = {str(row["g"]): int(str(row["n"])) for row in store.select(COUNTS)}
        assert {graph: count for graph, count in state.triples.items() if count} == held
        counted = {str(row["g"]): int(str(row["n"])) for row in embedded.select(COUNTS)}
        assert held == counted
        texts = "SELECT ?s ?p (STR(?o) AS ?t) { ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(rec:))) }"
        assert {tuple(map(str, row)) for row in store.select(texts).rows} == {
            tuple(map(str, row)) for row in embedded.select(texts).rows
        }


def test_what_is_accepted_is_found_at_every_facade_over_the_store(
    own: Settings,
    server: Callable[[], AbstractContextManager[RemoteSettings]],
    people: dict[str, dict[str, str]],
    tmp_path: Path,
) -> None:
    with server() as remote:
        publish(replace(own, store=remote))
        with (
            facade(own, remote, tmp_path, writes=True) as (writer, _),
            facade(own, remote, tmp_path) as (reader, _),
        ):
            before = generation(reader)
            assert (titles(writer), titles(reader), titles(reader, FOUND)) == ([], [], [])
            assert "visible" not in enter(writer, people, "mng-law-one", "Kilwa Law")
            assert titles(writer) == titles(writer, FOUND) == ["Kilwa Law"]
            until(lambda: titles(reader), ["Kilwa Law"])
            assert titles(reader, FOUND) == ["Kilwa Law"]
            assert generation(reader) == generation(writer) == fill(own).content.generation != before
            enter(writer, people, "mng-law-one", "Kilwa Act")
            enter(writer, people, "mng-law-two", "Kilwa Order")
            assert titles(writer) == titles(writer, FOUND) == ["Kilwa Act", "Kilwa Order"]
            until(lambda: titles(reader, FOUND), ["Kilwa Act", "Kilwa Order"])
            tag = writer.get("/records/mng-law-two/standing", headers=people["Ed"]).headers["etag"]
            assert step(writer, people, "mng-law-two", tag, "withdraw").status_code == 200
            assert titles(writer) == ["Kilwa Act"]
            until(lambda: titles(reader), ["Kilwa Act"])
            until(lambda: [hit["identifier"] for hit in searched(reader)], ["mng-law-one"])
            check_whole(own, remote)
            refused = reader.post("/records", headers=people["Ed"], json=policy("mng-law-no", "No"))
            assert (refused.status_code, "NEXUSKB_STORE_UPDATE" in refused.text) == (501, True)


def test_drafts_are_asked_with_the_base_and_seen_by_nobody_else(
    own: Settings,
    server: Callable[[], AbstractContextManager[RemoteSettings]],
    people: dict[str, dict[str, str]],
    tmp_path: Path,
) -> None:
    labels = "SELECT ?l { ?r a nx:Policy ; rdfs:label ?l ; nx:evidence/nx:source/rdf:type ?t } ORDER BY ?l"
    with server() as remote:
        publish(replace(own, store=remote))
        with facade(own, remote, tmp_path, writes=True) as (writer, _):
            for number, accepted in enumerate((True, True, False)):
                if accepted:
                    enter(writer, people, f"mng-law-{number}", f"Law {number}")
                else:
                    submit(writer, people, f"mng-law-{number}", f"Law {number}")
                seen = writer.post(
                    "/drafts/sparql",
                    content=labels,
                    headers=people["Bat"]
                    | {"Content-Type": "application/sparql-query", "Accept": "text/csv"},
                )
                assert seen.text.split() == ["l", *(w for n in range(number + 1) for w in ("Law", f"{n}"))]
            assert titles(writer) == ["Law 0", "Law 1"]


def test_what_the_store_did_not_get_is_brought_there_when_it_is_back(
    own: Settings,
    server: Callable[[], AbstractContextManager[RemoteSettings]],
    people: dict[str, dict[str, str]],
    tmp_path: Path,
) -> None:
    with ExitStack() as running:
        remote = running.enter_context(server())
        publish(replace(own, store=remote))
        with facade(own, remote, tmp_path, writes=True) as (writer, _):
            tags = {
                name: submit(writer, people, name, f"Kilwa {name[-1]}") for name in ("mng-law-a", "mng-law-b")
            }
            running.close()
            for name, tag in tags.items():
                answered = step(writer, people, name, tag)
                assert (answered.status_code, answered.json()["visible"]) == (200, False), answered.text
            with server():
                until(lambda: found(writer), ["l", "Kilwa", "a", "Kilwa", "b"])
                check_whole(own, remote)


def test_a_facade_that_starts_brings_up_to_date_what_a_killed_one_left(
    own: Settings,
    server: Callable[[], AbstractContextManager[RemoteSettings]],
    people: dict[str, dict[str, str]],
    tmp_path: Path,
) -> None:
    with server() as remote:
        publish(replace(own, store=remote))
        accept(own, fresh(1) | fresh(2))  # in the ledger, as by one that was killed before it went further
        with facade(own, remote, tmp_path, writes=True) as (writer, _):
            assert len(httpx_rows(writer, "SELECT ?r { ?r a nx:Policy }")) == 2
            check_whole(own, remote)
            accept(own, fresh(3) | {str(REC["fresh-1"]): None})  # by another process
            until(lambda: sorted(httpx_rows(writer, "SELECT ?r { ?r a nx:Policy }")), [
                str(REC["fresh-2"]), str(REC["fresh-3"]),
            ])  # fmt: skip
            check_whole(own, remote)


def httpx_rows(client: httpx.Client, query: str) -> list[str]:
    answer = client.get("/sparql", params={"query": query, "format": "json"}).json()
    return [next(iter(row.values()))["value"] for row in answer["results"]["bindings"]]


def test_into_a_base_loaded_from_elsewhere_nothing_is_accepted(
    own: Settings,
    server: Callable[[], AbstractContextManager[RemoteSettings]],
    people: dict[str, dict[str, str]],
    tmp_path: Path,
) -> None:
    with server() as remote:
        publish(replace(own, store=remote))
        with facade(own, remote, tmp_path, writes=True) as (writer, _):
            enter(writer, people, "mng-law-one", "Kilwa Law")
            tag = submit(writer, people, "mng-law-two", "Kilwa Order")
            shutil.copytree(own.data, tmp_path / "other")
            shutil.copy(ROOT / "data" / "mng" / "policies.ttl", tmp_path / "other")
            publish(Settings(own.ontology, tmp_path / "other", tmp_path / "elsewhere", remote))
            until(lambda: step(writer, people, "mng-law-two", tag[:-1] + '0"').status_code, 409)
            refused = step(writer, people, "mng-law-two", tag)
            assert refused.status_code == 409
            assert refused.headers["content-type"] == "application/problem+json"
            assert "nexuskb load" in refused.json()["detail"]
            assert publish(replace(own, store=remote)).written
            until(lambda: titles(writer), ["Kilwa Law"])
            assert step(writer, people, "mng-law-two", tag).status_code == 200
            assert titles(writer, FOUND) == ["Kilwa Law", "Kilwa Order"]
            check_whole(own, remote)


def test_kill_9_and_loads_meanwhile_lose_nothing(
    own: Settings, server: Callable[[], AbstractContextManager[RemoteSettings]], tmp_path: Path
) -> None:
    """Facades are killed at random while people enter, and somebody loads the store again and again."""
    rng, numbers = random.Random(7), count(1)
    acknowledged: dict[str, str] = {}
    asked: dict[str, list[str]] = {}
    with server() as remote:
        publish(replace(own, store=remote))
        for _ in range(2):
            with Ledger.open(own.home) as ledger:
                tokens = {
                    name: add_token(ledger, Grant(f"{name} {next(numbers)}", role), by="test")
                    for name, role in (("Bat", Role.CONTRIBUTOR), ("Ed", Role.EDITOR))
                }
            with facade(own, remote, tmp_path, writes=True) as (client, process):
                writers = [Writer(number, str(client.base_url), tokens) for number in range(2)]
                ending = threading.Event()
                with ThreadPoolExecutor(2) as threads:
                    running = [threads.submit(writer.run, numbers, ending) for writer in writers]
                    while sum(len(writer.acknowledged) for writer in writers) < 4:
                        publish(replace(own, store=remote), force=rng.random() < 0.5)
                        assert not any(each.done() and each.exception() for each in running)
                    ending.wait(rng.random())
                    os.kill(process, signal.SIGKILL)
                    ending.set()
                    for each in running:
                        each.result(timeout=120)
            for writer in writers:
                acknowledged |= writer.acknowledged
                for name, given in writer.asked.items():
                    asked.setdefault(name, []).extend(given)
        with facade(own, remote, tmp_path, writes=True) as (client, _):
            until(lambda: generation(client), fill(own).content.generation)
            query = "SELECT ?i ?l { ?r a nx:Policy ; dcterms:identifier ?i ; rdfs:label ?l }"
            answer = client.get("/sparql", params={"query": query, "format": "json"}).json()
            visible = {row["i"]["value"]: row["l"]["value"] for row in answer["results"]["bindings"]}
            for name, title in acknowledged.items():
                assert visible[name] in asked[name][asked[name].index(title) :], (
                    "an acknowledged change is lost"
                )
            check_whole(own, remote)
