"""A record as a document: fields in words and order, evidence with pinpoints, what points at it, cautions."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise

import pytest
from rdflib import RDFS, Graph, URIRef

from nexuskb.errors import RecordNotFoundError
from nexuskb.records.document import (
    RecordDocument,
    RecordReader,
    moved_query,
    plain_query,
    record_query,
)
from nexuskb.records.values import Value
from nexuskb.sparql.formats import N_TRIPLES
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.port import EVERYTHING
from nexuskb.terms import EV, NX, REC

Read = Callable[[str], RecordDocument]
TREES = "mng-billion-trees-2021"


def graph_of(store: OxigraphStore, query: str) -> Graph:
    out = io.BytesIO()
    store.answer(query, EVERYTHING, N_TRIPLES, out)
    return Graph().parse(data=out.getvalue(), format="nt")


@pytest.fixture(scope="module")
def reader(model: Graph, shapes_graph: Graph) -> RecordReader:
    return RecordReader(model, shapes_graph)


@pytest.fixture(scope="module")
def read(reader: RecordReader, store: OxigraphStore) -> Read:
    return lambda identifier: reader.read(graph_of(store, record_query(identifier)), identifier)


def one(store: OxigraphStore, query: str) -> str:
    """The first value of a query of the base; a test that finds none has nothing to say."""
    return next(str(next(iter(row.values()))) for row in store.select(query))


def field(document: RecordDocument, name: str) -> tuple[Value, ...]:
    (values,) = [found.values for found in document.fields if found.name == name]
    return values


def incoming(document: RecordDocument, name: str) -> tuple[Value, ...]:
    (values,) = [found.values for found in document.incoming if found.name == name]
    return values


def test_a_record_says_what_it_is(read: Read) -> None:
    document = read(TREES)
    assert document.identifier == TREES
    assert document.iri == str(REC[TREES])
    assert document.kind == "Policy"
    assert document.label.startswith("Billion Trees national movement")
    assert document.language == ""
    assert document.review == "Accepted"


def test_fields_have_the_words_of_the_shapes_and_terms_their_labels(read: Read) -> None:
    document = read(TREES)
    (status,) = field(document, "Legal status")
    assert status.text == "In force"
    assert status.iri == "https://w3id.org/nexuskb/vocabularies/status/in-force"
    assert status.record == ""
    assert [value.text for value in field(document, "Nexus domain")] == ["Climate", "Land"]
    (shown,) = [found for found in document.fields if found.name == "Legal status"]
    assert shown.help
    assert shown.group == "What it is"


def test_a_text_in_another_language_says_which(read: Read) -> None:
    (title,) = field(read(TREES), "Official title")
    assert title == Value('"Тэрбум мод" үндэсний хөдөлгөөн', language="mn")
    (summary,) = field(read(TREES), "Summary")
    assert summary.language == ""


def test_fields_of_a_group_stand_together_in_the_order_of_the_shapes(read: Read) -> None:
    document = read(TREES)
    groups = [found.group for found in document.fields]
    assert list(dict.fromkeys(groups))[:4] == ["What it is", "When and where", "Who", "Content"]
    assert len(groups) > 10
    changes = sum(1 for before, after in pairwise(groups) if before != after)
    assert changes == len(set(groups)) - 1


def test_what_is_shown_elsewhere_is_no_field(read: Read) -> None:
    names = {found.name for found in read(TREES).fields}
    assert names.isdisjoint({"Identifier", "Evidence", "Review state", "Title", "label", "type"})


def test_evidence_has_source_pinpoint_and_what_to_know_of_the_source(read: Read) -> None:
    (item,) = read(TREES).evidence
    assert item.iri == str(EV[f"{TREES}-e1"])
    assert item.locator == "text"
    assert item.assertion == "Asserted by the text"
    assert item.source.record == "mng-src-montsame-bt-2023"
    assert item.source.text.startswith("Action Plans to Plant")
    assert item.publisher == "MONTSAME"
    assert item.date == "2023"
    assert item.url.startswith("https://www.montsame.mn/")
    assert "In excerpt" in item.remarks


def test_evidence_comes_in_the_order_of_its_numbers(read: Read, store: OxigraphStore) -> None:
    most = one(
        store,
        "SELECT ?i { ?r nx:evidence ?e ; dcterms:identifier ?i } GROUP BY ?i ORDER BY DESC(COUNT(?e)) ?i",
    )
    items = read(most).evidence
    assert len(items) >= 4
    assert [item.iri for item in items] == [str(EV[f"{most}-e{n}"]) for n in range(1, len(items) + 1)]
    assert all(item.source.record and item.locator for item in items)


def test_evidence_of_an_interlinkage_says_which_end_it_supports(read: Read, store: OxigraphStore) -> None:
    linked = one(
        store, "SELECT ?i { ?r nx:evidence/nx:supportsEnd ?end ; dcterms:identifier ?i } ORDER BY ?i"
    )
    ends = {end for item in read(linked).evidence for end in item.ends}
    assert ends
    assert not any(end.startswith("http") for end in ends)


def test_what_points_at_a_record_is_named_from_its_side(read: Read) -> None:
    document = read(TREES)
    made = incoming(document, "Measures and targets")
    assert {value.record for value in made} >= {"mng-bt-m1", "mng-bt-t1"}
    assert all(value.text and not value.text.startswith("http") for value in made)
    assert incoming(document, "Cases that apply it")[0].record == "mng-case-billion-trees-progress"


def test_a_source_lists_the_records_that_cite_it(read: Read) -> None:
    cited = incoming(read("mng-src-montsame-bt-2023"), "Cited by")
    assert TREES in {value.record for value in cited}
    assert all(value.record for value in cited)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            'SELECT ?i { ?r nx:reservation ?w ; dcterms:identifier ?i FILTER(CONTAINS(?w, "news alone")) }',
            "news",
        ),
        (
            "SELECT ?i { ?r nx:basis basis:general-knowledge ; dcterms:identifier ?i }",
            "general knowledge",
        ),
        ("SELECT ?i { ?r nx:soleSupport ?k ; dcterms:identifier ?i }", "compiled in another State"),
    ],
)
def test_what_whoever_cites_a_record_must_know_is_a_caution(read, store, query: str, words: str) -> None:
    document = read(one(store, query + " ORDER BY ?i"))
    assert any(words in caution for caution in document.cautions)


def test_a_caveat_of_the_editors_is_a_caution(read: Read, store: OxigraphStore) -> None:
    row = next(iter(store.select("SELECT ?i ?c { ?r nx:caveat ?c ; dcterms:identifier ?i } ORDER BY ?i ?c")))
    assert str(row["c"]) in read(str(row["i"])).cautions


def test_a_record_on_a_sound_source_has_no_caution(read: Read, store: OxigraphStore) -> None:
    sound = one(
        store,
        "SELECT ?i { ?r a nx:Policy ; dcterms:identifier ?i ; nx:evidence/nx:source/nx:sourceKind "
        "sourcekind:legal-text FILTER NOT EXISTS { ?r nx:reservation ?w } } ORDER BY ?i",
    )
    assert read(sound).cautions == ()


def test_every_kind_of_record_can_be_read(read: Read, store: OxigraphStore, model: Graph) -> None:
    rows = store.select(
        "SELECT ?k (MIN(?i) AS ?first) { ?r nx:reviewState ?s ; a ?k ; dcterms:identifier ?i } GROUP BY ?k"
    )
    kinds = {str(row["first"]): row["k"] for row in rows}
    assert len(kinds) >= 15
    for identifier, kind in kinds.items():
        document = read(identifier)
        assert document.kind == str(model.value(kind, RDFS.label))
        assert document.label not in ("", "None", document.iri), identifier
        assert document.fields, identifier
        names = [found.name for found in (*document.fields, *document.incoming)]
        assert not any(name.startswith("http") for name in names), identifier


def test_a_record_that_does_not_exist_is_said_so(read: Read) -> None:
    with pytest.raises(RecordNotFoundError, match="no record 'mng-nothing'"):
        read("mng-nothing")


@pytest.mark.parametrize("make", [record_query, plain_query])
@pytest.mark.parametrize("text", ["", "A", "a> ?p ?o } #", "a b"])
def test_what_is_no_identifier_never_gets_into_a_query(make: Callable[[str], str], text: str) -> None:
    with pytest.raises(ValueError, match="is not an identifier"):
        make(text)


def test_the_plain_graph_of_a_record_is_the_record_and_its_evidence(store: OxigraphStore) -> None:
    graph = graph_of(store, plain_query(TREES))
    assert set(graph.subjects()) == {REC[TREES], EV[f"{TREES}-e1"]}
    assert (EV[f"{TREES}-e1"], NX.source, REC["mng-src-montsame-bt-2023"]) in graph


def test_an_identifier_that_was_merged_leads_to_the_record_that_took_it_in(store: OxigraphStore) -> None:
    row = next(iter(store.select("SELECT ?r ?o { ?r nx:otherIdentifier ?o } ORDER BY ?o")))
    (found,) = store.select(moved_query(str(row["o"])))
    assert found == {"record": row["r"]}
    assert list(store.select(moved_query("mng-nothing"))) == []


def test_a_property_without_a_field_is_shown_by_its_label(reader: RecordReader, model: Graph) -> None:
    graph = Graph()
    graph.add((REC.a, URIRef("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), NX.Policy))
    graph.add((REC.a, NX.source, REC.b))
    (shown,) = reader.read(graph, "a").fields
    assert shown.name == str(model.value(NX.source, RDFS.label))
    assert (shown.help, shown.group) == ("", "")
    assert shown.values == (Value(str(REC.b), record="b", iri=str(REC.b)),)
