"""Footnotes against the United Nations Editorial Manual Online, each rule with an example."""

from __future__ import annotations

import pytest

from nexuskb.exchange.citations.footnotes import Span, footnote, plain
from nexuskb.exchange.citations.pinpoints import pinpoint
from nexuskb.exchange.citations.references import Citation, Reference
from nexuskb.exchange.citations.titles import Title, read_title


def source(kind: str, title: str, who: str, **given: object) -> Reference:
    values = {"title_language": "en", "language": "en", "date": "2021", **given}
    return Reference("x-src-1", title, author_or_publisher=who, kind=kind, **values)


CASES = {
    "masthead document by its symbol": (
        source("un-report", "Report: part two", "UNCCD", symbol="ICCD/COP(14)/23"),
        "paragraph 5",
        "“Report: part two” (ICCD/COP(14)/23), para. 5.",
    ),
    "resolution by its number": (
        source("legal-text", "UN Decade", "General Assembly", symbol="A/RES/73/284"),
        "para. 2-4",
        "General Assembly resolution 73/284, paras. 2–4.",
    ),
    "law of a State, original first, English in brackets": (
        source(
            "legal-text", "Forest Act (森林法), current text", "Government of Japan; text held in a/b",
            language="ja", date="1951", countries=("Japan",), url="https://www.example.org/1",
        ),
        "Art. 5",
        "Japan, 森林法 [Forest Act], current text (Government of Japan, 1951), art. 5, "
        "available at www.example.org/1 (text held in a/b).",
    ),
    "publication": (
        source("official-report", "State of the Environment", "Ministry of Environment"),
        "pp. 3-4",
        "Ministry of Environment, State of the Environment (2021), pp. 3–4.",
    ),
    "article in a periodical, by DOI": (
        source(
            "journal-article", "Dust", "Long X. et al. (Atmospheric Chemistry and Physics 18(4), 12-19)",
            doi="10.1/a", url="https://example.org",
        ),
        "abstract",
        "Long X. et al., “Dust”, Atmospheric Chemistry and Physics, vol. 18, No. 4 (2021), pp. 12–19, "
        "abstract, available at https://doi.org/10.1/a.",
    ),
    "newspaper with the day that the publisher's field has": (
        source("news", 'The "third" pole', "Korea Herald, 6 Sept 2021"),
        "text",
        "“The 'third' pole”, Korea Herald, 6 September 2021.",
    ),
    "website": (
        source("web-page", "The Agreement", "AFoCO", date="", url="http://example.org/x"),
        "second para.",
        "AFoCO, “The Agreement”, second para., available at http://example.org/x.",
    ),
    "database": (
        source("dataset", "AQUASTAT", "FAO"),
        "Table 3",
        "FAO, AQUASTAT, 2021, table 3.",
    ),
    "the language where the title does not show it": (
        source("news", "Drought", "News1", language="ko", date=""),
        "para. 1",
        "“Drought” (in Korean), News1, para. 1.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_source_is_cited_as_the_manual_says(case: str) -> None:
    reference, locator, expected = CASES[case]
    assert plain(footnote([Citation(reference, locator)])) == expected


def test_passages_of_one_source_stand_together_and_sources_are_joined_by_semicolons() -> None:
    one, two = source("dataset", "A", "FAO"), Reference("x-src-2", "B", "en", "WHO", "dataset", "en")
    cited = [Citation(one, "row 1"), Citation(two, "row 2"), Citation(one, "row 3")]
    assert plain(footnote(cited)) == "FAO, A, 2021, row 1; row 3; and WHO, B, row 2."


def test_the_key_of_the_record_stands_last() -> None:
    note = footnote([Citation(source("dataset", "A", "FAO"), "row 1")], "mng-data-1")
    assert plain(note).endswith(". [mng-data-1]")


def test_titles_are_in_italics_and_foreign_ones_carry_their_language() -> None:
    reference = source("official-report", "Доклад о земле", "Росреестр", title_language="ru", language="ru")
    assert Span("Доклад о земле", True, "ru") in footnote([Citation(reference)])


@pytest.mark.parametrize(
    ("locator", "expected"),
    [
        ("Arts. 760 and 922", "arts. 760 and 922"),
        ("Article 12", "art. 12"),
        ("Art. 2(1)", "art. 2(1)"),
        ("paragraph 5", "para. 5"),
        ("para. 1-2", "paras. 1–2"),
        ("sec. 2.1, Key findings", "sect. 2.1, Key findings"),
        ("Annex 1, A", "annex 1, A"),
        ("Annex B, 4", "annex B, 4"),
        ("Art. 3, 4", "arts. 3, 4"),
        ("ch. I", "chap. I"),
        ("page", ""),
        ("text", ""),
        ("abstract", "abstract"),
        ("3.7.2.1", "3.7.2.1"),
        ("2021-2025, row 3", "2021-2025, row 3"),
        ("first article", "first article"),
        ("Part III", "part III"),
        ("protection of part a", "protection of part a"),
    ],
)
def test_pinpoints_use_the_abbreviations_of_the_manual(locator: str, expected: str) -> None:
    assert pinpoint(locator) == expected


@pytest.mark.parametrize(
    ("printed", "language", "expected"),
    [
        ("Forest Act (森林法), current text", "ja", Title("森林法", "ja", "Forest Act", ", current text")),
        ("河北省规划 (Hebei plan)", "zh", Title("河北省规划", "zh", "Hebei plan", "")),
        ("Water (abstract)", "en", Title("", "", "Water (abstract)", "")),
        ("Утверждена Стратегия", "ru", Title("Утверждена Стратегия", "ru", "", "")),
    ],
)
def test_original_and_english_titles_are_told_apart(printed: str, language: str, expected: Title) -> None:
    tagged = language if printed[0] > "\u024f" else "en"
    assert read_title(printed, tagged, language) == expected


def test_every_source_of_the_base_makes_a_footnote_with_its_title(sources: list[Reference]) -> None:
    for each in sources:
        note = plain(footnote([Citation(each, "para. 1")]))
        title = each.title.original or each.title.english
        assert without_quotes(title) in without_quotes(note) or note.startswith("General Assembly resolution")
        assert not each.address or each.address.partition("://")[2] in note


def without_quotes(text: str) -> str:
    return "".join(c for c in text if c not in "“”‘’\"'")
