"""What somebody hands in: records as triples, and where in the document or workbook each value stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rdflib import URIRef
from rdflib.term import Node

from nexuskb.store.parsing import Triple


class Located(Protocol):
    """Something said of a value of a field of a node, such as a violation of a shape."""

    @property
    def focus(self) -> str:
        """The IRI of the node."""

    @property
    def path(self) -> str:
        """The IRI of the property, or nothing."""

    @property
    def value(self) -> str:
        """The value as given, or nothing."""


@dataclass(slots=True)
class Places:
    """Where nodes, fields and values stand: JSON pointers (RFC 6901) or cells such as ``Policies!C5``."""

    nodes: dict[str, str] = field(default_factory=dict)
    fields: dict[tuple[str, str], str] = field(default_factory=dict)
    values: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def note(self, place: str, node: Node, property_: Node | None = None, value: Node | None = None) -> None:
        """Remember where something stands; the first place is kept."""
        if property_ is None:
            self.nodes.setdefault(str(node), place)
        elif value is None:
            self.fields.setdefault((str(node), str(property_)), place)
        else:
            self.values.setdefault((str(node), str(property_), str(value)), place)

    def find(self, focus: str, property_: str = "", value: str = "") -> str:
        """The narrowest place known: of the value, of the field, of the node; or nothing."""
        return (
            self.values.get((focus, property_, value))
            or self.fields.get((focus, property_))
            or self.nodes.get(focus, "")
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """Records handed in together.

    ``records`` are their IRIs in the order given, ``triples`` all statements about them and their evidence
    (IRIs and literals only, literals in their lexical form), ``places`` where each stands. ``revisions`` are
    the tags of the revisions that they were made from, where the document says so.
    """

    records: tuple[URIRef, ...]
    triples: tuple[Triple, ...]
    places: Places = field(default_factory=Places)
    revisions: Mapping[URIRef, str] = field(default_factory=dict)

    def place(self, said: Located) -> str:
        """Where in the document or workbook a violation is to be shown; nothing if that is not known."""
        return self.places.find(said.focus, said.path, said.value)

    def by_record(self) -> Mapping[URIRef, tuple[Triple, ...]]:
        """The statements of each record, with those of its evidence."""
        owner: dict[Node, URIRef] = {record: record for record in self.records}
        for subject, _, value in self.triples:
            if subject in owner and value not in owner:
                owner.setdefault(value, owner[subject])
        found: dict[URIRef, list[Triple]] = {record: [] for record in self.records}
        for triple in self.triples:
            found[owner[triple[0]]].append(triple)
        return {record: tuple(triples) for record, triples in found.items()}
