"""The generator: deterministic, of the size asked for, in the shape of the real base."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from benchmarks.generator import Made, Profile, generate, read_profile, write_lines
from benchmarks.workload import WEIGHTS, Workload, kind_of, named_questions, repeats

from nexuskb.content import read_model
from nexuskb.questions.catalogue import questions
from nexuskb.settings import Settings
from nexuskb.terms import NX, PREFIXES, REC
from nexuskb.validation.base import validate

ROOT = Path(__file__).resolve().parents[2]
TRIPLES = 10_000
TYPE = PREFIXES["rdf"] + "type"


@pytest.fixture(scope="module")
def profile() -> Profile:
    return read_profile()


@pytest.fixture(scope="module")
def made(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    directory = tmp_path_factory.mktemp("made")
    return directory, generate(directory / "data", TRIPLES, seed=1, profile=profile)


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*.ttl"))}


def read(data: Path) -> list[ox.Quad]:
    return [q for path in sorted(data.glob("*/*.ttl")) for q in ox.parse(path=str(path))]


def test_the_size_is_the_one_asked_for(made: tuple[Path, Made]) -> None:
    directory, told = made
    assert abs(told.triples - TRIPLES) < 0.05 * TRIPLES
    assert len(read(directory / "data")) == told.triples


def test_equal_seeds_give_equal_bytes_and_others_do_not(
    made: tuple[Path, Made], profile: Profile, tmp_path: Path
) -> None:
    first = contents(made[0] / "data")
    generate(tmp_path / "same", TRIPLES, seed=1, profile=profile)
    generate(tmp_path / "other", TRIPLES, seed=2, profile=profile)
    assert contents(tmp_path / "same") == first
    assert contents(tmp_path / "other") != first


def test_the_layout_is_that_of_the_data(made: tuple[Path, Made]) -> None:
    real = {str(p.relative_to(ROOT / "data")) for p in (ROOT / "data").glob("*/*.ttl")}
    assert set(contents(made[0] / "data")) == real


def test_every_link_leads_to_a_record_or_a_term(made: tuple[Path, Made]) -> None:
    quads = read(made[0] / "data")
    subjects = {q.subject.value for q in quads}
    linked = {q.object.value for q in quads if isinstance(q.object, ox.NamedNode)}
    dead = {
        iri for iri in linked if iri.startswith((str(REC), "https://w3id.org/nexuskb/evidence/"))
    } - subjects
    assert not dead


def test_kinds_have_the_shares_of_the_real_base(made: tuple[Path, Made], profile: Profile) -> None:
    kinds = Counter(q.object.value for q in read(made[0] / "data") if q.predicate.value == TYPE)
    real = Counter({str(NX[k]): 0 for _, k in profile.templates})
    for group, templates in profile.templates.items():
        real[str(NX[group.kind])] += len(templates)
    measures, sources = str(NX.Measure), str(NX.Source)
    assert kinds[measures] / kinds[sources] == pytest.approx(real[measures] / real[sources], rel=0.1)


def test_nearly_all_records_conform_to_the_shapes(made: tuple[Path, Made], tmp_path: Path) -> None:
    report = validate(Settings(ROOT / "ontology", made[0] / "data", tmp_path))
    blocking = [violation for violation in report.violations if violation.blocking]
    assert len(blocking) < 0.05 * report.records


def test_lines_for_the_peers(made: tuple[Path, Made], tmp_path: Path) -> None:
    count = write_lines(made[0] / "data", tmp_path / "data.nt", tmp_path / "data.nq")
    assert count == made[1].triples
    assert sum(1 for _ in ox.parse(path=str(tmp_path / "data.nq"))) == count


def test_a_mix_has_all_kinds_and_hardly_repeats_itself(made: tuple[Path, Made], profile: Profile) -> None:
    asks = Workload(made[1], profile).draw(seed=7, count=2_000)
    assert Counter(ask.kind for ask in asks) == {kind: 20 * weight for kind, weight in WEIGHTS.items()}
    assert repeats(asks) < 0.02
    assert asks == Workload(made[1], profile).draw(seed=7, count=2_000)


def test_all_queries_and_questions_parse(made: tuple[Path, Made], profile: Profile, tmp_path: Path) -> None:
    model = read_model(Settings(ROOT / "ontology", made[0] / "data", tmp_path))
    asked = named_questions(model, made[1], lambda name: kind_of(profile, name))
    assert len(asked) == len(questions())
    store = ox.Store()
    for ask in [*Workload(made[1], profile).draw(seed=3, count=100), *asked]:
        store.query(ask.text)
