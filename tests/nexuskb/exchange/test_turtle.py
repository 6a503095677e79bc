"""Deterministic Turtle: the same graph gives the same bytes, and the bytes give the same graph."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, XSD, BNode, Graph, Literal, URIRef

from nexuskb.content import read_turtle
from nexuskb.exchange.turtle import BlankNodeError, serialise
from nexuskb.terms import EV, NX, REC, concept_iri

POLICIES = Path(__file__).resolve().parents[3] / "data" / "mng" / "policies.ttl"


def read(text: str) -> Graph:
    return Graph().parse(data=text, format="turtle")


def written(*triples: tuple) -> str:
    return serialise(triples)


def body(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("@prefix")][1:]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_triples_come_does_not_matter(seed: int) -> None:
    triples = list(read_turtle([POLICIES]))
    before = serialise(triples)
    random.Random(seed).shuffle(triples)
    assert serialise([*triples, *triples[:50]]) == before


def test_what_is_written_reads_back_as_the_same_graph() -> None:
    graph = read_turtle([POLICIES])
    assert len(graph) > 1_000
    assert set(read(serialise(graph))) == set(graph)


@pytest.mark.parametrize(
    "literal",
    [
        Literal("plain"),
        Literal(""),
        Literal('a "quoted" word and a \\ backslash'),
        Literal("ends in a backslash\\"),
        Literal('""" three quotes """'),
        Literal("two\nlines\r\nand\ta tab"),
        Literal("\\n is not a line end, \\u0041 is not an A"),
        Literal("form\x0cfeed, \u2028 and \x85"),
        Literal("Тэрбум мод", lang="mn"),
        Literal("土地荒漠化", lang="zh-hans"),
        Literal("2030", datatype=XSD.gYear),
        Literal("2021-10-04", datatype=XSD.date),
        Literal("1.50", datatype=XSD.decimal, normalize=False),
        Literal("true", datatype=XSD.boolean),
        Literal("42", datatype=XSD.integer),
        Literal("-7", datatype=XSD.integer),
        Literal("007", datatype=XSD.integer, normalize=False),
        Literal("+5", datatype=XSD.integer, normalize=False),
        Literal("--5", datatype=XSD.integer, normalize=False),
        Literal("٣", datatype=XSD.integer, normalize=False),
        Literal("²", datatype=XSD.integer, normalize=False),
        Literal("x", datatype=URIRef("http://other.example/type")),
    ],
    ids=repr,
)
def test_a_literal_is_written_so_that_turtle_reads_it(literal: Literal) -> None:
    text = written((REC.a, RDFS.label, literal))
    (value,) = read(text).objects(REC.a)
    assert value.eq(literal) or str(value) == str(literal) or int(value) == int(literal)
    assert (value.language, value.datatype) == (literal.language, literal.datatype)


def test_a_statement_is_a_line_even_if_its_text_has_several() -> None:
    text = written((REC.a, RDFS.label, Literal("one\ntwo", lang="en")))
    assert body(text) == ["rec:a", '    rdfs:label "one\\ntwo"@en .']


@pytest.mark.parametrize(
    "iri",
    [
        "https://www.unccd.int/sites/default/files/a,b.pdf?x=1&y=(2)#page=3",
        "https://w3id.org/nexuskb/records/with/slash",
        "https://w3id.org/nexuskb/records/",
        "http://other.example/монгол",
    ],
)
def test_an_iri_that_no_prefix_fits_is_written_in_full(iri: str) -> None:
    text = written((REC.a, RDFS.seeAlso, URIRef(iri)))
    assert f"<{iri}>" in text
    assert list(read(text).objects(REC.a)) == [URIRef(iri)]


def test_a_block_has_its_kind_first_then_the_properties_in_the_order_given() -> None:
    triples = [
        (REC.a, NX.zeta, Literal(1)),
        (REC.a, NX.beta, REC.c),
        (REC.a, NX.beta, REC.b),
        (REC.a, NX.alpha, concept_iri("driver", "wind")),
        (REC.a, NX.named, Literal("first")),
        (REC.a, RDF.type, NX.Policy),
    ]
    assert body(serialise(triples, {NX.named: 0, NX.zeta: 1})) == [
        "rec:a",
        "    a nx:Policy ;",
        '    nx:named "first" ;',
        "    nx:zeta 1 ;",
        "    nx:alpha driver:wind ;",
        "    nx:beta rec:b ,",
        "        rec:c .",
    ]


def test_evidence_follows_its_record_in_the_order_of_its_numbers() -> None:
    subjects = [EV["a-e10"], REC["a-1"], EV["a-e2"], REC.a, EV["a-e1"], EV["a-1-e1"]]
    lines = body(serialise([(subject, RDF.type, NX.Thing) for subject in subjects]))
    assert [line for line in lines if line.startswith(("rec:", "ev:"))] == [
        "rec:a",
        "ev:a-e1",
        "ev:a-e2",
        "ev:a-e10",
        "rec:a-1",
        "ev:a-1-e1",
    ]


def test_only_prefixes_that_are_used_are_declared_in_the_order_of_the_alphabet() -> None:
    text = written((REC.a, RDF.type, NX.Policy), (REC.a, NX.area, concept_iri("area", "mng")))
    declared = [line.split()[1] for line in text.splitlines() if line.startswith("@prefix")]
    assert declared == ["area:", "nx:", "rec:"]


@pytest.mark.parametrize(
    "triple", [(BNode(), RDF.type, NX.Policy), (REC.a, NX.evidence, BNode())], ids=["subject", "object"]
)
def test_blank_nodes_are_refused(triple: tuple) -> None:
    with pytest.raises(BlankNodeError, match="give the node an IRI"):
        written(triple)
