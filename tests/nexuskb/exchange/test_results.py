"""Answers as workbooks: the same values, numbers that are exact, and nothing that a spreadsheet would run."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook
from rdflib import XSD

from nexuskb.errors import QueryLimitError
from nexuskb.exchange.results import as_workbook

QUERY = "SELECT ?a\nWHERE { }"


def written(*values: dict[str, str]) -> list[object]:
    """The cells below the name that a reader finds for these terms."""
    book = read([{"a": value} for value in values])
    return [row[0].value for row in book["Results"].iter_rows(min_row=2)]


def read(rows: list[dict[str, dict[str, str]]], variables: tuple[str, ...] = ("a",)) -> Workbook:
    return load_workbook(io.BytesIO(as_workbook(variables, rows, QUERY, "g1")))


def literal(value: str, datatype: str = "") -> dict[str, str]:
    return {"type": "literal", "value": value, **({"datatype": str(XSD[datatype])} if datatype else {})}


DANGEROUS = [
    "=1+1", "=HYPERLINK(\"http://x.example\";\"y\")", "+1", "-2+3", "@SUM(A1)", "\t=1", "{=1}",
    "http://x.example/", "mailto:a@b.example", "0123", "1e5", "2026-11-22", "TRUE",
]  # fmt: skip


def test_a_text_stays_the_text_that_it_is() -> None:
    assert written(*map(literal, DANGEROUS)) == DANGEROUS


def test_no_cell_holds_a_formula_or_a_link() -> None:
    body = as_workbook(["a"], [{"a": literal(text)} for text in DANGEROUS], QUERY, "g1")
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet


@pytest.mark.parametrize(
    ("value", "datatype", "cell"),
    [
        ("42", "integer", 42),
        ("-1.10", "decimal", -1.1),
        ("1.5E3", "double", 1500),
        ("123456789012345", "integer", 123456789012345),
        ("1234567890123456789", "integer", "1234567890123456789"),
        ("0.1234567890123456", "decimal", "0.1234567890123456"),
        ("NaN", "double", "NaN"),
        ("INF", "double", "INF"),
        ("2021", "gYear", "2021"),
        ("2021-06-01", "date", "2021-06-01"),
        ("12", "", "12"),
    ],
)
def test_a_number_is_one_only_if_a_cell_holds_it_exactly(value: str, datatype: str, cell: object) -> None:
    assert written(literal(value, datatype)) == [cell]


def test_every_script_and_the_unbound_have_their_place() -> None:
    rows = [
        {"b": literal("荒漠化 цөлжилт 사막화 🌵"), "a": {"type": "uri", "value": "https://x.example/1"}},
        {"b": literal("two\nlines")},
    ]
    sheet = read(rows, ("a", "b"))["Results"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["a", "b"],
        ["https://x.example/1", "荒漠化 цөлжилт 사막화 🌵"],
        [None, "two\nlines"],
    ]


def test_the_query_and_the_generation_go_with_the_answer() -> None:
    lines = [row[0].value for row in read([])["Query"].iter_rows()]
    assert "generation g1 " in str(lines[0])
    assert lines[2:] == QUERY.splitlines()


def test_a_value_that_no_cell_holds_is_refused_with_the_way_out() -> None:
    with pytest.raises(QueryLimitError, match=r"row 3 has 32,768 characters.*format=csv"):
        written(literal("x" * 32_767), literal("x" * 32_768))
