"""A store that went through changes is the store filled with what the records have become."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pyoxigraph as ox
import pytest

from nexuskb.errors import ContentError
from nexuskb.rules import Rule, read_rules
from nexuskb.search.building import update_index, write_index
from nexuskb.search.documents import Document, read_documents
from nexuskb.search.index import INDEX_FILE, SearchIndex, open_index
from nexuskb.settings import Settings
from nexuskb.store.changing import RECORDS, change
from nexuskb.store.deriving import DERIVED, derive
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import prepare
from nexuskb.terms import EV, GRAPHS, PREFIXES, REC, owner

HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
IDENTIFIERS = [f"r{number}" for number in range(24)]


def model(settings: Settings) -> ox.Store:
    """A store with the ontology and the vocabularies, what the rules conclude from them, and no record."""
    store = ox.Store()
    files = [
        (settings.ontology / "nexus.ttl", GRAPHS.ontology),
        *((path, GRAPHS.vocabularies) for path in (settings.ontology / "vocabularies").glob("*.ttl")),
    ]
    for path, graph in files:
        store.load(path=str(path), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(str(graph)))
    store.extend(whole(store, read_rules(settings)))
    return store


def record(identifier: str, rng: random.Random) -> bytes:
    """A record with the properties that rules read, drawn tied to others at random."""

    def other() -> str:
        return f"rec:{rng.choice(IDENTIFIERS)}"

    def term(*names: str) -> str:
        return rng.choice(names)

    kind = term(
        "Policy", "Measure", "Interlinkage", "Interlinkage", "Interlinkage", "DriverFinding", "CoverageNote",
        "Source", "Target",
    )  # fmt: skip
    says = [
        f"a nx:{kind}",
        f'dcterms:identifier "{identifier}"',
        f'rdfs:label "{kind} {rng.randrange(9)}"@en',
        "nx:reviewState review:accepted",
        f"nx:area {term('area:mng', 'area:chn', 'area:north-east-asia')}",
    ]
    free = [
        f"nx:ofPolicy {other()}",
        f"nx:addressesDriver {term('driver:overgrazing', 'driver:drought')}",
        f"nx:driver {term('driver:overgrazing', 'driver:drought')}",
        f"nx:addressesImpact {term('impact:soil-erosion', 'impact:dust-storms')}",
        f"nx:legalStatus {term('status:superseded', 'status:expired', 'status:in-force')}",
        f'nx:periodEnd "{rng.randrange(2000, 2004)}"^^xsd:gYear',
        f'nx:adopted "{rng.randrange(2000, 2004)}"^^xsd:gYear',
        f"nx:supersedes {other()}",
        f"nx:basis {term('basis:general-knowledge', 'basis:cited')}",
        f"nx:soleSupport {term('sensitivity:compiled-elsewhere', 'sensitivity:news')}",
        f"nx:sourceKind {term('sourcekind:news', 'sourcekind:legislation', 'sourcekind:law')}",
        f'nx:doi "10.1/{rng.randrange(3)}"',
        f'nx:url "http://a.example/{rng.randrange(3)}"',
        f'nx:caveat "Doubt {rng.randrange(3)}."@en',
        f"nx:from {term('driver:drought', other())} ; nx:to {term('driver:drought', other())}",
        f"nx:confidence {term('confidence:high', 'confidence:low')}",
        f"nx:outcome {term('outcome:not-found', 'outcome:found')}",
        f"nx:domain {term('domain:climate', 'domain:land', 'domain:water')}",
        f"nx:impact {term('impact:livestock-loss', 'impact:livestock-loss-dzud', 'impact:health')}",
        f'nx:unit "{term("ha", "km2", "furlongs")}" ; nx:value {rng.randrange(9)}.5',
    ]
    says += [line for line in free if rng.random() < (0.9 if kind == "Interlinkage" else 0.5)]
    passages = ""
    for number in range(rng.randrange(3)):
        node = f"ev:{identifier}-e{number}"
        says.append(f"nx:evidence {node}")
        passages += f"{node} a nx:Evidence ; nx:source {other()} .\n"
    if rng.random() < 0.2:
        says.append(f"nx:evidence ev:{rng.choice(IDENTIFIERS)}-e0")  # that of another record
    text = f"{HEAD}rec:{identifier} {' ; '.join(says)} .\n{passages}"
    triples = ox.parse(text, format=ox.RdfFormat.TURTLE)
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def quads(store: ox.Store, graph: ox.NamedNode) -> set[ox.Quad]:
    return set(store.quads_for_pattern(None, None, None, graph))


def whole(store: ox.Store, rules: list[Rule]) -> set[ox.Quad]:
    """What the rules conclude from everything."""
    return {ox.Quad(t.subject, t.predicate, t.object, DERIVED) for t in derive(store, rules)}


@pytest.mark.parametrize("seed", range(3))
def test_any_changes_leave_what_filling_anew_would_give(settings: Settings, seed: int) -> None:
    rng = random.Random(seed)
    rules = read_rules(settings)
    store = model(settings)
    held: dict[str, bytes | None] = {}
    documents: dict[str, Document] = {}
    seen = set()
    for step in range(50):
        some = rng.sample(IDENTIFIERS, rng.choice([1, 1, 1, 2, 5]))
        changed = {str(REC[name]): None if rng.random() < 0.2 else record(name, rng) for name in some}
        before = set(store)
        effect = change(store, changed, rules)
        held |= changed
        assert quads(store, DERIVED) == whole(store, rules), step
        assert set(store) == (before - effect.removed) | effect.added
        assert not effect.removed & effect.added
        for identifier, document in effect.documents.items():
            documents.pop(identifier, None)
            if document:
                documents[identifier] = document
        assert [documents[name] for name in sorted(documents)] == read_documents(OxigraphStore(store, ""))
        seen |= {quad.predicate.value for quad in quads(store, DERIVED)}
    fresh = model(settings)
    change(fresh, held, rules)
    assert set(fresh) == set(store)
    heads = {
        "addressesThroughMeasures",
        "inForceUntil",
        "reservation",
        "sourceCount",
        "firstLink",
        "standing",
        "restsOn",
        "unitTerm",
    }
    assert heads <= {iri.rsplit("/", 1)[1] for iri in seen}, "every rule concluded something"


def test_a_change_that_changes_nothing_does_nothing(settings: Settings) -> None:
    store, rules = model(settings), read_rules(settings)
    content = record("r1", random.Random(5))
    change(store, {str(REC.r1): content}, rules)
    effect = change(store, {str(REC.r1): content}, rules)
    assert not effect.removed
    assert not effect.added


def test_literals_that_the_store_writes_otherwise_are_no_difference(settings: Settings) -> None:
    store, rules = model(settings), read_rules(settings)
    triple = f'<{REC.r1}> <{PREFIXES["nx"]}value> "1.10"^^<{PREFIXES["xsd"]}decimal> .'.encode()
    change(store, {str(REC.r1): triple}, rules)
    effect = change(store, {str(REC.r1): triple}, rules)
    assert (len(effect.removed), len(effect.added)) == (0, 0)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (f"<{REC.r2}> <http://a/p> 'x' .", "stands in the record"),
        (f"<{EV['r2-e1']}> <http://a/p> 'x' .", "stands in the record"),
        ("<http://a/s> <http://a/p> 'x' .", "stands in the record"),
        ("_:b <http://a/p> 'x' .", "stands in the record"),
        (f"<{REC.r1}> <http://a/p> .", "not readable N-Triples"),
    ],
)
def test_statements_of_others_are_refused_and_nothing_is_changed(
    settings: Settings, statements: str, words: str
) -> None:
    store = model(settings)
    before = set(store)
    good = record("r3", random.Random(1))
    with pytest.raises(ContentError, match=words):
        change(store, {str(REC.r3): good, str(REC.r1): statements.replace("'", '"').encode()}, [])
    assert set(store) == before


def test_a_rule_that_cannot_be_divided_is_asked_whole(settings: Settings) -> None:
    store = ox.Store()
    rule = Rule(
        "all",
        "All",
        "All.",
        "CONSTRUCT { ?r nx:seen ?n } WHERE { { SELECT (COUNT(*) AS ?n) { ?x a nx:Policy } } ?r a nx:Policy }",
    )
    for number in range(3):
        text = f"<{REC[f'r{number}']}> a nx:Policy ."
        triples = ox.parse(HEAD + text, format=ox.RdfFormat.TURTLE)
        change(store, {str(REC[f"r{number}"]): ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)}, [rule])
        assert quads(store, DERIVED) == whole(store, [rule])
    assert len(quads(store, DERIVED)) == 3


def test_the_owner_of_a_node() -> None:
    assert owner(str(REC["a-b"])) == str(REC["a-b"])
    assert owner(str(EV["a-b-e12"])) == str(REC["a-b"])
    assert owner(str(EV["a-e1-e2"])) == str(REC["a-e1"])
    for other in (EV["a-b"], EV["a-ex"], EV["-e1"], "http://a.example/x", ""):
        assert owner(str(other)) is None


@pytest.fixture
def changed_index(settings: Settings, tmp_path: Path) -> tuple[SearchIndex, SearchIndex, str]:
    """The index of the base after many changes, one written anew, and a word that the changes brought."""
    directory, _ = prepare(settings)
    store = ox.Store()
    store.load(
        ox.Store.read_only(str(directory)).dump(format=ox.RdfFormat.N_QUADS), format=ox.RdfFormat.N_QUADS
    )
    rules, rng = read_rules(settings), random.Random(7)
    path = tmp_path / "changed.sqlite"
    path.write_bytes((directory / INDEX_FILE).read_bytes())
    index = sqlite3.connect(path, isolation_level=None)
    records = sorted(
        {q.subject.value for q in quads(store, RECORDS) if owner(q.subject.value) == q.subject.value}
    )
    for number in range(40):
        iri = rng.choice(records)
        held = [q for q in quads(store, RECORDS) if owner(q.subject.value) == iri]
        text = ox.serialize((q.triple for q in held), format=ox.RdfFormat.N_TRIPLES) or b""
        new = None if number % 5 == 0 else text.replace(b'"@en', b' pasture zanzibar"@en')
        effect = change(store, {iri: new}, rules)
        index.execute("BEGIN")
        update_index(index, effect.documents)
        index.execute("COMMIT")
    index.close()
    write_index(tmp_path / "anew.sqlite", read_documents(OxigraphStore(store, "")))
    return open_index(path), open_index(tmp_path / "anew.sqlite"), "zanzibar"


def test_a_changed_index_finds_what_one_written_anew_finds(
    changed_index: tuple[SearchIndex, SearchIndex, str],
) -> None:
    changed, anew, word = changed_index
    for query in (
        word,
        "pasture",
        '"land degradation"',
        "grazing -law",
        "荒漠化",
        "",
        "Conventio",
        "drought",
    ):
        assert changed.search(query, limit=5_000) == anew.search(query, limit=5_000), query
        assert changed.identifiers(query) == anew.identifiers(query)
    assert changed.search(word).total > 10
