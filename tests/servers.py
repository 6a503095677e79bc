"""Two real SPARQL servers on free ports of this machine, filled with the base: Oxigraph and Virtuoso.

They are started once a session, by the tests that ask for them, and killed at its end.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from nexuskb.settings import RemoteSettings, Settings
from nexuskb.store.publishing import publish
from tests.programs import program

_VIRTUOSO_INI = """\
[Database]
DatabaseFile = {home}/virtuoso.db
ErrorLogFile = {home}/virtuoso.log
LockFile = {home}/virtuoso.lck
TransactionFile = {home}/virtuoso.trx
xa_persistent_file = {home}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {home}/virtuoso-temp.db
TransactionFile = {home}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = {home}
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {home}
[SPARQL]
{more}
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def oxigraph(home: Path, *options: str, port: int = 0) -> Iterator[RemoteSettings]:
    """An Oxigraph server over what is in ``home``, on a free port if none is given."""
    port = port or free_port()
    binary = Path(sys.executable).parent / "oxigraph"
    assert binary.exists(), "the development dependency oxigraph is not installed: pip install -e '.[dev]'"
    command = [str(binary), "serve", "-l", str(home), "-b", f"127.0.0.1:{port}", *options]
    address = f"http://127.0.0.1:{port}"
    with _running(command, f"{address}/query", home):
        yield RemoteSettings(f"{address}/query", f"{address}/update", f"{address}/store")


@contextmanager
def virtuoso(home: Path, more: str = "", port: int = 0) -> Iterator[RemoteSettings]:
    """A Virtuoso server over what is in ``home``, with its password as installed.

    ``more`` goes to its section [SPARQL].
    """
    binary = program("virtuoso-t")
    sql, http = free_port(), port or free_port()
    ini = home / "virtuoso.ini"
    ini.write_text(_VIRTUOSO_INI.format(home=home, sql=sql, http=http, more=more))
    address = f"http://127.0.0.1:{http}"
    with _running([binary, "-f", "-c", str(ini)], f"{address}/sparql", home):
        yield RemoteSettings(
            query=f"{address}/sparql",
            update=f"{address}/sparql-auth",
            graphs=f"{address}/sparql-graph-crud-auth",
            user="dba",
            password="dba",
            timeout="timeout={milliseconds}",
        )


@contextmanager
def _running(command: list[str], address: str, home: Path) -> Iterator[None]:
    with (home.parent / f"{home.name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log)
    try:
        _wait_for(address, process)
        yield
    finally:
        process.kill()
        process.wait(timeout=60)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        try:
            httpx.get(address, timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not answer within 180 seconds")


@pytest.fixture(scope="session")
def oxigraph_remote(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteSettings]:
    """An Oxigraph server that holds the base."""
    with oxigraph(tmp_path_factory.mktemp("oxigraph")) as remote:
        publish(replace(settings, store=remote))
        yield remote


@pytest.fixture(scope="session")
def virtuoso_remote(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteSettings]:
    """A Virtuoso server that holds the base."""
    with virtuoso(tmp_path_factory.mktemp("virtuoso")) as remote:
        publish(replace(settings, store=remote))
        yield remote


@pytest.fixture(scope="session", params=["oxigraph", "virtuoso"])
def remote(request: pytest.FixtureRequest) -> RemoteSettings:
    """Each of the two servers, holding the base."""
    found: RemoteSettings = request.getfixturevalue(f"{request.param}_remote")
    return found
