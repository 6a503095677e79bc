"""Chains as figures: a graph of what acts on what, and a Sankey diagram of how many chains go which way.

Both stand in columns, one for each step from the start. The list of chains says all that they say.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, PathPatch, Rectangle
from matplotlib.path import Path

from nexuskb.errors import FormatError
from nexuskb.paper.chains import Chains
from nexuskb.paper.figures import DRAWING, MEDIA_TYPES, saved, wrapped

DRAWN: Final = ("graph", "sankey")

#: A place in the figure: the number of the step that leads to it, and what stands there.
Place = tuple[int, str]

_COLUMN: Final = 2.7
_BOX: Final = 1.75
_MARGIN: Final = 0.5
_FOOT: Final = 0.9
_POINTS: Final = 7.0
_MOST: Final = 150
_DASHES: Final = {1: "-", -1: "--", 0: ":"}
_FILLS: Final = {1: "#c4c4c4", -1: "#8a8a8a", 0: "#e4e4e4"}
_LEGEND: Final = {
    1: "more of the first brings more of the second",
    -1: "less",
    0: "which of the two is not said",
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything stands: names and weights of places, and how many chains go from place to place."""

    names: dict[Place, str]
    weights: Counter[Place]
    flows: Counter[tuple[Place, Place, int]]
    columns: list[list[Place]]


def draw_chains(chains: Chains, drawn: str, form: str, provenance: str) -> bytes:
    """The chains as a graph or a Sankey diagram in SVG, PNG or PDF.

    Raises :class:`FormatError` for an unknown form, for no chains, and for more than can be read.
    """
    if drawn not in DRAWN or form not in MEDIA_TYPES:
        raise FormatError(
            f"Chains are drawn as {' or '.join(DRAWN)} in {', '.join(MEDIA_TYPES)}, "
            f"not as {drawn!r} in {form!r}."
        )
    layout = _lay_out(chains)
    if not drawable(chains):
        raise FormatError(
            f"A figure of {len(layout.names):,} places in {len(chains.found):,} chains says nothing. "
            "Narrow or widen it by a parameter, or take it as csv."
        )
    size = (len(layout.columns) * _COLUMN, max(len(column) for column in layout.columns) * 0.5 + 0.4)
    figure = Figure((size[0] + 2 * _MARGIN, size[1] + _FOOT + 2 * _MARGIN))
    width, height = figure.get_size_inches()
    axes = figure.add_axes((_MARGIN / width, _MARGIN / height, size[0] / width, (size[1] + _FOOT) / height))
    axes.set_xlim(0, size[0])
    axes.set_ylim(size[1] + _FOOT, 0)
    axes.axis("off")
    title = f"Chains from {chains.start}"
    with DRAWING:
        axes.text(0, 0, title, fontsize=_POINTS * 1.5, fontweight="bold", va="center", parse_math=False)
        (_draw_graph if drawn == "graph" else _draw_sankey)(axes, layout, size[1])
        _foot(axes, drawn, size[1], provenance)
        words = ". ".join(chain.text for chain in chains.found)
        return saved(figure, form, title, words)


def drawable(chains: Chains) -> bool:
    """Whether a figure of the chains can be read: there are some, and they do not pass too many places."""
    places = {(number, node.iri) for chain in chains.found for number, node in enumerate(chain.nodes)}
    return 0 < len(places) <= _MOST


def _lay_out(chains: Chains) -> _Layout:
    names: dict[Place, str] = {}
    weights: Counter[Place] = Counter()
    flows: Counter[tuple[Place, Place, int]] = Counter()
    for chain in chains.found:
        places = [(number, node.iri) for number, node in enumerate(chain.nodes)]
        names.update(zip(places, (node.name for node in chain.nodes), strict=True))
        weights.update(places)
        for step, start, end in zip(chain.steps, places, places[1:], strict=False):
            flows[start, end, step.sign] += 1
    columns: list[list[Place]] = []
    rank: dict[Place, float] = {}
    for number in range(1 + max((place[0] for place in names), default=-1)):
        column = [place for place in names if place[0] == number]
        # Each stands near the middle of what leads to it, which keeps most lines from crossing.
        middles = {place: _mean([rank[start] for start, end, _ in flows if end == place]) for place in column}
        column.sort(key=lambda place: (middles[place], -weights[place], names[place]))
        rank.update({place: float(position) for position, place in enumerate(column)})
        columns.append(column)
    return _Layout(names, weights, flows, columns)


def _draw_graph(axes: Axes, layout: _Layout, height: float) -> None:
    middle = {}
    for number, column in enumerate(layout.columns):
        for position, place in enumerate(column):
            y = 0.4 + (height - 0.4) * (position + 0.5) / len(column)
            middle[place] = (number * _COLUMN, y)
    for (start, end, sign), count in sorted(layout.flows.items()):
        (x0, y0), (x1, y1) = middle[start], middle[end]
        axes.add_patch(
            FancyArrowPatch(
                (x0 + _BOX, y0), (x1, y1), arrowstyle="-|>", mutation_scale=7, linestyle=_DASHES[sign],
                linewidth=0.6 + 0.25 * min(count, 6), color="#333333", shrinkA=0, shrinkB=0,
            )
        )  # fmt: skip
    for place, (x, y) in middle.items():
        lines = wrapped(layout.names[place], _BOX)[:3]
        tall = 0.12 * len(lines) + 0.1
        axes.add_patch(
            Rectangle((x, y - tall / 2), _BOX, tall, facecolor="white", edgecolor="black", linewidth=0.7)
        )
        for number, line in enumerate(lines):
            _text(axes, (x + _BOX / 2, y + 0.12 * (number - (len(lines) - 1) / 2)), line, centred=True)


def _draw_sankey(axes: Axes, layout: _Layout, height: float) -> None:
    most = max(sum(layout.weights[place] for place in column) for column in layout.columns)
    gaps = max(len(column) for column in layout.columns)
    unit = (height - 0.4) * 0.6 / most
    gap = (height - 0.4) * 0.4 / gaps
    top: dict[Place, float] = {}
    for column in layout.columns:
        tall = sum(layout.weights[place] for place in column) * unit + gap * (len(column) - 1)
        y = 0.4 + (height - 0.4 - tall) / 2
        for place in column:
            top[place] = y
            y += layout.weights[place] * unit + gap
    leaving, arriving = dict(top), dict(top)
    for (start, end, sign), count in sorted(
        layout.flows.items(), key=lambda flow: (top[flow[0][0]], top[flow[0][1]], flow[0][2])
    ):
        band = count * unit
        _band(axes, (start[0] * _COLUMN + 0.1, leaving[start]), (end[0] * _COLUMN, arriving[end]), band, sign)
        leaving[start] += band
        arriving[end] += band
    for place, y in top.items():
        x, tall = place[0] * _COLUMN, layout.weights[place] * unit
        axes.add_patch(Rectangle((x, y), 0.1, tall, facecolor="black", edgecolor="none"))
        label = f"{layout.names[place]} ({layout.weights[place]})"
        for number, line in enumerate(lines := wrapped(label, _COLUMN - 0.3)[:3]):
            _text(axes, (x + 0.16, y + tall / 2 + 0.12 * (number - (len(lines) - 1) / 2)), line)


def _band(axes: Axes, start: tuple[float, float], end: tuple[float, float], tall: float, sign: int) -> None:
    (x0, y0), (x1, y1) = start, end
    bend = (x0 + x1) / 2
    corners = [
        (x0, y0), (bend, y0), (bend, y1), (x1, y1),
        (x1, y1 + tall), (bend, y1 + tall), (bend, y0 + tall), (x0, y0 + tall), (x0, y0),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(
        PathPatch(Path(corners, codes), facecolor=_FILLS[sign], edgecolor="white", linewidth=0.4, alpha=0.85)
    )


def _foot(axes: Axes, drawn: str, y: float, provenance: str) -> None:
    x = 0.0
    for sign, words in _LEGEND.items():
        if drawn == "graph":
            axes.plot([x, x + 0.4], [y + 0.35] * 2, linestyle=_DASHES[sign], color="#333333", linewidth=1)
        else:
            axes.add_patch(Rectangle((x, y + 0.27), 0.4, 0.16, facecolor=_FILLS[sign], edgecolor="black"))
        _text(axes, (x + 0.46, y + 0.35), words)
        x += 0.7 + 0.062 * len(words)
    thick = "thicker arrows" if drawn == "graph" else "wider bands"
    _text(
        axes, (0, y + 0.6), f"More chains make {thick}. The base joins the chains; sources claim their steps."
    )
    _text(axes, (0, y + 0.78), provenance)


def _text(axes: Axes, place: tuple[float, float], text: str, *, centred: bool = False) -> None:
    across = "center" if centred else "left"
    axes.text(*place, text, fontsize=_POINTS, va="center", ha=across, parse_math=False, clip_on=False)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
