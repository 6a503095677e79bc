"""A question to whoever enters a record that looks like one in the base, with what it looks like."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from pathlib import Path
from typing import Final

from rdflib import DCTERMS, RDF, RDFS, Graph
from rdflib.term import Node

from nexuskb.duplicates import policies_of, reviewed_pairs, similar_to, sources_of
from nexuskb.terms import NX
from nexuskb.validation.report import Violation

#: Most records that one is said to look like.
MOST_SHOWN: Final = 5
#: How often titles of nearly the same letters are compared in full, at a few milliseconds each at worst.
_PATIENCE = 2_000
_MESSAGE = (
    "Duplicate: the base may have it already. If it is the same, change that record and leave this one out; "
    "if it is another, make the titles or dates tell them apart."
)


def duplicates(data: Graph, records: Collection[Node], reviewed: Path | None) -> list[Violation]:
    """What some policies and sources of a graph look like among all others in it.

    ``reviewed`` is the directory with the list of pairs that are known to be two things. What is found does
    not keep a record out.
    """
    pairs = reviewed_pairs(reviewed) if reviewed else set()
    patience = iter(range(_PATIENCE))
    found = []
    for kind, all_of_kind in ((NX.Policy, policies_of), (NX.Source, sources_of)):
        chosen = {node for node in records if (node, RDF.type, kind) in data}
        if not chosen:
            continue
        everything = list(all_of_kind(data))
        by_identifier = {str(data.value(node, DCTERMS.identifier)): node for node in chosen}
        for one in everything:
            node = by_identifier.get(one.identifier)
            if node is None:
                continue
            similar = (
                other
                for other in similar_to(one, everything, patience)
                if not {(one.identifier, other.identifier), (other.identifier, one.identifier)} & pairs
            )
            alike = list(islice(similar, MOST_SHOWN))
            if alike:
                found.append(_question(node, one.identifier, one.title, tuple(map(str, alike))))
    return sorted(found)


def _question(node: Node, identifier: str, title: str, similar: tuple[str, ...]) -> Violation:
    return Violation(
        file="",
        record=identifier,
        focus=str(node),
        field="Duplicate",
        message=_MESSAGE,
        value=title,
        blocking=False,
        wrong=f"it looks like {'; '.join(similar)}",
        path=str(RDFS.label),
        similar=tuple(each.partition(":")[0] for each in similar),
    )
