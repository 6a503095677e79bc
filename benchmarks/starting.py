"""From ``nexuskb serve`` to the first answers over the real base: from an empty directory, and warm."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.generator import ROOT
from benchmarks.harness import load_average
from benchmarks.peers import Peer, free_port

QUERY = "SELECT ?l { rec:mng-ndc-2020 rdfs:label ?l }"
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds by the clock to the first answer of the endpoint and to the start page; processor seconds."""

    answer: float
    page: float
    processor: float


def measure(directory: Path, rounds: int) -> str:
    """A table in Markdown: medians of so many starts. Each round begins with an empty directory."""
    cold, warm = [], []
    for number in range(rounds):
        home = directory / f"home-{number}"
        shutil.rmtree(home, ignore_errors=True)
        cold.append(_start(home))
        warm.append(_start(home))
        shutil.rmtree(home)
    lines = [
        "| start | s to the first answer | s to the start page | s of processor time, all processes |",
        "| --- | ---: | ---: | ---: |",
        _line("from an empty directory", cold),
        _line("warm", warm),
    ]
    return "\n".join([*lines, "", f"{rounds} rounds; load average at the end {load_average():.1f}.", ""])


def _line(name: str, starts: list[Start]) -> str:
    answer, page, processor = (
        statistics.median(getattr(start, part) for start in starts)
        for part in ("answer", "page", "processor")
    )
    return f"| {name} | {answer:.1f} | {page:.1f} | {processor:.1f} |"


def _start(home: Path) -> Start:
    """Start it as its user does, in processes of their own, and end it."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "nexuskb"), "serve", "--port", str(port)]
    surroundings = {
        **os.environ,
        "NEXUSKB_HOME": str(home),
        "NEXUSKB_ONTOLOGY": str(ROOT / "ontology"),
        "NEXUSKB_DATA": str(ROOT / "data"),
    }
    log = home.with_suffix(".log")
    begun = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=surroundings, stdout=out, stderr=out)
    peer = Peer("nexuskb", port, "/sparql", process, log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_PATIENCE) as client:
            while True:
                with suppress(httpx.TransportError):
                    client.get("/sparql", params={"query": QUERY}).raise_for_status()
                    break
                if process.poll() is not None or time.monotonic() - begun > _PATIENCE:
                    raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8')}")
                time.sleep(0.02)
            answer = time.monotonic() - begun
            processor = peer.busy(with_ended=True)
            client.get("/", headers={"Accept": "text/html"}).raise_for_status()
            return Start(answer, time.monotonic() - begun, processor)
    finally:
        process.terminate()
        process.wait(timeout=60)
