"""The endpoints compared: how each is told to load the data, started, found and stopped.

Every peer listens on 127.0.0.1 at a free port and writes only under a directory of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from benchmarks.client import JSON
from benchmarks.generator import ROOT

_BIN = Path(sys.executable).parent
_PATIENCE = 420.0


class PeerError(Exception):
    """A peer could not be loaded or started."""


class Data(NamedTuple):
    """What peers are given: Turtle files for nexuskb, one N-Triples file with the whole for the others."""

    turtle: Path
    triples: Path
    home: Path


@dataclass(slots=True)
class Peer:
    """A running endpoint."""

    name: str
    port: int
    path: str
    process: subprocess.Popen[bytes]
    log: Path
    load_seconds: float = 0.0
    start_seconds: float = 0.0
    _known: set[int] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def processes(self) -> list[int]:
        """The process started and all its descendants."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    waiting += map(int, (task / "children").read_text().split())
        self._known.update(found)
        return found

    def memory(self) -> dict[str, float]:
        """MiB in all its processes: resident, and with shared pages counted once."""
        total = {"rss": 0.0, "pss": 0.0}
        for pid in self.processes():
            with suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    key = line.partition(":")[0].lower()
                    if key in total:
                        total[key] += int(line.split()[1]) / 1024
        return {key: round(value, 1) for key, value in total.items()}

    def busy(self, *, with_ended: bool = False) -> float:
        """Seconds of processor time used so far by its processes, and by those of theirs that have ended."""
        ticks = 0
        for pid in self.processes():
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11 : 15 if with_ended else 13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def settle(self, seconds: float) -> bool:
        """Wait until it has no work left from before; whether that came in time."""
        end = time.monotonic() + seconds
        before = self.busy()
        while time.monotonic() < end:
            time.sleep(0.25)
            now = self.busy()
            if now - before < 0.1 and self.answers():
                return True
            before = now
        return False

    def answers(self) -> bool:
        """Whether it answers a trivial query now."""
        try:
            return ask(self.address, "ASK { ?s ?p ?o }", 5)[0] == 200
        except OSError:
            return False

    def stop(self) -> None:
        """End what was started here, and nothing else."""
        own = self.processes()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in own[1:]:
            with suppress(ProcessLookupError):
                if _ended(pid, 3):
                    continue
                os.kill(pid, signal.SIGKILL)
                _ended(pid, 3)


def _ended(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def ask(address: str, query: str, timeout: float) -> tuple[int, bytes]:
    """One query by GET (or a form by POST if it is long); status and body."""
    escaped = quote(query, safe="")
    if len(escaped) <= 3000:
        request = urllib.request.Request(f"{address}?query={escaped}", headers={"Accept": JSON})
    else:
        request = urllib.request.Request(
            address,
            f"query={escaped}".encode(),
            {"Accept": JSON, "Content-Type": "application/x-www-form-urlencoded"},
        )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(
    name: str,
    command: list[str],
    port: int,
    path: str,
    directory: Path,
    environment: dict[str, str] | None = None,
    patience: float = _PATIENCE,
) -> Peer:
    """Start a command and wait for its first answer."""
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "log.txt"
    with log.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    peer = Peer(name, port, path, process, log)
    while not peer.answers():
        if process.poll() is not None or time.perf_counter() - start > patience:
            peer.stop()
            said = log.read_text(errors="replace")[-1500:]
            raise PeerError(f"{name} did not start: {said.strip() or 'no output'}")
        time.sleep(0.02)
    peer.start_seconds = time.perf_counter() - start
    return peer


def nexuskb(mode: str) -> Callable[[Data, Path], Peer]:
    """``nexuskb serve``; its store is filled beforehand (the time of that is told as its loading)."""

    def start(data: Data, directory: Path) -> Peer:
        port = free_port()
        environment = {
            "NEXUSKB_DATA": str(data.turtle),
            "NEXUSKB_ONTOLOGY": str(ROOT / "ontology"),
            "NEXUSKB_HOME": str(data.home),
            "NEXUSKB_STORE_MODE": mode,
            "NEXUSKB_CLIENT_SECONDS": "0",  # all clients come from one address
        }
        command = [str(_BIN / "nexuskb"), "serve", "--port", str(port)]
        return launch(f"nexuskb ({mode})", command, port, "/sparql", directory, environment)

    return start


def bare(data: Data, directory: Path) -> Peer:
    """The least facade."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare", str(data.triples), str(port)]
    return launch("bare FastAPI + pyoxigraph", command, port, "/sparql", directory, {"PYTHONPATH": str(ROOT)})


def oxigraph(data: Data, directory: Path) -> Peer:
    """``oxigraph serve`` on disk, loaded with ``oxigraph load``."""
    port, location = free_port(), directory / "store"
    directory.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    _done([str(_BIN / "oxigraph"), "load", "--location", str(location), "--file", str(data.triples)])
    loaded = time.perf_counter() - begun
    command = [str(_BIN / "oxigraph"), "serve", "--location", str(location), "--bind", f"127.0.0.1:{port}"]
    peer = launch("oxigraph serve", command, port, "/query", directory)
    peer.load_seconds = loaded
    return peer


def rdflib_endpoint(store: str) -> Callable[[Data, Path], Peer]:
    """``rdflib-endpoint serve``, which loads when it starts."""

    def start(data: Data, directory: Path) -> Peer:
        port = free_port()
        command = [str(_BIN / "rdflib-endpoint"), "serve", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--store", store, str(data.triples)]
        name = "rdflib-endpoint (oxigraph)" if store == "Oxigraph" else "rdflib-endpoint (rdflib)"
        return launch(name, command, port, "/", directory)

    return start


def virtuoso(data: Data, directory: Path) -> Peer:
    """Virtuoso with an ini of its own, loaded by its bulk loader."""
    directory.mkdir(parents=True, exist_ok=True)
    http, sql = free_port(), free_port()
    shutil.copy(data.triples, directory / "data.nt")
    (directory / "virtuoso.ini").write_text(_INI.format(d=directory, http=http, sql=sql), encoding="utf-8")
    command = [_program("virtuoso-t"), "+foreground", "+configfile", str(directory / "virtuoso.ini")]
    peer = launch("Virtuoso", command, http, "/sparql", directory)
    begun = time.perf_counter()
    graph = "https://w3id.org/nexuskb/graphs/all"
    script = f"ld_dir('{directory}', 'data.nt', '{graph}'); rdf_loader_run(); checkpoint;"
    try:
        _done([_program("isql-vt"), f"127.0.0.1:{sql}", "dba", "dba", f"exec={script}"])
    except PeerError:
        peer.stop()
        raise
    peer.load_seconds = time.perf_counter() - begun
    (directory / "data.nt").unlink()
    return peer


def _done(command: list[str]) -> None:
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_PATIENCE
    )
    if ended.returncode or b"*** Error" in ended.stderr + ended.stdout:
        raise PeerError(f"{Path(command[0]).name}: {(ended.stderr + ended.stdout).decode()[-1500:]}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise PeerError(f"{name} is not installed")
    return found


_INI = """[Database]
DatabaseFile = {d}/virtuoso.db
ErrorLogFile = {d}/virtuoso.log
LockFile = {d}/virtuoso.lck
TransactionFile = {d}/virtuoso.trx
xa_persistent_file = {d}/virtuoso.pxa
MaxCheckpointRemap = 2000
[TempDatabase]
DatabaseFile = {d}/virtuoso-temp.db
TransactionFile = {d}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
ServerThreads = 40
DirsAllowed = {d}
NumberOfBuffers = 340000
MaxDirtyBuffers = 250000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 32
MaxClientConnections = 32
MaxKeepAlives = 32
KeepAliveTimeout = 60
EnabledGzipContent = 0
[SPARQL]
ResultSetMaxRows = 1000000
MaxQueryCostEstimationTime = 0
MaxQueryExecutionTime = 0
[Client]
SQL_PREFETCH_ROWS = 100
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A peer that can be asked for by ``key``; ``missing`` says why it cannot run here, or nothing."""

    key: str
    name: str
    start: Callable[[Data, Path], Peer]
    missing: Callable[[], str]


def _needs_module(module: str, package: str) -> Callable[[], str]:
    return lambda: "" if importlib.util.find_spec(module) else f"PyPI package {package} is not installed"


def _needs_program(program: Path | str, source: str) -> Callable[[], str]:
    return lambda: "" if shutil.which(str(program)) else f"{source} is not installed"


def _needs_setting() -> str:
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "api").rglob("*.py")]
    found = any("NEXUSKB_STORE_MODE" in path.read_text(encoding="utf-8") for path in sources)
    return "" if found else "this nexuskb has no setting NEXUSKB_STORE_MODE"


def _needs_oxrdflib() -> str:
    return _needs_module("rdflib_endpoint", "rdflib-endpoint")() or _needs_module("oxrdflib", "oxrdflib")()


OFFERS = (
    Offer("nexuskb", "nexuskb (memory)", nexuskb("memory"), lambda: ""),
    Offer("nexuskb-disk", "nexuskb (disk)", nexuskb("disk"), _needs_setting),
    Offer("oxigraph", "oxigraph serve", oxigraph, _needs_program(_BIN / "oxigraph", "PyPI package oxigraph")),
    Offer(
        "virtuoso", "Virtuoso", virtuoso,
        _needs_program("virtuoso-t", "Debian package virtuoso-opensource-7-bin"),
    ),
    Offer("bare", "bare FastAPI + pyoxigraph", bare, lambda: ""),
    Offer("rdflib-oxigraph", "rdflib-endpoint (oxigraph)", rdflib_endpoint("Oxigraph"), _needs_oxrdflib),
    Offer(
        "rdflib", "rdflib-endpoint (rdflib)", rdflib_endpoint("default"),
        _needs_module("rdflib_endpoint", "rdflib-endpoint"),
    ),
)  # fmt: skip
