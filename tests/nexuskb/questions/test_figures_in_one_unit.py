"""Figures of different units side by side in one, beside what is printed."""

from __future__ import annotations

from decimal import Decimal

from rdflib import RDF, RDFS, Graph

from nexuskb.questions.catalogue import fill, question
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import NX, REC
from nexuskb.vocabulary import Vocabularies

#: Land that is degraded, as a reader of the sources would write the table: in million ha, and as printed.
DEGRADED = """
China | reg-data-chn-degraded-decrease | 1.212 | 12120 km2
China | reg-data-chn-managed | 20.37 | 203700 km2
Democratic People's Republic of Korea | prk-data-degraded-2018 | 2.62 | 2.62 million ha
Democratic People's Republic of Korea | prk-strategy-sloping-land-2011-t-150 | 0.15 | 150000 ha
Mongolia | mng-data-cropland-degraded-area-2022 | 0.0815 | 81.5 thousand ha
Mongolia | mng-data-pasture-degraded-area-2022 | 4.7 | 4.7 million ha
Republic of Kalmykia | rus-data-laganskiy | 0.087 | 87 thousand ha
Russian Federation | rus-data-degraded-2025 | 120 | 120 million ha
Russian Federation | rus-data-high-degradation | 10 | 10 million ha
Russian Federation | rus-data-unccd-100mha | 100 | 100 million ha
"""


def ask(store: OxigraphStore, vocabularies: Vocabularies, **values: str) -> list[dict[str, str]]:
    found = store.select(fill(question("figures-in-one-unit"), values, vocabularies))
    return [{name: str(term) for name, term in row.items()} for row in found]


def table(rows: list[dict[str, str]]) -> set[tuple[str, str, Decimal, str]]:
    return {
        (
            row["areaName"],
            row["record"].removeprefix(str(REC)),
            Decimal(row["valueInUnit"]),
            f"{row['figureAsPrinted']} {row['unitAsPrinted']}",
        )
        for row in rows
    }


def test_degraded_land_of_four_states_stands_in_million_hectares_beside_what_is_printed(
    store, vocabularies
) -> None:
    expected = {
        (area, record, Decimal(value), printed)
        for area, record, value, printed in (line.split(" | ") for line in DEGRADED.strip().splitlines())
    }
    assert table(ask(store, vocabularies, unit="million-ha", words="degrad")) == expected


def test_the_same_figures_in_another_unit_are_in_the_same_proportion(store, vocabularies) -> None:
    hectares, squares = (
        {
            row["record"]: Decimal(row["valueInUnit"])
            for row in ask(store, vocabularies, unit=unit, words="degrad")
        }
        for unit in ("million-ha", "km2")
    )
    assert hectares
    assert squares == {record: value * 10_000 for record, value in hectares.items()}


def test_only_figures_of_the_same_base_unit_are_compared(store, vocabularies, turtle: Graph) -> None:
    rows = ask(store, vocabularies, unit="billion-m3-per-year")
    printed = {row["unitAsPrinted"] for row in rows}
    assert printed == {"km3/year", "km3 per year", "10^9 m3/year", "million m3/year"} | {
        f"billion m3{each_year}" for each_year in ("/year", " per year")
    }
    for row in rows:
        record = REC[row["record"].removeprefix(str(REC))]
        assert row["figureOf"] == str(turtle.value(record, RDFS.label))
        assert turtle.value(record, RDF.type) in (NX.Observation, NX.Target)


def test_every_number_in_the_base_has_a_unit_and_a_value_in_its_base_unit(store, turtle: Graph) -> None:
    rows = store.select("SELECT ?record ?value WHERE { ?record nx:unitTerm ?unit ; nx:baseValue ?value }")
    converted = [row["record"] for row in rows]
    assert len(converted) > 700
    assert sorted(converted) == sorted(set(turtle.subjects(NX.value)))
