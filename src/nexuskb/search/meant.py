"""What a search that finds nothing may have meant, by the words of the vocabularies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from nexuskb.search.filters import Filters
from nexuskb.search.index import SearchIndex
from nexuskb.vocabulary import Scheme, nearest_name

#: Words that are looked at; a search with more is too long to be a slip.
_MOST_WORDS: Final = 8
_LETTERS: Final = re.compile(r"[^\W\d_]{4,}")


def vocabulary_words(schemes: Iterable[Scheme]) -> frozenset[str]:
    """The words that the labels of terms are made of, in small letters."""
    labels = (term.label for scheme in schemes for term in scheme.terms)
    return frozenset(word.casefold() for label in labels for word in _LETTERS.findall(label))


def meant(index: SearchIndex, query: str, filters: Filters, known: frozenset[str]) -> str:
    """The search with its misspelt words mended, if that finds something; else nothing.

    A word is taken for misspelt where no record has it. ``known`` are :func:`vocabulary_words`.
    """
    written = query.split()
    if len(written) > _MOST_WORDS:
        return ""
    mended = [_mended(index, word, known) for word in written]
    if mended == written:
        return ""
    better = " ".join(mended)
    return better if index.search(better, filters, 0).total else ""


def _mended(index: SearchIndex, word: str, known: frozenset[str]) -> str:
    if not _LETTERS.fullmatch(word) or index.search(word, {}, 0).total:
        return word
    return nearest_name(word, known) or word
