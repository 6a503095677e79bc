"""Evidence packs: each form opened with a reader that is not ours, and held against the base."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import docx
import openpyxl
import pytest
import rispy
from click.testing import CliRunner
from lxml import etree
from tests.conftest import environment
from tests.programs import program

from nexuskb.asking import drive, rows_of
from nexuskb.cli import main
from nexuskb.errors import FormatError, RecordNotFoundError
from nexuskb.paper.blocks import Chart, Heading, Paragraph, TableBlock
from nexuskb.paper.compose import compose
from nexuskb.paper.findings import read_findings
from nexuskb.paper.packing import pack_file
from nexuskb.paper.packs import Pack, read_pack
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import record_identifier

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SECTION = "outline-national-review-prk"


@pytest.fixture(scope="module")
def ask(store):
    """Evaluates each query once: some questions take long on the whole base."""
    return cache(rows_of(store))


@pytest.fixture(scope="module")
def pack(store, vocabularies, ask) -> Pack:
    return drive(read_pack(SECTION, store.generation, vocabularies), ask)


@pytest.fixture(scope="module")
def archive(pack) -> bytes:
    return pack_file(pack, "zip")


@pytest.fixture(scope="module")
def packed(archive) -> dict[str, bytes]:
    """The files of the archive by their names; the pack in its other forms is among them."""
    opened = zipfile.ZipFile(io.BytesIO(archive))
    return {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def word(packed) -> bytes:
    return packed[f"{SECTION}.docx"]


@pytest.fixture(scope="module")
def markdown(packed) -> bytes:
    return packed[f"{SECTION}.md"]


def part(archive: bytes, name: str) -> etree._Element:
    return etree.fromstring(zipfile.ZipFile(io.BytesIO(archive)).read(name))


def text_of(element: etree._Element) -> str:
    return "".join(piece.text or "" for piece in element.iter(f"{W}t"))


def test_a_pack_answers_the_questions_of_its_section_with_the_rows_of_the_catalogue(
    pack, ask, vocabularies
) -> None:
    assert len(pack.answers) == len(pack.section.questions) > 10
    for answer in pack.answers:
        asked = answer.state.question
        rows = ask(fill(question(asked.name), asked.parameters, vocabularies))
        assert list(answer.rows) == rows
        assert answer.shown or not rows or answer.table


def test_every_claim_in_a_pack_is_cited_as_the_base_has_its_evidence(pack, store) -> None:
    evidence = rows_of(store)(
        "SELECT ?i (COUNT(DISTINCT ?e) AS ?n) { ?r dcterms:identifier ?i ; nx:evidence ?e } GROUP BY ?i"
    )
    counted = {row["i"]: int(row["n"]) for row in evidence}
    shown = [pack.findings[name] for answer in pack.answers for name in answer.shown]
    assert len(shown) > 200
    for finding in shown:
        if finding.identifier in counted:
            assert len(finding.citations) == counted[finding.identifier], finding.identifier


def test_figures_stand_as_printed(pack, store) -> None:
    printed = rows_of(store)(
        "SELECT ?i ?p ?u { ?r dcterms:identifier ?i ; nx:valueAsPrinted ?p ; nx:unit ?u }"
    )
    figures = {row["i"]: f"{row['p']} {row['u']}" for row in printed}
    held = [finding for finding in pack.findings.values() if finding.figure]
    assert len(held) > 30
    assert all(figures.get(finding.identifier, finding.figure) == finding.figure for finding in held)


def test_reservations_go_with_every_record(pack, store, markdown) -> None:
    rows = rows_of(store)("SELECT ?i ?w { ?r dcterms:identifier ?i ; nx:reservation ?w }")
    said: dict[str, set[str]] = {}
    for row in rows:
        said.setdefault(row["i"], set()).add(row["w"])
    assert any(finding.reservations for finding in pack.findings.values())
    for name, finding in pack.findings.items():
        assert set(finding.reservations) == said.get(name, set())
    text = markdown.decode()
    assert "Rests alone on texts compiled in another State" in text


def test_word_footnotes_are_real_and_end_in_the_key_of_a_record(pack, word) -> None:
    names = zipfile.ZipFile(io.BytesIO(word)).namelist()
    assert not any("endnote" in name for name in names)
    notes = part(word, "word/footnotes.xml")
    numbered = {note.get(f"{W}id"): note for note in notes if note.get(f"{W}type") is None}
    marks = [mark.get(f"{W}id") for mark in part(word, "word/document.xml").iter(f"{W}footnoteReference")]
    assert marks == list(numbered) == [str(n) for n in range(1, len(marks) + 1)]
    assert len(marks) > 100
    for note in numbered.values():
        key = re.search(r"\[([a-z0-9-]+)\]$", text_of(note))
        assert key
        assert key[1] in pack.findings
        assert note.find(f".//{W}pStyle").get(f"{W}val") == "FootnoteText"
        assert note.find(f".//{W}footnoteRef") is not None
    types = part(word, "[Content_Types].xml")
    assert any("footnotes+xml" in (each.get("ContentType") or "") for each in types)
    settings = part(word, "word/settings.xml")
    assert [each.get(f"{W}id") for each in settings.iter(f"{W}footnote")] == ["-1", "0"]


def test_word_reads_it_again_with_its_styles_tables_and_properties(pack, word) -> None:
    document = docx.Document(io.BytesIO(word))
    names = {style.name for style in document.styles}
    wanted = {
        "Normal",
        "Heading 1",
        "Heading 2",
        "Caption",
        "Footnote Text",
        "Footnote Reference",
        "Table Grid",
    }
    assert wanted <= names
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 2"]
    assert [f"{n}. {q.text}" for n, q in enumerate(pack.section.questions, 1)] == headings
    assert document.tables
    for table in document.tables:
        assert table.rows[0]._tr.find(f"{W}trPr/{W}tblHeader") is not None
        assert table._tbl.tblPr.find(f"{W}tblDescription") is not None
    properties = document.core_properties
    assert properties.title == f"Evidence pack: {pack.section.number} {pack.section.title}"
    assert pack.hash in properties.keywords
    assert pack.generation in properties.keywords
    assert properties.created is None


def test_pictures_have_words_and_their_numbers(pack, word) -> None:
    body = part(word, "word/document.xml")
    pictures = body.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr")
    described = {picture.get("title"): picture.get("descr") for picture in pictures}
    blocks = compose(pack).blocks
    charts = [block for block in blocks if isinstance(block, Chart)]
    assert set(described) == {chart.caption for chart in charts}
    assert any(chart.lines for chart in charts)
    assert any(not chart.lines for chart in charts)
    for chart, after in ((c, blocks[place + 1]) for place, c in enumerate(blocks) if isinstance(c, Chart)):
        for label, value in chart.points[0][1]:
            assert f"{label}: {value:,g}" in described[chart.caption]
        if chart.lines:
            assert isinstance(after, TableBlock)
            assert after.headings == tuple(label for label, _ in chart.points[0][1])


def test_the_contents_lead_to_the_headings_and_their_pages(word) -> None:
    body = part(word, "word/document.xml")
    marks = {mark.get(f"{W}name") for mark in body.iter(f"{W}bookmarkStart")}
    links = [link.get(f"{W}anchor") for link in body.iter(f"{W}hyperlink")]
    assert len(links) > 15
    assert set(links) == marks
    fields = [field.text.split() for field in body.iter(f"{W}instrText") if "PAGEREF" in field.text]
    assert [name for _, name, _ in fields] == links
    assert part(word, "word/settings.xml").find(f"{W}updateFields") is None


def test_a_finding_is_told_in_full_once_and_every_record_of_an_answer_is_named(pack, word) -> None:
    notes = [text_of(note) for note in part(word, "word/footnotes.xml")]
    keys = [key[1] for note in notes if (key := re.search(r"\[([a-z0-9-]+)\]$", note))]
    assert len(keys) == len(set(keys)) > 100
    text = text_of(part(word, "word/document.xml")) + "".join(notes)
    for answer in pack.answers:
        for name in answer.shown if not answer.table or len(answer.table.rows) <= 100 else ():
            assert f"[{name}]" in text, (answer.state.question.name, name)


def test_long_tables_are_annexes_that_name_sources_by_their_numbers(pack) -> None:
    blocks = compose(pack).blocks
    tables = [block for block in blocks if isinstance(block, TableBlock)]
    assert all(len(table.rows) <= 20 for table in tables if table.number.startswith("Table "))
    annexes = [table for table in tables if table.number.startswith("Annex ")]
    assert annexes
    numbers = {
        block.runs[0].text.rstrip(". ")
        for block in blocks
        if isinstance(block, Paragraph) and block.style == "Bibliography" and block.runs[0].bold
    }
    assert {"S1", "S100"} <= numbers
    for table in annexes:
        for row in table.rows:
            cited = "".join(run.text for run in row[-1] if not run.italic)
            assert set(re.findall(r"\bS\d+\b", cited)) <= numbers
    headings = [block.text for block in blocks if isinstance(block, Heading) and block.level == 1]
    assert [text.partition(".")[0] for text in headings[-len(annexes) - 1 :]] == [
        f"Annex {n}" for n in range(1, len(annexes) + 2)
    ]
    assert [table.number for table in tables if table.number.startswith("Table ")] == [
        f"Table {n}" for n in range(1, len(tables) - len(annexes) + 1)
    ]


def test_targets_that_fall_due_stand_with_what_is_observed_of_them(pack) -> None:
    (due,) = [answer for answer in pack.answers if answer.state.question.name == "targets-due"]
    targets = {record_identifier(row["target"]) for row in due.rows}
    assert targets
    assert due.table
    assert {name for row in due.table.rows for name in row.records} == targets


def test_texts_in_other_scripts_are_tagged_with_their_language(word) -> None:
    tagged = {}
    for run in part(word, "word/document.xml").iter(f"{W}r"):
        language = run.find(f"{W}rPr/{W}lang")
        for character in text_of(run):
            if "\uac00" <= character <= "\ud7a3":
                assert language is not None
                tagged[language.get(f"{W}eastAsia")] = run.find(f"{W}rPr/{W}rFonts").get(f"{W}eastAsia")
    assert tagged == {"ko-KR": "Batang"}


def test_libreoffice_opens_it_and_prints_every_footnote(word, tmp_path: Path) -> None:
    (tmp_path / "pack.docx").write_bytes(word)
    subprocess.run(
        [program("soffice"), f"-env:UserInstallation=file://{tmp_path}/office", "--headless",
         "--convert-to", "txt:Text (encoded):UTF8", "--outdir", str(tmp_path), str(tmp_path / "pack.docx")],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    text = (tmp_path / "pack.txt").read_text(encoding="utf-8")
    assert "Findings by question" in text
    assert "[prk-" in text


def test_markdown_has_as_many_footnotes_as_word(markdown, word) -> None:
    text = markdown.decode()
    marks = re.findall(r"\[\^(\d+)\](?!:)", text)
    notes = re.findall(r"^\[\^(\d+)\]: (.+)$", text, re.MULTILINE)
    assert marks == [number for number, _ in notes]
    assert len(notes) == sum(1 for _ in part(word, "word/document.xml").iter(f"{W}footnoteReference"))


def test_pandoc_reads_the_footnotes_and_tables(pack, markdown) -> None:
    text = markdown
    run = subprocess.run(
        [program("pandoc"), "-f", "markdown", "-t", "json"], input=text, capture_output=True, check=True
    )
    counted = {"Note": 0, "Table": 0}

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if node.get("t") in counted:
                counted[node["t"]] += 1
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(json.loads(run.stdout))
    assert counted["Note"] == len(re.findall(rb"^\[\^\d+\]: ", text, re.MULTILINE))
    tables = [block for block in compose(pack).blocks if type(block).__name__ == "TableBlock"]
    assert counted["Table"] == len(tables)


def test_the_spreadsheet_has_every_row_and_no_formula(pack, packed) -> None:
    book = openpyxl.load_workbook(io.BytesIO(packed[f"{SECTION}.xlsx"]))
    assert book.sheetnames[0] == "About"
    assert book.sheetnames[-1] == "Sources"
    for sheet, answer in zip(book.worksheets[1:-1], pack.answers, strict=True):
        assert sheet.cell(1, 1).value == answer.state.question.text
        assert sheet.max_row == 2 + len(answer.rows)
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    listed = {row[0] for row in book["Sources"].iter_rows(min_row=2, values_only=True)}
    assert listed == {reference.identifier for reference in pack.references}


def test_a_text_that_looks_like_a_formula_stays_text(pack) -> None:
    name, finding = next(iter(pack.findings.items()))
    bad = replace(pack.section, brief='=HYPERLINK("http://x","y")')
    book = openpyxl.load_workbook(io.BytesIO(pack_file(replace(pack, section=bad), "xlsx")))
    cell = book["About"]["B5"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ('=HYPERLINK("http://x","y")', "s", True)
    assert name == finding.identifier


def test_the_archive_has_all_of_it_and_a_manifest_that_names_it(pack, packed, store) -> None:
    files = dict(packed)
    listed = json.loads(files.pop("manifest.json"))
    assert listed["generation"] == store.generation
    assert listed["content-sha256"] == pack.hash
    assert {name: each["sha256"] for name, each in listed["files"].items()} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    assert [each["rows"] for each in listed["questions"]] == [len(answer.rows) for answer in pack.answers]
    assert all(each["query"].startswith("PREFIX") for each in listed["questions"] if each["rows"])
    ids = {item["id"] for item in rispy.loads(files["sources.ris"].decode())}
    assert ids == set(listed["sources"])
    pictures = re.findall(r"\((charts/\d+\.png)\)", files[f"{SECTION}.md"].decode())
    assert pictures
    assert set(pictures) <= set(files)


def test_the_same_base_gives_the_same_bytes_in_every_form(pack, archive, store, vocabularies, ask) -> None:
    again = drive(read_pack(pack.section.number, store.generation, vocabularies), ask)
    assert pack_file(again, "zip") == archive


def test_a_change_of_one_figure_changes_the_hash(pack) -> None:
    name = next(name for name, finding in pack.findings.items() if finding.figure)
    changed = {**pack.findings, name: replace(pack.findings[name], figure="another")}
    assert replace(pack, findings=changed).hash != pack.hash


def test_a_machine_made_title_does_not_leave_the_base(store) -> None:
    name = "mng-constitution-1992"

    def rows(query: str) -> list[dict[str, str]]:
        found = rows_of(store)(query)
        for row in found:
            if row.get("property", "").endswith("/labelStatus"):
                row["text"] = "Machine-made"
        return found

    finding = drive(read_findings([name]), rows)[name]
    assert "Constitution of Mongolia" not in finding.label


def test_what_cannot_be_made_is_said(pack, store, vocabularies, settings, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="docx, md, xlsx, zip"):
        pack_file(pack, "odt")
    with pytest.raises(RecordNotFoundError, match="outline-introduction"):
        drive(read_pack("nowhere", store.generation, vocabularies), rows_of(store))
    missing = tmp_path / "no" / "where.docx"
    run = CliRunner().invoke(main, ["brief", "1", "--output", str(missing)], env=environment(settings))
    assert run.exit_code == 2
    assert "cannot be written" in run.output


def test_the_command_writes_the_pack(settings, tmp_path: Path) -> None:
    target = tmp_path / "pack.md"
    run = CliRunner().invoke(
        main, ["brief", "1", "--to", "md", "--output", str(target)], env=environment(settings)
    )
    assert run.exit_code == 0, run.output
    assert "1 Introduction" in run.output
    assert target.read_text(encoding="utf-8").startswith("---\ntitle: 'Evidence pack: 1 Introduction'")
    assert list(tmp_path.iterdir()) == [target]
