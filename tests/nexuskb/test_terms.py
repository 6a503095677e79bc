"""Identifiers and IRIs: what may be one, and that each leads back to the other."""

from __future__ import annotations

import pytest
from rdflib import Graph, URIRef

from nexuskb.terms import (
    PREFIXES,
    bind_prefixes,
    concept_iri,
    curie,
    record_identifier,
    record_iri,
    scheme_iri,
)

RECORDS = "https://w3id.org/nexuskb/records/"
NX = "https://w3id.org/nexuskb/ontology/"


@pytest.mark.parametrize("identifier", ["a", "mng-ndc-2020", "chn-14fyp-wetland", "2030"])
def test_an_identifier_makes_an_iri_that_leads_back_to_it(identifier: str) -> None:
    assert record_iri(identifier) == URIRef(RECORDS + identifier)
    assert record_identifier(str(record_iri(identifier))) == identifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MNG-ndc",
        "mng_ndc",
        "-mng",
        "mng-",
        "mng--ndc",
        "mng ndc",
        "mng/ndc",
        "mng>",
        "mng\n",
        "монгол",
        "٣",
    ],
)
def test_anything_else_is_not_an_identifier(text: str) -> None:
    with pytest.raises(ValueError, match="is not an identifier"):
        record_iri(text)
    assert record_identifier(RECORDS + text) is None


@pytest.mark.parametrize(
    "iri",
    ["mng-ndc-2020", "https://w3id.org/nexuskb/evidence/mng-ndc-2020", "http://other.example/records/a"],
)
def test_only_the_iri_of_a_record_has_an_identifier(iri: str) -> None:
    assert record_identifier(iri) is None


def test_a_vocabulary_term_lies_under_its_vocabulary() -> None:
    assert scheme_iri("driver") == URIRef("https://w3id.org/nexuskb/vocabularies/driver")
    assert concept_iri("driver", "overgrazing") == URIRef(f"{scheme_iri('driver')}/overgrazing")


def test_a_graph_gets_the_prefixes_of_the_base_in_the_place_of_others() -> None:
    graph = Graph()
    graph.bind("rec", "http://other.example/")
    graph.bind("mine", PREFIXES["driver"])
    bound = {prefix: str(namespace) for prefix, namespace in bind_prefixes(graph).namespaces()}
    assert PREFIXES.items() <= bound.items()
    assert "mine" not in bound
    assert graph.qname(PREFIXES["driver"] + "overgrazing") == "driver:overgrazing"


@pytest.mark.parametrize(
    ("iri", "short"),
    [
        (RECORDS + "mng-ndc-2020", "rec:mng-ndc-2020"),
        (NX + "Policy", "nx:Policy"),
        ("https://w3id.org/nexuskb/vocabularies/sdg/15.3.1", "sdg:15.3.1"),
        ("http://www.w3.org/2001/XMLSchema#gYear", "xsd:gYear"),
        (RECORDS + "ends-with.", RECORDS + "ends-with."),
        (RECORDS + "two/parts", RECORDS + "two/parts"),
        (RECORDS, RECORDS),
        ("https://www.unccd.int/", "https://www.unccd.int/"),
        ("just a text", "just a text"),
    ],
)
def test_an_iri_is_shortened_only_where_turtle_can_write_it(iri: str, short: str) -> None:
    assert curie(iri) == short


def test_every_shortened_iri_of_the_model_expands_to_itself(model: Graph) -> None:
    iris = {str(node) for node in model.all_nodes() if isinstance(node, URIRef)}
    shortened = {iri: curie(iri).split(":", 1) for iri in iris if curie(iri) != iri}
    assert len(shortened) > 300
    assert {iri: PREFIXES[prefix] + tail for iri, (prefix, tail) in shortened.items()} == {
        iri: iri for iri in shortened
    }
