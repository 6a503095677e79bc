"""An answer far larger than what may be held goes through server and worker in little memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import serving

from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore

MIB = 1024**2
#: Half a million rows, of a base of a hundred thousand triples.
QUERY = "SELECT ?n ?s ?p ?o WHERE { VALUES ?n { 1 2 3 4 5 6 7 8 9 10 } ?s ?p ?o } LIMIT 500000"


@pytest.fixture(scope="module")
def house(settings: Settings, store: OxigraphStore) -> Iterator[tuple[str, int]]:
    """A server with time enough for a slow machine."""
    given = {"NEXUSKB_CLIENT_SECONDS": "0", "NEXUSKB_QUERY_SECONDS": "250"}
    with serving(settings, **given) as running:
        yield running


def processes(pid: int) -> list[int]:
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [pid, *(below for child in children for below in processes(child))]


def memory(pid: int) -> float:
    """MiB of the server and all below it, shared pages counted once."""
    lines = [
        line
        for process in processes(pid)
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    ]
    return sum(int(line.split()[1]) for line in lines) / 1024


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("name", ["json", "csv"])
def test_half_a_million_rows_take_little_memory(house: tuple[str, int], coding: str, name: str) -> None:
    address, pid = house
    asked = {"query": QUERY, "format": name}
    headers = {"Accept-Encoding": coding}
    httpx.post(f"{address}/sparql", data={**asked, "query": QUERY[:-3]}, headers=headers, timeout=250)
    before = most = memory(pid)
    lines, size, end, unpacker = 0, 0, b"", zlib.decompressobj(31)
    with httpx.stream("POST", f"{address}/sparql", data=asked, headers=headers, timeout=250) as response:
        assert response.headers.get("content-encoding", "identity") == coding
        for number, block in enumerate(response.iter_raw()):
            text = unpacker.decompress(block) if coding == "gzip" else block
            lines, size, end = lines + text.count(b"\n"), size + len(text), text or end
            if number % 20 == 0:
                most = max(most, memory(pid))
    assert end.endswith(b"]}}") if name == "json" else lines > 500_000
    assert size > 60 * MIB
    assert most - before < 20
