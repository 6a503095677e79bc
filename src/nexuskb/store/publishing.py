"""Filling a remote store: what the embedded store holds goes there, the state last of all.

New content first goes to graphs beside those of the base, where no query looks. When all of it is there and
counted, one update moves it into place and writes the state, so that a store with transactions shows readers
either the old base or the new one. Virtuoso has none for this and may lose moved triples in a restart, so it
gets each graph by one PUT in its place, and the state after them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx
from rdflib import URIRef

from nexuskb.errors import ContentError, SettingsError, StoreError
from nexuskb.settings import RemoteSettings, Settings
from nexuskb.sparql.portable import NOWHERE
from nexuskb.store import protocol
from nexuskb.store.credentials import Credentials
from nexuskb.store.filling import open_store
from nexuskb.store.remote import RemoteStore
from nexuskb.store.state import State, check_count, count_query
from nexuskb.terms import GRAPHS

Progress = Callable[[int, int], None]

#: Bytes of N-Triples in a request, and lines in an update, for which stores have lower limits.
PART_BYTES = 8 * 1024**2
PART_LINES = 1_000
#: Seconds that a store may take to write a part, or to move everything into place.
WRITE_SECONDS = 1800.0

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
    with RemoteStore(remote) as store, _Writer(remote) as writer:
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
    writer: _Writer
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


class _Writer:
    """Writes to a store: graphs by the Graph Store Protocol where it has one, the rest by updates."""

    def __init__(self, remote: RemoteSettings) -> None:
        self._remote = remote
        self._update = self._client()
        self._graphs = self._client()

    def _client(self) -> httpx.Client:
        """A client of its own for each address, as credentials are shown to each in its own way."""
        return httpx.Client(
            auth=Credentials(self._remote),
            headers=protocol.AGENT,
            timeout=httpx.Timeout(WRITE_SECONDS, connect=5.0),
            verify=protocol.certificates(),
            trust_env=False,
        )

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._update.close()
        self._graphs.close()

    @property
    def has_graph_store(self) -> bool:
        """Whether the store has an address for the Graph Store Protocol."""
        return bool(self._remote.graphs)

    def replace(self, graph: str, lines: list[bytes], *, whole: bool = False) -> None:
        """Make these N-Triples the content of a graph, in parts unless ``whole``."""
        if not self.has_graph_store:
            self.update(f"DROP SILENT GRAPH {_iri(graph)}")
            for start in range(0, len(lines), PART_LINES):
                triples = b"\n".join(lines[start : start + PART_LINES]).decode()
                self.update(f"INSERT DATA {{ GRAPH {_iri(graph)} {{\n{triples}\n}} }}")
            return
        # With the first request, credentials are asked for: not with one that has to be sent twice at length.
        self._delete(NOWHERE if whole else graph)
        for number, part in enumerate([b"\n".join(lines) + b"\n"] if whole else _parts(lines)):
            self._send(
                self._graphs,
                "POST" if number else "PUT",
                self._remote.graphs,
                params={"graph": graph},
                content=part,
                headers={"Content-Type": "application/n-triples"},
            )

    def _delete(self, graph: str) -> None:
        self._send(self._graphs, "DELETE", self._remote.graphs, params={"graph": graph}, missing=True)

    def update(self, operations: str) -> None:
        """Send an update; one request is one transaction where the store has them."""
        self._send(self._update, "POST", self._remote.update, data={"update": operations})

    def drop(self, graphs: list[str]) -> None:
        """Clear away what a load has left that did not come to its end, as far as the store lets us."""
        try:
            self.update(" ;\n".join(f"DROP SILENT GRAPH {_iri(graph)}" for graph in graphs))
        except StoreError:
            return

    def _send(
        self, client: httpx.Client, method: str, address: str, *, missing: bool = False, **parts: object
    ) -> None:
        try:
            response = client.request(method, address, **parts)  # type: ignore[arg-type] # parts by name
        except httpx.TransportError as error:
            raise protocol.out_of_reach(error, self._remote) from error
        if not response.is_success and not (missing and response.status_code == 404):
            fault = protocol.failure(
                response.status_code, response.content[: protocol.ERROR_BYTES], self._remote
            )
            raise StoreError(f"The store could not be written: {fault}")


def _parts(lines: list[bytes]) -> Iterator[bytes]:
    part = io.BytesIO()
    for line in lines:
        part.write(line + b"\n")
        if part.tell() >= PART_BYTES:
            yield part.getvalue()
            part = io.BytesIO()
    if part.tell():
        yield part.getvalue()
