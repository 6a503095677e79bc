"""Pinpoints in the words of the United Nations: ``art. 5``, ``paras. 3-5``, ``sect. 2.1``, ``p. 12``."""

from __future__ import annotations

import re

_UNITS = {
    "art": ("art.", "arts."), "article": ("art.", "arts."),
    "para": ("para.", "paras."), "paragraph": ("para.", "paras."),
    "p": ("p.", "pp."), "pp": ("p.", "pp."), "page": ("p.", "pp."),
    "sec": ("sect.", "sects."), "sect": ("sect.", "sects."), "section": ("sect.", "sects."),
    "ch": ("chap.", "chaps."), "chap": ("chap.", "chaps."), "chapter": ("chap.", "chaps."),
    "table": ("table", "tables"), "annex": ("annex", "annexes"), "item": ("item", "items"),
    "figure": ("figure", "figures"), "fig": ("figure", "figures"), "goal": ("goal", "goals"),
    "part": ("part", "parts"), "row": ("row", "rows"),
}  # fmt: skip
_NUMBER = r"(?:\d[\w.]*(?:\(\w+\))*|[IVXLC]+\b|[A-Z]\b(?:\.\d[\w.]*)?)"
_PLACE = re.compile(
    rf"\b(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?P<plural>e?s)?\.?\s+"
    rf"(?P<numbers>{_NUMBER}(?:(?:\s*[-–]\s*|\s+and\s+|\s+to\s+){_NUMBER}|,\s+\d[\w.]*(?![\w.]*\s*[-–]?[A-Za-z]))*)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?<=\d)\s*-\s*(?=\d+(?:\D|$))")
#: Pinpoints that name the whole of a short text: a footnote does not repeat them.
_WHOLE = frozenset({
    "text", "page", "article", "whole item", "whole text", "whole page", "news item", "item", "report",
    "record", "statement",
})  # fmt: skip


def pinpoint(locator: str) -> str:
    """The pinpoint of a passage for a footnote; empty where it is the whole of a short text."""
    if locator.strip().lower() in _WHOLE:
        return ""
    return _PLACE.sub(_abbreviated, locator.strip())


def _abbreviated(found: re.Match[str]) -> str:
    numbers = found["numbers"]
    apart = r"[-–,]|\band\b|\bto\b" if numbers[0].isdigit() else r"[-–]|\band\b|\bto\b"
    several = re.search(apart, numbers) is not None
    one, more = _UNITS[found["unit"].lower()]
    return f"{more if several else one} {_NUMBERED.sub('–', numbers)}"
