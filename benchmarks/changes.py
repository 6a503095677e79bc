"""What it takes to check one change, on bases of growing size."""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rdflib import DCTERMS, SKOS, Literal, URIRef
from rdflib.term import Node

from benchmarks.generator import ROOT, Made
from nexuskb.settings import Settings
from nexuskb.terms import EV, NX, REC, concept_iri, scheme_iri
from nexuskb.validation.change import Change, ChangeChecker
from nexuskb.validation.triples import Triple

WARMING = 30
WITHDRAWN = concept_iri("response", "reverse"), scheme_iri("response")


class Editor:
    """Makes changes: of each ten, three new records, three texts, two evidences, a link, a deletion."""

    def __init__(self, checker: ChangeChecker, records: list[URIRef], rng: random.Random) -> None:
        self.checker = checker
        self.records = records
        self.rng = rng
        self.made = 0

    def draw(self) -> tuple[str, Change]:
        kinds: list[Callable[[], Change]] = [
            *[self.new_record] * 3, *[self.text] * 3, *[self.new_evidence] * 2, self.link, self.deletion
        ]  # fmt: skip
        made = self.rng.choice(kinds)
        return made.__name__.replace("_", " "), made()

    def new_record(self) -> Change:
        """A record with its evidence, like one that is there, under a name of its own."""
        old = self.rng.choice(self.records)
        self.made += 1
        name = f"new-{self.made}"
        held = self.checker.current([old])
        renamed: dict[Node, Node] = {old: REC[name]}
        for number, node in enumerate(sorted({s for s, _, _ in held} - {old}), 1):
            renamed[node] = EV[f"{name}-e{number}"]
        added = {(renamed.get(s, s), p, renamed.get(o, o)) for s, p, o in held if p != DCTERMS.identifier}
        return Change(frozenset({*added, (REC[name], DCTERMS.identifier, Literal(name))}))

    def text(self) -> Change:
        """Another summary."""
        record, texts = self._record_with(DCTERMS.description)
        new = (record, DCTERMS.description, Literal(f"{texts[0][2]} It was read again.", lang="en"))
        return Change(frozenset({new}), frozenset(texts))

    def new_evidence(self) -> Change:
        """One more passage for a record, from a source that is there."""
        record, links = self._record_with(NX.evidence)
        triples = [t for t in self.checker.current([record]) if t[0] == links[0][2]]
        node = EV[f"{str(record).removeprefix(str(REC))}-e99"]
        return Change(frozenset({(record, NX.evidence, node), *((node, p, o) for _, p, o in triples)}))

    def link(self) -> Change:
        """A measure of another policy."""
        record, old = self._record_with(NX.ofPolicy)
        _, other = self._record_with(NX.ofPolicy)
        return Change(frozenset({(record, NX.ofPolicy, other[0][2])}), frozenset(old))

    def deletion(self) -> Change:
        """A record goes with its evidence; what links to it is checked with it."""
        return Change(removed=self.checker.current([self.rng.choice(self.records)]))

    def _record_with(self, prop: URIRef) -> tuple[URIRef, list[Triple]]:
        while True:
            record = self.rng.choice(self.records)
            held = [t for t in self.checker.current([record]) if t[:2] == (record, prop)]
            if held:
                return record, held


def change_costs(directory: Path, made: Made, changes: int) -> dict[str, Any]:
    """Processor milliseconds for a check on a base that was made, and what opening it takes."""
    before = _resident()
    begun = time.process_time()
    checker = ChangeChecker.open(Settings(ROOT / "ontology", directory / "data", directory / "home"))
    opened = time.process_time() - begun
    gc.collect()
    memory = _resident() - before
    editor = Editor(checker, [URIRef(iri) for iri in made.records()], random.Random(made.seed))
    costs: list[float] = []
    by_kind: dict[str, list[float]] = {}
    for number in range(WARMING + changes):
        kind, change = editor.draw()
        begun = time.process_time()
        checker.check(change)
        cost = (time.process_time() - begun) * 1000
        if number >= WARMING:
            costs.append(cost)
            by_kind.setdefault(kind, []).append(cost)
    gone = Change(removed=frozenset({(WITHDRAWN[0], SKOS.inScheme, WITHDRAWN[1])}))
    users = len(checker.affected(gone))
    begun = time.process_time()
    checker.check(gone)
    withdrawing = (time.process_time() - begun) * 1000
    return {
        "triples": made.triples,
        "records": sum(made.counts.values()),
        "open, s": round(opened, 1),
        "memory, MB": round(memory),
        "median, ms": _rounded(statistics.median(costs)),
        "p95, ms": _rounded(_quantile(costs, 0.95)),
        "p99, ms": _rounded(_quantile(costs, 0.99)),
        "by kind, ms": {kind: _rounded(statistics.median(found)) for kind, found in sorted(by_kind.items())},
        "withdrawing a term": {"users": users, "ms": _rounded(withdrawing)},
    }


def _quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def _rounded(value: float) -> float:
    return round(value, 2)


def _resident() -> float:
    """Megabytes of this process in memory (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
