from __future__ import annotations

import io

import pytest
from rdflib import Graph

from nexuskb.asking import drive, rows_of
from nexuskb.errors import RecordNotFoundError
from nexuskb.exchange.citations.imprints import Imprint, in_words, read_imprint
from nexuskb.exchange.citations.references import citations_in, cite, references, sources_alone
from nexuskb.questions.answers import named_records
from nexuskb.questions.catalogue import Question, fill, questions
from nexuskb.records.document import record_query
from nexuskb.sparql.formats import N_TRIPLES
from nexuskb.store.port import EVERYTHING


def test_a_record_is_cited_by_its_passages_in_their_order(store) -> None:
    found = drive(cite(["mng-case-billion-trees-progress"]), rows_of(store))
    assert [(c.evidence, c.reference.identifier, c.locator) for c in found] == [
        ("mng-case-billion-trees-progress-e1", "mng-src-bt-oct2023", "para. 1-2"),
        ("mng-case-billion-trees-progress-e2", "mng-src-bt-nov2022", "para. 1"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "mng-bt-m1-e1",
        "@mng-bt-m1",
        "https://w3id.org/nexuskb/evidence/mng-bt-m1-e1",
        "https://w3id.org/nexuskb/records/mng-src-apa-bt-2021",
    ],
)
def test_passages_and_sources_have_names_too(store, name: str) -> None:
    assert len(drive(cite([name]), rows_of(store))) == 1


@pytest.mark.parametrize(
    "identifier",
    ["mng-case-billion-trees-progress", "jpn-src-forest", "prk-src-agri-law", "mng-conflict-degraded-land",
     "reg-src-neaspec-som28-dld", "mng-china-mongolia-desertification-2022"],
)  # fmt: skip
def test_the_graph_of_a_document_gives_the_same_citations(store, model, identifier: str) -> None:
    out = io.BytesIO()
    store.answer(record_query(identifier), EVERYTHING, N_TRIPLES, out)
    graph = Graph().parse(data=out.getvalue(), format="nt")
    assert citations_in(graph, model, identifier) == drive(cite([identifier]), rows_of(store))


def test_a_record_without_evidence_is_cited_itself_but_is_no_source(store) -> None:
    found = drive(cite(["mng-conflict-degraded-land"]), rows_of(store))
    assert [c.reference.url for c in found] == ["https://w3id.org/nexuskb/records/mng-conflict-degraded-land"]
    assert sources_alone(found) == []


def test_many_records_are_asked_for_in_portions(store) -> None:
    rows = rows_of(store)("SELECT ?r WHERE { ?r a nx:Measure } ORDER BY ?r")
    records = named_records(rows)
    queries = []

    def counted(query: str) -> list[dict[str, str]]:
        queries.append(query)
        return rows_of(store)(query)

    found = drive(cite(records), counted)
    assert len(records) > 400
    assert {citation.record for citation in found} == set(records)
    assert len(queries) > 2
    assert max(len(query) for query in queries) < 100_000


@pytest.mark.parametrize("name", ["mng-nowhere", "mng-bt-m1-e99", "Not an identifier", "x> } #"])
def test_what_names_nothing_is_refused(store, name: str) -> None:
    with pytest.raises(RecordNotFoundError):
        drive(cite([name]), rows_of(store))


@pytest.mark.parametrize("asked", questions().values(), ids=lambda asked: asked.id)
def test_the_sources_behind_the_answer_to_every_question_are_found(
    store, vocabularies, asked: Question
) -> None:
    records = named_records(rows_of(store)(fill(asked, asked.example, vocabularies)))
    found = references(sources_alone(drive(cite(records), rows_of(store))))
    assert all("-src-" in reference.identifier for reference in found)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("Korea Herald, 6 Sept 2021", "news", Imprint("Korea Herald", date="2021-09-06")),
        ("World Grain, May 2021", "news", Imprint("World Grain", date="2021-05")),
        ("KCNA, 6 Sept 2019", "news", Imprint("KCNA, 6 Sept 2019")),
        ("FAO; copy in github.com/x/y", "dataset", Imprint("FAO", copy="copy in github.com/x/y")),
        ("NPC (text as in a/b)", "legal-text", Imprint("NPC", copy="text as in a/b")),
        ("Water 14(7), 1026", "journal-article", Imprint("", "", "", "Water", "14", "7", "1026")),
        (
            "Lee, E., Ahn, S. and Im, S., Forest Science 13(3), 100-108",
            "journal-article",
            Imprint("Lee, E., Ahn, S. and Im, S.", "", "", "Forest Science", "13", "3", "100-108"),
        ),
        (
            "Terrestrial, Atmospheric and Oceanic Sciences 20",
            "journal-article",
            Imprint("Terrestrial, Atmospheric and Oceanic Sciences 20"),
        ),
        ("Springer", "journal-article", Imprint("Springer")),
    ],
)
def test_an_imprint_is_taken_apart_only_where_it_is_certain(text: str, kind: str, expected: Imprint) -> None:
    assert read_imprint(text, kind, "2021") == expected


def test_dates_in_words() -> None:
    assert [in_words(d) for d in ("2021", "2021-05", "2021-05-06", "")] == [
        "2021",
        "May 2021",
        "6 May 2021",
        "",
    ]
