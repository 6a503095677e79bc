"""Answers: what must be said of a record goes with its rows, and a table does no harm in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from rdflib import Graph

from nexuskb.questions.answers import Answer, PlainRow, answer, as_csv, reservations_query
from nexuskb.questions.catalogue import fill, question
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import BASE, NX, REC, concept_iri, record_identifier
from nexuskb.vocabulary import Vocabularies

AnswerTo = Callable[..., Answer]

NEWS = "Rests on news alone."
COMPILED = (
    "Rests alone on texts compiled in another State, which the State concerned may not accept as official."
)
UNSOURCED = "Rests on general knowledge: check it against a source before use."


def plain(store: OxigraphStore, query: str) -> tuple[list[str], list[PlainRow]]:
    found = store.select(query)
    return list(found.variables), [{name: str(term) for name, term in row.items()} for row in found]


@pytest.fixture(scope="module")
def answer_to(store: OxigraphStore, vocabularies: Vocabularies) -> AnswerTo:
    """Answers a question from the real base."""

    def answering(identifier: str, **values: str) -> Answer:
        columns, rows = plain(store, fill(question(identifier), values, vocabularies))
        query = reservations_query(rows)
        return answer(columns, rows, plain(store, query)[1] if query else [])

    return answering


def read_csv(given: Answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(given), newline="")))


@pytest.fixture
def small() -> Answer:
    """Two rows on three records, two of them with reservations."""
    rows = [
        {"policy": str(REC["law-1"]), "measure": str(REC["measure-1"]), "title": "Fees"},
        {"policy": str(REC["law-2"]), "title": "Bans"},
    ]
    said = [("law-1", NEWS), ("law-1", COMPILED), ("measure-1", NEWS)]
    reserved = [{"record": str(REC[name]), "words": words} for name, words in said]
    return answer(["policy", "measure", "title"], rows, reserved)


# Reservations


def test_reservations_are_kept_by_the_identifier_of_the_record(small: Answer) -> None:
    assert small.reservations == {"law-1": [NEWS, COMPILED], "measure-1": [NEWS]}


def test_a_row_has_what_must_be_said_of_all_its_records_and_each_words_once(small: Answer) -> None:
    assert [small.of_row(row) for row in small.rows] == [f"{NEWS} {COMPILED}", ""]


def test_by_words_groups_the_records_of_which_the_same_must_be_said(small: Answer) -> None:
    assert small.by_words() == {NEWS: ["law-1", "measure-1"], COMPILED: ["law-1"]}


def test_without_records_in_the_rows_there_is_nothing_to_ask() -> None:
    assert reservations_query([]) is None
    elsewhere = [{"a": "rec:x", "b": f"{BASE}vocabularies/area/mng", "c": f"see {REC['law-1']}"}]
    assert reservations_query(elsewhere) is None


def test_each_record_in_the_rows_is_asked_about_once(small: Answer) -> None:
    query = reservations_query([*small.rows, *small.rows])
    assert query is not None
    for name in ("law-1", "law-2", "measure-1"):
        assert query.count(f"<{REC[name]}>") == 1


@pytest.mark.parametrize(
    ("asked", "values", "record", "words"),
    [
        # A measure whose only text of the law was compiled in another State.
        (
            "policies-against-driver",
            {"country": "PRK", "driver": "governance-and-institutions"},
            "prk-law-enforcement-1998-m-fines",
            COMPILED,
        ),
        # A finding on two newspapers and one item of State media.
        ("findings-by-confidence", {"country": "MNG"}, "mng-driver-mining-disturbed-land", NEWS),
        # An action programme of which no text was found.
        ("policies-of-country", {"country": "MNG"}, "mng-unccd-nap-2010", UNSOURCED),
        # A doubt in the editors' own words.
        (
            "conflicting-figures",
            {"area": "MNG"},
            "mng-data-water-resources",
            "The parts listed sum to 573,700 of the 608,000; rivers are not listed.",
        ),
    ],
)
def test_what_must_be_said_of_a_record_goes_with_its_rows(
    answer_to: AnswerTo, asked: str, values: dict[str, str], record: str, words: str
) -> None:
    given = answer_to(asked, **values)
    rows = [row for row in given.rows if str(REC[record]) in row.values()]
    assert rows
    assert all(words in given.of_row(row) for row in rows)
    assert record in given.by_words()[words]
    place = given.rows.index(rows[0]) + 1
    assert words in read_csv(given)[place][-1]


def test_only_records_in_the_rows_have_reservations_and_none_is_left_out(
    answer_to: AnswerTo, turtle: Graph
) -> None:
    given = answer_to("policies-of-country", country="PRK")
    named = {record_identifier(value) for row in given.rows for value in row.values()} - {None}
    assert set(given.reservations) <= named
    general = concept_iri("basis", "general-knowledge")
    compiled = set(turtle.subjects(NX.soleSupport, None))
    for name in named:
        said = given.reservations.get(name, [])
        assert (UNSOURCED in said) == ((REC[name], NX.basis, general) in turtle)
        assert (COMPILED in said) == (REC[name] in compiled)
        assert {str(doubt) for doubt in turtle.objects(REC[name], NX.caveat)} <= set(said)


# CSV


def test_csv_has_the_columns_in_their_order_and_reservations_last(small: Answer) -> None:
    assert read_csv(small) == [
        ["policy", "measure", "title", "reservations"],
        [str(REC["law-1"]), str(REC["measure-1"]), "Fees", f"{NEWS} {COMPILED}"],
        [str(REC["law-2"]), "", "Bans", ""],
    ]


def test_csv_without_rows_is_its_header() -> None:
    assert as_csv(Answer(["policy", "title"], [], {})) == "policy,title,reservations\r\n"


@pytest.mark.parametrize("text", ['a "quoted" word', "one, two", "two\nlines", "two\r\nlines", "草原", " a "])
def test_csv_keeps_texts_as_they_are(text: str) -> None:
    given = Answer(["text", "next"], [{"text": text, "next": "x"}], {})
    assert read_csv(given)[1] == [text, "x", ""]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://a.example";"x")',
        "+cmd|' /C calc'!A0",
        "-2+3",
        "-",
        "- three States",
        "+86 10 1234",
        "@SUM(A1:A2)",
        "\t=1+1",
        "\r=1+1",
    ],
)
def test_csv_neutralises_what_a_spreadsheet_takes_for_a_formula(text: str) -> None:
    given = Answer(["text"], [{"text": text}], {})
    assert read_csv(given)[1][0] == "'" + text


@pytest.mark.parametrize(
    "text",
    ["-7", "+5", "-7.5", "-7 %", "+0.5%", "-1,234.5", "0", "23.42", "1000000000", "3-4", "2030", "1 = 1"],
)
def test_csv_keeps_numbers_and_harmless_texts(text: str) -> None:
    given = Answer(["figure"], [{"figure": text}], {})
    assert read_csv(given)[1][0] == text


def test_csv_neutralises_reservations_too() -> None:
    row = {"record": str(REC["data-1"])}
    given = Answer(["record"], [row], {"data-1": ["=1+1 is not 3."]})
    assert read_csv(given)[1][1] == "'=1+1 is not 3."


def test_a_negative_figure_of_the_base_is_a_number_in_csv(answer_to: AnswerTo) -> None:
    given = answer_to("conflicting-figures", area="MNG")
    header, *rows = read_csv(given)
    figures = {row[header.index("record")]: row[header.index("figure")] for row in rows}
    assert figures[str(REC["reg-data-mng-precip-han"])] == "-7"
