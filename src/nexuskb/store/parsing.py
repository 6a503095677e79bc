"""RDF text from outside parsed by the engine's strict parser, with nothing fetched and nothing unbounded.

The parser neither loads remote JSON-LD contexts nor follows ``owl:imports``; RDF/XML, with its entities, is
not among the formats. What could nest is bounded before it is parsed, since the engine's own walk of nested
terms is recursive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

import pyoxigraph as ox
from rdflib.term import Node

from nexuskb.store.embedded import from_engine

Triple = tuple[Node, Node, Node]


class Syntax(Enum):
    """A syntax that submissions may be written in."""

    TURTLE = "Turtle"
    JSON_LD = "JSON-LD"


_FORMATS = {Syntax.TURTLE: ox.RdfFormat.TURTLE, Syntax.JSON_LD: ox.RdfFormat.JSON_LD}

#: The tokens of Turtle in which a bracket is only a character, and the brackets (RDF 1.1 Turtle, 6.5).
#: A string without end reaches to the end of the line or text, so that no character is read twice.
_TURTLE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*(?:""")?|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*(?:\'\'\')?'
    r'|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?'
    r"|<[^\x00-\x20<>\"{}|^`]*>|#[^\n]*|(?P<triple><<)|(?P<open>[\[({])|(?P<close>[\])}])",
    re.DOTALL,
)
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"?|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)


class ParseError(Exception):
    """Text that cannot be parsed; ``line`` and ``column`` count from 1 and are ``None`` where unknown."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class TooManyTriplesError(Exception):
    """The text holds more triples than it may."""


def parse_triples(text: str, syntax: Syntax, base: str, most: int) -> list[Triple]:
    """Parse RDF text into triples of rdflib terms whose lexical forms are as written.

    ``base`` resolves relative IRIs. Raises :class:`ParseError`, and :class:`TooManyTriplesError` as soon as
    there are more than ``most`` triples. The text's nesting has to be bounded by :func:`check_nesting`.
    """
    found: list[Triple] = []
    try:
        for quad in ox.parse(text, _FORMATS[syntax], base_iri=base, without_named_graphs=True):
            if len(found) == most:
                raise TooManyTriplesError
            found.append(_triple(quad))
    except SyntaxError as error:
        message = re.sub(r"^Parser error at line.*?: (?=\S)", "", str(error.msg))
        raise ParseError(message, error.lineno, error.offset) from error
    return found


def check_nesting(text: str, syntax: Syntax, most: int) -> None:
    """Refuse text whose brackets nest deeper than ``most``. Linear in its length; raises ParseError."""
    depth = 0
    for token in (_TURTLE if syntax is Syntax.TURTLE else _JSON).finditer(text):
        kind = token.lastgroup
        if kind == "triple":
            raise ParseError("triples about triples are not taken", *_place(text, token.start()))
        if kind == "open":
            depth += 1
            if depth > most:
                message = f"brackets nest deeper than {most} levels"
                raise ParseError(message, *_place(text, token.start()))
        elif kind == "close":
            depth -= 1


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _triple(quad: ox.Quad | ox.Triple) -> Triple:
    terms = tuple(_terms(quad))
    return terms[0], terms[1], terms[2]


def _terms(quad: ox.Quad | ox.Triple) -> Iterator[Node]:
    for term in (quad.subject, quad.predicate, quad.object):
        if isinstance(term, ox.Triple):
            raise ParseError("triples about triples are not taken")
        if isinstance(term, ox.Literal) and term.direction is not None:
            raise ParseError("texts with a direction of writing are not taken; leave it out")
        yield from_engine(term)
