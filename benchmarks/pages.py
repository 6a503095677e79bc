"""What the pages of the real base cost their server: each record, search and list asked for once."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx

from benchmarks.generator import ROOT
from benchmarks.peers import Data, Peer, nexuskb

_HTML: Final = {"Accept": "text/html"}
_WORDS: Final = (
    "drought", "overgrazing", '"dust storm"', "荒漠化", "水", "가뭄", "цөлжилт", "засуха", "livestock tax",
    "soil", "irrigation", "forest -fire", "permafrost", "land degradation neutrality", "dzud",
)  # fmt: skip
_AREAS: Final = ("chn", "prk", "jpn", "mng", "kor", "rus", "north-east-asia")


def measure(directory: Path, records: int, seed: int, say: Callable[[str], None]) -> str:
    """A table, in Markdown, with times and processor time of a page of each kind."""
    peer = nexuskb("memory")(Data(ROOT / "data", Path(), directory / "home"), directory)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{peer.port}", timeout=60, headers=_HTML) as web:
            return _table(web, peer, _paths(web, records, random.Random(seed)), say)
    finally:
        peer.stop()


def _paths(web: httpx.Client, records: int, chance: random.Random) -> dict[str, list[str]]:
    counts = web.get("/search?format=json&size=1").json()["facets"]["kind"]
    named = []
    for count in counts:
        found = web.get(f"/search?format=csv&kind={count['value']}").text.splitlines()[1:]
        addresses = [line.split(",", 1)[0].rsplit("/", 1)[1] for line in found]
        named += chance.sample(addresses, min(len(addresses), max(1, records // len(counts))))
    return {
        "record": [f"/records/{name}" for name in named],
        "search": [f"/search?q={quote(words)}&area={area}" for words in _WORDS for area in _AREAS],
        "list": [f"/search?kind={count['value']}&area={area}" for count in counts for area in _AREAS],
        "start": ["/"] * 50,
    }


def _table(web: httpx.Client, peer: Peer, paths: dict[str, list[str]], say: Callable[[str], None]) -> str:
    lines = [
        "| page | asked | median ms | 95 % ms | processor ms a page | KiB, uncompressed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind, addresses in paths.items():
        web.get(addresses[0]).raise_for_status()
        peer.settle(10)
        begun, times, sizes = peer.busy(), [], []
        for address in addresses:
            start = time.perf_counter()
            response = web.get(address, headers={"Accept-Encoding": "identity"})
            times.append(1000 * (time.perf_counter() - start))
            response.raise_for_status()
            sizes.append(len(response.content) / 1024)
        used = 1000 * (peer.busy() - begun) / len(addresses)
        times.sort()
        late = times[int(0.95 * (len(times) - 1))]
        lines.append(
            f"| {kind} | {len(times)} | {statistics.median(times):.1f} | {late:.1f} | {used:.1f} "
            f"| {statistics.median(sizes):.0f} |"
        )
        say(lines[-1])
    return "\n".join(lines)
