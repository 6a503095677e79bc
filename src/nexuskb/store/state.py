"""What a remote store says it holds: graphs, each with its generation and number of triples.

It stands in a graph of its own, outside the dataset of queries, so that a remote store answers as the
embedded one. It is written last of all when a store is loaded or changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import Literal, URIRef
from rdflib.namespace import VOID
from rdflib.term import Node

from nexuskb.errors import StoreError
from nexuskb.settings import RemoteSettings
from nexuskb.sparql.portable import PortableQuery, portable
from nexuskb.store.port import Dataset
from nexuskb.terms import GRAPHS, NX

STATE_GRAPH = GRAPHS.state
_QUERY = f"""SELECT ?graph ?generation ?triples WHERE {{
  GRAPH {STATE_GRAPH.n3()} {{ ?graph nx:generation ?generation ; {VOID.triples.n3()} ?triples }}
}}"""


@dataclass(frozen=True, slots=True)
class State:
    """The generation of the base in a store, and the triples of each of its graphs."""

    generation: str
    triples: Mapping[str, int]

    @property
    def graphs(self) -> tuple[str, ...]:
        """The graphs of the base that hold anything, in a fixed order."""
        return tuple(sorted(graph for graph, count in self.triples.items() if count))

    def after(self, generation: str, growth: Mapping[str, int]) -> State:
        """The state after a change that makes some graphs grow, or shrink, by so many triples."""
        counts = {**dict.fromkeys(growth, 0), **self.triples}
        return State(generation, {graph: count + growth.get(graph, 0) for graph, count in counts.items()})

    @property
    def condition(self) -> str:
        """A group graph pattern (SPARQL 1.1 Update) with one solution in a store of this generation.

        It has none where the generation is another, nor while one is loaded in the place of this.
        """
        held = f"{GRAPHS.records.n3()} {NX.generation.n3()} {Literal(self.generation).n3()}"
        loading = f"{GRAPHS.loading.n3()} {NX.generation.n3()} ?loading"
        return (
            f"{{ GRAPH {STATE_GRAPH.n3()} {{ {held} }} "
            f"FILTER NOT EXISTS {{ GRAPH {STATE_GRAPH.n3()} {{ {loading} }} }} }}"
        )

    def become(self, new: State) -> str:
        """The operation that puts another state in the place of this one, if the store has this one."""
        graph = STATE_GRAPH.n3()
        return (
            f"DELETE {{ GRAPH {graph} {{\n{self._lines()}}} }}\n"
            f"INSERT {{ GRAPH {graph} {{\n{new._lines()}}} }}\nWHERE {self.condition}"
        )

    def begin_loading(self) -> str:
        """The operation that notes that this is being loaded; :meth:`update` takes the note away.

        The note looks like a graph, so that no state of a finished load equals one with it.
        """
        noted = State(self.generation, {str(GRAPHS.loading): 0})
        return f"INSERT DATA {{ GRAPH {STATE_GRAPH.n3()} {{\n{noted._lines()}}} }}"

    def update(self) -> str:
        """The operations that make this the state of a store (SPARQL 1.1 Update)."""
        graph = STATE_GRAPH.n3()
        return (
            f"DELETE WHERE {{ GRAPH {graph} {{ ?graph ?property ?value }} }} ;\n"
            f"INSERT DATA {{ GRAPH {graph} {{\n{self._lines()}}} }}"
        )

    def _lines(self) -> str:
        return "".join(
            f"{URIRef(name).n3()} {NX.generation.n3()} {Literal(self.generation).n3()} ; "
            f"{VOID.triples.n3()} {count} .\n"
            for name, count in sorted(self.triples.items())
        )


def state_query() -> PortableQuery:
    """The query for the state of a store."""
    return portable(_QUERY, Dataset(named_graphs=(str(STATE_GRAPH),)), ())


def count_query(graph: str) -> PortableQuery:
    """The query for the number of triples that a graph really holds, as ``?triples``."""
    wanted = f"SELECT (COUNT(*) AS ?triples) WHERE {{ GRAPH {URIRef(graph).n3()} {{ ?s ?p ?o }} }}"
    return portable(wanted, Dataset(named_graphs=(graph,)), ())


def read_state(rows: Iterable[Mapping[str, Node]]) -> State | None:
    """The state from the rows of :func:`state_query`; ``None`` for a store without the base.

    Of a store that two have changed at once, into which both have written their state, it has no generation.
    """
    found = [(str(row["graph"]), str(row["generation"]), int(str(row["triples"]))) for row in rows]
    generations = {generation for graph, generation, _ in found if graph == str(GRAPHS.records)}
    if not generations:
        return None
    generation = generations.pop() if len(generations) == 1 else ""
    return State(generation, {graph: count for graph, _, count in found})


def known(state: State | None, remote: RemoteSettings) -> State:
    """The state, or the error that there is none, or none that tells what the store holds."""
    if state is not None and not state.generation:
        raise StoreError(
            f"The store at {remote.host} was changed by two at once and holds something of both. Repeat "
            "`nexuskb load --force`, and have one service alone write to it."
        )
    if state is None:
        raise StoreError(f"The store at {remote.host} does not hold the base. Fill it with `nexuskb load`.")
    return state


def check_count(state: State, graph: str, rows: Iterable[Mapping[str, Node]], remote: RemoteSettings) -> None:
    """Compare the row of :func:`count_query` with the state. Raises :class:`StoreError`."""
    held, written = next((int(str(row["triples"])) for row in rows), 0), state.triples[graph]
    if held != written:
        raise StoreError(
            f"The store at {remote.host} holds {held:,} triples in <{graph}>, but {written:,} were loaded. "
            "Repeat `nexuskb load --force`; docs/remote-stores.md says how stores lose some."
        )
