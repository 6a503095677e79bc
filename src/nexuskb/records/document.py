"""A record as a document: its fields in the order and words of the shapes, its evidence, what points at it.

The graph of a record is fetched by one query and turned into plain data here, so that pages, commands and
programs say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import RecordNotFoundError
from nexuskb.fields import Field, fields_of, predicate_order, read_fields
from nexuskb.records.around import Around, AroundReader
from nexuskb.records.values import Value, figure_of
from nexuskb.terms import NX, local_name, record_identifier, record_iri

#: Links to a record that its page does not list: evidence has a place of its own, coverage cells and chains
#: have no page.
_NOT_TOLD = (
    NX.source, DCTERMS.subject, NX.restsOn, NX.topic, NX.firstLink, NX.secondLink, NX.start, NX.through,
    NX.finish,
)  # fmt: skip
#: What is told of a record that points at this one, and of one that a conflict puts beside it.
_TOLD = (
    "rdfs:label, rdf:type, nx:area, nx:from, nx:to, nx:linkKind, nx:confidence, nx:instrument, "
    "nx:addressesDriver, nx:addressesImpact, nx:value, nx:valueAsPrinted, nx:unit, nx:refYear, "
    "nx:targetYear, nx:adopted, nx:inForceFrom, nx:firstLink, nx:secondLink, nx:start, nx:through, "
    "nx:finish, nx:weakestConfidence, nx:evidence, nx:nature, nx:sdgNote, nx:periodAsStated, skos:note"
)
_ENDS = "nx:from, nx:to, nx:firstLink, nx:secondLink, nx:start, nx:through, nx:finish"
_STANDING = "nx:topic, nx:area, nx:standing, nx:measureStanding, nx:findingCount, nx:measureCount"
_HIDDEN = frozenset(
    {
        RDF.type,
        RDFS.label,
        DCTERMS.identifier,
        NX.evidence,
        NX.caveat,
        NX.reservation,
        NX.soleSupport,
        NX.reviewState,
    }
)


@dataclass(frozen=True, slots=True)
class FieldValues:
    """A field with its values. ``key`` is the last part of the property's IRI, such as ``legalStatus``."""

    name: str
    help: str
    group: str
    values: tuple[Value, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """A passage that supports the record: source and pinpoint, and what to know of the source."""

    iri: str
    source: Value
    publisher: str
    date: str
    url: str
    locator: str
    assertion: str
    ends: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordDocument:
    """A record ready to be shown. ``cautions`` are what whoever cites it must know."""

    identifier: str
    iri: str
    kind: str
    label: str
    language: str
    review: str
    cautions: tuple[str, ...]
    fields: tuple[FieldValues, ...]
    evidence: tuple[EvidenceItem, ...]
    incoming: tuple[FieldValues, ...] = field(default=())
    around: Around = field(default_factory=Around)
    figure: str = ""


class RecordReader:
    """Builds record documents from the model and the shapes, read once."""

    def __init__(self, model: Graph, shapes: Graph) -> None:
        self._model = model
        self._shapes = shapes
        self._fields = read_fields(shapes)
        self.predicate_order = predicate_order(self._fields)

    def read(self, graph: Graph, identifier: str) -> RecordDocument:
        """Turn the graph of :func:`record_query` into a document. Raises :class:`RecordNotFoundError`."""
        iri = record_iri(identifier)
        kinds = {o for o in graph.objects(iri, RDF.type) if isinstance(o, URIRef)}
        if not kinds:
            raise RecordNotFoundError(
                f"There is no record {identifier!r}. Search by kind and area at /records."
            )
        classes = {sup for kind in kinds for sup in self._model.transitive_objects(kind, RDFS.subClassOf)}
        known = fields_of(self._shapes, self._fields, {c for c in classes if isinstance(c, URIRef)})
        label = graph.value(iri, RDFS.label)
        evidence = tuple(
            self._evidence(graph, node) for node in sorted(graph.objects(iri, NX.evidence), key=_place)
        )

        def words(node: Node | None) -> str:
            return self._text(graph, node)

        return RecordDocument(
            identifier=identifier,
            iri=str(iri),
            kind=self._name(next(iter(kinds))),
            label=str(label),
            language=_foreign(label),
            review=self._text(graph, graph.value(iri, NX.reviewState)),
            cautions=tuple(sorted(str(words) for words in graph.objects(iri, NX.reservation))),
            fields=tuple(self._values(graph, iri, known)),
            evidence=evidence,
            incoming=tuple(self._incoming(graph, iri)),
            around=AroundReader(
                graph,
                self._model,
                iri,
                frozenset(c for c in classes if c is not None),
                lambda n: self._value(graph, n),
                words,
            ).read(),
            figure=figure_of(graph, iri),
        )

    def _values(self, graph: Graph, iri: URIRef, known: dict[URIRef, Field]) -> Iterable[FieldValues]:
        predicates = {p for p in graph.predicates(iri) if isinstance(p, URIRef)} - _HIDDEN
        order = {p: known[p].place if p in known else (98, 99) for p in predicates}
        for predicate in sorted(predicates, key=lambda p: (order[p], str(p))):
            found = known.get(predicate)
            values = tuple(
                sorted((self._value(graph, o) for o in graph.objects(iri, predicate)), key=_text_of)
            )
            name = found.name if found else self._name(predicate)
            words = (found.help, found.group) if found else ("", "")
            yield FieldValues(name, *words, values, local_name(predicate))

    def _incoming(self, graph: Graph, iri: URIRef) -> Iterable[FieldValues]:
        pointing: dict[URIRef, set[Node]] = {}
        places: dict[Node, str] = {}
        for subject, predicate in graph.subject_predicates(iri):
            if isinstance(predicate, URIRef) and predicate not in _NOT_TOLD:
                pointing.setdefault(predicate, set()).add(subject)
            if predicate == NX.source:
                for cited in graph.subjects(NX.evidence, subject):
                    pointing.setdefault(NX.evidence, set()).add(cited)
                    place = str(graph.value(subject, NX.locator) or "")
                    places[cited] = "; ".join(filter(None, (places.get(cited, ""), place)))
        for predicate in sorted(pointing, key=str):
            found = [
                replace(self._value(graph, s), place=places.get(s, ""), kind=self._kind(graph, s))
                for s in pointing[predicate]
            ]
            values = tuple(sorted(found, key=lambda value: (value.kind, value.text)))
            name = self._model.value(predicate, NX.inverseName) or self._name(predicate)
            yield FieldValues(str(name), "", "", values, local_name(predicate))

    def _kind(self, graph: Graph, node: Node) -> str:
        return next((self._name(k) for k in graph.objects(node, RDF.type) if isinstance(k, URIRef)), "")

    def _evidence(self, graph: Graph, node: Node) -> EvidenceItem:
        source = graph.value(node, NX.source)
        return EvidenceItem(
            iri=str(node),
            source=self._value(graph, source) if source is not None else Value(""),
            publisher=str(graph.value(source, NX.authorOrPublisher) or ""),
            date=str(graph.value(source, DCTERMS.date) or ""),
            url=str(graph.value(source, NX.url) or ""),
            locator=str(graph.value(node, NX.locator) or ""),
            assertion=self._text(graph, graph.value(node, NX.assertion)),
            ends=tuple(sorted(self._text(graph, end) for end in graph.objects(node, NX.supportsEnd))),
            remarks=tuple(
                self._text(graph, term)
                for property_ in (NX.sourceKind, NX.reading, NX.copy, NX.sensitivity)
                for term in sorted(graph.objects(source, property_), key=str)
            ),
        )

    def _value(self, graph: Graph, node: Node) -> Value:
        if isinstance(node, Literal):
            return Value(
                str(node), language=_foreign(node), iri=str(node) if str(node).startswith("http") else ""
            )
        text, record = self._text(graph, node), record_identifier(str(node)) or ""
        return Value(text, record=record, iri=str(node), figure=figure_of(graph, node))

    def _text(self, graph: Graph, node: Node | None) -> str:
        if node is None:
            return ""
        for source in (graph, self._model):
            labels = [*source.objects(node, RDFS.label), *source.objects(node, SKOS.prefLabel)]
            if labels:
                return str(
                    next((label for label in labels if getattr(label, "language", "") == "en"), labels[0])
                )
        return str(node)

    def _name(self, term: URIRef) -> str:
        return str(self._model.value(term, RDFS.label) or term)


def record_query(identifier: str) -> str:
    """The query for everything that a record's document needs.

    Each part of it binds the statements about one thing that the page tells of, so that none multiplies
    another.
    """
    iri = record_iri(identifier).n3()
    told = f"?s ?told ?o . FILTER(?told IN ({_TOLD}))"
    more = f"?s ?told ?o . FILTER(?told IN ({_TOLD}, dcterms:description, nx:involves))"
    place = "?s ?told ?o . FILTER(?told IN (nx:locator, nx:source))"
    name = "?s rdfs:label ?o . BIND(rdfs:label AS ?told)"
    near = f"?near ?via {iri} . FILTER(?via IN (nx:ofPolicy, nx:showsProgressOf))"
    topic = f"{iri} ?of ?topic . FILTER(?of IN (nx:driver, nx:impact))"
    here = f"FILTER EXISTS {{ {iri} nx:area ?area . %s nx:area ?area }}"
    same = f"{iri} a nx:Observation ; rdfs:label ?name ; nx:area ?area ; nx:unit ?unit . "
    same += "%s rdfs:label ?name ; nx:area ?area ; nx:unit ?unit ."
    # A filter on the property, not a path: a path from an open end would be followed through the whole base.
    return f"""CONSTRUCT {{ ?s ?told ?o }} WHERE {{
  {{ {iri} ?told ?o . BIND({iri} AS ?s) }}
  UNION {{ {iri} ?named ?s . {name} }}
  UNION {{ {iri} nx:evidence ?s . ?s ?told ?o }}
  UNION {{ {iri} nx:evidence ?passage . ?passage nx:source ?s . ?s ?told ?o }}
  UNION {{ ?s ?told {iri} . BIND({iri} AS ?o) }}
  UNION {{ ?s ?via {iri} . FILTER(?via NOT IN (nx:restsOn, dcterms:subject, nx:source)) {told} }}
  UNION {{ ?s nx:source {iri} . {place} }}
  UNION {{ ?passage nx:source {iri} . ?s nx:evidence ?passage .
    ?s ?told ?o . FILTER(?told IN (rdfs:label, rdf:type, nx:evidence)) }}
  UNION {{ {near} ?near nx:evidence ?s . {place} }}
  UNION {{ {near} ?near nx:evidence ?passage . ?passage nx:source ?s . {name} }}
  UNION {{ ?link ?via {iri} . FILTER(?via IN ({_ENDS})) ?link ?end ?s . FILTER(?end IN ({_ENDS})) {name} }}
  UNION {{ ?s nx:involves {iri} . {more} }}
  UNION {{ ?conflict nx:involves {iri} . ?conflict nx:involves ?s . {more} }}
  UNION {{ ?conflict nx:involves {iri} . ?conflict nx:involves ?near . ?near nx:evidence ?s . {place} }}
  UNION {{ ?conflict nx:involves {iri} . ?conflict nx:involves ?near . ?near nx:evidence ?passage .
    ?passage nx:source ?s . {name} }}
  UNION {{ {iri} nx:involves ?s . {more} }}
  UNION {{ {iri} nx:involves ?near . ?near nx:evidence ?s . {place} }}
  UNION {{ {iri} nx:involves ?near . ?near nx:evidence ?passage . ?passage nx:source ?s . {name} }}
  UNION {{ {topic} ?s ?end ?topic . FILTER(?end IN (nx:from, nx:to)) {here % "?s"} {told} }}
  UNION {{ {topic} ?link ?end ?topic . FILTER(?end IN (nx:from, nx:to)) {here % "?link"}
    ?link ?other ?s . FILTER(?other IN (nx:from, nx:to)) {name} }}
  UNION {{ {topic} ?s nx:topic ?topic . {here % "?s"} FILTER NOT EXISTS {{ ?s nx:domain ?domain }}
    ?s ?told ?o . FILTER(?told IN ({_STANDING})) }}
  UNION {{ {same % "?s"} {told} }}
  UNION {{ {same % "?near"} ?near nx:evidence ?s . {place} }}
  UNION {{ {same % "?near"} ?near nx:evidence ?passage . ?passage nx:source ?s . {name} }}
}}"""


def plain_query(identifier: str) -> str:
    """The query for the record's own statements and its evidence, for the data formats."""
    iri = record_iri(identifier).n3()
    return f"""CONSTRUCT {{ {iri} ?property ?value . ?evidence ?evidenceProperty ?evidenceValue . }} WHERE {{
  {{ {iri} ?property ?value }}
  UNION {{ {iri} nx:evidence ?evidence . ?evidence ?evidenceProperty ?evidenceValue }}
}}"""


def moved_query(identifier: str) -> str:
    """The query for the record that holds an identifier merged into it."""
    return f"SELECT ?record WHERE {{ ?record nx:otherIdentifier {Literal(identifier).n3()} }}"


def _place(node: Node) -> tuple[int, str]:
    number = str(node).rpartition("-e")[2]
    return (int(number) if number.isdigit() else 0, str(node))


def _text_of(value: Value) -> str:
    return value.text


def _foreign(node: Node | None) -> str:
    language = getattr(node, "language", None) or ""
    return "" if language == "en" else str(language)
