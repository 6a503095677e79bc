"""A query as text for another engine: prefixes, dataset, and what must not get through."""

from __future__ import annotations

import pytest

from nexuskb.errors import QueryRefusedError
from nexuskb.sparql.portable import NOWHERE, declare_prefixes, portable
from nexuskb.store.port import EVERYTHING, Dataset
from nexuskb.terms import GRAPHS, NX

ONE, TWO = str(GRAPHS.one), str(GRAPHS.two)


def text(query: str, dataset: Dataset = EVERYTHING) -> str:
    return portable(query, dataset, (ONE, TWO)).text


def test_prefixes_of_the_base_are_declared_and_others_left() -> None:
    assert declare_prefixes("SELECT * { ?s a nx:Policy ; ex:p 'rec:no' }").splitlines() == [
        f"PREFIX nx: <{NX}>",
        "SELECT * { ?s a nx:Policy ; ex:p 'rec:no' }",
    ]


def test_a_query_that_declares_a_prefix_otherwise_keeps_its_own() -> None:
    lines = text("PREFIX nx: <http://example.org/>\nASK { ?s nx:p 1 }").splitlines()
    assert lines[-2:] == ["PREFIX nx: <http://example.org/>", "ASK { ?s nx:p 1 }"]


@pytest.mark.parametrize(
    ("query", "dataset", "default", "named"),
    [
        ("ASK {}", EVERYTHING, (ONE, TWO), (ONE, TWO)),
        (f"ASK FROM <{ONE}> {{}}", EVERYTHING, (ONE,), ()),
        (f"ASK FROM NAMED <{ONE}> {{}}", EVERYTHING, (), (ONE,)),
        (f"PREFIX g: <{GRAPHS}> ASK FROM g:one FROM NAMED g:two {{}}", EVERYTHING, (ONE,), (TWO,)),
        (f"BASE <{GRAPHS}> ASK FROM <one> {{}}", EVERYTHING, (ONE,), ()),
        (f"ASK FROM <{ONE}> {{}}", Dataset((TWO,), (ONE,)), (TWO,), (ONE,)),
        ("ASK {}", Dataset((), (ONE,)), (), (ONE,)),
    ],
)
def test_the_dataset_leaves_the_text_and_is_never_empty(query, dataset, default, named) -> None:
    found = portable(query, dataset, (ONE, TWO))
    assert "FROM" not in found.text
    assert found.default_graphs == (default or (NOWHERE,))
    assert found.named_graphs == (*named, NOWHERE)


def test_a_graph_outside_the_dataset_becomes_one_that_holds_nothing() -> None:
    asked = f"GRAPH <{ONE}> {{}} GRAPH g:three {{}} GRAPH ?g {{}} GRAPH <http://a> {{}}"
    query = f"PREFIX g: <{GRAPHS}> ASK {{ {asked} }}"
    assert text(query).count(f"GRAPH <{NOWHERE}>") == 2
    assert f"GRAPH <{ONE}>" in text(query)
    assert f"GRAPH <{NOWHERE}>" in text(query, Dataset((ONE,), (TWO,)))


def test_comments_go_and_lines_stay() -> None:
    lines = text("ASK # why\\u000A} SERVICE <http://a>\n{ ?s ?p ?o } # end").splitlines()
    assert [line.rstrip() for line in lines] == ["ASK", "{ ?s ?p ?o }"]


def test_escapes_in_texts_are_written_out() -> None:
    assert text(r"""ASK { ?s ?p "\u0022 \U0001F600 \n \t \\ é", '\u0027' }""").endswith(
        r"""ASK { ?s ?p "\" 😀 \n \t \\ é", '\'' }"""
    )


@pytest.mark.parametrize(
    ("query", "feature"),
    [
        (r"ASK { ?s <http://a/\u0041> ?o }", "escape"),
        (r"ASK { GR\u0041PH ?g { ?s ?p ?o } }", "escape"),
        (r'ASK { ?s ?p "a\\u0022" }', "escape"),
        (r'ASK { ?s ?p "\uD800" }', "escape"),
        ("ASK { FILTER(<http://a/f>(1)) }", "function"),
        ("PREFIX bif: <bif:> ASK { FILTER(bif:f # (\n (1)) }", "function"),
        ("SELECT (java:f(1) AS ?x) {}", "function"),
        ("ASK { SERVICE <http://a/> {} }", "SERVICE"),
        ("DROP ALL", "update"),
    ],
)
def test_what_engines_read_differently_is_refused(query: str, feature: str) -> None:
    with pytest.raises(QueryRefusedError) as refused:
        text(query)
    assert refused.value.feature == feature


def test_casts_and_lists_of_values_pass() -> None:
    values, path = "VALUES (?a ?b) { (nx:a nx:b) (nx:c nx:d) }", "?s nx:p/(nx:q|nx:r) ?o"
    query = f"ASK {{ {values} FILTER(xsd:integer(?a) IN (1, 2)) {path} }}"
    assert text(query).endswith(query)
