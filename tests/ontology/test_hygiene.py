"""Conventions of the ontology, one test each; a new term that breaks one fails here with its name."""

from __future__ import annotations

import csv
import re

import pytest
from rdflib import OWL, RDF, RDFS, SH, SKOS, Graph, Literal, URIRef
from rdflib.namespace import DC, DCTERMS, ORG, PROV, QB, SDO

from nexuskb.content import read_turtle
from nexuskb.settings import Settings
from nexuskb.terms import BASE, NX, PREFIXES, VOCABULARIES
from nexuskb.vocabulary import Vocabularies

STANDARDS = (DC, DCTERMS, ORG, PROV, QB, SDO, SKOS, RDFS, RDF)


@pytest.fixture(scope="module")
def alignments(settings: Settings) -> Graph:
    return read_turtle(sorted((settings.ontology / "alignments").glob("*.ttl")))


@pytest.fixture(scope="module")
def records(settings: Settings) -> Graph:
    return read_turtle(sorted(settings.data.rglob("*.ttl")))


@pytest.fixture(scope="module")
def terms(model: Graph) -> list[URIRef]:
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    return sorted({s for kind in kinds for s in model.subjects(RDF.type, kind)})


def english(graph: Graph, subject: URIRef, predicate: URIRef) -> list[str]:
    values = graph.objects(subject, predicate)
    return [str(v) for v in values if isinstance(v, Literal) and v.language == "en" and v.strip()]


def test_every_class_and_property_has_one_english_label_and_definition(model, terms) -> None:
    assert terms
    wrong = [
        t
        for t in terms
        if len(english(model, t, RDFS.label)) != 1 or len(english(model, t, SKOS.definition)) != 1
    ]
    assert not wrong


def test_every_class_and_property_stands_on_a_standard_term_or_says_why_not(model, terms) -> None:
    def stands(term: URIRef) -> bool:
        above = [*model.objects(term, RDFS.subClassOf), *model.objects(term, RDFS.subPropertyOf)]
        foreign = any(not str(parent).startswith(BASE) for parent in above)
        return foreign or bool(english(model, term, SKOS.scopeNote))

    assert [t for t in terms if not stands(t) and t != NX.Claim] == []


def test_standard_terms_exist_in_their_standards(model) -> None:
    used = {o for p in (RDFS.subClassOf, RDFS.subPropertyOf) for o in model.objects(None, p)}
    foreign = [term for term in used if not str(term).startswith(BASE)]
    assert foreign
    assert [t for t in foreign if not any(t in standard for standard in STANDARDS)] == []


def test_every_property_is_used_by_a_shape_or_a_vocabulary(model, shapes_graph, terms) -> None:
    in_shapes = set(shapes_graph.objects()) | set(shapes_graph.predicates())
    in_vocabularies = set(model.predicates())
    in_paths = {o for o in shapes_graph.objects() if isinstance(o, URIRef)}
    orphans = [
        t
        for t in terms
        if (t, RDF.type, OWL.Class) not in model and t not in in_shapes | in_vocabularies | in_paths
    ]
    assert orphans == []


def test_every_class_is_targeted_by_a_shape_or_has_subclasses(model, shapes_graph) -> None:
    targeted = set(shapes_graph.objects(None, SH.targetClass))
    orphans = [
        c
        for c in model.subjects(RDF.type, OWL.Class)
        if c not in targeted and not any(model.subjects(RDFS.subClassOf, c))
    ]
    assert orphans == []


def test_shapes_speak_only_of_terms_that_exist(model, shapes_graph) -> None:
    mentioned = {t for t in shapes_graph.all_nodes() if str(t).startswith(str(NX))}
    declared = set(model.subjects(RDF.type, None))
    assert mentioned
    assert mentioned <= declared


def test_records_use_only_properties_and_terms_that_exist(model, records) -> None:
    ours = {t for triple in records for t in triple if isinstance(t, URIRef)}
    used = {t for t in ours if str(t).startswith((str(NX), VOCABULARIES))}
    assert used - set(model.subjects(RDF.type, None)) == set()


def test_every_vocabulary_term_has_label_definition_notation_and_scheme(
    model, vocabularies: Vocabularies
) -> None:
    concepts = sorted(model.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 200
    for concept in concepts:
        assert len(english(model, concept, SKOS.prefLabel)) == 1, concept
        assert len(english(model, concept, SKOS.definition)) == 1, concept
        assert len(list(model.objects(concept, SKOS.notation))) == 1, concept
        scheme = model.value(concept, SKOS.inScheme)
        assert (scheme, RDF.type, SKOS.ConceptScheme) in model, concept
        assert str(concept).startswith(f"{scheme}/"), concept


def test_labels_are_unique_within_a_vocabulary(vocabularies: Vocabularies) -> None:
    for scheme in vocabularies.schemes.values():
        labels = [term.label.casefold() for term in scheme.terms]
        assert len(labels) == len(set(labels)), scheme.key


def test_broader_terms_make_no_circle(model) -> None:
    for concept in model.subjects(SKOS.broader, None):
        above = set(model.transitive_objects(model.value(concept, SKOS.broader), SKOS.broader))
        assert concept not in above


def test_no_vocabulary_term_stands_unused_without_a_reason(model, records, shapes_graph) -> None:
    used = {o for o in records.objects() if isinstance(o, URIRef)}
    used |= {o for o in shapes_graph.objects() if isinstance(o, URIRef)}
    used |= set(model.objects(None, SKOS.broader))
    for concept in list(used):
        used |= set(model.transitive_objects(concept, SKOS.broader))
    unused = [
        c
        for c in sorted(model.subjects(RDF.type, SKOS.Concept))
        if c not in used and not english(model, c, NX.reservedFor)
    ]
    assert unused == []


def test_a_reason_for_standing_unused_is_given_only_to_unused_terms(model, records) -> None:
    reserved = set(model.subjects(NX.reservedFor, None))
    assert reserved
    assert reserved & set(records.objects()) == set()


def test_alignments_lead_only_to_verified_iris(alignments, settings: Settings, model) -> None:
    with (settings.ontology / "alignments" / "verified.csv").open(encoding="utf-8", newline="") as file:
        verified = {row["iri"] for row in csv.DictReader(file)}
    mappings = (SKOS.exactMatch, SKOS.closeMatch, SKOS.relatedMatch, SKOS.broadMatch, SKOS.narrowMatch)
    targets = {str(o) for p in mappings for o in alignments.objects(None, p)}
    foreign = {t for t in targets if not t.startswith(BASE)}
    assert len(foreign) > 50
    assert foreign - verified == set()
    subjects = {s for p in mappings for s in alignments.subjects(p, None)}
    assert subjects - set(model.subjects(RDF.type, SKOS.Concept)) == set()


def test_the_six_states_are_named_as_the_united_nations_names_them(vocabularies: Vocabularies) -> None:
    names = {
        t.notation: t.label
        for t in vocabularies.schemes["area"].terms
        if re.fullmatch("[A-Z]{3}", t.notation)
    }
    assert names == {
        "CHN": "China",
        "PRK": "Democratic People's Republic of Korea",
        "JPN": "Japan",
        "MNG": "Mongolia",
        "KOR": "Republic of Korea",
        "RUS": "Russian Federation",
    }


def test_every_vocabulary_has_a_prefix_of_its_own(vocabularies: Vocabularies) -> None:
    for key in vocabularies.schemes:
        assert PREFIXES[key] == f"{VOCABULARIES}{key}/"
