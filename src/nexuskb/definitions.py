"""The words of the base, as people and programs read them: classes, properties, shapes, vocabularies, terms.

All that is told here stands in the ontology's files; nothing is written twice. What is said of a word is its
own statements and those that point at it from other words, after the model of a linked data page (Cool URIs
for the Semantic Web, W3C Interest Group Note of 3 December 2008).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rdflib import DCTERMS, OWL, RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.content import alignment_files, read_model, read_shapes, read_turtle
from nexuskb.settings import Settings
from nexuskb.terms import BASE, EV, NX, REC, SHAPES, VOCABULARIES, curie

ONTOLOGY: Final = URIRef(f"{BASE}ontology")
#: The kinds of word, by class, with their names; the first class that a word has counts.
_KINDS: Final[dict[URIRef, str]] = {
    OWL.Ontology: "Ontology",
    OWL.Class: "Class",
    OWL.ObjectProperty: "Property",
    OWL.DatatypeProperty: "Property",
    OWL.AnnotationProperty: "Property",
    SKOS.ConceptScheme: "Vocabulary",
    SKOS.Concept: "Term",
    SH.NodeShape: "Shape",
    SH.PropertyShape: "Field",
}
#: What is told of a word apart from its other statements.
_TOLD_APART: Final = frozenset(
    {
        RDF.type, RDFS.label, SKOS.prefLabel, SKOS.definition, RDFS.comment, DCTERMS.title,
        DCTERMS.description, SKOS.hasTopConcept, SH.name, SH.description,
    }
)  # fmt: skip
#: Statements about a word in words, in the order in which they are told; others follow by their own names.
_NAMES: Final[dict[URIRef, str]] = {
    SKOS.altLabel: "Also called",
    SKOS.notation: "Notation",
    SKOS.scopeNote: "Scope",
    SKOS.editorialNote: "Note of the editors",
    SKOS.changeNote: "Changes",
    SKOS.inScheme: "Vocabulary",
    SKOS.broader: "Broader term",
    RDFS.subClassOf: "Kind of",
    RDFS.subPropertyOf: "Narrower than",
    RDFS.range: "Values are",
    SH.path: "Property",
    SH.targetClass: "For the class",
    SH.property: "Field",
    SKOS.exactMatch: "Same as",
    SKOS.closeMatch: "Nearly the same as",
    SKOS.broadMatch: "Falls under",
    SKOS.narrowMatch: "Covers",
    SKOS.relatedMatch: "Related to",
    RDFS.seeAlso: "See also",
    DCTERMS.source: "Source",
    DCTERMS.license: "Licence",
    DCTERMS.created: "Created",
    OWL.versionInfo: "Version",
    OWL.versionIRI: "IRI of the version",
    RDFS.isDefinedBy: "Defined by",
}
#: What points at a word from others, in words.
_INVERSE_NAMES: Final[dict[URIRef, str]] = {
    SKOS.broader: "Narrower terms",
    RDFS.subClassOf: "Narrower classes",
    RDFS.subPropertyOf: "Narrower properties",
    RDFS.range: "Properties with such values",
    SH.path: "Fields of it",
    SH.targetClass: "Shapes",
    SH["class"]: "Fields with such values",
}
_PLACE: Final = {property_: place for place, property_ in enumerate(_NAMES)}


@dataclass(frozen=True, slots=True)
class Word:
    """A word or value named in a statement: its text, and its IRI where it has one."""

    text: str
    iri: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a word under one name."""

    name: str
    values: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A term of a vocabulary with the narrower ones under it."""

    term: Word
    definition: str
    narrower: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A word: its IRI, kind, name and definition, what is said of it, and the tree of a vocabulary."""

    iri: str
    short: str
    kind: str
    label: str
    definition: str
    told: tuple[Told, ...]
    tree: tuple[Branch, ...] = ()


class Definitions:
    """Reads definitions from the ontology, the vocabularies, their alignments and the shapes."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @classmethod
    def open(cls, settings: Settings) -> Definitions:
        """Read the files. Raises :class:`~nexuskb.errors.ContentError`."""
        graph = read_model(settings)
        graph += read_turtle(alignment_files(settings))
        graph += read_shapes(settings)
        return cls(graph)

    @cached_property
    def words(self) -> frozenset[URIRef]:
        """All words that have a definition."""
        return frozenset(
            subject
            for kind in _KINDS
            for subject in self._graph.subjects(RDF.type, kind)
            if isinstance(subject, URIRef) and subject.startswith(BASE)
        )

    def listed(self, kind: str) -> tuple[Definition, ...]:
        """The definitions of a kind, such as ``Class``, without what is said of them, by name."""
        found = [self._head(iri) for iri in self.words if self._kind(iri) == kind]
        return tuple(sorted(found, key=lambda definition: definition.label.casefold()))

    def heads(self, kind: str) -> Graph:
        """The statements of all words of a kind."""
        found = Graph(namespace_manager=self._graph.namespace_manager)
        for iri in self.words:
            if self._kind(iri) == kind:
                self._take(iri, found)
        return found

    def read(self, iri: URIRef) -> Definition | None:
        """The definition of a word; nothing if it is none of ours."""
        if iri not in self.words:
            return None
        head = self._head(iri)
        tree = self._tree(iri) if head.kind == "Vocabulary" else ()
        told = (*self._own(iri), *self._pointing(iri))
        return Definition(head.iri, head.short, head.kind, head.label, head.definition, told, tree)

    def graph_of(self, iri: URIRef) -> Graph:
        """The statements of a word, with those of the blank nodes that it is said with.

        The ontology comes with its words, a vocabulary with its terms, a shape with its fields.
        """
        found = Graph(namespace_manager=self._graph.namespace_manager)
        for part in (iri, *self._parts(iri)):
            self._take(part, found)
        return found

    def _parts(self, iri: URIRef) -> Iterable[Node]:
        if iri == ONTOLOGY:
            return (word for word in self.words if word.startswith(str(NX)))
        if (iri, RDF.type, SH.NodeShape) in self._graph:
            return self._graph.objects(iri, SH.property)
        return self._graph.subjects(SKOS.inScheme, iri)

    def _take(self, node: Node, found: Graph) -> None:
        for triple in self._graph.triples((node, None, None)):
            if triple not in found:
                found.add(triple)
                if isinstance(triple[2], BNode):
                    self._take(triple[2], found)

    def _kind(self, iri: URIRef) -> str:
        kinds = set(self._graph.objects(iri, RDF.type))
        return next(name for kind, name in _KINDS.items() if kind in kinds)

    def _head(self, iri: URIRef) -> Definition:
        return Definition(
            iri=str(iri),
            short=curie(str(iri)),
            kind=self._kind(iri),
            label=self._label(iri),
            definition=self._first(iri, SKOS.definition, DCTERMS.description, SH.description, RDFS.comment),
            told=(),
        )

    def _first(self, iri: Node, *properties: URIRef) -> str:
        """The English text of the first of these properties that a word has."""
        for property_ in properties:
            values = sorted(self._graph.objects(iri, property_), key=_by_language)
            if values:
                return str(values[0])
        return ""

    def _label(self, iri: Node) -> str:
        name = self._first(iri, SKOS.prefLabel, RDFS.label, DCTERMS.title, SH.name)
        return name or curie(str(iri))

    def _own(self, iri: URIRef) -> Iterable[Told]:
        labels = [o for o in self._graph.objects(iri, SKOS.prefLabel) if getattr(o, "language", "en") != "en"]
        if labels:
            yield Told("In other languages", self._words(labels))
        properties = set(self._graph.predicates(iri)) - _TOLD_APART
        for property_ in sorted(properties, key=lambda p: (_PLACE.get(URIRef(str(p)), len(_PLACE)), str(p))):
            name = _NAMES.get(URIRef(str(property_))) or self._label(property_)
            values = [node for node in self._graph.objects(iri, property_) if not isinstance(node, BNode)]
            if values:
                yield Told(name, self._words(values))

    def _pointing(self, iri: URIRef) -> Iterable[Told]:
        for property_, name in _INVERSE_NAMES.items():
            subjects = [s for s in self._graph.subjects(property_, iri) if isinstance(s, URIRef)]
            if subjects:
                yield Told(name, self._words(subjects))

    def _words(self, nodes: Iterable[Node]) -> tuple[Word, ...]:
        return tuple(sorted(map(self._word, nodes), key=lambda word: (word.text.casefold(), word.iri)))

    def _word(self, node: Node) -> Word:
        if isinstance(node, Literal):
            text = str(node)
            return Word(text, text if text.startswith("https://") else "", node.language or "")
        return Word(self._label(node), str(node))

    def _tree(self, scheme: URIRef) -> tuple[Branch, ...]:
        terms = set(self._graph.subjects(SKOS.inScheme, scheme))
        tops = {term for term in terms if not terms & set(self._graph.objects(term, SKOS.broader))}
        return self._branches(tops, terms)

    def _branches(self, nodes: Iterable[Node], terms: set[Node]) -> tuple[Branch, ...]:
        found = (
            Branch(
                self._word(node),
                self._first(node, SKOS.definition),
                self._branches(terms & set(self._graph.subjects(SKOS.broader, node)), terms),
            )
            for node in nodes
        )
        return tuple(sorted(found, key=lambda branch: branch.term.text.casefold()))


def local_path(iri: str) -> str:
    """The path at which a service answers for an IRI of the base; nothing for those of others."""
    path = iri.removeprefix(BASE)
    return path if path != iri and path.partition("/")[0] in _SERVED else ""


_SERVED: Final = frozenset(
    namespace.removeprefix(BASE).partition("/")[0] for namespace in (NX, SHAPES, VOCABULARIES, REC, EV)
)


def _by_language(node: Node) -> tuple[bool, str]:
    return getattr(node, "language", None) not in ("en", None), str(node)
