"""What holds of every named question, asked of the real base with the parameters of its example."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, SKOS, Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from nexuskb.questions.catalogue import Parameter, Question, fill, questions
from nexuskb.sparql.formats import N_TRIPLES
from nexuskb.sparql.portable import declare_prefixes
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.port import EVERYTHING
from nexuskb.terms import REC
from nexuskb.vocabulary import Vocabularies

Rows = list[tuple[tuple[str, str], ...]]
Ask = Callable[[Question, dict[str, str]], Rows]
AskOf = Callable[[OxigraphStore, Question, dict[str, str]], Rows]
Read = Callable[[str], Query]

QUESTIONS = [pytest.param(question, id=question.id) for question in questions().values()]

#: A value for which there is an answer: by question and parameter, else by the parameter's type.
VALUES = {
    "area": "MNG",
    "confidence": "high",
    "domain": "water",
    "driver": "overgrazing",
    "impact": "sand-and-dust-storms",
    "instrument": "regulatory",
    "linkkind": "trade-off",
    "outcome": "partly-found",
    "policykind": "strategy",
    "response": "reverse",
    "sdg": "15.3.1",
    "sector": "livestock",
    "status": "in-force",
    "cases-applying-policy policy": "mng-billion-trees-2021",
    "coverage-by-domain atWork": "not-looked-at",
    "coverage-by-domain measured": "not-found",
    "country-figures-by-sdg words": "forest",
    "targets-due undated": "yes",
    "doubts-of-the-editors record": "jpn-driver-population",
    "drivers-and-impacts-by-state kind": "impact",
    "feedback-loops loop": "balancing",
    "figures-in-one-unit words": "degrad",
    "impacts-and-who-is-affected group": "herders",
    "interlinkages-that-touch policy": "mng-ndc-2020",
    "legal-framework date": "2015-06-30",
    "nexus-chains policy": "mng-law-on-livestock-tax-2020",
    "nexus-chains startDomain": "climate",
    "nexus-chains startImpact": "lake-and-glacier-loss",
    "nexus-chains startRecord": "mng-law-on-land-2002",
    "policies-reinforce-or-conflict second": "chn-programme-three-north-1978",
    "recommendations-by-addressee-or-topic addressee": "parliament",
    "recommendations-by-addressee-or-topic policy": "mng-ndc-3-2025",
    "sdg-indicator-across-states words": "degraded",
    "section-basis section": "outline-nexus",
    "sources-to-treat-with-care reason": "compiled",
    "timeline-of-body body": "NEASPEC",
    "timeline-of-body since": "2024",
    "what-measures-work-against record": "mng-law-on-livestock-tax-2020",
}
#: Parameters that ask for more rows, not for fewer.
WIDENING = {"targets-due undated"}
OPTIONAL = [
    pytest.param(question, parameter, id=f"{question.id} {parameter.name}")
    for question in questions().values()
    for parameter in question.parameters
    if not parameter.required
]
#: What a parameter says something about rather than chooses rows by.
TOLD = {
    "legal-framework date": {"inForceOnDate", "reason"},
    "nexus-chains policy": {"measuresOfPolicy"},
}


@pytest.fixture(scope="module")
def ask_of(vocabularies: Vocabularies) -> AskOf:
    """Asks a store a question; a row is its columns with their values in N-Triples."""

    def asking(asked: OxigraphStore, question: Question, values: dict[str, str]) -> Rows:
        found = asked.select(fill(question, values, vocabularies))
        return [tuple((name, term.n3()) for name, term in row.items()) for row in found]

    return asking


@pytest.fixture(scope="module")
def ask(ask_of: AskOf, store: OxigraphStore) -> Ask:
    """Asks the real base, once for each question with the same values."""
    answers: dict[str, Rows] = {}

    def asking(question: Question, values: dict[str, str]) -> Rows:
        key = f"{question.id} {sorted(values.items())}"
        if key not in answers:
            answers[key] = ask_of(store, question, values)
        return answers[key]

    return asking


@pytest.fixture(scope="module")
def quads(store: OxigraphStore) -> list[ox.Quad]:
    """All that the real base holds."""
    found = []
    for graph in store.graphs():
        out = io.BytesIO()
        construct = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        store.answer(construct, EVERYTHING, N_TRIPLES, out)
        triples = ox.parse(out.getvalue(), format=ox.RdfFormat.N_TRIPLES)
        found += [ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph)) for t in triples]
    return found


@pytest.fixture(scope="module")
def in_another_order(quads: list[ox.Quad]) -> OxigraphStore:
    """The same base in a store that finds its triples in another order."""
    other = ox.Store()
    other.extend(sorted(quads, key=str, reverse=True))
    return OxigraphStore(other, "in another order")


@pytest.fixture(scope="module")
def in_more_languages(quads: list[ox.Quad]) -> OxigraphStore:
    """The base with a label in one more language for every vocabulary term and every class."""
    labelled = [
        quad
        for quad in quads
        if quad.predicate.value in (str(SKOS.prefLabel), str(RDFS.label))
        and not quad.subject.value.startswith(str(REC))
        and quad.object.language == "en"
    ]
    assert len(labelled) > 400
    other = ox.Store()
    other.extend(quads)
    other.extend(
        ox.Quad(quad.subject, quad.predicate, ox.Literal("Nomen", language="la"), quad.graph_name)
        for quad in labelled
    )
    return OxigraphStore(other, "in more languages")


def _prepare(query: str) -> Query:
    """rdflib's reading of a query. Its parser recurses, deeper still once matplotlib has been loaded."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        return prepareQuery(declare_prefixes(query))
    finally:
        sys.setrecursionlimit(before)


@pytest.fixture(scope="module")
def read() -> Read:
    """Reads a query as rdflib does, which knows no prefixes of ours."""
    return cache(_prepare)


def required(question: Question) -> dict[str, str]:
    return {p.name: question.example[p.name] for p in question.parameters if p.required}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_example_of_a_question_has_an_answer(question: Question, ask: Ask) -> None:
    assert ask(question, question.example)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_row_comes_twice(question: Question, ask: Ask) -> None:
    for values in (question.example, required(question)):
        assert [row for row, count in Counter(ask(question, values)).items() if count > 1] == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_rows_come_in_the_same_order_however_the_store_finds_them(
    question: Question, ask: Ask, ask_of: AskOf, store: OxigraphStore, in_another_order: OxigraphStore
) -> None:
    for values in (question.example, required(question)):
        first = ask(question, values)
        assert ask_of(store, question, values) == first
        assert ask_of(in_another_order, question, values) == first


@pytest.mark.parametrize("question", QUESTIONS)
def test_labels_in_other_languages_change_no_answer(
    question: Question, ask: Ask, ask_of: AskOf, in_more_languages: OxigraphStore
) -> None:
    assert ask_of(in_more_languages, question, required(question)) == ask(question, required(question))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_record_in_a_row_exists(question: Question, ask: Ask, turtle: Graph) -> None:
    named = {value.strip("<>") for row in ask(question, required(question)) for _, value in row}
    records = {URIRef(value) for value in named if value.startswith(str(REC))}
    assert [record for record in records if (record, RDF.type, None) not in turtle] == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_parameter_is_a_column(question: Question, read: Read) -> None:
    columns = {str(column) for column in read(question.query).algebra.PV}
    assert columns
    assert columns & {parameter.name for parameter in question.parameters} == set()


@pytest.mark.parametrize(("question", "parameter"), OPTIONAL)
def test_an_optional_parameter_leaves_only_some_of_the_rows(
    question: Question, parameter: Parameter, ask: Ask
) -> None:
    name = f"{question.id} {parameter.name}"
    value = VALUES.get(name) or VALUES[parameter.type]
    narrowed = ask(question, {**required(question), parameter.name: value})
    everything = ask(question, required(question))
    assert narrowed
    told = TOLD.get(name, set())
    kept, all_rows = (
        {tuple(c for c in row if c[0] not in told) for row in r} for r in (narrowed, everything)
    )
    assert all_rows <= kept if name in WIDENING else kept <= all_rows
    assert narrowed != everything


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_plain_sparql_that_another_engine_reads(
    question: Question, read: Read, vocabularies: Vocabularies
) -> None:
    given = {
        p.name: VALUES.get(f"{question.id} {p.name}") or VALUES.get(p.type, "") for p in question.parameters
    }
    for query in (question.query, fill(question, given | question.example, vocabularies)):
        assert read(query).algebra.name == "SelectQuery"
