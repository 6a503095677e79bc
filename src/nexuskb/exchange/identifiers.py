"""Identifiers for records that were handed in without one: readable, and never one that is taken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from itertools import count

from nexuskb.forms import Form

#: Whether an identifier belongs to a record, of the base or of another's draft.
Taken = Callable[[str], bool]

_SMALL_WORDS = frozenset({"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "the", "to"})
_MOST_WORDS = 5


def never(_: str) -> bool:
    """No identifier is taken."""
    return False


def identifier_for(given: Mapping[str, object], form: Form, taken: Taken) -> str:
    """An identifier from area, title and year: ``mng-law-forests-2012``; numbered if it is taken."""
    words = [word for word in _words(_first(given.get("label"))) if word not in _SMALL_WORDS]
    year = next((found[0] for key in ("adopted", "date") if (found := _years(given.get(key)))), "")
    area = "-".join(_words(_first(given.get("area")))[:3])
    words = [word for word in words if word != year][:_MOST_WORDS] or _words(form.label)
    stem = "-".join(part for part in (area, *words, year) if part)[:80].strip("-")
    return next(name for name in _numbered(stem) if not taken(name))


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))


def _first(value: object) -> str:
    while isinstance(value, list | dict) and value:
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return value if isinstance(value, str) else ""


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall("[a-z0-9]+", re.sub("['’]", "", plain))


def _years(value: object) -> list[str]:
    return re.findall(r"^[12][0-9]{3}", _first(value))
