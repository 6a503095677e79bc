"""Chains: from a measure, a policy, a driver, an impact or a domain through interlinkages to an end.

A chain is joined by the base, not by a source: each of its steps is claimed by sources, its whole by nobody.
It meets nothing twice, and no domain stands in its middle, for land or water as a whole would join claims
that have nothing to do with each other. These are the rules of the question ``nexus-chains``, which finds the
same chains of two and three steps; here they can be longer and start at a measure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from nexuskb.asking import Asking
from nexuskb.errors import QuestionError
from nexuskb.exchange.harmless import harmless
from nexuskb.paper.network import NETWORK, Link, Node, read_network, read_prescribed
from nexuskb.questions.catalogue import Parameter, allowed_values
from nexuskb.terms import concept_iri, record_iri
from nexuskb.vocabulary import Vocabularies

#: Chains that are listed at most; there are more where many interlinkages meet.
MOST: Final = 1_000
LONGEST: Final = 5
#: What more of the first brings of the last.
SIGNS: Final = {1: "more", -1: "less", 0: "not known"}

PARAMETERS: Final = (
    Parameter("driver", "driver", False, "Chains that start at this driver"),
    Parameter("impact", "impact", False, "Chains that start at this impact"),
    Parameter("domain", "domain", False, "Chains that start at this domain"),
    Parameter("record", "record", False, "Chains that start at this measure or policy"),
    Parameter("to", "impact", False, "Only chains that end at this impact"),
    Parameter("country", "area", False, "Only chains whose first interlinkage is recorded for this area"),
    Parameter("steps", "number", False, f"Interlinkages in a chain at most, 2 to {LONGEST}; 3 if not given"),
)
STARTS: Final = ("driver", "impact", "domain", "record")


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps of which each starts where the one before ends."""

    steps: tuple[Link, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """What it leads through."""
        return (self.steps[0].start, *(step.end for step in self.steps))

    @property
    def sign(self) -> int:
        """1 where more of the first brings more of the last, -1 where less, 0 where a step has no sign."""
        sign = 1
        for step in self.steps:
            sign *= step.sign
        return sign

    @property
    def weakest(self) -> Link:
        """The interlinkage of least confidence; what a measure prescribes is not one, if there is another."""
        claimed = [step for step in self.steps if step.rank]
        return min(claimed or self.steps, key=lambda step: step.rank)

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that its steps are recorded for."""
        return tuple(dict.fromkeys(area for step in self.steps for area in step.areas))

    @property
    def crosses(self) -> bool:
        """Whether its steps are recorded for different areas: it crosses a border, or joins two places."""
        return len({step.areas for step in self.steps}) > 1

    @property
    def text(self) -> str:
        """The chain in one line, with the sign of each step."""
        marks = {1: "(+)", -1: "(-)", 0: "(?)"}
        return self.nodes[0].name + "".join(f" -> {marks[s.sign]} {s.end.name}" for s in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "chain": self.text,
            "start": self.nodes[0].iri,
            "end": self.nodes[-1].iri,
            "brings": SIGNS[self.sign],
            "weakestConfidence": self.weakest.confidence,
            "areas": list(self.areas),
            "acrossAreas": self.crosses,
            "steps": [
                {
                    "record": step.identifier,
                    "title": step.title,
                    "kind": step.kind,
                    "sign": step.sign,
                    "confidence": step.confidence,
                    "areas": list(step.areas),
                    "pinpoints": list(step.pinpoints),
                }
                for step in self.steps
            ],
        }


@dataclass(frozen=True, slots=True)
class Chains:
    """The chains from a start, the surest first; ``more`` if there are more than are listed."""

    start: str
    found: tuple[Chain, ...]
    more: bool
    parameters: dict[str, str]

    def provenance(self, generation: str) -> str:
        """What the chains are made from, for tracing a figure in print."""
        asked = urlencode(self.parameters)
        return f"Made from the question {NETWORK} of nexuskb, {asked}, generation {generation}."

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "start": self.start,
            "parameters": self.parameters,
            "more": self.more,
            "chains": [chain.as_dict() for chain in self.found],
        }


def find_chains(values: dict[str, str], vocabularies: Vocabularies) -> Asking[Chains]:
    """The chains that the parameters ask for (:data:`PARAMETERS`).

    Raises :class:`QuestionError` that names the parameter, the value and what is allowed.
    """
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    start, end, steps, country = _read(given, vocabularies)
    links = yield from read_network(vocabularies)
    first = (
        {link.identifier for link in (yield from read_network(vocabularies, country))} if country else None
    )
    prescribed = (yield from read_prescribed(given["record"], vocabularies)) if "record" in given else ()
    found: list[Chain] = []
    for chain in _walk(links, start, prescribed, steps):
        interlinkages = [step for step in chain.steps if step.rank]
        if end and chain.nodes[-1].iri != end:
            continue
        if first is None or interlinkages[0].identifier in first:
            found.append(chain)
    found.sort(
        key=lambda chain: (-chain.weakest.rank, len(chain.steps), chain.text, chain.steps[0].identifier)
    )
    name = next((link.start.name for link in links if link.start.iri == start), given.get("record", ""))
    return Chains(name or start, tuple(found[:MOST]), len(found) > MOST, given)


def chains_between(links: tuple[Link, ...], start: str, end: str, steps: int = LONGEST) -> tuple[Chain, ...]:
    """The chains of one step and more from one thing to another, both IRIs: the shortest and surest first.

    Where several links lead from one node to the next with one sign, the surest of them stands for all.
    """
    surest: dict[tuple[str, str, int], Link] = {}
    for link in links:
        place = (link.start.iri, link.end.iri, link.sign)
        if place not in surest or link.rank > surest[place].rank:
            surest[place] = link
    found = [
        chain for chain in _follow(_leading(surest.values()), start, (1, steps)) if chain.nodes[-1].iri == end
    ]
    found.sort(key=lambda chain: (len(chain.steps), -chain.weakest.rank, chain.text))
    return tuple(found[:MOST])


def as_csv(chains: Chains) -> str:
    """The chains as CSV, a line each, with the record, kind, areas and pinpoints of every step."""
    longest = max((len(chain.steps) for chain in chains.found), default=0)
    fields = ("record", "kind", "confidence", "areas", "pinpoints")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = [f"step{number} {field}" for number in range(1, longest + 1) for field in fields]
    writer.writerow(["chain", "brings", "weakest confidence", "areas", "across areas", *columns])
    for chain in chains.found:
        steps = [
            cell
            for s in chain.steps
            for cell in (s.identifier, s.kind, s.confidence, ", ".join(s.areas), "; ".join(s.pinpoints))
        ]
        told = [chain.text, SIGNS[chain.sign], chain.weakest.confidence, ", ".join(chain.areas)]
        row = [*told, "yes" if chain.crosses else "no", *steps]
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def _read(given: dict[str, str], vocabularies: Vocabularies) -> tuple[str, str, int, str]:
    """The IRIs of start and end, the number of steps, and the country, from what people write."""
    known = {parameter.name: parameter for parameter in PARAMETERS}
    for name in given:
        if name not in known:
            raise QuestionError(f"Chains have no parameter {name!r}. They have: {', '.join(known)}.", name)
    starts = [name for name in STARTS if name in given]
    if len(starts) != 1:
        raise QuestionError(f"A chain starts at one of {', '.join(STARTS)}: give exactly one.", "driver")
    iris = {}
    for name, value in given.items():
        scheme = vocabularies.schemes.get(known[name].type)
        if scheme:
            if not (term := scheme.find(value)):
                raise QuestionError(
                    f"{value!r} is not a known {name}. {allowed_values(known[name], vocabularies)}", name
                )
            iris[name] = str(concept_iri(scheme.key, term.key))
        elif name == "record":
            try:
                iris[name] = str(record_iri(value))
            except ValueError as error:
                raise QuestionError(f"{error}", name) from error
    steps = given.get("steps", "3")
    if not steps.isdecimal() or not 2 <= int(steps) <= LONGEST:
        raise QuestionError(f"{steps!r} does not do for steps: give a number from 2 to {LONGEST}.", "steps")
    return iris[starts[0]], iris.get("to", ""), int(steps), given.get("country", "")


def _walk(links: tuple[Link, ...], start: str, prescribed: tuple[Link, ...], steps: int) -> Iterator[Chain]:
    """All chains of two interlinkages and more from a start; from a measure, of one and more."""
    leading = _leading(links)
    yield from _follow(leading, start, (2, steps))
    for link in prescribed:
        yield from _further(
            leading, (link,), frozenset({start, link.start.iri, link.end.iri}), (2, steps + 1)
        )


def _leading(links: Iterable[Link]) -> dict[str, list[Link]]:
    leading: dict[str, list[Link]] = {}
    for link in links:
        leading.setdefault(link.start.iri, []).append(link)
    return leading


def _follow(leading: dict[str, list[Link]], start: str, steps: tuple[int, int]) -> Iterator[Chain]:
    for link in leading.get(start, ()):
        yield from _further(leading, (link,), frozenset({start, link.end.iri}), steps)


def _further(
    leading: dict[str, list[Link]], path: tuple[Link, ...], met: frozenset[str], steps: tuple[int, int]
) -> Iterator[Chain]:
    """The chains that begin with these steps and have from the least to the most of ``steps``."""
    least, most = steps
    if len(path) >= least:
        yield Chain(path)
    if len(path) == most or path[-1].end.is_domain:
        return
    for link in leading.get(path[-1].end.iri, ()):
        if link.end.iri not in met:
            yield from _further(leading, (*path, link), met | {link.end.iri}, steps)
