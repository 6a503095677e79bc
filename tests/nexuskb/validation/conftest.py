"""A small real base."""

from __future__ import annotations

from collections import defaultdict

import pytest
from rdflib import RDF

from nexuskb.settings import Settings
from nexuskb.terms import NX
from nexuskb.validation.base import Base, gather
from nexuskb.validation.triples import graph_of_triples

EACH_KIND = 1


@pytest.fixture(scope="session")
def small(settings: Settings) -> Base:
    """Some records of each kind, with their evidence and most of what they link to."""
    whole = gather(settings, sorted(settings.data.rglob("*.ttl")))
    kinds = defaultdict(list)
    for node in sorted(whole.files):
        kinds[whole.data.value(node, RDF.type)].append(node)
    chosen = {node for kind, nodes in kinds.items() if kind != NX.Evidence for node in nodes[:EACH_KIND]}
    chosen |= set(sorted(whole.data.objects(None, NX.supersedes))[:EACH_KIND])
    chosen |= {node for old in set(chosen) for node in whole.data.subjects(NX.supersedes, old)}
    chosen |= {node for record in set(chosen) for node in whole.data.objects(record) if node in whole.files}
    chosen |= {node for record in set(chosen) for node in whole.data.objects(record, NX.evidence)}
    data = graph_of_triples()
    for triple in whole.data:
        if triple[0] in chosen or triple[0] not in whole.files:
            data.add(triple)
    return Base(whole.shapes, data, {})
