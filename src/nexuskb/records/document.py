"""A record as a document: its fields in the order and words of the shapes, its evidence, what points at it.

The graph of a record is fetched by one query and turned into plain data here, so that pages, commands and
programs say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import RecordNotFoundError
from nexuskb.fields import Field, fields_of, predicate_order, read_fields
from nexuskb.terms import NX, record_identifier, record_iri

#: Links to a record that its page does not list: evidence has a place of its own, and coverage cells no page.
_NOT_TOLD = (NX.source, DCTERMS.subject, NX.restsOn)
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
class Value:
    """A value of a field: its text, the record or term it names if any, its language if not English.

    ``figure`` is the figure of the record named, with unit and year, where it has one.
    """

    text: str
    record: str = ""
    iri: str = ""
    language: str = ""
    figure: str = ""


@dataclass(frozen=True, slots=True)
class FieldValues:
    """A field with its values."""

    name: str
    help: str
    group: str
    values: tuple[Value, ...]


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
    conflicts: tuple[FieldValues, ...] = field(default=())


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
            conflicts=tuple(self._conflicts(graph, iri)),
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
            yield FieldValues(name, found.help if found else "", found.group if found else "", values)

    def _incoming(self, graph: Graph, iri: URIRef) -> Iterable[FieldValues]:
        pointing: dict[URIRef, set[Node]] = {}
        for subject, predicate in graph.subject_predicates(iri):
            if isinstance(predicate, URIRef) and predicate not in _NOT_TOLD:
                pointing.setdefault(predicate, set()).add(subject)
            if predicate == NX.source:
                pointing.setdefault(NX.evidence, set()).update(graph.subjects(NX.evidence, subject))
        for predicate in sorted(pointing, key=str):
            values = tuple(sorted((self._value(graph, s) for s in pointing[predicate]), key=_text_of))
            name = self._model.value(predicate, NX.inverseName) or self._name(predicate)
            yield FieldValues(str(name), "", "", values)

    def _conflicts(self, graph: Graph, iri: URIRef) -> Iterable[FieldValues]:
        """What disagrees with the record: each conflict of figures by name, with the other figures."""
        for conflict in sorted(graph.subjects(NX.involves, iri), key=str):
            others = (
                self._value(graph, other) for other in graph.objects(conflict, NX.involves) if other != iri
            )
            words = str(graph.value(conflict, DCTERMS.description) or "")
            yield FieldValues(self._text(graph, conflict), words, "", tuple(sorted(others, key=_text_of)))

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
        return Value(text, record=record, iri=str(node), figure=_figure(graph, node))

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
    """The query for everything that a record's document needs."""
    iri = record_iri(identifier).n3()
    return f"""CONSTRUCT {{
  {iri} ?property ?value .
  ?value rdfs:label ?valueLabel ; nx:source ?source ; ?evidenceProperty ?evidenceValue .
  ?source ?sourceProperty ?sourceValue .
  ?pointing ?pointingProperty {iri} ; rdfs:label ?pointingLabel .
  ?cited nx:evidence ?pointing ; rdfs:label ?citedLabel .
  ?value nx:valueAsPrinted ?printed ; nx:unit ?unit ; nx:refYear ?year ; nx:targetYear ?due .
  ?conflict nx:involves ?value ; dcterms:description ?words .
}} WHERE {{
  {{ {iri} ?property ?value }}
  UNION {{ {iri} ?named ?value . ?value rdfs:label ?valueLabel }}
  UNION {{ {iri} nx:evidence ?value . ?value ?evidenceProperty ?evidenceValue }}
  UNION {{ {iri} nx:evidence ?value . ?value nx:source ?source . ?source ?sourceProperty ?sourceValue }}
  UNION {{ ?pointing ?pointingProperty {iri} }}
  UNION {{ ?pointing ?pointingProperty {iri} . ?pointing rdfs:label ?pointingLabel }}
  UNION {{ {{ {iri} nx:involves ?value }} UNION {{ ?conflict nx:involves {iri} , ?value . }}
    ?value rdfs:label ?valueLabel
    OPTIONAL {{ ?value nx:valueAsPrinted ?printed }} OPTIONAL {{ ?value nx:unit ?unit }}
    OPTIONAL {{ ?value nx:refYear ?year }} OPTIONAL {{ ?value nx:targetYear ?due }}
    OPTIONAL {{ ?conflict dcterms:description ?words }} }}
  UNION {{ ?pointing nx:source {iri} . ?cited nx:evidence ?pointing ; rdfs:label ?citedLabel }}
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


def _figure(graph: Graph, node: Node) -> str:
    """The figure of a record with its unit and year, such as ``13 % (2015)``."""
    printed = graph.value(node, NX.valueAsPrinted)
    if printed is None:
        return ""
    year = graph.value(node, NX.refYear) or graph.value(node, NX.targetYear)
    return f"{printed} {graph.value(node, NX.unit) or ''}".strip() + (
        f" ({year})" if year is not None else ""
    )


def _place(node: Node) -> tuple[int, str]:
    number = str(node).rpartition("-e")[2]
    return (int(number) if number.isdigit() else 0, str(node))


def _text_of(value: Value) -> str:
    return value.text


def _foreign(node: Node | None) -> str:
    language = getattr(node, "language", None) or ""
    return "" if language == "en" else str(language)
