"""What the rules conclude: from all of a store, or from what a change of some nodes can touch."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pyoxigraph as ox

from nexuskb.errors import ContentError
from nexuskb.rules import Rule
from nexuskb.terms import GRAPHS, PREFIXES

DERIVED = ox.NamedNode(str(GRAPHS.derived))

#: The values of some variables of a rule for which it is to be asked anew.
Touched = dict[tuple[Rule, tuple[str, ...]], set[tuple[str, ...]]]
Triples = set[ox.Triple]


def derive(store: ox.Store, rules: Iterable[Rule]) -> Triples:
    """What all rules conclude from the graphs that people wrote. Raises :class:`ContentError`."""
    return {triple for rule in rules for triple in _construct(store, rule, rule.query)}


def touched(store: ox.Store, rules: Iterable[Rule], changed: Collection[ox.NamedNode]) -> Touched:
    """The solutions of rules that use a triple with one of these nodes as its subject."""
    nodes = [str(node) for node in changed]
    found: Touched = {}
    for rule in rules:
        for touch in rule.touches:
            rows = _asked(store, touch.query(nodes))
            assert isinstance(rows, ox.QuerySolutions)  # noqa: S101 -- a SELECT
            width = range(len(touch.variables))
            found.setdefault((rule, touch.variables), set()).update(
                tuple(str(row[place]) for place in width) for row in rows
            )
    return found


def derive_touched(store: ox.Store, rules: Iterable[Rule], wanted: Touched) -> Triples:
    """What rules conclude for some of their solutions, and all of what those conclude that have no parts."""
    concluded = derive(store, (rule for rule in rules if not rule.touches))
    for (rule, variables), rows in wanted.items():
        if rows:
            concluded |= _construct(store, rule, rule.only(variables, rows))
    return concluded


def _construct(store: ox.Store, rule: Rule, query: str) -> Triples:
    try:
        triples = _asked(store, query)
    except SyntaxError as error:
        raise ContentError(f"The rule {rule.name} does not parse: {error}") from error
    if not isinstance(triples, ox.QueryTriples):
        raise ContentError(f"The rule {rule.name} is not a CONSTRUCT query.")
    return set(triples)


def _asked(store: ox.Store, query: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """The answer of all graphs but the derived one. Where there is none, the union is the faster way."""
    named = list(store.named_graphs())
    if DERIVED not in named:
        return store.query(query, prefixes=PREFIXES, use_default_graph_as_union=True)
    written: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [g for g in named if g != DERIVED]
    return store.query(
        query, prefixes=PREFIXES, default_graph=written, named_graphs=[g for g in named if g != DERIVED]
    )
