"""Passages of hits."""

from __future__ import annotations

from nexuskb.search.passages import Piece, cut

LONG = "Grass was sown and trees were planted where herders had moved. " * 12


def text_of(passage: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in passage)


def test_a_short_text_is_whole_with_its_finds_marked() -> None:
    assert cut("Dust and drought", [(9, 16)]) == (Piece("Dust and "), Piece("drought", found=True))


def test_a_long_text_is_cut_around_its_first_find_at_whole_words() -> None:
    place = LONG.index("herders", 300)
    passage = cut(LONG, [(place, place + 7)])
    shown = text_of(passage)
    assert Piece("herders", found=True) in passage
    assert len(shown) < 300
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert shown.removeprefix("… ").removesuffix(" …") in LONG
    assert set(shown.strip("… ").split()) <= set(LONG.split())


def test_a_long_text_without_a_find_is_shown_from_its_beginning() -> None:
    shown = text_of(cut(LONG, []))
    assert LONG.startswith(shown.removesuffix(" …"))
    assert shown.endswith(" …")


def test_a_long_text_without_spaces_is_cut_all_the_same() -> None:
    text = "沙漠化" * 200
    passage = cut(text, [(300, 303)])
    assert Piece("沙漠化", found=True) in passage
    assert len(text_of(passage)) < 300


def test_a_find_longer_than_a_passage_does_no_harm() -> None:
    text = "x" * 1000
    assert len(text_of(cut(text, [(0, 1000)]))) < 300
