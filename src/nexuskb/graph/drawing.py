"""A view as a picture: SVG with links, and PNG made of it.

Nothing is said by colour alone: kinds of node differ in shape, signs in line and arrowhead, confidence in the
thickness of the line. Colours are attributes with a class beside them, so that a page can put its own in
their place, and the picture is right without one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import atan2, degrees
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from matplotlib.font_manager import FontProperties, findfont
from resvg_py import svg_to_bytes

from nexuskb.graph.asked import KINDS
from nexuskb.graph.layout import Curve, Point, lay_out
from nexuskb.graph.view import Arrow, Place, View

#: Sizes in pixels of the drawing: of type, of a line of it, and of a letter at the widest.
_TYPE: Final = 12.0
_LINE: Final = 15.0
_LETTER: Final = 7.0
_LETTERS: Final = 24
_LINES: Final = 3
_MARGIN: Final = 24.0
_FONTS: Final = "'DejaVu Sans', Verdana, sans-serif"
_LEAST_WIDTH: Final = 640.0
#: How much higher than its lines the box of each kind of node is.
_HIGHER: Final = {"driver": 10.0, "impact": 12.0, "domain": 24.0, "policy": 12.0, "other": 10.0}
_INK: Final = "#1c2421"
#: Each sign's colour, beside its line and head.
_SIGN_INKS: Final = {1: "#2a6540", -1: "#a3221a", 0: "#6b5a14"}
_GROUND: Final = "#ffffff"
#: Face and ink of each kind of node.
_FACES: Final = {
    "driver": ("#dde3df", _INK),
    "impact": (_GROUND, _INK),
    "domain": ("#3d4843", _GROUND),
    "policy": (_GROUND, _INK),
    "other": (_GROUND, _INK),
}
_SIGN_NAMES: Final = {1: "more", -1: "less", 0: "unknown"}
_DASHES: Final = {1: "", -1: "8 4", 0: "2 4"}
_SIGN_WORDS: Final = {
    1: "brings more",
    -1: "brings less, or works against",
    0: "which of the two is not said",
}
_THICK: Final = {5: 2.8, 4: 2.4, 3: 1.5, 2: 0.8, 1: 0.8, 0: 1.2}
_KIND_WORDS: Final = {
    "driver": "driver", "impact": "impact", "domain": "domain", "policy": "policy",
    "other": "topic, goal, institution",
}  # fmt: skip
_READING: Final = (
    "The thicker the line, the surer its surest link. A number on a line: so many links.",
    "Arrows are claims of sources, or what measures prescribe: the list says which.",
)
_KEY_HEIGHT: Final = 5 * _LINE
_KEY_WORDS: Final = " ".join(
    ["Solid line with a full head: brings more. Dashed line with a bar: brings less, or works against.",
     "Dotted line with an open head: which of the two is not said.", *_READING]
)  # fmt: skip
#: PNG is finer than the drawing, but not wider or higher than this.
_FINE: Final = 1.6
_MOST_PIXELS: Final = 4_000

#: What makes the arrowhead of each sign, pointing right, its tip at the origin.
_HEADS: Final = {
    1: "M0 0L-11 -5L-11 5Z",  # a full arrowhead
    -1: "M0 -7L0 7",  # a bar, as for inhibition
    0: "M-9 -5L0 0L-9 5",  # an open arrowhead
}

#: Gives the address that a node leads to, or nothing.
PlaceAddress = Callable[[Place], str]


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a picture on its own: its title above, and below it what it was made from."""

    title: str
    made_from: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG with its width and height in pixels."""

    svg: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Box:
    """A node laid out: its number, middle and size, its name in lines, and whether somebody asked for it."""

    number: int
    middle: Point
    size: Point
    lines: tuple[str, ...]
    named: bool


def draw(view: View, address: PlaceAddress, frame: Frame | None = None) -> Picture:
    """The view as a picture. ``address`` says where a node leads to.

    Without a frame it is for a page that lists the arrows too: each leads to its row, ``#link-1`` the first.
    """
    texts = [_lines(place) for place in view.places]
    sizes = tuple(_size(place, lines) for place, lines in zip(view.places, texts, strict=True))
    numbers = {place: number for number, place in enumerate(view.places)}
    ends = tuple((numbers[arrow.start], numbers[arrow.end]) for arrow in view.shown)
    layout = lay_out(sizes, ends, _columns(view))
    width = max(layout.width, _LEAST_WIDTH) + 2 * _MARGIN
    heading = textwrap.wrap(frame.title, int((width - 2 * _MARGIN) / 10)) if frame else []
    foot = textwrap.wrap(frame.made_from, int((width - 2 * _MARGIN) / 6)) if frame else []
    top = 1.5 * _LINE * len(heading)
    below = top + layout.height + 2 * _LINE
    height = (below + _KEY_HEIGHT + len(foot) * _LINE if frame else layout.height) + 2 * _MARGIN
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "class": "nexus", "role": "group",
            "aria-labelledby": "graph-title graph-words", "width": f"{width:.0f}", "height": f"{height:.0f}",
            "viewBox": f"{-_MARGIN:g} {-_MARGIN:g} {width:.0f} {height:.0f}",
            "font-family": _FONTS, "font-size": f"{_TYPE:g}",
        },
    )  # fmt: skip
    SubElement(root, "title", {"id": "graph-title"}).text = view.title
    SubElement(root, "desc", {"id": "graph-words"}).text = described(view)
    if frame:
        ground = {
            "x": f"{-_MARGIN:g}",
            "y": f"{-_MARGIN:g}",
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
        }
        SubElement(root, "rect", {**ground, "fill": _GROUND})
        for number, line in enumerate(heading):
            _write(root, (0, 1.5 * _LINE * number), line, {"font-size": "16", "font-weight": "bold"})
        _draw_key(root, below)
        for number, line in enumerate(foot):
            _write(root, (0, below + _KEY_HEIGHT + _LINE * number), line, {"font-size": "10"})
    drawn = SubElement(root, "g", {"transform": f"translate(0 {top:g})"})
    for number, (arrow, curve) in enumerate(zip(view.shown, layout.curves, strict=True), 1):
        between = {"data-from": f"{numbers[arrow.start]}", "data-to": f"{numbers[arrow.end]}"}
        _draw_arrow(drawn, arrow, curve, {**between, **({} if frame else {"href": f"#link-{number}"})})
    for place, middle in zip(view.places, layout.middles, strict=True):
        number = numbers[place]
        asked_for = place in (view.focus, view.start, view.end)
        _draw_place(
            drawn, place, _Box(number, middle, sizes[number], texts[number], asked_for), address(place)
        )
    return Picture(tostring(root, encoding="unicode"), width, height)


def draw_key() -> str:
    """What lines, heads and shapes mean, as an SVG of its own, to stand beside a picture without a frame."""
    size = {"width": f"{_LEAST_WIDTH:.0f}", "height": f"{_KEY_HEIGHT:.0f}"}
    box = f"-2 -10 {_LEAST_WIDTH:.0f} {_KEY_HEIGHT:.0f}"
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "class": "nexus key", "role": "img",
            "viewBox": box, **size, "font-family": _FONTS, "aria-label": f"Key. {_KEY_WORDS}",
        },
    )  # fmt: skip
    _draw_key(root, 0.0)
    return tostring(root, encoding="unicode")


def as_png(picture: Picture) -> bytes:
    """The picture as PNG, in a typeface that comes with the libraries: the same on every machine."""
    zoom = min(_FINE, _MOST_PIXELS / picture.width, _MOST_PIXELS / picture.height)
    return svg_to_bytes(
        svg_string=picture.svg,
        width=round(picture.width * zoom),
        skip_system_fonts=True,
        font_files=_font_files(),
        font_family="DejaVu Sans",
        sans_serif_family="DejaVu Sans",
    )


def described(view: View) -> str:
    """All that the picture says, in words."""
    said = [f"{arrow.words} ({arrow.surest.confidence.lower()})." for arrow in view.shown]
    return " ".join([f"{len(view.places):,} nodes, {len(view.shown):,} arrows.", *said])


def _columns(view: View) -> tuple[int, ...]:
    """For ways from one node to another, how many steps each node is from the start at the most."""
    steps: dict[str, int] = {}
    for way in view.ways:
        for number, node in enumerate(way.nodes):
            steps[node.iri] = max(steps.get(node.iri, 0), number)
    return tuple(steps[place.node.iri] for place in view.places) if view.ways else ()


def _lines(place: Place) -> tuple[str, ...]:
    """The name in as many lines as a box has; what is cut is whole in the tooltip."""
    lines = textwrap.wrap(
        place.node.name, _LETTERS, break_on_hyphens=False, max_lines=_LINES, placeholder=" …"
    )
    return tuple(lines) or ("",)


def _size(place: Place, lines: tuple[str, ...]) -> Point:
    beside = 30.0 if place.kind in ("impact", "domain") else 20.0
    letter = _LETTER * (1.2 if place.kind == "domain" else 1.0)
    return max(len(line) for line in lines) * letter + beside, len(lines) * _LINE + _HIGHER[place.kind]


def _draw_place(parent: Element, place: Place, box: _Box, address: str) -> None:
    kind = KINDS[place.kind]
    spoken = f"{place.node.name}, {place.what.lower()}"
    attributes = {"class": f"place {place.kind}{' asked' if box.named else ''}", "id": f"place-{box.number}"}
    if address:
        group = SubElement(parent, "a", {**attributes, "href": address, "aria-label": spoken})
    else:
        group = SubElement(parent, "g", attributes)
    SubElement(group, "title").text = f"{place.node.name} ({place.what.lower()}; {kind.lower()})"
    _shape(group, place.kind, box.middle, box.size, named=box.named)
    (x, y), ink = box.middle, _FACES[place.kind][1]
    weight = {"font-weight": "bold"} if place.kind == "domain" else {}
    for number, line in enumerate(box.lines):
        down = y + _LINE * (number - (len(box.lines) - 1) / 2) + _TYPE * 0.36
        _write(group, (x, down), line, {"text-anchor": "middle", "fill": ink, **weight})


def _shape(parent: Element, kind: str, middle: Point, size: Point, *, named: bool = False) -> None:
    """The outline of a kind of node, all different without colour."""
    (x, y), (width, height) = middle, size
    left, top = x - width / 2, y - height / 2
    stroke = {
        "stroke": _INK,
        "stroke-width": "3" if named else "1.2",
        "fill": _FACES[kind][0],
        "class": f"box {kind}",
    }
    if kind == "policy":  # a sheet of paper with a folded corner
        fold = 9
        outline = f"M{left:.1f} {top:.1f}h{width - fold:.1f}l{fold} {fold}v{height - fold:.1f}h{-width:.1f}z"
        SubElement(parent, "path", {**stroke, "d": outline})
        corner = f"M{left + width - fold:.1f} {top:.1f}v{fold}h{fold}"
        SubElement(parent, "path", {**stroke, "d": corner, "fill": "none", "class": "box fold"})
        return
    rounding = {"impact": height / 2, "domain": 8.0}.get(kind, 0.0)
    dashes = {"stroke-dasharray": "4 3"} if kind == "other" else {}
    SubElement(
        parent,
        "rect",
        {
            **stroke, **dashes, "x": f"{left:.1f}", "y": f"{top:.1f}", "width": f"{width:.1f}",
            "height": f"{height:.1f}", "rx": f"{min(rounding, 24.0):g}",
        },
    )  # fmt: skip


def _draw_arrow(parent: Element, arrow: Arrow, curve: Curve, attributes: dict[str, str]) -> None:
    sign = _SIGN_NAMES[arrow.sign]
    hidden = {"tabindex": "-1", "aria-hidden": "true"} if "href" in attributes else {}
    group = SubElement(parent, "a" if hidden else "g", {"class": f"arrow {sign}", **attributes, **hidden})
    count = f", {len(arrow.links)} links" if len(arrow.links) > 1 else ""
    SubElement(group, "title").text = f"{arrow.words} ({arrow.surest.confidence.lower()}{count})"
    (x0, y0), (x1, y1), (x2, y2) = curve.start, curve.bend, curve.end
    turn = degrees(atan2(y2 - y1, x2 - x1))
    _line(group, f"M{x0:g} {y0:g}Q{x1:g} {y1:g} {x2:g} {y2:g}", arrow.sign, arrow.surest.rank)
    _head(group, (x2, y2), turn, arrow.sign)
    if len(arrow.links) > 1:
        x, y = (x0 + 2 * x1 + x2) / 4, (y0 + 2 * y1 + y2) / 4
        SubElement(
            group, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "8", "fill": _GROUND, "class": "count"}
        )
        _write(group, (x, y + 3.5), f"{len(arrow.links)}", {"text-anchor": "middle", "font-size": "10"})


def _line(parent: Element, way: str, sign: int, rank: int) -> None:
    attributes = {
        "d": way,
        "fill": "none",
        "stroke": _SIGN_INKS[sign],
        "stroke-width": f"{_THICK[rank]:g}",
        "class": "line",
    }
    if _DASHES[sign]:
        attributes["stroke-dasharray"] = _DASHES[sign]
    SubElement(parent, "path", attributes)


def _head(parent: Element, tip: Point, turn: float, sign: int) -> None:
    SubElement(
        parent,
        "path",
        {
            "d": _HEADS[sign], "transform": f"translate({tip[0]:g} {tip[1]:g}) rotate({turn:.1f})",
            "fill": _SIGN_INKS[sign] if sign == 1 else "none", "stroke": _SIGN_INKS[sign],
            "stroke-width": "3" if sign == -1 else "1.5", "class": "head full" if sign == 1 else "head",
        },
    )  # fmt: skip


def _draw_key(parent: Element, y: float) -> None:
    """What lines, heads and shapes mean, in two rows, and how to read the rest."""
    group = SubElement(parent, "g", {"class": "key", "font-size": "11"})
    x = 0.0
    for sign, words in _SIGN_WORDS.items():
        sample = SubElement(group, "g", {"class": _SIGN_NAMES[sign]})
        _line(sample, f"M{x:g} {y:g}h34", sign, 3)
        _head(sample, (x + 36, y), 0.0, sign)
        _write(group, (x + 44, y + 4), words, {})
        x += 62 + len(words) * 6.8
    x, y = 0.0, y + 1.5 * _LINE
    for kind, words in _KIND_WORDS.items():
        _shape(group, kind, (x + 14, y), (28, 14))
        _write(group, (x + 34, y + 4), words, {})
        x += 54 + len(words) * 6.8
    for number, words in enumerate(_READING):
        _write(group, (0, y + (1.6 + number) * _LINE), words, {})


def _write(parent: Element, place: Point, text: str, attributes: dict[str, str]) -> None:
    written = {"x": f"{place[0]:.1f}", "y": f"{place[1]:.1f}", "fill": _INK, **attributes}
    SubElement(parent, "text", written).text = text


@cache
def _font_files() -> list[str]:
    return [findfont(FontProperties(family="DejaVu Sans", weight=weight)) for weight in ("normal", "bold")]
