"""The catalogue: questions read from their files, parameters that stay what they are whatever is typed."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from rdflib import XSD, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import QuestionError
from nexuskb.questions.catalogue import (
    Column,
    Parameter,
    Question,
    allowed_values,
    fill,
    question,
    questions,
    replace_variables,
)
from nexuskb.sparql.parse import Token, tokens
from nexuskb.sparql.portable import declare_prefixes
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import PREFIXES, REC, concept_iri
from nexuskb.vocabulary import Vocabularies

FILES = {
    entry.name.removesuffix(".rq"): entry.read_text(encoding="utf-8")
    for entry in resources.files("nexuskb.questions").iterdir()
    if entry.name.endswith(".rq")
}
TYPES = ["driver", "area", "sdg", "record", "year", "date", "number", "text"]
HOSTILE = [
    '"',
    "'",
    "\\",
    '\\"',
    'a\n\\"',
    'a\n\\\\"',
    'a"""b',
    'a\n"""b',
    "a\n'''b",
    'x" } ?s ?p ?o { "',
    'x") } INSERT DATA { <a:a> <a:b> <a:c> } #',
    "> ?p ?o } #",
    "a> . ?s ?p ?o . <b",
    "a\rb",
    "a\r\nb # c",
    "# comment",
    "?policy",
    "$driver",
    "\\u0022 } { ?s ?p ?o",
    "\\u005c\\u0022",
    "\x00\x0b\x0c\x1b",
    "a\u2028\u2029\x85b",
    "{{}}%s{0}",
    "1 } UNION { ?s ?p ?o",
    "2020-01-01\n} #",
    "2020\n",
    "mng-ndc-2020 } #",
    "SERVICE <http://x.example/> {}",
    "🌵漠монгол",
    "\ud800",
]


def asking(kind: str, *, required: bool = True) -> Question:
    """A question that answers with its only parameter."""
    return Question(
        id="echo",
        title="What was given?",
        answers="what was given",
        keywords=("test",),
        section="",
        number=None,
        parameters=(Parameter("given", kind, required, "What is given"),),
        example={},
        query="SELECT ?answer WHERE { BIND(?given AS ?answer) } # ?given\n",
    )


def shape(query: str) -> list[Token]:
    return [token for token in tokens(query) if token.text != "?given"]


def given_term(store: OxigraphStore, query: str) -> Node:
    """The term that the query was filled with, as the engine reads it."""
    (row,) = store.select(query)
    return row["answer"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_question_is_what_its_file_says(name: str) -> None:
    def lines(key: str) -> list[str]:
        return [line.strip() for line in re.findall(rf"^#\+ {key}:(.*)$", FILES[name], re.MULTILINE)]

    asked = questions()[name]
    assert asked.id == name
    assert [asked.title] == lines("title")
    assert [asked.answers] == lines("answers")
    assert [", ".join(asked.keywords)] == lines("keywords")
    assert ([str(asked.number)] if asked.number else []) == lines("number")
    assert ([asked.section] if asked.section else []) == lines("section")
    assert [f"{key}={value}" for key, value in asked.example.items()] == lines("example")
    assert [
        f"{p.name} | {p.type} | {'required' if p.required else 'optional'} | {p.help}"
        for p in asked.parameters
    ] == lines("parameter")
    assert "#+" not in asked.query
    assert FILES[name].strip().endswith(asked.query.strip())


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_parameter_is_a_variable_of_the_query_with_a_known_type(
    name: str, vocabularies: Vocabularies
) -> None:
    asked = questions()[name]
    variables = {token.text[1:] for token in tokens(asked.query) if token.kind == "variable"}
    names = [parameter.name for parameter in asked.parameters]
    assert len(names) == len(set(names))
    for parameter in asked.parameters:
        assert parameter.name in variables
        assert parameter.type in {"record", "year", "date", "number", "text", *vocabularies.schemes}
        assert parameter.help
    assert set(asked.example) <= set(names)


def test_competency_questions_come_first_in_their_order_then_the_others_by_name() -> None:
    asked = list(questions().values())
    assert len(asked) == len(FILES) > 30
    numbers = [q.number for q in asked if q.number]
    assert numbers == sorted(set(numbers))
    assert [q.number for q in asked[: len(numbers)]] == numbers
    others = [q.id for q in asked[len(numbers) :]]
    assert others == sorted(others)


def test_a_question_is_found_by_id_and_by_number() -> None:
    assert question("policies-against-driver").id == "policies-against-driver"
    assert question("1") is question("policies-against-driver")


@pytest.mark.parametrize("text", ["", "0", "01", "999", "-1", "1.0", "²", "٣", "policies", "../catalogue"])
def test_an_unknown_question_leads_to_the_list(text: str) -> None:
    with pytest.raises(QuestionError, match="The list is at") as caught:
        question(text)
    assert repr(text) in str(caught.value)
    assert caught.value.parameter is None


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("area", "MNG", concept_iri("area", "mng")),
        ("area", "mongolia", concept_iri("area", "mng")),
        ("area", "  Republic of Korea ", concept_iri("area", "kor")),
        ("driver", "overgrazing", concept_iri("driver", "overgrazing")),
        ("sdg", "15.3.1", concept_iri("sdg", "15-3-1")),
        ("record", "mng-ndc-2020", REC["mng-ndc-2020"]),
        ("record", " mng-ndc-2020\n", REC["mng-ndc-2020"]),
        ("year", "2030", Literal(2030)),
        ("date", "2024-05-31", Literal("2024-05-31", datatype=XSD.date)),
        ("number", "5", Literal(5)),
        ("number", "-5", Literal(-5)),
        ("text", "Gobi", Literal("Gobi")),
        ("text", 'the "Gobi"', Literal('the "Gobi"')),
        ("text", "Говь 戈壁", Literal("Говь 戈壁")),
    ],
)
def test_a_value_becomes_the_term_that_its_type_says(store, vocabularies, kind, given, expected) -> None:
    query = fill(asking(kind), {"given": given}, vocabularies)
    assert given_term(store, query) == expected


@pytest.mark.parametrize("given", HOSTILE, ids=ascii)
@pytest.mark.parametrize("kind", TYPES)
def test_whatever_is_typed_is_one_term_or_is_refused(store, vocabularies, kind: str, given: str) -> None:
    asked = asking(kind)
    try:
        query = fill(asked, {"given": given}, vocabularies)
    except QuestionError as error:
        assert error.parameter == "given"  # noqa: PT017 -- either is right, and each is looked at
        assert kind != "text" or "\ud800" in given
        return
    written = list(tokens(query))
    original = list(tokens(asked.query))
    place = [token.text for token in original].index("?given")
    extra = len(written) - len(original)
    assert [t.text for t in written[:place]] == [t.text for t in original[:place]]
    assert [t.text for t in written[place + 1 + extra :]] == [t.text for t in original[place + 1 :]]
    assert [t.kind for t in written[place : place + 1 + extra]] in (
        ["iri"],
        ["string"],
        ["string", "punctuation", "iri"],
    )
    term = given_term(store, query)
    if kind == "text":
        assert term == Literal(given.strip())
    elif isinstance(term, URIRef):
        assert str(term).startswith("https://w3id.org/nexuskb/")


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("record", "MNG-NDC"),
        ("record", "https://w3id.org/nexuskb/records/mng-ndc-2020"),
        ("year", "30"),
        ("year", "20300"),
        ("year", "3030"),
        ("year", "2030.5"),
        ("date", "31.05.2024"),
        ("date", "2024-02-30"),
        ("date", "2024"),
        ("number", "five"),
        ("number", "1.5"),
        ("number", "9" * 5_000),
    ],
)
def test_a_value_of_another_type_is_refused_with_an_example_of_a_right_one(
    vocabularies, kind: str, given: str
) -> None:
    asked = asking(kind)
    with pytest.raises(QuestionError, match="does not do for given") as caught:
        fill(asked, {"given": given}, vocabularies)
    assert "such as" in str(caught.value)
    assert allowed_values(asked.parameters[0], vocabularies) in str(caught.value)
    assert caught.value.parameter == "given"


@pytest.mark.parametrize(
    ("kind", "given", "suggestion"), [("area", "Mongolai", "MNG"), ("driver", "overgrasing", "overgrazing")]
)
def test_a_misspelt_term_is_refused_with_the_nearest_and_all_others(
    vocabularies, kind, given, suggestion
) -> None:
    with pytest.raises(QuestionError) as caught:
        fill(asking(kind), {"given": given}, vocabularies)
    assert f"{given!r} is not a known given. Did you mean {suggestion}?" in str(caught.value)
    for term in vocabularies.schemes[kind].terms:
        assert term.notation in str(caught.value)


def test_a_term_unlike_all_others_is_refused_without_a_suggestion(vocabularies: Vocabularies) -> None:
    with pytest.raises(QuestionError, match=r"'xyzzy' is not a known given\. Allowed values: ") as caught:
        fill(asking("driver"), {"given": "xyzzy"}, vocabularies)
    assert "Did you mean" not in str(caught.value)


def test_an_unknown_parameter_is_refused_with_the_known_ones(vocabularies: Vocabularies) -> None:
    asked = question("policies-against-driver")
    with pytest.raises(
        QuestionError, match=r"has no parameter 'county'\. Its parameters: country, driver"
    ) as caught:
        fill(asked, {"county": "MNG"}, vocabularies)
    assert caught.value.parameter == "county"


@pytest.mark.parametrize("values", [{}, {"given": ""}, {"given": " \n"}])
def test_a_parameter_that_must_be_given_is_asked_for_in_words(vocabularies, values: dict[str, str]) -> None:
    with pytest.raises(QuestionError, match=r"needs the parameter given \(What is given\)") as caught:
        fill(asking("year"), values, vocabularies)
    assert caught.value.parameter == "given"
    assert "such as 2030" in str(caught.value)


@pytest.mark.parametrize("values", [{}, {"given": ""}])
def test_a_parameter_that_need_not_be_given_stays_a_variable(vocabularies, values: dict[str, str]) -> None:
    asked = asking("year", required=False)
    assert fill(asked, values, vocabularies) == asked.query


def test_filling_a_question_changes_nothing_but_its_parameters(vocabularies: Vocabularies) -> None:
    asked = question("policies-against-driver")
    query = fill(asked, {"country": "MNG", "driver": "overgrazing"}, vocabularies)
    mongolia, grazing = concept_iri("area", "mng").n3(), concept_iri("driver", "overgrazing").n3()
    assert query.replace(mongolia, "?country").replace(grazing, "?driver") == asked.query
    assert mongolia in query
    assert grazing in query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?x ?xx $x", "1 ?xx 1"),
        ("'?x' \"?x\" '''?x''' \"\"\"?x\n\"\"\"", "'?x' \"?x\" '''?x''' \"\"\"?x\n\"\"\""),
        ("<http://a.example/?x> ?x", "<http://a.example/?x> 1"),
        ("?x # and ?x\n?x", "1 # and ?x\n1"),
        ("FILTER(?x=?y&&?y<?x)", "FILTER(1=?y&&?y<1)"),
        ("a:b?x", "a:b1"),
        ("?X ?y", "?X ?y"),
        ("", ""),
    ],
)
def test_variables_are_replaced_and_nothing_else(query: str, expected: str) -> None:
    assert replace_variables(query, {"x": "1"}) == expected


def test_what_replaces_a_variable_is_not_looked_at_again() -> None:
    assert replace_variables("?a ?b", {"a": "?b", "b": "?a"}) == "?b ?a"


def test_a_query_for_elsewhere_declares_the_prefixes_that_it_uses_and_only_these() -> None:
    query = "SELECT ?s { ?s a nx:Policy ; other:x 'rec:a' } # area:mng\n"
    assert declare_prefixes(query) == f"PREFIX nx: <{PREFIXES['nx']}>\n{query}"


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_question_declares_all_it_needs_to_run_elsewhere(name: str) -> None:
    text = declare_prefixes(questions()[name].query)
    declared = set(re.findall(r"^PREFIX (\w+):", text, re.MULTILINE))
    used = {token.text.partition(":")[0] for token in tokens(questions()[name].query) if token.kind == "name"}
    assert used == declared


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_allowed_is_told_in_words(vocabularies: Vocabularies, kind: str) -> None:
    words = allowed_values(Parameter("given", kind, required=True, help="x"), vocabularies)
    assert words.startswith(("Allowed values: ", "Give a ", "Give the identifier "))
    if kind in vocabularies.schemes:
        assert all(term.notation in words for term in vocabularies.schemes[kind].terms)


def test_what_a_question_says_for_print_are_variables_of_its_select() -> None:
    for asked in questions().values():
        named = {part for column in asked.columns for parts in column.variables for part in parts}
        head = asked.query.partition("WHERE")[0]
        selected = set(re.findall(r"[?]([A-Za-z0-9]+)", head))
        assert named | set(asked.subject) <= selected, asked.id
        assert all(column.heading for column in asked.columns), asked.id


def test_a_column_takes_the_first_variable_with_a_value_and_joins_parts() -> None:
    column = Column("Figure", (("figure", "unit"), ("words",)))
    assert column.cell({"figure": "5", "unit": "%", "words": "few"}) == "5 %"
    assert column.cell({"words": "few"}) == "few"
    assert column.cell({}) == ""
