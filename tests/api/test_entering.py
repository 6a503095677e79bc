"""Entering records over HTTP, with a real server: steps, tags, keys, rights, faults, and visibility."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from rdflib import Graph
from tests.conftest import serving
from tests.entering import policy_document
from tests.homes import own_home

from nexuskb.people.rights import Role
from nexuskb.people.tokens import Grant, add_token, revoke_token
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings
from nexuskb.terms import GRAPHS, PREFIXES, concept_iri

MERGE = "application/merge-patch+json"
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def home(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The real base with a home, and so a ledger, of its own."""
    return own_home(settings, tmp_path_factory.mktemp("entering"))


@pytest.fixture(scope="module")
def tokens(home: Settings) -> dict[str, str]:
    """Tokens of people of each role, by name."""
    mongolia = frozenset({concept_iri("area", "mng")})
    people = {
        "Bat": (Role.CONTRIBUTOR, mongolia),
        "Li": (Role.CONTRIBUTOR, frozenset({concept_iri("area", "chn")})),
        "Ministry": (Role.REVIEWER, mongolia),
        "Ed": (Role.EDITOR, frozenset()),
    }
    with Ledger.open(home.home) as ledger:
        return {
            name: add_token(ledger, Grant(name, role, areas), by="test")
            for name, (role, areas) in people.items()
        }


@pytest.fixture(scope="module")
def address(home: Settings, tokens: dict[str, str]) -> Iterator[str]:
    with serving(home, NEXUSKB_CLIENT_SECONDS="0") as (address, _):
        yield address


class Visitor:
    """Somebody with a token, or without one."""

    def __init__(self, address: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.web = httpx.Client(base_url=address, headers=headers, timeout=120)

    def call(self, method: str, path: str, status: int = 200, tag: str = "", **parts: Any) -> httpx.Response:
        headers = {**parts.pop("headers", {}), **({"If-Match": f'"{tag}"'} if tag else {})}
        response = self.web.request(method, path, headers=headers, **parts)
        assert response.status_code == status, response.text
        return response

    def tag(self, name: str) -> str:
        tag: str = self.call("GET", f"/records/{name}/standing").json()["tag"]
        return tag

    def step(self, name: str, step: str, status: int = 200, **words: Any) -> httpx.Response:
        return self.call("POST", f"/records/{name}/{step}", status, self.tag(name), json=words)


@pytest.fixture
def bat(address: str, tokens: dict[str, str]) -> Visitor:
    return Visitor(address, tokens["Bat"])


@pytest.fixture
def ed(address: str, tokens: dict[str, str]) -> Visitor:
    return Visitor(address, tokens["Ed"])


def policy(**changed: Any) -> dict[str, Any]:
    """A policy that conforms, with an identifier that no other test uses."""
    document = {**policy_document(f"mng-law-entered-{next(_NUMBERS)}"), **changed}
    return {key: value for key, value in document.items() if value is not None}


def label(visitor: Visitor, name: str) -> list[str]:
    """What everybody sees of a record by SPARQL."""
    query = f"SELECT ?l {{ rec:{name} rdfs:label ?l }}"
    rows = visitor.call("GET", "/sparql", params={"query": query, "format": "json"}).json()["results"][
        "bindings"
    ]
    return [row["l"]["value"] for row in rows]


def found(visitor: Visitor, words: str) -> list[str]:
    hits = visitor.call("GET", "/search", params={"q": words, "format": "json"}).json()["hits"]
    return [hit["identifier"] for hit in hits]


def entered(bat: Visitor, ed: Visitor, **changed: Any) -> str:
    """The identifier of a record that went all the way into the base."""
    document = policy(**changed)
    bat.call("POST", "/records", 201, json=document, params={"submit": "true"})
    ed.step(document["identifier"], "accept")
    name: str = document["identifier"]
    return name


def test_a_record_goes_from_draft_to_accepted_and_is_visible_then(
    address: str, bat: Visitor, ed: Visitor
) -> None:
    public = Visitor(address)
    document = policy(label="Law on Zanzibar Winds", sector=None)
    name = document["identifier"]
    begun = bat.call("POST", "/records", 201, json=document)
    assert begun.headers["location"] == f"{address}/records/{name}/standing"
    assert begun.json()["done"][0]["state"] == "draft"
    assert "submit" in begun.json()["possible"]
    assert begun.headers["etag"] == f'"{bat.tag(name)}"'
    patch = json.dumps({"sector": ["environment"], "issuingBody": None})
    changed = bat.call(
        "PATCH", f"/records/{name}", tag=bat.tag(name), content=patch, headers={"Content-Type": MERGE}
    )
    assert changed.json()["record"]["sector"] == ["environment"]
    assert "issuingBody" not in changed.json()["record"]
    document |= {"sector": ["environment"]}
    bat.call("PUT", f"/records/{name}", tag=bat.tag(name), json=document)
    assert label(public, name) == []
    assert [each["identifier"] for each in bat.call("GET", "/drafts").json()["drafts"]].count(name) == 1
    bat.step(name, "submit")
    ed.step(name, "take")
    ed.step(name, "accept")
    assert label(public, name) == ["Law on Zanzibar Winds"]
    assert found(public, "zanzibar") == [name]
    assert public.call("GET", f"/records/{name}.json").json()["label"] == "Law on Zanzibar Winds"
    assert name not in {each["identifier"] for each in bat.call("GET", "/drafts").json()["drafts"]}
    ed.call("DELETE", f"/records/{name}", 422, ed.tag(name))
    ed.call("DELETE", f"/records/{name}", tag=ed.tag(name), params={"why": "It was never passed."})
    assert label(public, name) == []
    assert found(public, "zanzibar") == []


def test_entity_tags_change_with_the_base_and_answers_are_never_of_the_one_before(
    address: str, bat: Visitor, ed: Visitor
) -> None:
    public = Visitor(address)
    asked = {"query": "SELECT (COUNT(*) AS ?n) { ?p a nx:Policy }", "format": "json"}
    before = public.call("GET", "/sparql", params=asked)
    number = int(before.json()["results"]["bindings"][0]["n"]["value"])
    known = {"If-None-Match": before.headers["etag"]}
    public.call("GET", "/sparql", 304, params=asked, headers=known)
    entered(bat, ed)
    after = public.call("GET", "/sparql", params=asked, headers=known)
    assert int(after.json()["results"]["bindings"][0]["n"]["value"]) == number + 1
    assert after.headers["etag"] != before.headers["etag"]


@pytest.mark.parametrize("kind", ["text/turtle", "application/ld+json"])
def test_turtle_and_json_ld_are_taken_as_well(bat: Visitor, kind: str) -> None:
    name = f"mng-law-entered-{next(_NUMBERS)}"
    graph = Graph().parse(
        data="".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
        + f'rec:{name} a nx:Policy ; rdfs:label "Law"@en ; dcterms:identifier "{name}" ; nx:area area:mng .',
        format="turtle",
    )
    body = graph.serialize(format="turtle" if kind == "text/turtle" else "json-ld")
    done = bat.call("POST", "/records", 201, content=body, headers={"Content-Type": kind}).json()
    assert done["record"]["label"] == "Law"
    assert any(violation["blocking"] for violation in done["violations"])


def test_a_dry_run_says_what_would_come_of_it_and_does_nothing(bat: Visitor) -> None:
    document = policy(legalStatus="in-forse")
    told = bat.call("POST", "/records", params={"dry_run": "true"}, json=document).json()
    assert told["dry_run"] is True
    fault = next(each for each in told["violations"] if each["suggestion"])
    assert fault["suggestion"] == "in-force"
    bat.call("GET", f"/records/{document['identifier']}/standing", 404)


def test_what_does_not_conform_is_rejected_with_field_value_message_and_suggestion(bat: Visitor) -> None:
    document = policy(legalStatus="in-forse")
    bat.call("POST", "/records", 201, json=document)
    problem = bat.step(document["identifier"], "submit", 422)
    assert problem.headers["content-type"] == "application/problem+json"
    fault = next(each for each in problem.json()["violations"] if each["suggestion"])
    assert fault["field"] == "Legal status"
    assert "in-forse" in fault["value"]
    assert fault["message"]


def test_a_submission_that_cannot_be_read_is_told_with_its_places(bat: Visitor) -> None:
    document = policy(colour="green")
    fault = bat.call("POST", "/records", 422, json=document).json()["violations"][0]
    assert fault["place"] == "/colour"
    broken = bat.call("POST", "/records", 422, content=b"{", headers={"Content-Type": "application/json"})
    assert "line 1" in broken.json()["violations"][0]["place"]
    xml = {"Content-Type": "application/rdf+xml"}
    bat.call("POST", "/records", 415, content=b"<rdf/>", headers=xml)
    large = b'{"a": "' + b"x" * 1_000_000 + b'"}'
    bat.call("POST", "/records", 413, content=large, headers={"Content-Type": "application/json"})


def test_several_records_enter_together_or_not_at_all(bat: Visitor) -> None:
    good, other = policy(), policy()
    bad = policy(colour="green")
    bat.call("POST", "/records", 422, json=[good, bad])
    bat.call("GET", f"/records/{good['identifier']}/standing", 404)
    assert len(bat.call("POST", "/records", 201, json=[good, other]).json()["done"]) == 2


def test_what_exists_is_changed_only_by_who_has_seen_it(bat: Visitor) -> None:
    document = policy()
    name = document["identifier"]
    bat.call("POST", "/records", 201, json=document)
    old = bat.tag(name)
    told = bat.call("PUT", f"/records/{name}", 428, json=document)
    assert told.headers["etag"] == f'"{old}"'
    bat.call("PATCH", f"/records/{name}", 428, json={"label": "x"})
    bat.call("POST", f"/records/{name}/submit", 428)
    bat.call("DELETE", f"/records/{name}", 428)
    bat.call("PUT", f"/records/{name}", tag=old, json=document | {"label": "Law on Sand"})
    stale = bat.call("PUT", f"/records/{name}", 412, old, json=document)
    assert stale.json()["tag"] == bat.tag(name)
    assert "Nothing" in stale.json()["detail"] or "nothing of yours" in stale.json()["detail"]
    assert bat.call("GET", f"/records/{name}/standing").json()["record"]["label"] == "Law on Sand"
    bat.call("PUT", f"/records/{name}", 400, json=document, headers={"If-Match": "r1"})
    bat.call("PUT", f"/records/{name}", json=document, headers={"If-Match": "*"})


def test_two_editors_on_one_record_one_of_them_is_told(bat: Visitor) -> None:
    document = policy()
    name = document["identifier"]
    bat.call("POST", "/records", 201, json=document)
    tag = bat.tag(name)

    def put(number: int) -> int:
        body = document | {"label": f"Law {number}"}
        headers = {"If-Match": f'"{tag}"'}
        return bat.web.put(f"/records/{name}", json=body, headers=headers).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(put, range(4))) == [200, 412, 412, 412]


def test_a_call_with_a_key_is_done_once(bat: Visitor) -> None:
    document = policy()
    key = {"Idempotency-Key": f"key-{document['identifier']}"}
    first = bat.call("POST", "/records", 201, json=document, headers=key).json()
    again = bat.call("POST", "/records", 201, json=document, headers=key).json()
    assert again["repeated"] is True
    assert again["done"] == first["done"]
    bat.call("POST", "/records", 422, json=document | {"label": "Other"}, headers=key)


def test_a_step_out_of_order_says_what_is_possible(bat: Visitor, ed: Visitor) -> None:
    document = policy()
    bat.call("POST", "/records", 201, json=document)
    assert "submit" in ed.step(document["identifier"], "accept", 409).json()["possible"]


def test_who_may_not_is_told_so_and_sees_nothing(address: str, tokens: dict[str, str], bat: Visitor) -> None:
    document = policy()
    name = document["identifier"]
    bat.call("POST", "/records", 201, json=document)
    bat.step(name, "submit")
    bat.step(name, "accept", 403)
    Visitor(address, tokens["Li"]).call("GET", f"/records/{name}/standing", 404)
    Visitor(address, tokens["Li"]).call("POST", "/records", 403, json=policy())
    for path in (f"/records/{name}/standing", "/drafts"):
        refused = Visitor(address).call("GET", path, 401)
        assert refused.headers["www-authenticate"].startswith("Bearer")
    Visitor(address).call("POST", "/records", 401, json=policy())
    Visitor(address, "nexuskb_000000000000_" + "x" * 43).call("GET", "/drafts", 401)
    bat.call("GET", "/drafts", 401, headers={"Authorization": "Basic QmF0OkJhdA=="})


def test_expired_and_revoked_tokens_let_nobody_in(address: str, home: Settings) -> None:
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    with Ledger.open(home.home, lambda: past) as ledger:
        expired = add_token(ledger, Grant("Old", Role.EDITOR, expires=past + dt.timedelta(days=1)), by="t")
    with Ledger.open(home.home) as ledger:
        revoked = add_token(ledger, Grant("Gone", Role.EDITOR), by="t")
        Visitor(address, revoked).call("GET", "/drafts")
        revoke_token(ledger, "Gone", by="t")
    for token in (expired, revoked):
        problem = Visitor(address, token).call("GET", "/drafts", 401)
        assert token not in problem.text


def test_comments_are_reviews_of_their_own(
    address: str, tokens: dict[str, str], bat: Visitor, ed: Visitor
) -> None:
    name = entered(bat, ed)
    ministry = Visitor(address, tokens["Ministry"])
    said = ministry.call(
        "POST", f"/records/{name}/comments", 201, json={"text": "The year is missing."}
    ).json()
    assert said["record"]["kind"] == "Review"
    assert said["done"][0]["state"] == "submitted"
    asked = {"kind": "requested-change", "text": "Say more.", "wording": "It protects soil and crops."}
    ministry.call("POST", f"/records/{name}/comments", 201, json=asked)
    ministry.call("POST", f"/records/{name}/comments", 422, json={"kind": "praise", "text": "Good."})
    ministry.call("POST", f"/records/{name}/comments", 400, json={})
    ministry.call("POST", f"/records/{name}/comments", 400, json={"text": "x", "mood": "good"})


def test_changes_are_requested_with_words_and_answered(bat: Visitor, ed: Visitor) -> None:
    document = policy()
    name = document["identifier"]
    bat.call("POST", "/records", 201, json=document, params={"submit": "true"})
    ed.step(name, "request-changes", 422)
    ed.step(name, "request-changes", why="Which article?")
    assert bat.call("GET", f"/records/{name}/standing").json()["state"] == "changes-requested"
    bat.call("PUT", f"/records/{name}", tag=bat.tag(name), json=document, params={"submit": "true"})
    ed.step(name, "accept")


def test_the_life_of_a_record_can_be_read_and_a_revision_restored(bat: Visitor, ed: Visitor) -> None:
    name = entered(bat, ed, label="First title")
    held = bat.call("GET", f"/records/{name}/standing").json()["record"]
    bat.call("PUT", f"/records/{name}", tag=bat.tag(name), json=held | {"label": "Second title"})
    bat.step(name, "submit")
    ed.step(name, "accept")
    events = bat.call("GET", f"/records/{name}/revisions").json()["events"]
    assert [event["step"] for event in events] == ["save", "submit", "accept"] * 2
    assert {event["who"] for event in events} == {"Bat", "Ed"}
    assert bat.call("GET", f"/records/{name}/revisions/1").json()["record"]["label"] == "First title"
    told = bat.call("GET", f"/records/{name}/revisions/2/since/1").json()["differences"]
    assert [(each["removed"], each["added"]) for each in told] == [(["First title"], ["Second title"])]
    bat.call("GET", f"/records/{name}/revisions/9", 404)
    bat.step(name, "restore", 400)
    restored = bat.step(name, "restore", revision=1).json()
    assert restored["record"]["label"] == "First title"
    assert restored["done"][0]["state"] == "draft"


def test_drafts_are_queried_by_who_may_see_them_and_by_nobody_else(
    address: str, tokens: dict[str, str], bat: Visitor
) -> None:
    document = policy(label="Law on Secret Dunes")
    bat.call("POST", "/records", 201, json=document)
    kind = {"Content-Type": "application/sparql-query", "Accept": "text/csv"}
    pattern = f"GRAPH <{GRAPHS.drafts}> {{ rec:{document['identifier']} rdfs:label ?l }}"
    query = f"SELECT ?l {{ {pattern} ?p a nx:Policy }} LIMIT 1"
    li = Visitor(address, tokens["Li"])
    for _ in range(3):
        assert "Secret" in bat.call("POST", "/drafts/sparql", content=query, headers=kind).text
        assert "Secret" not in li.call("POST", "/drafts/sparql", content=query, headers=kind).text
        assert label(Visitor(address), document["identifier"]) == []
    Visitor(address).call("POST", "/drafts/sparql", 401, content=query, headers=kind)
    public = {"query": f"SELECT * FROM <{GRAPHS.drafts}> {{ ?s ?p ?o }}"}
    Visitor(address).call("GET", "/sparql", 403, params=public)
    bat.call("POST", "/drafts/sparql", 403, content="INSERT DATA { <a:a> <a:b> 1 }", headers=kind)
    bat.call("POST", "/drafts/sparql", 400, content="SELECT", headers=kind)
    bat.call("POST", "/drafts/sparql", 415, content=query, headers={"Content-Type": "text/plain"})


def test_a_field_takes_a_bounded_number_of_values(bat: Visitor) -> None:
    told = bat.call("POST", "/records", 422, json=policy(note=[f"Note {n}." for n in range(201)]))
    assert "skos:note has 201 values; a field takes 200" in told.json()["detail"]


def test_others_are_answered_while_a_long_submission_is_judged(
    address: str, bat: Visitor, ed: Visitor
) -> None:
    notes = [f"Note {number} on wind, soil, water and what people make of them." for number in range(190)]
    many = [policy(note=notes) for _ in range(20)]
    with ThreadPoolExecutor(1) as threads:
        judged = threads.submit(bat.call, "POST", "/records", 200, params={"dry_run": "true"}, json=many)
        answered = 0
        while not judged.done():
            assert label(Visitor(address), "mng-ndc-2020")
            answered += 1
        told = judged.result().json()
    assert len(told["done"]) == 20
    assert all(len(each["similar"]) <= 5 for each in told["violations"] if each["field"] == "Duplicate")
    assert answered > 1
    bat.call("POST", "/records", 201, json=policy())


def test_prefer_leaves_the_record_out(bat: Visitor) -> None:
    minimal = {"Prefer": "return=minimal"}
    assert "record" not in bat.call("POST", "/records", 201, json=policy(), headers=minimal).json()


def test_a_curated_record_is_changed_in_the_same_way(address: str, bat: Visitor, ed: Visitor) -> None:
    name = "mng-billion-trees-2021"
    held = ed.call("GET", f"/records/{name}/standing").json()
    assert held["state"] == "accepted"
    ed.call("PUT", f"/records/{name}", tag=held["tag"], json=held["record"] | {"label": "Two Billion Trees"})
    assert label(Visitor(address), name) != ["Two Billion Trees"]
    ed.step(name, "submit")
    bat.step(name, "accept", 403)


def test_many_calls_in_a_short_time_are_put_off(address: str, home: Settings) -> None:
    with Ledger.open(home.home) as ledger:
        eager = Visitor(address, add_token(ledger, Grant("Eager", Role.CONTRIBUTOR), by="t"))
    responses = [eager.web.post("/records/a/submit") for _ in range(140)]
    refused = [each for each in responses if each.status_code == 429]
    assert refused
    assert eager.web.get("/drafts").status_code == 200
    assert int(refused[0].headers["retry-after"]) >= 1


def test_the_description_of_the_api_names_what_can_be_entered(address: str) -> None:
    api = Visitor(address).call("GET", "/openapi.json").json()
    for path, method in (
        ("/records", "post"), ("/records/{name}", "put"), ("/records/{name}", "patch"),
        ("/records/{name}", "delete"), ("/records/{name}/accept", "post"),
        ("/records/{name}/revisions/{number}", "get"),
    ):  # fmt: skip
        assert api["paths"][path][method]["security"] == [{"token": []}]
    assert api["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {"application/json", "text/turtle", "application/ld+json"} <= set(
        api["paths"]["/records"]["post"]["requestBody"]["content"]
    )


def test_a_service_without_a_token_ever_made_lets_nobody_in(settings: Settings, tmp_path: Path) -> None:
    own = Settings(settings.ontology, tmp_path / "data", tmp_path / "home")
    own.data.mkdir()
    with serving(own) as (address, _):
        Visitor(address, "nexuskb_000000000000_" + "x" * 43).call("POST", "/records", 401, json=policy())
    assert not (own.home / "ledger.sqlite").exists()
