"""Anybody doing anything to a few records: whatever comes of it, ledger and base say the same afterwards."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from rdflib import URIRef
from tests.entering import People, measure, policy

from nexuskb.errors import EntryError, RecordNotFoundError
from nexuskb.people.rights import RIGHTS, Person
from nexuskb.records.call import Checker
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import State, Step, possible
from nexuskb.records.reviews import Remark
from nexuskb.store.ntriples import read_ntriples
from nexuskb.terms import record_iri

POLICY = record_iri("mng-law-wind")
MEASURE = record_iri("mng-law-wind-m1")
CURATED = record_iri("mng-billion-trees-2021")
STEPS = (*Step, Step.SUBMIT, Step.SUBMIT, Step.ACCEPT, Step.ACCEPT)


def one_step(desk: Desk, who: Person, generator: random.Random, curated: list) -> str:
    """Something that somebody does to one of the records or to two, and what came of it."""
    contents = {
        POLICY: policy(title=generator.choice(["One", "Two", ""])),
        MEASURE: measure(),
        CURATED: generator.sample(curated, len(curated) - generator.randrange(3)),
    }
    records = generator.sample(sorted(contents), generator.choice([1, 1, 1, 2]))
    step = generator.choice(STEPS)
    if step is Step.REVIEW:
        desk.review(who, Remark((records[0],), generator.choice(["comment", "requested-change"]), "Hm."))
        return step.value
    entries = []
    for record in records:
        tag = "*" if generator.random() < 0.8 else generator.choice(["", "r1", None])
        given = step is Step.SAVE or (step is Step.SUBMIT and generator.random() < 0.5)
        content = contents[record] if given else None
        entries.append(Entry(record, content, tag, generator.randrange(3) if step is Step.RESTORE else None))
    dry = generator.random() < 0.1
    desk.do(step, who, entries, why="Because.", dry_run=dry)
    return f"{step.value}, dry" if dry else step.value


def check(desk: Desk, ledger: Ledger, base: Checker, before: dict[URIRef, frozenset]) -> None:
    """What the base says of each record is what the ledger accepted last, or what the files hold."""
    overlay = ledger.overlay()
    for record, curated in before.items():
        held = frozenset(base.current([record]))
        if record in overlay:
            assert held == frozenset(read_ntriples(overlay[record] or b""))
        else:
            assert held == curated
    for (record,) in ledger.rows("SELECT record FROM standing"):
        standing = ledger.standing(URIRef(record))
        assert standing
        assert possible(State(standing.state))
        assert (standing.accepted is not None) == bool(frozenset(base.current([URIRef(record)])))
        if standing.state == "accepted":
            assert standing.revision == standing.accepted
    assert ledger.rows("PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("seed", range(2))
def test_whatever_people_do_ledger_and_base_agree(
    ledger: Ledger, open_desk: Callable[[Ledger], Desk], people: People, seed: int
) -> None:
    generator = random.Random(seed)
    desk = open_desk(ledger)
    base = desk._checker
    before = {record: frozenset(base.current([record])) for record in (POLICY, MEASURE, CURATED)}
    everybody = [value for name, value in vars(People).items() if isinstance(value, Person)]
    everybody += [people.admin] * 12  # who may do most things gets furthest
    came = Counter[str]()
    curated = sorted(desk.look(people.admin, CURATED).content.triples)
    for _ in range(250):
        rows = ledger.rows("SELECT MAX(seq) FROM act")
        try:
            came[one_step(desk, generator.choice(everybody), generator, curated)] += 1
        except (EntryError, RecordNotFoundError) as error:
            came[type(error).__name__] += 1
            assert ledger.rows("SELECT MAX(seq) FROM act") == rows
        check(desk, ledger, base, before)
    refusals = {"NotPermittedError", "StaleError", "StepError", "RejectedError"}
    assert refusals <= set(came)
    assert {"save", "submit", "review"} <= set(came)
    assert ledger.head
    again = open_desk(ledger)
    for record in before:
        assert frozenset(again._checker.current([record])) == frozenset(base.current([record]))


def test_every_step_has_its_rights_and_every_state_its_steps() -> None:
    assert set(RIGHTS) - {"see"} == set(Step)
    for state in (None, *State):
        assert possible(state)
