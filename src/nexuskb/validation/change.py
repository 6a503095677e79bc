"""One change checked in flat time: what a submission would do to the base, judged before it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rdflib import RDFS, XSD, Literal, URIRef
from rdflib.term import Node

from nexuskb.settings import Settings
from nexuskb.terms import NX, VOCABULARIES
from nexuskb.validation.affected import Reads, reads_of_kinds, reads_of_shape
from nexuskb.validation.base import Base, check_nodes, gather
from nexuskb.validation.report import Report
from nexuskb.validation.triples import Triple


@dataclass(frozen=True, slots=True)
class Change:
    """What a submission would do to the base: triples that it adds and triples that it removes.

    A triple in both is there afterwards. Triples of the ontology and the vocabularies may be among them.
    """

    added: frozenset[Triple] = frozenset()
    removed: frozenset[Triple] = frozenset()


class ChangeChecker:
    """Judges changes of a base that it holds in memory, with the shapes parsed once and kept.

    The verdicts are those of validating the whole base with the change in it. Not to be shared
    between threads.
    """

    def __init__(self, base: Base) -> None:
        self._base = base
        graph = base.shapes.graph
        shapes = [reads_of_shape(graph, shape.node) for shape, _ in base.shapes.targeted]
        self._reads = Reads({*reads_of_kinds(), *(read for reads in shapes for read in reads)})

    @classmethod
    def open(cls, settings: Settings) -> ChangeChecker:
        """Read the curated files. Raises :class:`~nexuskb.errors.ContentError`."""
        return cls(gather(settings, sorted(settings.data.rglob("*.ttl"))))

    def check(self, change: Change) -> Report:
        """What would be wrong, after a change, with all the nodes whose verdict it can alter.

        These are the nodes that it changes and those that it can break or mend: what links to them, what they
        link to, holders of the same identifier. The base is afterwards as it was before.
        """
        added, removed = self._effect(change)
        with self._in_place(added, removed):
            nodes = {
                node for node in self._reads.affected(self._base.data, (*added, *removed))
                if not _of_model(node) and (node, None, None) in self._base.data
            }  # fmt: skip
            return check_nodes(self._base, nodes)

    def apply(self, change: Change) -> None:
        """Make a change part of the base, after it was written."""
        self._put(*self._effect(change))

    def current(self, subjects: Iterable[URIRef]) -> frozenset[Triple]:
        """The triples that some records have now, with those of their evidence."""
        data = self._base.data
        nodes = {node for subject in subjects for node in (subject, *data.objects(subject, NX.evidence))}
        return frozenset(triple for node in nodes for triple in data.triples((node, None, None)))

    def _effect(self, change: Change) -> tuple[set[Triple], set[Triple]]:
        """The triples that come and go indeed, written as the base writes them."""
        data = self._base.data
        added = {_as_read(triple) for triple in change.added}
        removed = {_as_read(triple) for triple in change.removed} - added
        return {t for t in added if t not in data}, {t for t in removed if t in data}

    @contextmanager
    def _in_place(self, added: set[Triple], removed: set[Triple]) -> Iterator[None]:
        """The base with the change in it, for as long as it takes to judge it: nothing is copied."""
        try:
            self._put(added, removed)
            yield
        finally:
            self._put(removed, added)

    def _put(self, added: set[Triple], removed: set[Triple]) -> None:
        data = self._base.data
        for triple in removed:
            data.remove(triple)
        for triple in added:
            data.add(triple)
        if any(predicate == RDFS.subClassOf for _, predicate, _ in (*added, *removed)):
            self._base.forget_classes()


def _as_read(triple: Triple) -> Triple:
    """The triple as the files' reader gives it: a text of type xsd:string is a plain one."""
    subject, predicate, value = triple
    if isinstance(value, Literal) and value.datatype == XSD.string:
        return subject, predicate, Literal(str(value))
    return triple


def _of_model(node: Node) -> bool:
    return str(node).startswith((str(NX).rstrip("/"), VOCABULARIES))
