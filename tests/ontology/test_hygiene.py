"""Conventions of the ontology, one test each; a new term that breaks one fails here with its name.

The schemes of the field (``vocabularies/field-*.ttl``) are carried over from others: they keep their own
labels and need no definitions of ours, but a source, and a reason to be here.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, SH, SKOS, Graph, Literal, URIRef
from rdflib.namespace import DC, DCTERMS, ORG, PROV, QB, SDO

from nexuskb.content import read_turtle
from nexuskb.exchange.turtle import serialise
from nexuskb.settings import Settings
from nexuskb.sparql.parse import tokens
from nexuskb.terms import BASE, NX, PREFIXES, VOCABULARIES
from nexuskb.vocabulary import STATEMENT_ORDER, Vocabularies

ONTOLOGY = Path(__file__).resolve().parents[2] / "ontology"
WRITTEN = sorted([*ONTOLOGY.glob("vocabularies/*.ttl"), *ONTOLOGY.glob("alignments/*.ttl")])
STANDARDS = (DC, DCTERMS, ORG, PROV, QB, SDO, SKOS, RDFS, RDF)
MAPPINGS = (SKOS.exactMatch, SKOS.closeMatch, SKOS.relatedMatch, SKOS.broadMatch, SKOS.narrowMatch)


@pytest.fixture(scope="module")
def alignments(settings: Settings) -> Graph:
    return read_turtle(sorted((settings.ontology / "alignments").glob("*.ttl")))


@pytest.fixture(scope="module")
def mappings(alignments: Graph) -> list[tuple[URIRef, URIRef, URIRef]]:
    return sorted((s, p, o) for p in MAPPINGS for s, o in alignments.subject_objects(p))


@pytest.fixture(scope="module")
def field(settings: Settings) -> Graph:
    return read_turtle(sorted((settings.ontology / "vocabularies").glob("field-*.ttl")))


@pytest.fixture(scope="module")
def mapped_from_ours(mappings, field: Graph) -> set[URIRef]:
    foreign = set(field.subjects(RDF.type, SKOS.Concept))
    return {o for s, _, o in mappings if s not in foreign}


@pytest.fixture(scope="module")
def in_rules(settings: Settings) -> set[URIRef]:
    names = [
        token.text.split(":", 1)
        for path in sorted((settings.ontology / "rules").glob("*.rq"))
        for token in tokens(path.read_text(encoding="utf-8"))
        if token.kind == "name"
    ]
    return {URIRef(PREFIXES[prefix] + name) for prefix, name in names if prefix in PREFIXES}


@pytest.fixture(scope="module")
def records(settings: Settings) -> Graph:
    return read_turtle(sorted(settings.data.rglob("*.ttl")))


@pytest.fixture(scope="module")
def terms(model: Graph) -> list[URIRef]:
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
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


def test_every_property_is_used_by_a_shape_a_vocabulary_or_a_rule(
    model, shapes_graph, terms, in_rules
) -> None:
    in_shapes = set(shapes_graph.objects()) | set(shapes_graph.predicates())
    in_vocabularies = set(model.predicates())
    in_paths = {o for o in shapes_graph.objects() if isinstance(o, URIRef)}
    orphans = [
        t
        for t in terms
        if (t, RDF.type, OWL.Class) not in model
        and (t, RDF.type, OWL.AnnotationProperty) not in model
        and t not in in_shapes | in_vocabularies | in_paths | in_rules
    ]
    assert orphans == [NX.generation]  # written by the loading of a remote store


def test_a_property_of_queries_alone_is_in_no_triple_and_says_so(
    model, shapes_graph, alignments, records
) -> None:
    annotations = set(model.subjects(RDF.type, OWL.AnnotationProperty))
    of_queries = {
        term for term in annotations if "in queries only" in "".join(english(model, term, SKOS.scopeNote))
    }
    assert annotations - of_queries == {NX.inverseName}
    assert of_queries == {NX.matches}
    for term in of_queries:
        for graph in (model, shapes_graph, alignments, records):
            assert (None, term, None) not in graph


def test_every_class_is_targeted_by_a_shape_made_by_a_rule_or_has_subclasses(
    model, shapes_graph, in_rules
) -> None:
    targeted = set(shapes_graph.objects(None, SH.targetClass))
    orphans = [
        c
        for c in model.subjects(RDF.type, OWL.Class)
        if c not in targeted | in_rules and not any(model.subjects(RDFS.subClassOf, c))
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


def test_every_vocabulary_term_has_label_notation_and_scheme_and_ours_a_definition(model, field) -> None:
    concepts = sorted(model.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 400
    foreign = set(field.subjects(RDF.type, SKOS.Concept))
    for concept in concepts:
        assert len(english(model, concept, SKOS.prefLabel)) == 1, concept
        assert concept in foreign or len(english(model, concept, SKOS.definition)) == 1, concept
        assert len(list(model.objects(concept, SKOS.notation))) == 1, concept
        scheme = model.value(concept, SKOS.inScheme)
        assert (scheme, RDF.type, SKOS.ConceptScheme) in model, concept
        assert str(concept).startswith(f"{scheme}/"), concept


def test_top_terms_are_those_without_a_broader_one(model) -> None:
    for concept in model.subjects(RDF.type, SKOS.Concept):
        scheme = model.value(concept, SKOS.inScheme)
        top = not any(model.objects(concept, SKOS.broader))
        assert ((concept, SKOS.topConceptOf, scheme) in model) == top, concept
        assert ((scheme, SKOS.hasTopConcept, concept) in model) == top, concept


def test_notations_are_unique_within_a_vocabulary_in_any_case(vocabularies: Vocabularies) -> None:
    for scheme in vocabularies.schemes.values():
        notations = [term.notation.casefold() for term in scheme.terms]
        assert len(notations) == len(set(notations)), scheme.key


def test_labels_are_unique_within_a_vocabulary_of_ours(vocabularies: Vocabularies, field) -> None:
    for scheme in vocabularies.schemes.values():
        if (URIRef(VOCABULARIES + scheme.key), RDF.type, SKOS.ConceptScheme) in field:
            continue
        labels = [term.label.casefold() for term in scheme.terms]
        assert len(labels) == len(set(labels)), scheme.key


def test_a_file_of_the_field_holds_one_scheme_with_title_description_and_source(settings: Settings) -> None:
    paths = sorted((settings.ontology / "vocabularies").glob("field-*.ttl"))
    assert paths
    for path in paths:
        graph = read_turtle([path])
        scheme = URIRef(VOCABULARIES + path.stem.removeprefix("field-"))
        assert set(graph.subjects(RDF.type, SKOS.ConceptScheme)) == {scheme}
        assert set(graph.objects(None, SKOS.inScheme)) == {scheme}
        for predicate in (DCTERMS.title, DCTERMS.description, DCTERMS.source):
            assert len(english(graph, scheme, predicate)) == 1, (path.name, predicate)


def test_a_scheme_of_the_field_is_mapped_from_ours_and_says_why_it_is_carried_whole(
    field, mapped_from_ours
) -> None:
    for scheme in field.subjects(RDF.type, SKOS.ConceptScheme):
        concepts = set(field.subjects(SKOS.inScheme, scheme))
        assert concepts & mapped_from_ours, scheme
        assert bool(concepts - mapped_from_ours) == bool(english(field, scheme, NX.reservedFor)), scheme


def test_broader_terms_make_no_circle(model) -> None:
    for concept in model.subjects(SKOS.broader, None):
        above = set(model.transitive_objects(model.value(concept, SKOS.broader), SKOS.broader))
        assert concept not in above


def test_no_vocabulary_term_of_ours_stands_unused_without_a_reason(
    model, field, records, shapes_graph, in_rules
) -> None:
    used = {o for o in records.objects() if isinstance(o, URIRef)} | in_rules
    used |= {o for o in shapes_graph.objects() if isinstance(o, URIRef)}
    used |= set(model.objects(None, SKOS.broader)) | set(model.objects(None, NX.baseUnit))
    used |= {unit for form in records.objects(None, NX.unit) for unit in model.subjects(NX.printedAs, form)}
    for concept in list(used):
        used |= set(model.transitive_objects(concept, SKOS.broader))
    unused = [
        c
        for c in sorted(set(model.subjects(RDF.type, SKOS.Concept)) - set(field.subjects()))
        if c not in used and not english(model, c, NX.reservedFor)
    ]
    assert unused == []


def units(model: Graph) -> list[URIRef]:
    return sorted(
        u for u in model.subjects(SKOS.inScheme, URIRef(VOCABULARIES + "unit")) if isinstance(u, URIRef)
    )


def test_a_unit_has_a_base_unit_and_a_factor_which_is_one_for_a_base_unit(model) -> None:
    assert len(units(model)) > 60
    for unit in units(model):
        (base,) = model.objects(unit, NX.baseUnit)
        (factor,) = model.objects(unit, NX.factor)
        assert (base, NX.baseUnit, base) in model, unit
        assert (base == unit) == (float(factor) == 1), unit
        assert len(list(model.objects(unit, NX.ucumCode))) <= 1, unit


def test_a_form_of_print_is_of_one_unit_and_every_record_prints_a_known_one(model, records) -> None:
    forms = Counter(str(form) for unit in units(model) for form in model.objects(unit, NX.printedAs))
    assert [form for form, times in forms.items() if times > 1] == []
    assert {str(form) for form in records.objects(None, NX.unit)} == set(forms)


@pytest.mark.parametrize(
    ("word", "many"), [("thousand", 10**3), ("million", 10**6), ("billion", 10**9), ("trillion", 10**12)]
)
def test_a_unit_named_after_many_of_another_is_that_many(word: str, many: int, model) -> None:
    named = {str(unit).rsplit("/", 1)[1]: float(model.value(unit, NX.factor)) for unit in units(model)}
    pairs = [(key, key.removeprefix(f"{word}-")) for key in named if key.startswith(f"{word}-")]
    assert pairs
    for key, one in pairs:
        if one in named:
            assert named[key] == named[one] * many, key


def test_areas_convert_as_they_do_on_paper(model) -> None:
    factor = {str(unit).rsplit("/", 1)[1]: float(model.value(unit, NX.factor)) for unit in units(model)}
    assert factor["km2"] == 100
    assert factor["million-km2"] == 100 * factor["million-ha"]
    assert round(factor["million-mu"] * 15) == factor["million-ha"]
    assert factor["km3"] == factor["billion-m3"]
    assert factor["teragram"] == factor["million-t"]


def test_a_reason_for_standing_unused_is_given_only_to_unused_terms(model, records) -> None:
    reserved = set(model.subjects(NX.reservedFor, None))
    assert reserved
    assert reserved & set(records.objects()) == set()


def test_alignments_lead_only_to_terms_that_exist_or_to_verified_iris(
    mappings, settings: Settings, model
) -> None:
    with (settings.ontology / "alignments" / "verified.csv").open(encoding="utf-8", newline="") as file:
        verified = {row["iri"] for row in csv.DictReader(file)}
    concepts = set(model.subjects(RDF.type, SKOS.Concept))
    targets = {o for _, _, o in mappings}
    foreign = {str(t) for t in targets if not str(t).startswith(BASE)}
    assert len(foreign) > 50
    assert foreign - verified == set()
    assert {t for t in targets if str(t).startswith(BASE)} - concepts == set()
    assert {s for s, _, _ in mappings} - concepts == set()


def test_two_terms_have_one_mapping_between_them(mappings) -> None:
    pairs = Counter(frozenset((s, o)) for s, _, o in mappings)
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_a_term_has_one_exact_match_in_a_scheme(mappings) -> None:
    exact = [(s, o) for s, p, o in mappings if p == SKOS.exactMatch]
    ends = Counter((s, str(o).rsplit("/", 1)[0]) for pair in exact for s, o in (pair, pair[::-1]))
    assert [end for end, count in ends.items() if count > 1] == []


def test_what_matches_exactly_is_neither_broader_nor_narrower_nor_related(model, mappings) -> None:
    same: dict[URIRef, set[URIRef]] = {}
    for s, p, o in mappings:
        if p == SKOS.exactMatch:
            joined = same.get(s, {s}) | same.get(o, {o})
            same.update(dict.fromkeys(joined, joined))
    apart = {(s, o) for s, p, o in mappings if p not in {SKOS.exactMatch, SKOS.closeMatch}}
    apart |= set(model.subject_objects(SKOS.broader)) | set(model.subject_objects(SKOS.related))
    assert [(s, o) for s, o in apart if o in same.get(s, ())] == []
    for terms in same.values():
        ours = sorted(str(t).rsplit("/", 1)[0] for t in terms if str(t).startswith(BASE))
        assert not any(one == other for one, other in pairwise(ours)), terms


@pytest.mark.parametrize("path", WRITTEN, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_file_is_exactly_what_our_writer_makes_of_it(path: Path) -> None:
    assert serialise(read_turtle([path]), STATEMENT_ORDER) == path.read_text(encoding="utf-8")


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
