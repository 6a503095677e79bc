"""One change checked in flat time: what a submission would do to the base, judged before it is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rdflib import RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.settings import Settings
from nexuskb.terms import NX, VOCABULARIES
from nexuskb.validation.affected import Reads, reads_of_kinds
from nexuskb.validation.base import Base, check_dated, check_nodes, gather
from nexuskb.validation.duplicates import duplicates
from nexuskb.validation.report import Report, Violation
from nexuskb.validation.shapes import today
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

    def __init__(self, base: Base, reads: Reads | None = None, reviewed: Path | None = None) -> None:
        """``reviewed`` is the directory with the list of pairs that are known to be two things."""
        self._base = base
        self._reviewed = reviewed
        self._reads = reads or Reads({*reads_of_kinds(), *base.shapes.reads})

    @classmethod
    def open(cls, settings: Settings) -> ChangeChecker:
        """Read the curated files. Raises :class:`~nexuskb.errors.ContentError`."""
        return cls(gather(settings, sorted(settings.data.rglob("*.ttl"))), reviewed=settings.data)

    def check(self, change: Change) -> Report:
        """What is wrong, after a change, with all the nodes whose verdict it can alter.

        The base is afterwards as it was before.
        """
        self._base.shapes = self._base.shapes.on(today())
        with self._in_place(change) as affected:
            return check_nodes(self._base, affected)

    def recheck(self, day: dt.date | None = None) -> Report:
        """What the passing of time has made wrong by a day, or by today.

        To be asked each night, for no change leads to these verdicts.
        """
        self._base.shapes = self._base.shapes.on(day or today())
        return check_dated(self._base)

    def affected(self, change: Change) -> frozenset[Node]:
        """The nodes whose verdict a change can alter, as far as they are there after it.

        They are those that it changes and those that it can break or mend: what links to them, what they link
        to, holders of the same identifier.
        """
        with self._in_place(change) as affected:
            return affected

    @property
    def data(self) -> Graph:
        """The base as it is now, with its model; to be read only."""
        return self._base.data

    def duplicates(self, change: Change, records: Collection[URIRef]) -> list[Violation]:
        """What some records would look like, after a change, among all of the base.

        Every policy or source is looked at, so that this is for whoever asks, not for every change.
        """
        with self._in_place(change):
            return duplicates(self._base.data, records, self._reviewed)

    def apply(self, change: Change) -> None:
        """Make a change part of the base, after it was written."""
        added, removed = self._effect(change)
        self._put(added, removed)

    def current(self, subjects: Iterable[URIRef]) -> frozenset[Triple]:
        """The triples that some records have now, with those of their evidence."""
        data = self._base.data
        nodes = {node for subject in subjects for node in (subject, *data.objects(subject, NX.evidence))}
        return frozenset(triple for node in nodes for triple in data.triples((node, None, None)))

    def of_kind(self, kind: URIRef) -> Iterator[Triple]:
        """The triples of the records of a kind, without those of their evidence."""
        for record in self._base.data.subjects(RDF.type, kind):
            yield from self._base.data.triples((record, None, None))

    def _effect(self, change: Change) -> tuple[set[Triple], set[Triple]]:
        """The triples that come and go indeed, written as the base writes them."""
        data = self._base.data
        added = {_as_read(triple) for triple in change.added}
        removed = {_as_read(triple) for triple in change.removed} - added
        return {t for t in added if t not in data}, {t for t in removed if t in data}

    @contextmanager
    def _in_place(self, change: Change) -> Iterator[frozenset[Node]]:
        """The base with the change in it, for as long as it takes to judge it; what it affects. Nothing is
        copied.
        """
        added, removed = self._effect(change)
        data = self._base.data
        try:
            self._put(added, removed)
            affected = self._reads.affected(data, (*added, *removed))
            yield frozenset(n for n in affected if not _of_model(n) and (n, None, None) in data)
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
