"""Values as people read them: words, the record or term they name, the language, the figure."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import Graph
from rdflib.term import Node

from nexuskb.terms import NX


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field: its text, the record or term it names if any, its language if not English.

    ``figure`` is the figure of the record named, with unit and year, where it has one; ``kind`` its kind and
    ``place`` where in a source it is said, where these are known.
    """

    text: str
    record: str = ""
    iri: str = ""
    language: str = ""
    figure: str = ""
    kind: str = ""
    place: str = ""


def figure_of(graph: Graph, node: Node) -> str:
    """The figure of a record with its unit and year, such as ``13 % (2015)``."""
    printed = graph.value(node, NX.valueAsPrinted)
    if printed is None:
        return ""
    year = graph.value(node, NX.refYear) or graph.value(node, NX.targetYear)
    return f"{printed} {graph.value(node, NX.unit) or ''}".strip() + (
        f" ({year})" if year is not None else ""
    )


def text_order(value: Value) -> tuple[str, str]:
    """For sorting values by their words."""
    return (value.text, value.record)
