"""Result formats: which answer fits which, by name and by what a client accepts."""

from __future__ import annotations

import pytest

from nexuskb.errors import FormatError
from nexuskb.sparql.formats import (
    BINDING_FORMATS,
    CSV,
    GRAPH_FORMATS,
    JSON,
    JSON_LD,
    N_TRIPLES,
    RDF_XML,
    TSV,
    TURTLE,
    XML,
    QueryForm,
    ResultFormat,
    format_by_name,
    formats_for,
    negotiate,
    parse_accept,
)

EVERY_FORMAT = (*BINDING_FORMATS, *GRAPH_FORMATS)


@pytest.mark.parametrize(
    ("form", "default", "offered"),
    [
        (QueryForm.SELECT, JSON, {JSON, XML, CSV, TSV}),
        (QueryForm.ASK, JSON, {JSON, XML}),
        (QueryForm.CONSTRUCT, TURTLE, {TURTLE, N_TRIPLES, RDF_XML, JSON_LD}),
        (QueryForm.DESCRIBE, TURTLE, {TURTLE, N_TRIPLES, RDF_XML, JSON_LD}),
    ],
)
def test_every_form_of_query_has_its_formats(form: QueryForm, default: ResultFormat, offered: set) -> None:
    assert set(formats_for(form)) == offered
    assert formats_for(form)[0] is default
    assert all(choice.carries_triples is form.gives_triples for choice in offered)


@pytest.mark.parametrize(
    ("chosen", "media_type"),
    [
        (JSON, "application/sparql-results+json"),
        (XML, "application/sparql-results+xml"),
        (CSV, "text/csv; charset=utf-8"),
        (TSV, "text/tab-separated-values; charset=utf-8"),
        (TURTLE, "text/turtle; charset=utf-8"),
        (N_TRIPLES, "application/n-triples"),
        (RDF_XML, "application/rdf+xml"),
        (JSON_LD, "application/ld+json"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_format_is_sent_with_its_registered_media_type(chosen: ResultFormat, media_type: str) -> None:
    assert chosen.content_type == media_type


def test_names_and_extensions_are_unique() -> None:
    assert (
        len({f.name for f in EVERY_FORMAT}) == len({f.extension for f in EVERY_FORMAT}) == len(EVERY_FORMAT)
    )


@pytest.mark.parametrize("offered", [BINDING_FORMATS, GRAPH_FORMATS], ids=["bindings", "graph"])
def test_a_format_is_found_by_its_name_and_each_of_its_media_types(offered: tuple[ResultFormat, ...]) -> None:
    for choice in offered:
        assert format_by_name(choice.name, offered) is choice
        assert format_by_name(f" {choice.name.upper()} ", offered) is choice
        assert format_by_name(choice.media_type, offered) is choice


@pytest.mark.parametrize(
    ("name", "offered", "expected"),
    [
        ("ttl", GRAPH_FORMATS, TURTLE),
        ("nt", GRAPH_FORMATS, N_TRIPLES),
        ("n-triples", GRAPH_FORMATS, N_TRIPLES),
        ("rdf", GRAPH_FORMATS, RDF_XML),
        ("json-ld", GRAPH_FORMATS, JSON_LD),
        ("json", GRAPH_FORMATS, JSON_LD),
        ("xml", GRAPH_FORMATS, RDF_XML),
        ("json", BINDING_FORMATS, JSON),
        ("xml", BINDING_FORMATS, XML),
        ("application/json", BINDING_FORMATS, JSON),
    ],
)
def test_other_names_in_use_are_understood(name: str, offered: tuple, expected: ResultFormat) -> None:
    assert format_by_name(name, offered) is expected


@pytest.mark.parametrize(
    ("name", "offered"),
    [("csv", GRAPH_FORMATS), ("turtle", BINDING_FORMATS), ("", BINDING_FORMATS), ("exe", GRAPH_FORMATS)],
)
def test_a_format_that_does_not_fit_is_refused_with_those_that_do(name: str, offered: tuple) -> None:
    with pytest.raises(FormatError) as caught:
        format_by_name(name, offered)
    assert repr(name) in str(caught.value)
    for choice in offered:
        assert choice.name in str(caught.value)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/csv; charset=utf-8", CSV),
        ("text/tab-separated-values, text/csv", TSV),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", XML),
        ("text/csv; q=0.9 , application/sparql-results+xml;q=0.8", CSV),
        ("application/json", JSON),
        ("application/xml", XML),
        ("application/sparql-results+xml, */*;q=0.1", XML),
        ("*/*, text/csv", CSV),
        ("text/*", CSV),
        ("application/*", JSON),
        ("text/html, text/turtle, */*;q=0.1", JSON),
        ("text/csv;q=0, */*", JSON),
        ("application/sparql-results+json;q=0, */*", XML),
        ("application/*;q=0.2, text/csv;q=0.3", CSV),
        ("application/*;q=0.4, text/csv;q=0.3", JSON),
        ("text/csv;q=2", CSV),
        ("text/csv;q=often, text/tab-separated-values;q=0.1", TSV),
        (",,text/csv,", CSV),
        ("text/turtle", None),
        ("text/html", None),
        ("image/*", None),
        ("text/csv;q=0", None),
        ("*/*;q=0", None),
        ("nonsense", None),
    ],
)
def test_the_client_gets_the_bindings_it_likes_best(
    accept: str | None, expected: ResultFormat | None
) -> None:
    assert negotiate(accept, BINDING_FORMATS) is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, TURTLE),
        ("text/turtle", TURTLE),
        ("application/x-turtle", TURTLE),
        ("application/rdf+xml, text/turtle;q=0.9", RDF_XML),
        ("application/ld+json", JSON_LD),
        ("application/json", JSON_LD),
        ("text/plain", N_TRIPLES),
        ("application/xml;q=0.9, */*;q=0.8", RDF_XML),
        ("text/turtle;q=0, */*;q=0.5", N_TRIPLES),
        ("text/*;q=0, */*", N_TRIPLES),
        ("application/sparql-results+json", None),
    ],
)
def test_the_client_gets_the_graph_it_likes_best(accept: str | None, expected: ResultFormat | None) -> None:
    assert negotiate(accept, GRAPH_FORMATS) is expected


def test_what_is_sent_is_something_that_the_client_accepts() -> None:
    for accept in ("text/*", "application/*", "text/*;q=0.5, application/n-triples;q=0.1"):
        for offered in (BINDING_FORMATS, GRAPH_FORMATS):
            chosen = negotiate(accept, offered)
            assert chosen
            assert any(wanted.matches(chosen.media_type) for wanted in parse_accept(accept)), (accept, chosen)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text/csv", [("text/csv", 1.0)]),
        ("text/csv;q=0.25", [("text/csv", 0.25)]),
        ("text/csv ; charset=utf-8 ; Q=0.5, */*", [("text/csv", 0.5), ("*/*", 1.0)]),
        (
            "a/b;q=-1, a/c;q=7, a/d;q=x, a/e;q=, a/f;q=nan",
            [("a/b", 0), ("a/c", 1), ("a/d", 0), ("a/e", 0), ("a/f", 0)],
        ),
        (" , ", []),
    ],
)
def test_an_accept_header_is_read_with_its_qualities(header: str, expected: list[tuple[str, float]]) -> None:
    assert [(found.type, found.quality) for found in parse_accept(header)] == expected
