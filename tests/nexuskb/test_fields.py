"""The fields of the record kinds, as the shapes tell them."""

from __future__ import annotations

import pytest
from rdflib import DCTERMS, RDFS, SH, Graph, URIRef

from nexuskb.fields import Field, fields_of, predicate_order, read_fields
from nexuskb.terms import NX, SHAPES, scheme_iri

SHAPE_TEXT = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix nx: <https://w3id.org/nexuskb/ontology/> .
@prefix nxs: <https://w3id.org/nexuskb/shapes/> .
nxs:Thing a sh:NodeShape ; sh:targetClass nx:Thing ; sh:property nxs:Thing-second , nxs:Thing-first .
nxs:Wide a sh:NodeShape ; sh:targetClass nx:Wide ; sh:property nxs:Wide-any .
nxs:Thing-first a sh:PropertyShape ; sh:path nx:first ; sh:name "First" ; sh:group nxs:Early ; sh:order 1 .
nxs:Thing-second a sh:PropertyShape ; sh:path nx:second ; sh:name "Second" ; sh:group nxs:Late ; sh:order 1 ;
    sh:description "What comes later." ; sh:node [ sh:property [ sh:hasValue <http://a.example/words> ] ] .
nxs:Wide-any a sh:PropertyShape ; sh:path ( nx:first nx:second ) ; sh:name "Both" .
nxs:nameless a sh:PropertyShape ; sh:path nx:third .
nxs:Early rdfs:label "Early on" ; sh:order 1 .
nxs:Late rdfs:label "Later on" ; sh:order 2 .
"""


@pytest.fixture(scope="module")
def small() -> Graph:
    return Graph().parse(data=SHAPE_TEXT, format="turtle")


@pytest.fixture(scope="module")
def fields(shapes_graph: Graph) -> dict[URIRef, Field]:
    return read_fields(shapes_graph)


def classes_of(model: Graph, kind: URIRef) -> set[URIRef]:
    return {c for c in model.transitive_objects(kind, RDFS.subClassOf) if isinstance(c, URIRef)}


def test_a_field_has_all_that_its_shape_says(small: Graph) -> None:
    assert read_fields(small)[SHAPES["Thing-second"]] == Field(
        shape=SHAPES["Thing-second"],
        path=NX.second,
        name="Second",
        help="What comes later.",
        group="Later on",
        place=(2, 1),
        scheme=URIRef("http://a.example/words"),
    )


def test_a_shape_without_a_name_is_no_field(small: Graph) -> None:
    assert set(read_fields(small)) == {SHAPES["Thing-first"], SHAPES["Thing-second"], SHAPES["Wide-any"]}


def test_a_field_over_several_properties_has_no_path_and_stands_last(small: Graph) -> None:
    field = read_fields(small)[SHAPES["Wide-any"]]
    assert field.path is None
    assert field.place == (99, 99)
    assert field.group == field.help == ""


def test_a_record_has_the_fields_of_all_its_classes(small: Graph) -> None:
    found = fields_of(small, read_fields(small), {NX.Thing, NX.Wide, NX.Other})
    assert {path: field.name for path, field in found.items()} == {NX.first: "First", NX.second: "Second"}


def test_every_property_shape_of_a_record_kind_is_a_field_with_a_name(shapes_graph, fields) -> None:
    kinds = set(shapes_graph.subjects(SH.targetClass))
    shapes = {shape for kind in kinds for shape in shapes_graph.objects(kind, SH.property)}
    assert len(shapes) > 100
    assert [shape for shape in shapes if shape not in fields or not fields[shape].name.strip()] == []


def test_the_fields_of_the_records_are_told_with_help_and_in_a_group(shapes_graph, model, fields) -> None:
    known = fields_of(shapes_graph, fields, classes_of(model, NX.Policy))
    assert len(known) > 15
    assert [field.name for field in known.values() if not (field.help and field.group)] == []


@pytest.mark.parametrize(
    ("kind", "property_", "told"),
    [
        (NX.Policy, NX.legalStatus, ("Legal status", scheme_iri("status"))),
        (NX.Policy, NX.policyKind, ("Kind of policy", scheme_iri("policykind"))),
        (NX.Policy, NX.adopted, ("Adopted", None)),
        (NX.Policy, NX.area, ("Area", scheme_iri("area"))),
        (NX.Measure, NX.instrument, ("Instrument", scheme_iri("instrument"))),
        (NX.Interlinkage, NX.confidence, ("Confidence", scheme_iri("confidence"))),
    ],
)
def test_a_field_is_called_what_people_call_it_and_knows_its_vocabulary(
    shapes_graph, model, kind, property_, told
) -> None:
    field = fields_of(shapes_graph, read_fields(shapes_graph), classes_of(model, kind))[property_]
    assert (field.name, field.scheme) == told


def test_the_fields_of_a_record_include_those_of_every_claim(shapes_graph, model, fields) -> None:
    alone = fields_of(shapes_graph, fields, {NX.Policy})
    whole = fields_of(shapes_graph, fields, classes_of(model, NX.Policy))
    assert {NX.reviewState, NX.area, NX.caveat} <= set(whole) - set(alone)
    assert alone.items() <= whole.items()


def test_a_record_starts_with_its_name_and_ends_with_its_evidence(fields) -> None:
    order = predicate_order(fields)
    in_order = sorted(order, key=lambda path: order[path])
    assert in_order[:4] == [RDFS.label, DCTERMS.identifier, NX.reviewState, NX.area]
    assert in_order[-1] == NX.evidence
    assert len(set(order.values())) == len(order)


def test_properties_follow_the_order_of_groups_and_fields(small: Graph) -> None:
    order = predicate_order(read_fields(small))
    assert order[NX.first] < order[NX.second]
