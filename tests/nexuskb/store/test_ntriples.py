"""Triples as bytes: equal sets, equal bytes; literals as they were written."""

from __future__ import annotations

import pytest
from rdflib import RDFS, XSD, BNode, Graph, Literal, URIRef

from nexuskb.store.ntriples import checksum, read_ntriples, write_ntriples
from nexuskb.terms import NX, REC


def test_the_whole_base_comes_back_as_it_was(turtle: Graph) -> None:
    assert len(turtle) > 70_000
    written = write_ntriples(turtle)
    assert set(read_ntriples(written)) == set(turtle)
    assert write_ntriples(reversed(list(turtle))) == written


@pytest.mark.parametrize(
    "literal",
    [
        Literal("01", datatype=XSD.integer, normalize=False),
        Literal("1.10", datatype=XSD.decimal, normalize=False),
        Literal("none", datatype=XSD.boolean, normalize=False),
        Literal('"\\\n\r\t\x0c\x01 \u2028'),
        Literal("荒漠化", lang="zh"),
        Literal(""),
    ],
    ids=repr,
)
def test_a_literal_keeps_its_very_form(literal: Literal) -> None:
    ((_, _, back),) = read_ntriples(write_ntriples([(REC.a, RDFS.label, literal)]))
    assert str(back) == str(literal)
    assert (back.language, back.datatype) == (literal.language, literal.datatype)


@pytest.mark.parametrize(
    ("triple", "words"),
    [
        ((REC.a, NX.evidence, BNode()), "blank node"),
        ((BNode(), NX.evidence, REC.a), "blank node"),
        ((Literal("a"), NX.evidence, REC.a), "literal"),
        ((REC.a, NX.evidence, URIRef("not an iri")), "IRI"),
        ((REC.a, NX.evidence, URIRef("relative")), "IRI"),
    ],
)
def test_what_rdf_does_not_allow_is_refused(triple: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        write_ntriples([triple])


def test_the_checksum_is_of_the_canonical_form_whatever_blank_nodes_are_called() -> None:
    def named(first: str, second: str) -> list:
        return [(BNode(first), NX.to, BNode(second)), (BNode(second), RDFS.label, Literal("x", lang="en"))]

    assert checksum(named("a", "b")) == checksum(named("z", "y"))
    assert checksum(named("a", "b")) != checksum(named("a", "a"))
    assert checksum([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
