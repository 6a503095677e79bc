"""The narrow port to a triple store. Everything above it is plain SPARQL 1.1 and rdflib terms.

One embedded store stands behind it (:mod:`nexuskb.store.embedded`); other engines are its siblings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rdflib.term import Node

from nexuskb.sparql.formats import ResultFormat


@dataclass(frozen=True, slots=True)
class Dataset:
    """The RDF dataset of a query (SPARQL 1.1 Protocol, 2.1.4).

    Without any graph named, the default graph is the union of all named graphs.
    """

    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


EVERYTHING = Dataset()

Row = tuple[Node | None, ...]


@dataclass(slots=True)
class Solutions:
    """Answer to a SELECT: variable names and rows in their order, a missing value as ``None``."""

    variables: Sequence[str]
    rows: Iterator[Row] = field(repr=False)

    def __iter__(self) -> Iterator[dict[str, Node]]:
        """Each row by variable name, unbound variables left out."""
        for row in self.rows:
            yield {name: term for name, term in zip(self.variables, row, strict=True) if term is not None}


class ByteSink(Protocol):
    """Where an answer is written."""

    def write(self, data: bytes, /) -> int:
        """Take some bytes and say how many."""
        ...


class TripleStore(Protocol):
    """What the library asks of a triple store."""

    @property
    def generation(self) -> str:
        """Changes whenever the content changes; equal generations give equal answers."""
        ...

    def select(self, query: str) -> Solutions:
        """Evaluate a SELECT of our own."""
        ...

    def answer(self, query: str, dataset: Dataset, result_format: ResultFormat, out: ByteSink) -> None:
        """Evaluate any read query and write its result; raises :class:`~nexuskb.errors.QueryError`."""
        ...

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""
        ...
