"""Searching the real base: every script, ranking, facets, filters, passages, hostile input."""

from __future__ import annotations

import random
import string
import threading
from pathlib import Path

import pytest
from rdflib import URIRef

from nexuskb.errors import SettingsError, UnknownTermError
from nexuskb.search import SearchIndex, open_index
from nexuskb.search.documents import FACETS
from nexuskb.search.index import MOST_HITS
from nexuskb.search.words import as_title
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import record_identifier

HOSTILE = [
    '"', '""', '"""', "'", "''", "\\", "*", "a*", "*a", "^drought", "-", "--", '-"', '-""', "- drought", "(",
    ")", "((((", "drought)", "NEAR(drought water, 2)", "drought NEAR water", "drought AND", "OR", "NOT",
    "AND OR NOT", "label:drought", "label : drought", "{label titles}: drought",
    "drought + water", "a:b:c", "@#$%^&", ";",
    "\0", "drought\0water", "\x01\x02\x03", "\ud800", "drought\udfff", "🌵", "🌵 drought", "👩‍🌾",
    "'; DROP TABLE record; --", '"; DELETE FROM term; --', "x' UNION SELECT * FROM record --",
    "%", "_", "%s", "{}", "${x}", "<script>",
    "\u202edrought", "e\u0301", "İ", "ß", "ﬁ", "½", "٣", "\ufeff", "\u3000", "・", "々", "ー", "゛",
]  # fmt: skip


@pytest.fixture(scope="module")
def official(store: OxigraphStore) -> list[tuple[str, str, str]]:
    """Record, title and language of every official title and name."""
    rows = store.select("SELECT ?r ?t (LANG(?t) AS ?l) WHERE { ?r nx:officialLabel ?t } ORDER BY ?r ?t")
    return [(record_identifier(str(row["r"])) or "", str(row["t"]), str(row["l"])) for row in rows]


def names(index: SearchIndex, query: str, limit: int = MOST_HITS, **filters: str) -> list[str]:
    chosen = {facet: (value,) for facet, value in filters.items()}
    return [hit.identifier for hit in index.search(query, chosen, limit).hits]


@pytest.mark.parametrize(
    ("words", "record"),
    [
        ("livestock head tax", "mng-law-on-livestock-tax-2020"),
        ("节约用水", "chn-reg-water-saving-2024"),
        ("荒漠", "chn-nap-unccd-1996"),
        ("水循環", "jpn-water-cycle-basic-act-2014"),
        ("砂漠", "jpn-unccd-donor"),
        ("기후위기", "kor-adaptation-plan-4"),
        ("적응", "kor-adaptation-plan-4"),
        ("даатгал", "mng-law-index-livestock-insurance-2014"),
        ("цөлжилт", "mng-law-on-soil-protection-2012"),
        ("заповедник", "rus-inst-daursky"),
        ("опустыниванием", "rus-src-kommersant-2025"),
    ],
)
def test_a_word_of_its_title_finds_the_record(
    index: SearchIndex, store: OxigraphStore, words: str, record: str
) -> None:
    iri = URIRef(f"https://w3id.org/nexuskb/records/{record}").n3()
    titles = [str(row["t"]) for row in store.select(f"SELECT ?t {{ {iri} rdfs:label|nx:officialLabel ?t }}")]
    assert any(all(word in title.lower() for word in words.lower().split()) for title in titles), titles
    assert record in names(index, words)


def test_every_official_title_finds_its_record_as_words_and_as_a_phrase(
    index: SearchIndex, official: list[tuple[str, str, str]]
) -> None:
    assert {"zh", "ja", "ko", "mn", "ru"} <= {language for _, _, language in official}
    missed = [
        (record, title)
        for record, title, _ in official
        for query in (title, '"' + title.replace('"', " ") + '"')
        if record not in names(index, query)
    ]
    assert missed == []


def test_a_record_of_exactly_the_title_comes_first(
    index: SearchIndex, official: list[tuple[str, str, str]]
) -> None:
    same: dict[str, set[str]] = {}
    for record, title, _ in official:
        same.setdefault(as_title(title), set()).add(record)
    for record, title, _ in official:
        first = index.search(title, limit=1).hits[0]
        assert first.identifier in same[as_title(title)] or as_title(first.label) == as_title(title), record


def test_every_two_characters_of_a_chinese_title_find_it(
    index: SearchIndex, official: list[tuple[str, str, str]]
) -> None:
    record, title, _ = next(entry for entry in official if entry[0] == "chn-reg-water-saving-2024")
    assert title == "节约用水条例"
    for place in range(len(title) - 1):
        assert record in names(index, title[place : place + 2])
        assert record in names(index, title[place])


def test_a_pair_never_reaches_from_one_run_into_the_next(index: SearchIndex) -> None:
    assert "kor-adaptation-plan-4" in names(index, "기후위기 적응대책")
    assert names(index, "위기 적응대책") != []
    assert names(index, "기적응대책") == []


@pytest.mark.parametrize(
    ("words", "record"),
    [
        ("Law on Index-based Livestock Insurance", "mng-law-index-livestock-insurance-2014"),
        ("Law on Soil Protection and Prevention of Desertification", "mng-law-on-soil-protection-2012"),
        ("Regulations on Water Conservation", "chn-reg-water-saving-2024"),
        ("节约用水条例", "chn-reg-water-saving-2024"),
        ("Малын индексжүүлсэн даатгалын тухай", "mng-law-index-livestock-insurance-2014"),
    ],
)
def test_the_record_of_a_title_comes_first(index: SearchIndex, words: str, record: str) -> None:
    assert names(index, words, 1) == [record]


@pytest.mark.parametrize("word", ["dzud", "overgrazing", "permafrost", "saxaul"])
def test_a_record_with_the_word_in_its_label_comes_first(index: SearchIndex, word: str) -> None:
    hits = index.search(word, limit=MOST_HITS).hits
    assert word in hits[0].label.casefold()
    assert any(word not in hit.label.casefold() for hit in hits)


def test_hits_stand_by_score_and_then_by_identifier(index: SearchIndex) -> None:
    hits = index.search("water", limit=MOST_HITS).hits
    assert len(hits) > 500
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    everything = names(index, "")
    assert everything == sorted(everything)
    assert len(everything) > 4_000


def test_pages_put_together_are_the_whole(index: SearchIndex) -> None:
    whole = names(index, "drought")
    paged = [
        h.identifier
        for offset in range(0, len(whole), 50)
        for h in index.search("drought", {}, 50, offset).hits
    ]
    assert paged == whole == index.identifiers("drought")
    assert index.search("drought", {}, 20, 10**12).hits == ()


@pytest.mark.parametrize("one", ["policies", "policy", "POLICY", "Policies"])
def test_english_words_are_found_inflected(index: SearchIndex, one: str) -> None:
    assert set(names(index, one)) >= set(names(index, '"policy"')) | set(names(index, '"policies"'))


def test_a_beginning_finds_longer_words_below_the_word_itself(index: SearchIndex) -> None:
    assert set(names(index, "desertifica")) >= set(names(index, '"desertification"'))
    assert names(index, "сельск") != []


def test_accents_and_letters_written_either_way_do_not_matter(index: SearchIndex) -> None:
    assert names(index, "ещё") == names(index, "еще") != []
    assert names(index, "dröught") == names(index, "drought")


def test_a_phrase_finds_fewer_than_its_words(index: SearchIndex) -> None:
    words, phrase = set(names(index, "dust storms")), set(names(index, '"dust storms"'))
    assert phrase < words
    assert phrase


def test_excluded_words_are_not_there(index: SearchIndex) -> None:
    drought, both = set(names(index, "drought")), set(names(index, "drought water"))
    assert set(names(index, "drought -water")) == drought - both
    assert set(names(index, "-water")) == set(names(index, "")) - set(names(index, "water"))
    assert names(index, "drought -drought") == []


def test_codes_find_the_record_and_are_no_passage(index: SearchIndex) -> None:
    hits = index.search("LEX-FAOC127760").hits
    assert "mng-constitution-1992" in {hit.identifier for hit in hits}
    (hit,) = index.search("mng-ndc-2020").hits
    assert hit.identifier == "mng-ndc-2020"
    assert not any(piece.found for piece in (*hit.heading, *hit.passage))


@pytest.mark.parametrize("query", ["", "drought", "水", "-water", "no such word anywhere"])
def test_facets_add_up(index: SearchIndex, query: str) -> None:
    found = index.search(query, limit=0)
    assert tuple(found.facets) == FACETS
    assert sum(count.count for count in found.facets["kind"]) == found.total
    for facet, counts in found.facets.items():
        assert all(0 < count.count <= found.total for count in counts), facet
        assert [c.count for c in counts] == sorted((c.count for c in counts), reverse=True)
        for count in counts[:3]:
            assert index.search(query, {facet: (count.value,)}, 0).total == count.count


def test_facets_are_those_of_the_store(index: SearchIndex, store: OxigraphStore) -> None:
    rows = store.select(
        "SELECT ?k (COUNT(DISTINCT ?r) AS ?n) { ?r a ?k ; nx:area area:mng ; nx:reviewState ?s } GROUP BY ?k"
    )
    expected = {str(row["k"]).rsplit("/", 1)[1]: int(str(row["n"])) for row in rows}
    found = index.search("", {"area": ("mng",)}, 0)
    assert {count.value: count.count for count in found.facets["kind"]} == expected


def test_filters_narrow_together(index: SearchIndex) -> None:
    one = set(names(index, "drought", area="kor"))
    other = set(names(index, "drought", kind="Policy"))
    assert set(names(index, "drought", area="kor", kind="Policy")) == one & other != set()


def test_of_several_values_one_is_enough(index: SearchIndex) -> None:
    together = index.search("drought", {"area": ("kor", "jpn")}, MOST_HITS)
    apart = {*names(index, "drought", area="kor"), *names(index, "drought", area="jpn")}
    assert {hit.identifier for hit in together.hits} == apart
    assert together.total == len(apart)


def test_the_counts_of_a_facet_say_what_a_further_value_would_add(index: SearchIndex) -> None:
    free, narrowed = (index.search("drought", filters, 0) for filters in ({}, {"area": ("kor",)}))
    assert narrowed.facets["area"] == free.facets["area"]
    assert narrowed.facets["kind"] != free.facets["kind"]
    both = index.search("drought", {"area": ("kor",), "kind": ("Policy",)}, 0)
    kinds = {count.value: count.count for count in both.facets["kind"]}
    for kind, count in kinds.items():
        assert index.search("drought", {"area": ("kor",), "kind": (kind,)}, 0).total == count


def test_hits_are_sorted_by_year_or_by_title(index: SearchIndex) -> None:
    by_year = index.search("drought", {}, MOST_HITS, order="year").hits
    assert [hit.year for hit in by_year] == sorted((hit.year for hit in by_year), reverse=True)
    assert len({hit.year for hit in by_year}) > 10
    by_title = index.search("drought", {}, MOST_HITS, order="title").hits
    titles = [as_title(hit.label) for hit in by_title]
    assert titles == sorted(titles)
    assert (
        {hit.identifier for hit in by_year}
        == {hit.identifier for hit in by_title}
        == set(names(index, "drought"))
    )
    assert index.search("drought", {}, 5, 10, "title").hits == by_title[10:15]


def test_hits_tell_their_areas_and_their_year(index: SearchIndex) -> None:
    (hit,) = (hit for hit in index.search("mng-ndc-2020").hits if hit.identifier == "mng-ndc-2020")
    assert (hit.areas, hit.year) == (("mng",), "2019")


def test_an_unknown_facet_is_named(index: SearchIndex) -> None:
    with pytest.raises(UnknownTermError, match=r"filtered by 'colour', only by kind, area"):
        index.search("drought", {"colour": ("red",)})


@pytest.mark.parametrize(
    "query", ["drought", "grazing", '"dust storms"', "荒漠化", "기후위기", "малын", "опустынивание"]
)
def test_what_was_found_is_marked(index: SearchIndex, query: str) -> None:
    for hit in index.search(query, limit=5).hits:
        marked = [piece.text for piece in (*hit.heading, *hit.passage) if piece.found]
        assert marked, hit.identifier
        beginning = query.strip('"').casefold()[:4]
        assert all(text.casefold().startswith(beginning) for text in marked), marked
        assert "".join(piece.text for piece in hit.heading) == hit.label


def test_hits_carry_what_must_be_said_of_them(index: SearchIndex, store: OxigraphStore) -> None:
    rows = store.select("SELECT ?r ?w { ?r nx:reservation ?w } ORDER BY ?w")
    said: dict[str, list[str]] = {}
    for row in rows:
        said.setdefault(record_identifier(str(row["r"])) or "", []).append(str(row["w"]))
    hits = index.search("drought", limit=MOST_HITS).hits
    assert any(hit.reservations for hit in hits)
    assert all(list(hit.reservations) == said.get(hit.identifier, []) for hit in hits)


@pytest.mark.parametrize("query", HOSTILE, ids=ascii)
def test_hostile_input_gives_an_answer(index: SearchIndex, query: str) -> None:
    found = index.search(query)
    assert len(found.hits) == min(20, found.total)
    assert index.identifiers(query)[:20] == [hit.identifier for hit in found.hits]


@pytest.mark.parametrize(
    "query",
    [
        "a" * 10_000,
        "沙" * 10_000,
        "a " * 5_000,
        "-a " * 3_400,
        '"' * 10_000,
        "-" * 10_000,
        "drought " * 1_250,
        "물 " * 5_000,
    ],
    ids=lambda query: query[:8],
)
def test_long_input_gives_an_answer_soon(index: SearchIndex, query: str) -> None:
    assert index.search(query).total >= 0


def test_random_input_gives_an_answer(index: SearchIndex) -> None:
    chance = random.Random(7)
    alphabet = string.printable + "沙漠水가뭄ёЁ“”„\0\u3000🌵" + '"-*' * 10
    for _ in range(500):
        query = "".join(chance.choices(alphabet, k=chance.randrange(1, 40)))
        assert index.search(query, limit=2).total >= 0


def test_nothing_that_was_asked_changed_anything(index: SearchIndex) -> None:
    assert index.search("", limit=0).total > 4_000


def test_the_index_can_be_asked_from_many_threads(index: SearchIndex) -> None:
    expected = names(index, "drought", 5)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(names(index, "drought", 5))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 16


def test_a_missing_or_broken_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.sqlite cannot be opened"):
        open_index(tmp_path / "none.sqlite")
    (tmp_path / "broken.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(SettingsError, match=r"broken\.sqlite cannot be opened"):
        open_index(tmp_path / "broken.sqlite")
