"""Queries made from a form: the records of a kind that pass some filters, with the fields one wants to see.

What a kind has, what its fields are called and what they hold comes from its form (:mod:`nexuskb.forms`), so
a field that a shape gains can be asked for at once. The query is plain SPARQL, to be read, changed and kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import Literal
from rdflib.namespace import RDFS

from nexuskb.errors import QuestionError
from nexuskb.forms import Form, FormField, Holds
from nexuskb.terms import curie
from nexuskb.vocabulary import Vocabularies

#: Names that filters end in: from a number or a date, and to it.
FROM, TO = ".from", ".to"
#: Rows of an answer, unless another number is given.
ROWS: Final = 500

_RANGES: Final = frozenset({Holds.NUMBER, Holds.COUNT, Holds.DATE})
_NAMED: Final = frozenset({Holds.RECORD, Holds.THING})
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: filters by the name of their input, keys of the fields shown, a field to count by.

    A filter of a vocabulary holds a term as people write it; of a text or a record, words in it; of a number
    or a date, a bound, under the key with :data:`FROM` or :data:`TO`.
    """

    filters: Mapping[str, str]
    shown: Sequence[str] = ()
    count_by: str = ""


def filter_inputs(field: FormField) -> tuple[str, ...]:
    """The names of the inputs that filter by a field."""
    if field.holds is Holds.EVIDENCE:
        return ()
    return (field.key + FROM, field.key + TO) if field.holds in _RANGES else (field.key,)


def can_count(field: FormField) -> bool:
    """Whether records can be counted by a field: those that hold terms of a vocabulary."""
    return field.holds is Holds.TERM


def build_query(form: Form, wish: Wish, vocabularies: Vocabularies) -> str:
    """The query for the records of a kind.

    Raises :class:`QuestionError` that names the input, the value and what would do.
    """
    fields = form.by_key()
    conditions = [f"  ?record a {curie(str(form.cls))} ."]
    for name, value in wish.filters.items():
        if value.strip():
            field = _field_of(form, name)
            conditions.append(_condition(field, name, value.strip(), vocabularies))
    if wish.count_by:
        if wish.count_by not in fields or not can_count(fields[wish.count_by]):
            raise QuestionError(f"Records cannot be counted by {wish.count_by!r}.", "count")
        return _counting(fields[wish.count_by], conditions)
    for key in wish.shown:
        if key not in fields:
            raise QuestionError(f"{form.label} has no field {key!r}.", "show")
    title = f"  ?record {curie(str(RDFS.label))} ?recordTitle ."
    columns = [fields[key] for key in wish.shown if fields[key].path != RDFS.label]
    names = " ".join(f"?{_variable(field)}" for field in columns)
    return "\n".join([
        f"SELECT ?record ?recordTitle {names}".rstrip() + " WHERE {",
        *conditions,
        title,
        *(_column(field) for field in columns),
        "}",
        "ORDER BY ?recordTitle",
        f"LIMIT {ROWS}",
    ])  # fmt: skip


def _field_of(form: Form, name: str) -> FormField:
    for field in form.fields:
        if name in filter_inputs(field):
            return field
    raise QuestionError(f"{form.label} has no field {name!r} to filter by.", name)


def _counting(field: FormField, conditions: list[str]) -> str:
    name = _variable(field)
    return "\n".join([
        f"SELECT ?{name} ?{name}Label (COUNT(DISTINCT ?record) AS ?records) WHERE {{",
        *conditions,
        f"  ?record {curie(str(field.path))} ?{name} .",
        f'  ?{name} skos:prefLabel ?{name}Label . FILTER(LANG(?{name}Label) = "en")',
        "}",
        f"GROUP BY ?{name} ?{name}Label",
        f"ORDER BY DESC(?records) ?{name}Label",
    ])  # fmt: skip


def _condition(field: FormField, name: str, value: str, vocabularies: Vocabularies) -> str:
    path = curie(str(field.path))
    if field.holds is Holds.TERM:
        return f"  ?record {path} {_term(field, name, value, vocabularies)} ."
    if field.holds in _RANGES:
        return f"  FILTER EXISTS {{ ?record {path} ?value_ . FILTER({_bound(field, name, value)}) }}"
    reached = f"{path}/(rdfs:label|skos:prefLabel|dcterms:identifier)" if field.holds in _NAMED else path
    words = f"CONTAINS(LCASE(STR(?value_)), {Literal(value.lower()).n3()})"
    return f"  FILTER EXISTS {{ ?record {reached} ?value_ . FILTER({words}) }}"


def _term(field: FormField, name: str, value: str, vocabularies: Vocabularies) -> str:
    scheme = vocabularies.schemes[field.scheme]
    found = scheme.find(value)
    if found:
        return curie(str(found.iri))
    near = scheme.nearest(value)
    hint = f" Did you mean {near.label}?" if near else ""
    raise QuestionError(f"{field.about.name}: {value!r} is not a term of {scheme.title}.{hint}", name)


def _bound(field: FormField, name: str, value: str) -> str:
    """A bound of a number, or of a date as precise as it is given: to 2020 means to its end."""
    sign = ">=" if name.endswith(FROM) else "<="
    if field.holds is Holds.DATE:
        if not _DATE.fullmatch(value):
            raise QuestionError(
                f"{field.about.name}: {value!r} is not a date such as 2015, 2015-06 or 2015-06-30.", name
            )
        return f'SUBSTR(STR(?value_), 1, {len(value)}) {sign} "{value}"'
    if not _NUMBER.fullmatch(value):
        raise QuestionError(f"{field.about.name}: {value!r} is not a number such as 12 or 0.5.", name)
    return f"?value_ {sign} {value}"


def _column(field: FormField) -> str:
    """The pattern that fills a column; many values of a record are joined in one cell."""
    value = _variable(field)
    found = value if field.single else "each_"
    pattern = _reading(field, found)
    if field.single:
        return f"  OPTIONAL {{ {pattern} }}"
    return (
        f'  OPTIONAL {{ SELECT ?record (GROUP_CONCAT(DISTINCT STR(?each_); separator="; ") AS ?{value}) '
        f"WHERE {{ {pattern} }} GROUP BY ?record }}"
    )


def _reading(field: FormField, name: str) -> str:
    path = curie(str(field.path))
    english = f'FILTER(LANG(?{name}) = "en")'
    if field.holds is Holds.TERM:
        return f"?record {path}/skos:prefLabel ?{name} . {english}"
    if field.holds in _NAMED:
        thing = f"?{name}_thing"
        titles = f"{{ {thing} rdfs:label ?{name} }} UNION {{ {thing} skos:prefLabel ?{name} . {english} }}"
        return f"?record {path} {thing} . {titles}"
    if field.holds is Holds.EVIDENCE:
        return (
            f"?record {path} ?passage_ . ?passage_ nx:source/rdfs:label ?source_ ; nx:locator ?place_ . "
            f'BIND(CONCAT(STR(?source_), ", ", STR(?place_)) AS ?{name})'
        )
    return f"?record {path} ?{name}"


def _variable(field: FormField) -> str:
    """The name of a field's column; the words that the page's tables link by are kept for them."""
    return f"{field.key}_" if field.key in ("record", "recordTitle", "records") else field.key
