"""Boxes never cover each other, arrows end at their boxes and keep apart; a graph always looks the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexuskb.graph.layout import Layout, Point, lay_out


def overlapping(layout: Layout, sizes: tuple[Point, ...]) -> list[tuple[int, int]]:
    return [
        (one, other)
        for one in range(len(sizes))
        for other in range(one)
        if all(
            abs(layout.middles[one][axis] - layout.middles[other][axis])
            < (sizes[one][axis] + sizes[other][axis]) / 2
            for axis in (0, 1)
        )
    ]


def crowd(nodes: int, arrows: int, seed: int) -> tuple[tuple[Point, ...], tuple[tuple[int, int], ...]]:
    """A graph with a few hubs, as the nexus has them."""
    chance = random.Random(seed)
    sizes = tuple((chance.uniform(60, 190), chance.choice((25.0, 40.0, 57.0))) for _ in range(nodes))
    pairs = []
    while len(pairs) < arrows:
        start, end = (
            chance.choice((chance.randrange(nodes), chance.randrange(min(nodes, 3)))),
            chance.randrange(nodes),
        )
        if start != end:
            pairs.append((start, end))
    return sizes, tuple(pairs)


@pytest.mark.parametrize(("nodes", "arrows"), [(2, 3), (12, 20), (100, 180), (120, 900)])
def test_no_box_covers_another(nodes: int, arrows: int) -> None:
    sizes, pairs = crowd(nodes, arrows, 7)
    layout = lay_out(sizes, pairs)
    assert overlapping(layout, sizes) == []
    for (x, y), (width, height) in zip(layout.middles, sizes, strict=True):
        assert -0.2 <= x - width / 2 <= x + width / 2 <= layout.width + 0.2
        assert -0.2 <= y - height / 2 <= y + height / 2 <= layout.height + 0.2


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 14), st.integers(0, 2**30))
def test_any_small_graph_is_laid_out(nodes: int, seed: int) -> None:
    sizes, pairs = crowd(nodes, min(nodes - 1, 9) * 2, seed) if nodes > 1 else (((80.0, 25.0),), ())
    layout = lay_out(sizes, pairs)
    assert overlapping(layout, sizes) == []
    assert layout == lay_out.__wrapped__(sizes, pairs)


def test_arrows_begin_and_end_at_the_rims_of_their_boxes() -> None:
    sizes, pairs = crowd(30, 50, 3)
    layout = lay_out(sizes, pairs)
    for curve, ends in zip(layout.curves, pairs, strict=True):
        for (x, y), box in zip((curve.start, curve.end), ends, strict=True):
            (middle_x, middle_y), (width, height) = layout.middles[box], sizes[box]
            beyond = max(abs(x - middle_x) - width / 2, abs(y - middle_y) - height / 2)
            assert -0.5 < beyond < 5


def test_arrows_between_the_same_two_boxes_do_not_lie_on_each_other() -> None:
    layout = lay_out(((90.0, 30.0),) * 2, ((0, 1), (0, 1), (0, 1), (1, 0), (1, 0), (1, 0)))
    assert len({curve.bend for curve in layout.curves}) == 6


def test_columns_stand_from_left_to_right() -> None:
    layout = lay_out(((90.0, 30.0),) * 4, ((0, 1), (0, 2), (1, 3), (2, 3)), (0, 1, 1, 2))
    across = [x for x, _ in layout.middles]
    assert across[0] < across[1] == across[2] < across[3]
    assert overlapping(layout, ((90.0, 30.0),) * 4) == []


def test_nothing_is_laid_out_as_nothing() -> None:
    assert lay_out((), ()) == Layout((), (), 0.0, 0.0)
