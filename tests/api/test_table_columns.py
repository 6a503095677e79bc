"""Columns of a table for people: a thing and its title become one linked column."""

from __future__ import annotations

import pytest

from nexuskb_api.pages import Column, table_columns


@pytest.mark.parametrize("suffix", ["Title", "Label", "Name"])
def test_a_thing_and_its_words_become_one_column_that_links(suffix: str) -> None:
    assert table_columns(["policy", f"policy{suffix}"]) == [Column(f"policy{suffix}", "policy", "Policy")]


def test_a_column_stands_where_its_words_stand() -> None:
    columns = table_columns(["policy", "status", "policyTitle", "source", "sourceTitle"])
    assert [(c.variable, c.link) for c in columns] == [
        ("status", ""),
        ("policyTitle", "policy"),
        ("sourceTitle", "source"),
    ]


def test_words_without_a_thing_stand_alone() -> None:
    assert table_columns(["policyTitle"]) == [Column("policyTitle", "", "Policy title")]


def test_a_thing_without_words_stands_alone() -> None:
    assert table_columns(["policy", "measureTitle"]) == [
        Column("policy", "", "Policy"),
        Column("measureTitle", "", "Measure title"),
    ]


def test_each_of_two_things_has_its_own_words() -> None:
    columns = table_columns(["from", "fromLabel", "to", "toLabel"])
    assert [(c.variable, c.link, c.heading) for c in columns] == [
        ("fromLabel", "from", "From"),
        ("toLabel", "to", "To"),
    ]


def test_a_name_that_is_only_a_suffix_is_no_words_of_anything() -> None:
    assert [c.variable for c in table_columns(["Title", "Label", "x"])] == ["Title", "Label", "x"]


def test_no_variables_make_no_columns() -> None:
    assert table_columns([]) == []


@pytest.mark.parametrize(
    ("variable", "heading"),
    [
        ("policy", "Policy"),
        ("sourceKind", "Source kind"),
        ("source_kind", "Source kind"),
        ("area2Label", "Area2 label"),
        ("x", "X"),
        ("имя", "Имя"),
    ],
)
def test_a_heading_is_the_name_of_the_variable_in_words(variable: str, heading: str) -> None:
    assert [c.heading for c in table_columns([variable])] == [heading]


def test_no_variable_is_lost() -> None:
    variables = ["a", "aTitle", "b", "cLabel", "d", "dName", "dTitle"]
    shown = {name for column in table_columns(variables) for name in (column.variable, column.link) if name}
    assert shown == set(variables)
