"""Triples as bytes: N-Triples in a fixed order (RDF 1.1 N-Triples), and the checksum of a graph (RDFC-1.0).

Equal sets of triples give equal bytes. Language tags come out in small letters, as the store keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from nexuskb.store.embedded import from_engine

Triple = tuple[Node, Node, Node]


def write_ntriples(triples: Iterable[Triple]) -> bytes:
    """Triples without blank nodes as sorted lines.

    Raises ``ValueError`` for what RDF does not allow: a relative IRI, a misformed language tag, a literal as
    subject; and for a blank node.
    """
    lines = {_line(triple) for triple in triples}
    return b"".join(sorted(lines))


def read_ntriples(content: bytes) -> list[Triple]:
    """The triples of :func:`write_ntriples`, their literals as they were written.

    Raises ``SyntaxError`` for anything that is not N-Triples.
    """
    return [
        (from_engine(quad.subject), from_engine(quad.predicate), from_engine(quad.object))
        for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES)
    ]


def checksum(triples: Iterable[Triple]) -> str:
    """SHA-256 of the canonical form of a graph (RDF Dataset Canonicalization 1.0), in hexadecimal."""
    dataset = ox.Dataset(ox.Quad(*_engine_triple(triple)) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    digest = hashlib.sha256()
    for line in sorted(f"{quad} .\n" for quad in dataset):
        digest.update(line.encode())
    return digest.hexdigest()


def _line(triple: Triple) -> bytes:
    if any(isinstance(node, BNode) for node in triple):
        raise ValueError("a blank node has no name to find it by; give it an IRI")
    written = ox.serialize([ox.Triple(*_engine_triple(triple))], format=ox.RdfFormat.N_TRIPLES)
    if written is None:
        raise RuntimeError("the serialiser gives bytes where no file is named")
    return written


def _engine_triple(
    triple: Triple,
) -> tuple[ox.NamedNode | ox.BlankNode, ox.NamedNode, ox.NamedNode | ox.BlankNode | ox.Literal]:
    subject, predicate, value = (_engine(node) for node in triple)
    if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
        raise ValueError("a literal cannot be the subject, nor anything but an IRI the property, of a triple")
    return subject, predicate, value


def _engine(node: Node) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if isinstance(node, URIRef):
        return ox.NamedNode(str(node))
    if isinstance(node, Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language)
        return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype)) if node.datatype else None)
    return ox.BlankNode(str(node))
