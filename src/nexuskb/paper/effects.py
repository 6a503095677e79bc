"""Second-order effects: what a policy does to the others directly, and through those that it acts on.

A cross-impact matrix of the scored interlinkages (-3 to +3) is read as Weitz and others (2018) read theirs
for SDG Synergies: the net influence of a thing is the sum of its scores, plus the scores that those it acts
on have in turn, multiplied along the way and weighed by one half. The method is told in ``docs/methods.md``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any, Final

from nexuskb.asking import Asking
from nexuskb.errors import QuestionError
from nexuskb.exchange.harmless import harmless
from nexuskb.paper.network import Link, Node, read_network
from nexuskb.terms import record_iri
from nexuskb.vocabulary import Vocabularies

#: What a second-order effect weighs against a direct one.
DAMPING: Final = 0.5


@dataclass(frozen=True, slots=True)
class Effect:
    """What one thing does to another: directly, and through others by way of pairs of interlinkages."""

    on: Node
    direct: int
    second: float
    links: tuple[Link, ...]
    ways: tuple[tuple[Link, Link], ...]

    @property
    def net(self) -> float:
        """Both together."""
        return self.direct + self.second


@dataclass(frozen=True, slots=True)
class Influence:
    """The effects of one thing on all others, the strongest first."""

    of: Node
    effects: tuple[Effect, ...]

    @property
    def direct(self) -> int:
        """The sum of its direct effects."""
        return sum(effect.direct for effect in self.effects)

    @property
    def second(self) -> float:
        """The sum of its second-order effects, weighed."""
        return sum(effect.second for effect in self.effects)

    @property
    def net(self) -> float:
        """Its net influence on all."""
        return self.direct + self.second

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "of": self.of.record or self.of.iri,
            "name": self.of.name,
            "direct": self.direct,
            "secondOrder": self.second,
            "net": self.net,
            "effects": [
                {
                    "on": effect.on.record or effect.on.iri,
                    "name": effect.on.name,
                    "direct": effect.direct,
                    "secondOrder": effect.second,
                    "net": effect.net,
                    "interlinkages": [link.identifier for link in effect.links],
                    "ways": [[first.identifier, second.identifier] for first, second in effect.ways],
                }
                for effect in self.effects
            ],
        }


def find_influences(vocabularies: Vocabularies, damping: float = DAMPING) -> Asking[tuple[Influence, ...]]:
    """The influence of everything that acts by a scored interlinkage, the greatest net influence first."""
    links = yield from read_network(vocabularies)
    return influences(links, damping)


def influences(links: tuple[Link, ...], damping: float = DAMPING) -> tuple[Influence, ...]:
    """The influence of everything that acts in a network; interlinkages without a score are left out."""
    leading: dict[str, list[Link]] = {}
    for link in links:
        if link.score is not None:
            leading.setdefault(link.start.iri, []).append(link)
    found = [_influence(of_node, leading, damping) for of_node in leading.values()]
    return tuple(sorted(found, key=lambda each: (-each.net, each.of.name, each.of.iri)))


def influence_of(found: tuple[Influence, ...], identifier: str) -> Influence:
    """The influence of a record. Raises :class:`QuestionError` if no scored interlinkage starts from it."""
    try:
        iri = str(record_iri(identifier))
    except ValueError as error:
        raise QuestionError(f"{error}", "policy") from error
    for each in found:
        if each.of.iri == iri:
            return each
    raise QuestionError(
        f"No scored interlinkage starts from {identifier!r}, so nothing is known of its effects.", "policy"
    )


def as_csv(found: tuple[Influence, ...]) -> str:
    """The effects as CSV, a line for each pair."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["of", "on", "direct", "second order", "net", "interlinkages", "ways"])
    for each in found:
        for effect in each.effects:
            ways = "; ".join(f"{first.identifier} > {second.identifier}" for first, second in effect.ways)
            row = [each.of.name, effect.on.name, f"{effect.direct}", f"{effect.second:g}", f"{effect.net:g}"]
            row += [", ".join(link.identifier for link in effect.links), ways]
            writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def _influence(own: list[Link], leading: dict[str, list[Link]], damping: float) -> Influence:
    start = own[0].start
    nodes = {link.end.iri: link.end for link in own}
    ways: dict[str, list[tuple[Link, Link]]] = {}
    for first in own:
        # A domain in the middle would join claims that have nothing to do with each other.
        if first.end.is_domain:
            continue
        for second in leading.get(first.end.iri, ()):
            if second.end.iri != start.iri:
                nodes.setdefault(second.end.iri, second.end)
                ways.setdefault(second.end.iri, []).append((first, second))
    effects = []
    for iri, node in nodes.items():
        direct = tuple(link for link in own if link.end.iri == iri)
        through = tuple(ways.get(iri, ()))
        weighed = damping * sum((a.score or 0) * (b.score or 0) for a, b in through)
        effects.append(Effect(node, sum(link.score or 0 for link in direct), weighed, direct, through))
    effects.sort(key=lambda effect: (-abs(effect.net), effect.on.name, effect.on.iri))
    return Influence(start, tuple(effects))
