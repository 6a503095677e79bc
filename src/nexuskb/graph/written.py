"""A view as data: CSV, XLSX and JSON with a line for each link, and GraphML for programs that draw graphs.

Data hold all that a view found, also what its picture and list leave out.
"""

from __future__ import annotations

import csv
import io
from typing import Any, Final

import networkx as nx

from nexuskb.exchange.harmless import harmless
from nexuskb.exchange.results import as_workbook as workbook_of
from nexuskb.graph.view import Arrow, Place, View, places_of
from nexuskb.paper.chains import SIGNS
from nexuskb.paper.network import Link
from nexuskb.terms import record_iri

#: The forms of data with their media types; pictures come as SVG and PNG besides.
DATA: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "graphml": "application/graphml+xml",
}
PICTURES: Final = {"svg": "image/svg+xml", "png": "image/png"}

_COLUMNS: Final = (
    "from", "from kind", "brings", "to", "to kind", "record", "title", "kind of link", "confidence", "areas",
    "pinpoints", "from IRI", "to IRI",
)  # fmt: skip


def as_dict(view: View) -> dict[str, Any]:
    """As plain data."""
    return {
        "title": view.title,
        "parameters": [{"name": name, "value": value} for name, value in view.asked.given],
        "questions": list(view.asked.questions),
        "leftOutOfPicture": view.left_out,
        "nodes": [_place(place) for place in places_of(view.arrows)],
        "links": [_link(arrow, link) for arrow in view.arrows for link in arrow.links],
        "ways": [way.as_dict() for way in view.ways],
    }


def as_csv(view: View) -> str:
    """As CSV (RFC 4180), a line for each link."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([harmless(cell) for cell in row] for row in _rows(view))
    return out.getvalue()


def as_workbook(view: View, made_from: str, generation: str) -> bytes:
    """As a workbook, a line for each link; ``made_from`` says on a sheet of its own how it was asked for."""
    rows = [
        {name: {"type": "literal", "value": cell} for name, cell in zip(_COLUMNS, row, strict=True)}
        for row in _rows(view)
    ]
    return workbook_of(_COLUMNS, rows, made_from, generation)


def as_graphml(view: View) -> bytes:
    """As GraphML, nodes and links by their IRIs, for Gephi, Cytoscape, yEd or igraph."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(title=view.title)
    for place in places_of(view.arrows):
        graph.add_node(place.node.iri, label=place.node.name, kind=place.kind, type=place.what)
    for arrow in view.arrows:
        for link in arrow.links:
            graph.add_edge(
                arrow.start.node.iri,
                arrow.end.node.iri,
                key=f"{record_iri(link.identifier)}",
                label=link.title,
                sign=arrow.sign,
                kind=link.kind,
                confidence=link.confidence,
                rank=link.rank,
                areas=", ".join(link.areas),
                pinpoints="; ".join(link.pinpoints),
            )
    out = io.BytesIO()
    nx.write_graphml_xml(graph, out, named_key_ids=True)
    return out.getvalue()


def made_from(view: View, generation: str) -> str:
    """What a view is made from, for tracing a figure in print: questions, parameters, generation."""
    questions = " and ".join(view.asked.questions)
    asked = f", {view.asked.address}" if view.asked.given else ""
    plural = "s" if len(view.asked.questions) > 1 else ""
    return f"Made from the question{plural} {questions} of nexuskb{asked}, generation {generation}."


def _rows(view: View) -> list[tuple[str, ...]]:
    return [
        (
            arrow.start.node.name, arrow.start.what, SIGNS[arrow.sign], arrow.end.node.name, arrow.end.what,
            link.identifier, link.title, link.kind, link.confidence, ", ".join(link.areas),
            "; ".join(link.pinpoints), arrow.start.node.iri, arrow.end.node.iri,
        )
        for arrow in view.arrows
        for link in arrow.links
    ]  # fmt: skip


def _place(place: Place) -> dict[str, str]:
    return {
        "iri": place.node.iri,
        "key": place.key,
        "name": place.node.name,
        "kind": place.kind,
        "type": place.what,
    }


def _link(arrow: Arrow, link: Link) -> dict[str, Any]:
    return {
        "from": arrow.start.node.iri,
        "to": arrow.end.node.iri,
        "sign": arrow.sign,
        "record": link.identifier,
        "title": link.title,
        "kind": link.kind,
        "confidence": link.confidence,
        "areas": list(link.areas),
        "pinpoints": list(link.pinpoints),
    }
