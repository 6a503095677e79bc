"""Whether a remote store answers as the embedded one does: the test for a store that is new to us.

SPARQL leaves open the order in which GROUP_CONCAT joins texts, and engines differ in whether they keep a
language there and whether they call nothing an empty text. All else must be the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rdflib.term import Node

from nexuskb.errors import QueryError
from nexuskb.store.port import Solutions, TripleStore


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a query: rows of the embedded store that the other lacks and the other way round.

    ``error`` is what the other store said where it gave no answer.
    """

    name: str
    missing: int
    added: int
    error: str = ""

    @property
    def same(self) -> bool:
        """Whether both answer the same."""
        return not (self.missing or self.added or self.error)


def compare(embedded: TripleStore, other: TripleStore, queries: Mapping[str, str]) -> Iterator[Comparison]:
    """Ask both stores each of the named SELECT queries."""
    for name, query in queries.items():
        wanted = _rows(embedded.select(query))
        try:
            found = _rows(other.select(query))
        except QueryError as error:
            yield Comparison(name, 0, 0, str(error))
        else:
            yield Comparison(name, (wanted - found).total(), (found - wanted).total())


def _rows(solutions: Solutions) -> Counter[tuple[tuple[str, ...], ...]]:
    return Counter(_row(row) for row in solutions.rows)


def _row(values: Iterable[Node | None]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(sorted(re.split(r"[;,] ", "" if value is None else str(value)))) for value in values)
