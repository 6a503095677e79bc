"""A store that is spoken to by the SPARQL 1.1 Protocol, behind the port: for commands and for loading.

:mod:`nexuskb.store.evaluating` is its sibling for the facade.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any

import httpx
from rdflib.term import Node

from nexuskb.errors import QueryError
from nexuskb.settings import RemoteSettings
from nexuskb.sparql.formats import QueryForm, ResultFormat
from nexuskb.sparql.portable import PortableQuery, portable
from nexuskb.store import protocol
from nexuskb.store.credentials import Credentials
from nexuskb.store.port import EVERYTHING, ByteSink, Dataset, Solutions
from nexuskb.store.state import State, known, read_state, state_query
from nexuskb.store.transcoding import read_solutions, transcode

#: Seconds for a query of a command. The person at the command line may wait, and may stop.
QUERY_SECONDS = 300.0
_TAIL = 300


class RemoteStore:
    """A remote store seen through the port. Use it as a context manager, or close it."""

    def __init__(self, remote: RemoteSettings) -> None:
        self.remote = remote
        self._client = httpx.Client(
            auth=Credentials(remote),
            headers=protocol.AGENT,
            verify=protocol.certificates(),
            trust_env=False,
        )
        self._state: State | None = None
        #: What the store said it is (the Server header) when it last answered, in lower case.
        self.product = ""

    def __enter__(self) -> RemoteStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def read_state(self) -> State | None:
        """What the store says now that it holds; ``None`` if that is not the base."""
        self._state = read_state(self.rows(state_query()))
        return self._state

    @property
    def generation(self) -> str:
        """The content of the store. Raises :class:`StoreError` if it does not hold the base."""
        return self._known().generation

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs of the base."""
        return list(self._known().graphs)

    def select(self, query: str) -> Solutions:
        """Evaluate a SELECT of our own."""
        asked = portable(query, EVERYTHING, self.graphs())
        if asked.form is not QueryForm.SELECT:
            raise QueryError("Only a SELECT query has rows.")
        return self._solutions(asked)

    def answer(self, query: str, dataset: Dataset, result_format: ResultFormat, out: ByteSink) -> None:
        """Evaluate a query and write its result."""
        asked = portable(query, dataset, self.graphs())
        with self._asked(asked) as (body, kind):
            transcode(body, kind, asked.form, result_format, out)

    def rows(self, asked: PortableQuery) -> Iterator[dict[str, Node]]:
        """The rows of a SELECT with a dataset of its own."""
        return iter(self._solutions(asked))

    def _known(self) -> State:
        return self._state or known(self.read_state(), self.remote)

    def _solutions(self, asked: PortableQuery) -> Solutions:
        with self._asked(asked) as (body, kind):
            found = read_solutions(body, kind)
            return Solutions(found.variables, iter(list(found.rows)))

    @contextmanager
    def _asked(self, asked: PortableQuery) -> Iterator[tuple[IO[bytes], str]]:
        """The body of an answer and its media type, with whatever goes wrong as an error of ours."""
        tail = _Tail()
        try:
            with self._response(asked) as response:
                self.product = str(response.headers.get("server", "")).lower()
                if not response.is_success:
                    raise protocol.failure(response.status_code, _bounded(response), self.remote)
                kind = protocol.media_type(response, asked.form, self.remote)
                yield io.BufferedReader(_Body(response, tail)), kind
        except SyntaxError as error:
            raise protocol.broken_off(tail.bytes) from error
        except httpx.TransportError as error:
            raise protocol.out_of_reach(error, self.remote) from error

    @contextmanager
    def _response(self, asked: PortableQuery) -> Iterator[httpx.Response]:
        request = self._client.build_request(
            "POST",
            self.remote.query,
            data=protocol.fields(asked, self.remote, QUERY_SECONDS),
            headers=protocol.headers(asked.form),
            timeout=httpx.Timeout(QUERY_SECONDS),
        )
        try:
            response = self._client.send(request, stream=True)
        except protocol.STALE:
            response = self._client.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()


class _Tail:
    """The last bytes of an answer, where a store writes why it stopped."""

    def __init__(self) -> None:
        self.bytes = b""

    def add(self, block: bytes) -> None:
        self.bytes = (self.bytes + block)[-_TAIL:]


class _Body(io.RawIOBase):
    """The body of a response as a file."""

    def __init__(self, response: httpx.Response, tail: _Tail) -> None:
        self._blocks = response.iter_bytes()
        self._held = b""
        self._tail = tail

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the next block goes."""
        if not self._held:
            self._held = next(self._blocks, b"")
            self._tail.add(self._held)
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


def _bounded(response: httpx.Response) -> bytes:
    held = b""
    for block in response.iter_bytes():
        held += block
        if len(held) >= protocol.ERROR_BYTES:
            break
    return held
