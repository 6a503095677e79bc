"""The words of the base and what is told of them."""

from __future__ import annotations

import pytest
from rdflib import RDF, SKOS, BNode, Graph, URIRef

from nexuskb.definitions import ONTOLOGY, Branch, Definitions, local_path
from nexuskb.settings import Settings
from nexuskb.terms import NX, SHAPES, VOCABULARIES, concept_iri, scheme_iri


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> Definitions:
    return Definitions.open(settings)


def _terms(branches: tuple[Branch, ...]) -> list[str]:
    return [iri for branch in branches for iri in (branch.term.iri, *_terms(branch.narrower))]


def test_every_word_has_a_name_of_its_own(definitions: Definitions) -> None:
    for iri in definitions.words:
        found = definitions.read(iri)
        assert found is not None
        assert found.label, iri
        assert not found.label.startswith("http"), iri


def test_classes_properties_and_vocabularies_are_defined(definitions: Definitions) -> None:
    for kind in ("Class", "Property", "Vocabulary"):
        listed = definitions.listed(kind)
        assert len(listed) > 20
        assert [each.iri for each in listed if not each.definition] == []


def test_the_tree_of_a_vocabulary_has_each_of_its_terms_once(definitions: Definitions, model: Graph) -> None:
    schemes = set(model.subjects(RDF.type, SKOS.ConceptScheme))
    assert schemes
    for scheme in schemes:
        found = definitions.read(URIRef(str(scheme)))
        assert found is not None
        assert sorted(_terms(found.tree)) == sorted(map(str, model.subjects(SKOS.inScheme, scheme)))


def test_a_term_tells_of_its_matches_in_other_vocabularies(definitions: Definitions) -> None:
    found = definitions.read(concept_iri("driver", "overgrazing"))
    assert found is not None
    same = next(told for told in found.told if told.name == "Same as")
    assert "http://aims.fao.org/aos/agrovoc/c_24945" in [word.iri for word in same.values]


def test_a_property_tells_the_fields_that_are_made_of_it(definitions: Definitions) -> None:
    found = definitions.read(NX.addressesDriver)
    assert found is not None
    fields = next(told for told in found.told if told.name == "Fields of it")
    assert str(SHAPES["Measure-addressesDriver"]) in [word.iri for word in fields.values]


def test_the_data_of_a_shape_hold_its_fields_and_their_lists(definitions: Definitions) -> None:
    graph = definitions.graph_of(SHAPES.Policy)
    assert (SHAPES["Policy-label"], None, None) in graph
    assert all(any(graph.triples((node, None, None))) for node in graph.objects() if isinstance(node, BNode))


def test_the_data_of_the_ontology_hold_all_its_words(definitions: Definitions) -> None:
    graph = definitions.graph_of(ONTOLOGY)
    assert (NX.Policy, RDF.type, None) in graph
    assert (NX.addressesDriver, RDF.type, None) in graph


def test_what_is_no_word_has_no_definition(definitions: Definitions) -> None:
    assert definitions.read(NX.nothingOfTheKind) is None
    assert definitions.read(SKOS.Concept) is None


@pytest.mark.parametrize(
    ("iri", "path"),
    [
        (str(NX.Policy), "ontology/Policy"),
        (str(scheme_iri("driver")), "vocabularies/driver"),
        (f"{VOCABULARIES}sdg/15-3", "vocabularies/sdg/15-3"),
        ("https://w3id.org/nexuskb/graphs/records", ""),
        ("https://w3id.org/other/ontology/Policy", ""),
        ("text", ""),
    ],
)
def test_the_path_of_an_iri_is_its_own(iri: str, path: str) -> None:
    assert local_path(iri) == path
