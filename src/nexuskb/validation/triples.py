"""Triples in memory, by the two ways in which shapes read them.

rdflib's own store keeps three indexes of nested dictionaries, with five times the memory and loading time
(docs/decisions/0008-one-change-in-flat-time.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdflib import Graph
from rdflib.store import Store
from rdflib.term import Node

Triple = tuple[Node, Node, Node]
#: Most properties of a subject have one value: a set only where there are more.
_Index = dict[Node, dict[Node, "Node | set[Node]"]]


class Triples(Store):
    """An rdflib store with the values of a subject's properties and the subjects of a property's values.

    Reading with neither subject nor property looks through everything. Counting costs nothing. The literals
    are those that were given.
    """

    def __init__(self) -> None:
        super().__init__()
        self._values: _Index = {}
        self._subjects: _Index = {}
        self._count = 0

    # The parameter ``context`` is rdflib's; there is only one.

    def add(self, triple: Triple, context: Any = None, quoted: bool = False) -> None:
        """Add a triple, if it is not there."""
        s, p, o = triple
        if _put(self._values, s, p, o):
            _put(self._subjects, p, o, s)
            self._count += 1

    def remove(self, triple: Any, context: Any = None) -> None:
        """Remove the triples of a pattern."""
        for (s, p, o), _ in list(self.triples(triple, context)):
            _drop(self._values, s, p, o)
            _drop(self._subjects, p, o, s)
            self._count -= 1

    def triples(self, pattern: Any, context: Any = None) -> Iterator[tuple[Any, Iterator[Any]]]:
        """The triples of a pattern, where ``None`` stands for anything."""
        none: Iterator[Any] = iter(())
        for triple in self._found(*pattern):
            yield triple, none

    def _found(self, s: Node | None, p: Node | None, o: Node | None) -> Iterator[Triple]:
        if s is not None:
            given = self._values.get(s, {})
            for prop in [p] if p is not None else list(given):
                for value in _members(given.get(prop)):
                    if o is None or value == o:
                        yield s, prop, value
            return
        for prop in [p] if p is not None else list(self._subjects):
            given = self._subjects.get(prop, {})
            for value in [o] if o is not None else list(given):
                for subject in _members(given.get(value)):
                    yield subject, prop, value

    def __len__(self, context: Any = None) -> int:
        return self._count


def graph_of_triples() -> Graph:
    """An empty graph that holds its triples in this way."""
    return Graph(Triples(), bind_namespaces="none")


def _members(held: Node | set[Node] | None) -> tuple[Node, ...]:
    if held is None:
        return ()
    return tuple(held) if isinstance(held, set) else (held,)


def _put(index: _Index, first: Node, second: Node, third: Node) -> bool:
    inner = index.setdefault(first, {})
    held = inner.get(second)
    if held is None:
        inner[second] = third
    elif isinstance(held, set):
        if third in held:
            return False
        held.add(third)
    elif held == third:
        return False
    else:
        inner[second] = {held, third}
    return True


def _drop(index: _Index, first: Node, second: Node, third: Node) -> None:
    inner = index[first]
    held = inner[second]
    if isinstance(held, set):
        held.remove(third)
        if len(held) == 1:
            inner[second] = held.pop()
        return
    del inner[second]
    if not inner:
        del index[first]
