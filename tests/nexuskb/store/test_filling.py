"""Filling the store: new content is a new generation, and no other process ever sees half of one."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from tests.ledgers import accept, fresh

from nexuskb.errors import ContentError, SettingsError
from nexuskb.holding import hold
from nexuskb.records.ledger import LEDGER_FILE
from nexuskb.search.index import INDEX_FILE, open_index
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import fill, open_store, prepare
from nexuskb.terms import GRAPHS

TRIPLE = "<http://a.example/{}> <http://www.w3.org/2000/01/rdf-schema#label> 'x' .\n"


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """A base of two triples and a rule that derives one from each record."""
    texts = {
        "ontology/nexus.ttl": TRIPLE.format("term"),
        "ontology/rules/seen.rq": (
            "#+ title: Seen\n#+ rule: A record was seen.\n"
            f"CONSTRUCT {{ ?s nx:seen true }} WHERE {{ GRAPH <{GRAPHS.records}> {{ ?s ?p ?o }} }}"
        ),
        "data/mng/policies.ttl": TRIPLE.format("policy"),
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Settings(tmp_path / "ontology", tmp_path / "data", tmp_path / "home")


def put(settings: Settings, text: str, name: str = "policies.ttl") -> None:
    (settings.data / "mng" / name).write_text(text, encoding="utf-8")


def on_disk(settings: Settings) -> set[str]:
    directory = settings.home / "generations"
    return {path.name for path in directory.iterdir()} if directory.is_dir() else set()


def labelled(store: OxigraphStore) -> set[str]:
    return {str(row["s"]).rsplit("/", 1)[1] for row in store.select("SELECT ?s { ?s rdfs:label ?l }")}


def test_the_first_opening_fills_the_store(small: Settings) -> None:
    store = open_store(small)
    assert labelled(store) == {"term", "policy"}
    assert on_disk(small) == {store.generation}


def test_what_the_rules_derive_is_in_a_graph_of_its_own(small: Settings) -> None:
    (row,) = open_store(small).select("SELECT ?g ?s { GRAPH ?g { ?s nx:seen true } }")
    assert row["g"] == GRAPHS.derived
    assert str(row["s"]) == "http://a.example/policy"


def test_the_same_content_is_not_filled_again(small: Settings) -> None:
    first = open_store(small)
    calls: list[tuple[int, int, str]] = []
    second = open_store(small, lambda *call: calls.append(call))
    assert second.generation == first.generation
    assert calls == []


def test_progress_names_each_file_and_ends_with_all_done(small: Settings) -> None:
    calls: list[tuple[int, int, str]] = []
    open_store(small, lambda *call: calls.append(call))
    assert calls == [(0, 2, "nexus.ttl"), (1, 2, "policies.ttl"), (2, 2, "")]


def test_changed_content_is_a_new_generation_that_holds_the_new_content_alone(small: Settings) -> None:
    before = open_store(small)
    put(small, TRIPLE.format("other"))
    after = open_store(small)
    assert after.generation != before.generation
    assert labelled(after) == {"term", "other"}
    assert labelled(before) == {"term", "policy"}


def test_content_that_comes_back_has_its_old_generation(small: Settings) -> None:
    before = open_store(small).generation
    put(small, TRIPLE.format("other"))
    open_store(small)
    put(small, TRIPLE.format("policy"))
    assert open_store(small).generation == before


def test_a_changed_rule_is_a_new_generation(small: Settings) -> None:
    before = open_store(small)
    rule = small.ontology / "rules" / "seen.rq"
    rule.write_text(
        rule.read_text(encoding="utf-8").replace("nx:seen true", "nx:seen false"), encoding="utf-8"
    )
    after = open_store(small)
    assert after.generation != before.generation
    assert len(list(after.select("SELECT ?s { ?s nx:seen false }"))) == 1


@pytest.mark.parametrize("first", [True, False], ids=["from nothing", "after a good generation"])
@pytest.mark.parametrize(
    "content",
    [
        b"<http://a.example/a> <http://a.example/b> .",
        b'<http://a> <http://b> "\xff\xfe" .',
        b"rec:a rec:b 1 .",
    ],
    ids=["syntax", "not UTF-8", "prefix"],
)
def test_a_file_in_error_is_named_and_leaves_nothing_behind(small, first: bool, content: bytes) -> None:
    kept = set() if first else {open_store(small).generation}
    (small.data / "mng" / "targets.ttl").write_bytes(TRIPLE.format("good").encode() + content)
    for _ in range(2):
        with pytest.raises(ContentError, match=r"targets\.ttl is not readable Turtle"):
            open_store(small)
        assert on_disk(small) == kept
    (small.data / "mng" / "targets.ttl").unlink()
    assert labelled(open_store(small)) == {"term", "policy"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p", "does not parse"),
        ("SELECT * { ?s ?p ?o }", "is not a CONSTRUCT query"),
    ],
)
def test_a_rule_in_error_is_named_and_leaves_nothing_behind(small: Settings, text: str, words: str) -> None:
    (small.ontology / "rules" / "bad.rq").write_text(
        f"#+ title: Bad\n#+ rule: Bad.\n{text}", encoding="utf-8"
    )
    with pytest.raises(ContentError, match=f"rule bad {words}"):
        open_store(small)
    assert on_disk(small) == set()


def test_an_interruption_leaves_nothing_behind(small: Settings) -> None:
    def interrupt(done: int, total: int, name: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_store(small, interrupt)
    assert on_disk(small) == set()
    assert labelled(open_store(small)) == {"term", "policy"}


def test_while_a_generation_is_built_its_directory_is_not_there(small: Settings) -> None:
    seen: list[set[str]] = []
    _, generation = prepare(small, lambda *_: seen.append(on_disk(small)))
    assert len(seen) == 3
    for present in seen[:2]:
        assert generation not in present
    assert generation in seen[2]


def test_the_generation_before_is_kept_and_older_ones_are_forgotten(small: Settings) -> None:
    generations = []
    for number in range(4):
        put(small, TRIPLE.format(f"policy{number}"))
        generations.append(open_store(small).generation)
        os.utime(small.home / "generations" / generations[-1], (number, number))
    assert on_disk(small) == set(generations[-2:])


def test_what_a_killed_filling_left_is_cleared_away_and_takes_no_generations_place(small: Settings) -> None:
    before = open_store(small).generation
    left = small.home / "generations" / "building-left"
    left.mkdir()
    (left / "half").touch()
    put(small, TRIPLE.format("other"))
    after = open_store(small).generation
    assert on_disk(small) == {before, after}


def test_a_running_reader_keeps_its_generation_while_a_new_one_is_made(small: Settings) -> None:
    reader = open_store(small)
    put(small, TRIPLE.format("other"))
    open_store(small)
    assert labelled(reader) == {"term", "policy"}


@pytest.mark.parametrize(
    "make", [Path.touch, lambda path: path.symlink_to("/proc/nowhere")], ids=["file", "link"]
)
def test_a_home_that_cannot_be_made_is_named_with_its_setting(small: Settings, make) -> None:
    make(small.home)
    with pytest.raises(SettingsError, match="NEXUSKB_HOME") as caught:
        open_store(small)
    assert str(small.home) in str(caught.value)


def fill_together(settings: Settings, start: Barrier, results: multiprocessing.Queue) -> None:
    start.wait()
    built: list[int] = []
    store = open_store(settings, lambda *_: built.append(1))
    results.put((store.generation, bool(built), len(store)))


def test_processes_that_fill_at_once_make_one_store_and_all_read_it(
    small: Settings, settings: Settings
) -> None:
    real = Settings(settings.ontology, settings.data, small.home)
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(2), context.Queue()
    processes = [context.Process(target=fill_together, args=(real, start, results)) for _ in range(2)]
    for process in processes:
        process.start()
    found = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    (generation,) = {generation for generation, _, _ in found}
    assert on_disk(small) == {generation}
    assert sum(built for _, built, _ in found) == 1
    assert {size for _, _, size in found} == {len(open_store(real))}


def test_the_whole_base_is_the_same_store_wherever_it_is_filled(settings: Settings, tmp_path: Path) -> None:
    def copy(origin: Settings, name: str) -> Settings:
        for part in ("ontology", "data"):
            shutil.copytree(getattr(origin, part), tmp_path / name / part)
        return Settings(*(tmp_path / name / part for part in ("ontology", "data", "home")))

    first = copy(settings, "first")
    one, other = open_store(first), open_store(copy(first, "second"))
    assert one.generation == other.generation
    assert len(one) == len(other) > 70_000


def contents(settings: Settings) -> set[str]:
    store = open_store(settings)
    return {line for graph in store.graphs() for line in store.dump(graph).decode().splitlines()}


def test_what_the_ledger_accepted_is_in_the_store_and_its_generation(small: Settings) -> None:
    before = open_store(small)
    accept(small, fresh(1))
    after = open_store(small)
    assert after.generation != before.generation
    assert labelled(after) == {"term", "policy", "fresh-1"}
    assert labelled(before) == {"term", "policy"}


def test_a_generation_made_of_an_earlier_one_is_as_one_made_anew(small: Settings, tmp_path: Path) -> None:
    open_store(small)
    for number in range(3):
        accept(small, fresh(number))
        open_store(small)
    other = Settings(small.ontology, small.data, tmp_path / "other")
    other.home.mkdir()
    shutil.copy(small.home / LEDGER_FILE, other.home)
    assert contents(small) == contents(other)
    assert open_store(small).generation == open_store(other).generation
    found = [open_index(prepare(s)[0] / INDEX_FILE).search("fresh") for s in (small, other)]
    assert found[0] == found[1]
    assert found[0].total == 3


def test_a_ledger_restored_from_a_backup_is_served_as_it_is(small: Settings) -> None:
    open_store(small)
    accept(small, fresh(1))
    backup = (small.home / LEDGER_FILE).read_bytes()
    accept(small, fresh(2))
    assert "fresh-2" in labelled(open_store(small))
    for suffix in ("", "-wal", "-shm"):
        (small.home / (LEDGER_FILE + suffix)).unlink(missing_ok=True)
    (small.home / LEDGER_FILE).write_bytes(backup)
    accept(small, fresh(3))
    assert labelled(open_store(small)) == {"term", "policy", "fresh-1", "fresh-3"}


def test_a_generation_that_is_held_is_not_cleared_away(small: Settings) -> None:
    first = fill(small)
    with hold(first.directory):
        for number in range(3):
            accept(small, fresh(number))
            fill(small)
        assert first.directory.is_dir()
    accept(small, fresh(9))
    fill(small)
    assert not first.directory.is_dir()
    assert len(on_disk(small)) == 2
