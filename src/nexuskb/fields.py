"""The fields of the record kinds, read from the shapes: names, help, order, groups, vocabularies.

A named property shape is a field. Reports, record pages, forms and spreadsheets all take their words from
here, so that a field is named once.
"""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import DCTERMS, RDF, RDFS, SH, Graph, URIRef

from nexuskb.terms import NX


@dataclass(frozen=True, slots=True)
class Field:
    """A field: the property shape behind it, its path, name, help, group, place and vocabulary if any."""

    shape: URIRef
    path: URIRef | None
    name: str
    help: str
    group: str
    place: tuple[int, int]
    scheme: URIRef | None


def read_fields(shapes: Graph) -> dict[URIRef, Field]:
    """Every field by its property shape."""
    found = {}
    for shape in shapes.subjects(RDF.type, SH.PropertyShape):
        if isinstance(shape, URIRef) and shapes.value(shape, SH.name) is not None:
            found[shape] = _field(shapes, shape)
    return found


def fields_of(shapes: Graph, fields: dict[URIRef, Field], classes: set[URIRef]) -> dict[URIRef, Field]:
    """The fields of a record with these classes (superclasses included) by property."""
    found: dict[URIRef, Field] = {}
    for cls in classes:
        for node_shape in shapes.subjects(SH.targetClass, cls):
            for shape in shapes.objects(node_shape, SH.property):
                field = fields.get(shape) if isinstance(shape, URIRef) else None
                if field and field.path is not None and field.path not in found:
                    found[field.path] = field
    return found


def predicate_order(fields: dict[URIRef, Field]) -> dict[URIRef, int]:
    """The place of each property within a record, for writing Turtle: name first, evidence last."""
    found: dict[URIRef, int] = {}
    for field in sorted(fields.values(), key=lambda f: (f.place, str(f.shape))):
        if field.path is not None:
            found.setdefault(field.path, 10 + len(found))
    return {**found, RDFS.label: 0, DCTERMS.identifier: 1, NX.reviewState: 2, NX.area: 3, NX.evidence: 10_001}


def _field(shapes: Graph, shape: URIRef) -> Field:
    path = shapes.value(shape, SH.path)
    group = shapes.value(shape, SH.group)
    return Field(
        shape=shape,
        path=path if isinstance(path, URIRef) else None,
        name=str(shapes.value(shape, SH.name)),
        help=str(shapes.value(shape, SH.description) or ""),
        group=str(shapes.value(group, RDFS.label) or "") if group is not None else "",
        place=(
            int(str(shapes.value(group, SH.order) or 99)) if group is not None else 99,
            int(str(shapes.value(shape, SH.order) or 99)),
        ),
        scheme=_scheme(shapes, shape),
    )


def _scheme(shapes: Graph, shape: URIRef) -> URIRef | None:
    for node in shapes.objects(shape, SH.node):
        for membership in shapes.objects(node, SH.property):
            value = shapes.value(membership, SH.hasValue)
            if isinstance(value, URIRef):
                return value
    return None
