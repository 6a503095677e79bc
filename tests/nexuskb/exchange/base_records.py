"""Parts of the base as triples."""

from __future__ import annotations

from rdflib import Graph, URIRef

from nexuskb.store.parsing import Triple
from nexuskb.terms import NX


def statements(base: Graph, record: URIRef) -> list[Triple]:
    """The triples of a record and of its evidence."""
    nodes = (record, *base.objects(record, NX.evidence))
    return [triple for node in nodes for triple in base.triples((node, None, None))]
