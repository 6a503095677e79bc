"""What validation takes: one change on bases of growing size; the whole base beside pySHACL alone."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyshacl
from rdflib import RDF, Graph

from benchmarks.changes import change_costs
from benchmarks.generator import ROOT, generate
from nexuskb.content import read_model, read_shapes, read_turtle
from nexuskb.settings import Settings
from nexuskb.terms import NX
from nexuskb.validation.base import validate

Say = Callable[[str], None]
ROUNDS = 5


def measure(directory: Path, sizes: Iterable[int], changes: int, say: Say) -> str:
    """Tables in Markdown. Each size is measured in processes of its own, in rounds, for other programs on the
    machine make some minutes slower than others; a figure is the median over the rounds.
    """
    made = {size: generate(directory / str(size) / "data", size) for size in sizes}
    costs: dict[int, list[dict[str, Any]]] = {size: [] for size in made}
    for number in range(1, ROUNDS + 1):
        for size, base in made.items():
            say(f"one change at {size:,} triples, round {number} of {ROUNDS}")
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                costs[size].append(pool.apply(change_costs, (directory / str(size), base, changes)))
    say("the whole base, by nexuskb and by pySHACL as it comes")
    rates = whole_base_rates()
    return "\n\n".join([_change_table(list(costs.values())), _rate_table(rates)]) + "\n"


def whole_base_rates(sample: str = "") -> dict[str, dict[str, float]]:
    """Records a second, reading the files included, by the clock and by processor time.

    With a ``sample``, pySHACL alone gets only the records of that area.
    """
    settings = Settings(ROOT / "ontology", ROOT / "data", Path())
    return {
        "nexuskb validate": _timed(lambda: _by_nexuskb(settings)),
        "pyshacl.validate": _timed(lambda: _by_pyshacl(settings, settings.data / sample)),
    }


def _by_nexuskb(settings: Settings) -> int:
    return validate(settings).records


def _by_pyshacl(settings: Settings, data: Path) -> int:
    graph = read_turtle(sorted(data.rglob("*.ttl")))
    pyshacl.validate(graph + read_model(settings), shacl_graph=read_shapes(settings))
    return _records(graph)


def _records(graph: Graph) -> int:
    return len(set(graph.subjects()) - set(graph.subjects(RDF.type, NX.Evidence)))


def _timed(run: Callable[[], int]) -> dict[str, float]:
    processor, clock = _processor(), time.perf_counter()
    records = run()
    clock, processor = time.perf_counter() - clock, _processor() - processor
    return {"records": records, "seconds": round(clock, 2), "processor seconds": round(processor, 2)}


def _processor() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def _change_table(costs: list[list[dict[str, Any]]]) -> str:
    columns = ["triples", "records", "median, ms", "p95, ms", "p99, ms", "open, s", "memory, MB"]
    last = "a term withdrawn, ms"
    lines = ["| " + " | ".join([*columns, last, "its users"]) + " |", "|" + " ---: |" * (len(columns) + 2)]
    for rounds in costs:
        cells = [statistics.median(cost[column] for cost in rounds) for column in columns]
        gone = [cost["withdrawing a term"] for cost in rounds]
        cells += [statistics.median(cost["ms"] for cost in gone), gone[0]["users"]]
        lines.append("| " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    return "\n".join(lines)


def _rate_table(rates: dict[str, dict[str, float]]) -> str:
    lines = [
        "| | records | seconds | records/s | processor seconds | records per processor second |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for what, told in rates.items():
        records, clock, processor = told["records"], told["seconds"], told["processor seconds"]
        lines.append(
            f"| `{what}` | {records:,} | {clock} | {records / clock:,.0f} | {processor} "
            f"| {records / processor:,.0f} |"
        )
    return "\n".join(lines)
