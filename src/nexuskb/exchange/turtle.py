"""Deterministic Turtle for the curated files: the same graph always gives the same bytes.

A record stands first and its evidence right after it, a statement a line, so that a change of one
statement is a change of one line. Blank nodes are refused: they have no stable order (RDF 1.1 Turtle).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from rdflib import RDF, XSD, BNode, Literal, URIRef
from rdflib.term import Node

from nexuskb.terms import EV, PREFIXES, REC, curie


class BlankNodeError(ValueError):
    """A graph for the curated files holds a blank node."""


def serialise(graph: Iterable[tuple[Node, Node, Node]], order: dict[URIRef, int] | None = None) -> str:
    """Write triples as Turtle.

    ``order`` gives the place of a predicate within its subject (smaller first; unnamed ones follow by
    IRI); ``rdf:type`` is always first. Raises :class:`BlankNodeError`.
    """
    places = order or {}
    triples = sorted(
        set(graph), key=lambda t: (_subject_key(t[0]), _predicate_key(t[1], places), _term_key(t[2]))
    )
    blocks = [_block(subject, list(rows)) for subject, rows in groupby(triples, key=lambda t: t[0])]
    body = "\n".join(blocks)
    used = {prefix for prefix in PREFIXES if re.search(rf"(?<![\w-]){prefix}:", body)}
    head = "".join(f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in sorted(used))
    return head + "\n" + body


def _subject_key(subject: Node) -> tuple[str, int, str]:
    text = str(subject)
    if text.startswith(EV):
        record, _, number = text.removeprefix(str(EV)).rpartition("-e")
        return (str(REC) + record, int(number) if number.isdigit() else 0, text)
    return (text, 0, text)


def _predicate_key(predicate: Node, places: dict[URIRef, int]) -> tuple[int, str]:
    if predicate == RDF.type:
        return (-1, "")
    return (places.get(URIRef(str(predicate)), 10_000), str(predicate))


def _term_key(term: Node) -> tuple[int, str, str, str]:
    if isinstance(term, Literal):
        return (1, str(term), term.language or "", str(term.datatype or ""))
    return (0, str(term), "", "")


def _block(subject: Node, rows: list[tuple[Node, Node, Node]]) -> str:
    parts = [
        f"    {_predicate(predicate)} " + " ,\n        ".join(_term(o) for _, _, o in objects)
        for predicate, objects in ((p, list(g)) for p, g in groupby(rows, key=lambda t: t[1]))
    ]
    return f"{_term(subject)}\n" + " ;\n".join(parts) + " .\n"


def _predicate(term: Node) -> str:
    return "a" if term == RDF.type else _term(term)


def _term(term: Node) -> str:
    if isinstance(term, BNode):
        raise BlankNodeError("curated files hold no blank nodes; give the node an IRI")
    if isinstance(term, URIRef):
        short = curie(str(term))
        return short if short != str(term) else term.n3()
    if isinstance(term, Literal):
        return _literal(term)
    raise TypeError(f"cannot write {term!r} as Turtle")


def _literal(literal: Literal) -> str:
    text = str(literal)
    escaped = (
        text.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\t", "\\t")
    )
    if literal.language:
        return f'"{escaped}"@{literal.language}'
    if literal.datatype in (None, XSD.string):
        return f'"{escaped}"'
    if literal.datatype == XSD.integer and re.fullmatch("-?[0-9]+", text):
        return text
    return f'"{escaped}"^^{_term(URIRef(str(literal.datatype)))}'
