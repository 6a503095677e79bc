"""The curated files: where each belongs in the store, and whether they changed.

The ontology directory holds ``nexus.ttl``, ``vocabularies/``, ``shapes/`` and ``alignments/``; the data
directory holds a directory an area with a file a record kind.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rdflib import Graph, URIRef

from nexuskb.errors import ContentError
from nexuskb.settings import Settings
from nexuskb.terms import GRAPHS, bind_prefixes

# A literal such as "2023-02-30"^^xsd:date is for validation to find; rdflib would log a traceback for each.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

#: Version of the way files are put into the store and its index; a change of it rebuilds all of them.
LAYOUT = "4"


@dataclass(frozen=True, slots=True)
class ContentFile:
    """A curated Turtle file and the named graph that its triples go to."""

    path: Path
    graph: URIRef


def store_files(settings: Settings) -> list[ContentFile]:
    """The files that the store is filled from, in a fixed order."""
    return list(_files(settings))


def _files(settings: Settings) -> Iterator[ContentFile]:
    yield ContentFile(settings.ontology / "nexus.ttl", GRAPHS.ontology)
    for path in sorted((settings.ontology / "vocabularies").glob("*.ttl")):
        yield ContentFile(path, GRAPHS.vocabularies)
    for path in alignment_files(settings):
        yield ContentFile(path, GRAPHS.alignments)
    for path in sorted(settings.data.rglob("*.ttl")):
        yield ContentFile(path, GRAPHS.records)


def fingerprint(files: list[ContentFile], rules: list[Path]) -> str:
    """A hash of the files' graphs and bytes and of the rules: equal fingerprints give equal stores."""
    digest = hashlib.sha256(LAYOUT.encode())
    for path, graph in [*((f.path, f.graph) for f in files), *((rule, GRAPHS.derived) for rule in rules)]:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ContentError(f"The file {path} cannot be read: {error.strerror}.") from error
        digest.update(f"\0{graph}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def read_turtle(paths: list[Path]) -> Graph:
    """Read Turtle files into one rdflib graph with the prefixes of the base.

    Raises :class:`ContentError` with the file and the parser's place in it.
    """
    graph = Graph()
    for path in paths:
        try:
            graph.parse(path, format="turtle")
        except Exception as error:
            raise ContentError(f"The file {path} is not readable Turtle: {error}") from error
    return bind_prefixes(graph)


def model_files(settings: Settings) -> list[Path]:
    """The files of the ontology and the vocabularies, without shapes and alignments."""
    return [settings.ontology / "nexus.ttl", *sorted((settings.ontology / "vocabularies").glob("*.ttl"))]


def alignment_files(settings: Settings) -> list[Path]:
    """The files that align the vocabularies with those of others."""
    return sorted((settings.ontology / "alignments").glob("*.ttl"))


def read_model(settings: Settings) -> Graph:
    """The ontology and the vocabularies, without shapes and alignments."""
    return read_turtle(model_files(settings))


def read_shapes(settings: Settings) -> Graph:
    """The SHACL shapes."""
    return read_turtle(sorted((settings.ontology / "shapes").glob("*.ttl")))
