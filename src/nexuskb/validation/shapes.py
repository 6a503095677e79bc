"""The SHACL shapes, parsed once and kept."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import cached_property

from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.core.property_pair_constraints import LessThanOrEqualsConstraintComponent
from pyshacl.errors import ReportableRuntimeError
from rdflib import RDFS, SH, Graph, Literal, URIRef
from rdflib.term import IdentifiedNode, Node

from nexuskb.content import read_shapes
from nexuskb.errors import ContentError
from nexuskb.fields import Field, read_fields
from nexuskb.settings import Settings
from nexuskb.terms import curie
from nexuskb.validation.affected import reads_of_shape
from nexuskb.validation.kept import NOT_PAST, KeptShape, KeptShapes

Term = IdentifiedNode | Literal


class _LessThanOrEquals(LessThanOrEqualsConstraintComponent):
    """Values that cannot be compared are a result (SHACL, 4.5.4).

    pySHACL 0.40 ends with an error for some of them, and puts others in the order of their datatypes: every
    day comes before every month.
    """

    def _compare_ltoe(
        self, values: set[Term], others: set[Term], data: Graph, focus: Term
    ) -> tuple[bool, list[object]]:
        if all(_comparable(value, other) for value in values for other in others):
            with suppress(TypeError, ReportableRuntimeError):
                found: tuple[bool, list[object]] = super()._compare_ltoe(values, others, data, focus)  # type: ignore[no-untyped-call]
                return found
        return True, [self.make_v_result(data, focus, value_node=value) for value in values]


def _comparable(value: Term, other: Term) -> bool:
    """Whether two terms have the same datatype, or none; no shape compares numbers of different types."""
    return getattr(value, "datatype", None) == getattr(other, "datatype", None)


CONSTRAINT_PARAMETERS_MAP[SH.lessThanOrEquals] = _LessThanOrEquals


class Shapes:
    """The shapes graph ready for validation, with the year of ``day``. Not to be shared between threads."""

    def __init__(self, graph: Graph, day: dt.date | None = None) -> None:
        """Raises :class:`~nexuskb.errors.ContentError` for a rule that is not SHACL Core."""
        self.graph = graph
        _refuse_other_targets(graph)
        self.year = (day or today()).year
        self._shacl = KeptShapes(graph, self.year)
        self.reads = {read for shape, _ in self.targeted for read in reads_of_shape(graph, shape.node)}

    @classmethod
    def load(cls, settings: Settings) -> Shapes:
        """Read the shape files. Raises :class:`~nexuskb.errors.ContentError`."""
        return cls(read_shapes(settings))

    def on(self, day: dt.date) -> Shapes:
        """The shapes as they hold on a day: these, or the same with another year."""
        return self if day.year == self.year else Shapes(self.graph, day)

    @cached_property
    def targeted(self) -> list[tuple[KeptShape, frozenset[URIRef]]]:
        """Each shape that has target classes, with them."""
        found = []
        for shape in self._shacl.shapes:
            classes = frozenset(
                o for o in self.graph.objects(shape.node, SH.targetClass) if isinstance(o, URIRef)
            )
            if classes:
                found.append((shape, classes))
        return sorted(found, key=lambda pair: str(pair[0].node))

    @cached_property
    def dated(self) -> frozenset[int]:
        """The places in :attr:`targeted` of the shapes whose verdicts change with the date alone."""
        return frozenset(
            number for number, (shape, _) in enumerate(self.targeted)
            if NOT_PAST in _made_of(self.graph, shape.node)
        )  # fmt: skip

    def forget(self) -> None:
        """To be called when the data changed: what was said of values no longer holds."""
        self._shacl.said.clear()

    @cached_property
    def targets(self) -> dict[Node, list[int]]:
        """The places in :attr:`targeted` of the shapes for a class."""
        found: dict[Node, list[int]] = {}
        for number, (_, classes) in enumerate(self.targeted):
            for cls in classes:
                found.setdefault(cls, []).append(number)
        return found

    @cached_property
    def fields(self) -> dict[URIRef, Field]:
        """Every named property shape."""
        return read_fields(self.graph)

    def label(self, shape: Node | None) -> str:
        """The name of the field or rule behind a shape."""
        if isinstance(shape, URIRef) and shape in self.fields:
            return self.fields[shape].name
        return str(self.graph.value(shape, RDFS.label) or "Record") if shape is not None else "Record"


def _made_of(graph: Graph, shape: Node) -> set[Node]:
    """A shape, and all that it is made of: other shapes, lists."""
    found: set[Node] = set()
    new = {shape}
    while new:
        found |= new
        new = {part for node in new for part in graph.objects(node)} - found
    return found


def today() -> dt.date:
    """The day by which verdicts that depend on the date are given, in UTC."""
    return dt.datetime.now(tz=dt.UTC).date()


def _refuse_other_targets(graph: Graph) -> None:
    for target in (SH.target, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf):
        for shape in graph.subjects(target):
            raise ContentError(
                f"The shape {shape} names its focus nodes by {curie(target)}. "
                "Name them by sh:targetClass, the only way that is looked at here."
            )
