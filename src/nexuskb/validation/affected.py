"""Which nodes a change can give another verdict.

A verdict can only change if one of the triples changes that were read for it. So every shape is taken apart
into its reads: the way from the focus node to a node, and the property of which the shape reads the values,
or the subjects, at that node. From a changed triple, the reads of its property are followed back to the focus
nodes. Walking in the graph after the change is enough: if two evaluations differ, then up to the first triple
that only one of them sees they have read the same, and by it the way to that triple is in both graphs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import RDF, RDFS, SH, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from nexuskb.errors import ContentError
from nexuskb.validation.paths import HERE, Path, Repeated, Step, back, read_path, steps, then
from nexuskb.validation.triples import Triple

_TYPE = Step(URIRef(RDF.type))
_SUPERCLASSES = Repeated(Step(URIRef(RDFS.subClassOf)))
#: The way from a node to all its classes (SHACL, 1.1, SHACL instance).
CLASSES = then(_TYPE, _SUPERCLASSES)

_SHAPE = {SH.property, SH.node, SH["not"], SH.qualifiedValueShape}
_SHAPES = {SH["and"], SH["or"], SH.xone}
_PAIR = {SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals}
_VALUE = {
    SH.datatype, SH.nodeKind, SH.minCount, SH.maxCount, SH.minExclusive, SH.minInclusive, SH.maxExclusive,
    SH.maxInclusive, SH.minLength, SH.maxLength, SH.pattern, SH.flags, SH.languageIn, SH.uniqueLang,
    SH.hasValue, SH["in"], SH.qualifiedMinCount, SH.qualifiedMaxCount, SH.ignoredProperties,
}  # fmt: skip
_WORDS = {
    SH.path, SH.name, SH.description, SH.message, SH.order, SH.group, SH.severity, SH.targetClass,
    SH.deactivated, SH.defaultValue, RDF.type, RDFS.label, RDFS.comment,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What is read at the end of a way: values of a property, or its subjects; of any without property."""

    way: Path
    property: URIRef | None
    inverse: bool = False


class Reads:
    """What the shapes read, and with it the nodes that a change affects."""

    def __init__(self, reads: Iterable[Read]) -> None:
        self._by_property: dict[Node | None, set[Read]] = defaultdict(set)
        for read in reads:
            self._by_property[read.property].add(read)

    def affected(self, after: Graph, changed: Iterable[Triple]) -> set[Node]:
        """The nodes whose verdict a change can alter; ``after`` has the change in it."""
        ends: dict[Path, set[Node]] = defaultdict(set)
        for subject, predicate, value in changed:
            for read in (*self._by_property.get(predicate, ()), *self._by_property.get(None, ())):
                ends[read.way].add(value if read.inverse else subject)
        return {node for way, nodes in ends.items() for node in back(after, way, nodes)}


def reads_of_kinds() -> Iterator[Read]:
    """What deciding reads which shapes a node has, and whether any speaks for it."""
    yield Read(HERE, None)
    yield from _class_reads(HERE)
    yield Read(_TYPE, URIRef(RDFS.subClassOf), inverse=True)


def reads_of_shape(shapes: Graph, shape: Node) -> set[Read]:
    """What validating a node against a shape reads.

    Raises :class:`~nexuskb.errors.ContentError` for what the shape demands in another way than by SHACL Core,
    and for a shape within itself.
    """
    return set(_reads(shapes, shape, HERE, ()))


def _reads(shapes: Graph, shape: Node, focus: Path, around: tuple[Node, ...]) -> Iterator[Read]:
    if shape in around:
        raise ContentError(f"The shape {shape} is used within itself, for which SHACL has no meaning.")
    values = focus
    given = shapes.value(shape, SH.path)
    if given is not None:
        path = read_path(shapes, given)
        values = then(focus, path)
        for way, step in steps(path, focus):
            yield Read(way, step.property, step.inverse)
    for parameter, value in shapes.predicate_objects(shape):
        if parameter in _SHAPE:
            yield from _reads(shapes, value, values, (*around, shape))
        elif parameter in _SHAPES:
            for each in Collection(shapes, value):
                yield from _reads(shapes, each, values, (*around, shape))
        elif parameter in _PAIR and isinstance(value, URIRef):
            yield Read(focus, value)
        elif parameter == SH["class"]:
            yield from _class_reads(values)
        elif parameter == SH.closed:
            yield Read(values, None)
        elif parameter not in _VALUE and parameter not in _WORDS:
            raise ContentError(
                f"The shape {shape} has {parameter}, of which it is not known what it reads. "
                "Write the rule in SHACL Core."
            )


def _class_reads(values: Path) -> Iterator[Read]:
    for way, step in steps(CLASSES, values):
        yield Read(way, step.property, step.inverse)
