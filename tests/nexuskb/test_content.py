"""The curated files: which go into the store, into which graph, and whether they changed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from rdflib import OWL, RDF, SH, SKOS, Graph

from nexuskb.content import fingerprint, read_model, read_shapes, read_turtle, store_files
from nexuskb.errors import ContentError
from nexuskb.rules import rule_files
from nexuskb.settings import Settings
from nexuskb.terms import GRAPHS, NX, PREFIXES

TRIPLE = "<http://a.example/s> <http://a.example/p> <http://a.example/{}> .\n"


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """A base of five files and a rule."""
    texts = {
        "ontology/nexus.ttl": TRIPLE.format("ontology"),
        "ontology/vocabularies/drivers.ttl": TRIPLE.format("driver"),
        "ontology/alignments/concepts.ttl": TRIPLE.format("alignment"),
        "ontology/shapes/policy.ttl": TRIPLE.format("shape"),
        "ontology/rules/one.rq": "CONSTRUCT {} WHERE {}",
        "data/mng/policies.ttl": TRIPLE.format("policy"),
        "data/notes.txt": "not Turtle",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Settings(tmp_path / "ontology", tmp_path / "data", tmp_path / "home")


def generation(settings: Settings) -> str:
    return fingerprint(store_files(settings), rule_files(settings))


def test_every_kind_of_file_goes_to_the_graph_of_its_kind(small: Settings) -> None:
    placed = [(file.path.name, str(file.graph).rsplit("/", 1)[1]) for file in store_files(small)]
    assert placed == [
        ("nexus.ttl", "ontology"),
        ("drivers.ttl", "vocabularies"),
        ("concepts.ttl", "alignments"),
        ("policies.ttl", "records"),
    ]


def test_all_data_files_of_the_checkout_go_to_the_records(settings: Settings) -> None:
    counts = Counter(file.graph for file in store_files(settings))
    assert counts[GRAPHS.records] == len(list(settings.data.rglob("*.ttl"))) > 80
    assert counts[GRAPHS.ontology] == 1
    assert set(counts) == {GRAPHS.ontology, GRAPHS.vocabularies, GRAPHS.alignments, GRAPHS.records}


def test_the_order_of_the_files_is_always_the_same(settings: Settings) -> None:
    assert store_files(settings) == store_files(settings)
    paths = [file.path for file in store_files(settings) if file.graph == GRAPHS.records]
    assert paths == sorted(paths)


def test_the_same_content_elsewhere_has_the_same_fingerprint(small: Settings, tmp_path: Path) -> None:
    shutil.copytree(small.ontology, tmp_path / "copy" / "ontology")
    shutil.copytree(small.data, tmp_path / "copy" / "data")
    other = Settings(tmp_path / "copy" / "ontology", tmp_path / "copy" / "data", small.home)
    assert generation(other) == generation(small)


@pytest.mark.parametrize(
    "name",
    [
        "ontology/nexus.ttl",
        "ontology/vocabularies/drivers.ttl",
        "ontology/alignments/concepts.ttl",
        "ontology/rules/one.rq",
        "data/mng/policies.ttl",
    ],
)
def test_a_change_of_one_byte_changes_the_fingerprint(small: Settings, tmp_path: Path, name: str) -> None:
    before = generation(small)
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(" ")
    assert generation(small) != before


@pytest.mark.parametrize("name", ["ontology/shapes/policy.ttl", "data/notes.txt"])
def test_a_change_of_what_is_not_stored_does_not(small: Settings, tmp_path: Path, name: str) -> None:
    before = generation(small)
    (tmp_path / name).write_text("something else", encoding="utf-8")
    assert generation(small) == before


def test_a_new_file_changes_the_fingerprint_even_if_it_is_empty(small: Settings) -> None:
    before = generation(small)
    (small.data / "mng" / "targets.ttl").touch()
    assert generation(small) != before


def test_text_moved_from_one_file_to_the_next_changes_the_fingerprint(small: Settings) -> None:
    first, second = small.data / "mng" / "policies.ttl", small.data / "mng" / "targets.ttl"
    first.write_text("# a\n# b\n", encoding="utf-8")
    second.write_text("# c\n", encoding="utf-8")
    before = generation(small)
    first.write_text("# a\n", encoding="utf-8")
    second.write_text("# b\n# c\n", encoding="utf-8")
    assert generation(small) != before


def test_a_file_that_is_not_there_is_named(small: Settings) -> None:
    (small.ontology / "nexus.ttl").unlink()
    with pytest.raises(ContentError, match=r"nexus\.ttl cannot be read: No such file"):
        generation(small)


@pytest.mark.parametrize("content", [b"this is not Turtle", b'<http://a> <http://b> "\xff" .'])
def test_a_file_that_is_not_turtle_is_named(tmp_path: Path, content: bytes) -> None:
    good, bad = tmp_path / "good.ttl", tmp_path / "bad.ttl"
    good.write_text(TRIPLE.format("o"), encoding="utf-8")
    bad.write_bytes(content)
    with pytest.raises(ContentError, match=r"bad\.ttl is not readable Turtle"):
        read_turtle([good, bad])


def test_files_are_read_into_one_graph_with_the_prefixes_of_the_base(small: Settings) -> None:
    graph = read_turtle([file.path for file in store_files(small)])
    assert len(graph) == 4
    assert PREFIXES.items() <= {prefix: str(namespace) for prefix, namespace in graph.namespaces()}.items()


def test_the_model_is_ontology_and_vocabularies_without_shapes(model: Graph, settings: Settings) -> None:
    assert (NX.Policy, RDF.type, OWL.Class) in model
    assert any(model.subjects(RDF.type, SKOS.Concept))
    assert not any(model.subjects(RDF.type, SH.NodeShape))
    assert len(model) == len(read_model(settings))


def test_the_shapes_are_shapes_alone(settings: Settings) -> None:
    shapes = read_shapes(settings)
    assert any(shapes.subjects(SH.targetClass, NX.Policy))
    assert not any(shapes.subjects(RDF.type, OWL.Class))
