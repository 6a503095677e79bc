"""What a language model is told when it consults the base: records with pinpoints, coverage, links.

A model repeats what it is given, so every record comes with its IRI, its state of review, the passages that
it rests on and what must be said of it, and an empty answer says whether anybody looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from nexuskb.asking import Asking, PlainRow
from nexuskb.errors import UnknownTermError
from nexuskb.exchange.citations.footnotes import footnote, plain
from nexuskb.exchange.citations.references import Citation
from nexuskb.paper.chains import Chain, find_chains
from nexuskb.paper.findings import Finding, read_findings
from nexuskb.paper.network import Link, Node, read_network
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import IDENTIFIER_PATTERN, record_identifier, record_iri
from nexuskb.vocabulary import Scheme, Term, Vocabularies

Told = dict[str, Any]

COVERAGE: Final = "coverage-by-domain"
#: Passages of a record that are told, and records of an answer that are.
MOST_PASSAGES: Final = 12
MOST_RECORDS: Final = 25
#: Chains between two things that are told.
_MOST_CHAINS: Final = 20
_ENDS: Final = ("driver", "impact", "domain")
_STATES: Final = """SELECT ?record ?state WHERE {
  VALUES ?record { %s }
  ?record nx:reviewState/skos:prefLabel ?state . FILTER(LANG(?state) = "en")
}"""
NOBODY_LOOKED: Final = "No record, and nobody has looked: this says nothing about whether there is something."
LOOKED: Final = "Looked for and not found: the searches are named."
FOUND: Final = "There are records."


def tell_records(identifiers: Sequence[str]) -> Asking[list[Told]]:
    """Records with their passages, in the order given; identifiers that name none are left out."""
    wanted = list(dict.fromkeys(each for each in identifiers if IDENTIFIER_PATTERN.fullmatch(each)))
    if not wanted:
        return []
    findings = yield from read_findings(wanted)
    rows = yield _STATES % " ".join(record_iri(each).n3() for each in wanted)
    states = {record_identifier(row["record"]) or "": row["state"] for row in rows}
    return [_told(findings[each], states.get(each, "")) for each in wanted if each in findings]


def _told(found: Finding, state: str) -> Told:
    told: Told = {
        "iri": str(record_iri(found.identifier)),
        "identifier": found.identifier,
        "kind": found.kind,
        "title": found.label,
        "original_titles": [{"text": text.text, "language": text.language} for text in found.official],
        "says": list(found.statements),
        "qualities": list(found.qualities),
        "areas": list(found.areas),
        "figure": found.figure,
        "year": found.year,
        "review_state": state,
        "must_be_said": list(found.reservations),
        "rests_on_one_source": found.weak,
        "passages": [_passage(citation) for citation in found.citations[:MOST_PASSAGES]],
        "passages_in_all": len(found.citations),
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def _passage(citation: Citation) -> Told:
    return {
        "source": citation.reference.iri,
        "pinpoint": citation.locator,
        "cite_as": plain(footnote([citation])),
        "inferred": citation.inferred,
    }


def tell_coverage(area: str, driver: str, impact: str, vocabularies: Vocabularies) -> Asking[Told]:
    """Whether anybody looked for a driver or an impact in an area, by domain, and what came of it.

    Raises :class:`~nexuskb.errors.QuestionError` for a term that is not known.
    """
    given = {"country": area, "driver": driver, "impact": impact}
    values = {name: value for name, value in given.items() if value}
    rows = yield fill(question(COVERAGE), values, vocabularies)
    searched = any(int(row["searches"]) for row in rows)
    return {
        "question": COVERAGE,
        "at_work": _verdict(rows, ("findings", "interlinkages"), searched),
        "measures": _verdict(rows, ("measures",), searched),
        "cells": rows,
    }


def _verdict(rows: Iterable[PlainRow], counts: Iterable[str], searched: bool) -> str:
    if any(int(row[count]) for row in rows for count in counts):
        return FOUND
    return LOOKED if searched else NOBODY_LOOKED


def tell_between(one: str, other: str, vocabularies: Vocabularies) -> Asking[Told]:
    """The interlinkages that join two things, and the chains of several from one to the other.

    Each is a driver, an impact, a domain or a record, by its name or identifier. Raises
    :class:`~nexuskb.errors.UnknownTermError` with the nearest name.
    """
    links = yield from read_network(vocabularies)
    first, second = _end(one, links, vocabularies), _end(other, links, vocabularies)
    direct = [link for link in links if {link.start.iri, link.end.iri} == {first.iri, second.iri}]
    chains: list[Chain] = []
    for start, end in ((first, second), (second, first)):
        chains += [
            chain for chain in (yield from _chains(start, vocabularies)) if chain.nodes[-1].iri == end.iri
        ]
    chains.sort(key=lambda chain: (len(chain.steps), -chain.weakest.rank, chain.text))
    named = [link.identifier for link in direct]
    records = yield from tell_records(named[:MOST_RECORDS])
    return {
        "between": [first.name, second.name],
        "interlinkages": records,
        "interlinkages_in_all": len(named),
        "chains": [chain.as_dict() for chain in chains[:_MOST_CHAINS] if len(chain.steps) > 1],
        "chains_in_all": sum(len(chain.steps) > 1 for chain in chains),
        "note": "A chain is joined by the base, not by a source: each step has sources, the whole has none.",
    }


def _chains(start: Node, vocabularies: Vocabularies) -> Asking[tuple[Chain, ...]]:
    for scheme in _ENDS:
        for term in vocabularies.schemes[scheme].terms:
            if str(term.iri) == start.iri:
                return (yield from find_chains({scheme: term.key}, vocabularies)).found
    return (yield from find_chains({"record": start.record}, vocabularies)).found


def _end(given: str, links: Iterable[Link], vocabularies: Vocabularies) -> Node:
    """The thing that a word means: a term, or a record that is an end of an interlinkage."""
    schemes = [vocabularies.schemes[name] for name in _ENDS]
    for scheme in schemes:
        if term := scheme.find(given):
            return Node(str(term.iri), term.label)
    wanted = given.strip().casefold()
    for link in links:
        for node in (link.start, link.end):
            if wanted in (node.record, node.iri.casefold(), node.name.casefold()):
                return node
    near = _nearest(given, schemes)
    hint = f" Did you mean {near.label!r} ({near.key})?" if near else ""
    raise UnknownTermError(
        f"Neither a driver, an impact, a domain nor the end of an interlinkage is called {given!r}.{hint}"
    )


def _nearest(given: str, schemes: Iterable[Scheme]) -> Term | None:
    return next((term for scheme in schemes if (term := scheme.nearest(given))), None)
