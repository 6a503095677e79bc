"""What many tests need: the settings of the checkout, its store, and a served instance."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import pytest
from rdflib import Graph

from nexuskb.content import read_model, read_shapes
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import open_store
from nexuskb.vocabulary import Vocabularies
from tests.api.browsing import browser  # noqa: F401 -- a fixture
from tests.servers import oxigraph_remote, remote, virtuoso_remote  # noqa: F401 -- fixtures

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The curated files of this checkout, with a home of their own for the store."""
    return Settings(ROOT / "ontology", ROOT / "data", tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def model(settings: Settings) -> Graph:
    """Ontology and vocabularies."""
    return read_model(settings)


@pytest.fixture(scope="session")
def shapes_graph(settings: Settings) -> Graph:
    """All shapes."""
    return read_shapes(settings)


@pytest.fixture(scope="session")
def store(settings: Settings) -> OxigraphStore:
    """The whole base."""
    return open_store(settings)


@pytest.fixture(scope="session")
def vocabularies(model: Graph) -> Vocabularies:
    """All vocabularies."""
    return Vocabularies(model)


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which commands see these settings."""
    return {
        **os.environ,
        "NEXUSKB_ONTOLOGY": str(settings.ontology),
        "NEXUSKB_DATA": str(settings.data),
        "NEXUSKB_HOME": str(settings.home),
    }


@contextmanager
def serving(settings: Settings, stderr: IO[str] | None = None, **given: str) -> Iterator[tuple[str, int]]:
    """Address and process of a real server, started as its user would start it, with further settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "nexuskb"), "serve", "--port", str(port)]
    surroundings = {**environment(settings), **given}
    process = subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=stderr, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, process)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def served(settings: Settings, store: OxigraphStore) -> Iterator[str]:
    """The address of a server that lets its one client, these tests, use all of its time."""
    with serving(settings, NEXUSKB_CLIENT_SECONDS="0") as (address, _):
        yield address


def _wait_for(address: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            httpx.get(f"{address}/health/live", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not answer within 120 seconds")


@pytest.fixture
def web(served: str) -> Iterator[httpx.Client]:
    """A client of the served instance."""
    with httpx.Client(base_url=served, timeout=60) as client:
        yield client
