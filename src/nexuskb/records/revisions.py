"""The revisions of a record: who did what when and why, as events and as PROV-O; what differs, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from rdflib import PROV, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.fields import fields_of, read_fields
from nexuskb.records.call import name_of
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import State, Step
from nexuskb.store.ntriples import Triple
from nexuskb.terms import ACTS, NX, PEOPLE, REVISIONS, bind_prefixes, concept_iri, curie

#: Gives the name of a record of the base, or ``None`` if it has none.
Labels = Callable[[URIRef], str | None]

_PUBLIC = (Step.ACCEPT, Step.WITHDRAW)


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a record. ``at`` is the clock's time then, in UTC; ``seq`` gives the order."""

    seq: int
    step: Step
    state: State
    revision: int
    who: str
    role: str
    at: str
    why: str


def history(ledger: Ledger, record: URIRef) -> list[Event]:
    """All that was done to a record here, in order. What the curated files held before is revision 0."""
    return [
        Event(seq, Step(step), State(state), revision, who, role, at, why)
        for seq, step, state, revision, who, role, at, why in ledger.rows(
            "SELECT a.seq, a.step, a.state, a.revision, c.who, c.role, c.at, c.why FROM act a"
            " JOIN call c ON c.id = a.call WHERE a.record = ? ORDER BY a.seq",
            str(record),
        )
    ]


def public_part(events: list[Event]) -> list[Event]:
    """The events that changed the base: what was between them is for those who see drafts."""
    return [event for event in events if event.step in _PUBLIC]


def provenance(record: URIRef, events: Iterable[Event]) -> Graph:
    """Events of a record as PROV-O.

    Each revision is an entity that specialises the record, each step an activity with its time, its reason
    and whoever did it. Activities inform each other in their order, which times may contradict.
    """
    graph = bind_prefixes(Graph())
    before: Event | None = None
    known = {0}
    for event in events:
        act, revision = ACTS[str(event.seq)], _revision(record, event.revision)
        person = PEOPLE[quote(event.who.replace(" ", "-"), safe="")]
        graph.add((person, RDF.type, PROV.Person))
        graph.add((person, RDFS.label, Literal(event.who)))
        graph.add((act, RDF.type, PROV.Activity))
        graph.add((act, RDFS.label, Literal(event.step.value, lang="en")))
        graph.add((act, PROV.endedAtTime, Literal(event.at, datatype=XSD.dateTime)))
        graph.add((act, PROV.wasAssociatedWith, person))
        graph.add((act, NX.reviewState, concept_iri("review", event.state.value)))
        if event.why:
            graph.add((act, RDFS.comment, Literal(event.why, lang="en")))
        if before:
            graph.add((act, PROV.wasInformedBy, ACTS[str(before.seq)]))
        graph.add((revision, RDF.type, PROV.Entity))
        graph.add((revision, PROV.specializationOf, record))
        if event.revision not in known:
            known.add(event.revision)
            graph.add((revision, PROV.wasGeneratedBy, act))
            graph.add((revision, PROV.wasAttributedTo, person))
            if before or event.revision > 1:
                earlier = before.revision if before else event.revision - 1
                graph.add((revision, PROV.wasRevisionOf, _revision(record, earlier)))
        else:
            graph.add((act, PROV.used, revision))
        if event.step is Step.WITHDRAW:
            graph.add((revision, PROV.wasInvalidatedBy, act))
        before = event
    return graph


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs in one field: values that went and values that came, in words."""

    field: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


class Differences:
    """Compares contents of records in the words of the fields and the vocabularies."""

    def __init__(self, model: Graph, shapes: Graph) -> None:
        self._model = model
        self._shapes = shapes
        self._fields = read_fields(shapes)

    def between(
        self, record: URIRef, before: Iterable[Triple], after: Iterable[Triple], labels: Labels
    ) -> list[Difference]:
        """What differs from one content of a record to another, by field, in the order of a form."""
        old, new = set(before), set(after)
        classes = {
            sup
            for s, p, o in old | new
            if s == record and p == RDF.type
            for sup in self._model.transitive_objects(o, RDFS.subClassOf)
            if isinstance(sup, URIRef)
        }
        known = fields_of(self._shapes, self._fields, classes)
        removed, added = self._values(record, old, labels), self._values(record, new, labels)
        found = []
        for predicate in removed.keys() | added.keys():
            field = known.get(predicate)
            gone = removed.get(predicate, set()) - added.get(predicate, set())
            come = added.get(predicate, set()) - removed.get(predicate, set())
            if gone or come:
                name = (
                    field.name if field else str(self._model.value(predicate, RDFS.label) or curie(predicate))
                )
                place = (field.place if field else (98, 99), name)
                found.append((place, Difference(name, tuple(sorted(gone)), tuple(sorted(come)))))
        return [difference for _, difference in sorted(found, key=lambda pair: pair[0])]

    def _values(self, record: URIRef, triples: set[Triple], labels: Labels) -> dict[URIRef, set[str]]:
        """The values of each field of a record in words, a passage as one value of the field Evidence."""
        found: dict[URIRef, set[str]] = {}
        for subject, predicate, value in triples:
            if subject == record and isinstance(predicate, URIRef):
                passage = [(p, o) for s, p, o in triples if s == value] if predicate == NX.evidence else []
                words = self._passage(passage, labels) if passage else self._words(value, labels)
                found.setdefault(predicate, set()).add(words)
        return found

    def _passage(self, statements: list[tuple[Node, Node]], labels: Labels) -> str:
        def said(predicate: URIRef) -> str:
            return ", ".join(sorted(self._words(o, labels) for p, o in statements if p == predicate))

        ends = said(NX.supportsEnd)
        more = f"; {ends}" if ends else ""
        return f"{said(NX.source)}, {said(NX.locator)} ({said(NX.assertion)}{more})"

    def _words(self, value: Node, labels: Labels) -> str:
        if isinstance(value, Literal):
            return f"{value} ({value.language})" if value.language and value.language != "en" else str(value)
        terms = [*self._model.objects(value, SKOS.prefLabel), *self._model.objects(value, RDFS.label)]
        for term in terms:
            if getattr(term, "language", "") == "en":
                return str(term)
        return (labels(value) if isinstance(value, URIRef) else None) or curie(str(value))


def _revision(record: URIRef, number: int) -> URIRef:
    return REVISIONS[f"{name_of(record)}/{number}"]
