"""One change, judged before it is written: what it breaks in itself and in others."""

from __future__ import annotations

import pytest
from rdflib import DCTERMS, RDF, SKOS, XSD, Literal, URIRef

from nexuskb.settings import Settings
from nexuskb.terms import EV, NX, REC, concept_iri, scheme_iri
from nexuskb.validation.change import Change, ChangeChecker
from nexuskb.validation.report import Violation

FOREST_PLAN = REC["kor-plan-forest-6"]


@pytest.fixture
def checker(regional: Settings) -> ChangeChecker:
    return ChangeChecker.open(regional)


@pytest.fixture(scope="session")
def regional(settings: Settings) -> Settings:
    """The records of one area: they link to hardly any other."""
    return Settings(settings.ontology, settings.data / "kor", settings.home)


def said(violations: list[Violation]) -> dict[str, set[str]]:
    """The names of the fields complained of, by record."""
    found: dict[str, set[str]] = {}
    for violation in violations:
        found.setdefault(violation.record, set()).add(violation.field)
    return found


def test_a_note_on_a_good_record_is_good(checker: ChangeChecker) -> None:
    note = (FOREST_PLAN, SKOS.note, Literal("Read again in 2026.", lang="en"))
    report = checker.check(Change(added=frozenset({note})))
    assert report.conforms
    assert report.records == 1


def test_what_is_wrong_is_said_as_for_the_whole_base(checker: ChangeChecker, regional: Settings) -> None:
    area = next(t for t in checker.current([FOREST_PLAN]) if t[1] == NX.area)
    unknown = (FOREST_PLAN, NX.area, concept_iri("area", "krr"))
    report = checker.check(Change(added=frozenset({unknown}), removed=frozenset({area})))
    assert report.violations == [
        Violation(
            file=str(regional.data / "policies.ttl"),
            record="kor-plan-forest-6",
            focus=str(FOREST_PLAN),
            field="Area",
            message='Area: give at least one, and only terms of the vocabulary "Areas".',
            value="area:krr",
            suggestion="kor",
        )
    ]


def test_a_change_is_not_there_after_its_check(checker: ChangeChecker) -> None:
    before = checker.current([FOREST_PLAN])
    assert not checker.check(Change(removed=before)).conforms
    assert checker.current([FOREST_PLAN]) == before
    assert checker.check(Change(added=before)).violations == []


def test_deleting_a_policy_breaks_what_links_to_it(checker: ChangeChecker) -> None:
    found = said(checker.check(Change(removed=checker.current([FOREST_PLAN]))).violations)
    assert found["kor-plan-forest-6-m-coop"] == {"Policy"}
    assert "kor-plan-forest-6" not in found


def test_the_earlier_holder_of_an_identifier_is_reported_too(checker: ChangeChecker) -> None:
    other = REC["kor-plan-forest-7"]
    plan = {(other, p, o) for s, p, o in checker.current([FOREST_PLAN]) if s == FOREST_PLAN}
    plan = {triple for triple in plan if triple[1] != NX.evidence}
    found = said(checker.check(Change(added=frozenset(plan))).violations)
    assert found["kor-plan-forest-6"] == {"Unique identifier"}
    assert "Unique identifier" in found["kor-plan-forest-7"]


def test_what_is_applied_is_part_of_the_base(checker: ChangeChecker) -> None:
    source, evidence = REC["kor-src-new"], EV["kor-plan-forest-6-e1"]
    old = next(t for t in checker.current([FOREST_PLAN]) if t[:2] == (evidence, NX.source))
    to_new = Change(added=frozenset({(evidence, NX.source, source)}), removed=frozenset({old}))
    assert said(checker.check(to_new).violations) == {"kor-plan-forest-6": {"Source"}}
    given = {(source, p, o) for s, p, o in checker.current([URIRef(str(old[2]))]) if p != DCTERMS.identifier}
    given |= {(source, DCTERMS.identifier, Literal("kor-src-new", datatype=XSD.string))}
    entering = Change(added=frozenset(given))
    assert checker.check(entering).violations == []
    checker.apply(entering)
    assert checker.check(to_new).violations == []


def test_a_term_that_goes_breaks_its_users(checker: ChangeChecker) -> None:
    term = concept_iri("policykind", "plan")
    gone = Change(removed=frozenset({(term, SKOS.inScheme, scheme_iri("policykind"))}))
    found = said(checker.check(gone).violations)
    assert found["kor-plan-forest-6"] == {"Kind of policy"}


def test_a_subject_that_is_left_without_a_kind_is_reported(checker: ChangeChecker) -> None:
    kind = (FOREST_PLAN, RDF.type, NX.Policy)
    found = said(checker.check(Change(removed=frozenset({kind}))).violations)
    assert "Record" in found["kor-plan-forest-6"]
