"""The accepted base as files: the same bytes where nothing changed, the same base when loaded again."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rdflib import RDFS, Graph, Literal, URIRef
from tests.conftest import environment
from tests.entering import measure, policy, triples

from nexuskb.cli import main
from nexuskb.content import read_turtle
from nexuskb.errors import ContentError
from nexuskb.exchange.export import accepted_base, export, file_of
from nexuskb.people.rights import Person, Role
from nexuskb.records.desk import Desk
from nexuskb.records.entry import Entry
from nexuskb.records.ledger import Ledger
from nexuskb.records.life import Step
from nexuskb.settings import Settings
from nexuskb.store.ntriples import Triple
from nexuskb.terms import NX, record_iri
from nexuskb.validation.base import validate

WIND = record_iri("mng-law-wind")
BILLION_TREES = record_iri("mng-billion-trees-2021")
ADA = Person("Ada", Role.ADMIN)


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, home=tmp_path / "home")


@pytest.fixture
def ledger(own: Settings) -> Iterator[Ledger]:
    with Ledger.open(own.home) as opened:
        yield opened


def enter(desk: Desk, record: URIRef, content: list[Triple]) -> None:
    desk.do(Step.SUBMIT, ADA, [Entry(record, content, "*")])
    desk.do(Step.ACCEPT, ADA, [Entry(record, None, "*")])


def files(directory: Path) -> dict[str, bytes]:
    paths = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


def test_the_untouched_base_comes_out_byte_by_byte(own: Settings, ledger: Ledger, tmp_path: Path) -> None:
    base = export(own, ledger, tmp_path / "out")
    assert base.touched == set()
    assert files(tmp_path / "out") == files(own.data)


def test_edits_land_where_the_record_is_and_loading_them_again_gives_the_same_base(
    own: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    desk = Desk.open(own, ledger)
    edited = [t for t in desk.look(ADA, BILLION_TREES).content.triples if t[1] != NX.adopted]
    enter(desk, BILLION_TREES, edited)
    enter(desk, WIND, policy())
    enter(desk, record_iri("mng-law-wind-m1"), measure())
    enter(desk, record_iri("mng-law-rain"), policy("mng-law-rain", "Law on Rain"))
    why = {"why": "Never adopted."}
    desk.do(Step.WITHDRAW, ADA, [Entry(record_iri("mng-law-rain"), None, "*")], **why)
    desk.do(Step.SAVE, ADA, [Entry(record_iri("mng-draft"), policy("mng-draft", "Draft"))])
    written = export(own, ledger, tmp_path / "out")
    assert written.touched == {"mng/policies.ttl", "mng/measures.ttl"}
    assert written.diverging == []
    before, after = files(own.data), files(tmp_path / "out")
    assert {name for name in before | after if before.get(name) != after.get(name)} == written.touched
    diff = set(after["mng/policies.ttl"].splitlines()) ^ set(before["mng/policies.ttl"].splitlines())
    assert len(diff) < 25

    again = replace(own, data=tmp_path / "out", home=tmp_path / "home2")
    with Ledger.open(again.home) as empty:
        loaded = accepted_base(again, empty)
        assert loaded.checksum() == accepted_base(own, ledger).checksum()
        assert loaded.checksum() != accepted_base(own, empty).checksum()
        export(again, empty, tmp_path / "third")
    assert files(tmp_path / "third") == after
    export(replace(own, data=tmp_path / "out"), ledger, tmp_path / "fourth")
    assert files(tmp_path / "fourth") == after
    graph = read_turtle([tmp_path / "out" / "mng" / "policies.ttl"])
    assert (WIND, RDFS.label, Literal("Law on Wind Erosion", lang="en")) in graph
    assert validate(again, [tmp_path / "out" / "mng" / "policies.ttl"]).conforms


def test_a_file_whose_records_are_all_withdrawn_goes(own: Settings, tmp_path: Path) -> None:
    small = replace(own, data=tmp_path / "data")
    (small.data / "mng").mkdir(parents=True)
    for name in ("conflicts", "sources"):
        shutil.copy(own.data / "mng" / f"{name}.ttl", small.data / "mng")
    (small.data / "facts.csv").write_text("a,b\n")
    conflicts = set(read_turtle([small.data / "mng" / "conflicts.ttl"]).subjects())
    with Ledger.open(small.home) as ledger:
        desk = Desk.open(small, ledger)
        entries = [Entry(URIRef(str(record)), None, "*") for record in conflicts]
        desk.do(Step.WITHDRAW, ADA, entries, why="All of them.")
        export(small, ledger, tmp_path / "out")
    assert set(files(tmp_path / "out")) == {"mng/sources.ttl", "facts.csv"}


def test_a_change_of_the_files_that_the_ledger_hides_is_named(own: Settings, tmp_path: Path) -> None:
    changed = replace(own, data=tmp_path / "data")
    shutil.copytree(own.data, changed.data)
    with Ledger.open(own.home) as ledger:
        desk = Desk.open(own, ledger)
        edited = [t for t in desk.look(ADA, BILLION_TREES).content.triples if t[1] != NX.adopted]
        enter(desk, BILLION_TREES, edited)
        assert accepted_base(changed, ledger).diverging == []
        path = changed.data / "mng" / "policies.ttl"
        path.write_text(path.read_text().replace("Billion Trees national movement", "Billion Trees"))
        base = accepted_base(changed, ledger)
    assert base.diverging == [BILLION_TREES]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("a nx:Policy ; nx:area area:mng", "mng/policies.ttl"),
        ("a nx:CoverageNote ; nx:area area:jpn-03", "jpn/coverage-notes.ttl"),
        ("a nx:Case ; nx:area area:mng , area:chn", "regional/cases.ttl"),
        ("a nx:Source ; nx:area area:world", "regional/sources.ttl"),
        ("a nx:Review ; nx:area area:kor", "kor/reviews.ttl"),
        ("a nx:PaperSection ; nx:area area:north-east-asia", "paper/paper-sections.ttl"),
    ],
)
def test_a_new_record_goes_to_the_file_of_its_area_and_kind(model: Graph, said: str, name: str) -> None:
    assert file_of(record_iri("new"), triples(f"rec:new {said} ."), model) == name


def test_every_curated_record_is_in_the_file_that_a_new_one_of_its_kind_would_go_to(
    settings: Settings, model: Graph
) -> None:
    for path in sorted(settings.data.rglob("*.ttl")):
        graph = read_turtle([path])
        record = next(URIRef(str(s)) for s in graph.subjects(NX.reviewState))
        assert file_of(record, graph.triples((record, None, None)), model).rsplit("/", 1)[1] == path.name


def test_a_directory_with_something_in_it_is_left_alone_unless_it_is_to_be_replaced(
    own: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(ContentError, match="is there already and not empty"):
        export(own, ledger, out)
    assert files(out) == {"mine.txt": b"mine"}
    export(own, ledger, out, replace=True)
    assert filecmp.cmp(out / "facts.csv", own.data / "facts.csv", shallow=False)
    assert not (out / "mine.txt").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"out", "home"}


def test_the_command_says_what_it_wrote(own: Settings, tmp_path: Path) -> None:
    result = CliRunner(env=environment(own)).invoke(main, ["export", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "0 of them changed or new" in result.stdout
    again = CliRunner(env=environment(own)).invoke(main, ["export", str(tmp_path / "out")])
    assert again.exit_code == 2
    assert "not empty" in again.stderr
