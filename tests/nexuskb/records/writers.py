"""Processes that write to one ledger until they are killed; started by ``test_processes.py``.

They acknowledge each call on standard output only after the desk has returned. The shapes are left out: what
is tested is what is on the disk.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rdflib import RDF, RDFS, Literal, URIRef

from nexuskb.content import read_model, read_shapes
from nexuskb.errors import LedgerError, StaleError
from nexuskb.people.rights import Person, Role
from nexuskb.records.call import Outcome
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import Step
from nexuskb.settings import load_settings
from nexuskb.store.ntriples import Triple
from nexuskb.terms import NX, record_iri
from nexuskb.validation.change import Change
from nexuskb.validation.report import Report


class Anything:
    """A base in which everything conforms."""

    def __init__(self) -> None:
        self._held: dict[object, set[Triple]] = {}

    def check(self, _: Change) -> Report:
        return Report(0)

    def apply(self, change: Change) -> None:
        for triple in change.removed:
            self._held.get(triple[0], set()).discard(triple)
        for triple in change.added:
            self._held.setdefault(triple[0], set()).add(triple)

    def current(self, subjects: Iterable[URIRef]) -> set[Triple]:
        return {triple for subject in subjects for triple in self._held.get(subject, ())}


def policy(record: URIRef, title: str) -> list[Triple]:
    return [(record, RDF.type, NX.Policy), (record, RDFS.label, Literal(title, lang="en"))]


def calls_in(home: Path) -> int:
    """How many calls there are. Nothing is left open, as no connection may go through a fork."""
    with Ledger.open(home) as ledger:
        return int(ledger.rows("SELECT COUNT(*) FROM call")[0][0])


def acknowledge(outcome: Outcome) -> None:
    done = [[d.record, d.state.value, d.revision, d.tag] for d in outcome.done]
    os.write(1, f"{json.dumps(done)}\n".encode())  # one write a line: processes share the pipe


def write_for_ever(desk: Desk, name: str) -> None:
    """Take pairs of records from draft to the base, one after the other."""
    person = Person(name, Role.ADMIN)
    number = 0
    while True:
        number += 1
        pair = [record_iri(f"{name}-{number}-{part}") for part in "ab"]
        title = "x" * random.randint(1, 5_000)
        done = desk.do(Step.SAVE, person, [Entry(r, policy(r, title)) for r in pair])
        acknowledge(done)
        for step in (Step.SUBMIT, Step.ACCEPT):
            done = desk.do(step, person, [Entry(d.record, None, d.tag) for d in done.done])
            acknowledge(done)


def edit_one(desk: Desk, name: str, times: int) -> None:
    """Save one record again and again by the tag just seen; what somebody else was faster with is not."""
    person = Person(name, Role.ADMIN)
    record = record_iri("shared")
    for number in range(times):
        tag = desk.look(person, record).tag
        try:
            acknowledge(desk.do(Step.SAVE, person, [Entry(record, policy(record, f"{name} {number}"), tag)]))
        except StaleError:
            continue


def fill_the_disk(desk: Desk, home: Path) -> None:
    """Write until the disk is full, say so, and write once more when there is room again."""
    person = Person("filler", Role.ADMIN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if os.environ.get("MOST_BYTES"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["MOST_BYTES"]), hard))
    number, refused = 0, 0
    while refused < 3:
        number += 1
        record = record_iri(f"filler-{number}")
        try:
            acknowledge(desk.do(Step.SAVE, person, [Entry(record, policy(record, "x" * 19_000))]))
        except LedgerError as error:
            refused += 1
            os.write(2, f"{error}\n".encode())
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    (home / "ballast").unlink(missing_ok=True)
    record = record_iri("filler-last")
    acknowledge(desk.do(Step.SAVE, person, [Entry(record, policy(record, "x" * 19_000))]))


def main(mode: str, argument: str) -> None:
    """Read the model once, then fork: a killed writer is followed by another at once."""
    settings = load_settings()
    model, shapes = read_model(settings), read_shapes(settings)

    def desk() -> Desk:
        return Desk(Ledger.open(settings.home), Anything, model, shapes)

    def forked(work: Callable[[Desk, str], object], name: str) -> int:
        pid = os.fork()
        if pid == 0:
            random.seed(name)
            try:
                work(desk(), name)
            finally:
                os._exit(0)
        return pid

    if mode == "kill":
        kills, calls = (int(part) for part in argument.split(","))
        running = {forked(write_for_ever, f"w{n}"): n for n in range(3)}
        for number in itertools.count():
            if number >= kills and calls_in(settings.home) >= calls:
                break
            signal.sigtimedwait([], random.uniform(0.02, 0.5))
            pid = random.choice(list(running))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            del running[pid]
            running[forked(write_for_ever, f"w{number + 3}")] = number
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    elif mode == "edit":
        pids = [forked(lambda d, name: edit_one(d, name, int(argument)), f"e{n}") for n in range(3)]
        for pid in pids:
            os.waitpid(pid, 0)
    else:
        fill_the_disk(desk(), settings.home)


if __name__ == "__main__":
    main(*sys.argv[1:])
