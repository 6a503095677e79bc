"""The outline: read from the base, each question answered by a named one, what is missing counted."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from rdflib import RDF, RDFS, Graph

from nexuskb.asking import drive, rows_of
from nexuskb.errors import RecordNotFoundError
from nexuskb.paper.gaps import KINDS
from nexuskb.paper.kept import KEPT_FILE, complete_outline, complete_section
from nexuskb.paper.matrices.catalogue import MATRICES
from nexuskb.paper.outline import (
    ANSWERED,
    NO_QUERY,
    NO_ROWS,
    Completeness,
    PaperQuestion,
    Section,
    completeness,
    parts_of,
    read_outline,
    section_of,
)
from nexuskb.questions.catalogue import fill, question
from nexuskb.store.filling import open_store
from nexuskb.terms import NX, REC, record_identifier


@pytest.fixture(scope="module")
def outline(store) -> tuple[Section, ...]:
    return drive(read_outline(), rows_of(store))


@pytest.fixture(scope="module")
def mongolia(outline, store, vocabularies) -> Completeness:
    section = section_of(outline, "outline-national-review-mng")
    return drive(completeness(section, vocabularies), rows_of(store))


def test_the_outline_has_the_sections_of_the_files_in_their_order_and_a_part_for_each_state(
    outline, turtle: Graph
) -> None:
    held = {record_identifier(str(s)) for s in turtle.subjects(RDF.type, NX.PaperSection)}
    assert {section.identifier for section in outline} == held
    assert [section.number for section in outline] == [
        "1", "2", "3", "4", "4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "5", "6", "7", "8", "9",
    ]  # fmt: skip
    review = section_of(outline, "4")
    assert {part.identifier[-3:] for part in parts_of(outline, review)} == {
        "chn", "jpn", "kor", "mng", "prk", "rus",
    }  # fmt: skip
    assert all(section.note.startswith("A proposal") for section in outline)


def test_every_question_of_the_outline_names_one_of_the_catalogue_with_values_that_it_takes(
    outline, vocabularies
) -> None:
    asked = [each for section in outline for each in section.questions]
    assert len(asked) > 100
    for each in asked:
        assert fill(question(each.name), each.parameters, vocabularies), each
        assert question(each.name).columns, f"{each.name} has no columns for print"


def test_a_question_of_the_outline_is_of_a_country_that_its_section_is_about(outline) -> None:
    for section in outline:
        state = section.identifier.removeprefix("outline-national-review-").upper()
        if section.part_of:
            countries = {q.parameters.get("country") or q.parameters.get("area") for q in section.questions}
            assert countries == {state}


def test_a_section_rests_on_the_records_that_the_answers_name_and_on_no_others(
    mongolia, store, vocabularies, turtle: Graph
) -> None:
    policies = next(a for a in mongolia.answers if a.question.name == "policies-of-country")
    rows = list(store.select("SELECT ?p WHERE { ?p a nx:Policy ; nx:area area:mng }"))
    assert policies.rows == len(rows)
    assert {str(row["p"]) for row in rows} <= {str(REC[name]) for name in policies.records}
    for name in mongolia.records:
        assert (REC[name], RDF.type, None) in turtle


def test_the_documents_behind_an_answer_are_those_that_its_records_cite(mongolia, store) -> None:
    targets = next(a for a in mongolia.answers if a.question.name == "targets-of-country")
    values = " ".join(REC[name].n3() for name in targets.records)
    sources = {
        str(row["s"])
        for row in store.select(f"SELECT ?s WHERE {{ VALUES ?r {{ {values} }} ?r nx:evidence/nx:source ?s }}")
    }
    assert 0 < targets.documents <= len(sources)


def test_what_is_missing_counts_claims_on_one_document_as_the_derived_counts_do(mongolia, store) -> None:
    values = " ".join(REC[name].n3() for name in mongolia.records)
    (row,) = store.select(
        f"SELECT (COUNT(DISTINCT ?r) AS ?n) WHERE {{ VALUES ?r {{ {values} }} "
        "?r a/rdfs:subClassOf+ nx:Claim ; nx:sourceCount 1 }"
    )
    assert f"{int(str(row['n'])):,} of {len(mongolia.records):,} records rest on a single document." in (
        mongolia.missing
    )


def test_a_section_is_found_by_number_and_an_unknown_one_leads_to_those_there_are(outline) -> None:
    assert section_of(outline, "4.4").identifier == "outline-national-review-mng"
    with pytest.raises(RecordNotFoundError, match=r"outline-nexus \(3\)"):
        section_of(outline, "outline-nothing")


@pytest.mark.parametrize(
    ("name", "parameters", "standing"),
    [
        ("", {}, NO_QUERY),
        ("policies-of-country", {"country": "MNG"}, ANSWERED),
        ("findings-about-place", {"place": "Atlantis"}, NO_ROWS),
        ("no-such-question", {}, "it cannot be asked: There is no question 'no-such-question'"),
        ("policies-of-country", {"country": "Atlantis"}, "it cannot be asked: 'Atlantis' is not a known"),
    ],
)
def test_the_standing_of_a_question_is_what_came_of_asking_it(
    outline, store, vocabularies, name: str, parameters: dict[str, str], standing: str
) -> None:
    asked = PaperQuestion("q", "What is there?", name, parameters)
    section = replace(outline[0], questions=(asked,), assigned=())
    found = drive(completeness(section, vocabularies), rows_of(store))
    assert found.answers[0].standing.startswith(standing)
    assert found.answered == (standing == ANSWERED)
    assert any(words.startswith("What is there? ") for words in found.missing) == (standing != ANSWERED)


def test_a_section_without_questions_says_that_it_has_none(outline, store, vocabularies) -> None:
    section = replace(outline[0], questions=(), assigned=())
    found = drive(completeness(section, vocabularies), rows_of(store))
    assert found.missing == ("The section has no question to answer.",)


REVIEWED = """
rec:outline-x a nx:PaperSection ; rdfs:label "Pasture"@en ; dcterms:identifier "outline-x" ; nx:order 1 ;
  nx:reviewState review:submitted ; nx:area area:mng ; dcterms:description "What it should say."@en ;
  nx:assigns rec:mng-livestock-tax-m1 .
rec:r1 a nx:Review ; rdfs:label "One"@en ; dcterms:identifier "r1" ; nx:reviewState review:accepted ;
  nx:about rec:outline-x ; nx:reviewer "Mongolia"@en ; dcterms:date "2026-03-02"^^xsd:date ;
  nx:reviewKind reviewkind:comment ; dcterms:description "Say more of herders."@en .
rec:r2 a nx:Review ; rdfs:label "Two"@en ; dcterms:identifier "r2" ; nx:reviewState review:accepted ;
  nx:about rec:outline-x ; nx:reviewer "Japan"@en ; dcterms:date "2026-03-03"^^xsd:date ;
  nx:reviewKind reviewkind:comment ; dcterms:description "Which rate?"@en ; nx:answer "That of the soum."@en .
"""


def test_what_reviewers_said_stands_with_the_section_and_waits_until_it_is_answered(
    make_base, vocabularies
) -> None:
    store = open_store(make_base(REVIEWED, "mng/measures.ttl", "mng/sources.ttl", "mng/policies.ttl"))
    (section,) = drive(read_outline(), rows_of(store))
    found = drive(completeness(section, vocabularies), rows_of(store))
    assert found.records == ("mng-livestock-tax-m1",)
    assert [(c.reviewer, c.open) for c in found.comments] == [("Mongolia", True), ("Japan", False)]
    assert "1 of 2 comments of reviewers wait for an answer." in found.missing


def test_a_section_has_a_title_that_the_record_has(outline, turtle: Graph) -> None:
    for section in outline:
        assert str(turtle.value(REC[section.identifier], RDFS.label)) == section.title


def test_a_kept_outline_is_what_asking_gives_and_asks_nothing_of_the_paper_again(
    store, vocabularies, tmp_path
) -> None:
    asked: list[str] = []
    ask = cache(rows_of(store))

    def rows(query: str) -> list[dict[str, str]]:
        asked.append(query)
        return ask(query)

    first = drive(complete_outline(tmp_path, lambda: "one", vocabularies), rows)
    assert [p.name for p in tmp_path.iterdir()] == [KEPT_FILE]
    once = len(asked)
    assert once == len(set(asked)) > 100
    assert drive(complete_outline(tmp_path, lambda: "one", vocabularies), rows) == first
    section, outline = drive(complete_section(tmp_path, "one", "4.4", vocabularies), rows)
    assert section == next(each for each in first if each.section.number == "4.4")
    assert [each.section for each in first] == list(outline)
    assert len(asked) == once + 6
    alone = drive(completeness(section.section, vocabularies), rows)
    assert alone == section


@pytest.mark.parametrize("damage", ["{", "[]", '{"made-of": "other", "sections": []}'])
def test_what_is_kept_of_another_base_or_damaged_is_made_anew(
    damage: str, make_base, vocabularies, tmp_path
) -> None:
    store = open_store(make_base(REVIEWED, "mng/measures.ttl", "mng/sources.ttl", "mng/policies.ttl"))
    (tmp_path / KEPT_FILE).write_text(damage)
    (found,) = drive(complete_outline(tmp_path, lambda: store.generation, vocabularies), rows_of(store))
    assert found.records == ("mng-livestock-tax-m1",)
    assert [(c.reviewer, c.open) for c in found.comments] == [("Mongolia", True), ("Japan", False)]
    assert (
        found == drive(complete_outline(tmp_path, lambda: store.generation, vocabularies), rows_of(store))[0]
    )


def test_an_outline_made_while_the_base_changed_is_made_anew_and_else_not_kept(
    make_base, vocabularies, tmp_path
) -> None:
    store = open_store(make_base(REVIEWED, "mng/measures.ttl", "mng/sources.ttl", "mng/policies.ttl"))
    moving = iter(range(100))
    drive(complete_outline(tmp_path, lambda: str(next(moving)), vocabularies), rows_of(store))
    assert not (tmp_path / KEPT_FILE).exists()
    assert next(moving) == 6


def test_every_gap_and_matrix_is_asked_for_by_a_section(outline) -> None:
    asked = {question.name for section in outline for question in section.questions}
    behind = {kind.question for kind in KINDS} | {kind.question for kind in MATRICES.values()}
    assert behind <= asked
    assert "recommendations-checked" in asked
