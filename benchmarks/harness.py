"""A whole run: make a base, load it into each peer in turn, measure, compare the answers."""

from __future__ import annotations

import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from benchmarks.base import first_answers
from benchmarks.client import Client, Prepared, Run, Sample, prepare
from benchmarks.generator import ROOT, Made, generate, plan, read_profile
from benchmarks.peers import OFFERS, Data, Offer, Peer, PeerError, ask, free_port
from benchmarks.streaming import ROWS, stream
from benchmarks.validation import whole_base_rates
from benchmarks.workload import HEAVY, LIGHT, WEIGHTS, Ask, Workload, kind_of, named_questions, repeats
from nexuskb.content import read_model
from nexuskb.settings import Settings
from nexuskb.store.filling import prepare as fill_store

Say = Callable[[str], None]
_MANY = 16
#: Seconds that requests under way are waited for when a phase ends; a slow peer must not take all the time.
_PATIENCE = 4.0
_CHECKED_PER_KIND = 2
_CHECKING, _WARMING = 10.0, 10.0
#: Seconds to get done with earlier queries, or to answer one outside the phases.
_SETTLING = 5.0
#: A peer that takes longer than this to start is not started anew, but waited for.
_LONG_START = 30.0
#: Time for all phases of a peer: so many lengths of the longest one, and seconds for waiting in between.
_PEER_SHARE, _PEER_SPARE = 5, 20
_REPEATED = 50
#: More requests than the fastest peer can take in a second; when they are used up, they begin anew.
_DRAWN_PER_SECOND = 5_000
_MOST_DRAWN = 60_000


@dataclass(frozen=True, slots=True)
class Phase:
    """A measurement: its name, part of the time given, connections, and connections with heavy queries."""

    name: str
    share: float
    connections: int
    stream: str
    heavy: int = 0


PHASES = (
    Phase("mix unseen, 1 client", 1.0, 1, "mix-one"),
    Phase("mix unseen, 16 clients", 1.0, _MANY, "mix-many"),
    Phase("point lookup, 1 client", 0.3, 1, "point"),
    Phase("mix repeated, 1 client", 0.3, 1, "repeated"),
    Phase("mix repeated, 16 clients", 0.3, _MANY, "repeated"),
    Phase("15 light clients", 0.5, _MANY - 1, "light-alone"),
    Phase("15 light clients beside 1 heavy", 0.7, _MANY - 1, "light-beside", heavy=1),
    Phase("named questions, 1 client", 0.7, 1, "questions"),
)


@dataclass(slots=True)
class Streams:
    """All requests of a run, drawn once and put into the form of each peer."""

    asks: dict[str, list[Ask]]

    @classmethod
    def draw(cls, workload: Workload, questions: list[Ask], seconds: float, seed: int) -> Streams:
        many = min(_MOST_DRAWN, int(seconds * _DRAWN_PER_SECOND))
        light = {kind: WEIGHTS[kind] for kind in LIGHT}
        heavy = dict.fromkeys(HEAVY, 1)
        return cls(
            {
                "point": workload.draw(seed + 1, many, {"point lookup": 1}),
                "mix-one": workload.draw(seed + 2, many),
                "mix-many": workload.draw(seed + 3, many),
                "repeated": workload.draw(seed + 4, _REPEATED * 2)[:_REPEATED],
                "light-alone": workload.draw(seed + 5, many, light),
                "light-beside": workload.draw(seed + 6, many, light),
                "heavy": workload.draw(seed + 7, 2000, heavy),
                "questions": questions,
                "check": _some_of_each(workload.draw(seed + 8, 800)),
            }
        )


def _some_of_each(asks: list[Ask]) -> list[Ask]:
    taken: Counter[str] = Counter()
    chosen = []
    for one in asks:
        taken[one.kind] += 1
        if taken[one.kind] <= _CHECKED_PER_KIND:
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.kind)


def run(
    triples: int, seconds: float, keys: Sequence[str], seed: int, say: Say, *, base: bool
) -> dict[str, Any]:
    """Measure the peers of these keys (all, if none is given) and return what came of it."""
    begun = time.time()
    wanted = [offer for offer in OFFERS if not keys or offer.key in keys]
    with tempfile.TemporaryDirectory(prefix="nexuskb-bench-") as scratch:
        root = Path(scratch)
        say(f"making a base of {triples:,} triples")
        profile = read_profile()
        made = generate(root / "data", triples, seed, profile)
        data, loaded = _load(root, say)
        workload = Workload(made, profile)
        model = read_model(Settings(ROOT / "ontology", root / "data", root / "home"))
        questions = named_questions(model, made, lambda name: kind_of(profile, name))
        streams = Streams.draw(workload, questions, seconds, seed)
        result: dict[str, Any] = {
            "settings": {"triples": triples, "seconds": seconds, "seed": seed, "weights": WEIGHTS},
            "base": {"data triples": made.triples, "records": sum(made.counts.values()), **loaded},
            "machine": machine(),
            "repeated texts in the unseen mix": round(repeats(streams.asks["mix-many"]), 4),
            "ceiling": ceiling(streams.asks["mix-one"], min(2.0, seconds)),
            "missing": {},
            "peers": {},
        }
        say(f"client alone: {result['ceiling']}")
        for offer in wanted:
            if reason := offer.missing():
                result["missing"][offer.name] = reason
                say(f"{offer.name}: missing, {reason}")
                continue
            _measure_peer(offer, data, root / offer.key, streams, seconds, result, say)
        result["disagreements"] = _compare(result["peers"], streams.asks["check"])
        if base:
            say("start to first answer, and validation, on the real base")
            result["first answer"] = first_answers(root / "first")
            result["validation"] = whole_base_rates("kor")
        result["machine"]["load average before and after"].append(load_average())
        result["took seconds"] = round(time.time() - begun, 1)
    return result


def _load(root: Path, say: Say) -> tuple[Data, dict[str, Any]]:
    """Fill a store of nexuskb, and give the peers all that is in it as triples, each once."""
    begun = time.perf_counter()
    settings = Settings(ROOT / "ontology", root / "data", root / "home")
    (root / "home").mkdir()
    # In a process of its own, so that the threads of the disk engine and its memory are gone afterwards.
    script = (
        "import sys; from pathlib import Path; from benchmarks.harness import fill_and_dump;"
        "fill_and_dump(*map(Path, sys.argv[1:]))"
    )
    subprocess.run(
        [sys.executable, "-c", script, *map(str, (settings.ontology, settings.data, settings.home))],
        cwd=ROOT,
        check=True,
    )
    told = json.loads((root / "home" / "told.json").read_text(encoding="utf-8"))
    say(f"filled nexuskb's store in {told['nexuskb fill seconds']} s: {told['triples served']:,} triples")
    told["prepared in seconds"] = round(time.perf_counter() - begun, 1)
    return Data(root / "data", root / "home" / "all.nt", root / "home"), told


def fill_and_dump(ontology: Path, data: Path, home: Path) -> None:
    """Fill the store and write what its default graph answers from as N-Triples."""
    begun = time.perf_counter()
    directory, _ = fill_store(Settings(ontology, data, home))
    filled = time.perf_counter() - begun
    store = ox.Store.read_only(str(directory))
    union = ox.Store()
    union.bulk_extend(ox.Quad(*quad.triple) for quad in store)
    union.dump(str(home / "all.nt"), format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
    told = {"nexuskb fill seconds": round(filled, 1), "triples served": len(union), "quads": len(store)}
    (home / "told.json").write_text(json.dumps(told), encoding="utf-8")


def _measure_peer(
    offer: Offer,
    data: Data,
    directory: Path,
    streams: Streams,
    seconds: float,
    result: dict[str, Any],
    say: Say,
) -> None:
    try:
        peer = offer.start(data, directory)
    except (PeerError, subprocess.TimeoutExpired, OSError) as error:
        result["missing"][offer.name] = str(error)
        say(f"{offer.name}: {error}")
        return
    told: dict[str, Any] = {
        "load seconds": round(peer.load_seconds, 2),
        "start seconds": round(peer.start_seconds, 2),
        "memory idle": peer.memory(),
        "phases": {},
        "answers": [],
        "restarts": 0,
    }
    result["peers"][offer.name] = told
    say(f"{offer.name}: loaded in {peer.load_seconds:.1f} s, first answer after {peer.start_seconds:.1f} s")
    peak = told["memory idle"]
    end = time.monotonic() + _PEER_SHARE * seconds + _PEER_SPARE
    warm, slow = False, peer.start_seconds > _LONG_START
    try:
        for phase in PHASES:
            if time.monotonic() > end:
                told["phases"][phase.name] = {"not measured": "slow answers used up the time for this peer"}
                continue
            if phase.stream == "repeated" and not warm:
                _warm(peer, streams)
                warm = True
            if not peer.settle(_SETTLING) and not (slow and peer.settle(3 * _SETTLING)):
                if slow:
                    told["phases"][phase.name] = {"not measured": "still busy with earlier queries"}
                    continue
                peer.stop()
                told["restarts"] += 1
                peer = offer.start(data, directory.with_name(f"{directory.name}-{told['restarts']}"))
            told["phases"][phase.name] = _measure(peer, phase, streams, seconds)
            peak = max(peak, peer.memory(), key=lambda memory: memory["rss"])
            say(f"  {phase.name}: {_brief(told['phases'][phase.name])}")
        peer.settle(_SETTLING)
        told["stream"] = stream(peer, min(ROWS, result["settings"]["triples"]))
        peer.settle(_SETTLING)
        told["answers"] = _answers(peer, streams.asks["check"])
    except (PeerError, subprocess.TimeoutExpired, OSError) as error:
        told["failed"] = str(error)
        say(f"  failed: {error}")
    finally:
        told["memory peak"] = peak
        peer.stop()


def _warm(peer: Peer, streams: Streams) -> None:
    """Let it know the repeated queries, as any endpoint that has been asked them would."""
    end = time.monotonic() + _WARMING
    with suppress(OSError):
        for one in streams.asks["repeated"]:
            if time.monotonic() > end:
                break
            ask(peer.address, one.text, _SETTLING)


def _measure(peer: Peer, phase: Phase, streams: Streams, seconds: float) -> dict[str, Any]:
    def stream(name: str) -> list[Prepared]:
        return prepare(streams.asks[name], peer.path)

    prepared = stream(phase.stream)
    shared = iter(prepared) if phase.stream == "questions" else itertools.cycle(prepared)
    heavy = itertools.cycle(stream("heavy")) if phase.heavy else None
    flows = [shared] * phase.connections + ([heavy] * phase.heavy if heavy else [])
    begun, client, peers, everyones = time.perf_counter(), time.process_time(), peer.busy(), _busy()
    done = Client(peer.port, 1 + PHASES.index(phase)).run(flows, phase.share * seconds, _PATIENCE)
    took, used = time.perf_counter() - begun, peer.busy() - peers
    others = (_busy() - everyones) - used - (time.process_time() - client)
    told = summary(done, light_only=bool(phase.heavy))
    told["processor seconds an answer"] = round(used / len(done.samples), 6) if done.samples else None
    told["cores taken by others"] = round(max(0.0, others / took), 2)
    if phase.stream == "questions":
        told["answered of"] = [sum(s.good for s in done.samples), len(prepared)]
        told["seconds of each"] = {s.kind: round(s.seconds, 5) for s in done.samples if s.good}
    elif phase.stream != "repeated" and len(done.samples) > len(prepared):
        told["begun anew"] = True
    return told


def summary(done: Run, *, light_only: bool = False) -> dict[str, Any]:
    """Requests a second, and seconds at the median and at 99 in 100, over all and by kind.

    What was cut off counts with the time it had taken by then, as no answer.
    """
    samples = [s for s in done.samples if not light_only or s.kind not in HEAVY]
    cut = [s for s in done.unfinished if not light_only or s.kind not in HEAVY]
    good = [s for s in samples if s.good]
    told: dict[str, Any] = {
        "requests/s": round(len(good) / done.seconds, 2),
        "answered": len(good),
        "errors": len(samples) - len(good),
        "cut off": len(cut),
        "reconnects": done.reconnects,
        "seconds": round(done.seconds, 2),
        **_times([*good, *cut]),
        "kinds": {},
    }
    if light_only:
        told["heavy answered"] = sum(s.good for s in done.samples if s.kind in HEAVY)
    for kind in sorted({s.kind for s in [*samples, *cut]}):
        of_kind = [s for s in good if s.kind == kind]
        late = [s for s in cut if s.kind == kind]
        wrong = sum(1 for s in samples if s.kind == kind and not s.good)
        told["kinds"][kind] = {"answered": len(of_kind), "errors": wrong, **_times([*of_kind, *late])}
    return told


def _times(samples: Sequence[Sample]) -> dict[str, float | None]:
    times = sorted(s.seconds for s in samples)
    return {"median": quantile(times, 0.5), "p99": quantile(times, 0.99)}


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that so large a share does not exceed."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 6)


def _brief(told: dict[str, Any]) -> str:
    median, p99 = told["median"] or 0, told["p99"] or 0
    return (
        f"{told['requests/s']:,.1f}/s, median {median * 1000:.2f} ms, p99 {p99 * 1000:.1f} ms"
        f" ({told['errors']} errors, {told['cut off']} cut off)"
    )


def _answers(peer: Peer, asks: list[Ask]) -> list[int | str | None]:
    """The rows of each query of the comparison, or what went wrong; nothing for those it had no time for."""
    told: list[int | str | None] = []
    end = time.monotonic() + _CHECKING
    for one in asks:
        rows: int | str | None = None
        if time.monotonic() < end:
            try:
                status, body = ask(peer.address, one.text, _SETTLING)
                rows = len(json.loads(body)["results"]["bindings"]) if status == 200 else f"status {status}"
            except TimeoutError:
                rows = None
            except (OSError, ValueError, KeyError) as error:
                rows = type(error).__name__
        told.append(rows)
    return told


def _compare(peers: dict[str, Any], asks: list[Ask]) -> list[str]:
    """Where peers do not give as many rows as most of them."""
    said = []
    for place, one in enumerate(asks):
        answers = {name: told["answers"][place] for name, told in peers.items() if told["answers"]}
        usual = Counter(rows for rows in answers.values() if rows is not None).most_common(1)
        said += [
            f"{name}: {rows} rows for {one.kind} no. {place}, others {usual[0][0]}"
            for name, rows in answers.items()
            if rows is not None and rows != usual[0][0]
        ]
    return said


def ceiling(asks: list[Ask], seconds: float) -> dict[str, float]:
    """Requests a second of the client against a server that does nothing."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.ceiling", str(port)], cwd=ROOT)
    try:
        time.sleep(0.5)
        prepared = prepare(asks, "/sparql")
        told = {}
        for connections in (1, _MANY):
            done = Client(port).run([itertools.cycle(prepared)] * connections, seconds / 2, 1)
            told[f"{connections} connections"] = round(len(done.samples) / done.seconds)
        return told
    finally:
        process.kill()
        process.wait()


def machine() -> dict[str, Any]:
    """What it ran on, and the versions of what ran."""
    told: dict[str, Any] = {
        "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC",
        "cores": len(_lines("/proc/cpuinfo", "processor")),
        "processor": _lines("/proc/cpuinfo", "model name")[0].partition(":")[2].strip(),
        "memory GiB": round(int(_lines("/proc/meminfo", "MemTotal")[0].split()[1]) / 1024**2, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load average before and after": [load_average()],
    }
    for package in ("oxigraph", "pyoxigraph", "rdflib", "rdflib-endpoint", "oxrdflib", "fastapi", "uvicorn"):
        with suppress(metadata.PackageNotFoundError):
            told[package] = metadata.version(package)
    told["nexuskb commit"] = _output(["git", "-C", str(ROOT), "describe", "--always", "--dirty"])
    told["virtuoso"] = _output(["dpkg-query", "-W", "-f=${Version}", "virtuoso-opensource-7-bin"])
    return told


def _busy() -> float:
    """Seconds that all processors together have been busy since the machine was started."""
    fields = [int(n) for n in _lines("/proc/stat", "cpu ")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def load_average() -> float:
    """Processes that were running or waiting for a processor in the last minute."""
    return float(Path("/proc/loadavg").read_text(encoding="ascii").split()[0])


def _lines(path: str, start: str) -> list[str]:
    return [line for line in Path(path).read_text().splitlines() if line.startswith(start)]


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not known"


__all__ = ["PHASES", "Made", "fill_and_dump", "plan", "run"]
