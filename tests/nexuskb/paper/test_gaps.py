"""Gaps and recommendations as counted from the files, each told apart from what nobody looked at."""

from __future__ import annotations

import pytest
from rdflib import RDF, Graph

from nexuskb.asking import drive, rows_of
from nexuskb.errors import QuestionError
from nexuskb.paper.gaps import KINDS, Gaps, find_gaps, gap_kind
from nexuskb.paper.recommendations import UNSUPPORTED, check_recommendations
from nexuskb.store.filling import open_store
from nexuskb.terms import NX, REC, concept_iri

LIVE = {concept_iri("status", "in-force"), concept_iri("status", "amended")}
MONGOLIA = concept_iri("area", "mng")


@pytest.fixture(scope="module")
def gaps(store, vocabularies):
    def finding(kind: str, country: str = "") -> Gaps:
        return drive(find_gaps(gap_kind(kind), country, vocabularies), rows_of(store))

    return finding


def live_policies(turtle: Graph) -> set:
    return {
        p
        for p in turtle.subjects(NX.area, MONGOLIA)
        if (p, RDF.type, NX.Policy) in turtle and turtle.value(p, NX.legalStatus) in LIVE
    }


def test_measures_without_effect_are_those_that_no_case_with_a_result_applies(gaps, turtle: Graph) -> None:
    live = live_policies(turtle)
    measures = {
        m
        for m in turtle.subjects(RDF.type, NX.Measure)
        if turtle.value(m, NX.ofPolicy) in live
        and not any(turtle.value(case, NX.result) for case in turtle.subjects(NX.applies, m))
    }
    found = gaps("no-effect", "MNG")
    assert {REC[gap.record] for gap in found.found} == measures
    assert 0 < found.looked < len(found.found)


def test_targets_without_observation_are_those_that_none_shows_progress_of(gaps, turtle: Graph) -> None:
    targets = {
        t
        for t in turtle.subjects(NX.area, MONGOLIA)
        if (t, RDF.type, NX.Target) in turtle and not any(turtle.subjects(NX.showsProgressOf, t))
    }
    assert {REC[gap.record] for gap in gaps("unobserved", "MNG").found} == targets


def test_an_interlinkage_without_response_has_an_end_that_no_live_measure_addresses(
    gaps, turtle: Graph
) -> None:
    addressed = {
        concept
        for policy in live_policies(turtle)
        for measure in turtle.subjects(NX.ofPolicy, policy)
        for p in (NX.addressesDriver, NX.addressesImpact)
        for concept in turtle.objects(measure, p)
    }
    expected = set()
    for link in turtle.subjects(RDF.type, NX.Interlinkage):
        if (link, NX.area, MONGOLIA) in turtle:
            for p in (NX["from"], NX.to):
                node = turtle.value(link, p)
                concept = turtle.value(node, NX.driver) or turtle.value(node, NX.impact) or node
                if "/driver/" in str(concept) or "/impact/" in str(concept):
                    expected |= {(link, concept)} if concept not in addressed else set()
    found = gaps("unlinked", "MNG").found
    assert {REC[gap.record] for gap in found} == {link for link, _ in expected}
    assert len(found) == len(expected) > 0


def test_a_commitment_is_a_gap_where_no_policy_of_the_state_with_a_measure_implements_its_instrument(
    gaps, turtle: Graph
) -> None:
    def implemented(instrument) -> bool:
        above = set(turtle.transitive_subjects(NX.implements, instrument)) - {instrument}
        wide = {concept_iri("area", "north-east-asia"), concept_iri("area", "world")}
        return any(
            (policy, NX.area, MONGOLIA) in turtle
            and not wide & set(turtle.objects(policy, NX.area))
            and any((m, RDF.type, NX.Measure) in turtle for m in turtle.subjects(NX.ofPolicy, policy))
            for policy in above
        )

    found = gaps("uncommitted", "MNG").found
    assert found
    for gap in found:
        assert not implemented(turtle.value(REC[gap.record], NX.ofPolicy)), gap
    assert {gap.state for gap in gaps("uncommitted").found} > {"Mongolia", "Japan"}


def test_what_is_at_work_without_a_measure_is_what_the_matrix_calls_a_gap(gaps) -> None:
    found = gaps("unanswered").found
    assert found
    assert all("at work" in gap.standing for gap in found)
    assert {gap.words for gap in gaps("unanswered", "MNG").found} >= {"Labour availability"}


NOTED = """
rec:note-1 a nx:CoverageNote ; rdfs:label "Effects of the head tax"@en ; dcterms:identifier "note-1" ;
  nx:reviewState review:accepted ; nx:area area:mng ; nx:about rec:mng-livestock-tax-m1 ;
  nx:outcome outcome:%s ; dcterms:description "Looked in the reports of the ministry."@en .
"""


@pytest.mark.parametrize(("outcome", "looked"), [("not-found", True), ("not-looked-at", False)])
def test_a_coverage_note_tells_a_gap_from_what_nobody_looked_at(
    make_base, vocabularies, outcome: str, looked: bool
) -> None:
    files = ("mng/measures.ttl", "mng/policies.ttl", "mng/sources.ttl")
    store = open_store(make_base(NOTED % outcome, *files))
    found = drive(find_gaps(gap_kind("no-effect"), "MNG", vocabularies), rows_of(store)).found
    gap = next(gap for gap in found if gap.record == "mng-livestock-tax-m1")
    assert gap.looked == looked
    assert gap.searches == (("note-1",) if looked else ())


def test_an_unknown_kind_or_country_says_what_there_is(gaps) -> None:
    with pytest.raises(QuestionError, match="The kinds are: unanswered"):
        gaps("nothing")
    for kind in KINDS:
        with pytest.raises(QuestionError, match="is not a known country"):
            gaps(kind.name, "Atlantis")


def test_every_recommendation_is_checked_and_its_support_is_what_the_files_link(
    store, vocabularies, turtle: Graph
) -> None:
    found = {each.identifier: each for each in drive(check_recommendations("", vocabularies), rows_of(store))}
    assert {REC[name] for name in found} == set(turtle.subjects(RDF.type, NX.Recommendation))
    for name, each in found.items():
        built_on = {str(o).removeprefix(str(REC)) for o in turtle.objects(REC[name], NX.builtOn)}
        assert set(each.built_on) == built_on
        assert (each.support == "builds on records") == bool(built_on)
        nothing = not (each.built_on or each.findings or each.interlinkages)
        assert (each.support == UNSUPPORTED) == nothing
    assert any(each.support == UNSUPPORTED for each in found.values())


RECOMMENDED = """
rec:r-full a nx:Recommendation ; rdfs:label "Full"@en ; dcterms:identifier "r-full" ;
  nx:reviewState review:accepted ; nx:area area:mng ; nx:madeBy "The paper"@en ;
  nx:addressedTo "Ministry of Finance"@en ; dcterms:description "Raise the tax."@en ;
  nx:addresses driver:overgrazing ; nx:targetYear "2030"^^xsd:gYear ; nx:measuredBy rec:mng-bt-t1 .
rec:r-by-target a nx:Recommendation ; rdfs:label "By its target"@en ; dcterms:identifier "r-by-target" ;
  nx:reviewState review:accepted ; nx:area area:mng ; nx:madeBy "The paper"@en ;
  nx:addressedTo "Ministry of Environment"@en ; dcterms:description "Plant."@en ; nx:addresses rec:mng-bt-t1 .
rec:r-vague a nx:Recommendation ; rdfs:label "Vague"@en ; dcterms:identifier "r-vague" ;
  nx:reviewState review:accepted ; nx:area area:mng ; nx:madeBy "Somebody"@en ;
  nx:addressedTo "Governments"@en ; dcterms:description "Do better."@en ; nx:addresses domain:land .
"""


def test_a_recommendation_can_be_acted_on_if_it_says_who_by_when_and_measured_how(
    make_base, vocabularies
) -> None:
    files = ("mng/targets.ttl", "mng/policies.ttl", "mng/sources.ttl", "mng/driver-findings.ttl")
    store = open_store(make_base(RECOMMENDED, *files))
    found = {each.identifier: each for each in drive(check_recommendations("", vocabularies), rows_of(store))}
    assert found["r-full"].actionable
    assert found["r-full"].gaps == ("Overgrazing in Mongolia",)
    assert (found["r-by-target"].by_when, found["r-by-target"].measured_by) == ("2030", "Trees planted")
    assert found["r-by-target"].actionable
    assert found["r-vague"].lacks == ("who in particular", "by when", "how it is measured")
    assert found["r-vague"].support == UNSUPPORTED
