"""The life of a record at the desk: who may do what when, and what is in the base then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from rdflib import DCTERMS, RDFS, BNode, Literal, URIRef
from tests.entering import CHINA, MONGOLIA, Clock, People, measure, policy, triples

from nexuskb.errors import (
    KeyReusedError,
    MalformedEntryError,
    NotPermittedError,
    RecordNotFoundError,
    RejectedError,
    StaleError,
    StepError,
)
from nexuskb.people.log import read_log
from nexuskb.people.rights import Person, Role
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import Step
from nexuskb.records.reviews import Remark
from nexuskb.store.ntriples import read_ntriples
from nexuskb.terms import NX, concept_iri, record_iri

WIND = record_iri("mng-law-wind")
WIND_MEASURE = record_iri("mng-law-wind-m1")
BILLION_TREES = record_iri("mng-billion-trees-2021")


def entry(desk: Desk, person: Person, record: URIRef = WIND, content: list | None = None) -> Entry:
    """An entry by somebody who has just looked."""
    try:
        tag = desk.look(person, record).tag
    except RecordNotFoundError:
        tag = None
    return Entry(record, content, tag)


def do(desk: Desk, step: Step, person: Person, record: URIRef = WIND, content: list | None = None, **manner):
    return desk.do(step, person, [entry(desk, person, record, content)], **manner)


def accepted_policy(desk: Desk, people: People) -> None:
    do(desk, Step.SUBMIT, people.contributor, content=policy())
    do(desk, Step.ACCEPT, people.editor)


def state(desk: Desk, person: Person, record: URIRef = WIND) -> str:
    return desk.look(person, record).state.value


def test_a_record_goes_from_draft_to_accepted_and_is_in_the_base_only_then(
    desk: Desk, people: People
) -> None:
    ledger = desk.ledger
    saved = do(desk, Step.SAVE, people.contributor, content=[t for t in policy() if t[1] != RDFS.label])
    assert not saved.report.conforms
    assert state(desk, people.contributor) == "draft"
    do(desk, Step.SUBMIT, people.contributor, content=policy())
    assert state(desk, people.editor) == "submitted"
    do(desk, Step.TAKE, people.reviewer)
    assert state(desk, people.editor) == "in-review"
    assert ledger.head == ""
    assert ledger.overlay() == {}
    do(desk, Step.ACCEPT, people.editor, why="Checked against the gazette.")
    assert state(desk, people.contributor) == "accepted"
    (change,) = ledger.accepted()
    assert (change.seq, change.record, change.head) == (1, WIND, ledger.head)
    expected = {*policy(), (WIND, NX.reviewState, concept_iri("review", "accepted"))}
    assert set(read_ntriples(change.triples or b"")) == expected
    assert ledger.overlay() == {WIND: change.triples}
    assert list(ledger.drafts()) == []


def test_changes_requested_are_filed_as_a_review_and_the_author_sends_it_again(
    desk: Desk, people: People
) -> None:
    do(desk, Step.SUBMIT, people.contributor, content=policy())
    done = do(desk, Step.REQUEST_CHANGES, people.reviewer, why="Which article?").done
    assert [(d.record, d.state.value) for d in done] == [
        (WIND, "changes-requested"),
        (record_iri("review-mng-law-wind-1"), "submitted"),
    ]
    review = desk.look(people.contributor, record_iri("review-mng-law-wind-1")).content.triples
    said = {p: str(o) for _, p, o in review}
    assert said[DCTERMS.description] == "Which article?"
    assert said[NX.reviewer] == "Mongolia"
    assert said[NX.onRevision] == "https://w3id.org/nexuskb/revisions/mng-law-wind/1"
    assert said[NX.reviewKind] == str(concept_iri("reviewkind", "requested-change"))
    do(desk, Step.SAVE, people.contributor, content=policy(title="Law against Wind Erosion"))
    assert state(desk, people.contributor) == "changes-requested"
    do(desk, Step.SUBMIT, people.contributor)
    assert state(desk, people.editor) == "submitted"
    assert desk.look(people.editor, WIND).revision == 2


def test_an_accepted_record_stays_in_the_base_while_a_new_draft_of_it_is_written(
    desk: Desk, people: People
) -> None:
    accepted_policy(desk, people)
    head = desk.ledger.head
    do(desk, Step.SAVE, people.contributor, content=policy(title="Another title"))
    look = desk.look(people.contributor, WIND)
    assert (WIND, RDFS.label, Literal("Another title", lang="en")) in look.content.triples
    assert look.accepted
    assert (WIND, RDFS.label, Literal("Law on Wind Erosion", lang="en")) in look.accepted.triples
    assert desk.ledger.head == head
    seen = desk.look(people.chinese_contributor, WIND)
    assert (seen.state.value, seen.content, seen.author) == ("accepted", look.accepted, "")
    do(desk, Step.TAKE_BACK, people.contributor)
    back = desk.look(people.contributor, WIND)
    assert (back.state.value, back.revision, back.content) == ("accepted", 1, look.accepted)


def test_a_record_of_the_curated_files_is_changed_in_the_same_way(desk: Desk, people: People) -> None:
    before = desk.look(people.contributor, BILLION_TREES)
    assert (before.state.value, before.revision) == ("accepted", 0)
    content = [t for t in before.content.triples if t[1] != NX.leadBody]
    do(desk, Step.SUBMIT, people.contributor, BILLION_TREES, content)
    do(desk, Step.ACCEPT, people.editor, BILLION_TREES)
    after = desk.look(people.contributor, BILLION_TREES)
    assert after.revision == 1
    assert after.accepted
    assert after.accepted.triples == set(content)
    assert desk.ledger.content(BILLION_TREES, 0) == before.content.ntriples
    desk.do(Step.RESTORE, people.editor, [Entry(BILLION_TREES, None, after.tag, revision=0)])
    do(desk, Step.SUBMIT, people.editor, BILLION_TREES)
    do(desk, Step.ACCEPT, people.second_editor, BILLION_TREES)
    assert desk.look(people.editor, BILLION_TREES).accepted == before.content


def test_what_others_link_to_cannot_be_withdrawn_and_what_is_withdrawn_can_be_restored(
    desk: Desk, people: People
) -> None:
    with pytest.raises(RejectedError, match="cannot be withdrawn") as raised:
        do(desk, Step.WITHDRAW, people.editor, record_iri("mng-src-montsame-bt-2023"), why="Old.")
    assert "mng-billion-trees-2021" in {v.record for v in raised.value.report.violations}
    accepted_policy(desk, people)
    do(desk, Step.WITHDRAW, people.editor, why="It was never adopted.")
    assert state(desk, people.editor) == "withdrawn"
    assert desk.ledger.overlay() == {WIND: None}
    assert [change.triples is None for change in desk.ledger.accepted()] == [False, True]
    tag = desk.look(people.editor, WIND).tag
    desk.do(Step.RESTORE, people.editor, [Entry(WIND, None, tag, revision=1)])
    do(desk, Step.SUBMIT, people.editor)
    do(desk, Step.ACCEPT, people.admin)
    assert desk.ledger.overlay()[WIND]


def test_a_draft_that_was_never_accepted_is_withdrawn_when_it_is_taken_back(
    desk: Desk, people: People
) -> None:
    do(desk, Step.SAVE, people.contributor, content=policy())
    do(desk, Step.TAKE_BACK, people.contributor)
    assert state(desk, people.contributor) == "withdrawn"
    do(desk, Step.SAVE, people.contributor, content=policy())
    assert state(desk, people.contributor) == "draft"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            Step.ACCEPT,
            "mng-law-wind is a draft: it cannot be accepted. It can be saved as a draft, be submitted",
        ),
        (Step.TAKE, "is a draft: it cannot be taken into review"),
        (Step.WITHDRAW, "is a draft: it cannot be withdrawn from the base"),
    ],
)
def test_a_step_out_of_order_is_refused_with_what_is_possible(
    desk: Desk, people: People, step: Step, message: str
) -> None:
    do(desk, Step.SAVE, people.admin, content=policy())
    with pytest.raises(StepError, match=message) as raised:
        do(desk, step, people.admin, why="Because.")
    assert raised.value.possible == ("save", "submit", "take-back", "restore")
    assert state(desk, people.admin) == "draft"


def test_what_does_not_conform_is_not_submitted_and_the_report_names_the_field(
    desk: Desk, people: People
) -> None:
    bad = [t for t in policy() if t[1] != NX.policyKind]
    with pytest.raises(RejectedError, match="mng-law-wind cannot be submitted: Kind of policy") as raised:
        do(desk, Step.SUBMIT, people.contributor, content=bad)
    assert [v.field for v in raised.value.report.violations if v.blocking] == ["Kind of policy"]
    assert desk.ledger.rows("SELECT * FROM act") == []


def test_several_records_enter_together_or_not_at_all(desk: Desk, people: People) -> None:
    both = [Entry(WIND_MEASURE, measure()), Entry(WIND, policy())]
    without_title = [t for t in measure() if t[1] != RDFS.label]
    with pytest.raises(RejectedError, match="2 records cannot be submitted: mng-law-wind-m1"):
        desk.do(Step.SUBMIT, people.contributor, [Entry(WIND_MEASURE, without_title), both[1]])
    assert desk.drafts(people.admin) == []
    done = desk.do(Step.SUBMIT, people.contributor, both).done
    with pytest.raises(StaleError):
        desk.do(
            Step.ACCEPT, people.editor, [Entry(done[0].record, None, done[0].tag), Entry(WIND, None, "r1")]
        )
    assert desk.ledger.head == ""
    desk.do(Step.ACCEPT, people.editor, [Entry(d.record, None, d.tag) for d in done])
    assert set(desk.ledger.overlay()) == {WIND, WIND_MEASURE}


def test_a_submission_may_link_to_what_is_under_way_an_acceptance_only_to_the_base(
    desk: Desk, people: People
) -> None:
    with pytest.raises(RejectedError, match="Policy: link to exactly one existing record"):
        do(desk, Step.SUBMIT, people.contributor, WIND_MEASURE, measure())
    do(desk, Step.SUBMIT, people.contributor, content=policy())
    do(desk, Step.SUBMIT, people.contributor, WIND_MEASURE, measure())
    with pytest.raises(RejectedError, match="Policy: link to exactly one existing record"):
        do(desk, Step.ACCEPT, people.editor, WIND_MEASURE)
    do(desk, Step.ACCEPT, people.editor)
    do(desk, Step.ACCEPT, people.editor, WIND_MEASURE)
    assert set(desk.ledger.overlay()) == {WIND, WIND_MEASURE}


def test_an_acceptance_is_checked_against_the_base_of_that_moment(desk: Desk, people: People) -> None:
    accepted_policy(desk, people)
    do(desk, Step.SUBMIT, people.contributor, WIND_MEASURE, measure())
    do(desk, Step.WITHDRAW, people.editor, why="Never adopted.")
    with pytest.raises(RejectedError, match="Policy: link to exactly one existing record"):
        do(desk, Step.ACCEPT, people.editor, WIND_MEASURE)


def test_two_editors_on_one_record_do_not_overwrite_each_other(desk: Desk, people: People) -> None:
    accepted_policy(desk, people)
    first, second = (desk.look(p, WIND).tag for p in (people.editor, people.second_editor))
    desk.do(Step.SAVE, people.editor, [Entry(WIND, policy(title="One"), first)])
    with pytest.raises(StaleError, match="has changed since you saw it") as raised:
        desk.do(Step.SAVE, people.second_editor, [Entry(WIND, policy(title="Two"), second)])
    assert raised.value.tag == desk.look(people.editor, WIND).tag
    assert (WIND, RDFS.label, Literal("One", lang="en")) in desk.look(people.editor, WIND).content.triples


def test_an_existing_record_is_not_overwritten_by_who_has_not_seen_it(desk: Desk, people: People) -> None:
    with pytest.raises(StaleError, match="exists already"):
        desk.do(Step.SAVE, people.contributor, [Entry(BILLION_TREES, policy("mng-billion-trees-2021"))])
    with pytest.raises(StaleError, match="does not exist"):
        desk.do(Step.SAVE, people.contributor, [Entry(WIND, policy(), "r7")])
    desk.do(Step.SAVE, people.contributor, [Entry(WIND, policy(), "*")])


def test_a_call_under_one_key_is_done_once(desk: Desk, people: People) -> None:
    first = desk.do(Step.SAVE, people.contributor, [Entry(WIND, policy())], key="k1")
    again = desk.do(Step.SAVE, people.contributor, [Entry(WIND, policy())], key="k1")
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.done, again.report) == (first.done, first.report)
    assert desk.ledger.row("SELECT COUNT(*) FROM call") == (1,)
    with pytest.raises(KeyReusedError, match="another request"):
        desk.do(Step.SAVE, people.contributor, [Entry(WIND, policy(title="Else"))], key="k1")
    do(desk, Step.SAVE, people.admin, WIND_MEASURE, measure(), key="k1")


def test_a_dry_run_says_what_would_come_of_it_and_leaves_no_trace(desk: Desk, people: People) -> None:
    tables = ("call", "act", "revision", "accepted", "standing", "log")
    outcome = desk.do(Step.SUBMIT, people.contributor, [Entry(WIND, policy())], dry_run=True, key="k")
    assert [(d.state.value, d.revision) for d in outcome.done] == [("submitted", 1)]
    with pytest.raises(NotPermittedError):
        desk.do(Step.SUBMIT, people.reviewer, [Entry(WIND, policy())], dry_run=True)
    assert [desk.ledger.rows(f"SELECT * FROM {table}") for table in tables] == [[]] * len(tables)
    assert not desk.do(Step.SUBMIT, people.contributor, [Entry(WIND, policy())], key="k").repeated


def test_saving_the_same_again_makes_no_revision(desk: Desk, people: People) -> None:
    first = do(desk, Step.SAVE, people.contributor, content=policy()).done[0]
    second = do(desk, Step.SAVE, people.contributor, content=policy()).done[0]
    assert (second.revision, second.tag, second.changed) == (1, first.tag, False)
    unchanged = desk.look(people.contributor, BILLION_TREES)
    entries = [Entry(BILLION_TREES, unchanged.content.triples, unchanged.tag)]
    done = desk.do(Step.SUBMIT, people.contributor, entries).done[0]
    assert (done.state.value, done.changed, done.tag) == ("accepted", False, unchanged.tag)
    assert desk.look(people.contributor, BILLION_TREES) == unchanged


@pytest.mark.parametrize(
    ("who", "step", "reason"),
    [
        ("other_contributor", Step.SAVE, "somebody else is writing it"),
        ("chinese_contributor", Step.TAKE_BACK, "somebody else is writing it"),
        ("reviewer", Step.SAVE, r"that is for the roles admin, contributor, editor\."),
        ("reviewer", Step.ACCEPT, r"that is for the roles admin, editor\."),
        ("contributor", Step.ACCEPT, "that is for the roles"),
        ("contributor", Step.WITHDRAW, "that is for the roles"),
        ("contributor", Step.REQUEST_CHANGES, "that is for the roles"),
    ],
)
def test_who_has_no_right_is_told_why(desk: Desk, people: People, who: str, step: Step, reason: str) -> None:
    do(desk, Step.SAVE, people.contributor, content=policy())
    content = policy(title="Mine") if step is Step.SAVE else None
    with pytest.raises(NotPermittedError, match=reason):
        desk.do(step, getattr(people, who), [Entry(WIND, content, "*")], why="Because.")


def test_a_role_for_an_area_is_good_for_that_area_and_its_parts(desk: Desk, people: People) -> None:
    with pytest.raises(NotPermittedError, match="the token is for China, the record for Mongolia"):
        do(desk, Step.SAVE, people.chinese_contributor, content=policy())
    both = triples("rec:mng-law-wind nx:area area:chn .")
    with pytest.raises(NotPermittedError, match="the record for China, Mongolia"):
        do(desk, Step.SAVE, people.contributor, content=[*policy(), *both])
    moved = [*(t for t in desk.look(people.admin, BILLION_TREES).content.triples if t[1] != NX.area)]
    moved.append((BILLION_TREES, NX.area, concept_iri("area", "chn")))
    with pytest.raises(NotPermittedError, match="the record for China, Mongolia"):
        do(desk, Step.SAVE, people.chinese_contributor, BILLION_TREES, moved)
    japan = Person("Sato", Role.CONTRIBUTOR, frozenset({concept_iri("area", "jpn")}))
    parts = [(s, p, concept_iri("area", "jpn-03") if p == NX.area else o) for s, p, o in policy()]
    do(desk, Step.SAVE, japan, content=parts)


def test_drafts_are_seen_by_their_roles_only(desk: Desk, people: People) -> None:
    do(desk, Step.SAVE, people.contributor, content=policy())
    seeing = {
        name
        for name in ("contributor", "other_contributor", "chinese_contributor", "reviewer", "editor", "admin")
        if desk.drafts(getattr(people, name))
    }
    assert seeing == {"contributor", "other_contributor", "reviewer", "editor", "admin"}
    with pytest.raises(RecordNotFoundError):
        desk.look(people.chinese_contributor, WIND)
    assert desk.look(people.other_contributor, WIND).possible == ()
    assert desk.look(people.contributor, WIND).possible == (
        Step.SAVE,
        Step.SUBMIT,
        Step.TAKE_BACK,
        Step.RESTORE,
    )


def test_what_somebody_wrote_somebody_else_accepts(desk: Desk, people: People) -> None:
    do(desk, Step.SUBMIT, people.editor, content=policy())
    with pytest.raises(NotPermittedError, match="who wrote it: another editor or an admin"):
        do(desk, Step.ACCEPT, people.editor)
    do(desk, Step.ACCEPT, people.second_editor)
    do(desk, Step.SUBMIT, people.admin, WIND_MEASURE, measure())
    do(desk, Step.ACCEPT, people.admin, WIND_MEASURE)


def test_sending_back_and_withdrawing_need_a_reason(desk: Desk, people: People) -> None:
    do(desk, Step.SUBMIT, people.contributor, content=policy())
    for step in (Step.REQUEST_CHANGES, Step.WITHDRAW):
        with pytest.raises(MalformedEntryError, match="Say why"):
            do(desk, step, people.editor, why="  ")


A_NODE = BNode()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([(BILLION_TREES, RDFS.label, Literal("x", lang="en"))], "speaks of rec:mng-billion-trees-2021"),
        ([(NX.Policy, RDFS.subClassOf, NX.Measure)], "speaks of nx:Policy"),
        (triples("ev:mng-law-wind-e2 nx:locator 'p. 4' ."), "speaks of ev:mng-law-wind-e2"),
        (triples("rec:mng-law-wind nx:evidence ev:mng-billion-trees-2021-e1 ."), "its evidence is named"),
        (triples("rec:mng-law-wind nx:reservation 'Trust me.'@en ."), "not a field of its kind, nx:Policy"),
        (triples("rec:mng-law-wind nx:instruments instrument:planning ."), "not a field"),
        (triples("rec:mng-law-wind nx:sectors sector:forestry ."), r"did you mean nx:sector\?"),
        (triples("rec:mng-law-wind a nx:Measure ."), "exactly one class"),
        ([(WIND, NX.sector, A_NODE)], "node without a name"),
        ([(WIND, NX.sector, URIRef("file:///etc/passwd"))], "not a full http"),
        ([(WIND, DCTERMS.description, Literal("x" * 20_001, lang="en"))], "longer than 20,000 characters"),
        ([(WIND, NX.adopted, Literal("<b/>", datatype=URIRef("http://x.example/t")))], "unknown datatype"),
        ([(WIND, NX.sector, record_iri(f"r-{n}")) for n in range(5_001)], "more than 5,000 statements"),
    ],
)
def test_what_is_not_one_record_is_refused_even_as_a_draft(
    desk: Desk, people: People, more: list, message: str
) -> None:
    with pytest.raises(MalformedEntryError, match=message):
        do(desk, Step.SAVE, people.contributor, content=[*policy(), *more])


@pytest.mark.parametrize("iri", ["https://w3id.org/nexuskb/records/Bad_Name", "http://x.example/1"])
def test_a_record_has_an_address_of_the_base(desk: Desk, people: People, iri: str) -> None:
    with pytest.raises(MalformedEntryError, match="is not the address of a record"):
        desk.do(Step.SAVE, people.contributor, [Entry(URIRef(iri), policy())])


def test_the_review_state_of_a_content_is_ignored(desk: Desk, people: People) -> None:
    forged = [*policy(), (WIND, NX.reviewState, concept_iri("review", "accepted"))]
    do(desk, Step.SAVE, people.contributor, content=forged)
    (draft,) = desk.drafts(people.admin)
    states = [o for _, p, o in read_ntriples(draft.triples) if p == NX.reviewState]
    assert states == [concept_iri("review", "draft")]


def test_a_reviewer_speaks_for_its_state_on_what_concerns_it(desk: Desk, people: People) -> None:
    regional = record_iri("reg-il-warming-amur-flow")
    remark = Remark((BILLION_TREES,), "requested-change", "Say how many trees.", wording="A billion trees.")
    review = desk.review(people.reviewer, remark).done[0]
    said = {p: str(o) for _, p, o in desk.look(people.editor, review.record).content.triples}
    assert said[NX.reviewer] == "Mongolia"
    assert said[NX.area] == str(concept_iri("area", "mng"))
    assert said[DCTERMS.date] == "2027-01-10"
    assert said[NX.wording] == "A billion trees."
    response = Remark((BILLION_TREES,), "response", "Done.", responds_to=(review.record,))
    desk.review(people.editor, response)
    agreed = replace(remark, kind="agreed-wording", responds_to=(review.record,), text="Agreed by letter.")
    desk.review(people.reviewer, agreed)
    desk.review(people.reviewer, Remark((regional,), "non-objection", "No objection."))
    done = [
        Entry(d.record, None, d.tag)
        for d in desk.drafts(people.editor)
        if str(d.record) != str(BILLION_TREES)
    ]
    assert len(done) == 4
    desk.do(Step.ACCEPT, people.editor, done)
    assert len(desk.ledger.overlay()) == 4
    with pytest.raises(NotPermittedError, match="the token is for Mongolia, the record for China"):
        desk.review(people.reviewer, replace(remark, about=(record_iri("chn-law-grassland-1985"),)))


def test_an_invitation_has_a_day_and_silence_is_recorded_for_the_state(
    desk: Desk, people: People, clock: Clock
) -> None:
    mongolia = concept_iri("area", "mng")
    invitation = Remark((BILLION_TREES,), "invitation", "Your view, please.", area=mongolia)
    with pytest.raises(RejectedError, match="names the last day for an answer"):
        desk.review(people.editor, invitation)
    dated = replace(invitation, answer_by=dt.date(2027, 2, 28))
    asked = desk.review(people.editor, dated).done[0]
    with pytest.raises(NotPermittedError, match="cannot file a review of the kind invitation"):
        desk.review(people.reviewer, dated)
    clock.now = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
    silence = Remark(
        (BILLION_TREES,), "non-objection", "No answer by 28 February 2027.",
        responds_to=(asked.record,), area=mongolia,
    )  # fmt: skip
    done = desk.review(people.editor, silence).done[0]
    said = {p: str(o) for _, p, o in desk.look(people.editor, done.record).content.triples}
    assert (said[NX.reviewer], said[DCTERMS.date]) == ("Mongolia", "2027-03-01")
    assert said[NX.respondsTo] == str(asked.record)


def test_nobody_forges_the_view_of_a_state(desk: Desk, people: People) -> None:
    forged = triples("""
rec:review-of-all a nx:Review ; rdfs:label "Non-objection"@en ; nx:reviewKind reviewkind:non-objection ;
    nx:area area:mng ; nx:about rec:mng-billion-trees-2021 ; nx:reviewer "Mongolia"@en ;
    dcterms:date "2027-01-01"^^xsd:date ; dcterms:description "No objection."@en .
""")
    with pytest.raises(NotPermittedError, match="is a review: file it as one"):
        do(desk, Step.SUBMIT, people.contributor, record_iri("review-of-all"), forged)
    silent = Remark((BILLION_TREES,), "comment", "Fine.", area=next(iter(CHINA)))
    review = desk.review(people.contributor, silent).done[0]
    said = {p: str(o) for _, p, o in desk.look(people.editor, review.record).content.triples}
    assert (said[NX.reviewer], said[NX.area]) == ("Bat", str(concept_iri("area", "mng")))


def test_a_draft_cannot_be_reviewed_nor_seen_through_a_review(desk: Desk, people: People) -> None:
    do(desk, Step.SAVE, people.contributor, content=policy())
    with pytest.raises(StepError, match="is a draft: it cannot be commented on"):
        desk.review(people.editor, Remark((WIND,), "comment", "Hm."))
    with pytest.raises(RecordNotFoundError, match="no record 'mng-law-wind' to review"):
        desk.review(people.chinese_contributor, Remark((WIND,), "comment", "Hm."))


def test_the_log_names_acts_and_refusals_without_content(desk: Desk, people: People) -> None:
    do(desk, Step.SAVE, people.contributor, content=policy(), why="New law.")
    with pytest.raises(NotPermittedError):
        desk.do(Step.ACCEPT, people.reviewer, [Entry(WIND, None, "*")])
    done, refused = (logged.line for logged in read_log(desk.ledger))
    assert (done.who, done.token, done.operation, done.records) == ("Bat", "t1", "save", ("mng-law-wind",))
    assert (done.outcome, done.words) == ("done", "New law.")
    assert (refused.who, refused.outcome) == ("Ministry", "refused")
    assert refused.words.startswith("NotPermitted: The record mng-law-wind cannot be accepted by Ministry")


def test_a_clock_that_goes_back_changes_no_order(desk: Desk, people: People, clock: Clock) -> None:
    do(desk, Step.SUBMIT, people.contributor, content=policy())
    clock.now -= dt.timedelta(days=400)
    do(desk, Step.ACCEPT, people.editor)
    clock.now -= dt.timedelta(days=400)
    do(desk, Step.SUBMIT, people.contributor, content=policy(title="Second"))
    do(desk, Step.ACCEPT, people.editor)
    assert desk.look(people.editor, WIND).revision == 2
    assert [change.seq for change in desk.ledger.accepted()] == [1, 2]
    assert b"Second" in (desk.ledger.overlay()[WIND] or b"")
    times = [at for (at,) in desk.ledger.rows("SELECT at FROM call ORDER BY id")]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 3


def test_desks_of_several_processes_see_what_each_other_accepted(
    ledger: Ledger, open_desk: Callable[[Ledger], Desk], people: People
) -> None:
    one = open_desk(ledger)
    with Ledger.open(ledger.path.parent, ledger.clock) as same:
        other = open_desk(same)
        accepted_policy(one, people)
        do(other, Step.SUBMIT, people.contributor, WIND_MEASURE, measure())
        do(other, Step.ACCEPT, people.editor, WIND_MEASURE)
    with pytest.raises(RejectedError, match="mng-law-wind-m1: Policy: link to exactly one existing"):
        do(one, Step.WITHDRAW, people.editor, why="No.")


def test_heads_are_equal_where_the_same_was_accepted(desk: Desk, people: People) -> None:
    accepted_policy(desk, people)
    heads = [desk.ledger.head]
    do(desk, Step.SUBMIT, people.contributor, content=policy(title="Second"))
    do(desk, Step.ACCEPT, people.editor)
    heads.append(desk.ledger.head)
    assert [desk.ledger.head_at(n) for n in (1, 2)] == heads
    assert len(set(heads)) == 2
    assert desk.look(people.editor, WIND).content.areas >= MONGOLIA
