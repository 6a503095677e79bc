"""What reading and writing records need: the forms, the documents, and the base's records as triples."""

from __future__ import annotations

import pytest
from rdflib import DCTERMS, Graph, URIRef

from nexuskb.content import read_model, read_shapes
from nexuskb.exchange.documents import Documents
from nexuskb.forms import Forms
from nexuskb.settings import Settings
from nexuskb.store.parsing import Syntax, parse_triples
from nexuskb.vocabulary import Vocabularies


@pytest.fixture(scope="session")
def documents(settings: Settings) -> Documents:
    model = read_model(settings)
    return Documents(Forms(model, read_shapes(settings)), Vocabularies(model))


@pytest.fixture(scope="session")
def base(settings: Settings) -> Graph:
    """All records, their literals as the files have them."""
    graph = Graph()
    for path in sorted(settings.data.rglob("*.ttl")):
        for triple in parse_triples(path.read_text("utf-8"), Syntax.TURTLE, "http://nowhere/", 10**6):
            graph.add(triple)
    return graph


@pytest.fixture(scope="session")
def records(base: Graph) -> list[URIRef]:
    return sorted(r for r in set(base.subjects(DCTERMS.identifier)) if isinstance(r, URIRef))
