"""A desk over the whole base with a ledger of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from tests.entering import Clock, People

from nexuskb.records.desk import Desk
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings
from nexuskb.store.ntriples import Triple
from nexuskb.terms import NX
from nexuskb.validation.change import Change, ChangeChecker
from nexuskb.validation.report import Report, Violation


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def own_settings(settings: Settings, home: Path) -> Settings:
    """The settings of the checkout with a home of the test's own."""
    return replace(settings, home=home)


@pytest.fixture
def ledger(home: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(home, clock) as opened:
        yield opened


class Borrowed:
    """A checker of the whole base that is given back as it was: reading the base takes a second."""

    def __init__(self, checker: ChangeChecker) -> None:
        self.checker = checker
        self._before: dict[URIRef, frozenset[Triple]] = {}

    def check(self, change: Change) -> Report:
        return self.checker.check(change)

    def current(self, subjects: Iterable[URIRef]) -> frozenset[Triple]:
        return self.checker.current(subjects)

    def duplicates(self, change: Change, records: Collection[URIRef]) -> list[Violation]:
        return self.checker.duplicates(change, records)

    def of_kind(self, kind: URIRef) -> Iterator[Triple]:
        return self.checker.of_kind(kind)

    def apply(self, change: Change) -> None:
        for subject, predicate, _ in change.added | change.removed:
            if predicate == NX.reviewState:
                self._before.setdefault(URIRef(str(subject)), self.current([URIRef(str(subject))]))
        self.checker.apply(change)

    def give_back(self) -> ChangeChecker:
        for record, before in self._before.items():
            self.checker.apply(Change(before, self.current([record])))
        return self.checker


@pytest.fixture(scope="session")
def checkers() -> list[ChangeChecker]:
    """Those that nobody uses now."""
    return []


@pytest.fixture
def open_desk(
    settings: Settings, shapes_graph: Graph, model: Graph, checkers: list[ChangeChecker]
) -> Iterator[Callable[[Ledger], Desk]]:
    """Opens desks over the curated files."""
    borrowed: list[Borrowed] = []

    def borrow() -> Borrowed:
        borrowed.append(Borrowed(checkers.pop() if checkers else ChangeChecker.open(settings)))
        return borrowed[-1]

    yield lambda ledger: Desk(ledger, borrow, model, shapes_graph)
    checkers += [each.give_back() for each in borrowed]


@pytest.fixture
def desk(ledger: Ledger, open_desk: Callable[[Ledger], Desk]) -> Desk:
    return open_desk(ledger)
