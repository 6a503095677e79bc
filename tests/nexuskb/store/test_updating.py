"""A change as updates, on two real servers: what was meant goes and comes, and for one generation only."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyoxigraph as ox
import pytest
from tests.servers import oxigraph, virtuoso

from nexuskb.errors import StoreError
from nexuskb.sparql.portable import portable
from nexuskb.store.changing import RECORDS, Effect
from nexuskb.store.deriving import DERIVED
from nexuskb.store.port import Dataset
from nexuskb.store.remote import RemoteStore
from nexuskb.store.state import State, known
from nexuskb.store.updating import growth, requests
from nexuskb.store.writer import Writer
from nexuskb.terms import GRAPHS

XSD = "http://www.w3.org/2001/XMLSchema#"
TEXTS = (
    "text", "", "荒漠化 'x' \"y\"", "Цөлжилт\n\t\r", "a \\u0041 \\\\U0001F33E \\", "\U0001f33e", "\u2028",
    "x" * 5000, "SELECT * { ?s ?p ?o } ; DROP ALL #",
)  # fmt: skip
VALUES: tuple[ox.NamedNode | ox.Literal, ...] = (
    *(ox.Literal(text) for text in TEXTS),
    *(ox.Literal(text, language=tag) for text in TEXTS for tag in ("en", "zh-hans", "mn-cyrl")),
    *(
        ox.Literal(text, datatype=ox.NamedNode(XSD + kind))
        for text, kind in (
            ("12.5", "decimal"), ("7", "integer"), ("2020-01-02", "date"), ("2020", "gYear"),
            ("2020-02", "gYearMonth"), ("true", "boolean"), ("http://example.org/a?b=c&d", "anyURI"),
            ("2020-01-02T03:04:05Z", "dateTime"),
        )
    ),
    ox.Literal("1 of 2", datatype=ox.NamedNode("http://example.org/kind")),
    ox.NamedNode("http://example.org/a%20b?c=d&e='f'"),
)  # fmt: skip


@pytest.fixture(scope="module", params=[oxigraph, virtuoso])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteStore]:
    """A server without any base."""
    home: Path = tmp_path_factory.mktemp("server")
    with request.param(home) as remote, RemoteStore(remote) as opened:
        yield opened


@pytest.fixture
def state(store: RemoteStore) -> State:
    """The state of that server: of a base without a triple."""
    empty = State("g0", {str(GRAPHS.records): 0, str(GRAPHS.ontology): 0})
    with Writer(store.remote) as writer:
        for graph in (RECORDS, DERIVED):
            writer.update(f"DROP SILENT GRAPH {graph}")
        writer.update(empty.update())
    store.read_state()
    return empty


def quads(*numbers: int, graph: ox.NamedNode = RECORDS) -> frozenset[ox.Quad]:
    """Triples with all kinds of values."""
    return frozenset(
        ox.Quad(
            ox.NamedNode(f"http://example.org/s{number}"),
            ox.NamedNode(f"http://example.org/p{number % 3}"),
            VALUES[number % len(VALUES)],
            graph,
        )
        for number in numbers
    )


def effect(removed: frozenset[ox.Quad], added: frozenset[ox.Quad]) -> Effect:
    return Effect(removed - added, added - removed, {})


def send(store: RemoteStore, change: Effect, old: State, generation: str) -> State:
    new = old.after(generation, growth(change))
    with Writer(store.remote) as writer:
        for request in requests(change, old, new, store.product):
            writer.update(request)
    return new


def held(store: RemoteStore) -> dict[str, set[tuple[str, str, str, str, str]]]:
    """What is in the graphs, literals by text, language and datatype."""
    found = {}
    for graph in (RECORDS, DERIVED):
        query = (
            "SELECT ?s ?p (STR(?o) AS ?t) (LANG(?o) AS ?l) (DATATYPE(?o) AS ?d) "
            f"{{ GRAPH {graph} {{ ?s ?p ?o }} }}"
        )
        rows = store.rows(portable(query, Dataset((), (graph.value,)), ()))
        found[graph.value] = {
            (
                str(row["s"]),
                str(row["p"]),
                str(row["t"]),
                str(row.get("l") or "").lower(),
                _kind(row.get("d")),
            )
            for row in rows
        }
    return found


def _kind(datatype: object) -> str:
    kind = str(datatype or "")
    return "" if kind in {XSD + "string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"} else kind


def meant(*wanted: frozenset[ox.Quad]) -> dict[str, set[tuple[str, str, str, str, str]]]:
    found: dict[str, set[tuple[str, str, str, str, str]]] = {RECORDS.value: set(), DERIVED.value: set()}
    for quad in frozenset().union(*wanted):
        value = quad.object
        assert isinstance(quad.graph_name, ox.NamedNode)
        assert isinstance(quad.subject, ox.NamedNode)
        assert isinstance(value, ox.NamedNode | ox.Literal)
        language, datatype = "", ""
        if isinstance(value, ox.Literal):
            language, datatype = value.language or "", "" if value.language else _kind(value.datatype.value)
        found[quad.graph_name.value].add(
            (quad.subject.value, quad.predicate.value, value.value, language, datatype)
        )
    return found


def test_what_goes_and_comes_is_what_was_meant(store: RemoteStore, state: State) -> None:
    rng, now, there = random.Random(1), state, frozenset[ox.Quad]()
    for number in range(8):
        numbers = rng.sample(range(200), rng.choice((0, 5, 40)))
        after = quads(*numbers) | quads(*numbers[::2], graph=DERIVED)
        now = send(store, effect(there, after), now, f"g{number + 1}")
        there = after
        assert store.read_state() == now
        assert held(store) == meant(there)
        assert now.triples[RECORDS.value] == len(numbers)


def test_a_large_change_comes_whole(store: RemoteStore, state: State) -> None:
    many = quads(*range(1300)) | quads(*range(5), graph=DERIVED)
    new = send(store, effect(frozenset(), many), state, "g1")
    assert held(store) == meant(many)
    send(store, effect(many, quads(3)), new, "g2")
    assert held(store) == meant(quads(3))


def test_a_store_of_another_generation_stays_as_it_is(store: RemoteStore, state: State) -> None:
    new = send(store, effect(frozenset(), quads(1, 2)), state, "g1")
    send(store, effect(quads(1), quads(3)), state, "g1b")
    assert (store.read_state(), held(store)) == (new, meant(quads(1, 2)))


def test_while_a_store_is_loaded_nothing_changes(store: RemoteStore, state: State) -> None:
    with Writer(store.remote) as writer:
        writer.update(state.begin_loading())
        send(store, effect(frozenset(), quads(1)), state, "g1")
        assert held(store) == meant()
        writer.update(state.update())
    send(store, effect(frozenset(), quads(1)), state, "g1")
    assert held(store) == meant(quads(1))


def test_a_change_that_stopped_halfway_is_brought_to_its_end_by_sending_it_again(
    store: RemoteStore, state: State
) -> None:
    before = quads(*range(700))
    old = send(store, effect(frozenset(), before), state, "g1")
    change = effect(before, quads(*range(650, 1400)))
    new = old.after("g2", growth(change))
    whole = [part for request in requests(change, old, new, "virtuoso") for part in request.split(" ;\n")]
    with Writer(store.remote) as writer:
        for part in whole[: len(whole) // 2]:
            writer.update(part)
    assert store.read_state() == old
    send(store, change, old, "g2")
    assert (store.read_state(), held(store)) == (new, meant(quads(*range(650, 1400))))


def test_of_rivals_for_one_generation_one_wins_whole_or_it_is_noticed(
    store: RemoteStore, state: State
) -> None:
    """Oxigraph looks at what was there when an update began, and may carry out two that begin together."""
    now = state
    there = frozenset[ox.Quad]()
    for number in range(5):
        rivals = {
            f"g{number}-{rival}": quads(*range(100 * rival, 100 * rival + 60)) | quads(rival, graph=DERIVED)
            for rival in range(4)
        }
        with ThreadPoolExecutor(len(rivals)) as threads:
            sent = [
                threads.submit(_rival, store, effect(there, wanted), now, name)
                for name, wanted in rivals.items()
            ]
            for each in sent:
                each.result()
        won = store.read_state()
        assert won is not None
        if not won.generation:
            assert not store.product.startswith("virtuoso")
            with pytest.raises(StoreError, match="--force"):
                assert known(won, store.remote)
            return
        now, there = won, rivals[won.generation]
        assert held(store) == meant(there)
        assert won.triples[RECORDS.value] == 60


def _rival(store: RemoteStore, change: Effect, old: State, generation: str) -> None:
    with RemoteStore(store.remote) as own:
        own.product = store.product
        send(own, change, old, generation)
