"""What was done to a record: in words, as PROV-O, and for whom."""

from __future__ import annotations

import datetime as dt

import pytest
from rdflib import PROV, RDF, RDFS, URIRef
from tests.entering import Clock, People, policy, triples

from nexuskb.errors import RecordNotFoundError
from nexuskb.people.rights import Person
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.life import Step
from nexuskb.records.revisions import Difference, provenance
from nexuskb.store.ntriples import Triple
from nexuskb.terms import ACTS, NX, REVISIONS, concept_iri, record_iri

WIND = record_iri("mng-law-wind")
BILLION_TREES = record_iri("mng-billion-trees-2021")


def do(
    desk: Desk, step: Step, person: Person, record: URIRef = WIND, content: list[Triple] | None = None, why=""
) -> None:
    desk.do(step, person, [Entry(record, content, "*")], why=why)


@pytest.fixture
def lived(desk: Desk, people: People, clock: Clock) -> Desk:
    """A desk at which a policy was sent back once, accepted, and changed."""
    do(desk, Step.SUBMIT, people.contributor, content=policy(), why="From the gazette.")
    do(desk, Step.REQUEST_CHANGES, people.reviewer, why="Which title?")
    clock.now -= dt.timedelta(days=1)
    do(desk, Step.SUBMIT, people.contributor, content=policy(title="Law against Wind Erosion"))
    do(desk, Step.ACCEPT, people.editor)
    do(desk, Step.SAVE, people.contributor, content=policy(title="Draft title"))
    return desk


def test_a_history_has_every_step_with_who_and_why(lived: Desk, people: People) -> None:
    events = lived.history(people.editor, WIND)
    assert [(e.step.value, e.state.value, e.revision, e.who) for e in events] == [
        ("save", "draft", 1, "Bat"),
        ("submit", "submitted", 1, "Bat"),
        ("request-changes", "changes-requested", 1, "Ministry"),
        ("save", "changes-requested", 2, "Bat"),
        ("submit", "submitted", 2, "Bat"),
        ("accept", "accepted", 2, "Ed"),
        ("save", "draft", 3, "Bat"),
    ]
    assert [e.why for e in events][:3] == ["From the gazette.", "From the gazette.", "Which title?"]
    assert events[3].at < events[2].at  # as the clock said; the numbers say the order
    assert [e.seq for e in events] == sorted(e.seq for e in events)


def test_who_sees_no_drafts_sees_what_changed_the_base(lived: Desk, people: People) -> None:
    events = lived.history(people.chinese_contributor, WIND)
    assert [(e.step.value, e.revision) for e in events] == [("accept", 2)]
    with pytest.raises(RecordNotFoundError, match="no revisions 1 and 2"):
        lived.differences(people.chinese_contributor, WIND, 1, 2)


def test_a_history_is_a_graph_of_prov(lived: Desk, people: People) -> None:
    events = lived.history(people.editor, WIND)
    graph = provenance(WIND, events)
    first, second = (REVISIONS[f"mng-law-wind/{n}"] for n in (1, 2))
    assert (second, PROV.wasRevisionOf, first) in graph
    assert (second, PROV.specializationOf, WIND) in graph
    assert (second, PROV.wasGeneratedBy, ACTS[str(events[3].seq)]) in graph
    accepting = ACTS[str(events[5].seq)]
    assert (accepting, PROV.used, second) in graph
    assert (accepting, NX.reviewState, concept_iri("review", "accepted")) in graph
    assert str(graph.value(accepting, PROV.endedAtTime)) == "2027-01-09T09:30:00+00:00"
    assert str(graph.value(graph.value(accepting, PROV.wasAssociatedWith), RDFS.label)) == "Ed"
    assert str(graph.value(ACTS[str(events[2].seq)], RDFS.comment)) == "Which title?"
    assert len(set(graph.subjects(RDF.type, PROV.Entity))) == 3
    informed = dict(graph.subject_objects(PROV.wasInformedBy))
    assert [informed.get(ACTS[str(b.seq)]) for b in events[1:]] == [ACTS[str(a.seq)] for a in events[:-1]]


def test_a_withdrawal_ends_a_revision(desk: Desk, people: People) -> None:
    do(desk, Step.SUBMIT, people.contributor, content=policy())
    do(desk, Step.ACCEPT, people.editor)
    do(desk, Step.WITHDRAW, people.editor, why="Never adopted.")
    events = desk.history(people.contributor, WIND)
    graph = provenance(WIND, events)
    assert (REVISIONS["mng-law-wind/1"], PROV.wasInvalidatedBy, ACTS[str(events[-1].seq)]) in graph


def test_a_difference_is_told_by_field_and_in_words(desk: Desk, people: People) -> None:
    more = triples("""
rec:mng-law-wind nx:sector sector:forestry ; nx:implements rec:mng-billion-trees-2021 ;
    nx:officialLabel "Салхины тухай хууль"@mn .
""")
    without = {NX.legalStatus}
    do(desk, Step.SAVE, people.contributor, content=policy())
    changed = [
        *(t for t in policy(title="Law against Wind Erosion") if t[1] not in without and t[1] != NX.locator),
        *more,
        *triples("""
rec:mng-law-wind nx:legalStatus status:expired . ev:mng-law-wind-e1 nx:locator "Article 5" .
"""),
    ]
    do(desk, Step.SAVE, people.contributor, content=changed)
    source = desk._label(record_iri("mng-src-montsame-bt-2023"))
    found = {each.field: each for each in desk.differences(people.contributor, WIND, 1, 2)}
    assert found == {
        each.field: each
        for each in (
            Difference("English title", ("Law on Wind Erosion",), ("Law against Wind Erosion",)),
            Difference("Official title", (), ("Салхины тухай хууль (mn)",)),
            Difference("Legal status", ("In force",), ("Expired",)),
            Difference("Sector", (), ("Forestry",)),
            Difference("Implements", (), (str(desk._label(BILLION_TREES)),)),
            Difference(
                "Evidence",
                (f"{source}, Article 4 (Asserted by the text)",),
                (f"{source}, Article 5 (Asserted by the text)",),
            ),
        )
    }
    assert desk.differences(people.contributor, WIND, 2, 2) == []
    whole = desk.differences(people.contributor, WIND, 0, 1)
    assert all(not each.removed for each in whole)
    assert len(whole) > 10


def test_a_curated_record_is_compared_with_what_the_files_held(desk: Desk, people: People) -> None:
    before = desk.look(people.editor, BILLION_TREES).content.triples
    do(desk, Step.SAVE, people.editor, BILLION_TREES, [t for t in before if t[1] != NX.adopted])
    (only,) = desk.differences(people.editor, BILLION_TREES, 0, 1)
    assert only == Difference("Adopted", ("2021-10-04",), ())
    with pytest.raises(RecordNotFoundError, match="no revisions 1 and 9"):
        desk.differences(people.editor, BILLION_TREES, 1, 9)
