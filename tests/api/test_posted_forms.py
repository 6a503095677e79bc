"""What a form posts becomes the document it stands for, and a document the form it would be typed into."""

from __future__ import annotations

import pytest
from rdflib import RDF, Graph, URIRef

from nexuskb.content import read_turtle
from nexuskb.exchange.documents import Documents
from nexuskb.forms import Forms, Holds
from nexuskb.settings import Settings
from nexuskb.terms import NX
from nexuskb.vocabulary import Vocabularies
from nexuskb_api.entry.posted import MOST, document_of, pairs_of, read_group, redrawn
from nexuskb_api.entry.sheet import Sheet

KINDS = ("policies", "measures", "sources", "interlinkages", "observations", "targets", "conflicts")


@pytest.fixture(scope="module")
def forms(model: Graph, shapes_graph: Graph) -> Forms:
    return Forms(model, shapes_graph)


@pytest.fixture(scope="module")
def records(settings: Settings) -> Graph:
    return read_turtle(sorted(path for kind in KINDS for path in (settings.data / "mng").glob(f"{kind}.ttl")))


def test_every_record_comes_back_from_its_form(
    forms: Forms, vocabularies: Vocabularies, records: Graph
) -> None:
    documents = Documents(forms, vocabularies)
    read = 0
    for record in set(records.subjects(NX.reviewState, None)):
        assert isinstance(record, URIRef)
        form = forms.of(records.objects(record, RDF.type))
        assert form is not None
        nodes = [record, *records.objects(record, NX.evidence)]
        document = documents.write([t for node in nodes for t in records.triples((node, None, None))], record)
        shown = read_group(forms, form, pairs_of(document, form, forms))
        asked = {key: value for key, value in document.items() if key not in ("identifier", "reviewState")}
        assert document_of(shown, forms).document == asked
        read += 1
    assert read > 400


def test_groups_are_numbered_by_their_names_and_empty_ones_left_out(forms: Forms) -> None:
    pairs = [
        ("label", "A law"),
        ("area", "mng"),
        ("measures.0.label", ""),
        ("measures.4.label", "Pasture rests"),
        ("measures.4.evidence.1.locator", "art. 3"),
    ]
    posted = document_of(read_group(forms, forms.kinds["Policy"], pairs), forms)
    assert posted.document["measures"] == [
        {"area": ["mng"], "label": "Pasture rests", "evidence": [{"locator": "art. 3"}]}
    ]
    assert posted.name_of("/measures/0/label") == "measures.4.label"
    assert posted.name_of("/measures/0/evidence/0/locator") == "measures.4.evidence.1.locator"
    assert posted.name_of("/measures/0/evidence/0/source") == "measures.4.evidence.1.source"
    assert posted.name_of("/nothing/like/it") == ""


def test_a_source_can_be_described_where_it_is_named(forms: Forms) -> None:
    pairs = [("evidence.0.locator", "p. 3"), ("evidence.0.source.label", "A report"),
             ("evidence.0.source.label.language", "en")]  # fmt: skip
    group = read_group(forms, forms.kinds["Measure"], pairs)
    assert document_of(group, forms).document["evidence"] == [
        {"locator": "p. 3", "source": {"label": {"en": "A report"}}}
    ]
    named = [*pairs, ("evidence.0.source", "mng-src-known")]
    [passage] = document_of(read_group(forms, forms.kinds["Measure"], named), forms).document["evidence"]
    assert passage["source"] == "mng-src-known"


def test_a_passage_keeps_its_number_when_the_one_before_is_removed(forms: Forms) -> None:
    pairs = [(f"evidence.{n}.{key}", value) for n, name in enumerate(("x-e1", "x-e2"))
             for key, value in (("id", name), ("locator", f"p. {n}"))]  # fmt: skip
    left = redrawn(pairs, remove="evidence.0")
    posted = document_of(read_group(forms, forms.kinds["Measure"], left), forms)
    assert posted.document["evidence"] == [{"id": "x-e2", "locator": "p. 1"}]


def test_one_more_is_added_where_it_was_asked_for(forms: Forms) -> None:
    policy = forms.kinds["Policy"]
    more = redrawn(redrawn([("registerId", "LEX-1")], add="registerId"), add="measures")
    group = read_group(forms, policy, more)
    assert [e.text for box in group.boxes if box.name == "registerId" for e in box.entries] == ["LEX-1", ""]
    assert [part.name for block in group.blocks if block.name == "measures" for part in block.groups] == [
        "measures.0."
    ]
    assert document_of(group, forms).document == {"kind": "Policy", "registerId": ["LEX-1"]}


def test_nobody_can_post_more_than_a_form_has(forms: Forms) -> None:
    pairs = [("sector", str(n)) for n in range(MOST * 3)] + [
        (f"evidence.{n}.locator", "x") for n in range(MOST * 3)
    ]
    pairs += [
        ("nobody.asked", "x"),
        ("evidence.-1.locator", "x"),
        ("evidence.٣.locator", "x"),
        ("kind", "Source"),
    ]
    document = document_of(read_group(forms, forms.kinds["Policy"], pairs), forms).document
    assert set(document) == {"kind", "sector", "evidence"}
    assert document["kind"] == "Policy"
    assert {len(document["sector"]), len(document["evidence"])} == {MOST}


def test_every_field_of_every_kind_can_be_shown(forms: Forms, vocabularies: Vocabularies) -> None:
    for form in forms.kinds.values():
        sheet = Sheet(read_group(forms, form, []), forms, vocabularies)
        for box in sheet.group.boxes:
            assert sheet.widget(box.field)
            if box.field.holds is Holds.TERM:
                assert sheet.terms(box.field)


def test_a_measure_stands_in_the_source_of_its_policy_unless_it_names_another(forms: Forms) -> None:
    pairs = [
        ("area", "mng"),
        ("evidence.0.source.label", "The law"),
        ("evidence.0.source.label.language", "en"),
        ("measures.0.evidence.0.locator", "art. 3"),
        ("measures.1.evidence.0.locator", "art. 4"),
        ("measures.1.evidence.0.source", "mng-src-other"),
    ]
    document = document_of(read_group(forms, forms.kinds["Policy"], pairs), forms).document
    described = document["evidence"][0]["source"]["identifier"]
    assert [measure["evidence"][0]["source"] for measure in document["measures"]] == [
        described,
        "mng-src-other",
    ]
