"""A workbook knows which revisions it was made from: nobody's change is overwritten unseen."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filling import filled
from openpyxl import load_workbook
from rdflib import DCTERMS, Literal
from tests.entering import People

from nexuskb.exchange.entering import WorkbookDesk
from nexuskb.exchange.marking import Problem, marked
from nexuskb.exchange.sheets import REVISIONS
from nexuskb.exchange.workbooks import read_workbook
from nexuskb.people.rights import Person
from nexuskb.records.call import ANY
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import State, Step
from nexuskb.settings import Settings
from nexuskb.terms import REC

POLICY, MEASURE = "mng-billion-trees-2021", "mng-bt-m1"


class Room:
    """A ledger with a desk and a desk for workbooks, both on the same checker as in a server."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self.workbooks = WorkbookDesk.open(settings, ledger)
        self.desk: Desk = self.workbooks._desk

    def taken_along(self, person: Person = People.contributor) -> bytes:
        return self.workbooks.filled([], [POLICY], person)

    def says(self, identifier: str, words: str, person: Person, *, accepted: bool = False) -> None:
        """Somebody changes what a record says, by another way than the workbook."""
        record = REC[identifier]
        content = self.desk.look(person, record).content.triples
        triples = {t for t in content if t[:2] != (record, DCTERMS.description)}
        triples.add((record, DCTERMS.description, Literal(words, lang="en")))
        self.desk.do(Step.SAVE, person, [Entry(record, triples, ANY)])
        if accepted:
            self.desk.do(Step.SUBMIT, person, [Entry(record, if_match=ANY)])
            self.desk.do(Step.ACCEPT, People.second_editor, [Entry(record, if_match=ANY)])

    def said(self, identifier: str) -> str:
        look = self.desk.look(People.admin, REC[identifier])
        return next(
            str(o) for s, p, o in look.content.triples if (s, p) == (REC[identifier], DCTERMS.description)
        )

    def state(self, identifier: str) -> State:
        return self.desk.look(People.admin, REC[identifier]).state


@pytest.fixture
def room(settings: Settings, tmp_path: Path) -> Iterator[Room]:
    (tmp_path / "data").mkdir()
    shutil.copytree(settings.data / "mng", tmp_path / "data" / "mng")
    own = Settings(settings.ontology, tmp_path / "data", tmp_path / "home")
    with Ledger.open(own.home) as ledger:
        yield Room(own, ledger)


def the_problem(problems: tuple[Problem, ...]) -> Problem:
    (problem,) = [each for each in problems if each.blocking]
    return problem


def test_a_record_that_went_on_is_refused_in_its_cell_with_who_and_what(room: Room) -> None:
    body = room.taken_along()
    room.says(POLICY, "It plants a billion trees, says the editor.", People.editor, accepted=True)
    edited = filled(body, {"Policy": [{"description": "It plants trees, says the contributor."}]})
    entered = room.workbooks.enter(edited, People.contributor)
    problem = the_problem(entered.problems)
    assert (problem.cell, problem.field, problem.value) == ("Policy!A4", "Identifier", POLICY)
    assert "Ed changed the record on " in problem.words
    assert "after this workbook was made: Summary." in problem.words
    assert f"nexuskb template FILE.xlsx --with {POLICY}" in problem.words
    assert entered.records == ()
    assert room.said(POLICY) == "It plants a billion trees, says the editor."
    assert (
        "Ed changed the record"
        in load_workbook(io.BytesIO(marked(edited, [problem])))["Policy"]["A4"].comment.text
    )
    again = filled(
        room.taken_along(), {"Policy": [{"description": "It plants trees, says the contributor."}]}
    )
    assert room.workbooks.enter(again, People.contributor).records == (POLICY,)


def test_a_draft_of_somebody_else_is_not_overwritten_either(room: Room) -> None:
    body = room.taken_along(People.editor)
    room.says(POLICY, "A draft of the contributor.", People.contributor)
    entered = room.workbooks.enter(filled(body, {"Policy": [{"description": "Mine."}]}), People.editor)
    assert "Bat changed the record" in the_problem(entered.problems).words
    assert room.said(POLICY) == "A draft of the contributor."


def test_what_only_oneself_changed_may_be_changed_again(room: Room) -> None:
    body = room.taken_along()
    room.says(POLICY, "First.", People.contributor)
    entered = room.workbooks.enter(filled(body, {"Policy": [{"description": "Second."}]}), People.contributor)
    assert entered.records == (POLICY,)
    assert room.said(POLICY) == "Second."


def test_rows_that_were_not_edited_do_not_turn_back_what_others_changed(room: Room) -> None:
    body = room.taken_along()
    room.says(MEASURE, "The measure as the editor has it.", People.editor, accepted=True)
    entered = room.workbooks.enter(filled(body, {"Policy": [{"description": "New."}]}), People.contributor)
    assert entered.records == (POLICY,)
    assert MEASURE in entered.unchanged
    assert room.said(MEASURE) == "The measure as the editor has it."
    assert room.state(MEASURE) is State.ACCEPTED


def test_a_workbook_that_does_not_know_the_record_does_not_change_it(room: Room) -> None:
    book = load_workbook(io.BytesIO(filled(room.taken_along(), {"Policy": [{"description": "New."}]})))
    del book[REVISIONS]
    out = io.BytesIO()
    book.save(out)
    entered = room.workbooks.enter(out.getvalue(), People.contributor)
    problem = the_problem(entered.problems)
    assert problem.words.startswith(
        "There is such a record already. For a new one choose another identifier."
    )
    assert entered.records == ()


def test_what_one_entered_oneself_by_a_workbook_may_be_mended_in_it(room: Room) -> None:
    book = load_workbook(io.BytesIO(room.taken_along()))
    for name in ("Measure", "Target", "Source", REVISIONS):
        del book[name]
    for row in book["Evidence"].iter_rows(min_row=4):
        for cell in row:
            cell.value = None
    out = io.BytesIO()
    book.save(out)
    passage = {
        "record": "mng-own",
        "source": "mng-src-montsame-bt-2023",
        "locator": "p. 1",
        "assertion": "asserted",
    }
    row = {"identifier": "mng-own", "label": "Law of their own", "description": "First."}
    body = filled(out.getvalue(), {"Policy": [row], "Evidence": [passage]})
    assert room.workbooks.enter(body, People.contributor).records == ("mng-own",)
    room.desk.do(Step.REQUEST_CHANGES, People.editor, [Entry(REC["mng-own"], if_match=ANY)], why="Say more.")
    mended = filled(body, {"Policy": [{"description": "Second."}]})
    assert room.workbooks.enter(mended, People.contributor).records == ("mng-own",)
    assert room.said("mng-own") == "Second."
    stranger = filled(body, {"Policy": [{"description": "Third."}]})
    entered = room.workbooks.enter(stranger, People.editor)
    assert the_problem(entered.problems).words.startswith("Bat changed the record")


def test_a_record_changed_in_its_curated_file_is_refused(room: Room) -> None:
    book = load_workbook(io.BytesIO(filled(room.taken_along(), {"Policy": [{"description": "New."}]})))
    tags = {row[0].value: row[1] for row in book[REVISIONS].iter_rows()}
    assert set(tags) > {POLICY, MEASURE}
    tags[POLICY].value = "f0123456789abcdef"
    out = io.BytesIO()
    book.save(out)
    problem = the_problem(room.workbooks.enter(out.getvalue(), People.contributor).problems)
    assert problem.words.startswith("The record is not as it was when this workbook was made.")


def test_the_revisions_are_on_a_hidden_sheet(room: Room) -> None:
    body = room.taken_along()
    assert load_workbook(io.BytesIO(body))[REVISIONS].sheet_state == "hidden"
    read = read_workbook(body, room.workbooks.documents)
    assert set(read.revisions) == set(read.records)
    assert read.revisions[REC[POLICY]] == room.desk.look(People.admin, REC[POLICY]).tag
