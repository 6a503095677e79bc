"""Every IRI of the base answers; the whole base can be fetched."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys

import httpx
import pytest
from rdflib import DCAT, DCTERMS, RDF, SKOS, VOID, Dataset, Graph, URIRef

from nexuskb.definitions import Definitions
from nexuskb.exchange.dataset import DATASET
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import BASE, NX

FORMATS = {
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
}
#: In a process of its own, since to import the library changes how rdflib reads literals everywhere.
JUDGE = """
import json, sys
from nanopub import Nanopub
from rdflib import ConjunctiveGraph
for text in json.load(sys.stdin):
    graph = ConjunctiveGraph()
    graph.parse(data=text, format="trig")
    print(Nanopub(rdf=graph).is_valid)
"""
EXAMPLES = (
    "ontology", "ontology/Policy", "ontology/addressesDriver", "vocabularies/driver",
    "vocabularies/driver/overgrazing", "vocabularies/sdg/15-3-1", "shapes/Policy", "shapes/Policy-label",
)  # fmt: skip


def _an(web: httpx.Client, kind: str) -> str:
    found = web.get("/search", params={"kind": kind, "format": "json"}).json()
    return str(found["hits"][0]["identifier"])


def test_every_word_of_the_base_is_found_from_its_iri(web: httpx.Client, settings: Settings) -> None:
    words = Definitions.open(settings).words
    assert len(words) > 1_000
    for iri in sorted(words):
        led = web.get(f"/id/{iri.removeprefix(BASE)}", headers={"Accept": "application/n-triples"})
        assert led.status_code == 303, iri
        found = web.get(led.headers["location"])
        assert found.headers["content-type"].startswith("application/n-triples"), iri
        assert found.text.startswith(f"<{iri}>") or f"\n<{iri}>" in found.text, iri


@pytest.mark.parametrize("path", EXAMPLES)
@pytest.mark.parametrize("media_type", FORMATS)
def test_a_word_comes_in_every_format_with_the_same_statements(
    web: httpx.Client, path: str, media_type: str
) -> None:
    answer = web.get(f"/{path}", headers={"Accept": media_type})
    assert answer.headers["content-type"].startswith(media_type)
    found = Graph().parse(data=answer.text, format=FORMATS[media_type])
    turtle = Graph().parse(data=web.get(f"/{path}.ttl").text, format="turtle")
    assert (URIRef(BASE + path), RDF.type, None) in found
    assert len(found) == len(turtle)


@pytest.mark.parametrize("path", [*EXAMPLES, "vocabularies", "dumps"])
def test_a_word_has_a_page(web: httpx.Client, path: str) -> None:
    page = web.get(f"/{path}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "<h1>" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_links_say_where_else_it_is_what_it_describes_and_its_licence(web: httpx.Client) -> None:
    links = web.get("/vocabularies/driver/overgrazing").headers["link"]
    assert (
        f'{web.base_url}/vocabularies/driver/overgrazing.ttl>; rel="alternate"; type="text/turtle"' in links
    )
    assert f'<{BASE}vocabularies/driver/overgrazing>; rel="describes"' in links
    assert 'creativecommons.org/licenses/by/4.0/>; rel="license"' in links


def test_the_page_of_a_term_names_the_records_that_use_it(web: httpx.Client, store: OxigraphStore) -> None:
    using = store.select(
        "SELECT (COUNT(DISTINCT ?m) AS ?n) { ?m nx:addressesDriver driver:overgrazing ; nx:reviewState ?s }"
    )
    [[count]] = using.rows
    page = web.get("/vocabularies/driver/overgrazing", headers={"Accept": "text/html"}).text
    assert f"<dt>Addresses driver</dt><dd>{int(str(count)):,}</dd>" in page


@pytest.mark.parametrize(
    "path", ["ontology/Nothing", "vocabularies/driver/nothing", "vocabularies/nothing", "shapes/Nothing"]
)
def test_a_word_that_is_not_there_is_said_not_to_be(web: httpx.Client, path: str) -> None:
    answer = web.get(f"/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert BASE + path in answer.json()["detail"]


def test_records_and_evidence_are_found_from_their_iris(web: httpx.Client) -> None:
    record = _an(web, "Measure")
    led = web.get(f"/id/records/{record}", headers={"Accept": "text/turtle"})
    assert (led.status_code, led.headers["location"]) == (303, f"{web.base_url}/records/{record}.ttl")
    page = web.get(f"/id/records/{record}", headers={"Accept": "text/html"})
    assert page.headers["location"] == f"{web.base_url}/records/{record}"
    passage = web.get(f"/evidence/{record}-e1", headers={"Accept": "text/turtle"})
    assert "nx:locator" in passage.text
    shown = web.get(f"/evidence/{record}-e1", headers={"Accept": "text/html"})
    assert shown.headers["location"] == f"{web.base_url}/records/{record}#e1"
    assert web.get(f"/evidence/{record}-e99").status_code == 404
    assert web.get("/id/elsewhere/x").status_code == 404


def test_the_vocabularies_are_listed_as_data(web: httpx.Client) -> None:
    turtle = web.get("/vocabularies", headers={"Accept": "text/turtle"}).text
    listed = web.get("/vocabularies", headers={"Accept": "application/json"}).json()["vocabularies"]
    schemes = set(Graph().parse(data=turtle).subjects(RDF.type, SKOS.ConceptScheme))
    assert {each["iri"] for each in listed} == set(map(str, schemes))


def test_the_context_is_that_of_the_documents(web: httpx.Client) -> None:
    record = _an(web, "Measure")
    document = web.get(f"/records/{record}.jsonld").text
    assert "@context" in web.get("/context.jsonld").json()
    assert (URIRef(f"{BASE}records/{record}"), RDF.type, NX.Measure) in Graph().parse(
        data=document, format="json-ld"
    )


def test_dumps_hold_the_whole_base_and_are_as_described(web: httpx.Client, store: OxigraphStore) -> None:
    described = Graph().parse(data=web.get("/dumps", headers={"Accept": "text/turtle"}).text)
    files = {str(o) for o in described.objects(None, DCAT.downloadURL)}
    assert files == {str(o) for o in described.objects(DATASET, VOID.dataDump)}
    assert len(files) == 3
    sums = {str(value) for value in described.objects() if len(str(value)) == 64}
    for file in files:
        content = web.get(file).content
        assert hashlib.sha256(content).hexdigest() in sums
    lines = gzip.decompress(web.get("/dumps/nexuskb.nq.gz").content).splitlines()
    assert len(lines) == sum(len(store.dump(graph).splitlines()) for graph in store.graphs())
    assert (DATASET, DCTERMS.license, None) in described
    assert len(Graph().parse(data=web.get("/dataset", headers={"Accept": "text/turtle"}).text)) == len(
        described
    )
    assert (DATASET, DCTERMS.identifier, None) in described


def test_a_dump_that_the_client_has_is_not_sent_again(web: httpx.Client) -> None:
    tag = web.head("/dumps/nexuskb.trig.gz").headers["etag"]
    assert web.get("/dumps/nexuskb.trig.gz", headers={"If-None-Match": tag}).status_code == 304
    assert web.get("/dumps/nothing.gz").status_code == 404


def test_every_interlinkage_is_a_valid_nanopublication(web: httpx.Client) -> None:
    listed = web.get("/search", params={"kind": "Interlinkage", "format": "csv"}).text
    identifiers = [row["record"].rpartition("/")[2] for row in csv.DictReader(io.StringIO(listed))]
    assert len(identifiers) > 200
    texts = []
    for identifier in identifiers[::10]:
        answer = web.get(f"/nanopublications/{identifier}.trig")
        assert answer.headers["content-type"].startswith("application/trig")
        parsed, itself = Dataset(), f"{BASE}nanopublications/{identifier}"
        parsed.parse(data=answer.text, format="trig")
        assert (URIRef(f"{BASE}records/{identifier}"), NX["from"], None) in parsed.graph(
            URIRef(f"{itself}#assertion")
        )
        assert (None, NX.locator, None) in parsed.graph(URIRef(f"{itself}#provenance"))
        texts.append(answer.text)
    judged = subprocess.run(
        [sys.executable, "-c", JUDGE], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    assert judged.stdout.split() == ["True"] * len(texts)


def test_what_is_no_interlinkage_is_no_nanopublication(web: httpx.Client) -> None:
    assert web.get(f"/nanopublications/{_an(web, 'Policy')}").status_code == 404
    assert web.get("/nanopublications/Not%20a%20name").status_code == 404
