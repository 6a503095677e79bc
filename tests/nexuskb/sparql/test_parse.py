"""What a query is and asks for, told from its terminals alone."""

from __future__ import annotations

import pytest

from nexuskb.errors import QueryRefusedError, QuerySyntaxError
from nexuskb.questions.catalogue import questions
from nexuskb.sparql.formats import QueryForm
from nexuskb.sparql.parse import parse_query, position, read_plainly, tokens
from nexuskb.terms import GRAPHS, PREFIXES

COMMENT = "# SELECT is what a query starts with\n"


def kinds(query: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?x $y", [("word", "SELECT"), ("variable", "?x"), ("variable", "$y")]),
        ("<http://a.example/?q=(1)#f>", [("iri", "<http://a.example/?q=(1)#f>")]),
        ("?a < ?b && ?c > ?d", ["?a", "<", "?b", "&&", "?c", ">", "?d"]),
        ("rec:mng-ndc-2020 :a a:", [("name", "rec:mng-ndc-2020"), ("name", ":a"), ("name", "a:")]),
        ("sdg:15\\.3", [("name", "sdg:15\\.3")]),
        ("монгол:үг", [("name", "монгол:үг")]),
        ('"a # b" # c', [("string", '"a # b"')]),
        ("'it''s'", [("string", "'it'"), ("string", "'s'")]),
        (r'"say \"so\""', [("string", r'"say \"so\""')]),
        ('"""a "quoted" \n word"""', [("string", '"""a "quoted" \n word"""')]),
        ('""', [("string", '""')]),
        ('""""""', [("string", '""""""')]),
        ('"a"@zh-hans', [("string", '"a"'), ("langtag", "@zh-hans")]),
        ('"1"^^xsd:gYear', [("string", '"1"'), ("punctuation", "^^"), ("name", "xsd:gYear")]),
        ("_:b0", [("blank", "_:b0")]),
        ("1 1.5 .5 1e6", [("number", "1"), ("number", "1.5"), ("number", ".5"), ("number", "1e6")]),
        ("a/b|^c", ["a", "/", "b", "|", "^", "c"]),
        ('a "open', ["a", '"']),
        ("a \\ b", ["a", "\\"]),
        ("a.b-c1.5é:d", [("name", "a.b-c1.5é:d")]),
        ("a.b-c1.5 :d", ["a", ".", "b", "-", "c1", ".5", ":d"]),
        ("", []),
        ("# only a comment", []),
    ],
)
def test_a_query_is_cut_into_the_terminals_of_the_grammar(query: str, expected: list) -> None:
    found = kinds(query)
    assert (found if expected and isinstance(expected[0], tuple) else [text for _, text in found]) == expected


def test_terminals_know_where_they_start_and_leave_nothing_out() -> None:
    for question in questions().values():
        held = list(question.query)
        for token in tokens(question.query):
            assert question.query.startswith(token.text, token.start)
            held[token.start : token.start + len(token.text)] = [" "] * len(token.text)
        left = "".join(held).splitlines()
        assert [line for line in left if line.strip() and not line.strip().startswith("#")] == []


@pytest.mark.parametrize(
    ("offset", "place"), [(0, (1, 1)), (3, (1, 4)), (4, (2, 1)), (5, (2, 2)), (6, (3, 1)), (8, (3, 3))]
)
def test_a_place_is_counted_in_lines_and_columns_from_one(offset: int, place: tuple[int, int]) -> None:
    assert position("abc\nд\nxyz", offset) == place


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("SELECT * {}", QueryForm.SELECT),
        ("select * {}", QueryForm.SELECT),
        ("ASK{}", QueryForm.ASK),
        ("CONSTRUCT WHERE {}", QueryForm.CONSTRUCT),
        ("DESCRIBE<http://a.example/>", QueryForm.DESCRIBE),
        ("PREFIX select: <http://a.example/ask> ASK {}", QueryForm.ASK),
        ("BASE <http://a.example/> PREFIX : <x> BASE <y> DESCRIBE :a", QueryForm.DESCRIBE),
        (COMMENT + "ASK {}", QueryForm.ASK),
        ("CONSTRUCT { ?s ?p 'SELECT' } WHERE { ?s ?p ?select }", QueryForm.CONSTRUCT),
        ("ASK { SELECT * {} }", QueryForm.ASK),
    ],
)
def test_the_form_is_the_first_keyword_after_the_prologue(query: str, form: QueryForm) -> None:
    assert parse_query(query, PREFIXES).form is form


@pytest.mark.parametrize(
    ("clauses", "defaults", "named"),
    [
        ("", (), ()),
        ("FROM <http://a.example/1>", ("http://a.example/1",), ()),
        (
            "from<http://a.example/1>FROM NAMED <http://a.example/2>",
            ("http://a.example/1",),
            ("http://a.example/2",),
        ),
        ("FROM NAMED own:2", (), ("http://own.example/2",)),
        ("FROM nx:1", (str(PREFIXES["nx"]) + "1",), ()),
        ("FROM unknown:1", ("unknown:1",), ()),
    ],
)
def test_the_graphs_of_from_clauses_are_known(clauses: str, defaults: tuple, named: tuple) -> None:
    parsed = parse_query(f"PREFIX own: <http://own.example/> SELECT * {clauses} WHERE {{}}", PREFIXES)
    assert (parsed.default_graphs, parsed.named_graphs) == (defaults, named)
    assert parsed.names_dataset is bool(clauses)


@pytest.mark.parametrize(
    "text", ["'FROM <http://x>'", "<http://a.example/FROM>", "?FROM", "nx:FROM", "'x' # FROM <http://x>\n"]
)
def test_a_word_that_is_no_keyword_chooses_no_graph(text: str) -> None:
    assert not parse_query(f"SELECT * {{ ?s ?p {text} }}", PREFIXES).names_dataset


@pytest.mark.parametrize(
    "call",
    [
        "SERVICE <http://x.example/> { }",
        "service<http://x.example/>{ }",
        "SERVICE SILENT <http://x.example/> { }",
        "SERVICE ?where { }",
        "SERVICE?where{ }",
        "OPTIONAL { SERVICE x:y { } }",
        "{ SELECT * { SERVICE <http://x.example/> { } } }",
        "FILTER EXISTS { SERVICE <http://x.example/> { } }",
        # What engines read without the white space that the grammar asks for
        "SERVICESILENT<http://x.example/>{ }",
        "SERVICEx:y { }",
        "SERVICE:y { }",
        "serviceSilentx:y { }",
        "?s ?p trueSERVICE<http://x.example/> { }",
        "?s ?p 1SERVICE<http://x.example/> { }",
        "?s ?p ?o.SERVICE<http://x.example/> { }",
        "?s ?p 'a'SERVICE<http://x.example/> { }",
        "# a comment\r SERVICE <http://x.example/> { }",
    ],
)
def test_a_call_of_another_server_is_refused(call: str) -> None:
    with pytest.raises(QueryRefusedError, match="SERVICE is refused") as caught:
        parse_query(f"PREFIX x: <http://x.example/> SELECT * {{ {call} }}", PREFIXES)
    assert caught.value.feature == "SERVICE"


@pytest.mark.parametrize(
    "text",
    [
        "'SERVICE'",
        '"""SERVICE <http://x>"""',
        "<http://a.example/SERVICE>",
        "?SERVICE",
        "nx:SERVICE",
        "nx:a # SERVICE <http://x>\n",
        "_:SERVICE",
        r"'it\'s SERVICE <x> {'",
        '"a"@service',
    ],
)
def test_the_word_service_in_another_place_is_just_a_word(text: str) -> None:
    assert parse_query(f"SELECT * {{ ?s ?p {text} }}", PREFIXES).form is QueryForm.SELECT


def test_a_prefix_that_an_engine_could_take_for_service_is_refused_with_the_way_out() -> None:
    query = "PREFIX services: <http://x.example/> SELECT * { ?s services:a ?o }"
    with pytest.raises(QueryRefusedError, match="rename it"):
        parse_query(query, PREFIXES)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a:a> <a:b> 1 }",
        "delete where { ?s ?p ?o }",
        "LOAD <http://x.example/>",
        "CLEAR ALL",
        "DROP GRAPH <http://x.example/>",
        "PREFIX nx: <http://x.example/> WITH <a:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        COMMENT + "CREATE GRAPH <http://x.example/>",
    ],
)
def test_an_update_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(QueryRefusedError, match="is an update") as caught:
        parse_query(text, PREFIXES)
    assert caught.value.feature == "update"


@pytest.mark.parametrize(
    "text", ["", "  \n", COMMENT, "PREFIX a: <http://a.example/>", "BASE <http://a.example/>"]
)
def test_an_empty_query_is_said_to_be_empty(text: str) -> None:
    with pytest.raises(QuerySyntaxError, match="query is empty"):
        parse_query(text, PREFIXES)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SELCT * {}", 1, 1),
        (COMMENT + "\n  { ?s ?p ?o }", 3, 3),
        ("PREFIX a: <http://a.example/>\nWHERE {}", 2, 1),
    ],
)
def test_what_starts_no_query_is_named_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(QuerySyntaxError, match="does not start a query") as caught:
        parse_query(text, PREFIXES)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"Line {line}, column {column}: ")
    assert "SELECT" in caught.value.expected


def test_the_named_questions_ask_nothing_of_the_kind_that_is_refused() -> None:
    for question in questions().values():
        parsed = parse_query(question.query, PREFIXES)
        assert parsed.form is QueryForm.SELECT
        assert set(parsed.default_graphs) | set(parsed.named_graphs) <= {str(GRAPHS.records)}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["a·", "a.b-", "é.", '\\"', '"""x"\\', "<a", "'\"", "1e", "_.", ":%", "@a-", "#\n", "{ "]
)
@pytest.mark.parametrize("start", ["", '"', "'''", "<"])
def test_no_text_takes_longer_to_read_than_its_length(start: str, unit: str) -> None:
    """Reading that begins anew at every terminal would take minutes for each of these."""
    text = (start + unit * 256 * 1024)[: 256 * 1024]
    last = None
    for token in tokens(text):
        assert text.startswith(token.text, token.start)
        assert last is None or token.start >= last.end
        last = token


PLAIN = [
    "SELECT * { ?s ?p ?o }",
    "ask{}",
    "PREFIX a: <http://a.example/>\n# what follows\nBASE <x> PREFIX : <y> DESCRIBE :z",
    "CONSTRUCT WHERE { ?s ?p 'select' }",
]
TRAPS = [
    *(
        "",
        " ",
        "PREFIX a: <b>",
        "SELECT:a",
        "SELECTED",
        "select·a",
        "_SELECT",
        "INSERT DATA {}",
        "{SELECT * {}}",
    ),
    *(
        "# SELECT\n",
        "'SELECT'",
        "<SELECT> SELECT * {}",
        "PREFIX SELECT <a> ASK {}",
        "PREFIX : ASK {}",
        "\ufeffASK {}",
    ),
    *(
        "SELECT * FROM<a:b>{}",
        "SELECT * from named nx:a {}",
        "ASK { sErViCe ?x {} }",
        "SELECT (nOw() AS ?x) {}",
    ),
    *(
        "SELECT (STRUUID() AS ?x) {}",
        "SELECT (BNODE() AS ?x) {}",
        r"SELECT \u0046ROM <a:b> {}",
        "SELECT * { ?s 'x",
    ),
]


@pytest.mark.parametrize("text", [*PLAIN, *TRAPS, *(question.query for question in questions().values())])
@pytest.mark.parametrize("cut", ["whole", "halves", "letters"])
def test_a_short_reading_finds_what_the_long_one_does_or_leaves_it_to_it(text: str, cut: str) -> None:
    pieces = {"whole": [text], "halves": [text[: len(text) // 2]], "letters": []}[cut]
    if cut == "letters":
        pieces = [
            text[:place] + sign + text[place:] for place in range(min(40, len(text))) for sign in " :\\#<s'"
        ]
    for piece in pieces:
        plain = read_plainly(piece)
        assert plain is None or plain == parse_query(piece, PREFIXES)


@pytest.mark.parametrize("text", PLAIN)
def test_a_short_reading_is_enough_for_most_queries(text: str) -> None:
    assert read_plainly(text) == parse_query(text, PREFIXES)
    assert all(read_plainly(trap) is None for trap in TRAPS[:-1])
