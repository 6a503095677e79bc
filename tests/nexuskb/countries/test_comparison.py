"""States side by side, against what the base says by other queries."""

from __future__ import annotations

import csv
import io

import pytest

from nexuskb.asking import drive, rows_of
from nexuskb.countries.comparison import (
    NONE,
    Comparison,
    area_parameter,
    comparable,
    compare,
    compare_answers,
    compared_areas,
)
from nexuskb.errors import QuestionError
from nexuskb.paper.matrices.tables import as_csv
from nexuskb.questions.catalogue import question
from nexuskb.store.embedded import OxigraphStore
from nexuskb.vocabulary import Vocabularies


@pytest.fixture(scope="module")
def general(store: OxigraphStore, vocabularies: Vocabularies) -> Comparison:
    areas = compared_areas(["mng", "chn", "kor"], vocabularies)
    return drive(compare(areas, vocabularies), rows_of(store))


def answers(store, vocabularies, name: str, areas: str, by: str = "", **values: str) -> Comparison:
    chosen = compared_areas(areas.split(","), vocabularies)
    return drive(compare_answers(question(name), chosen, values, by, vocabularies), rows_of(store))


def line(comparison: Comparison, key: str) -> dict[str, str]:
    [found] = [each for each in comparison.lines if each.key == key]
    return {area.key: cell.text for area, cell in zip(comparison.areas, found.cells, strict=True)}


def test_policies_are_counted_as_the_base_holds_them(general: Comparison, store) -> None:
    for area, text in line(general, "policies").items():
        rows = list(store.select(f"SELECT DISTINCT ?p {{ ?p a nx:Policy ; nx:area area:{area} }}"))
        assert text == str(len(rows))
    in_force = line(general, "policies-live")
    for area, text in in_force.items():
        [row] = store.select(
            f"SELECT (COUNT(DISTINCT ?p) AS ?n) {{ ?p a nx:Policy ; nx:area area:{area} ; nx:legalStatus ?s "
            "FILTER(?s IN (status:in-force, status:amended)) }"
        )
        assert text == str(row["n"])


def test_states_come_in_their_order_and_every_line_has_a_cell_for_each(general: Comparison) -> None:
    assert [area.key for area in general.areas] == ["chn", "mng", "kor"]
    assert len({each.key for each in general.lines}) == len(general.lines)
    assert {len(each.cells) for each in general.lines} == {3}
    assert all(cell.text for each in general.lines for cell in each.cells)


def test_what_nobody_looked_at_is_told_from_what_was_looked_for(store, vocabularies) -> None:
    areas = compared_areas(["chn", "prk", "jpn", "mng", "kor", "rus"], vocabularies)
    general = drive(compare(areas, vocabularies), rows_of(store))
    rows = store.select(
        """SELECT ?state ?topic { ?cell nx:area ?a ; nx:topic ?t ; nx:standing outcome:not-looked-at ;
        nx:measureCount 0 ; nx:searchCount 0 FILTER NOT EXISTS { ?cell nx:domain ?d }
        ?a skos:broader area:north-east-asia ; skos:notation ?state .
        ?t skos:inScheme <https://w3id.org/nexuskb/vocabularies/driver> ; skos:notation ?topic }"""
    )
    unseen = {(str(row["state"]).lower(), str(row["topic"])) for row in rows}
    shown = {
        (area.key, each.key.removeprefix("driver-"))
        for each in general.lines
        if each.key.startswith("driver-")
        for area, cell in zip(general.areas, each.cells, strict=True)
        if cell.text == "not looked at"
    }
    assert shown
    assert shown <= unseen


def test_a_figure_is_the_latest_of_its_indicator_with_year_and_source(general: Comparison, store) -> None:
    figures = [each for each in general.lines if each.key.startswith("figure-")]
    counted = [sum(cell.text != NONE for cell in each.cells) for each in figures]
    assert counted == sorted(counted, reverse=True)
    [degraded] = [each for each in figures if "15.3.1" in each.label and each.label.endswith("(%)")]
    [_, mongolia, _] = degraded.cells
    [row, *_] = store.select(
        "SELECT ?v ?y { ?o nx:sdgIndicator sdg:15-3-1 ; nx:area area:mng ; nx:unit '%' ; "
        "nx:valueAsPrinted ?v ; nx:refYear ?y } ORDER BY DESC(?y)"
    )
    assert mongolia.text.endswith(f"({row['y']})")
    assert ". " in mongolia.words
    assert mongolia.address.startswith("/records/")


def test_answers_stand_beside_each_other_by_what_they_share(store, vocabularies) -> None:
    made = answers(store, vocabularies, "drivers-found-in-country", "mng,jpn")
    assert made.by == "driverName"
    rows = store.select(
        "SELECT ?f { ?f a nx:DriverFinding ; nx:area area:mng ; nx:driver driver:overgrazing }"
    )
    expected = {str(row["f"]).rsplit("/", 1)[1] for row in rows}
    [overgrazing] = [each for each in made.lines if each.label == "Overgrazing"]
    cells = dict(zip([area.key for area in made.areas], overgrazing.cells, strict=True))
    assert {link.record for link in cells["mng"].links} == expected
    assert all(
        not link.text.startswith("http") for each in made.lines for c in each.cells for link in c.links
    )


def test_no_record_of_an_answer_is_lost_by_comparing(store, vocabularies) -> None:
    made = answers(store, vocabularies, "targets-of-country", "mng,chn")
    listed = {link.record for each in made.lines for cell in each.cells for link in cell.links}
    for state in ("mng", "chn"):
        rows = store.select(
            f"SELECT DISTINCT ?t {{ ?t a nx:Target ; nx:ofPolicy/nx:area area:{state} ; nx:evidence ?e }}"
        )
        assert {str(row["t"]).rsplit("/", 1)[1] for row in rows} <= listed


def test_every_question_with_an_area_can_be_compared(store, vocabularies) -> None:
    needless = [
        asked
        for asked in comparable()
        if not [p for p in asked.parameters if p.required and p != area_parameter(asked)]
    ]
    assert len(needless) > 25
    for asked in needless:
        made = answers(store, vocabularies, asked.id, "mng,prk")
        assert all(len(each.cells) == 2 for each in made.lines), asked.id
        assert all(cell.text or cell.links for each in made.lines for cell in each.cells), asked.id


@pytest.mark.parametrize(
    ("areas", "words"), [(["mng"], "two to six"), (["mng", "usa"], "'usa' is none"), ([], "two to six")]
)
def test_what_cannot_be_compared_says_what_can(vocabularies, areas: list[str], words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        compared_areas(areas, vocabularies)


def test_a_column_that_the_answers_do_not_have_names_those_they_have(store, vocabularies) -> None:
    with pytest.raises(QuestionError, match="driverName"):
        answers(store, vocabularies, "drivers-found-in-country", "mng,jpn", by="colour")


def test_as_csv_it_says_the_same(general: Comparison) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(general.matrix()))))
    assert rows[0][1:] == ["China", "Mongolia", "Republic of Korea"]
    assert len(rows) == len(general.lines) + 1
    assert rows[1][1:] == list(line(general, "policies").values())
