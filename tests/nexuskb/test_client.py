"""The base from Python: on this machine and served, with the same answers."""

from __future__ import annotations

import builtins
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rdflib import RDF
from tests.conftest import environment

import nexuskb
from nexuskb.client import Connection, Table
from nexuskb.errors import (
    FormatError,
    QueryError,
    QueryRefusedError,
    QuerySyntaxError,
    QuestionError,
    RecordNotFoundError,
    StoreError,
)
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import NX, record_iri

FIGURES = """SELECT ?observation ?value ?year ?note WHERE {
  ?observation a nx:Observation ; nx:value ?value ; nx:refYear ?year .
  OPTIONAL { ?observation skos:note ?note }
} ORDER BY ?observation LIMIT 5"""


@pytest.fixture(scope="module")
def local(settings: Settings, store: OxigraphStore) -> Connection:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(settings).items():
            patch.setenv(name, value)
        return nexuskb.connect()


@pytest.fixture(scope="module")
def remote_base(served: str) -> Connection:
    return nexuskb.connect(served)


@pytest.fixture(params=["local", "served"])
def base(request: pytest.FixtureRequest, local: Connection, remote_base: Connection) -> Connection:
    return local if request.param == "local" else remote_base


def test_values_are_those_of_python(base: Connection) -> None:
    table = base.query(FIGURES)
    assert table.columns == ("observation", "value", "year", "note")
    assert len(table) == 5
    for row in table:
        assert isinstance(row["value"], Decimal)
        assert isinstance(row["year"], int | str)
    [row] = base.query(
        "SELECT ?day ?no ?half ?text ?nothing { VALUES (?day ?no ?half ?text) "
        '{ ("2024-05-01"^^xsd:date false 0.5e0 "x"@en) } }'
    )
    assert row == {"day": date(2024, 5, 1), "no": False, "half": 0.5, "text": "x", "nothing": None}


def test_both_ways_give_the_same(local: Connection, remote_base: Connection) -> None:
    assert local.generation == remote_base.generation
    assert local.query(FIGURES) == remote_base.query(FIGURES)
    name = "policies-against-driver"
    given = {"country": "MNG", "driver": "overgrazing"}
    assert local.ask(name, **given) == remote_base.ask(name, **given)
    hits = local.search("grazing", limit=25, area="MNG")
    assert len(hits) == 25
    assert hits == _lists(remote_base.search("grazing", limit=25, area="MNG"), hits)
    identifier = hits[0]["identifier"]
    assert local.record(identifier)["label"] == remote_base.record(identifier)["label"]


def _lists(found: list[dict[str, Any]], like: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hits with tuples where the others have them: JSON has lists."""
    return [
        {key: _as(value, other.get(key)) for key, value in hit.items()}
        for hit, other in zip(found, like, strict=True)
    ]


def _as(value: Any, like: Any) -> Any:
    if isinstance(value, list) and isinstance(like, tuple):
        return tuple(_as(each, other) for each, other in zip(value, like, strict=True))
    return value


def test_what_must_be_said_comes_with_an_answer(base: Connection) -> None:
    table = base.ask("policies-of-country", country="PRK")
    assert table.reservations
    assert set(table.reservations) <= {str(v).rpartition("/")[2] for row in table for v in row.values()}


def test_truth_values_and_graphs(base: Connection) -> None:
    assert base.test("ASK { ?p a nx:Policy }") is True
    [row] = base.query("SELECT ?p { ?p a nx:Policy } ORDER BY ?p LIMIT 1")
    graph = base.graph(f"DESCRIBE <{row['p']}>")
    assert (None, RDF.type, NX.Policy) in graph
    with pytest.raises(QueryError, match="test"):
        base.query("ASK { ?p a nx:Policy }")
    with pytest.raises(QueryError, match="query"):
        base.test("SELECT * { ?s ?p ?o } LIMIT 1")


def test_text_search_works_in_queries(base: Connection) -> None:
    assert len(base.query('SELECT ?record { ?record nx:matches "desertification" } LIMIT 3')) == 3


def test_what_is_wrong_is_told(base: Connection) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        base.query("SELECT * {")
    assert error.value.line == 1
    with pytest.raises(QueryError, match="update"):
        base.query("DROP ALL")
    with pytest.raises(QueryError, match="SERVICE"):
        base.query("SELECT * { SERVICE <http://x.example/> { ?s ?p ?o } }")
    with pytest.raises(QuestionError, match="policies-of-contry"):
        base.ask("policies-of-contry")
    with pytest.raises(QuestionError, match="country"):
        base.ask("policies-of-country", country="Mongola")
    with pytest.raises(RecordNotFoundError, match="no-such-record"):
        base.record("no-such-record")
    with pytest.raises(FormatError, match="domain"):
        base.search("x", colour="red")


def test_nothing_is_written_from_here(local: Connection) -> None:
    with pytest.raises(QueryRefusedError):
        local.query("INSERT DATA { <http://x.example/> <http://x.example/> 1 }")


def test_an_address_where_nobody_answers_is_told() -> None:
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9"):
        nexuskb.connect("http://127.0.0.1:9")


def test_frames_have_the_same_rows(base: Connection) -> None:
    table = base.query(FIGURES)
    assert list(table.to_pandas()["observation"]) == [row["observation"] for row in table]
    assert table.to_polars()["observation"].to_list() == [row["observation"] for row in table]
    assert table.to_polars().shape == (5, 4)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_missing_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *given: Any, **more: Any) -> Any:
        if name == library:
            raise ImportError(name)
        return whole(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=rf"nexuskb\[{library}\]"):
        getattr(Table((), (), ""), f"to_{library}")()


def test_a_record_is_told_as_its_page_tells_it(base: Connection) -> None:
    hit = base.search("grazing", limit=1, kind="Measure")[0]
    record = base.record(hit["identifier"])
    assert record["iri"] == str(record_iri(hit["identifier"]))
    assert record["evidence"]
