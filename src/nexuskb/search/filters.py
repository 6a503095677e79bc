"""Filters as people write them: kind, area and other terms by name, year by number."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rdflib import Graph

from nexuskb.errors import UnknownTermError
from nexuskb.search.documents import FACETS
from nexuskb.vocabulary import Scheme, Vocabularies, kinds_of_record


def filter_schemes(model: Graph) -> dict[str, Scheme]:
    """The terms that hits can be filtered by, by facet; the year has none."""
    schemes = Vocabularies(model).schemes
    return {"kind": kinds_of_record(model), **{facet: schemes[facet] for facet in FACETS if facet in schemes}}


def read_filters(given: Mapping[str, str], schemes: Mapping[str, Scheme]) -> dict[str, str]:
    """The keys of the values given for facets; empty ones are left out.

    Raises :class:`UnknownTermError` with the nearest term, or with all of them where none is near.
    """
    return {facet: _key(facet, value, schemes) for facet, value in given.items() if value.strip()}


def _key(facet: str, value: str, schemes: Mapping[str, Scheme]) -> str:
    if facet == "year":
        if re.fullmatch(r"[12][0-9]{3}", value.strip()):
            return value.strip()
        raise UnknownTermError(f"{value!r} is not a year, such as 2021.")
    scheme = schemes.get(facet)
    if scheme is None:
        raise UnknownTermError(f"Hits cannot be filtered by {facet!r}, only by {', '.join(FACETS)}.")
    if found := scheme.find(value):
        return found.key
    near = scheme.nearest(value)
    hint = f"Did you mean {near.notation}?" if near else "Known are: " + ", ".join(_names(scheme)) + "."
    raise UnknownTermError(f"There is no {facet} {value!r}. {hint}")


def _names(scheme: Scheme) -> list[str]:
    return [term.notation for term in scheme.terms]
