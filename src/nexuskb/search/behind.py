"""The SPARQL behind a search: a query that finds the same records, to go on from."""

from __future__ import annotations

from collections.abc import Mapping

from nexuskb.search.documents import FROM_DOMAIN, TERMS, TO_DOMAIN, YEARS
from nexuskb.search.filters import Filters
from nexuskb.terms import NX, curie
from nexuskb.vocabulary import Scheme


def query_behind(words: str, filters: Filters, schemes: Mapping[str, Scheme]) -> str:
    """A SELECT with the records that a search finds, by title, not by how well they fit.

    ``filters`` are keys by facet (see :func:`nexuskb.search.filters.read_filters`).
    """
    conditions = [f"?record nx:matches {_quoted(words)} ."] if words.strip() else []
    conditions.append("?record nx:reviewState ?state ; rdfs:label ?label .")
    conditions += [_condition(facet, tuple(keys), schemes) for facet, keys in filters.items()]
    lines = "\n".join(f"  {line}" for condition in conditions for line in condition.splitlines())
    return f"SELECT DISTINCT ?record ?label\nWHERE {{\n{lines}\n}}\nORDER BY ?label ?record\n"


def _condition(facet: str, keys: tuple[str, ...], schemes: Mapping[str, Scheme]) -> str:
    if facet == "kind":
        return _one_of("kind", "a", [curie(str(NX[key])) for key in keys])
    if facet == "year":
        years = ", ".join(f'"{key}"' for key in keys)
        return f"?record {YEARS} ?date .\nFILTER(SUBSTR(STR(?date), 1, 4) IN ({years}))"
    if facet == "joins":
        return "\nUNION ".join(_joining(key) for key in keys)
    terms = [term for key in keys if (term := schemes[facet].find(key))]
    path = "|".join(f"nx:{name}" for name in TERMS[facet])
    return _one_of(facet, path, [curie(str(term.iri)) for term in terms])


def _one_of(facet: str, path: str, values: list[str]) -> str:
    if len(values) == 1:
        return f"?record {path} {_term(values[0])} ."
    listed = " ".join(_term(value) for value in values)
    return f"VALUES ?{facet} {{ {listed} }}\n?record {path} ?{facet} ."


def _term(value: str) -> str:
    return f"<{value}>" if "://" in value else value


def _joining(key: str) -> str:
    one, other = (f"domain:{name}" for name in key.split("-"))
    there = f"?record {FROM_DOMAIN} {one} ; {TO_DOMAIN} {other} ."
    back = f"?record {FROM_DOMAIN} {other} ; {TO_DOMAIN} {one} ."
    return f"{{ {there} }}\nUNION {{ {back} }}"


def _quoted(text: str) -> str:
    """A literal of SPARQL 1.1 (19.7) on one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = "".join(character if character >= " " else " " for character in escaped)
    return f'"{plain}"'
