"""Words of a text and of a search, in every script."""

from __future__ import annotations

import re

import pytest

from nexuskb.search.words import MOST_CHARACTERS, Way, fold, paired, read_search


def ways(text: str) -> list[tuple[bool, list[tuple[str, str, float]]]]:
    return [
        (condition.excluded, [(way.kind, way.phrase, way.worth) for part in condition.parts for way in part])
        for condition in read_search(text).conditions
    ]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("沙漠化", "沙漠 漠化 化"),
        ("水", "水"),
        ("中国防治荒漠化", "中国 国防 防治 治荒 荒漠 漠化 化"),
        ("제3차 국가 plan", "제3 3차 차 국가 가"),
        ("30by30ロードマップ", "30 0b by y3 30 0ロ ロー ード ドマ マッ ップ プ"),
        ("the Gobi desert, 2030", ""),
        ("２０３０年", "20 03 30 0年 年"),
        ("𠮷野", "𠮷野 野"),
        ("", ""),
    ],
)
def test_runs_with_chinese_japanese_or_korean_are_cut_into_pairs(text: str, pairs: str) -> None:
    assert paired(text) == pairs


def test_a_word_is_looked_for_inflected_and_as_a_beginning() -> None:
    assert ways("Grazing") == [
        (False, [("words", '"Grazing"', 1.0), ("stems", '"Grazing"', 0.8), ("words", '"Grazing"*', 0.5)])
    ]


@pytest.mark.parametrize("word", ["sea", "2030", "20"])
def test_a_short_word_and_a_number_are_not_taken_for_beginnings(word: str) -> None:
    assert ways(word) == [(False, [("words", f'"{word}"', 1.0), ("stems", f'"{word}"', 0.8)])]


def test_three_letters_of_another_script_are_a_beginning() -> None:
    assert ("words", '"мал"*', 0.5) in ways("мал")[0][1]


def test_a_phrase_is_looked_for_as_it_is() -> None:
    assert ways('"Dust Storms"') == [(False, [("words", '"Dust Storms"', 1.0)])]


def test_a_word_of_two_characters_is_a_pair_and_one_is_the_beginning_of_a_pair() -> None:
    assert ways("沙漠 水") == [(False, [("pairs", '"沙漠"', 1.0)]), (False, [("pairs", '"水"*', 1.0)])]


def test_a_phrase_of_two_runs_keeps_them_next_to_each_other() -> None:
    assert ways('"제3차 국가"') == [(False, [("pairs", '"제3 3차 차 국가"', 1.0)])]


def test_a_phrase_of_two_scripts_has_a_part_for_each() -> None:
    (condition,) = read_search('"ESG 国家报告"').conditions
    assert condition.parts == ((Way("words", '"ESG"'),), (Way("pairs", '"国家 家报 报告"'),))
    assert condition.runs == ("国家报告",)


@pytest.mark.parametrize("text", ["-mining", "--mining", '-"mining"'])
def test_a_hyphen_before_a_word_or_phrase_excludes_it(text: str) -> None:
    assert [excluded for excluded, _ in ways(text)] == [True]


def test_a_hyphen_within_a_word_makes_a_phrase() -> None:
    assert ways("water-energy")[0][1][0] == ("words", '"water energy"', 1.0)


@pytest.mark.parametrize("text", ['"dust storm', "“dust storm”", "„dust storm“", "＂dust storm＂"])
def test_quotation_marks_may_be_of_any_kind_and_need_not_be_closed(text: str) -> None:
    assert ways(text) == [(False, [("words", '"dust storm"', 1.0)])]


def test_common_words_count_only_alone_or_in_phrases() -> None:
    assert ways("the law of the sea") == ways("law sea")
    assert ways("of the")
    assert ways('"law of the sea"') == [(False, [("words", '"law of the sea"', 1.0)])]


def test_what_is_written_twice_counts_once() -> None:
    assert len(read_search("dust dust 沙漠 沙漠").conditions) == 2


def test_only_the_first_thousand_characters_count() -> None:
    assert read_search("a" * 10_000) == read_search("a" * MOST_CHARACTERS)


@pytest.mark.parametrize("text", ["🌵", "!!!", "- -- \"\" ''", "\0", "\ud800", "***"])
def test_what_holds_no_word_asks_for_something_and_has_no_condition(text: str) -> None:
    search = read_search(text)
    assert search.asks
    assert search.conditions == ()


@pytest.mark.parametrize("text", ["", "  \t\n", "\u3000"])
def test_nothing_asks_for_nothing(text: str) -> None:
    assert not read_search(text).asks


@pytest.mark.parametrize(
    "text", ['a"b OR c*', "x' OR 1=1 --", "NEAR(a b, 3)", "label:drought", "^a + {b}", "a\0b"]
)
def test_only_letters_and_digits_reach_the_index(text: str) -> None:
    for condition in read_search(text).conditions:
        for part in condition.parts:
            for way in part:
                assert re.fullmatch(r'"[^\W_]+( [^\W_]+)*"\*?', way.phrase), way


def test_folding_keeps_every_place() -> None:
    text = "Ёлка ё ２０３０ ＡＢＣ ゴビ"
    assert fold(text) == "Елка е 2030 ABC ゴビ"
    assert len(fold(text)) == len(text)
