"""Drawings of pages: well-formed, escaped, complete, readable without colour."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexuskb.drawings.framework import Life, draw_framework
from nexuskb.drawings.neighbours import Neighbour, draw_neighbours
from nexuskb.drawings.series import Line, Point, draw_series

HOSTILE = '<script>alert(1)</script> & "quoted"'


def texts(drawing: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(drawing).iter("text")]


def links(drawing: str) -> list[str]:
    return [each.attrib["href"] for each in ElementTree.fromstring(drawing).iter("a")]


def test_neighbours_are_linked_named_and_counted_where_there_are_too_many() -> None:
    before = [Neighbour("Wind", "/records/wind", "Amplifies")]
    after = [Neighbour(f"Thing {n}", f"/records/t{n}", "Reduces") for n in range(9)]
    drawing = draw_neighbours("Middle", before, after, "What acts", "#acts")
    assert links(drawing) == ["/records/wind", *(f"/records/t{n}" for n in range(6)), "#acts"]
    assert {"Middle", "Wind", "Amplifies", "Reduces", "and 3 more"} <= set(texts(drawing))
    assert ElementTree.fromstring(drawing).attrib["aria-label"] == "What acts"


def test_what_is_drawn_is_escaped() -> None:
    drawing = draw_neighbours(HOSTILE, [Neighbour(HOSTILE, '"><x', HOSTILE)], [], HOSTILE, "#acts")
    assert "<script" not in drawing
    assert ElementTree.fromstring(drawing).attrib["aria-label"] == HOSTILE


def test_a_series_goes_up_where_its_numbers_do_and_leaves_targets_out_of_the_line() -> None:
    points = (
        Point(2000, 10, "10 %", "/records/a"),
        Point(2010, 20, "20 %"),
        Point(2030, 40, "40 %", due=True),
    )
    drawing = ElementTree.fromstring(draw_series([Line("Share", points)], "Share"))
    signs = list(drawing.iter("circle"))
    heights = [float(sign.attrib["cy"]) for sign in signs]
    across = [float(sign.attrib["cx"]) for sign in signs]
    assert heights == sorted(heights, reverse=True)
    assert across == sorted(across)
    [line] = [p for p in drawing.iter("path") if p.attrib.get("class", "").startswith("line")]
    assert line.attrib["d"].count("L") == 1
    assert [title.text for title in drawing.iter("title")] == ["2000: 10 %", "2010: 20 %", "2030: 40 %"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1900, 2100), st.floats(-1e12, 1e12, allow_nan=False)), min_size=1, max_size=12
    )
)
def test_every_point_of_any_series_is_inside_the_drawing(given_points: list[tuple[int, float]]) -> None:
    points = tuple(Point(year, number, str(number)) for year, number in given_points)
    drawing = ElementTree.fromstring(draw_series([Line("Any", points)], "Any"))
    width, height = float(drawing.attrib["width"]), float(drawing.attrib["height"])
    for sign in drawing.iter("circle"):
        assert 0 < float(sign.attrib["cx"]) < width
        assert 0 < float(sign.attrib["cy"]) < height


@pytest.mark.parametrize("until", [None, 2020.0])
def test_a_life_without_a_known_end_is_open(until: float | None) -> None:
    drawing = ElementTree.fromstring(
        draw_framework([Life("Law on Land", "/records/law", 2002, until, "light")], 2026, "In time")
    )
    assert bool([p for p in drawing.iter("path") if p.attrib.get("class") == "open"]) is (until is None)
    [bar] = [r for r in drawing.iter("rect") if r.attrib["class"].startswith("bar")]
    assert float(bar.attrib["width"]) > 100


def test_an_open_bar_ends_today_though_others_go_on() -> None:
    lives = [Life("Law", "", 2000, None, "light"), Life("Plan", "", 2020, 2050, "light")]
    drawing = ElementTree.fromstring(draw_framework(lives, 2025, "In time"))
    law, plan = (r for r in drawing.iter("rect") if r.attrib["class"].startswith("bar"))
    assert float(law.attrib["width"]) / 25 == pytest.approx(float(plan.attrib["width"]) / 30, rel=0.02)
