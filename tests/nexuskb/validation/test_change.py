"""One change, judged before it is written: what it breaks in itself and in others."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest
from rdflib import DCTERMS, RDF, SH, SKOS, XSD, Graph, Literal, URIRef

from nexuskb.errors import ContentError
from nexuskb.settings import Settings
from nexuskb.terms import EV, NX, PREFIXES, REC, concept_iri, scheme_iri
from nexuskb.validation.change import Change, ChangeChecker
from nexuskb.validation.kept import NOT_PAST, years_from
from nexuskb.validation.report import Violation
from nexuskb.validation.shapes import Shapes

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
    assert "kor" in report.violations[0].allowed
    assert [replace(each, allowed=()) for each in report.violations] == [
        Violation(
            file=str(regional.data / "policies.ttl"),
            record="kor-plan-forest-6",
            focus=str(FOREST_PLAN),
            field="Area",
            message='Area: give at least one, and only terms of the vocabulary "Areas".',
            value="area:krr",
            suggestion="kor",
            wrong="there is no such term",
            path=str(NX.area),
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


def test_a_verdict_that_changes_with_the_year_is_found_without_a_change(checker: ChangeChecker) -> None:
    over = "In force after its period has ended"
    end = next(t for t in checker.current([FOREST_PLAN]) if t[1] == NX.periodEnd)
    assert str(end[2]) == "2037"
    last, first = dt.date(2037, 12, 31), dt.date(2038, 1, 1)
    assert over not in said(checker.recheck(last).violations).get("kor-plan-forest-6", set())
    found = checker.recheck(first).violations
    assert said(found)["kor-plan-forest-6"] == {over}
    assert {(v.field, v.blocking) for v in found} == {(over, False)}
    assert over not in said(checker.recheck().violations).get("kor-plan-forest-6", set())


def test_a_change_is_judged_by_the_day_on_which_it_is_made(
    checker: ChangeChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Change(added=frozenset({(FOREST_PLAN, SKOS.note, Literal("Read again.", lang="en"))}))
    assert checker.check(note).violations == []
    monkeypatch.setattr("nexuskb.validation.change.today", lambda: dt.date(2038, 1, 1))
    assert said(checker.check(note).violations) == {
        "kor-plan-forest-6": {"In force after its period has ended"}
    }


@pytest.mark.parametrize("year", [1000, 1999, 2000, 2026, 2029, 2999, 9999])
def test_the_pattern_of_years_has_those_from_the_year_on(year: int) -> None:
    pattern = re.compile(years_from(year))
    assert [y for y in range(1000, 10_000) if pattern.search(str(y))] == list(range(year, 10_000))


def test_the_pattern_in_the_shapes_is_that_of_a_year(shapes_graph: Graph) -> None:
    written = str(shapes_graph.value(NOT_PAST, SH.pattern))
    assert written == years_from(int(written[2:6]))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("sh:targetNode rec:a", "sh:targetNode"),
        ("sh:targetClass nx:Policy ; sh:sparql [ sh:select 'SELECT $this {}' ]", "SHACL Core"),
        ("sh:targetClass nx:Policy ; sh:node nxs:Odd", "within itself"),
        (
            "sh:targetClass nx:Policy ; "
            "sh:property [ sh:path [ sh:inversePath ( nx:evidence nx:source ) ] ; sh:minCount 1 ]",
            "invert each",
        ),
    ],
)
def test_shapes_of_which_it_is_not_known_what_they_read_are_refused(rule: str, says: str) -> None:
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    graph = Graph().parse(data=f"{prefixes} nxs:Odd a sh:NodeShape ; {rule} .", format="turtle")
    with pytest.raises(ContentError, match=re.escape(says)):
        Shapes(graph)


def test_what_an_evidence_no_longer_supports_is_missed_by_its_record(checker: ChangeChecker) -> None:
    records = [
        REC["kor-link-climate-fire-slope"],
        REC["kor-link-dust-abroad"],
        REC["kor-link-erosion-drought"],
    ]
    from_end = (NX.supportsEnd, concept_iri("end", "from"))
    supports = next(triple for triple in sorted(checker.current(records)) if triple[1:] == from_end)
    record = str(supports[0]).removeprefix(str(EV)).rpartition("-e")[0]
    others = {t for t in checker.current([REC[record]]) if t[1:] == supports[1:]}
    found = said(checker.check(Change(removed=frozenset(others))).violations)
    assert "The From end is cited or marked as inferred" in found[record]
