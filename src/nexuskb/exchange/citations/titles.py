"""Titles in two scripts: which part of a printed title is the original, and which its English.

Curated titles of sources give both at once, as in ``Agricultural Land Act (農地法), current text``. The
United Nations prints the original first and its English after it in square brackets.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_IN_BRACKETS = re.compile(r"^(?P<before>.+?)\s*[((](?P<inside>[^()()]+)[))](?P<after>.*)$", re.DOTALL)
_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "CYRILLIC", "MONGOLIAN")


@dataclass(frozen=True, slots=True)
class Title:
    """A title. ``original`` is in another script or language than English, ``language`` its code.

    ``english`` is empty where the base has no English for it; ``rest`` is what the curators added, such as
    ``, current text``. A title that is English only has no ``original``.
    """

    original: str
    language: str
    english: str
    rest: str


def read_title(printed: str, title_language: str, language: str) -> Title:
    """Take a printed title apart; ``language`` is the language of the source."""
    bracketed = _IN_BRACKETS.match(printed)
    if title_language == "en":
        if bracketed and foreign(bracketed["inside"]) and not foreign(bracketed["before"]):
            return Title(bracketed["inside"], language, bracketed["before"], bracketed["after"])
        if not foreign(printed):
            return Title("", "", printed, "")
    if bracketed and foreign(bracketed["before"]) and not foreign(bracketed["inside"]):
        code = title_language if title_language != "en" else language
        return Title(bracketed["before"], code, bracketed["inside"], bracketed["after"])
    return Title(printed, title_language if title_language != "en" else language, "", "")


def foreign(text: str) -> bool:
    """Whether at least half of the letters are of another script than the Latin one."""
    letters = [c for c in text if c.isalpha()]
    others = sum(script_of(c) in _SCRIPTS for c in letters)
    return bool(letters) and 2 * others >= len(letters)


def script_of(character: str) -> str:
    """The first word of a character's Unicode name: LATIN, CYRILLIC, CJK, HANGUL ..."""
    return unicodedata.name(character, "").split(" ", 1)[0].split("-", 1)[0]
