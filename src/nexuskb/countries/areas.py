"""The areas that have a profile: the six States by name, then the region."""

from __future__ import annotations

from typing import Final

from nexuskb.errors import UnknownTermError
from nexuskb.vocabulary import Term, Vocabularies

#: The member States in the alphabetical order of their English names.
STATES: Final = ("chn", "prk", "jpn", "mng", "kor", "rus")
REGION: Final = "north-east-asia"
STATES_AND_REGION: Final = (*STATES, REGION)


def profiled(vocabularies: Vocabularies) -> list[Term]:
    """The terms of these areas, in their order."""
    terms = {term.key: term for term in vocabularies.schemes["area"].terms}
    return [terms[key] for key in STATES_AND_REGION]


def area_of(given: str, vocabularies: Vocabularies) -> Term:
    """The State or region that a person means. Raises :class:`UnknownTermError` with those there are."""
    known = profiled(vocabularies)
    found = vocabularies.schemes["area"].find(given)
    if found is None or found not in known:
        names = ", ".join(f"{term.key} ({term.label})" for term in known)
        raise UnknownTermError(f"There is no page of an area {given!r}. The areas are: {names}.")
    return found
