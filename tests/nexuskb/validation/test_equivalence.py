"""The verdicts on one change are those on the whole base, and the shapes kept judge as pySHACL's own.

For a base B and a change c that makes B' of it, let V(X) be the violations of the whole base X. Then

    V(B') = {v in V(B): the focus node of v is not affected by c} + check(c)

NEXUSKB_TEST_CHANGES says how many random changes are tried; each is made to what the ones before it left.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pyshacl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_changes import Changes, copied, is_record
from rdflib import RDF, RDFS, SH, SKOS, XSD, Graph, Literal
from rdflib.term import Node

from nexuskb.content import read_shapes
from nexuskb.settings import Settings
from nexuskb.validation.affected import Read, Reads, reads_of_kinds
from nexuskb.validation.base import Base, by_shape, check_nodes, gather, raw_results
from nexuskb.validation.change import ChangeChecker
from nexuskb.validation.paths import HERE
from nexuskb.validation.report import Violation
from nexuskb.validation.triples import Triple

#: Changes are many, and machines slow.
pytestmark = pytest.mark.timeout(1800)
CHANGES = int(os.environ.get("NEXUSKB_TEST_CHANGES", "120"))
IN_A_ROW = 10
CLASSES_AND_SCHEMES = (RDF.type, RDFS.subClassOf, SKOS.inScheme)
Results = set[tuple[Node | None, ...]]

some = settings(
    max_examples=max(1, CHANGES // IN_A_ROW),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="NEXUSKB_TEST_CHANGES" not in os.environ,
)


def whole(base: Base) -> set[Violation]:
    """The violations of everything, as seen by a base that has nothing else behind it."""
    anew = Base(base.shapes, base.data, {})
    return set(check_nodes(anew, {node for node in anew.data.subjects() if is_record(node)}).violations)


def as_written(triple: Triple) -> Triple:
    """A triple as files have it: a text of type xsd:string is a plain one."""
    subject, prop, value = triple
    return (subject, prop, Literal("plain")) if value == Literal("plain", datatype=XSD.string) else triple


def verdicts(violations: set[Violation]) -> set[Violation]:
    """Violations without the words that help: what else is allowed changes with the vocabulary."""
    return {replace(v, suggestion="", wrong="", allowed=(), similar=()) for v in violations}


def changes_in_a_row(small: Base, random: Random, reads: Reads | None = None) -> None:
    """Check and make some changes, each compared with the whole base before and after it."""
    base = copied(small)
    checker = ChangeChecker(base, reads)
    changes = Changes(base.data, random)
    before, triples = whole(base), set(base.data)
    for _ in range(IN_A_ROW):
        change = changes.draw()
        found = set(checker.check(change).violations)
        assert set(base.data) == triples, "a check leaves the base as it was"
        affected = {str(node) for node in checker.affected(change)}
        checker.apply(change)
        triples -= {as_written(t) for t in change.removed}
        triples |= {as_written(t) for t in change.added}
        assert set(base.data) == triples
        after = whole(base)
        there = {str(subject) for subject, _, _ in triples}
        kept = {v for v in before if v.focus in there - affected}
        assert verdicts(after) == verdicts(kept | found)
        assert {v.focus for v in found} <= affected
        before = after


def changes_in_rows(small: Base, reads: Reads) -> None:
    """Enough changes to notice that a read is missing."""
    for seed in range(20):
        changes_in_a_row(small, Random(seed), reads)


@some
@given(random=st.randoms(use_true_random=False))
def test_the_verdict_on_a_change_is_that_on_the_whole_base(small: Base, random: Random) -> None:
    changes_in_a_row(small, random)


@pytest.mark.parametrize(
    "left_out",
    [
        lambda read: read.inverse,
        lambda read: read.property == SKOS.inScheme,
        lambda read: read.property == RDF.type and read.way != HERE,
        lambda read: read.property == RDFS.subClassOf,
        lambda read: read.property not in CLASSES_AND_SCHEMES and read.way != HERE,
    ],
    ids=["inverse", "vocabulary", "kind of a value", "class tree", "sequence"],
)
def test_a_read_that_is_left_out_is_noticed(small: Base, left_out: Callable[[Read], bool]) -> None:
    """The comparison can fail, for each sort of read."""
    kept = Reads(read for read in {*reads_of_kinds(), *small.shapes.reads} if not left_out(read))
    with pytest.raises(AssertionError):
        changes_in_rows(small, kept)


def by_pyshacl(data: Graph, settings: Settings) -> Results:
    """What pySHACL says of a graph as it comes: its own shapes, targets, graph and report."""
    plain = Graph()
    plain += data
    _, report, _ = pyshacl.validate(plain, shacl_graph=read_shapes(settings))
    assert isinstance(report, Graph)
    parts = (SH.focusNode, SH.sourceShape, SH.value, SH.resultSeverity)
    found = {
        tuple(report.value(result, part) for part in parts) for result in report.objects(None, SH.result)
    }
    return {parts for parts in found if is_record(parts[0])}


def by_kept_shapes(base: Base) -> Results:
    """What the shapes kept say of the same nodes."""
    found: Results = set()
    base.shapes.forget()
    for number, nodes in by_shape(base, {s for s in base.data.subjects() if is_record(s)}):
        for result in raw_results(base, number, nodes):
            parts = (SH.focusNode, SH.sourceShape, SH.value, SH.resultSeverity)
            found.add(tuple(result.get(part) for part in parts))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_the_shapes_kept_judge_as_pyshacl_does(small: Base, settings: Settings, seed: int) -> None:
    base = copied(small)
    changes, checker = Changes(base.data, Random(seed)), ChangeChecker(base)
    for _ in range(20):
        checker.apply(changes.draw())
    assert by_kept_shapes(base) == by_pyshacl(base.data, settings)


def test_the_shapes_kept_judge_the_curated_base_as_pyshacl_does(settings: Settings) -> None:
    base = gather(settings, sorted(settings.data.rglob("*.ttl")))
    assert by_kept_shapes(base) == by_pyshacl(base.data, settings)
