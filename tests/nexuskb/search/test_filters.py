"""Filters as people write them."""

from __future__ import annotations

import pytest
from rdflib import Graph

from nexuskb.errors import UnknownTermError
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import filter_schemes, read_filters, value_label
from nexuskb.vocabulary import Scheme


@pytest.fixture(scope="module")
def schemes(model: Graph) -> dict[str, Scheme]:
    return filter_schemes(model)


def test_every_facet_but_the_year_and_joined_domains_has_its_terms(schemes: dict[str, Scheme]) -> None:
    assert set(schemes) == set(FACETS) - {"year", "joins"}
    assert "DriverFinding" in {term.key for term in schemes["kind"].terms}
    assert "Finding" not in {term.key for term in schemes["kind"].terms}


@pytest.mark.parametrize(
    "value", ["MNG", "mng", "Mongolia", "https://w3id.org/nexuskb/vocabularies/area/mng"]
)
def test_a_value_is_given_by_code_label_or_iri(schemes: dict[str, Scheme], value: str) -> None:
    assert read_filters({"area": value, "kind": " ", "year": ""}, schemes) == {"area": ("mng",)}


def test_kinds_are_given_by_name_or_label(schemes: dict[str, Scheme]) -> None:
    assert read_filters({"kind": "driver finding"}, schemes) == {"kind": ("DriverFinding",)}


def test_several_values_are_each_read_once(schemes: dict[str, Scheme]) -> None:
    assert read_filters({"area": ["MNG", "china", "mng", " "]}, schemes) == {"area": ("mng", "chn")}


@pytest.mark.parametrize("value", ["climate-land", "land-climate", "Climate and land"])
def test_two_domains_are_named_in_either_order(schemes: dict[str, Scheme], value: str) -> None:
    assert read_filters({"joins": value}, schemes) == {"joins": ("climate-land",)}
    assert value_label("joins", "climate-land", schemes) == "Climate and land"


@pytest.mark.parametrize(
    ("facet", "value", "words"),
    [
        ("area", "mongola", r"There is no area 'mongola'\. Did you mean MNG\?"),
        ("kind", "polcy", r"There is no kind 'polcy'\. Did you mean Policy\?"),
        ("driver", "overgrasing", r"Did you mean overgrazing\?"),
        ("domain", "zzz", r"Known are: .*land.*\."),
        ("year", "21", r"'21' is not a year, such as 2021\."),
        ("year", "２０２１", "is not a year"),
        ("joins", "land-sea", r"Did you mean (climate-land|land-water)\?"),
        ("joins", "x", r"Known are: climate-land, climate-water, land-water\."),
        ("colour", "red", "only by kind, area"),
    ],
)
def test_an_unknown_value_is_answered_with_the_nearest(
    schemes: dict[str, Scheme], facet: str, value: str, words: str
) -> None:
    with pytest.raises(UnknownTermError, match=words):
        read_filters({facet: value}, schemes)
