"""Profiles of the States and the region, against what the base says by other queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nexuskb.asking import drive, rows_of
from nexuskb.countries.areas import STATES, STATES_AND_REGION, area_of, profiled
from nexuskb.countries.profile import Profile, read_profile
from nexuskb.errors import UnknownTermError
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Vocabularies

Read = Callable[[str], Profile]


@pytest.fixture(scope="module")
def read(store: OxigraphStore, vocabularies: Vocabularies) -> Read:
    known: dict[str, Profile] = {}

    def one(key: str) -> Profile:
        if key not in known:
            work = read_profile(area_of(key, vocabularies), vocabularies)
            known[key] = drive(work, rows_of(store))
        return known[key]

    return one


def found(store: OxigraphStore, pattern: str) -> set[str]:
    return {str(record_identifier(str(row["r"]))) for row in store.select(f"SELECT ?r {{ {pattern} }}")}


def test_the_areas_are_the_six_states_and_the_region(vocabularies: Vocabularies) -> None:
    assert [term.key for term in profiled(vocabularies)] == list(STATES_AND_REGION)
    assert area_of("MNG", vocabularies).key == area_of("mongolia", vocabularies).key == "mng"
    for wrong in ("usa", "asia", "jpn-03", ""):
        with pytest.raises(UnknownTermError, match="mng"):
            area_of(wrong, vocabularies)


@pytest.mark.parametrize("key", STATES_AND_REGION)
def test_a_profile_lists_every_policy_finding_and_interlinkage_of_its_area(read, store, key: str) -> None:
    profile = read(key)
    columns = {
        "policies": (1, "a nx:Policy"),
        "driverFindings": (1, "a nx:DriverFinding"),
        "impactFindings": (1, "a nx:ImpactFinding"),
        "interlinkages": (3, "a nx:Interlinkage"),
    }
    blocks = {block.key: block for block in profile.blocks}
    for name, (column, kind) in columns.items():
        listed = [row[column].record for row in blocks[name].rows]
        assert len(listed) == len(set(listed))
        assert set(listed) == found(store, f"?r {kind} ; nx:area area:{key}"), name
    assert all(len(row) == len(block.columns) for block in profile.blocks for row in block.rows)


@pytest.mark.parametrize("key", STATES)
def test_every_figure_of_a_state_is_in_one_series_by_year(read, store, key: str) -> None:
    figures = [f.record for series in read(key).series for f in series.figures]
    assert len(figures) == len(set(figures))
    assert set(figures) >= found(store, f"?r a nx:Observation ; nx:area area:{key}")
    for series in read(key).series:
        assert [f.year for f in series.figures] == sorted(f.year for f in series.figures)
        assert all(f.places and f.printed for f in series.figures)
    assert read(key).series[0].drawable


def test_the_latest_policies_come_first(read: Read) -> None:
    [policies] = [block for block in read("mng").blocks if block.key == "policies"]
    dated = [row[0].text for row in policies.rows if row[0].text != "no date"]
    assert dated == sorted(dated, reverse=True)


def test_what_must_be_said_of_records_of_the_dprk_is_said_with_their_number(read, store) -> None:
    cautions = {each.words: each.records for each in read("prk").cautions}
    alone = found(store, "?r nx:area area:prk ; nx:soleSupport sensitivity:compiled-elsewhere")
    [number] = [n for words, n in cautions.items() if "compiled in another State" in words]
    assert number == len(alone) > 100


def test_gaps_and_standings_are_those_of_the_area_and_the_region_has_none_of_a_state(read: Read) -> None:
    profile = read("kor")
    assert profile.drivers
    assert profile.impacts
    assert [column.key for column in profile.drivers.columns] == ["kor"]
    assert {gap.state for each in profile.gaps for gap in each.found} == {"Republic of Korea"}
    region = read("north-east-asia")
    assert region.drivers is region.impacts is None
    assert region.gaps == ()
    assert {series.area for series in region.series} == {"North-East Asia"}
