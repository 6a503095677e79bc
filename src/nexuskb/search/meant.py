"""What a search that finds nothing may have meant, by the words of vocabularies and titles."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from nexuskb.search.filters import Filters
from nexuskb.search.index import SearchIndex
from nexuskb.vocabulary import Scheme

#: Words that are looked at; a search with more is too long to be a slip.
_MOST_WORDS: Final = 8
#: How like a word must be to be taken for the one that was meant.
_LIKE: Final = 0.75
_LETTERS: Final = re.compile(r"[^\W\d_]{4,}")


def known_words(index: SearchIndex, schemes: Iterable[Scheme]) -> frozenset[str]:
    """The words that the titles of records and the labels of terms are made of, in small letters."""
    labels = (term.label for scheme in schemes for term in scheme.terms)
    texts = (*index.titles(), *labels)
    return frozenset(word for text in texts for word in _LETTERS.findall(text.casefold()))


def meant(index: SearchIndex, query: str, filters: Filters, known: frozenset[str]) -> str:
    """The search with its misspelt words mended, if that finds something; else nothing.

    A word is taken for misspelt where no record has it. ``known`` are :func:`known_words`.
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
    near = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=_LIKE)
    return near[0] if near else word
