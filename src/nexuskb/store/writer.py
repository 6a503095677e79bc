"""Writing to a remote store: graphs by the Graph Store Protocol where it has one, the rest by updates."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

import httpx
from rdflib import URIRef

from nexuskb.errors import StoreError
from nexuskb.settings import RemoteSettings
from nexuskb.sparql.portable import NOWHERE
from nexuskb.store import protocol
from nexuskb.store.credentials import Credentials

#: The file under the home directory by which those who write to the store wait for each other.
WRITING_LOCK: Final = "writing.lock"
#: Bytes of N-Triples in a request, and lines in an update, for which stores have lower limits.
PART_BYTES = 8 * 1024**2
PART_LINES = 1_000
#: Seconds that a store may take to write a part, or to move everything into place.
WRITE_SECONDS = 1800.0


class Writer:
    """Writes to a store. ``seconds`` is what it may take for a request. Use it as a context manager."""

    def __init__(self, remote: RemoteSettings, seconds: float = WRITE_SECONDS) -> None:
        self._remote = remote
        self._seconds = seconds
        self._update = self._client()
        self._graphs = self._client()

    def _client(self) -> httpx.Client:
        """A client of its own for each address, as credentials are shown to each in its own way."""
        return httpx.Client(
            auth=Credentials(self._remote),
            headers=protocol.AGENT,
            timeout=httpx.Timeout(self._seconds, connect=5.0),
            verify=protocol.certificates(),
            trust_env=False,
        )

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._update.close()
        self._graphs.close()

    @property
    def has_graph_store(self) -> bool:
        """Whether the store has an address for the Graph Store Protocol."""
        return bool(self._remote.graphs)

    def replace(self, graph: str, lines: list[bytes], *, whole: bool = False) -> None:
        """Make these N-Triples the content of a graph, in parts unless ``whole``."""
        if not self.has_graph_store:
            self.update(f"DROP SILENT GRAPH {URIRef(graph).n3()}")
            for start in range(0, len(lines), PART_LINES):
                triples = b"\n".join(lines[start : start + PART_LINES]).decode()
                self.update(f"INSERT DATA {{ GRAPH {URIRef(graph).n3()} {{\n{triples}\n}} }}")
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

    def update(self, operations: str, *, repeatable: bool = False) -> None:
        """Send an update; one request is one transaction where the store has them.

        One that is ``repeatable`` is sent again if the store has closed the connection since the last.
        """
        try:
            self._send(self._update, "POST", self._remote.update, data={"update": operations})
        except StoreError as error:
            if not (repeatable and isinstance(error.__cause__, protocol.STALE)):
                raise
            self._send(self._update, "POST", self._remote.update, data={"update": operations})

    def drop(self, graphs: list[str]) -> None:
        """Clear away what a load has left that did not come to its end, as far as the store lets us."""
        try:
            self.update(" ;\n".join(f"DROP SILENT GRAPH {URIRef(graph).n3()}" for graph in graphs))
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
