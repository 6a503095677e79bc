"""Filters as people write them: kind, area and other terms by name, joined domains, year by number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from rdflib import Graph

from nexuskb.errors import UnknownTermError
from nexuskb.search.documents import FACETS, joined
from nexuskb.vocabulary import Scheme, Vocabularies, kinds_of_record, nearest_name

#: The values that hits must have, by facet: one of them where there are several.
Filters = Mapping[str, Sequence[str]]


def filter_schemes(model: Graph) -> dict[str, Scheme]:
    """The terms that hits can be filtered by, by facet; the year and joined domains have none."""
    schemes = Vocabularies(model).schemes
    return {"kind": kinds_of_record(model), **{facet: schemes[facet] for facet in FACETS if facet in schemes}}


def read_filters(
    given: Mapping[str, str | Sequence[str]], schemes: Mapping[str, Scheme]
) -> dict[str, tuple[str, ...]]:
    """The keys of the values given for facets, each once; empty ones are left out.

    Raises :class:`UnknownTermError` with the nearest term, or with all of them where none is near.
    """
    read = {}
    for facet, values in given.items():
        written = [values] if isinstance(values, str) else values
        keys = dict.fromkeys(_key(facet, value, schemes) for value in written if value.strip())
        if keys:
            read[facet] = tuple(keys)
    return read


def value_label(facet: str, value: str, schemes: Mapping[str, Scheme]) -> str:
    """The value of a facet in words."""
    if facet == "joins":
        return _joined_domains(schemes).get(value, value)
    found = schemes[facet].find(value) if facet in schemes else None
    return found.label if found else value


def _key(facet: str, value: str, schemes: Mapping[str, Scheme]) -> str:
    if facet == "year":
        if re.fullmatch(r"[12][0-9]{3}", value.strip()):
            return value.strip()
        raise UnknownTermError(f"{value!r} is not a year, such as 2021.")
    if facet == "joins":
        return _joined_key(value, _joined_domains(schemes))
    scheme = schemes.get(facet)
    if scheme is None:
        raise UnknownTermError(f"Hits cannot be filtered by {facet!r}, only by {', '.join(FACETS)}.")
    if found := scheme.find(value):
        return found.key
    near = scheme.nearest(value)
    hint = f"Did you mean {near.notation}?" if near else "Known are: " + ", ".join(_names(scheme)) + "."
    raise UnknownTermError(f"There is no {facet} {value!r}. {hint}")


def _joined_domains(schemes: Mapping[str, Scheme]) -> dict[str, str]:
    """All pairs of domains, with their names."""
    return {
        joined(one.key, other.key): f"{one.label} and {other.label.lower()}"
        for one, other in combinations(schemes["domain"].terms, 2)
    }


def _joined_key(value: str, pairs: Mapping[str, str]) -> str:
    wanted = value.strip().casefold()
    for key, label in pairs.items():
        if wanted in (key, label.casefold(), "-".join(reversed(key.split("-")))):
            return key
    near = nearest_name(value, pairs)
    hint = f"Did you mean {near}?" if near else f"Known are: {', '.join(pairs)}."
    raise UnknownTermError(f"{value!r} are not two domains that an interlinkage joins. {hint}")


def _names(scheme: Scheme) -> list[str]:
    return [term.notation for term in scheme.terms]
