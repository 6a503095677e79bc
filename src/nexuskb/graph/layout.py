"""Places for boxes and ways for arrows, so that no box covers another: the same for the same graph.

Each connected part is laid out by stress majorisation (Gansner, Koren and North 2004), which makes distances
on paper those along the arrows; overlapping boxes are then pushed apart, parts set side by side, and arrows
bent around the boxes in their way. All lengths are in pixels of the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

#: A point, left to right and top to bottom.
Point = tuple[float, float]

#: Room around a box, across and down.
_ROOM: Final = np.array([34.0, 26.0])
#: Ideal length of an arrow, and how much wider than high a drawing is.
_LENGTH: Final = 130.0
_WIDER: Final = 1.6
_BETWEEN: Final = 56.0
_ITERATIONS: Final = 300
_PUSHES: Final = 400
#: How far an arrow bends aside, as parts of its length, the straightest first.
_BENDS: Final = (0.0, 0.08, -0.08, 0.16, -0.16, 0.26, -0.26, 0.38, -0.38)
_BESIDE: Final = (0.12, -0.12, 0.22, -0.22, 0.32, -0.32, 0.45, -0.45)
_SAMPLES: Final = np.linspace(0.04, 0.96, 24)


@dataclass(frozen=True, slots=True)
class Curve:
    """The way of an arrow: a quadratic Bézier curve from the rim of one box to the rim of another."""

    start: Point
    bend: Point
    end: Point


@dataclass(frozen=True, slots=True)
class Layout:
    """The middle of each box, the way of each arrow, and the size of the whole."""

    middles: tuple[Point, ...]
    curves: tuple[Curve, ...]
    width: float
    height: float


@lru_cache(maxsize=64)
def lay_out(
    sizes: tuple[Point, ...], arrows: tuple[tuple[int, int], ...], columns: tuple[int, ...] = ()
) -> Layout:
    """Lay out boxes of these widths and heights, joined by arrows that name them by number.

    Several arrows may join the same two boxes: they bend aside. No arrow leads from a box to itself.
    With ``columns``, each box stands in the column of its number, from the left.
    """
    boxes = np.array(sizes, dtype=float).reshape(-1, 2)
    middles = _in_columns(boxes, columns) if columns else _in_parts(boxes, arrows)
    if not sizes:
        return Layout((), (), 0.0, 0.0)
    curves = _curves(middles, boxes, arrows)
    # An arrow may bend out beyond the outermost boxes.
    tops = np.array([_middle_of(curve) for curve in curves]).reshape(-1, 2)
    low = np.vstack([middles - boxes / 2, tops]).min(axis=0)
    width, height = np.vstack([middles + boxes / 2, tops]).max(axis=0) - low
    moved = tuple(_moved(curve, low) for curve in curves)
    return Layout(tuple(map(_point, middles - low)), moved, float(width), float(height))


def _in_columns(boxes: Points, columns: tuple[int, ...]) -> Points:
    """Boxes below each other in columns, the middles of all columns on one line."""
    middles = np.zeros_like(boxes)
    x = 0.0
    for number in sorted(set(columns)):
        column = [box for box, its in enumerate(columns) if its == number]
        width = boxes[column, 0].max()
        heights = boxes[column, 1] + 2 * _ROOM[1]
        middles[column, 0] = x + width / 2
        middles[column, 1] = np.cumsum(heights) - heights / 2 - heights.sum() / 2
        x += width + _LENGTH
    middles[:, 1] -= (middles - boxes / 2)[:, 1].min()
    return middles


def _in_parts(boxes: Points, arrows: tuple[tuple[int, int], ...]) -> Points:
    """Boxes by connected part, the parts side by side."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(boxes)))
    graph.add_edges_from(arrows)
    parts = sorted((sorted(part) for part in nx.connected_components(graph)), key=lambda p: (-len(p), p[0]))
    placed = [_place_part(graph, part, boxes[part]) for part in parts]
    middles = np.zeros_like(boxes)
    extents = [
        (places - boxes[part] / 2, places + boxes[part] / 2)
        for part, places in zip(parts, placed, strict=True)
    ]
    spans = [(low.min(axis=0), high.max(axis=0)) for low, high in extents]
    corners = _pack([high - low for low, high in spans])
    for part, places, (low, _), corner in zip(parts, placed, spans, corners, strict=True):
        middles[part] = places - low + corner
    return middles


def _place_part(graph: nx.Graph[int], part: list[int], boxes: Points) -> Points:
    if len(part) == 1:
        return np.zeros((1, 2))
    if len(part) == 2:
        return np.array([[0.0, 0.0], [boxes[:, 0].sum() / 2 + 90, 0.0]])
    far: nx.Graph[int] = nx.Graph()
    for start, end in graph.subgraph(part).edges:
        # Neighbours of a hub need room around it.
        crowd = max(graph.degree[start], graph.degree[end])
        far.add_edge(start, end, weight=_LENGTH * (0.75 + 0.28 * crowd**0.5))
    lengths = dict(nx.all_pairs_dijkstra_path_length(far))
    ideal = np.array([[lengths[a][b] for b in part] for a in part])
    places = _majorise(ideal) * np.array([_WIDER, 1.0])
    return _push_apart(places, boxes)


def _majorise(ideal: Points) -> Points:
    """Places whose distances are as near to the ideal ones as can be (SMACOF, weights of distance⁻²)."""
    count = len(ideal)
    angles = 2 * np.pi * np.arange(count) / count
    places: Points = np.column_stack([np.cos(angles), np.sin(angles)]) * ideal.mean()
    weights = np.divide(1.0, ideal**2, out=np.zeros_like(ideal), where=ideal > 0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse: Points = np.linalg.pinv(laplacian)
    for _ in range(_ITERATIONS):
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        ratio = np.divide(weights * ideal, apart, out=np.zeros_like(ideal), where=apart > 1e-9)
        moved: Points = inverse @ ((np.diag(ratio.sum(axis=1)) - ratio) @ places)
        if np.abs(moved - places).max() < 0.1:
            break
        places = moved
    return places


def _push_apart(places: Points, boxes: Points) -> Points:
    """Move boxes that overlap, each pair along the axis where the least is needed, until none does."""
    places = places.copy()
    least = (boxes[:, None] + boxes[None]) / 2 + _ROOM
    upper = np.triu(np.ones((len(boxes), len(boxes)), dtype=bool), 1)
    for _ in range(_PUSHES):
        apart = places[:, None] - places[None]
        lacking = least - np.abs(apart)
        over = (lacking > 0.5).all(axis=2) & upper
        if not over.any():
            break
        for one, other in np.argwhere(over):
            gap = places[one] - places[other]
            lack = least[one, other] - np.abs(gap)
            if (lack <= 0).any():
                continue
            axis = int(np.argmin(lack))
            push = lack[axis] / 2 * (1.0 if gap[axis] >= 0 else -1.0)
            places[one, axis] += push
            places[other, axis] -= push
    return places


def _pack(sizes: Sequence[Points]) -> list[Points]:
    """The upper left corners of parts set in rows, from the largest, in a sheet as wide as that."""
    if not sizes:
        return []
    area = sum(float((width + _BETWEEN) * (height + _BETWEEN)) for width, height in sizes)
    room = max(float(sizes[0][0]), (area * _WIDER) ** 0.5)
    corners: list[Points] = []
    x = y = tallest = 0.0
    for width, height in sizes:
        if x and x + width > room:
            x, y, tallest = 0.0, y + tallest + _BETWEEN, 0.0
        corners.append(np.array([x, y]))
        x, tallest = x + float(width) + _BETWEEN, max(tallest, float(height))
    return corners


def _curves(middles: Points, boxes: Points, arrows: tuple[tuple[int, int], ...]) -> tuple[Curve, ...]:
    taken: dict[frozenset[int], list[float]] = {}
    pairs = [frozenset(arrow) for arrow in arrows]
    curves = []
    for (start, end), pair in zip(arrows, pairs, strict=True):
        used = taken.setdefault(pair, [])
        # A bend is told from the box of the lower number, so that two arrows do not bend to the same side.
        way = 1.0 if start < end else -1.0
        choices = [bend for bend in (_BESIDE if pairs.count(pair) > 1 else _BENDS) if bend * way not in used]
        bend = (
            min(choices, key=lambda bend: _in_the_way(middles, boxes, start, end, bend) * 1.0 + abs(bend))
            if choices
            else 0.5
        )
        used.append(bend * way)
        middle = _bent(middles[start], middles[end], bend)
        curves.append(
            Curve(
                _point(_rim(middles[start], boxes[start], middle)),
                _point(middle),
                _point(_rim(middles[end], boxes[end], middle)),
            )
        )
    return tuple(curves)


def _bent(start: Points, end: Points, bend: float) -> Points:
    across = end - start
    return (start + end) / 2 + np.array([-across[1], across[0]]) * bend


def _in_the_way(middles: Points, boxes: Points, start: int, end: int, bend: float) -> int:
    """How many boxes an arrow would run under."""
    middle, t = _bent(middles[start], middles[end], bend), _SAMPLES[:, None]
    way = (1 - t) ** 2 * middles[start] + 2 * t * (1 - t) * middle + t**2 * middles[end]
    under = (np.abs(way[:, None] - middles[None]) < boxes[None] / 2 + 4).all(axis=2).any(axis=0)
    under[[start, end]] = False
    return int(under.sum())


def _rim(middle: Points, box: Points, towards: Points) -> Points:
    """Where a line from the middle of a box leaves it."""
    way = towards - middle
    scale = np.divide(box / 2 + 4, np.abs(way), out=np.full(2, np.inf), where=np.abs(way) > 1e-9)
    return middle + way * min(float(scale.min()), 1.0)


def _middle_of(curve: Curve) -> Points:
    """Where it is half way: this is how far it bends out."""
    middle: Points = (np.array(curve.start) + 2 * np.array(curve.bend) + np.array(curve.end)) / 4
    return middle


def _moved(curve: Curve, by: Points) -> Curve:
    return Curve(*(_point(np.array(point) - by) for point in (curve.start, curve.bend, curve.end)))


def _point(pair: Points) -> Point:
    return round(float(pair[0]), 1), round(float(pair[1]), 1)
