"""The workbook for experts: made from the shapes, filled in, read back; what is dangerous is refused."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import hostile
import pytest
from filling import filled
from openpyxl import Workbook, load_workbook
from rdflib import RDF, Graph, URIRef
from tests.programs import program

from nexuskb.errors import RecordNotFoundError, SubmissionError, UnknownTermError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.entering import WorkbookDesk
from nexuskb.exchange.harmless import harmless
from nexuskb.exchange.hazards import MOST_BYTES, check_workbook
from nexuskb.exchange.marking import marked
from nexuskb.exchange.sheets import FIRST_ROW, PROBLEMS, joined, kind_named, split
from nexuskb.exchange.template import template
from nexuskb.exchange.workbooks import read_workbook
from nexuskb.people.rights import Person, Role
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings
from nexuskb.terms import EV, NX, REC, concept_iri

POLICY = {
    "identifier": "mng-law-test-2020",
    "label": "Law on the testing of tests",
    "labelStatus": "Working",
    "policyKind": "Law",
    "legalStatus": "In force",
    "area": "Mongolia; Asia",
    "domain": "Land; Water",
    "adopted": "2020-05",
    "leadBody": "Ministry of Tests; Agency \\; Bureau",
    "officialLabel@mn": "Шалгалтын тухай хууль",
    "registerId": "0012",
    "description": "  It says what a test is; and why.  ",
    "basis": "source",
}
EVIDENCE = {
    "record": "mng-law-test-2020",
    "source": "mng-src-ec-constitution",
    "locator": "Art. 1",
    "assertion": "asserted",
}
TARGET = {
    "identifier": "mng-law-test-2020-t1",
    "label": "All is tested",
    "area": "mng",
    "value": "12.50",
    "valueAsPrinted": "12.50",
    "unit": "%",
    "targetYear": "2030",
    "ofPolicy": "mng-law-test-2020",
}
EDITOR = Person("Tuya", Role.EDITOR)


@pytest.fixture(scope="module")
def empty(documents: Documents) -> bytes:
    return template(documents.forms, documents.vocabularies, ["policy"])


@pytest.fixture(scope="module")
def shared(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkbookDesk]:
    """A desk to which nothing is written."""
    with Ledger.open(tmp_path_factory.mktemp("ledger")) as ledger:
        yield WorkbookDesk.open(settings, ledger)


def good(empty: bytes, **changes: object) -> bytes:
    evidence = [EVIDENCE, {**EVIDENCE, "record": TARGET["identifier"]}]
    return filled(empty, {"Policy": [{**POLICY, **changes}], "Target": [TARGET], "Evidence": evidence})


def test_a_workbook_has_a_sheet_for_each_kind_with_keys_names_and_help(empty: bytes) -> None:
    book = load_workbook(io.BytesIO(empty))
    assert book.sheetnames == ["Read me", "Policy", "Measure", "Target", "Source", "Evidence", "Lists"]
    page = book["Policy"]
    columns = {page.cell(1, n).value: n for n in range(1, page.max_column + 1)}
    assert page.row_dimensions[1].hidden
    assert book["Lists"].sheet_state == "hidden"
    assert page.cell(2, columns["label"]).value == "English title *"
    assert page.cell(2, columns["adopted"]).value == "Adopted"
    assert page.cell(3, columns["adopted"]).value.startswith("Date of adoption.")
    assert "Several: with ; between them." in page.cell(3, columns["sector"]).value
    assert {"officialLabel@mn", "officialLabel@zh", "officialLabel@ko"} <= set(columns)
    assert "reviewState" not in columns


def test_drop_downs_come_from_the_vocabularies(empty: bytes, documents: Documents) -> None:
    book = load_workbook(io.BytesIO(empty))
    for title, form in (("Policy", "Policy"), ("Measure", "Measure"), ("Evidence", "Evidence")):
        page = book[title]
        keys = {cell.value: cell.column_letter for cell in page[1]}
        lists = {str(v.sqref).split("4:")[0]: v.formula1 for v in page.data_validations.dataValidation}
        fields = documents.forms.evidence if form == "Evidence" else documents.forms.kinds[form]
        for field in fields.fields:
            if field.scheme and field.key in keys:
                name = lists[keys[field.key]].removeprefix("=")
                where = book.defined_names[name].attr_text
                cells = [cell.value for row in book["Lists"][where.partition("!")[2]] for cell in row]
                terms = documents.vocabularies.schemes[field.scheme].terms
                assert len(cells) == len(terms)
                assert all(documents.vocabularies.schemes[field.scheme].find(cell) for cell in cells)
    assert any("'Source'!$A$4" in v.formula1 for v in book["Evidence"].data_validations.dataValidation)


def test_what_is_filled_in_is_read(empty: bytes, documents: Documents) -> None:
    read = read_workbook(good(empty), documents)
    policy, target = REC["mng-law-test-2020"], REC["mng-law-test-2020-t1"]
    assert read.records == (policy, target)
    said = {(p, str(o), getattr(o, "language", None)) for s, p, o in read.triples if s == policy}
    assert (NX.area, str(concept_iri("area", "asia")), None) in said
    assert (NX.legalStatus, str(concept_iri("status", "in-force")), None) in said
    assert (NX.adopted, "2020-05", None) in said
    assert (NX.registerId, "0012", None) in said
    assert (NX.leadBody, "Agency ; Bureau", "en") in said
    assert (NX.officialLabel, "Шалгалтын тухай хууль", "mn") in said
    assert any(o == "It says what a test is; and why." for _, o, _ in said)
    assert (EV["mng-law-test-2020-t1-e1"], NX.source, REC["mng-src-ec-constitution"]) in read.triples
    assert read.places.find(str(policy), str(NX.area)).startswith("Policy!")
    assert read.places.find(str(policy), str(NX.inForceFrom)).startswith("Policy!")


@pytest.mark.parametrize(
    ("key", "typed", "read_as"),
    [
        ("adopted", dt.datetime(2012, 5, 17), "2012-05-17"),
        ("adopted", dt.datetime(2012, 5, 17, 8, 30), "2012-05-17T08:30:00"),
        ("adopted", 2012, "2012"),
        ("adopted", 2012.0, "2012"),
        ("adopted", " 2012-05 ", "2012-05"),
        ("registerId", "0012", "0012"),
        ("registerId", 12, "12"),
        ("registerId", "1e5", "1e5"),
        ("registerId", "\u00a0LEX-1\u00a0\n", "LEX-1"),
        ("registerId", True, "TRUE"),
        ("registerId", "2012-05", "2012-05"),
    ],
)
def test_cells_are_read_as_they_were_meant(
    empty: bytes, documents: Documents, key: str, typed: object, read_as: str
) -> None:
    read = read_workbook(good(empty, **{key: typed}), documents)
    assert [str(o) for s, p, o in read.triples if p == NX[key]] == [read_as]


def test_numbers_keep_their_digits(empty: bytes, documents: Documents) -> None:
    read = read_workbook(good(empty), documents)
    assert [str(o) for _, p, o in read.triples if p == NX.value] == ["12.50"]


def test_a_semicolon_within_a_value_is_kept(documents: Documents) -> None:
    form = documents.forms.kinds["Policy"].by_key()
    for key, values in {
        "leadBody": ["Ministry; Agency", "Bureau \\ Office", "a"],
        "note": ["One; two.", "Three."],
        "sector": ["mining"],
    }.items():
        assert split(joined(values, form[key]), form[key]) == values


KINDS = ["Policy", "Case", "Interlinkage", "Observation", "Recommendation", "Source", "CoverageNote"]


@pytest.mark.parametrize("kind", KINDS)
def test_records_of_the_base_come_back_from_a_workbook(
    shared: WorkbookDesk, documents: Documents, base: Graph, kind: str
) -> None:
    chosen = sorted(base.subjects(RDF.type, NX[kind]))[::40][:12]
    body = shared.filled([], [str(record).removeprefix(REC) for record in chosen], EDITOR)
    read = read_workbook(body, documents)
    assert set(chosen) <= set(read.records)
    wanted = {
        triple
        for record in read.records
        for node in (record, *base.objects(record, NX.evidence))
        for triple in base.triples((node, None, None))
        if triple[1] != NX.reviewState
    }
    assert {t for t in read.triples if isinstance(t[0], URIRef)} == wanted


def test_libreoffice_saves_it_and_it_reads_the_same(
    shared: WorkbookDesk, documents: Documents, tmp_path: Path
) -> None:
    body = shared.filled([], ["mng-billion-trees-2021", "mng-ndc-2020"], EDITOR)
    (tmp_path / "before.xlsx").write_bytes(body)
    home = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        program("soffice"),
        home,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
    ]
    subprocess.run([*command, f"{tmp_path}/saved", f"{tmp_path}/before.xlsx"], check=True, timeout=200)
    saved = (tmp_path / "saved" / "before.xlsx").read_bytes()
    before, after = read_workbook(body, documents), read_workbook(saved, documents)
    assert set(after.triples) == set(before.triples)
    assert after.places == before.places
    assert after.revisions == before.revisions != {}
    book = load_workbook(io.BytesIO(saved))
    assert len(book["Policy"].data_validations.dataValidation) > 5
    assert "list_0" in book.defined_names


@pytest.mark.parametrize(
    ("sheet", "row", "place", "says", "meant"),
    [
        (
            "Evidence",
            {"record": "mng-law-tets-2020"},
            "Evidence!A4",
            "Of record",
            POLICY["identifier"],
        ),
        ("Source", {"identifier": "A B", "label@en": "x"}, "Source!A4", "small Latin letters", ""),
    ],
)
def test_what_cannot_be_read_is_named_by_its_cell(
    empty: bytes, documents: Documents, sheet: str, row: dict[str, object], place: str, says: str, meant: str
) -> None:
    body = filled(empty, {"Policy": [POLICY], sheet: [row]})
    with pytest.raises(SubmissionError) as caught:
        read_workbook(body, documents)
    fault = caught.value.faults[0]
    assert (fault.place, fault.suggestion) == (place, meant)
    assert says in fault.message


def test_an_empty_workbook_is_told_where_the_first_row_is(empty: bytes, documents: Documents) -> None:
    with pytest.raises(SubmissionError, match="the first goes into row 4"):
        read_workbook(empty, documents)


def test_a_changed_heading_or_sheet_is_named(empty: bytes, documents: Documents) -> None:
    book = load_workbook(io.BytesIO(good(empty)))
    book["Policy"]["B1"] = "lable"
    book["Target"].title = "Tragets"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(SubmissionError) as caught:
        read_workbook(out.getvalue(), documents)
    assert [(fault.place, fault.suggestion) for fault in caught.value.faults][:2] == [
        ("Policy!B1", "label"),
        ("Tragets!A1", "Target"),
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (hostile.with_formula, "Policy!B600: A cell holds a formula"),
        (hostile.with_part("xl/vbaProject.bin"), "macros"),
        (hostile.macro_enabled, "may hold macros"),
        (hostile.with_part("xl/externalLinks/externalLink1.xml"), "links to other workbooks"),
        (hostile.with_part("xl/embeddings/oleObject1.bin"), "embedded objects"),
        (hostile.with_part("xl/connections.xml"), "connections"),
        (hostile.with_part("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
        (hostile.with_part("xl/media/big.png", b"\0" * 40_000_000), "Unpacked, the workbook has"),
        (
            hostile.with_empty_rows(1_000_000),
            "The sheet Policy has more than 20,000 rows, empty ones included",
        ),
        (hostile.with_empty_cells(1_000_000), "more than 400,000 cells, empty ones included"),
        (hostile.with_last_row, "The sheet Policy has something in row 1,048,576; it may have 2,000 records"),
        (hostile.elsewhere, "Policy!B600: A cell holds a formula"),
        (hostile.with_many_words, "more than can be looked through"),
        (hostile.nested, "more than can be looked through"),
        (hostile.with_entities, "damaged"),
        (hostile.with_external_entity, "damaged"),
        (hostile.truncated, "damaged"),
    ],
)
def test_a_dangerous_workbook_is_refused(
    empty: bytes, documents: Documents, change: hostile.Change, says: str
) -> None:
    body = hostile.changed(good(empty), change)
    with pytest.raises(SubmissionError) as caught:
        read_workbook(body, documents)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "This is not a workbook"),
        (b"policy,title\n", "This is not a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old (.xls) or encrypted"),
        (b"PK\x03\x04" + b"\0" * (MOST_BYTES + 1), "at most 5,000,000 are taken"),
    ],
)
def test_what_is_no_workbook_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(SubmissionError) as caught:
        check_workbook(body)
    assert says in str(caught.value)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(empty: bytes) -> None:
    bomb = hostile.changed(empty, hostile.with_part("xl/worksheets/sheet9.xml", b" " * 400_000_000))
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    with pytest.raises(SubmissionError, match="Unpacked"):
        check_workbook(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000


@pytest.mark.parametrize("change", [hostile.with_empty_rows(1_000_000), hostile.nested])
def test_what_is_long_is_looked_through_in_little_memory(empty: bytes, change: hostile.Change) -> None:
    body = hostile.changed(empty, change)
    assert len(body) < MOST_BYTES
    tracemalloc.start()
    with pytest.raises(SubmissionError):
        check_workbook(body)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000


def test_some_thousand_empty_rows_do_no_harm(empty: bytes, documents: Documents) -> None:
    body = hostile.changed(good(empty), hostile.with_empty_rows(5_000))
    assert len(read_workbook(body, documents).records) == 2


def test_a_zip_that_lies_about_its_size_is_damaged(empty: bytes, documents: Documents) -> None:
    bomb = bytearray(hostile.changed(empty, hostile.with_part("xl/worksheets/sheet2.xml", b" " * 50_000_000)))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = 0
        while (place := bomb.find(signature, place + 1)) > 0:
            if int.from_bytes(bomb[place + offset : place + offset + 4], "little") == 50_000_000:
                bomb[place + offset : place + offset + 4] = (1000).to_bytes(4, "little")
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as archive:
        assert sum(part.file_size for part in archive.infolist()) < 1_000_000
    with pytest.raises(SubmissionError, match="damaged"):
        read_workbook(bytes(bomb), documents)


def test_text_that_looks_like_a_formula_stays_text(empty: bytes, documents: Documents) -> None:
    rows = {"Policy": [{"identifier": ["mng-x"], "registerId": ["=1+1", "@SUM(A1)"]}]}
    body = template(documents.forms, documents.vocabularies, ["Policy"], rows)
    page = load_workbook(io.BytesIO(body))["Policy"]
    cell = next(cell for cell in page[FIRST_ROW] if cell.value and "=1+1" in str(cell.value))
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert [str(o) for _, p, o in read_workbook(body, documents).triples if p == NX.registerId] == [
        "=1+1",
        "@SUM(A1)",
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+x", "'+x"),
        ("-2", "-2"),
        ("+1.5", "+1.5"),
        ("@a", "'@a"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_csv_is_harmless(text: str, written: str) -> None:
    assert harmless(text) == written


def test_a_wrong_workbook_comes_back_marked_and_nothing_enters(
    settings: Settings, empty: bytes, tmp_path: Path
) -> None:
    wrong = good(
        empty, legalStatus="In froce", adopted="2020-02-31", description=None, area="Mongolia; Nowhere"
    )
    with Ledger.open(tmp_path) as ledger:
        desk = WorkbookDesk.open(settings, ledger)
        entered = desk.enter(wrong, EDITOR)
        assert not entered.good
        assert entered.records == ()
        assert list(ledger.drafts()) == []
        by_field = {problem.field: problem for problem in entered.problems}
        assert by_field["Legal status"].suggestion == "in-force"
        assert "no such date in the calendar" in by_field["Adopted"].words
        assert "Nothing is given" in by_field["Summary"].words
        back = marked(wrong, list(entered.problems))
        book = load_workbook(io.BytesIO(back))
        page = book["Policy"]
        columns = {
            page.cell(1, n).value: page.cell(1, n).column_letter for n in range(1, page.max_column + 1)
        }
        for key, field in (
            ("legalStatus", "Legal status"),
            ("adopted", "Adopted"),
            ("description", "Summary"),
        ):
            cell = page[f"{columns[key]}4"]
            assert by_field[field].cell == f"Policy!{columns[key]}4"
            assert cell.fill.fgColor.rgb == "00FFC7B8"
            assert field in cell.comment.text
        assert page[f"{columns['identifier']}4"].comment is None
        problems = book[PROBLEMS]
        assert problems["A2"].hyperlink.location or problems["A2"].hyperlink.target.startswith("#'Policy'!")
        assert len(page.data_validations.dataValidation) > 5
        right = {"legalStatus": "In force", "adopted": "2020", "description": "A law.", "area": "mng"}
        mended = filled(back, {"Policy": [right]})
        again = desk.enter(mended, EDITOR)
        assert again.good, again.problems
        assert [str(draft.record).removeprefix(REC) for draft in ledger.drafts()] == sorted(again.records)
        assert again.records == ("mng-law-test-2020", "mng-law-test-2020-t1")
        clean = load_workbook(io.BytesIO(marked(mended, [])))
        assert clean["Policy"][f"{columns['adopted']}4"].comment is None
        assert clean["Policy"][f"{columns['adopted']}4"].fill.fgColor.rgb != "00FFC7B8"


def test_a_duplicate_is_asked_about_in_its_cell(shared: WorkbookDesk, empty: bytes) -> None:
    title = (
        "Billion Trees national movement (Presidential Decree 58) with strategic and action plan 2022-2030"
    )
    entered = shared.enter(good(empty, label=title, adopted="2021"), EDITOR, check_only=True)
    (question,) = [problem for problem in entered.problems if problem.field == "Duplicate"]
    assert (question.cell, question.blocking) == ("Policy!B4", False)
    assert "mng-billion-trees-2021" in question.words
    assert entered.good


def test_a_record_of_the_base_may_be_changed_by_workbook(shared: WorkbookDesk) -> None:
    body = shared.filled([], ["mng-billion-trees-2021"], EDITOR)
    entered = shared.enter(body, EDITOR, check_only=True)
    assert entered.good, entered.problems
    assert "mng-billion-trees-2021" in entered.unchanged
    assert entered.records == ()
    changed = shared.enter(filled(body, {"Policy": [{"label": "Billion Trees"}]}), EDITOR, check_only=True)
    assert changed.good, changed.problems
    assert changed.records == ("mng-billion-trees-2021",)


def test_unknown_kinds_and_records_are_named(shared: WorkbookDesk, documents: Documents) -> None:
    with pytest.raises(UnknownTermError, match="Did you mean Policy"):
        kind_named(documents.forms, "polcies")
    assert kind_named(documents.forms, "policies").key == "Policy"
    assert kind_named(documents.forms, "driver-finding").key == "DriverFinding"
    with pytest.raises(RecordNotFoundError, match="no record 'mng-nothing'"):
        shared.filled([], ["mng-nothing"], EDITOR)


def test_a_large_workbook_is_read_whole(empty: bytes, documents: Documents) -> None:
    policies = [{**POLICY, "identifier": f"mng-law-{n}"} for n in range(300)]
    passages = [{**EVIDENCE, "record": f"mng-law-{n}"} for n in range(300)]
    read = read_workbook(filled(empty, {"Policy": policies, "Evidence": passages}), documents)
    assert len(read.records) == 300
    assert sum(p == NX.evidence for _, p, _ in read.triples) == 300


def test_a_workbook_of_another_program_without_keys_is_told_to_start_from_a_template(
    documents: Documents,
) -> None:
    book = Workbook()
    book.active.title = "Policy"
    book.active["C5"] = "something"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(SubmissionError, match="start from nexuskb template"):
        read_workbook(out.getvalue(), documents)
