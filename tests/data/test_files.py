"""The curated files: complete, deterministic, in their place, and of our own words."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from rdflib import DCTERMS, RDF, BNode, Graph, Literal, URIRef

from nexuskb.content import read_turtle
from nexuskb.exchange.turtle import serialise
from nexuskb.fields import predicate_order, read_fields
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import EV, NX, REC, record_iri

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "data").rglob("*.ttl"))
KINDS = {
    "cases": "Case",
    "conflicts": "Conflict",
    "coverage-notes": "CoverageNote",
    "decisions": "Decision",
    "driver-findings": "DriverFinding",
    "events": "Event",
    "impact-findings": "ImpactFinding",
    "institutions": "Institution",
    "interlinkages": "Interlinkage",
    "measures": "Measure",
    "observations": "Observation",
    "paper-questions": "PaperQuestion",
    "paper-sections": "PaperSection",
    "policies": "Policy",
    "recommendations": "Recommendation",
    "reviews": "Review",
    "sources": "Source",
    "targets": "Target",
}


@pytest.fixture(scope="module")
def facts() -> list[dict[str, str]]:
    with (ROOT / "data" / "facts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_file_is_exactly_what_our_writer_makes_of_it(path: Path, shapes_graph: Graph) -> None:
    order = predicate_order(read_fields(shapes_graph))
    assert serialise(read_turtle([path]), order) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_file_holds_one_kind_of_record_with_its_evidence_and_no_blank_node(path: Path) -> None:
    graph = read_turtle([path])
    assert not any(isinstance(node, BNode) for node in graph.all_nodes())
    assert {str(o).removeprefix(str(NX)) for o in graph.objects(None, RDF.type)} <= {
        KINDS[path.stem],
        "Evidence",
    }


def test_the_last_part_of_a_record_iri_is_its_identifier() -> None:
    graph = read_turtle(FILES)
    for subject, identifier in graph.subject_objects(DCTERMS.identifier):
        assert subject == record_iri(str(identifier))
    for subject in set(graph.subjects()):
        assert str(subject).startswith((str(REC), str(EV)))


def test_every_fact_is_a_record_or_is_listed_with_the_reason_why_not(facts, store: OxigraphStore) -> None:
    assert len(facts) > 4_600
    assert max(Counter(row["id"] for row in facts).values()) == 1
    rows = store.select("SELECT ?i WHERE { ?r nx:reviewState ?s ; dcterms:identifier ?i }")
    present = {str(row["i"]) for row in rows}
    rows = store.select("SELECT ?i WHERE { ?r nx:otherIdentifier ?i }")
    merged = {str(row["i"]) for row in rows}
    for row in facts:
        match row["state"]:
            case "record":
                assert row["id"] in present, row
            case "merged":
                assert row["id"] in merged, row
                assert row["reason"], row
            case "left-out":
                assert row["id"] not in present, row
                assert row["reason"], row
            case other:
                pytest.fail(f"{row['id']} has the state {other!r}")


def test_records_without_a_fact_are_the_conflicts_that_the_editors_found_and_the_outline(
    facts, store: OxigraphStore
) -> None:
    listed = {row["id"] for row in facts}
    rows = store.select("SELECT ?i ?k WHERE { ?r nx:reviewState ?s ; dcterms:identifier ?i ; a ?k }")
    made = {str(row["k"]).removeprefix(str(NX)) for row in rows if str(row["i"]) not in listed}
    assert made == {"Conflict", "PaperSection", "PaperQuestion"}


@pytest.mark.parametrize(
    ("area", "counts"),
    [
        ("chn", {"Policy": 54, "Measure": 165, "Target": 49, "Observation": 69, "Interlinkage": 31}),
        ("jpn", {"Policy": 83, "Measure": 192, "Target": 29, "Observation": 72, "Interlinkage": 27}),
        ("kor", {"Policy": 66, "Measure": 220, "Target": 35, "Observation": 52, "Interlinkage": 17}),
        ("mng", {"Policy": 74, "Measure": 176, "Target": 39, "Observation": 98, "Interlinkage": 43}),
        ("prk", {"Policy": 47, "Measure": 161, "Target": 13, "Observation": 62, "Interlinkage": 29}),
        ("rus", {"Policy": 46, "Measure": 92, "Target": 18, "Observation": 44, "Interlinkage": 24}),
        ("regional", {"Policy": 63, "Measure": 69, "Target": 9, "Observation": 171, "Interlinkage": 81}),
    ],
)
def test_an_area_holds_what_was_collected_less_what_was_merged(
    facts, area: str, counts: dict[str, int]
) -> None:
    held = Counter(row["kind"] for row in facts if row["area"] == area and row["state"] == "record")
    assert {kind: held[kind] for kind in counts} == counts


def test_figures_are_the_same_as_numbers_and_as_printed() -> None:
    graph = read_turtle(FILES)
    checked = 0
    for subject, value in graph.subject_objects(NX.value):
        printed = graph.value(subject, NX.valueAsPrinted)
        assert isinstance(value, Literal)
        assert float(value) == float(str(printed)), subject
        checked += 1
    assert checked > 700


def test_evidence_is_numbered_within_its_record() -> None:
    graph = read_turtle(FILES)
    for record, evidence in graph.subject_objects(NX.evidence):
        assert isinstance(evidence, URIRef)
        name = str(record).removeprefix(str(REC))
        assert str(evidence).removeprefix(str(EV)).rpartition("-e")[0] == name
