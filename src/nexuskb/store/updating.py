"""A change of records as SPARQL 1.1 Update: for a store that holds the base as it was, and for no other.

Each operation names the triples that go or come in one graph and asks for the generation that the change is
of; the last one writes the new state. All of it is one request, which is one transaction where a store has
them. Where it has none, or stops halfway, the state is still the old one, and the same request sent again
does what is left: to take out what is gone, or put in what is there, is nothing.

Virtuoso 7.2 needs it so. It keeps triples that an operation over two graphs is to delete if their objects are
texts beyond ASCII or of a datatype it does not know; and of a long request it says that it has too much code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

import pyoxigraph as ox

from nexuskb.store.changing import Effect
from nexuskb.store.state import State

#: Triples in an operation.
_OPERATION = 500
#: Triples in a request to Virtuoso, which takes a second to compile 500 and seconds for more.
_VIRTUOSO_REQUEST = 500
_ESCAPES = re.compile(r"\\\\(?P<letter>[uU])|\\.", re.DOTALL)


def growth(effect: Effect) -> Counter[str]:
    """The triples that each graph has more after a change; less than none where it shrinks."""
    more = Counter(_graph(quad) for quad in effect.added)
    more.subtract(Counter(_graph(quad) for quad in effect.removed))
    return more


def requests(effect: Effect, old: State, new: State, product: str) -> Iterator[str]:
    """What to send, in this order, so that a store in the state ``old`` comes to be in the state ``new``.

    ``product`` is what the store says it is. It is one request, but for Virtuoso if much changes.
    """
    operations: list[str] = []
    room = _VIRTUOSO_REQUEST
    for verb, graph, triples in _portions(effect):
        if product.startswith("virtuoso") and operations and room < len(triples):
            yield _joined(operations)
            operations, room = [], _VIRTUOSO_REQUEST
        room -= len(triples)
        lines = "\n".join(triples)
        operations.append(f"{verb} {{ GRAPH <{graph}> {{\n{lines}\n}} }} WHERE {old.condition}")
    yield _joined([*operations, old.become(new)])


def _portions(effect: Effect) -> Iterator[tuple[str, str, list[str]]]:
    for verb, quads in (("DELETE", effect.removed), ("INSERT", effect.added)):
        for graph, of_graph in groupby(sorted(quads, key=_order), key=_graph):
            triples = [_triple(quad) for quad in of_graph]
            for start in range(0, len(triples), _OPERATION):
                yield verb, graph, triples[start : start + _OPERATION]


def _joined(operations: Iterable[str]) -> str:
    return " ;\n".join(operations)


def _order(quad: ox.Quad) -> tuple[str, str]:
    return _graph(quad), str(quad)


def _graph(quad: ox.Quad) -> str:
    graph = quad.graph_name
    assert isinstance(graph, ox.NamedNode)  # noqa: S101 -- all of the base is in named graphs
    return graph.value


def _triple(quad: ox.Quad) -> str:
    """A triple in the notation of SPARQL.

    A backslash before the letter u is read as a code point by engines that look for these before they read
    texts, so the letter is written as one.
    """
    return _ESCAPES.sub(_plainly, f"{quad.subject} {quad.predicate} {quad.object} .")


def _plainly(escape: re.Match[str]) -> str:
    return rf"\\\u{ord(escape['letter']):04X}" if escape["letter"] else escape[0]
