"""SHACL property paths (SHACL, 2.3.1): read from the shapes, and walked backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from rdflib import RDF, SH, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from nexuskb.errors import ContentError


@dataclass(frozen=True, slots=True)
class Step:
    """From a node to the values of a property, or to the subjects that have the node as its value."""

    property: URIRef
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One path after the other; without any it stays where it is."""

    parts: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """Any of some paths."""

    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A path any number of times, or none."""

    part: Path


Path: TypeAlias = Step | Sequence | Alternative | Repeated
HERE = Sequence()


def read_path(shapes: Graph, node: Node) -> Path:
    """The path that a node of the shapes graph stands for.

    Raises :class:`~nexuskb.errors.ContentError` for an inverse of more than one property, which pySHACL
    evaluates wrongly, and for what is no path.
    """
    if isinstance(node, URIRef):
        return Step(node)
    if (node, RDF.first, None) in shapes:
        return Sequence(tuple(read_path(shapes, part) for part in Collection(shapes, node)))
    for predicate, value in shapes.predicate_objects(node):
        if predicate == SH.inversePath and isinstance(value, URIRef):
            return Step(value, inverse=True)
        if predicate == SH.inversePath:
            raise ContentError("A path of the shapes inverts more than one property; invert each of them.")
        if predicate in _READERS:
            return _READERS[predicate](shapes, value)
    raise ContentError(f"The shapes have a path that is none: {node}.")


def _alternative(shapes: Graph, node: Node) -> Path:
    return Alternative(tuple(read_path(shapes, part) for part in Collection(shapes, node)))


def _any_number(shapes: Graph, node: Node) -> Path:
    return Repeated(read_path(shapes, node))


def _at_least_one(shapes: Graph, node: Node) -> Path:
    part = read_path(shapes, node)
    return Sequence((part, Repeated(part)))


def _at_most_one(shapes: Graph, node: Node) -> Path:
    return Alternative((HERE, read_path(shapes, node)))


_READERS: dict[Node, Callable[[Graph, Node], Path]] = {
    SH.alternativePath: _alternative,
    SH.zeroOrMorePath: _any_number,
    SH.oneOrMorePath: _at_least_one,
    SH.zeroOrOnePath: _at_most_one,
}


def then(path: Path, following: Path) -> Path:
    """A path with another after it."""
    parts = [each.parts if isinstance(each, Sequence) else (each,) for each in (path, following)]
    joined = (*parts[0], *parts[1])
    return joined[0] if len(joined) == 1 else Sequence(joined)


def steps(path: Path, before: Path = HERE) -> Iterable[tuple[Path, Step]]:
    """Every step that following a path takes, with the way to where it is taken."""
    match path:
        case Step():
            yield before, path
        case Sequence(parts):
            for part in parts:
                yield from steps(part, before)
                before = then(before, part)
        case Alternative(parts):
            for part in parts:
                yield from steps(part, before)
        case Repeated(part):
            yield from steps(part, then(before, path))


def back(graph: Graph, path: Path, ends: set[Node]) -> set[Node]:
    """The nodes from which the path leads to one of the ends."""
    match path:
        case Step(prop, inverse=True):
            return {found for end in ends for found in graph.objects(end, prop)}
        case Step(prop):
            return {found for end in ends for found in graph.subjects(prop, end)}
        case Sequence(parts):
            for part in reversed(parts):
                if not ends:
                    break
                ends = back(graph, part, ends)
            return ends
        case Alternative(parts):
            return {found for part in parts for found in back(graph, part, ends)}
        case Repeated(part):
            found, new = set(ends), set(ends)
            while new:
                new = back(graph, part, new) - found
                found |= new
            return found
