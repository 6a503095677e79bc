"""The guard: what no person writes is refused with a reason, and what people write passes."""

from __future__ import annotations

import pytest

from nexuskb.errors import QueryLimitError, QueryRefusedError, QuerySyntaxError
from nexuskb.questions.catalogue import questions
from nexuskb.sparql.formats import QueryForm
from nexuskb.sparql.guard import QueryLimits, admit, check_graph
from nexuskb.sparql.parse import ParsedQuery
from nexuskb.terms import GRAPHS, PREFIXES

GRAPHS_OF_THE_BASE = frozenset({str(GRAPHS.records), str(GRAPHS.ontology)})


def let_in(text: str, limits: QueryLimits | None = None) -> ParsedQuery:
    return admit(text, PREFIXES, GRAPHS_OF_THE_BASE, limits or QueryLimits())


def refused(text: str, limits: QueryLimits | None = None) -> QueryLimitError:
    with pytest.raises(QueryLimitError) as caught:
        let_in(text, limits)
    return caught.value


@pytest.mark.parametrize("name", sorted(questions()))
def test_every_named_question_passes(name: str) -> None:
    assert let_in(questions()[name].query).form is QueryForm.SELECT


@pytest.mark.parametrize(("character", "size"), [("x", 1), ("г", 2), ("漠", 3), ("🌵", 4), ("\ud800", 3)])
def test_the_size_of_a_query_is_counted_in_bytes(character: str, size: int) -> None:
    start, end = "SELECT * { ?s ?p '", "' }"
    text = start + character * 100 + end
    exactly = len(start + end) + 100 * size
    assert let_in(text, QueryLimits(max_bytes=exactly))
    error = refused(text, QueryLimits(max_bytes=exactly - 1))
    assert error.limit == "query size"
    assert f"{exactly:,}" in str(error)


@pytest.mark.parametrize(("opening", "closing"), ["{}", "()", "[]"])
def test_brackets_may_be_nested_only_so_deep(opening: str, closing: str) -> None:
    text = "SELECT * {" + opening * 99 + closing * 99 + "}"
    assert let_in(text)
    deeper = "SELECT * {" + opening * 100 + closing * 100 + "}"
    error = refused(deeper)
    assert error.limit == "nesting depth"
    assert "Line 1, column 110" in str(error)


def test_brackets_that_are_closed_again_may_be_many() -> None:
    assert let_in("SELECT * {" + "{ ?s ?p (1 2) }" * 1_000 + "}")


@pytest.mark.parametrize(
    "text",
    [
        "'" + "{" * 500 + "'",
        '"""' + "([{" * 500 + '"""',
        "# " + "{" * 500 + "\n",
        "<http://a.example/" + "(" * 90 + ">",
    ],
    ids=["text", "long text", "comment", "IRI"],
)
def test_a_bracket_in_a_text_a_comment_or_an_iri_opens_nothing(text: str) -> None:
    assert let_in(f"SELECT * {{ ?s ?p {text} }}")


@pytest.mark.parametrize(
    ("expression", "limit"),
    [
        ("!" * 3_000 + "?b", "number of operators"),
        ("(" * 200 + "?b" + ")" * 200, "nesting depth"),
        ("?b" + "+?b" * 3_000, "number of operators"),
        ("?b" + "&&?b" * 3_000, "number of operators"),
    ],
)
def test_an_expression_between_two_comparisons_is_not_taken_for_an_iri(expression: str, limit: str) -> None:
    assert refused(f"SELECT * {{ FILTER(?a<{expression}&&?c>?d) }}").limit == limit


def test_many_iris_are_no_expression() -> None:
    iris = "<https://w3id.org/nexuskb/records/kor-driver-1?a=b&c=d> " * 3_000
    assert let_in(f"SELECT * {{ VALUES ?r {{ {iris} }} }}")


@pytest.mark.parametrize(
    "piece",
    [
        "!",
        "?a || ",
        "?a && ",
        "a:b|",
        "a:b/",
        "1 + ",
        "1 - ",
        "1 * ",
        "^ ",
        "{} UNION ",
        "{} MINUS ",
        "OPTIONAL ",
        "{} union ",
    ],
)
def test_operators_may_be_only_so_many(piece: str) -> None:
    limits = QueryLimits(max_operators=50)
    assert let_in("SELECT ?x { " + piece * 50 + "}", limits)
    assert refused("SELECT ?x { " + piece * 51 + "}", limits).limit == "number of operators"


def test_operators_in_a_text_are_no_operators() -> None:
    assert let_in("SELECT * { ?s ?p '" + "! || && UNION " * 2_000 + "' }")


def test_shape_is_looked_at_before_anything_is_parsed() -> None:
    assert refused("}" + "{" * 3_000).limit == "nesting depth"
    assert refused("nonsense " + "!" * 20_000).limit == "number of operators"


@pytest.mark.parametrize("clause", ["FROM", "FROM NAMED"])
def test_a_graph_of_the_base_may_be_named_and_no_other(clause: str) -> None:
    assert let_in(f"SELECT * {clause} <{GRAPHS.records}> {{}}").names_dataset
    with pytest.raises(QueryRefusedError, match=r"no graph <http://other\.example/>") as caught:
        let_in(f"SELECT * {clause} <http://other.example/> {{}}")
    assert caught.value.feature == "dataset"
    assert f"<{GRAPHS.records}>" in str(caught.value)


def test_a_graph_written_with_a_prefix_is_the_same_graph() -> None:
    query = f"PREFIX g: <{GRAPHS}> SELECT * FROM g:%s {{}}"
    assert let_in(query % "records").default_graphs == (str(GRAPHS.records),)
    with pytest.raises(QueryRefusedError):
        let_in(query % "other")


def test_a_graph_of_the_protocol_is_checked_the_same_way() -> None:
    check_graph(str(GRAPHS.records), GRAPHS_OF_THE_BASE)
    with pytest.raises(QueryRefusedError, match="none is fetched"):
        check_graph("file:///etc/passwd", GRAPHS_OF_THE_BASE)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("SELECT * { SERVICE <http://x.example/> { } }", QueryRefusedError),
        ("DELETE WHERE { ?s ?p ?o }", QueryRefusedError),
        ("", QuerySyntaxError),
    ],
)
def test_what_the_base_does_not_do_is_refused_here_too(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        let_in(text)
