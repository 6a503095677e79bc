"""The SHACL shapes, parsed once and kept, and the fields that they describe.

A named property shape is a field: its ``sh:name``, ``sh:description``, ``sh:order`` and ``sh:group`` serve
the report, the form and the spreadsheet alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import RDF, RDFS, SH, Graph, URIRef
from rdflib.term import Node

from nexuskb.content import read_turtle, shape_files
from nexuskb.settings import Settings


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record kind: the property shape behind it, its name, its help and its vocabulary."""

    shape: URIRef
    name: str
    help: str
    scheme: URIRef | None


class Shapes:
    """The shapes graph ready for validation. Not to be shared between threads."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._shacl = ShapesGraph(graph)

    @classmethod
    def load(cls, settings: Settings) -> Shapes:
        """Read the shape files. Raises :class:`~nexuskb.errors.ContentError`."""
        return cls(read_turtle(shape_files(settings)))

    @cached_property
    def targeted(self) -> list[tuple[Shape, frozenset[URIRef]]]:
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
    def fields(self) -> dict[URIRef, Field]:
        """Every named property shape."""
        found = {}
        for shape in self.graph.subjects(RDF.type, SH.PropertyShape):
            name = self.graph.value(shape, SH.name)
            if isinstance(shape, URIRef) and name is not None:
                found[shape] = Field(
                    shape, str(name), str(self.graph.value(shape, SH.description) or ""), self._scheme(shape)
                )
        return found

    def label(self, shape: Node | None) -> str:
        """The name of the field or rule behind a shape."""
        if isinstance(shape, URIRef) and shape in self.fields:
            return self.fields[shape].name
        return str(self.graph.value(shape, RDFS.label) or "Record") if shape is not None else "Record"

    def _scheme(self, shape: URIRef) -> URIRef | None:
        for node in self.graph.objects(shape, SH.node):
            for membership in self.graph.objects(node, SH.property):
                value = self.graph.value(membership, SH.hasValue)
                if isinstance(value, URIRef):
                    return value
        return None
