"""pySHACL's shapes, with what they build kept.

pySHACL reads a shape's parameters from the shapes graph and builds its constraint components anew for every
focus node, and describes every result in words, nested ones that nobody sees included. Here the components
are built once, results are not described (the report does that), and what a node shape said of a value is
remembered until the data change. The judging itself is pySHACL's.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import SH, Graph, Literal
from rdflib.term import Node

from nexuskb.terms import SHAPES
from nexuskb.validation.triples import graph_of_triples

#: The shape of the years that are not past.
NOT_PAST = SHAPES["not-past"]
#: Description, node, and triples of a validation result.
RawResult: TypeAlias = tuple[str, Node, list[tuple[Node, Node, object]]]
Verdict: TypeAlias = tuple[bool, list[RawResult]]


class KeptShapes(ShapesGraph):
    """A shapes graph whose shapes are :class:`KeptShape`, with the year put in.

    ``said`` is what node shapes said of values.
    """

    def __init__(self, graph: Graph, year: int) -> None:
        own = graph_of_triples()  # read often; and pySHACL writes to it
        own += graph
        if (NOT_PAST, SH.pattern, None) in own:
            own.set((NOT_PAST, SH.pattern, Literal(years_from(year))))
        super().__init__(own)
        self.said: dict[tuple[Node, Node], Verdict] = {}
        self._kept = {shape.node: KeptShape(self, shape) for shape in super().shapes}

    @property
    def shapes(self) -> Collection[KeptShape]:
        """All shapes."""
        return self._kept.values()

    def lookup_shape_from_node(self, node: Node) -> KeptShape:
        """The shape of a node; ``KeyError`` if it is none."""
        return self._kept[node]


class KeptShape(Shape):
    """A shape that builds its constraint components once."""

    __slots__ = ("_components", "_said")

    def __init__(self, shapes: KeptShapes, shape: Shape) -> None:
        super().__init__(shapes, shape.node, shape.is_property_shape, shape.path(), shape.logger)  # type: ignore[no-untyped-call]
        self._said = shapes.said
        self._components: list[ConstraintComponent] | None = None

    def validate(
        self,
        executor: SHACLExecutor,
        target_graph: Graph,
        focus: Node | Collection[Node] | None = None,
        _evaluation_path: list[object] | None = None,
    ) -> Verdict:
        """Whether the focus nodes conform, and the results where they do not."""
        if focus is None:
            raise TypeError("the focus nodes are given by whoever knows the data")
        if self.deactivated:
            return True, []
        if not isinstance(focus, Node) or self.is_property_shape or _evaluation_path is None:
            nodes = [focus] if isinstance(focus, Node) else list(focus)
            return self._evaluate(executor, target_graph, nodes, _evaluation_path or [])
        verdict = self._said.get((self.node, focus))
        if verdict is None:
            verdict = self._evaluate(executor, target_graph, [focus], _evaluation_path)
            self._said[self.node, focus] = verdict
        return verdict

    def _evaluate(
        self, executor: SHACLExecutor, data: Graph, nodes: list[Node], path: list[object]
    ) -> Verdict:
        if self._components is None:
            self._components = self._build()
        values = self.value_nodes(data, nodes)
        conforms, results = True, []
        for component in self._components:
            passed, found = component.evaluate(executor, data, values, [*path, self, component])
            conforms = conforms and passed
            results += found
        return conforms, results

    def _build(self) -> list[ConstraintComponent]:
        parameters = CONSTRAINT_PARAMETERS_MAP.keys() & set(self.sg.graph.predicates(self.node))
        kinds = {CONSTRAINT_PARAMETERS_MAP[parameter] for parameter in parameters}
        return [_undescribed(kind)(self) for kind in sorted(kinds, key=lambda kind: kind.constraint_name())]


def years_from(year: int) -> str:
    """The pattern of the years, written with four digits, from one on."""
    digits = f"{year:04}"
    later = [
        f"{digits[:place]}[{int(digit) + 1}-9]{'[0-9]' * (3 - place)}"
        for place, digit in enumerate(digits)
        if digit != "9"
    ]
    return f"^({'|'.join([digits, *later])})$"


class _Undescribed(ConstraintComponent):
    """A constraint component whose results have no description."""

    def make_v_result_description(self, *_: object, **__: object) -> str:
        return ""


def _undescribed(kind: type[ConstraintComponent]) -> type[ConstraintComponent]:
    return type(kind.__name__, (_Undescribed, kind), {})
