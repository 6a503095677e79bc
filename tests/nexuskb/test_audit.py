"""The audit: the real base is clean and counted right, and every fault that must not stay is found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, Literal
from rdflib.term import Node

from nexuskb.audit import Audit, audit
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import open_store
from nexuskb.terms import NX, REC, VOCABULARIES, concept_iri

OLDER_THAN, THIS_YEAR = 10, 2026

RECORD = 'rec:{id} dcterms:identifier "{id}" ; nx:reviewState review:accepted ; nx:area area:mng ; '
SOURCE = RECORD + 'a nx:Source ; rdfs:label "Source {id}"@en ; nx:sourceKind sourcekind:legal-text .\n'
PASSAGE = 'ev:{id}-e1 a nx:Evidence ; nx:source rec:source-1 ; nx:locator "Art. 1" .\n'
MEASURE = (
    RECORD
    + 'a nx:Measure ; rdfs:label "Measure {id}"@en ; nx:ofPolicy rec:law-1 ; nx:evidence ev:{id}-e1 .\n'
)
POLICY = RECORD + 'a nx:Policy ; rdfs:label "{title}"@en ; nx:adopted "{year}"^^xsd:gYear .\n'
GOOD = (
    SOURCE.format(id="source-1")
    + POLICY.format(id="law-1", title="Law on Pasture", year=2020)
    + MEASURE.format(id="measure-1")
    + PASSAGE.format(id="measure-1")
)


def audited(settings: Settings, older_than: int = OLDER_THAN) -> Audit:
    return audit(open_store(settings), settings.data, older_than, THIS_YEAR)


def english(model: Graph, concept: Node) -> str:
    labels = model.objects(concept, SKOS.prefLabel)
    (label,) = [str(label) for label in labels if isinstance(label, Literal) and label.language == "en"]
    return label


def faults(found: Audit) -> dict[str, list[str]]:
    """What was found, by kind, without what is nil."""
    kinds = ("dangling", "unsourced", "unreviewed_duplicates")
    return {kind: listed for kind in kinds if (listed := getattr(found, kind))}


# The real base


@pytest.fixture(scope="module")
def real(store: OxigraphStore, settings: Settings) -> Audit:
    return audit(store, settings.data, OLDER_THAN, THIS_YEAR)


def test_the_real_base_is_clean(real: Audit) -> None:
    assert faults(real) == {}
    assert real.clean


def test_the_audit_says_of_which_content_and_by_which_age(real: Audit, store: OxigraphStore) -> None:
    assert (real.generation, real.older_than) == (store.generation, OLDER_THAN)


def counted(turtle: Graph, model: Graph) -> Iterator[tuple[str, Node, Node]]:
    """What each record counts as, in each of its areas."""
    kinds = set(model.transitive_subjects(RDFS.subClassOf, NX.Claim)) - {NX.Claim}
    for claim in {claim for kind in kinds for claim in turtle.subjects(RDF.type, kind)}:
        passages = list(turtle.objects(claim, NX.evidence))
        sources = {turtle.value(passage, NX.source) for passage in passages}
        weights = {str(model.value(turtle.value(source, NX.sourceKind), NX.weight)) for source in sources}
        documents = {turtle.value(s, NX.doi) or turtle.value(s, NX.url) or s for s in sources}
        years = [
            int(str(turtle.value(s, DCTERMS.date))[:4]) for s in sources if turtle.value(s, DCTERMS.date)
        ]
        compiled = concept_iri("sensitivity", "compiled-elsewhere")
        facts = {
            "claims": True,
            "with_pinpoint": any(turtle.value(passage, NX.locator) for passage in passages),
            "with_two_sources": len(documents) > 1,
            "on_news_only": weights == {"weak"},
            "on_sensitive_only": all((source, NX.sensitivity, compiled) in turtle for source in sources),
            "on_old_sources": bool(years) and max(years) < THIS_YEAR - OLDER_THAN,
        }
        for area in turtle.objects(claim, NX.area):
            yield from ((name, area, claim) for name, holds in facts.items() if holds)
    for policy in turtle.subjects(RDF.type, NX.Policy):
        official = (policy, NX.labelStatus, concept_iri("labelstatus", "official")) in turtle
        for area in turtle.objects(policy, NX.area):
            yield "policies", area, policy
            if not official and not turtle.value(policy, NX.officialLabel):
                yield "without_original_title", area, policy


def test_the_counts_of_each_area_are_those_of_the_curated_files(
    real: Audit, turtle: Graph, model: Graph
) -> None:
    expected: dict[str, Counter[str]] = {}
    for name, area, _ in counted(turtle, model):
        expected.setdefault(english(model, area), Counter())[name] += 1
    assert len(expected) > 6
    assert [row.area for row in real.areas] == sorted(expected)
    for row in real.areas:
        numbers = {name: value for name, value in asdict(row).items() if name != "area"}
        assert numbers == {name: expected[row.area][name] for name in numbers}, row.area


def test_every_claim_of_the_real_base_has_a_pinpoint(real: Audit) -> None:
    assert all(row.claims == row.with_pinpoint > 0 for row in real.areas)


def test_the_age_decides_which_sources_are_old(store: OxigraphStore, settings: Settings, real: Audit) -> None:
    younger = audit(store, settings.data, 5, THIS_YEAR)
    assert [row.claims for row in younger.areas] == [row.claims for row in real.areas]
    pairs = list(zip(younger.areas, real.areas, strict=True))
    assert all(five.on_old_sources >= ten.on_old_sources for five, ten in pairs)
    assert sum(five.on_old_sources for five, _ in pairs) > sum(ten.on_old_sources for _, ten in pairs)


def test_the_audit_can_be_written_as_json(real: Audit) -> None:
    written = json.loads(json.dumps(real.as_dict()))
    assert written["clean"] is True
    assert written["areas"] == [asdict(row) for row in real.areas]
    assert written["dangling"] == written["unsourced"] == written["unreviewed_duplicates"] == []


# Small bases with a fault


def test_a_small_base_without_fault_is_clean_and_counted(make_base) -> None:
    found = audited(make_base(GOOD, "mng/sources.ttl"))
    assert faults(found) == {}
    assert found.clean
    (row,) = found.areas
    assert (row.area, row.claims, row.with_pinpoint, row.with_two_sources) == ("Mongolia", 1, 1, 0)
    assert (row.policies, row.without_original_title) == (1, 1)


@pytest.mark.parametrize(
    ("link", "property_iri", "target"),
    [
        ("nx:builtOn rec:nowhere", NX.builtOn, REC["nowhere"]),
        ("nx:evidence ev:law-1-e1", NX.evidence, "https://w3id.org/nexuskb/evidence/law-1-e1"),
        ("nx:domain domain:fire", NX.domain, VOCABULARIES + "domain/fire"),
    ],
    ids=["record", "evidence", "vocabulary"],
)
def test_a_link_that_leads_nowhere_is_found(make_base, link: str, property_iri: str, target: str) -> None:
    found = audited(make_base(f"{GOOD} rec:law-1 {link} .", "mng/sources.ttl"))
    assert faults(found) == {"dangling": [f"{REC['law-1']} {property_iri} {target}"]}
    assert not found.clean


def test_links_out_of_the_base_are_nobodys_fault(make_base) -> None:
    links = "rec:law-1 rdfs:seeAlso <https://a.example/records/x> ; nx:url <https://w3id.org/elsewhere/x> ."
    assert audited(make_base(GOOD + links)).clean


@pytest.mark.parametrize(
    "passage",
    [
        "",
        'ev:bare-e1 a nx:Evidence ; nx:locator "Art. 1" .',
        "ev:bare-e1 a nx:Evidence ; nx:source rec:source-1 .",
        'ev:bare-e1 a nx:Evidence ; nx:source rec:law-1 ; nx:locator "Art. 1" .',
    ],
    ids=["no evidence", "no source", "no pinpoint", "no source but a law"],
)
def test_a_claim_without_a_pinpoint_in_a_source_is_found(make_base, passage: str) -> None:
    link = " ; nx:evidence ev:bare-e1" if passage else ""
    claim = RECORD.format(id="bare") + f'a nx:Target ; rdfs:label "Bare"@en{link} .\n'
    found = audited(make_base(GOOD + claim + passage))
    assert faults(found) == {"unsourced": [str(REC["bare"])]}
    assert not found.clean
    (row,) = found.areas
    assert (row.claims, row.with_pinpoint) == (2, 1)


def test_one_good_passage_beside_a_bad_one_is_enough(make_base) -> None:
    bad = "ev:measure-1-e2 a nx:Evidence . rec:measure-1 nx:evidence ev:measure-1-e2 ."
    assert audited(make_base(GOOD + bad)).clean


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Law on Pasture", 2020),
        ("LAW on Pasture!", 2021),
        ("Law on Pastures", 2019),
    ],
    ids=["same", "other case and a year later", "one letter more"],
)
def test_policies_that_look_alike_are_found(make_base, title: str, year: int) -> None:
    found = audited(make_base(GOOD + POLICY.format(id="law-2", title=title, year=year)))
    assert faults(found) == {"unreviewed_duplicates": ["law-1 law-2"]}
    assert not found.clean


def test_a_policy_without_a_date_may_be_of_any_year(make_base) -> None:
    undated = RECORD.format(id="a-law") + 'a nx:Policy ; rdfs:label "Law on Pasture"@en .'
    assert faults(audited(make_base(GOOD + undated))) == {"unreviewed_duplicates": ["a-law law-1"]}


@pytest.mark.parametrize(
    ("title", "year"),
    [("Law on Pasture", 2022), ("Law on Water", 2020)],
    ids=["two years later", "other title"],
)
def test_policies_of_other_years_or_titles_are_no_duplicates(make_base, title: str, year: int) -> None:
    assert audited(make_base(GOOD + POLICY.format(id="law-2", title=title, year=year))).clean


@pytest.mark.parametrize("doi", ["10.1000/xyz1", "10.1000/XYZ1"], ids=["same", "in other letters"])
def test_sources_with_the_same_doi_are_found(make_base, doi: str) -> None:
    dois = f'rec:source-1 nx:doi "10.1000/xyz1" . rec:source-2 nx:doi "{doi}" .'
    found = audited(make_base(GOOD + SOURCE.format(id="source-2") + dois))
    assert faults(found) == {"unreviewed_duplicates": ["source-1 source-2"]}


def test_sources_with_other_dois_or_none_are_no_duplicates(make_base) -> None:
    dois = 'rec:source-1 nx:doi "10.1000/xyz1" . rec:source-2 nx:doi "10.1000/xyz2" .'
    records = GOOD + SOURCE.format(id="source-2") + SOURCE.format(id="source-3")
    assert audited(make_base(records + dois)).clean


def test_a_pair_that_somebody_reviewed_is_no_longer_found_and_others_still_are(make_base) -> None:
    laws = [POLICY.format(id=f"law-{n}", title="Law on Pasture", year=2020) for n in (2, 3)]
    made = make_base(GOOD + "".join(laws))
    reviewed = "first,second,reason\nlaw-1,law-2,Two laws.\nlaw-1,law-3,Two laws.\n"
    (made.data / "reviewed-non-duplicates.csv").write_text(reviewed, encoding="utf-8")
    assert faults(audited(made)) == {"unreviewed_duplicates": ["law-2 law-3"]}


def test_the_age_of_the_newest_source_counts(make_base) -> None:
    newer = PASSAGE.format(id="measure-1").replace("-e1", "-e2").replace("source-1", "source-2")
    dates = (
        'rec:source-1 dcterms:date "2001"^^xsd:gYear . rec:source-2 dcterms:date "2016-05"^^xsd:gYearMonth .'
    )
    both = GOOD + SOURCE.format(id="source-2") + newer + "rec:measure-1 nx:evidence ev:measure-1-e2 ." + dates
    made = make_base(both)
    assert [audited(made, years).areas[0].on_old_sources for years in (8, 9, 10, 30)] == [1, 1, 0, 0]
    assert audited(made).areas[0].with_two_sources == 1
