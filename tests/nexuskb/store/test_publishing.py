"""Loading a remote store: all of it or nothing that a reader sees, and the state last."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.servers import oxigraph, virtuoso

from nexuskb.errors import ContentError, SettingsError, StoreError
from nexuskb.settings import RemoteSettings, Settings
from nexuskb.store import writer
from nexuskb.store.filling import open_store
from nexuskb.store.publishing import publish
from nexuskb.store.remote import RemoteStore

Server = Callable[[Path], AbstractContextManager[RemoteSettings]]

ROOT = Path(__file__).resolve().parents[3]
NOTE = '<https://w3id.org/nexuskb/records/mng-ndc-2020> nx:caveat "Look twice."@en .\n'


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[RemoteSettings]:
    """An Oxigraph server that holds nothing."""
    (tmp_path / "store").mkdir()
    with oxigraph(tmp_path / "store") as remote:
        yield remote


@pytest.fixture
def small(tmp_path: Path, empty: RemoteSettings) -> Settings:
    """Few records, to be loaded into that server."""
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "mng" / "policies.ttl", tmp_path / "data")
    return Settings(ROOT / "ontology", tmp_path / "data", tmp_path / "home", empty)


def graphs(remote: RemoteSettings) -> dict[str, int]:
    """All graphs of the server with their triples, ours or not."""
    query = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    answer = httpx.post(remote.query, data={"query": query}, headers={"Accept": "application/json"})
    return {row["g"]["value"]: int(row["n"]["value"]) for row in answer.json()["results"]["bindings"]}


def generation(remote: RemoteSettings) -> str:
    with RemoteStore(remote) as store:
        return store.generation


def test_a_store_gets_every_graph_and_its_state_and_nothing_is_left_over(small: Settings) -> None:
    done = publish(small)
    embedded = open_store(small)
    assert small.store is not None
    held = graphs(small.store)
    state = held.pop("https://w3id.org/nexuskb/graphs/state")
    assert state == 2 * len(held)
    assert held == {graph: len(embedded.dump(graph).splitlines()) for graph in embedded.graphs()}
    assert (done.generation, done.triples, done.written) == (embedded.generation, sum(held.values()), True)


def test_equal_content_is_not_written_again_unless_it_must(small: Settings) -> None:
    publish(small)
    assert publish(small).written is False
    assert publish(small, force=True).written is True


def test_changed_content_takes_the_place_of_the_old(small: Settings) -> None:
    first = publish(small)
    with (small.data / "policies.ttl").open("a", encoding="utf-8") as file:
        file.write(NOTE)
    second = publish(small)
    assert small.store is not None
    assert generation(small.store) == second.generation != first.generation
    with RemoteStore(small.store) as store:
        assert [
            str(row["w"]) for row in store.select("SELECT ?w { rec:mng-ndc-2020 nx:reservation ?w }")
        ] == ["Look twice."]


def test_a_store_without_the_graph_store_protocol_is_loaded_by_updates(small: Settings) -> None:
    assert small.store is not None
    publish(replace(small, store=replace(small.store, graphs="")))
    embedded = open_store(small)
    with RemoteStore(small.store) as store:
        assert (store.generation, store.graphs()) == (embedded.generation, embedded.graphs())


def test_many_parts_make_one_graph(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PART_BYTES", 50_000)
    done = publish(small)
    assert small.store is not None
    assert sum(graphs(small.store).values()) == done.triples + 2 * len(open_store(small).graphs())


def test_a_load_that_fails_leaves_the_base_as_it_was(small: Settings) -> None:
    first = publish(small)
    assert small.store is not None
    before = graphs(small.store)
    with (small.data / "policies.ttl").open("a", encoding="utf-8") as file:
        file.write(NOTE)
    without = replace(small.store, update=small.store.query.replace("/query", "/nowhere"))
    with pytest.raises(StoreError, match="could not be written"):
        publish(replace(small, store=without))
    assert generation(small.store) == first.generation
    assert {graph: n for graph, n in graphs(small.store).items() if graph in before} == before
    assert publish(small).written is True
    assert not [graph for graph in graphs(small.store) if "/loading/" in graph]


def test_a_store_that_lost_triples_is_found_out(small: Settings) -> None:
    publish(small)
    assert small.store is not None
    dropped = "DROP GRAPH <https://w3id.org/nexuskb/graphs/vocabularies>"
    assert httpx.post(small.store.update, data={"update": dropped}).is_success
    served = _nexuskb(small, "serve", "--port", "0")
    assert served.returncode != 0
    assert "nexuskb load --force" in served.stderr


@pytest.mark.parametrize("server", [oxigraph, virtuoso])
def test_what_was_loaded_is_there_after_a_crash(server: Server, tmp_path: Path) -> None:
    for name in ("server", "data"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "data" / "mng" / "policies.ttl", tmp_path / "data")
    with server(tmp_path / "server") as remote:
        settings = Settings(ROOT / "ontology", tmp_path / "data", tmp_path / "home", remote)
        done = publish(settings)
    with server(tmp_path / "server") as remote:
        assert publish(replace(settings, store=remote)).written is False
        embedded = open_store(settings)
        with RemoteStore(remote) as store:
            assert store.generation == done.generation
            [row] = store.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
        assert int(str(row["n"])) == done.triples == len(embedded)


def test_what_is_missing_for_a_load_is_named(small: Settings) -> None:
    assert small.store is not None
    with pytest.raises(SettingsError, match="NEXUSKB_STORE is not set"):
        publish(replace(small, store=None))
    with pytest.raises(SettingsError, match="NEXUSKB_STORE_UPDATE"):
        publish(replace(small, store=replace(small.store, update="")))


def test_a_blank_node_is_refused(small: Settings) -> None:
    with (small.data / "policies.ttl").open("a", encoding="utf-8") as file:
        file.write("[] nx:caveat 'Nobody.'@en .\n")
    with pytest.raises(ContentError, match="blank node"):
        publish(small)


def test_commands_work_on_a_remote_store(small: Settings, tmp_path: Path) -> None:
    query = tmp_path / "count.rq"
    query.write_text("SELECT (COUNT(?p) AS ?policies) { ?p a nx:Policy }", encoding="utf-8")
    early = _nexuskb(small, "query", str(query))
    assert (early.returncode, "nexuskb load" in early.stderr) == (2, True)
    loaded = _nexuskb(small, "load")
    assert (loaded.returncode, "now holds" in loaded.stdout) == (0, True)
    assert "already holds" in _nexuskb(small, "load").stdout
    counted = _nexuskb(small, "query", str(query), "--format", "csv")
    embedded = _nexuskb(replace(small, store=None), "query", str(query), "--format", "csv")
    assert counted.stdout == embedded.stdout != ""
    asked = ("ask", "policies-of-country", "--country", "MNG", "--format", "csv")
    assert _nexuskb(small, *asked).stdout == _nexuskb(replace(small, store=None), *asked).stdout
    compared = _nexuskb(small, "compare")
    assert (compared.returncode, "answers all" in compared.stdout) == (0, True), compared.stdout


def _nexuskb(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "NEXUSKB_ONTOLOGY": str(settings.ontology),
        "NEXUSKB_DATA": str(settings.data),
        "NEXUSKB_HOME": str(settings.home),
    }
    if settings.store:
        environment |= {
            "NEXUSKB_STORE": settings.store.query,
            "NEXUSKB_STORE_UPDATE": settings.store.update,
            "NEXUSKB_STORE_GRAPHS": settings.store.graphs,
        }
    command = [str(Path(sys.executable).parent / "nexuskb"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
