"""The words in front of a query file."""

from __future__ import annotations

import pytest

from nexuskb.headers import split_header

TEXT = """#+ title: What is it?
#+ parameter: country | area | required | The State
#+parameter: year | year | optional | Up to this year
#+ empty:
#+ title: Not the first

# a comment of the query
SELECT ?s
WHERE { ?s ?p "#+ title: not a header" }
"""


def test_a_header_is_read_key_by_key_in_the_order_of_its_lines() -> None:
    header, _ = split_header(TEXT)
    assert header == {
        "title": ["What is it?", "Not the first"],
        "parameter": ["country | area | required | The State", "year | year | optional | Up to this year"],
        "empty": [""],
    }


def test_the_rest_is_the_query_as_it_stands() -> None:
    _, query = split_header(TEXT)
    assert query == '# a comment of the query\nSELECT ?s\nWHERE { ?s ?p "#+ title: not a header" }\n'


@pytest.mark.parametrize("line", ["# title: x", " #+ title: x", "#+ title x", "#+ : x", "SELECT #+ title: x"])
def test_only_a_line_that_starts_like_a_header_is_one(line: str) -> None:
    assert split_header(line) == ({}, line.strip() + "\n")


def test_a_colon_in_a_value_belongs_to_the_value() -> None:
    assert split_header("#+ title: Which: this or that?")[0] == {"title": ["Which: this or that?"]}
