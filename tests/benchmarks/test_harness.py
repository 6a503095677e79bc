"""The harness, on a small base and for a second a peer. Nothing here looks at how fast anything was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.client import Run, Sample
from benchmarks.harness import PHASES, quantile, summary
from benchmarks.peers import OFFERS, Peer
from benchmarks.report import aims, markdown, plot

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("report")
    command = [sys.executable, "-m", "benchmarks", "run", "--triples", "10000", "--seconds", "1", "--no-base"]
    command += ["--peer", "nexuskb", "--peer", "bare", "--output", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=200)
    return directory


def test_both_peers_answer_alike_in_every_phase(output: Path) -> None:
    result = json.loads((output / "result.json").read_text(encoding="utf-8"))
    assert list(result["peers"]) == ["nexuskb (memory)", "bare FastAPI + pyoxigraph"]
    assert result["disagreements"] == []
    for told in result["peers"].values():
        assert told["memory peak"]["rss"] > 0
        assert told["stream"]["bytes"] > 1024**2
        assert told["stream"]["MiB at most"] >= told["stream"]["MiB before"] > 0
        for phase in PHASES:
            figures = told["phases"][phase.name]
            assert figures["answered"] > 0
            assert figures["errors"] == 0


def test_the_report_has_table_plot_and_aims(output: Path) -> None:
    result = json.loads((output / "result.json").read_text(encoding="utf-8"))
    assert "| nexuskb (memory) |" in (output / "result.md").read_text(encoding="utf-8")
    ElementTree.parse(output / "result.svg")
    assert {aim.figure for aim in aims(result)} >= {"not measured"}


def test_peers_left_out_are_not_called_missing_and_missing_ones_are_named(output: Path) -> None:
    result = json.loads((output / "result.json").read_text(encoding="utf-8"))
    assert result["missing"] == {}
    result["missing"]["Virtuoso"] = "Debian package virtuoso-opensource-7-bin is not installed"
    assert "Missing: Virtuoso: Debian package" in markdown(result)
    assert "not measured" not in plot(result)


def test_every_offer_says_whether_it_can_run() -> None:
    assert len({offer.key for offer in OFFERS}) == len(OFFERS)
    assert all(isinstance(offer.missing(), str) for offer in OFFERS)


def test_what_was_cut_off_counts_in_the_times_and_not_in_the_rate() -> None:
    run = Run(
        samples=[Sample("a", 0.1, True, 10), Sample("a", 0.2, False, 10)],
        unfinished=[Sample("a", 5.0, False, 0)],
        seconds=2.0,
    )
    told = summary(run)
    assert (told["requests/s"], told["errors"], told["cut off"]) == (0.5, 1, 1)
    assert told["p99"] == 5.0


def test_quantiles() -> None:
    assert quantile([], 0.5) is None
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert quantile([float(n) for n in range(100)], 0.99) == 99.0


def test_a_peer_that_is_stopped_leaves_no_process(tmp_path: Path) -> None:
    process = subprocess.Popen(["sh", "-c", "sleep 60 & wait"])
    peer = Peer("test", 1, "/", process, tmp_path / "log")
    while len(processes := peer.processes()) < 2:
        pass
    peer.stop()
    assert not any(running(pid) for pid in processes)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
