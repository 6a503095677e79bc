"""SVG elements: what all drawings of pages are made of. Text is escaped by the XML library that writes it."""

from __future__ import annotations

import textwrap
from xml.etree.ElementTree import Element, SubElement, tostring

__all__ = ["Element", "lines_of", "part", "sheet", "words", "written"]


def sheet(width: float, height: float, label: str) -> Element:
    """A drawing of this size in pixels, named for those who do not see it."""
    return Element(
        "svg",
        {
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
            "width": _number(width),
            "height": _number(height),
            "class": "drawing",
            "role": "group",
            "aria-label": label,
        },
    )


def part(parent: Element, name: str, cls: str = "", **attributes: float | str) -> Element:
    """An element in another; ``_`` in the name of an attribute stands for a hyphen."""
    given = {
        key.replace("_", "-"): value if isinstance(value, str) else _number(value)
        for key, value in attributes.items()
    }
    return SubElement(parent, name, {**({"class": cls} if cls else {}), **given})


def words(  # noqa: PLR0913, PLR0917 -- what it says and where it stands
    parent: Element, text: str, x: float, y: float, cls: str = "", anchor: str = "start"
) -> Element:
    """A line of text whose baseline starts, ends or is centred at a point."""
    element = part(parent, "text", cls, x=x, y=y, text_anchor=anchor)
    element.text = text
    return element


def lines_of(text: str, width: int, most: int = 2) -> list[str]:
    """The text in lines of so many characters; what does not fit into ``most`` lines ends in an ellipsis."""
    return textwrap.wrap(text, width, max_lines=most, placeholder=" …", break_on_hyphens=False) or [""]


def written(drawing: Element) -> str:
    """The drawing as text to put into a page."""
    return tostring(drawing, encoding="unicode")


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
