"""The embedded store: Oxigraph, in memory or on disk, behind the port.

Facts that shaped this file: a result object must stay in the thread that made it; literals come back in
canonical form; without any dataset the default graph is the union of the named graphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import QueryError
from nexuskb.sparql.formats import CSV, JSON, JSON_LD, N_TRIPLES, RDF_XML, TSV, TURTLE, XML, ResultFormat
from nexuskb.sparql.parse import parse_query, read_plainly
from nexuskb.store.faults import syntax_error
from nexuskb.store.port import EVERYTHING, ByteSink, Dataset, Row, Solutions
from nexuskb.terms import PREFIXES

#: The name of a file with all quads of a finished store, within its directory.
QUADS_FILE = "quads.nq"

BINDINGS = {
    JSON: ox.QueryResultsFormat.JSON,
    XML: ox.QueryResultsFormat.XML,
    CSV: ox.QueryResultsFormat.CSV,
    TSV: ox.QueryResultsFormat.TSV,
}
GRAPHS = {
    TURTLE: ox.RdfFormat.TURTLE,
    N_TRIPLES: ox.RdfFormat.N_TRIPLES,
    RDF_XML: ox.RdfFormat.RDF_XML,
    JSON_LD: ox.RdfFormat.JSON_LD,
}
#: The prefixes as they stand in a query. To give the engine those that may occur, not all, halves the time
#: of a point lookup.
_WRITTEN = tuple((name, f"{name}:") for name in PREFIXES)
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"

OxTerm = ox.NamedNode | ox.BlankNode | ox.Literal


class OxigraphStore:
    """An Oxigraph store seen through the port. ``generation`` names its content."""

    def __init__(self, store: ox.Store, generation: str) -> None:
        self._store = store
        self._generation = generation

    @classmethod
    def open(cls, directory: Path, generation: str) -> OxigraphStore:
        """Open a finished store on disk for reading. Raises ``OSError``."""
        return cls(ox.Store.read_only(str(directory)), generation)

    @property
    def generation(self) -> str:
        """The content this store holds."""
        return self._generation

    def select(self, query: str) -> Solutions:
        """Evaluate a SELECT."""
        result = _evaluate(self._store, query, EVERYTHING)
        if not isinstance(result, ox.QuerySolutions):
            raise QueryError("Only a SELECT query has rows.")
        return Solutions([v.value for v in result.variables], rows_from_engine(result))

    def answer(self, query: str, dataset: Dataset, result_format: ResultFormat, out: ByteSink) -> None:
        """Evaluate a query and write its result. The dataset of the protocol goes before FROM clauses."""
        result = _evaluate(self._store, query, dataset)
        sink = cast("IO[bytes]", out)
        try:
            if isinstance(result, ox.QueryTriples):
                ox.serialize(result, sink, format=GRAPHS[result_format], prefixes=PREFIXES)
            else:
                result.serialize(sink, format=BINDINGS[result_format])
        except KeyError:
            raise QueryError(
                f"This kind of query has no answer in the format {result_format.name}."
            ) from None

    def add(self, graph: str, triples: bytes) -> None:
        """Add N-Triples to a graph of a store in memory; a store on disk is read into memory for that."""
        try:
            self._store.load(triples, format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(graph))
        except RuntimeError:  # what the engine raises for a store that is open for reading only
            copy = ox.Store()
            copy.extend(self._store)
            copy.load(triples, format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(graph))
            self._store = copy

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""
        return sorted(
            graph.value for graph in list(self._store.named_graphs()) if isinstance(graph, ox.NamedNode)
        )

    def dump(self, graph: str) -> bytes:
        """The content of a graph as N-Triples."""
        return self._store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph)) or b""

    def __len__(self) -> int:
        return len(self._store)


def _evaluate(
    store: ox.Store, query: str, dataset: Dataset
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    options: dict[str, object] = {}
    if dataset.default_graphs or dataset.named_graphs:
        options["default_graph"] = [ox.NamedNode(graph) for graph in dataset.default_graphs]
        options["named_graphs"] = [ox.NamedNode(graph) for graph in dataset.named_graphs]
    elif not (read_plainly(query) or parse_query(query, PREFIXES)).names_dataset:
        options["use_default_graph_as_union"] = True
    prefixes = {name: PREFIXES[name] for name, written in _WRITTEN if written in query}
    try:
        return store.query(query, prefixes=prefixes, **options)  # type: ignore[arg-type] # options by name
    except SyntaxError as error:
        raise syntax_error(query) from error


def rows_from_engine(result: ox.QuerySolutions) -> Iterator[Row]:
    """The rows of a result as rdflib terms."""
    width = len(result.variables)
    for solution in result:
        values = cast("list[OxTerm | None]", [solution[i] for i in range(width)])
        yield tuple(None if value is None else from_engine(value) for value in values)


def from_engine(term: OxTerm) -> Node:
    """An Oxigraph term as an rdflib term, its lexical form untouched."""
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    datatype = term.datatype.value
    if datatype == _XSD_STRING:
        return Literal(term.value)
    return Literal(term.value, datatype=URIRef(datatype), normalize=False)
