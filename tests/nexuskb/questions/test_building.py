"""Queries made from the forms: right for every kind of record and every field, and for whatever is typed."""

from __future__ import annotations

import pytest
from rdflib import RDFS, Graph

from nexuskb.errors import QuestionError
from nexuskb.forms import Form, Forms, Holds
from nexuskb.questions.building import FROM, ROWS, TO, Wish, build_query, can_count, filter_inputs
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import curie
from nexuskb.vocabulary import Vocabularies


@pytest.fixture(scope="module")
def kinds(model: Graph, shapes_graph: Graph) -> dict[str, Form]:
    return Forms(model, shapes_graph).kinds


def number(store: OxigraphStore, pattern: str) -> int:
    [row] = store.select(f"SELECT (COUNT(DISTINCT ?r) AS ?n) WHERE {{ {pattern} }}")
    return int(str(row["n"]))


def test_all_fields_of_all_kinds_can_be_shown(
    kinds: dict[str, Form], store: OxigraphStore, vocabularies: Vocabularies
) -> None:
    for form in kinds.values():
        wish = Wish({}, [field.key for field in form.fields])
        rows = list(store.select(build_query(form, wish, vocabularies)))
        assert len(rows) == min(ROWS, number(store, f"?r a {curie(str(form.cls))}")), form.key
        assert len({str(row["record"]) for row in rows}) == len(rows), f"{form.key}: a record has two rows"
        if len(rows) == ROWS:
            continue
        for field in form.fields:
            if field.path != RDFS.label:
                has = number(store, f"?r a {curie(str(form.cls))} ; {curie(str(field.path))} ?v")
                shown = sum(row.get(field.key) is not None for row in rows)
                assert shown == has, f"{form.key}.{field.key}: {shown} of {has}"


def test_records_can_be_counted_by_every_field_with_a_vocabulary(
    kinds: dict[str, Form], store: OxigraphStore, vocabularies: Vocabularies
) -> None:
    for form in kinds.values():
        for field in filter(can_count, form.fields):
            rows = list(store.select(build_query(form, Wish({}, (), field.key), vocabularies)))
            path = curie(str(field.path))
            counted = sum(int(str(row["records"])) for row in rows)
            expected = number(
                store, f"?r0 a {curie(str(form.cls))} ; {path} ?t BIND(CONCAT(STR(?r0), STR(?t)) AS ?r)"
            )
            assert counted == expected, f"{form.key} by {field.key}"


def has_words(words: str) -> str:
    return f'FILTER(CONTAINS(LCASE(?l), "{words}"))'


@pytest.mark.parametrize(
    ("kind", "filters", "pattern"),
    [
        ("Policy", {"area": "Mongolia"}, "?r nx:area area:mng"),
        (
            "Policy",
            {"area": "MNG", "policyKind": " law "},
            "?r nx:area area:mng ; nx:policyKind policykind:law",
        ),
        ("Policy", {"label": "WATER"}, "?r rdfs:label ?l " + has_words("water")),
        ("Measure", {"ofPolicy": "land law"}, "?r nx:ofPolicy/rdfs:label ?l " + has_words("land law")),
        ("Measure", {"ofPolicy": "mng-ndc-2020"}, "?r nx:ofPolicy rec:mng-ndc-2020"),
        ("Interlinkage", {"from": "overgrazing"}, "?r nx:from/skos:prefLabel ?l " + has_words("overgrazing")),
        (
            "Observation",
            {"value.from": "10", "value.to": "20.5"},
            "?r nx:value ?v FILTER(?v >= 10 && ?v <= 20.5)",
        ),
    ],
)
def test_filters_let_through_what_they_say(
    kinds: dict[str, Form],
    store: OxigraphStore,
    vocabularies: Vocabularies,
    kind: str,
    filters: dict[str, str],
    pattern: str,
) -> None:
    shown = [field.key for field in kinds[kind].fields if field.single][:12]
    rows = list(store.select(build_query(kinds[kind], Wish(filters, shown), vocabularies)))
    assert 0 < len(rows) == number(store, f"?r a nx:{kind} . {pattern}")


def test_bounds_of_dates_are_as_wide_as_they_are_written(
    kinds: dict[str, Form], store: OxigraphStore, vocabularies: Vocabularies
) -> None:
    def adopted(**bounds: str) -> list[str]:
        filters = {f"adopted.{name}": value for name, value in bounds.items()}
        rows = store.select(build_query(kinds["Policy"], Wish(filters, ["adopted"]), vocabularies))
        return [str(row["adopted"]) for row in rows]

    in_2020 = adopted(**{"from": "2020", "to": "2020"})
    assert in_2020
    assert all(date.startswith("2020") for date in in_2020)
    assert any(len(date) > 4 for date in in_2020), "a date in the year is within it"
    assert {date[:7] for date in adopted(**{"from": "2020-06", "to": "2020"}) if len(date) > 4} == {
        date[:7] for date in in_2020 if date[:7] >= "2020-06"
    }


@pytest.mark.parametrize(
    "value", ['" } DROP ALL #', "\\", "a\nb", "'''", "?x", "<http://a.example/>", "\\u0022"]
)
def test_what_is_typed_stays_a_text(
    kinds: dict[str, Form], store: OxigraphStore, vocabularies: Vocabularies, value: str
) -> None:
    query = build_query(kinds["Policy"], Wish({"label": value, "ofPolicy": ""}), vocabularies)
    assert list(store.select(query)) == []


@pytest.mark.parametrize(
    ("filters", "place", "words"),
    [
        ({"area": "Mongola"}, "area", "Did you mean Mongolia?"),
        ({"adopted.from": "20x5"}, "adopted.from", "2015-06"),
        ({"adopted": "2015"}, "adopted", "no field"),
        ({"nothing": "1"}, "nothing", "no field"),
        ({"evidence": "x"}, "evidence", "no field"),
    ],
)
def test_a_fault_is_told_at_its_input(
    kinds: dict[str, Form], vocabularies: Vocabularies, filters: dict[str, str], place: str, words: str
) -> None:
    with pytest.raises(QuestionError, match=words) as told:
        build_query(kinds["Policy"], Wish(filters), vocabularies)
    assert told.value.parameter == place


def test_columns_and_counts_are_fields_of_the_kind(
    kinds: dict[str, Form], vocabularies: Vocabularies
) -> None:
    with pytest.raises(QuestionError, match="no field 'colour'"):
        build_query(kinds["Policy"], Wish({}, ["colour"]), vocabularies)
    with pytest.raises(QuestionError, match="cannot be counted by 'adopted'"):
        build_query(kinds["Policy"], Wish({}, (), "adopted"), vocabularies)


def test_the_inputs_of_a_field_have_names_of_their_own(kinds: dict[str, Form]) -> None:
    for form in kinds.values():
        names = [name for field in form.fields for name in filter_inputs(field)]
        assert len(names) == len(set(names))
        assert all(
            name.endswith((FROM, TO)) == (field.holds in (Holds.NUMBER, Holds.COUNT, Holds.DATE))
            for field in form.fields
            for name in filter_inputs(field)
        )
