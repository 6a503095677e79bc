"""Invitations to review are listed until somebody answers them; overdue when their last day is over."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from tests.entering import Clock, People

from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.life import Step
from nexuskb.records.reviews import Remark
from nexuskb.terms import concept_iri, record_iri

TREES = record_iri("mng-billion-trees-2021")
MONGOLIA = concept_iri("area", "mng")
INVITATION = Remark(
    (TREES,), "invitation", "Your view, please.", area=MONGOLIA, answer_by=dt.date(2027, 2, 28)
)


@pytest.fixture
def invited(desk: Desk, people: People) -> str:
    """The identifier of an invitation that was filed in January."""
    record = desk.review(people.editor, INVITATION).done[0].record
    return record.rpartition("/")[2]


def shown(desk: Desk, people: People) -> list[tuple[str, bool]]:
    return [(each.identifier, each.is_overdue) for each in desk.invitations(people.editor)]


def test_an_invitation_is_overdue_after_its_last_day(
    desk: Desk, people: People, clock: Clock, invited: str
) -> None:
    (found,) = desk.invitations(people.editor)
    assert (found.about, found.to, found.days_over) == (("mng-billion-trees-2021",), ("Mongolia",), -49)
    clock.now = dt.datetime(2027, 2, 28, 23, tzinfo=dt.UTC)
    assert shown(desk, people) == [(invited, False)]
    clock.now = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
    assert shown(desk, people) == [(invited, True)]
    assert desk.invitations(people.editor)[0].days_over == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_an_accepted_invitation_and_a_filed_non_objection(
    desk: Desk, people: People, clock: Clock, invited: str, accepted: bool
) -> None:
    record = record_iri(invited)
    if accepted:
        desk.do(Step.ACCEPT, people.second_editor, [Entry(record, if_match="*")])
    clock.now = dt.datetime(2027, 3, 2, tzinfo=dt.UTC)
    assert shown(desk, people) == [(invited, True)]
    silence = Remark((TREES,), "non-objection", "No answer.", responds_to=(record,), area=MONGOLIA)
    desk.review(people.editor, silence)
    assert shown(desk, people) == []


def test_what_the_state_says_is_an_answer_and_what_others_say_is_none(
    desk: Desk, people: People, clock: Clock, invited: str
) -> None:
    comment = Remark((TREES,), "comment", "What of the roots?")
    desk.review(people.editor, comment)
    desk.review(people.contributor, comment)
    assert shown(desk, people) == [(invited, False)]
    desk.review(people.reviewer, replace(comment, text="We have no objection."))
    assert shown(desk, people) == []


def test_what_a_state_said_before_it_was_invited_is_no_answer(
    desk: Desk, people: People, clock: Clock
) -> None:
    desk.review(people.reviewer, Remark((TREES,), "comment", "Early."))
    clock.now += dt.timedelta(days=3)
    desk.review(people.editor, INVITATION)
    assert len(shown(desk, people)) == 1


def test_who_may_not_see_the_draft_of_an_invitation_does_not(
    desk: Desk, people: People, invited: str
) -> None:
    assert desk.invitations(people.chinese_contributor) == []
    desk.do(Step.ACCEPT, people.second_editor, [Entry(record_iri(invited), if_match="*")])
    assert [each.identifier for each in desk.invitations(people.chinese_contributor)] == [invited]
