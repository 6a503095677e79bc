"""Random changes of a base: what editors do, by mistake as well, and what befalls vocabularies."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from rdflib import DCTERMS, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.terms import EV, NX, REC, concept_iri
from nexuskb.validation.base import Base
from nexuskb.validation.change import Change
from nexuskb.validation.triples import Triple, graph_of_triples

ODD_VALUES = (
    Literal("2019-12-25", datatype=XSD.date),
    Literal("2023-02-30", datatype=XSD.date),
    Literal("2031", datatype=XSD.gYear),
    Literal("1999", datatype=XSD.gYear),
    Literal("2030-05", datatype=XSD.gYearMonth),
    Literal("12.50", datatype=XSD.decimal, normalize=False),
    Literal("twelve", datatype=XSD.decimal),
    Literal("", lang="en"),
    Literal("Dust reaches South Korea.", lang="en"),
    Literal("Пыль", lang="ru"),
    Literal("plain"),
    Literal("plain", datatype=XSD.string),
    Literal("not an identifier"),
    URIRef("http://example.org/stray"),
    REC["never-entered"],
    EV["never-entered-e1"],
)


def copied(base: Base) -> Base:
    """A base of its own with the same shapes and triples."""
    data = graph_of_triples()
    for triple in base.data:
        data.add(triple)
    return Base(base.shapes, data, {})


def is_record(node: Node) -> bool:
    """Whether a node belongs to the records, not to the model."""
    return not str(node).startswith((str(NX).rstrip("/"), "https://w3id.org/nexuskb/vocabularies/"))


@dataclass
class Changes:
    """Random changes of a graph, and what has been chosen for them."""

    graph: Graph
    random: Random
    added: set[Triple] = field(default_factory=set)
    removed: set[Triple] = field(default_factory=set)

    def draw(self) -> Change:
        """One to three edits of any sort in one change."""
        self.added, self.removed = set(), set()
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.random.choice(EDITS)(self)
        return Change(frozenset(self.added), frozenset(self.removed))

    def records(self, kind: URIRef | None = None) -> list[Node]:
        return sorted({s for s in self.graph.subjects(RDF.type, kind) if is_record(s)})

    def record(self, kind: URIRef | None = None) -> Node:
        return self.random.choice(self.records(kind) or [REC["never-entered"]])

    def of(self, node: Node) -> list[Triple]:
        return sorted(self.graph.triples((node, None, None)))

    def one_of(self, node: Node) -> set[Triple]:
        held = self.of(node)
        return {self.random.choice(held)} if held else set()

    def term(self) -> Node:
        """A vocabulary term that records use."""
        used = {o for s, o in self.graph.subject_objects(None) if isinstance(o, URIRef) and is_record(s)}
        terms = sorted(o for o in used if (o, SKOS.inScheme, None) in self.graph)
        return self.random.choice(terms or [URIRef("http://example.org/term")])

    def a_class(self) -> Node:
        return self.random.choice(sorted(set(self.graph.objects(None, RDF.type)) | {NX.Claim, NX.Record}))

    def value(self) -> Node:
        if self.random.random() < 0.3:
            return self.random.choice(ODD_VALUES)
        if self.random.random() < 0.5:
            return self.record()
        return self.random.choice(self.of(self.record()) or [(None, None, REC["never-entered"])])[2]

    def property(self) -> Node:
        return self.random.choice(self.of(self.record()) or [(None, RDFS.label, None)])[1]


def delete_record(changes: Changes) -> None:
    node = changes.record()
    changes.removed |= set(changes.of(node))
    if changes.random.random() < 0.5:
        for evidence in changes.graph.objects(node, NX.evidence):
            changes.removed |= set(changes.of(evidence))


def lose_a_value(changes: Changes) -> None:
    changes.removed |= changes.one_of(changes.record())


def gain_a_value(changes: Changes) -> None:
    changes.added.add((changes.record(), changes.property(), changes.value()))


def gain_a_value_of_its_own_kind(changes: Changes) -> None:
    node = changes.record()
    for _, prop, _ in changes.one_of(node):
        others = sorted(set(changes.graph.objects(None, prop)) | set(ODD_VALUES), key=str)
        changes.added.add((node, prop, changes.random.choice(others)))


def change_a_value(changes: Changes) -> None:
    for subject, prop, value in changes.one_of(changes.record()):
        changes.removed.add((subject, prop, value))
        others = sorted(set(changes.graph.objects(None, prop)) | set(ODD_VALUES), key=str)
        changes.added.add((subject, prop, changes.random.choice(others)))


def retype(changes: Changes) -> None:
    node = changes.record()
    if changes.random.random() < 0.7:
        changes.removed |= set(changes.graph.triples((node, RDF.type, None)))
    if changes.random.random() < 0.9:
        changes.added.add((node, RDF.type, changes.a_class()))


def copy_record(changes: Changes) -> None:
    node = changes.record()
    name = f"copy-{changes.random.randrange(4)}"
    for _, prop, value in changes.of(node):
        own = prop == DCTERMS.identifier and changes.random.random() < 0.5
        changes.added.add((REC[name], prop, Literal(name) if own else value))


def rename_record(changes: Changes) -> None:
    node, name = changes.record(), REC[f"renamed-{changes.random.randrange(4)}"]
    links = set(changes.graph.triples((None, None, node))) if changes.random.random() < 0.5 else set()
    changes.removed |= {*changes.of(node), *links}
    changes.added |= {(name, p, o) for _, p, o in changes.of(node)} | {(s, p, name) for s, p, _ in links}


def supersede(changes: Changes) -> None:
    changes.added.add((changes.record(NX.Policy), NX.supersedes, changes.record(NX.Policy)))


def end_a_succession(changes: Changes) -> None:
    held = sorted(changes.graph.triples((None, NX.supersedes, None)))
    if held:
        changes.removed.add(changes.random.choice(held))


def share_evidence(changes: Changes) -> None:
    changes.added.add((changes.record(), NX.evidence, changes.record(NX.Evidence)))


def change_an_identifier(changes: Changes) -> None:
    node = changes.record()
    changes.removed |= set(changes.graph.triples((node, DCTERMS.identifier, None)))
    others = sorted(changes.graph.objects(None, DCTERMS.identifier))
    changes.added.add((node, DCTERMS.identifier, changes.random.choice(others or [Literal("first")])))


def make_a_source_sensitive(changes: Changes) -> None:
    kind = concept_iri("sensitivity", "compiled-elsewhere")
    changes.added.add((changes.record(NX.Source), NX.sensitivity, kind))


def withdraw_a_term(changes: Changes) -> None:
    term = changes.term()
    prop = changes.random.choice((SKOS.inScheme, RDF.type, None))
    changes.removed |= set(changes.graph.triples((term, prop, None)))


def rename_a_term(changes: Changes) -> None:
    term = changes.term()
    name = URIRef(f"{term}-renamed")
    changes.removed |= set(changes.of(term))
    changes.added |= {(name, p, o) for _, p, o in changes.of(term)}


def move_a_term(changes: Changes) -> None:
    term = changes.term()
    schemes = sorted(set(changes.graph.objects(None, SKOS.inScheme)))
    changes.removed |= set(changes.graph.triples((term, SKOS.inScheme, None)))
    changes.added.add((term, SKOS.inScheme, changes.random.choice(schemes)))


def relabel_a_term(changes: Changes) -> None:
    changes.added.add((changes.term(), SKOS.altLabel, Literal("Another name", lang="en")))


def restructure_the_classes(changes: Changes) -> None:
    held = sorted(changes.graph.triples((None, RDFS.subClassOf, None)))
    if changes.random.random() < 0.6 and held:
        changes.removed.add(changes.random.choice(held))
    if changes.random.random() < 0.6:
        changes.added.add((changes.a_class(), RDFS.subClassOf, changes.a_class()))


def divide_a_class(changes: Changes) -> None:
    changes.added.add((NX[f"Special{changes.random.randrange(3)}"], RDFS.subClassOf, changes.a_class()))


def remove_what_is_not_there(changes: Changes) -> None:
    changes.removed.add((changes.record(), changes.property(), changes.value()))


EDITS = (
    delete_record, lose_a_value, gain_a_value, gain_a_value_of_its_own_kind, change_a_value, retype,
    copy_record, rename_record, supersede, end_a_succession, share_evidence, change_an_identifier,
    make_a_source_sensitive, withdraw_a_term, rename_a_term, move_a_term, relabel_a_term,
    restructure_the_classes, divide_a_class, remove_what_is_not_there,
)  # fmt: skip
