"""Filling a remote store: what the embedded store holds goes there, the state last of all.

New content first goes to graphs beside those of the base, where no query looks. When all of it is there and
counted, one update moves it into place and writes the state, so that a store with transactions shows readers
either the old base or the new one. Virtuoso has none for this and may lose moved triples in a restart, so it
gets each graph by one PUT in its place, and the state after them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rdflib import URIRef

from nexuskb.errors import ContentError, SettingsError
from nexuskb.holding import only_one
from nexuskb.settings import Settings
from nexuskb.store.filling import open_store
from nexuskb.store.remote import RemoteStore
from nexuskb.store.state import State, check_count, count_query
from nexuskb.store.writer import WRITING_LOCK, Writer
from nexuskb.terms import GRAPHS

Progress = Callable[[int, int], None]

_BLANK = re.compile(rb"(?:^| )_:\w")


@dataclass(frozen=True, slots=True)
class Published:
    """What a load did: the generation now in the store, its triples, and whether anything was written."""

    generation: str
    triples: int
    written: bool


def publish(settings: Settings, *, force: bool = False, progress: Progress | None = None) -> Published:
    """Bring the remote store to the content of the curated files; ``progress`` gets graphs done and in all.

    Nothing is written if the store has that content, unless by ``force``. Only one load at a time. Raises
    :class:`SettingsError`, :class:`ContentError` and :class:`StoreError`.
    """
    remote = settings.store
    if remote is None:
        raise SettingsError("NEXUSKB_STORE is not set: there is no remote store to fill.")
    if not remote.update:
        raise SettingsError("NEXUSKB_STORE_UPDATE, the address for updates, is not set.")
    embedded = open_store(settings)
    content = {graph: _lines(embedded.dump(graph)) for graph in embedded.graphs()}
    new = State(embedded.generation, {graph: len(lines) for graph, lines in content.items()})
    triples = sum(new.triples.values())
    lock = settings.home / WRITING_LOCK
    with only_one(lock), RemoteStore(remote) as store, Writer(remote) as writer:
        old = store.read_state()
        if old == new and not force:
            return Published(new.generation, triples, written=False)
        load = _Load(store, writer, content, old, new, progress or _silent)
        if store.product.startswith("virtuoso"):
            load.in_place()
        else:
            load.beside()
        load.check(new)
    return Published(new.generation, triples, written=True)


@dataclass(frozen=True, slots=True)
class _Load:
    """One load: the store, what it held, and what it is to hold, as lines of N-Triples by graph."""

    store: RemoteStore
    writer: Writer
    content: Mapping[str, list[bytes]]
    old: State | None
    new: State
    progress: Progress

    def beside(self) -> None:
        """Write graphs beside those of the base, then move them into place in one update."""
        beside = {g: f"{GRAPHS.loading}/{self.new.generation}/{n}" for n, g in enumerate(self.content)}
        try:
            for done, (graph, lines) in enumerate(self.content.items()):
                self.progress(done, len(beside))
                self.writer.replace(beside[graph], lines)
            self.check(State(self.new.generation, {beside[g]: self.new.triples[g] for g in beside}))
            moves = [f"MOVE {_iri(beside[graph])} TO {_iri(graph)}" for graph in self.content]
            self._finish(moves)
        except BaseException:
            self.writer.drop(list(beside.values()))
            raise

    def in_place(self) -> None:
        """Write each graph of the base by one request."""
        if not self.writer.has_graph_store:
            raise SettingsError("Virtuoso is loaded by the Graph Store Protocol: set NEXUSKB_STORE_GRAPHS.")
        self.writer.update(self.new.begin_loading())
        for done, (graph, lines) in enumerate(self.content.items()):
            self.progress(done, len(self.content))
            self.writer.replace(graph, lines, whole=True)
        self._finish([])

    def check(self, wanted: State) -> None:
        """Count what is there. Raises :class:`StoreError`."""
        for graph in wanted.triples:
            check_count(wanted, graph, self.store.rows(count_query(graph)), self.store.remote)

    def _finish(self, moves: list[str]) -> None:
        gone = sorted(set(self.old.triples if self.old else ()) - set(self.new.triples))
        drops = [f"DROP SILENT GRAPH {_iri(graph)}" for graph in gone]
        self.writer.update(" ;\n".join([*moves, *drops, self.new.update()]))
        self.progress(len(self.content), len(self.content))


def _lines(n_triples: bytes) -> list[bytes]:
    lines = [line for line in n_triples.splitlines() if line]
    if any(_BLANK.search(line) for line in lines):
        raise ContentError("A blank node cannot be loaded into a remote store in parts. Give it an IRI.")
    return lines


def _silent(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def _iri(graph: str) -> str:
    return URIRef(graph).n3()
