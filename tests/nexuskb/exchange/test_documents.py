"""Records as JSON documents: every record of the base comes back as it was, plain and as JSON-LD."""

from __future__ import annotations

import json

import pytest
from base_records import statements
from rdflib import RDF, XSD, Graph, Literal, URIRef

from nexuskb.errors import SubmissionError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.reading import JSON_LD, read_submission
from nexuskb.terms import CONTEXT, EV, NX, REC, concept_iri

POLICY = {
    "kind": "Policy",
    "identifier": "mng-law-test-2020",
    "label": "Law on Tests",
    "labelStatus": "working",
    "policyKind": "law",
    "legalStatus": "in-force",
    "area": ["mng"],
    "description": "It says what a test is.",
    "basis": "source",
    "evidence": [{"source": "mng-src-ec-constitution", "locator": "Art. 1", "assertion": "asserted"}],
}


def test_every_record_comes_back_from_its_document(documents: Documents, base: Graph, records: list[URIRef]):
    assert len(records) > 4_700
    for record in records:
        given = statements(base, record)
        document = json.loads(json.dumps(documents.write(given, record)))
        read = documents.read(document)
        assert read.records == (record,)
        assert sorted(read.triples) == sorted(given), record


def test_every_record_comes_back_from_its_linked_document(
    documents: Documents, base: Graph, records: list[URIRef]
):
    for start in range(0, len(records), 50):
        portion = records[start : start + 50]
        given = [triple for record in portion for triple in statements(base, record)]
        linked = [documents.write(statements(base, record), record, linked=True) for record in portion]
        assert {each["@context"] for each in linked} == {CONTEXT}
        read = read_submission(json.dumps(linked).encode(), JSON_LD, documents)
        assert sorted(read.triples) == sorted(given)


def test_a_document_reads_as_people_write(documents: Documents, base: Graph) -> None:
    document = documents.write(statements(base, REC["mng-billion-trees-2021"]), REC["mng-billion-trees-2021"])
    assert list(document)[:3] == ["kind", "identifier", "label"]
    assert document["area"] == ["mng"]
    assert document["adopted"] == "2021-10-04"
    assert document["periodEnd"] == "2030"
    assert document["officialLabel"] == {"mn": '"Тэрбум мод" үндэсний хөдөлгөөн'}
    assert document["evidence"] == [
        {
            "id": "mng-billion-trees-2021-e1",
            "source": "mng-src-montsame-bt-2023",
            "locator": "text",
            "assertion": "asserted",
        }
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mng", "mng"),
        ("MNG", "mng"),
        ("Mongolia", "mng"),
        ("area:mng", "mng"),
        ("https://w3id.org/nexuskb/vocabularies/area/mng", "mng"),
        ("nowhere", "nowhere"),
    ],
)
def test_a_term_is_named_by_key_label_or_iri(documents: Documents, written: str, meant: str) -> None:
    read = documents.read({**POLICY, "area": written})
    assert (REC["mng-law-test-2020"], NX.area, concept_iri("area", meant)) in read.triples


def test_what_no_term_can_be_named_stays_text_for_the_shapes_to_judge(documents: Documents) -> None:
    read = documents.read({**POLICY, "area": ["The Moon, far side"]})
    assert (REC["mng-law-test-2020"], NX.area, Literal("The Moon, far side")) in read.triples


@pytest.mark.parametrize(
    ("written", "datatype"),
    [("2012", XSD.gYear), ("2012-05", XSD.gYearMonth), ("2012-05-17", XSD.date), ("2012-02-30", XSD.date)],
)
def test_a_date_is_as_precise_as_it_is_written(documents: Documents, written: str, datatype: URIRef) -> None:
    read = documents.read({**POLICY, "adopted": written})
    found = next(o for _, p, o in read.triples if p == NX.adopted)
    assert (str(found), found.datatype) == (written, datatype)


def test_a_number_keeps_its_digits(documents: Documents) -> None:
    body = b'{"kind": "Target", "identifier": "t", "value": 1.10, "unit": "ha"}'
    read = read_submission(body, "application/json", documents)
    value = next(o for _, p, o in read.triples if p == NX.value)
    assert (str(value), value.datatype) == ("1.10", XSD.decimal)


def test_measures_and_sources_are_nested(documents: Documents) -> None:
    source = {"kind": "Source", "identifier": "mng-src-new", "label": {"mn": "Хууль"}, "language": "mn"}
    measure = {"label": "Fee", "instrument": "fiscal", "evidence": [{"source": source, "locator": "Art. 2"}]}
    read = documents.read({**POLICY, "measures": [measure, {"label": "Fine"}], "targets": [{"label": "All"}]})
    policy = REC["mng-law-test-2020"]
    assert read.records == (
        policy,
        REC["mng-law-test-2020-m1"],
        REC["mng-src-new"],
        REC["mng-law-test-2020-m2"],
        REC["mng-law-test-2020-t1"],
    )
    assert (REC["mng-law-test-2020-m1"], NX.ofPolicy, policy) in read.triples
    assert (REC["mng-law-test-2020-t1"], NX.ofPolicy, policy) in read.triples
    assert (EV["mng-law-test-2020-m1-e1"], NX.source, REC["mng-src-new"]) in read.triples
    assert read.places.find(str(REC["mng-src-new"])) == "/measures/0/evidence/0/source"
    parts = read.by_record()
    assert (EV["mng-law-test-2020-m1-e1"], RDF.type, NX.Evidence) in parts[REC["mng-law-test-2020-m1"]]


def test_an_identifier_is_made_that_nobody_has(documents: Documents) -> None:
    unnamed = {**POLICY, "adopted": "2020-05", "label": "Law on the Protection of Pastures"}
    del unnamed["identifier"]
    made = documents.read(unnamed).records[0]
    assert made == REC["mng-law-protection-pastures-2020"]
    again = documents.read(unnamed, taken=lambda name: name == "mng-law-protection-pastures-2020")
    assert again.records[0] == REC["mng-law-protection-pastures-2020-2"]


def test_the_place_of_a_value_is_a_pointer(documents: Documents) -> None:
    read = documents.read([POLICY, {**POLICY, "identifier": "b", "sector": ["mining", "sea"]}])
    sea = str(concept_iri("sector", "sea"))
    assert read.places.find(str(REC["b"]), str(NX.sector), sea) == "/1/sector/1"
    assert read.places.find(str(REC["b"]), str(NX.sector)) == "/1/sector"
    assert read.places.find(str(REC["b"]), str(NX.adopted)) == "/1"


@pytest.mark.parametrize(
    ("change", "place", "says", "meant"),
    [
        ({"kind": "Polcy"}, "/kind", "Kind: say which one it is", "Policy"),
        ({"kind": None}, "/kind", "Kind: say which one it is", ""),
        ({"adoptd": "2012"}, "/adoptd", "Policy has no field 'adoptd'.", "adopted"),
        ({"identifier": "Mongolia 1"}, "/identifier", "small Latin letters", ""),
        ({"label": 5}, "/label", "English title: give text", ""),
        ({"label": {"not a language": "x"}}, "/label/not a language", "by language code", ""),
        ({"officialLabel": "Хууль"}, "/officialLabel", "say which language it is in", ""),
        ({"area": [True]}, "/area/0", "the key of a vocabulary term", ""),
        ({"area": {"a": "b"}}, "/area", "the key of a vocabulary term", ""),
        ({"evidence": ["a source"]}, "/evidence/0", "give objects with source, locator and assertion", ""),
        (
            {"evidence": [{"id": "other-e1"}]},
            "/evidence/0/id",
            "mng-law-test-2020-e1",
            "mng-law-test-2020-e1",
        ),
        ({"evidence": [{"page": "4"}]}, "/evidence/0/page", "Evidence has no field 'page'.", ""),
        ({"measures": ["plant trees"]}, "/measures/0", "A record is an object", ""),
        ({"measures": [{"kind": "Target"}]}, "/measures/0/kind", "only a measure can stand here", ""),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(
    documents: Documents, change: dict[str, object], place: str, says: str, meant: str
) -> None:
    with pytest.raises(SubmissionError) as caught:
        documents.read({**POLICY, **change})
    fault = caught.value.faults[0]
    assert (fault.place, fault.suggestion) == (place, meant)
    assert says in fault.message


def test_all_faults_are_told_at_once(documents: Documents) -> None:
    with pytest.raises(SubmissionError) as caught:
        documents.read({**POLICY, "adoptd": "2012", "evidence": ["x"]})
    assert [fault.place for fault in caught.value.faults] == ["/evidence/0", "/adoptd"]
    assert str(caught.value).splitlines()[1] == (
        "/adoptd: Policy has no field 'adoptd'. Did you mean adopted?"
    )


def test_one_record_is_not_given_twice(documents: Documents) -> None:
    with pytest.raises(SubmissionError, match="given twice"):
        documents.read([POLICY, POLICY])
    with pytest.raises(SubmissionError, match="an identifier never changes"):
        documents.read(POLICY, identifier="another")
