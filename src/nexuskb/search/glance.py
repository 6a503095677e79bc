"""The nexus at a glance: how many interlinkages join two domains, and of which kinds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from nexuskb.search.documents import joined
from nexuskb.search.index import Count, SearchIndex

_INTERLINKAGES: Final = {"kind": ("Interlinkage",)}


@dataclass(frozen=True, slots=True)
class Join:
    """Two domains, by their value of the facet ``joins``, with the interlinkages between them by kind."""

    value: str
    total: int
    kinds: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Glance:
    """All interlinkages, those that join two domains, and the records of each domain."""

    interlinkages: int
    kinds: tuple[Count, ...]
    joins: tuple[Join, ...]
    domains: tuple[Count, ...]


def glance(index: SearchIndex, domains: Iterable[str]) -> Glance:
    """Count them by the index, so that a search for what was counted finds as many.

    ``domains`` are keys. An interlinkage counts for two domains where one of its ends is in one and the other
    end in the other; an end in several domains, such as a policy, counts for each.
    """
    keys = tuple(domains)
    whole = index.search("", _INTERLINKAGES, 0)
    joins = []
    for one, other in combinations(keys, 2):
        value = joined(one, other)
        found = index.search("", {**_INTERLINKAGES, "joins": (value,)}, 0)
        joins.append(Join(value, found.total, found.facets["linkkind"]))
    records = {count.value: count for count in index.search("", {}, 0).facets["domain"]}
    return Glance(
        interlinkages=whole.total,
        kinds=whole.facets["linkkind"],
        joins=tuple(joins),
        domains=tuple(records.get(key, Count(key, 0)) for key in keys),
    )
