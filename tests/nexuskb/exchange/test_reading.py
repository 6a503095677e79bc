"""Submissions of strangers: what is taken, and every refusal with its reason."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from base_records import statements
from rdflib import RDF, XSD, Graph, Literal, URIRef
from test_documents import POLICY

from nexuskb.errors import SubmissionError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.reading import JSON, JSON_LD, TURTLE, read_submission
from nexuskb.exchange.turtle import serialise
from nexuskb.terms import CONTEXT, EV, NX, PREFIXES, REC

HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
LINE = HEAD.count("\n") + 1


def faults(documents: Documents, body: str | bytes, media_type: str = TURTLE) -> SubmissionError:
    given = body.encode() if isinstance(body, str) else body
    with pytest.raises(SubmissionError) as caught:
        read_submission(given, media_type, documents)
    return caught.value


def test_turtle_of_a_record_is_read_as_it_is(documents: Documents, base: Graph) -> None:
    record = REC["mng-bt-t2"]
    given = statements(base, record)
    read = read_submission(serialise(given).encode(), f"{TURTLE}; charset=utf-8", documents)
    assert read.records == (record,)
    assert sorted(read.triples) == sorted(given)


def test_literals_keep_their_lexical_form(documents: Documents) -> None:
    body = HEAD + 'rec:a a nx:Target ; nx:value 01.50 ; nx:targetYear "02030"^^xsd:gYear .'
    read = read_submission(body.encode(), TURTLE, documents)
    assert {(str(o), o.datatype) for _, _, o in read.triples if isinstance(o, Literal)} == {
        ("01.50", XSD.decimal),
        ("02030", XSD.gYear),
    }


def test_evidence_within_its_record_is_given_an_iri(documents: Documents) -> None:
    body = f"""{HEAD} rec:a a nx:Case ; nx:evidence ev:a-e1 , [ a nx:Evidence ; nx:locator "p. 1" ] .
        ev:a-e1 a nx:Evidence ."""
    read = read_submission(body.encode(), TURTLE, documents)
    assert (EV["a-e2"], NX.locator, Literal("p. 1")) in read.triples
    assert (REC["a"], NX.evidence, EV["a-e2"]) in read.triples


@pytest.mark.parametrize(
    ("body", "place", "says"),
    [
        ('rec:a a nx:Policy ; rdfs:label "x .', f"line {LINE}, column 32", "Unexpected end of file"),
        ('rec:a a nx:Policy ; oops:label "x" .', f"line {LINE}, column 21", "prefix oops: has not been"),
        ("rec:a a <not an iri> .", f"line {LINE}, column 9", "cannot be read"),
        ("rec:a a nx:Policy ; nx:adoptd 2012 .", "", "Policy has no field nx:adoptd."),
        ("rec:a a nx:Polcy .", "", "There is no such kind of record"),
        ("rec:a a nx:Policy , nx:Target .", "", "more than one kind"),
        ("rec:a nx:adopted 2012 .", "", "has no kind"),
        ("ev:a-e1 a nx:Evidence . rec:a a nx:Case .", "", "evidence of no record"),
        ("rec:a a nx:Case ; nx:evidence ev:b-e1 . ev:b-e1 a nx:Evidence .", "", "that of its record with a"),
        ("rec:a a nx:Evidence .", "", "The IRIs of evidence start with"),
        ("<http://example.org/a> a nx:Policy . rec:b a nx:Policy .", "", "It is no record"),
        ("<http://example.org/a> a nx:Policy .", "", "It holds no records"),
        ("rec:A_b a nx:Policy .", "", "Identifiers are of small Latin letters"),
        ("[] a nx:Policy . rec:b a nx:Policy .", "", "has no IRI"),
        ("rec:a a nx:Policy ; nx:supersedes [] .", "", "Supersedes: a node without IRI"),
        ("rec:a a nx:Policy ; nx:area ( area:mng ) .", "", "A node has no IRI"),
        ("rec:a a nx:Policy ; sh:sparql rec:a .", "", "Rules and imports are not taken"),
        ("rec:a a nx:Policy ; owl:imports <http://127.0.0.1:9/x> .", "", "Rules and imports are not taken"),
        ("rec:a a nx:Policy ; nx:area <file:///etc/passwd> .", "", "IRIs start with http"),
        ("rec:a a nx:Policy ; nx:area <javascript:alert(1)> .", "", "IRIs start with http"),
        ('rec:a a nx:Policy ; rdfs:label "<b>"^^rdf:HTML .', "", "datatype rdf:HTML are not taken"),
        ('rec:a a nx:Policy ; nx:adopted "2012-05-17T00:00:00"^^xsd:dateTime .', "", "xsd:dateTime are not"),
        ('rec:a a nx:Policy ; rdfs:label "x"@ar--rtl .', "", "direction of writing"),
        ("rec:a a nx:Policy ; nx:area <<( rec:a a rec:b )>> .", f"line {LINE}, column 29", "about triples"),
        ("rec:a a nx:Policy ; nx:area " + "(" * 40, f"line {LINE}, column 61", "nest deeper than 32"),
    ],
)
def test_turtle_that_is_not_taken(documents: Documents, body: str, place: str, says: str) -> None:
    fault = faults(documents, HEAD + body).faults[0]
    assert says in str(fault)
    assert fault.place == place


def test_a_misspelt_property_is_answered_with_the_nearest(documents: Documents) -> None:
    fault = faults(documents, HEAD + "rec:a a nx:Policy ; nx:adoptd 2012 .").faults[0]
    assert (fault.field, fault.value, fault.suggestion) == ("nx:adoptd", "2012", "adopted")


@pytest.mark.parametrize(
    ("body", "place", "says"),
    [
        ('{"kind": "Policy",\n }', "line 2, column 2", "expecting property name"),
        ('{"kind": "Policy", "kind": "Target"}', "", "'kind' is given twice"),
        ('{"kind": "Policy", "value": NaN}', "", "NaN is no number"),
        ('["Policy"]', "/0", "A record is an object"),
        ("[]", "/", "holds no records"),
        ("3", "/", "A record is an object"),
        ('{"a":' * 40 + "1" + "}" * 40, "line 1, column 161", "nest deeper than 32"),
        ("[" * 100_000, "line 1, column 33", "nest deeper than 32"),
    ],
)
def test_json_that_is_not_taken(documents: Documents, body: str, place: str, says: str) -> None:
    fault = faults(documents, body, JSON).faults[0]
    assert says in fault.message
    assert fault.place == place


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port on which somebody notes every connection."""
    heard: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def listen() -> None:
            try:
                heard.append(server.accept())
            except OSError:
                return

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join()


def test_no_context_of_others_is_taken_or_fetched(
    documents: Documents, listener: tuple[int, list[object]]
) -> None:
    port, heard = listener
    address = f"http://127.0.0.1:{port}/context"
    for context, place in (
        (address, "/@context"),
        ([CONTEXT, address], "/@context"),
        ({"@import": address}, "/@context"),
        ({"label": "http://example.org/other"}, "/@context"),
    ):
        body = json.dumps({"@context": context, "id": "a", "kind": "Policy"})
        fault = faults(documents, body, JSON_LD).faults[0]
        assert fault.place == place
        assert CONTEXT in fault.message
    nested = {
        "@context": CONTEXT,
        "id": "a",
        "kind": "Case",
        "evidence": [{"@context": address, "id": "a-e1"}],
    }
    assert faults(documents, json.dumps(nested), JSON_LD).faults[0].place == "/evidence/0/@context"
    body = f"{HEAD} rec:a a nx:Policy ; owl:imports <{address}> ; nx:implements <{address}> ."
    faults(documents, body, TURTLE)
    assert not heard


def test_json_ld_with_an_unknown_key_is_told_so(documents: Documents) -> None:
    body = json.dumps({"@context": CONTEXT, "id": "a", "kind": "Policy", "adoptd": "2012"})
    fault = faults(documents, body, JSON_LD).faults[0]
    assert (fault.message, fault.suggestion) == ("Policy has no field nx:adoptd.", "adopted")


def test_named_graphs_are_not_taken(documents: Documents) -> None:
    body = json.dumps({"@id": "http://example.org/g", "@graph": [{"id": "a", "kind": "Policy"}]})
    assert faults(documents, body, JSON_LD).faults


@pytest.mark.parametrize("media_type", ["application/rdf+xml", "application/trix", "text/html", ""])
def test_other_formats_are_refused(documents: Documents, media_type: str) -> None:
    error = faults(documents, "<rdf:RDF/>", media_type)
    assert error.unknown_type
    assert "application/json, text/turtle, application/ld+json" in str(error)


def test_text_that_is_not_utf_8_is_refused(documents: Documents) -> None:
    error = faults(documents, b"# fine\n# not \xff fine")
    assert error.faults[0].place == "line 2, column 7"


def test_limits(documents: Documents) -> None:
    assert faults(documents, b" " * 1_000_001).too_large
    many = HEAD + "rec:a a nx:Policy ; nx:sector " + " , ".join(f"sector:s{n}" for n in range(6_000)) + " ."
    assert faults(documents, many).too_large
    as_json = json.dumps({**POLICY, "sector": [f"s{n}" for n in range(6_000)]})
    assert faults(documents, as_json, JSON).too_large
    long = json.dumps({**POLICY, "description": "x" * 20_001})
    assert "20,001 characters" in str(faults(documents, long, JSON))
    at_most = json.dumps({**POLICY, "description": "x" * 20_000})
    assert read_submission(at_most.encode(), JSON, documents).records


@pytest.mark.parametrize(
    "body",
    [
        '"\\"' * 300_000,
        '"""' * 300_000,
        "'''\"" * 200_000,
        "<" * 900_000,
        "# " * 400_000,
        "rec:a a " + "[ a " * 200_000,
        "rec:a a <<" * 80_000,
        "rec:a nx:b " + "( " * 400_000,
    ],
)
def test_hostile_text_is_refused_in_passing(documents: Documents, body: str) -> None:
    assert faults(documents, HEAD + body).faults


def test_many_faults_are_told_up_to_a_hundred(documents: Documents) -> None:
    body = HEAD + "".join(f"rec:a{n} a nx:Nothing .\n" for n in range(400))
    assert len(faults(documents, body).faults) == 100


def test_a_submission_says_what_kind_each_record_is(documents: Documents) -> None:
    read = read_submission(json.dumps(POLICY).encode(), JSON, documents)
    assert (URIRef(REC["mng-law-test-2020"]), RDF.type, NX.Policy) in read.triples
