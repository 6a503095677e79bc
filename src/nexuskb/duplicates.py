"""Records that look like one thing entered twice: policies of one title and year, sources of one document.

The rule and the list of pairs that somebody has looked at (``reviewed-non-duplicates.csv``) are here; the
audit asks it of the whole base, and whoever enters a record is shown what it looks like.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from rdflib import DCTERMS, RDF, RDFS, Graph, URIRef
from rdflib.term import Node

from nexuskb.terms import NX

#: From what share of equal letters on two titles look alike, and how far apart their years may be.
SIMILAR: Final = 0.85
YEARS_APART: Final = 1
#: How much of a title is compared.
_MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Titled:
    """A policy or a source, as far as it can be taken for another."""

    identifier: str
    title: str
    year: int | None = None
    doi: str = ""
    address: str = ""

    def __str__(self) -> str:
        return f"{self.identifier}: {self.title}" + (f" ({self.year})" if self.year else "")


def look_alikes(policies: Iterable[Titled]) -> Iterator[tuple[str, str]]:
    """The pairs of policies of about the same year and title, by identifier."""
    listed = [(each, _normal(each.title)) for each in policies]
    for (first, one), (second, other) in combinations(listed, 2):
        if _near_in_time(first, second) and _alike(one, other):
            yield first.identifier, second.identifier


def similar_to(one: Titled, others: Iterable[Titled], patience: Iterator[int]) -> Iterator[Titled]:
    """Those of the others that may be the same thing.

    ``patience`` has an item for each time that two titles of nearly the same letters may be compared in full;
    when it is used up, titles are not looked at any more. So what a stranger hands in takes bounded time.
    """
    title = _normal(one.title)
    for other in others:
        if other.identifier != one.identifier and (
            (one.doi and one.doi.casefold() == other.doi.casefold())
            or (one.address and _page(one.address) == _page(other.address))
            or (_near_in_time(one, other) and _alike(title, _normal(other.title), patience))
        ):
            yield other


def policies_of(data: Graph) -> Iterator[Titled]:
    """The policies of a graph by title and year of adoption."""
    for policy in data.subjects(RDF.type, NX.Policy):
        yield _titled(data, policy, NX.adopted)


def sources_of(data: Graph) -> Iterator[Titled]:
    """The sources of a graph by title, year, DOI and web address."""
    for source in data.subjects(RDF.type, NX.Source):
        yield _titled(data, source, URIRef(DCTERMS.date))


def reviewed_pairs(data: Path) -> set[tuple[str, str]]:
    """The pairs of the data directory that somebody has looked at and found to be two things."""
    path = data / "reviewed-non-duplicates.csv"
    if not path.is_file():
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["first"], row["second"]) for row in csv.DictReader(file)}


def _titled(data: Graph, node: Node, date: URIRef) -> Titled:
    years = [str(value)[:4] for value in data.objects(node, date)]
    return Titled(
        str(data.value(node, DCTERMS.identifier) or ""),
        str(data.value(node, RDFS.label) or ""),
        int(min(years)) if years and min(years).isdigit() else None,
        str(data.value(node, NX.doi) or ""),
        str(data.value(node, NX.url) or ""),
    )


def _near_in_time(one: Titled, other: Titled) -> bool:
    return one.year is None or other.year is None or abs(one.year - other.year) <= YEARS_APART


def _alike(one: str, other: str, patience: Iterator[int] | None = None) -> bool:
    matcher = difflib.SequenceMatcher(None, one, other)
    if matcher.real_quick_ratio() < SIMILAR or matcher.quick_ratio() < SIMILAR:
        return False
    if patience is not None and next(patience, None) is None:
        return False
    return matcher.ratio() >= SIMILAR


def _page(address: str) -> str:
    """A web address without what does not tell pages apart."""
    return re.sub(r"^https?://(www[.])?", "", address).rstrip("/")


def _normal(title: str) -> str:
    return re.sub(r"\W+", " ", title[:_MOST_CHARACTERS].casefold()).strip()
