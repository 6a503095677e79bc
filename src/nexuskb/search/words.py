"""Words of a text and of a search, in every script.

Languages with spaces are left to the tokenizers of SQLite. Chinese, Japanese and Korean are cut into
overlapping pairs of characters, so that a word of two characters is found wherever it stands in a run of
text: 沙漠化 becomes ``沙漠 漠化 化``. The last character stands alone, so that every character begins
exactly one pair: a single one is found as the beginning of a pair, and no pair reaches into the next run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

#: What a search has more is left out, so that no search is long.
MOST_CHARACTERS: Final = 1_000

_RUN: Final = re.compile(r"[^\W_]+")
#: Han with its repetition marks, kana, hangul.
_PAIRED: Final = re.compile(
    "[\u1100-\u11ff\u3005-\u3007\u3041-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_CHUNK: Final = re.compile(r'(-*)(?:"([^"]*)"?|([^\s"]+))')
_QUOTES: Final = str.maketrans("“”„‟＂", '"' * 5)
#: Letters and digits that people write either way; one for one, so that places in a text stay.
_FOLDED: Final = str.maketrans(
    {
        "ё": "е",
        "Ё": "Е",
        **{chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF10, 0xFF5B) if chr(wide).isalnum()},
    }
)
#: Words that every text has; they count only where nothing else is asked for, and within quotation marks.
_COMMON: Final = frozenset(
    {"a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"}
)
_SHORTEST_BEGINNING: Final = {True: 4, False: 3}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to find something: a phrase to match among words, stems or pairs, and what a hit is worth."""

    kind: str
    phrase: str
    worth: float = 1.0


@dataclass(frozen=True, slots=True)
class Condition:
    """What a hit must have, or must not: each part, in at least one of the ways to find it.

    ``runs`` are the texts to be marked that the tables of SQLite cannot mark.
    """

    excluded: bool
    parts: tuple[tuple[Way, ...], ...]
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it was understood. ``asks`` is false where nothing at all was written.

    ``title`` is the whole of it as a title.
    """

    asks: bool
    title: str
    conditions: tuple[Condition, ...]


def fold(text: str) -> str:
    """The text as it is indexed: of letters that are written either way, one."""
    return text.translate(_FOLDED)


def as_title(text: str) -> str:
    """A title as it is compared with others: its words alone, in one case."""
    return " ".join(_RUN.findall(fold(text))).casefold()


def paired(text: str) -> str:
    """The pairs of characters of all runs with Chinese, Japanese or Korean in a text."""
    return " ".join(pair for run in _RUN.findall(fold(text)) if _PAIRED.search(run) for pair in _pairs(run))


def read_search(text: str) -> Search:
    """Read plain words, "quoted phrases" and -excluded words. Every text has a meaning; none is an error."""
    whole = unicodedata.normalize("NFC", text[:MOST_CHARACTERS].translate(_QUOTES))
    chunks = list(_CHUNK.finditer(fold(whole)))
    written = [chunk for chunk in chunks if not _is_common(chunk)] or chunks
    read = (
        _condition(bool(hyphens), phrase, word) for hyphens, phrase, word in (c.groups() for c in written)
    )
    conditions = dict.fromkeys(condition for condition in read if condition.parts)
    return Search(bool(whole.strip()), as_title(whole), tuple(conditions))


def _is_common(chunk: re.Match[str]) -> bool:
    hyphens, _, word = chunk.groups()
    return not hyphens and word is not None and word.casefold() in _COMMON


def _condition(excluded: bool, phrase: str | None, word: str | None) -> Condition:
    runs = _RUN.findall(phrase if phrase is not None else word or "")
    parts: list[tuple[Way, ...]] = []
    marked: list[str] = []
    for is_paired, group in groupby(runs, key=lambda run: bool(_PAIRED.search(run))):
        together = list(group)
        if is_paired:
            parts.append((_paired_way(together),))
            marked += together
        else:
            parts.append(tuple(_spaced_ways(together, exactly=phrase is not None)))
    return Condition(excluded, tuple(parts), () if excluded else tuple(marked))


def _paired_way(runs: list[str]) -> Way:
    *before, last = runs
    pairs = [pair for run in before for pair in _pairs(run)] + (_pairs(last)[:-1] or [last])
    return Way("pairs", f'"{" ".join(pairs)}"' + ("*" if len(last) == 1 else ""))


def _spaced_ways(words: list[str], *, exactly: bool) -> Iterator[Way]:
    """Words as they are; or else, for less, also inflected and as the beginnings of longer words."""
    phrase = f'"{" ".join(words)}"'
    yield Way("words", phrase)
    if exactly:
        return
    yield Way("stems", phrase, 0.8)
    last = words[-1]
    if len(last) >= _SHORTEST_BEGINNING[last.isascii()] and not last.isdigit():
        yield Way("words", phrase + "*", 0.5)


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run))]
