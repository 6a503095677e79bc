"""Servers killed at random moments of many concurrent entries: what was acknowledged is there, whole, and
ledger, store, derived graph and search are in step when the next one has started."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import httpx
import pytest
from rdflib import Graph, URIRef
from tests.conftest import serving
from tests.entering import policy_document

from nexuskb.people.rights import Role
from nexuskb.people.tokens import Grant, add_token
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings
from nexuskb.store.filling import fill
from nexuskb.terms import REC

ROUNDS = 3
WRITERS = 4


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """A base of the sources of one State, that starts quickly."""
    (tmp_path / "data" / "mng").mkdir(parents=True)
    shutil.copy(settings.data / "mng" / "sources.ttl", tmp_path / "data" / "mng")
    return Settings(settings.ontology, tmp_path / "data", tmp_path / "home")


class Writer:
    """Enters policies, changes some again, and notes what the server has acknowledged."""

    def __init__(self, number: int, address: str, tokens: dict[str, str]) -> None:
        self.number = number
        self.people = {
            name: httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60)
            for name, token in tokens.items()
        }
        self.acknowledged: dict[str, str] = {}
        self.asked: dict[str, list[str]] = {}

    def run(self, numbers: count[int], ending: threading.Event) -> None:
        rng = random.Random(self.number)
        try:
            while not ending.is_set():
                number = next(numbers)
                again = rng.random() < 0.3 and self.acknowledged
                name = rng.choice(sorted(self.acknowledged)) if again else f"mng-law-killed-{number}"
                self._enter(name, f"Kilwa {number}")
        except httpx.TransportError:
            pass  # killed

    def _enter(self, name: str, title: str) -> None:
        self.asked.setdefault(name, []).append(title)
        written = self.people["Bat"].put(
            f"/records/{name}",
            params={"submit": "true"},
            json=policy_document(name, title),
            headers={"If-Match": "*"} if name in self.acknowledged else {},
        )
        if written.status_code == 429:
            return
        assert written.status_code in (200, 201), written.text
        accepted = self.people["Ed"].post(
            f"/records/{name}/accept", headers={"If-Match": written.headers["etag"]}
        )
        if accepted.status_code == 429:
            return
        assert accepted.status_code == 200, accepted.text
        self.acknowledged[name] = title


def shown(address: str) -> dict[str, str]:
    """Title by identifier of what SPARQL sees."""
    query = 'SELECT ?i ?l { ?r dcterms:identifier ?i ; rdfs:label ?l . FILTER(CONTAINS(STR(?r), "killed")) }'
    answer = httpx.get(f"{address}/sparql", params={"query": query, "format": "json"}, timeout=60).json()
    rows = answer["results"]["bindings"]
    found = {row["i"]["value"]: row["l"]["value"] for row in rows}
    assert len(found) == len(rows), "a record has two titles"
    return found


def searched(address: str) -> set[str]:
    query = 'SELECT ?i { ?r nx:matches "kilwa" ; dcterms:identifier ?i }'
    answer = httpx.get(f"{address}/sparql", params={"query": query, "format": "json"}, timeout=60).json()
    found = {row["i"]["value"] for row in answer["results"]["bindings"]}
    hits = httpx.get(f"{address}/search", params={"q": "kilwa", "format": "json"}, timeout=60).json()
    assert hits["total"] == len(found)
    return found


def counted(address: str) -> set[str]:
    """The records of which something is derived: on how many sources they rest."""
    query = "SELECT ?i { GRAPH ?g { ?r nx:sourceCount 1 } ?r dcterms:identifier ?i ; a nx:Policy }"
    answer = httpx.get(f"{address}/sparql", params={"query": query, "format": "json"}, timeout=60).json()
    return {row["i"]["value"] for row in answer["results"]["bindings"]}


@pytest.mark.parametrize("mode", ["memory", "disk"])
def test_nothing_acknowledged_is_lost_and_all_is_in_step_after_kill_9(own: Settings, mode: str) -> None:
    rng = random.Random(mode)
    numbers = count(1)
    acknowledged: dict[str, str] = {}
    asked: dict[str, list[str]] = {}
    for _ in range(ROUNDS):
        with Ledger.open(own.home) as ledger:  # new people, so that limits of calls do not slow the test
            tokens = {
                name: add_token(ledger, Grant(f"{name} {next(numbers)}", role), by="test")
                for name, role in (("Bat", Role.CONTRIBUTOR), ("Ed", Role.EDITOR))
            }
        with serving(own, NEXUSKB_CLIENT_SECONDS="0", NEXUSKB_STORE_MODE=mode) as (address, process):
            writers = [Writer(number, address, tokens) for number in range(WRITERS)]
            ending = threading.Event()
            with ThreadPoolExecutor(WRITERS) as threads:
                running = [threads.submit(writer.run, numbers, ending) for writer in writers]
                while sum(len(writer.acknowledged) for writer in writers) < rng.randrange(3, 12):
                    ending.wait(rng.random() / 5)
                    assert not any(each.done() and each.exception() for each in running)
                ending.wait(rng.random())
                os.kill(process, signal.SIGKILL)
                ending.set()
                for each in running:
                    each.result(timeout=120)
        for writer in writers:
            acknowledged |= writer.acknowledged
            for name, titles in writer.asked.items():
                asked.setdefault(name, []).extend(titles)
        with Ledger.open(own.home) as ledger:
            overlay = ledger.overlay()
        generation = fill(own).content.generation
        with serving(own, NEXUSKB_CLIENT_SECONDS="0", NEXUSKB_STORE_MODE=mode) as (address, _):
            visible = shown(address)
            assert {str(REC[name]) for name in visible} == {str(record) for record in overlay}
            assert searched(address) == set(visible)
            assert counted(address) == set(visible)
            for name, title in acknowledged.items():
                later = asked[name][asked[name].index(title) :]
                assert visible[name] in later, "an acknowledged change is lost"
            for name, title in visible.items():
                triples = Graph().parse(data=overlay[URIRef(REC[name])] or b"", format="nt")
                held = Graph().parse(
                    data=httpx.get(f"{address}/records/{name}.nt", timeout=60).content, format="nt"
                )
                assert set(triples) <= set(held), "a record is there in part"
                assert title in asked[name]
            page = httpx.get(f"{address}/", headers={"Accept": "application/json"}, timeout=60).json()
            assert page["generation"] == generation
    assert len(acknowledged) >= ROUNDS * 3
