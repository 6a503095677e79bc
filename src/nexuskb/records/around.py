"""What stands around a record: what acts on it and what it acts on, its parts, its dates, its figures.

All of it is read from the graph of :func:`nexuskb.records.document.record_query`; nothing is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.records.values import Value, figure_of, text_order
from nexuskb.terms import NX

#: Gives a node in words.
Words = Callable[[Node | None], str]
#: Gives a node as a value with its words and, for a record, its identifier.
ValueOf = Callable[[Node], Value]

#: Properties of the record itself, by what its value is to it.
_OUT: Final = (
    NX.addressesDriver, NX.addressesImpact, NX.addresses, NX.implements, NX.supersedes, NX.amends,
    NX.showsProgressOf, NX.applies, NX.issuedBy,
)  # fmt: skip
#: Properties that point at the record and say that their subject acts on it.
_IN: Final = (
    NX.implements, NX.supersedes, NX.amends, NX.applies, NX.showsProgressOf,
)  # fmt: skip
_AGAINST: Final = "Measures against"
_DATES: Final = (
    (NX.adopted, "Adopted"),
    (NX.inForceFrom, "In force from"),
    (NX.amended, "Amended"),
    (NX.periodStart, "First year of its period"),
    (NX.periodEnd, "Last year of its period"),
)
#: When another policy replaced or amended it, as far as its dates tell.
_DATES_OF_OTHERS: Final = ((NX.supersedes, "Superseded by"), (NX.amends, "Amended by"))


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that acts on another: in which way, the other end, and the records that say so."""

    words: str
    other: Value
    through: tuple[Value, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Two interlinkages that follow each other, derived by a rule; as sure as the weaker one."""

    ends: tuple[Value, Value, Value]
    links: tuple[Value, Value]
    weakest: str


@dataclass(frozen=True, slots=True)
class Pinpoint:
    """A source and the place in it."""

    source: Value
    locator: str


@dataclass(frozen=True, slots=True)
class Member:
    """A record that belongs to this one, with what it says in short and where that is said."""

    value: Value
    kind: str
    note: str
    pinpoints: tuple[Pinpoint, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure beside others: as printed, with its year, how it was found, and where it is printed.

    ``number`` is the figure as a number where it is one; ``own`` marks that of the record itself.
    """

    value: Value
    year: str
    printed: str
    unit: str
    number: float | None
    method: str
    pinpoints: tuple[Pinpoint, ...]
    own: bool = False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A quantity on which records disagree: what is known of it, and each of their figures."""

    conflict: Value
    words: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class DatedEvent:
    """An event in the life of a record, dated as precisely as its source; ``other`` is what replaced it."""

    date: str
    words: str
    other: Value | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an area stands with a driver or impact: at work, answered by measures, or not looked at."""

    topic: Value
    area: Value
    at_work: str
    measured: str
    findings: int
    measures: int


@dataclass(frozen=True, slots=True)
class Around:
    """Everything around a record."""

    acts_on: tuple[Act, ...] = ()
    acted_on_by: tuple[Act, ...] = ()
    chains: tuple[Chain, ...] = ()
    members: tuple[Member, ...] = ()
    dates: tuple[DatedEvent, ...] = ()
    series: tuple[Figure, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    standings: tuple[Standing, ...] = ()

    def members_by_kind(self) -> dict[str, list[Member]]:
        """The members by their kind."""
        grouped: dict[str, list[Member]] = {}
        for member in self.members:
            grouped.setdefault(member.kind, []).append(member)
        return grouped


@dataclass(frozen=True, slots=True)
class AroundReader:
    """Reads what stands around a record from its graph."""

    graph: Graph
    model: Graph
    record: URIRef
    kinds: frozenset[Node]
    value: ValueOf
    words: Words

    def read(self) -> Around:
        """Everything around the record."""
        return Around(
            acts_on=_merged(self._outgoing()),
            acted_on_by=_merged(self._incoming()),
            chains=tuple(sorted(self._chains(), key=lambda chain: [end.text for end in chain.ends])),
            members=tuple(self._members()),
            dates=tuple(sorted(self._dates(), key=lambda event: event.date)),
            series=self._series(),
            disagreements=tuple(self._disagreements()),
            standings=tuple(self._standings()),
        )

    def _outgoing(self) -> Iterator[Act]:
        if NX.Interlinkage in self.kinds:
            yield from (Act(self._kind_of(self.record), self.value(end)) for end in self._of(NX.to))
        for link in self._links(NX["from"]):
            yield from self._act(link, NX.to)
        if NX.Policy in self.kinds:
            yield from self._through_measures()
        for property_ in _OUT:
            yield from (Act(self._name(property_), self.value(other)) for other in self._of(property_))

    def _incoming(self) -> Iterator[Act]:
        if NX.Interlinkage in self.kinds:
            yield from (Act("From", self.value(end)) for end in self._of(NX["from"]))
        for link in self._links(NX.to):
            yield from self._act(link, NX["from"])
        if NX.Policy not in self.kinds:
            yield from (Act("Prescribed by", self.value(policy)) for policy in self._of(NX.ofPolicy))
        for property_ in _IN:
            for other in self.graph.subjects(property_, self.record):
                yield Act(self._inverse(property_), self.value(other))

    def _links(self, end: URIRef) -> list[Node]:
        """The interlinkages with this end: of the record, or of the driver or impact that it is found of."""
        ends = {self.record, *self._of(NX.driver), *self._of(NX.impact)}
        if NX.CoverageNote in self.kinds or NX.Case in self.kinds:
            ends = {self.record}
        return sorted({link for one in ends for link in self.graph.subjects(end, one)}, key=str)

    def _act(self, link: Node, other_end: URIRef) -> Iterator[Act]:
        if link == self.record:
            return
        confidence = self.words(self.graph.value(link, NX.confidence)).lower()
        for other in self.graph.objects(link, other_end):
            yield Act(self._kind_of(link), self.value(other), (self.value(link),), confidence)

    def _through_measures(self) -> Iterator[Act]:
        for measure in self.graph.subjects(NX.ofPolicy, self.record):
            for property_ in (NX.addressesDriver, NX.addressesImpact):
                for topic in self.graph.objects(measure, property_):
                    yield Act(_AGAINST, self.value(topic), (self.value(measure),))

    def _chains(self) -> Iterator[Chain]:
        for chain in set(self.graph.subjects(RDF.type, NX.Chain)):
            ends = [self.graph.value(chain, p) for p in (NX.start, NX.through, NX.finish)]
            links = [self.graph.value(chain, p) for p in (NX.firstLink, NX.secondLink)]
            start, through, finish = (self.value(end) for end in ends if end is not None)
            first, second = (self.value(link) for link in links if link is not None)
            weakest = self.words(self.graph.value(chain, NX.weakestConfidence))
            yield Chain((start, through, finish), (first, second), weakest)

    def _members(self) -> Iterator[Member]:
        members = [
            (self._class_of(node), self.value(node), node)
            for node in self.graph.subjects(NX.ofPolicy, self.record)
        ]
        for kind, value, node in sorted(members, key=lambda each: (each[0], each[1].text, each[1].record)):
            notes = [figure_of(self.graph, node)] + [
                self.words(term) for term in sorted(self.graph.objects(node, NX.instrument), key=str)
            ]
            yield Member(
                replace(value, figure=""), kind, "; ".join(filter(None, notes)), self._pinpoints(node)
            )

    def _dates(self) -> Iterator[DatedEvent]:
        if NX.Policy not in self.kinds:
            return
        for property_, words in _DATES:
            yield from (DatedEvent(str(date), words) for date in self._of(property_))
        for property_, words in _DATES_OF_OTHERS:
            for other in self.graph.subjects(property_, self.record):
                date = self.graph.value(other, NX.inForceFrom) or self.graph.value(other, NX.adopted)
                if date is not None:
                    yield DatedEvent(str(date), words, self.value(other))

    def _series(self) -> tuple[Figure, ...]:
        """Figures of one quantity in years: those with its name, area and unit, or of its progress."""
        label = self.graph.value(self.record, RDFS.label)
        if NX.Target in self.kinds:
            found = [self.record, *self.graph.subjects(NX.showsProgressOf, self.record)]
        elif NX.Observation in self.kinds and label is not None:
            found = [node for node in self.graph.subjects(RDFS.label, label) if self._is_figure(node)]
        else:
            return ()
        return self._figures(found)

    def _is_figure(self, node: Node) -> bool:
        return (node, NX.valueAsPrinted, None) in self.graph and (node, NX.refYear, None) in self.graph

    def _disagreements(self) -> Iterator[Disagreement]:
        conflicts = set(self.graph.subjects(NX.involves, self.record))
        if NX.Conflict in self.kinds:
            conflicts.add(self.record)
        for conflict in sorted(conflicts, key=str):
            words = str(self.graph.value(conflict, DCTERMS.description) or "")
            involved = self._figures(self.graph.objects(conflict, NX.involves))
            yield Disagreement(self.value(conflict), words, involved)

    def _figures(self, nodes: Iterable[Node]) -> tuple[Figure, ...]:
        found = [self._figure(node) for node in set(nodes)]
        return tuple(sorted(found, key=lambda each: (each.year, each.value.text, each.value.record)))

    def _figure(self, node: Node) -> Figure:
        year = self.graph.value(node, NX.refYear) or self.graph.value(node, NX.targetYear)
        number = self.graph.value(node, NX.value)
        told = (NX.nature, NX.sdgNote, SKOS.note, NX.periodAsStated)
        method = [str(text) for p in told for text in sorted(self.graph.objects(node, p), key=str)]
        printed = str(self.graph.value(node, NX.valueAsPrinted) or "")
        if not printed:
            printed = str(self.graph.value(node, DCTERMS.description) or "")
        return Figure(
            value=replace(self.value(node), figure=""),
            year=str(year or ""),
            printed=printed,
            unit=str(self.graph.value(node, NX.unit) or ""),
            number=float(number) if isinstance(number, Literal) else None,
            method="; ".join(method),
            pinpoints=self._pinpoints(node),
            own=node == self.record,
        )

    def _standings(self) -> Iterator[Standing]:
        for cell in sorted(self.graph.subjects(NX.standing), key=str):
            topic, area = self.graph.value(cell, NX.topic), self.graph.value(cell, NX.area)
            if topic is None or area is None:
                continue
            counts = [int(str(self.graph.value(cell, p) or 0)) for p in (NX.findingCount, NX.measureCount)]
            at_work = self.words(self.graph.value(cell, NX.standing))
            measured = self.words(self.graph.value(cell, NX.measureStanding))
            yield Standing(self.value(topic), self.value(area), at_work, measured, counts[0], counts[1])

    def _pinpoints(self, node: Node) -> tuple[Pinpoint, ...]:
        found = []
        for passage in sorted(self.graph.objects(node, NX.evidence), key=str):
            source = self.graph.value(passage, NX.source)
            if source is not None:
                locator = str(self.graph.value(passage, NX.locator) or "")
                found.append(Pinpoint(self.value(source), locator))
        return tuple(found)

    def _of(self, property_: URIRef) -> list[Node]:
        return sorted(self.graph.objects(self.record, property_), key=str)

    def _kind_of(self, link: Node) -> str:
        return self.words(self.graph.value(link, NX.linkKind))

    def _class_of(self, node: Node) -> str:
        kinds = (self.model.value(kind, RDFS.label) for kind in self.graph.objects(node, RDF.type))
        return str(next((kind for kind in kinds if kind), ""))

    def _name(self, property_: URIRef) -> str:
        return str(self.model.value(property_, RDFS.label) or property_)

    def _inverse(self, property_: URIRef) -> str:
        return str(self.model.value(property_, NX.inverseName) or self._name(property_))


def _merged(acts: Iterable[Act]) -> tuple[Act, ...]:
    """Acts of one kind on one thing as one, with all the records that say so.

    The best supported come first, but what a policy's measures are against after what it does itself.
    """
    found: dict[tuple[str, str, str], Act] = {}
    for act in acts:
        key = (act.words, act.other.iri, act.other.text)
        before = found.get(key)
        if before is None:
            found[key] = act
        elif act.through:
            through = tuple(dict.fromkeys((*before.through, *act.through)))
            note = before.note if before.note == act.note else ""
            found[key] = replace(before, through=through, note=note)
    merged = (replace(act, through=tuple(sorted(act.through, key=text_order))) for act in found.values())
    return tuple(sorted(merged, key=lambda act: (act.words == _AGAINST, -len(act.through), act.other.text)))
