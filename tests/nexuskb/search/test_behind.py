"""The SPARQL behind a search finds the same records, and what a search may have meant."""

from __future__ import annotations

import pytest
from rdflib import Graph

from nexuskb.search import SearchIndex
from nexuskb.search.behind import query_behind
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import Filters, filter_schemes
from nexuskb.search.index import MOST_HITS
from nexuskb.search.meant import known_words, meant
from nexuskb.search.store import SearchingStore
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Scheme


@pytest.fixture(scope="module")
def schemes(model: Graph) -> dict[str, Scheme]:
    return filter_schemes(model)


@pytest.fixture(scope="module")
def searching(store: OxigraphStore, index: SearchIndex) -> SearchingStore:
    return SearchingStore(store, index, store.generation)


def by_query(searching: SearchingStore, words: str, filters: Filters, schemes: dict[str, Scheme]) -> set[str]:
    rows = searching.select(query_behind(words, filters, schemes))
    return {record_identifier(str(row["record"])) or "" for row in rows}


@pytest.mark.parametrize("facet", FACETS)
def test_the_query_finds_what_every_value_of_a_facet_finds(
    searching: SearchingStore, index: SearchIndex, schemes: dict[str, Scheme], facet: str
) -> None:
    counts = index.search("", {}, 0).facets[facet]
    assert counts, "the base has no record with a value of this facet"
    for count in counts[:4]:
        found = index.search("", {facet: (count.value,)}, MOST_HITS).hits
        wanted = {hit.identifier for hit in found}
        assert by_query(searching, "", {facet: (count.value,)}, schemes) == wanted, count.value


@pytest.mark.parametrize(
    ("words", "filters"),
    [
        ("drought", {}),
        ('"dust storm" -spring', {"area": ("mng", "chn")}),
        ("荒漠化", {"kind": ("Policy", "Measure"), "area": ("chn",)}),
        ("water", {"year": ("2020", "2021"), "status": ("in-force",)}),
        (
            "",
            {"kind": ("Interlinkage",), "joins": ("climate-land", "land-water"), "linkkind": ("amplifies",)},
        ),
        ('back\\slash "quoted', {}),
        ("line\nbreak drought", {}),
        ("!!", {}),
        ("-drought", {"area": ("jpn",)}),
    ],
)
def test_the_query_finds_what_words_and_filters_find(
    searching: SearchingStore, index: SearchIndex, schemes: dict[str, Scheme], words: str, filters: Filters
) -> None:
    wanted = {hit.identifier for hit in index.search(words, filters, MOST_HITS).hits}
    assert by_query(searching, words, filters, schemes) == wanted


def test_the_query_can_be_read(schemes: dict[str, Scheme]) -> None:
    assert query_behind("dust", {"area": ("mng",), "kind": ("Policy", "Measure")}, schemes) == (
        "SELECT DISTINCT ?record ?label\n"
        "WHERE {\n"
        '  ?record nx:matches "dust" .\n'
        "  ?record nx:reviewState ?state ; rdfs:label ?label .\n"
        "  ?record nx:area area:mng .\n"
        "  VALUES ?kind { nx:Policy nx:Measure }\n"
        "  ?record a ?kind .\n"
        "}\n"
        "ORDER BY ?label ?record\n"
    )


@pytest.mark.parametrize(
    ("query", "filters", "better"),
    [
        ("overgrasing", {}, "overgrazing"),
        ("desertifcation Mongolia", {}, "desertification Mongolia"),
        ("drougth", {"area": ("kor",)}, "drought"),
        ("overgrazing", {}, ""),
        ("qqqqqq", {}, ""),
        ("-drougth", {}, ""),
        ("drougth " * 20, {}, ""),
        ("", {}, ""),
    ],
)
def test_a_misspelt_word_is_taken_for_the_nearest_of_titles_and_vocabularies(
    index: SearchIndex, schemes: dict[str, Scheme], query: str, filters: Filters, better: str
) -> None:
    assert meant(index, query, filters, known_words(index, schemes.values())) == better
