"""The embedded store: Oxigraph, in memory or on disk, behind the port.

Facts that shaped this file: a result object must stay in the thread that made it; literals come back in
canonical form; without any dataset the default graph is the union of the named graphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import QueryError, QuerySyntaxError
from nexuskb.sparql.formats import CSV, JSON, JSON_LD, N_TRIPLES, RDF_XML, TSV, TURTLE, XML, ResultFormat
from nexuskb.sparql.parse import offset_of, parse_query, position, token_at, tokens
from nexuskb.store.port import ByteSink, Dataset, Row, Solutions
from nexuskb.terms import PREFIXES

_BINDINGS = {
    JSON: ox.QueryResultsFormat.JSON,
    XML: ox.QueryResultsFormat.XML,
    CSV: ox.QueryResultsFormat.CSV,
    TSV: ox.QueryResultsFormat.TSV,
}
_GRAPHS = {
    TURTLE: ox.RdfFormat.TURTLE,
    N_TRIPLES: ox.RdfFormat.N_TRIPLES,
    RDF_XML: ox.RdfFormat.RDF_XML,
    JSON_LD: ox.RdfFormat.JSON_LD,
}
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
_PLACE = re.compile(r"^error at (\d+):(\d+): (.*)$", re.DOTALL)
_EXPECTED = re.compile(
    r"""(?P<symbol>"(?:[^"\\]|\\.)*") | (?P<range>\[(?:'(?:[^'\\]|\\.)*'|[^]'])*\])
    | (?P<keyword>[A-Z_]+)(?=,|$) | (?P<reason>[^,]+)""",
    re.VERBOSE,
)
_ANYTHING = "[_]"
_ROOM = "\n" + " " * 20

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

    def select(self, query: str, bindings: Mapping[str, Node] | None = None) -> Solutions:
        """Evaluate a SELECT with variables set beforehand."""
        values = {ox.Variable(name): to_engine(term) for name, term in (bindings or {}).items()}
        result = _evaluate(self._store, query, {"use_default_graph_as_union": True, "substitutions": values})
        if not isinstance(result, ox.QuerySolutions):
            raise QueryError("Only a SELECT query has rows.")
        return Solutions([v.value for v in result.variables], _rows(result))

    def answer(self, query: str, dataset: Dataset, result_format: ResultFormat, out: ByteSink) -> None:
        """Evaluate a query and write its result. The dataset of the protocol goes before FROM clauses."""
        options: dict[str, object] = {}
        if dataset.default_graphs or dataset.named_graphs:
            options["default_graph"] = [ox.NamedNode(graph) for graph in dataset.default_graphs]
            options["named_graphs"] = [ox.NamedNode(graph) for graph in dataset.named_graphs]
        elif not parse_query(query, PREFIXES).names_dataset:
            options["use_default_graph_as_union"] = True
        result = _evaluate(self._store, query, options)
        sink = cast("IO[bytes]", out)
        try:
            if isinstance(result, ox.QueryTriples):
                ox.serialize(result, sink, format=_GRAPHS[result_format], prefixes=PREFIXES)
            else:
                result.serialize(sink, format=_BINDINGS[result_format])
        except KeyError:
            raise QueryError(
                f"This kind of query has no answer in the format {result_format.name}."
            ) from None

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""
        return sorted(
            graph.value for graph in list(self._store.named_graphs()) if isinstance(graph, ox.NamedNode)
        )

    def __len__(self) -> int:
        return len(self._store)


def _evaluate(
    store: ox.Store, query: str, options: dict[str, object]
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    try:
        return store.query(query + _ROOM, prefixes=PREFIXES, **options)  # type: ignore[arg-type] # options by name
    except SyntaxError as error:
        raise syntax_error(query, str(error)) from error


def syntax_error(query: str, message: str) -> QuerySyntaxError:
    """The engine's parse error as ours: where it is, what stands there, what the grammar would allow.

    The engine tells where it stopped reading. A keyword it compares as a whole, so that is as many
    characters behind the fault as the keyword has, and at the end of a query nothing at all: hence
    ``_ROOM`` behind every query.
    """
    match = _PLACE.match(message)
    if not match:
        return QuerySyntaxError(f"The query does not parse: {message}")
    offset, reason = offset_of(query + _ROOM, int(match[1]), int(match[2])), match[3].strip()
    if not reason.startswith("expected "):
        return _error_at(query, offset, reason, "")
    said = reason.removeprefix("expected ").removeprefix("one of ").strip()
    items = [(item.lastgroup, item.group().strip()) for item in _EXPECTED.finditer(said)]
    symbols = [text for kind, text in items if kind in ("symbol", "range") and text != _ANYTHING]
    keywords = [text for kind, text in items if kind == "keyword"]
    reasons = [text for kind, text in items if kind == "reason" and text]
    if "Prefix not found" in reasons:
        names = [token for token in tokens(query) if token.kind == "name" and token.start < offset]
        return _error_at(query, names[-1].start, f"the prefix of {names[-1].text!r} is not declared", "")
    if reasons:
        return _error_at(query, offset, reasons[0], "")
    if keywords and not symbols and (_ANYTHING, offset) != (items[-1][1], len(query + _ROOM)):
        length = min(map(len, keywords))
        offset, keywords = offset - length, [word for word in keywords if len(word) == length]
    found = token_at(query, offset)
    words = f"{found.text[:40]!r} cannot stand here" if found else "the query ends too early"
    allowed = [text for kind, text in items if kind == "symbol" or text in keywords]
    return _error_at(query, found.start if found else len(query), words, ", ".join(allowed))


def _error_at(query: str, offset: int, words: str, expected: str) -> QuerySyntaxError:
    line, column = position(query, min(offset, len(query.rstrip())))
    return QuerySyntaxError(f"Line {line}, column {column}: {words}.", line, column, expected)


def _rows(result: ox.QuerySolutions) -> Iterator[Row]:
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


def to_engine(term: Node) -> OxTerm:
    """An rdflib term as an Oxigraph term. Raises ``TypeError`` for anything else."""
    if isinstance(term, URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, BNode):
        return ox.BlankNode(str(term))
    if isinstance(term, Literal):
        if term.language:
            return ox.Literal(str(term), language=term.language)
        if term.datatype:
            return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)))
        return ox.Literal(str(term))
    raise TypeError(f"{term!r} has no counterpart in the store")
