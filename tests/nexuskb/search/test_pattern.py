"""Full-text search within SPARQL, by rewriting."""

from __future__ import annotations

import io
import re

import pyoxigraph as ox
import pytest

from nexuskb.errors import QueryLimitError, QuerySyntaxError, StoreError
from nexuskb.search import SearchIndex
from nexuskb.search.pattern import replace_matches
from nexuskb.search.store import SearchingStore
from nexuskb.sparql.formats import CSV
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.port import EVERYTHING
from nexuskb.terms import PREFIXES, record_identifier

A, B = "<https://w3id.org/nexuskb/records/a-1>", "<https://w3id.org/nexuskb/records/b-2>"
BOTH = f"{{ {A} {B} }}"


class Finder:
    """Finds the same two records for all words, and remembers the words."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, words: str) -> list[str]:
        self.asked.append(words)
        return ["a-1", "b-2"]


@pytest.fixture
def find() -> Finder:
    return Finder()


@pytest.fixture(scope="module")
def searching(store: OxigraphStore, index: SearchIndex) -> SearchingStore:
    return SearchingStore(store, index, store.generation)


def replaced(query: str, find: Finder) -> str:
    found = replace_matches(query, find)
    ox.Store().query(found, prefixes=PREFIXES)
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('SELECT * { ?r nx:matches "w" }', f"SELECT * {{ VALUES ?r {BOTH} }}"),
        ('SELECT * {?r nx:matches"w"}', f"SELECT * {{VALUES ?r {BOTH}}}"),
        ('SELECT * { $r nx:matches "w" . }', f"SELECT * {{ VALUES $r {BOTH} . }}"),
        ('SELECT * { ?r nx:matches "w" ; ; . }', f"SELECT * {{ VALUES ?r {BOTH} . }}"),
        (
            'SELECT * { ?r nx:matches "w" ; a nx:Policy }',
            f"SELECT * {{ VALUES ?r {BOTH} ?r a nx:Policy }}",
        ),
        (
            'SELECT * { ?r a nx:Policy ; nx:matches "w" ; nx:area ?a, [ a ?c ; ?d ( 1 2 ) ] . ?x ?y ?z }',
            f"SELECT * {{ VALUES ?r {BOTH} ?r a nx:Policy ; nx:area ?a, [ a ?c ; ?d ( 1 2 ) ] . ?x ?y ?z }}",
        ),
        (
            'SELECT * { ?r a nx:Policy ; nx:matches "w"^^xsd:string. ?q nx:area area:mng. ?q nx:value 1. }',
            f"SELECT * {{ VALUES ?r {BOTH} ?r a nx:Policy. ?q nx:area area:mng. ?q nx:value 1. }}",
        ),
        (
            'SELECT * { ?q nx:area area:mng. ?r nx:matches "w" ; nx:area area:mng. ?s ?p true }',
            f"SELECT * {{ ?q nx:area area:mng. VALUES ?r {BOTH} ?r nx:area area:mng. ?s ?p true }}",
        ),
        (
            'SELECT * { ?s ?p ?o FILTER(?o > 1) ?r nx:matches "w" BIND(1 AS ?one) ?r ?p ?v }',
            f"SELECT * {{ ?s ?p ?o FILTER(?o > 1) VALUES ?r {BOTH} BIND(1 AS ?one) ?r ?p ?v }}",
        ),
        (
            'SELECT * { OPTIONAL { ?r nx:matches "w" } ?r ?p ?o }',
            f"SELECT * {{ OPTIONAL {{ VALUES ?r {BOTH} }} ?r ?p ?o }}",
        ),
        (
            'SELECT * { ?r ?p ?o FILTER(?o = 1 || EXISTS { ?r nx:matches "w" }) }',
            f"SELECT * {{ ?r ?p ?o FILTER(?o = 1 || EXISTS {{ VALUES ?r {BOTH} }}) }}",
        ),
        (
            'SELECT * { { SELECT ?r { ?r nx:matches "w" } GROUP BY ?r HAVING(?n > 0) } ?r ?p ?o }',
            f"SELECT * {{ {{ SELECT ?r {{ VALUES ?r {BOTH} }} GROUP BY ?r HAVING(?n > 0) }} ?r ?p ?o }}",
        ),
        (
            'SELECT * { VALUES (?a ?b) { (1 2) } GRAPH ?g { ?r nx:matches "w" ; a ?c } }',
            f"SELECT * {{ VALUES (?a ?b) {{ (1 2) }} GRAPH ?g {{ VALUES ?r {BOTH} ?r a ?c }} }}",
        ),
        (
            'CONSTRUCT { ?r a nx:Policy } FROM <x:g> WHERE { ?r nx:matches "w" }',
            f"CONSTRUCT {{ ?r a nx:Policy }} FROM <x:g> WHERE {{ VALUES ?r {BOTH} }}",
        ),
        ('ASK { ?r nx:matches "w" }', f"ASK {{ VALUES ?r {BOTH} }}"),
        ('DESCRIBE ?r { ?r nx:matches "w" }', f"DESCRIBE ?r {{ VALUES ?r {BOTH} }}"),
    ],
)
def test_the_pattern_becomes_the_records_it_finds(query: str, expected: str, find: Finder) -> None:
    assert replaced(query, find) == expected
    assert find.asked == ["w"]


@pytest.mark.parametrize(
    "query",
    [
        'PREFIX n: <https://w3id.org/nexuskb/ontology/> SELECT * { ?r n:matches "w" }',
        'prefix : <https://w3id.org/nexuskb/ontology/> SELECT * { ?r :matches "w" }',
        'SELECT * { ?r <https://w3id.org/nexuskb/ontology/matches> "w" }',
    ],
)
def test_the_property_may_be_written_in_any_way(query: str, find: Finder) -> None:
    assert f"VALUES ?r {BOTH}" in replaced(query, find)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * { ?r rdfs:label "?x nx:matches \\"w\\"" }',
        'SELECT * { ?r rdfs:label """?x nx:matches "w" """ }',
        'SELECT * { ?r a ?c } # ?r nx:matches "w"',
        "SELECT * { ?s ?p nx:matches . nx:matches rdfs:label ?l }",
        "SELECT * { VALUES ?p { nx:matches rdfs:label } ?s ?p ?o FILTER(?p != nx:matches) }",
        "SELECT * { ?s ?p ?o FILTER(?p IN (nx:matches, rdfs:label)) }",
        "DESCRIBE nx:matches",
        'PREFIX nx: <http://other.example/> SELECT * { ?r nx:matches "w" }',
        'SELECT * { ?r rdfs:matches "w" ; nx:matchesNot "w" ; <http://a.example/matches> "w" }',
    ],
)
def test_what_is_not_the_pattern_is_left_as_it_is(query: str, find: Finder) -> None:
    assert replaced(query, find) == query
    assert find.asked == []


@pytest.mark.parametrize(
    ("literal", "words"),
    [
        ('"dust storm"', "dust storm"),
        ("'dust \"storm\"'", 'dust "storm"'),
        (r'"dust \"storm\" \t\\"', 'dust "storm" \t\\'),
        ('"""a "b" c"""', 'a "b" c'),
        ("'''a\nb'''", "a\nb"),
        (r'"\u6c99\U00006f20"', "沙漠"),
        ('"沙漠"@zh', "沙漠"),
        ('"w"^^<http://www.w3.org/2001/XMLSchema#string>', "w"),
        ('""', ""),
    ],
)
def test_the_words_are_those_of_the_literal(literal: str, words: str, find: Finder) -> None:
    replaced(f"SELECT * {{ ?r nx:matches {literal} }}", find)
    assert find.asked == [words]


def test_several_texts_must_all_match(find: Finder) -> None:
    query = 'SELECT * { ?r nx:matches "a" , "b"@en ; nx:matches "c" ; a nx:Policy . ?q nx:matches "d" }'
    found = replaced(query, find)
    assert find.asked == ["a", "b", "c", "d"]
    assert found.count("VALUES ?r") == found.count("VALUES ?q") == 1


def test_of_several_texts_the_first_gives_the_order() -> None:
    lists = {"a": ["c-3", "a-1", "b-2"], "b": ["a-1", "b-2", "c-3", "d-4"], "c": ["b-2", "c-3"]}
    found = replace_matches('SELECT * { ?r nx:matches "a" , "b" ; nx:matches "c" }', lists.__getitem__)
    assert found == f"SELECT * {{ VALUES ?r {{ {A.replace('a-1', 'c-3')} {B} }} }}"


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("SELECT * { ?r nx:matches ?w }", 26, "needs a text in quotation marks"),
        ("SELECT * { ?r nx:matches 5 }", 26, "needs a text in quotation marks"),
        ("SELECT * { ?r nx:matches rec:a }", 26, "needs a text in quotation marks"),
        ('SELECT * { ?r nx:matches "a" , ?b }', 32, "needs a text in quotation marks"),
        ('SELECT * { ?r nx:matches "a" "b" }', 30, "needs a text in quotation marks"),
        ("SELECT * { ?r nx:matches }", 15, "needs a text in quotation marks"),
        ('SELECT * { rec:a nx:matches "w" }', 12, "needs a variable before it"),
        ('SELECT * { rec:a a nx:Policy ; nx:matches "w" }', 12, "needs a variable before it"),
        ('SELECT * { [] nx:matches "w" }', 12, "needs a variable before it"),
        ('SELECT * { [ nx:matches "w" ] a ?c }', 14, "needs a variable before it"),
        ('SELECT * { ?r nx:about [ a ?c ; nx:matches "w" ] }', 33, "needs a variable before it"),
        ('SELECT * { ?r nx:about/nx:matches "w" }', 24, "stands alone, not in a path"),
        ('SELECT * { ?r nx:matches|rdfs:label "w" }', 15, "stands alone, not in a path"),
        ('SELECT * { ?r ^nx:matches "w" }', 16, "stands alone, not in a path"),
        ('SELECT * { ?r nx:matches+ "w" }', 15, "stands alone, not in a path"),
        ('SELECT * { ?r (nx:matches) "w" }', 16, "stands alone, not in a path"),
        ('CONSTRUCT { ?r nx:matches "w" } WHERE { ?r a ?c }', 16, "in a WHERE clause"),
        ('CONSTRUCT WHERE { ?r nx:matches "w" }', 22, "in a WHERE clause"),
    ],
)
def test_what_cannot_be_found_is_said_with_its_place(
    query: str, column: int, words: str, find: Finder
) -> None:
    with pytest.raises(QuerySyntaxError, match=words) as caught:
        replace_matches(query, find)
    assert (caught.value.line, caught.value.column) == (1, column)
    assert find.asked == []


def test_the_place_of_a_fault_counts_lines(find: Finder) -> None:
    with pytest.raises(QuerySyntaxError, match=r"^Line 3, column 17: nx:matches needs a text") as caught:
        replace_matches("SELECT * {\n  ?r a ?c .\n  ?r nx:matches ?w\n}", find)
    assert caught.value.line == 3


def test_a_query_may_search_for_ten_texts(find: Finder) -> None:
    ten = '?r nx:matches "w" . ' * 10
    assert replaced(f"SELECT * {{ {ten} }}", find)
    with pytest.raises(QueryLimitError, match="at most 10 texts") as caught:
        replace_matches(f'SELECT * {{ {ten} ?r nx:matches "w" }}', find)
    assert caught.value.limit == "text searches"


@pytest.mark.parametrize(
    "query",
    [
        "}}}{{ nx:matches ;;;", "nx:matches", 'SELECT * { ?r nx:matches "w', "{" * 5_000 + "nx:matches",
        "[" * 50_000 + "matches", "( ) ] [ } nx:matches", "SELECT * { ; nx:matches", "PREFIX nx:matches",
        "FILTER BIND VALUES { nx:matches } }",
    ],
    ids=lambda query: query[:20],
)  # fmt: skip
def test_what_does_not_parse_is_left_to_the_engine_or_refused(query: str, find: Finder) -> None:
    try:
        assert isinstance(replace_matches(query, find), str)
    except QuerySyntaxError:
        assert find.asked == []


def test_nothing_found_is_an_empty_answer() -> None:
    assert replace_matches('SELECT * { ?r nx:matches "w" }', lambda _: []) == "SELECT * { VALUES ?r {  } }"


@pytest.mark.parametrize("words", ["drought", "荒漠化", '\\"dust storms\\" -spring', "no such word", ""])
def test_the_pattern_gives_what_the_search_gives(
    searching: SearchingStore, index: SearchIndex, words: str
) -> None:
    rows = searching.select(f'SELECT ?r WHERE {{ ?r nx:matches "{words}" }}')
    found = [record_identifier(str(row["r"])) for row in rows]
    assert found == index.identifiers(words.replace("\\", ""))


def test_the_pattern_joins_with_the_rest_of_the_query(searching: SearchingStore, index: SearchIndex) -> None:
    out = io.BytesIO()
    query = 'SELECT ?r WHERE { ?r a nx:Policy ; nx:matches "drought" ; nx:area area:kor }'
    searching.answer(query, EVERYTHING, CSV, out)
    found = {record_identifier(line) for line in out.getvalue().decode().split()[1:]}
    hits = index.search("drought", {"kind": ("Policy",), "area": ("kor",)}, 1000).hits
    assert found == {hit.identifier for hit in hits} != set()


def test_a_fault_elsewhere_is_told_of_the_query_as_it_was_written(searching: SearchingStore) -> None:
    query = 'SELECT ?r WHERE { ?r nx:matches "drought" ; a nx:Policy . ?x }'
    for ask in (searching.select, lambda text: searching.answer(text, EVERYTHING, CSV, io.BytesIO())):
        with pytest.raises(QuerySyntaxError) as caught:
            ask(query)
        assert (caught.value.line, caught.value.column) == (1, query.index("}") + 1)


def test_words_are_not_searched_for_in_another_generation(store: OxigraphStore, index: SearchIndex) -> None:
    other = SearchingStore(store, index, "another")
    with pytest.raises(StoreError, match="index is of generation another"):
        other.select('SELECT ?r WHERE { ?r nx:matches "drought" }')
    with pytest.raises(StoreError, match="nexuskb load"):
        other.searching()
    assert list(other.select("SELECT ?p WHERE { ?p a nx:Policy } LIMIT 1"))


def test_no_triple_has_the_property(store: OxigraphStore) -> None:
    assert list(store.select("SELECT ?s WHERE { ?s nx:matches ?o }")) == []
    assert re.search("VALUES", replace_matches('SELECT * { ?s nx:matches "a" }', Finder()))
