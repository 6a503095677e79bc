"""Queries that do not parse: the place of the fault, what stands there, what could."""

from __future__ import annotations

import pytest

from nexuskb.errors import QuerySyntaxError
from nexuskb.store.embedded import OxigraphStore


def refused(store: OxigraphStore, query: str) -> QuerySyntaxError:
    with pytest.raises(QuerySyntaxError) as caught:
        store.select(query)
    return caught.value


@pytest.mark.parametrize(
    ("query", "line", "column", "words"),
    [
        ("SELECT ?s WERE { ?s a nx:Policy }", 1, 11, "'WERE' cannot stand here"),
        ("SELECT * { ?s ?p ?o } }", 1, 23, "'}' cannot stand here"),
        ("SELECT * {\n  ?s ?p ?o\n}\n}", 4, 1, "'}' cannot stand here"),
        ("SELECT * {\r\n  ?s ?p ?o\r\n}}", 3, 2, "'}' cannot stand here"),
        ("SELECT * { ?s ?p ?o }}  # a comment", 1, 22, "'}' cannot stand here"),
        ("SELECT * { ?s a }", 1, 17, "'}' cannot stand here"),
        ("SELECT * { ?s ?p ?o . FILTR(?o > 3) }", 1, 23, "'FILTR' cannot stand here"),
        ("SELECT * { ?s ?p ?o } ORDER BU ?s", 1, 29, "'BU' cannot stand here"),
        ("SELECT * { ?s ?p ?o } LIMIT 3 GROUP BY ?s", 1, 31, "'GROUP' cannot stand here"),
        ("SELECT * { ?s ?p ?o } LIMIT x", 1, 29, "'x' cannot stand here"),
        ("SELECT (COUNT(?s) AS ?n { ?s ?p ?o }", 1, 25, "'{' cannot stand here"),
        ("SELECT * { ?s nx:a/ ?o }", 1, 21, "'?o' cannot stand here"),
        ("SELECT * { ?s ?p ?o", 1, 20, "the query ends too early"),
        ("SELECT * {\n  ?s ?p ?o\n\n", 2, 11, "the query ends too early"),
        ("SELECT", 1, 7, "the query ends too early"),
        ("SELECT * { ?s a foo:Bar }", 1, 17, "the prefix of 'foo:Bar' is not declared"),
        ('SELECT * { ?s ?p "open }', 1, 18, "the text that starts here does not end"),
        ('SELECT * { ?s ?p "a\nb" }', 1, 18, "the text that starts here does not end"),
        ("SELECT (1 AS ?s) { ?s ?p ?o }", 1, 30, "The SELECT overrides an existing variable"),
        ("SELECT ?s ?p { ?s ?p ?o } GROUP BY ?s", 1, 38, "The SELECT contains a variable that is unbound"),
        ("SELECT * { BIND(1 AS ?x) BIND(2 AS ?x) }", 1, 40, "BIND is overriding an existing variable"),
        ('SELECT ("монгол" AS ?x) WERE {}', 1, 25, "'WERE' cannot stand here"),
        ('SELECT ("\x0c\x85\u2028" AS ?x)\nWERE {}', 2, 1, "'WERE' cannot stand here"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, str) else None,
)
def test_the_place_of_a_fault_is_where_it_is(store, query: str, line: int, column: int, words: str) -> None:
    error = refused(store, query)
    assert words in str(error)
    assert str(error).startswith(f"Line {line}, column {column}: ")
    assert (error.line, error.column) == (line, column)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?s WERE { ?s a nx:Policy }", ["WHERE", '"{"', "a variable"]),
        ("SELECT * { ?s ?p ?o } ORDER BU ?s", ["BY"]),
        ("SELECT (COUNT(?s) AS ?n { ?s ?p ?o }", ['")"']),
        ("SELECT * { OPTIONAL ?s ?p ?o }", ['"{"']),
        ("SELECT * { ?s ?p ?o", ['"}"']),
        ("SELECT * { ?s a }", ["a variable", "an IRI", "a text"]),
    ],
)
def test_what_could_stand_there_is_told_in_words(
    store: OxigraphStore, query: str, expected: list[str]
) -> None:
    told = refused(store, query).expected.split(", ")
    assert set(expected) <= set(told)


@pytest.mark.parametrize(
    "query", ["SELECT * { ?s a foo:Bar }", 'SELECT * { ?s ?p "open }', "SELECT * { ?s }"]
)
def test_the_engines_own_notation_does_not_get_through(store: OxigraphStore, query: str) -> None:
    error = refused(store, query)
    for notation in ("[_]", "\\u{", "..=", "unreported"):
        assert notation not in str(error) + error.expected


def test_a_long_query_is_searched_for_its_fault_all_the_same(store: OxigraphStore) -> None:
    body = "".join(f"?s{n} rdfs:label ?l{n} .\n" for n in range(2_000))
    error = refused(store, f"SELECT * {{\n{body}?s FILTR }}")
    assert (error.line, error.column) == (2_002, 4)


def test_a_query_that_parses_is_not_refused(store: OxigraphStore) -> None:
    (row,) = store.select("SELECT (COUNT(*) AS ?n) { ?s a nx:Policy }")
    assert int(str(row["n"])) > 400
