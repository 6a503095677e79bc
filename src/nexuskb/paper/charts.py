"""Charts as PNG: readable in grey, labels in English, the same bytes for the same numbers."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from nexuskb.paper.blocks import Chart

_WIDTH, _DPI = 6.3, 150
_GREY, _LIGHT = "#404040", "#d0d0d0"


def png(chart: Chart) -> bytes:
    """The chart as a PNG of 6.3 inches (160 mm) width at 150 dots an inch."""
    labels_and_numbers = chart.points[0][1]
    height = 2.6 if chart.lines else 0.6 + 0.27 * len(labels_and_numbers)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if chart.lines:
        _draw_lines(axes, chart)
    else:
        _draw_bars(axes, chart, labels_and_numbers)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _draw_bars(axes: Axes, chart: Chart, points: tuple[tuple[str, float], ...]) -> None:
    labels, numbers = zip(*reversed(points), strict=True)
    bars = axes.barh(labels, numbers, color="#8c8c8c", edgecolor=_GREY, height=0.7)
    axes.bar_label(bars, fmt="{:,g}", padding=3, fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.set_xlabel(chart.unit, fontsize=8)
    axes.margins(x=0.08)


def _draw_lines(axes: Axes, chart: Chart) -> None:
    styles = ("-", "--", ":", "-.")
    for number, (name, points) in enumerate(chart.points):
        years, values = [int(label) for label, _ in points], [value for _, value in points]
        axes.plot(years, values, styles[number % 4], color=_GREY, marker="o", markersize=4, label=name)
    axes.grid(axis="y", color=_LIGHT, linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_ylabel(chart.unit, fontsize=8)
    if len(chart.points) > 1:
        axes.legend(fontsize=8, frameon=False)
