"""Work that needs answers from the store, written without knowing who evaluates them.

A step of such work is a generator: it yields a SELECT and is sent its rows as plain values. The command
line drives it with a store at hand, the facade with its pool of workers; the work itself stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from nexuskb.store.port import TripleStore

PlainRow = dict[str, str]
T = TypeVar("T")

#: Yields queries, is sent their rows, returns what came of them.
Asking = Generator[str, list[PlainRow], T]


def drive(work: Asking[T], rows: Callable[[str], list[PlainRow]]) -> T:
    """Do the work with a function that evaluates a SELECT."""
    try:
        query = next(work)
        while True:
            query = work.send(rows(query))
    except StopIteration as done:
        result: T = done.value
        return result


def rows_of(store: TripleStore) -> Callable[[str], list[PlainRow]]:
    """The function that evaluates a SELECT over a store and gives plain values."""
    return lambda query: [{name: str(term) for name, term in row.items()} for row in store.select(query)]
