"""A draft of three pages with ten planted mistakes, all found; the same draft without them, none reported."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner
from tests.conftest import environment

from nexuskb.asking import PlainRow, drive, rows_of
from nexuskb.cli import main
from nexuskb.errors import FormatError
from nexuskb.exchange.citations.footnotes import footnote
from nexuskb.paper.blocks import Document, Heading, Paragraph, Run
from nexuskb.paper.drafts.checking import Fault, check, wrong_country_names
from nexuskb.paper.drafts.commenting import commented
from nexuskb.paper.drafts.reading import Sentence, read_draft
from nexuskb.paper.findings import Finding, fingerprint, read_findings
from nexuskb.paper.word import as_word

MACHINE_MADE = "Law about the Soil Its Protection and the Desertification Prevention"
PLANTED = {
    "mng-gone-record": ("record gone", "The herds are counted each year."),
    "mng-conflict-degraded-land": ("record changed", "The sources on degraded land disagree."),
    "mng-data-agricultural-land-2022#": ("figure differs", "Of the territory, 62.7 per cent is farmed."),
    "mng-data-agri-employment#": ("figure differs", "Farming employs 62 per cent of the workforce."),
    "mng-bt-m1": ("weak source", "The Government must spend at least 1 per cent of GDP each year."),
    "": ("figure without citation", "About 3.5 million hectares were lost in a decade."),
    "##": ("figure without citation", "The plan costs 14 billion dollars."),
    "###": ("country name", "Dust from there reaches South Korea within days."),
    "####": ("machine-made label", f"The {MACHINE_MADE} was adopted later."),
    "mng-driver-abandoned-farmland": (
        "quotation", "The study calls it “an unprecedented collapse of the whole steppe”.",
    ),
}  # fmt: skip

Written = list[tuple[str, str]]


@pytest.fixture(scope="module")
def findings(store) -> dict[str, Finding]:
    listed = rows_of(store)(
        "SELECT ?i { VALUES ?kind { nx:Measure nx:DriverFinding nx:ImpactFinding nx:Policy } "
        "?r a ?kind ; dcterms:identifier ?i ; nx:area area:mng } ORDER BY ?i"
    )
    keys = [key.rstrip("#") for key in PLANTED if key.rstrip("#")]
    return drive(read_findings([*(row["i"] for row in listed), *keys]), rows_of(store))


@pytest.fixture(scope="module")
def clean(findings) -> Written:
    """Some 1,300 words, three pages, each sentence with the record that it is from."""
    written: Written = []
    for name, finding in findings.items():
        if finding.reservations or len(" ".join(text for text, _ in written).split()) > 1_300:
            continue
        for sentence in read_draft(" ".join(finding.statements).encode(), "x.md"):
            written.append((sentence.text, name))
    return written


@pytest.fixture(scope="module")
def planted(clean) -> Written:
    """The clean draft with a mistake after every few of its sentences."""
    written = list(clean)
    for place, (key, (_, sentence)) in enumerate(PLANTED.items()):
        written.insert(3 + 5 * place, (sentence, key.rstrip("#")))
    return written


def markdown(written: Written) -> bytes:
    cited = [f"{text[:-1]} [@{key}]{text[-1]}" if key else text for text, key in written]
    groups = [" ".join(cited[start : start + 4]) for start in range(0, len(cited), 4)]
    return ("---\ntitle: Draft\n---\n\n# Mongolia in 2030\n\n" + "\n\n".join(groups)).encode()


def word(written: Written, findings: dict[str, Finding]) -> bytes:
    """With real footnotes, as a drafter has it who copies from a pack."""
    paragraphs = []
    for start in range(0, len(written), 4):
        runs = []
        for text, key in written[start : start + 4]:
            note = footnote(findings[key].citations, key) if key in findings else ()
            runs += [Run(text, note=note), Run(f" [{key}] " if key and not note else " ")]
        paragraphs.append(Paragraph(tuple(runs)))
    return as_word(Document("Draft", "", "", "Draft", (Heading(1, "Mongolia in 2030"), *paragraphs)))


@pytest.fixture(scope="module")
def checked(store, shapes_graph, findings):
    """The faults of a draft over a base that has one title made by a machine, and a pack made before."""
    before = {name: fingerprint(finding) for name, finding in findings.items()}
    before["mng-conflict-degraded-land"] = "0" * 16

    def rows(query: str) -> list[PlainRow]:
        return [{"label": MACHINE_MADE}] if "labelstatus:machine" in query else rows_of(store)(query)

    def faults(sentences: list[Sentence]) -> list[Fault]:
        return drive(check(sentences, wrong_country_names(shapes_graph), before), rows)

    return faults


@pytest.mark.parametrize("form", ["md", "docx"])
def test_each_planted_mistake_is_found_and_nothing_else(checked, planted, findings, form: str) -> None:
    data = markdown(planted) if form == "md" else word(planted, findings)
    found = checked(read_draft(data, f"draft.{form}"))
    expected = [(kind, sentence) for kind, sentence in PLANTED.values()]
    assert [(fault.kind, fault.sentence.text) for fault in found] == expected
    assert Counter(fault.kind for fault in found).total() == 10


@pytest.mark.parametrize("form", ["md", "docx"])
def test_a_clean_draft_of_three_pages_has_no_fault(checked, clean, findings, form: str) -> None:
    data = markdown(clean) if form == "md" else word(clean, findings)
    sentences = read_draft(data, f"draft.{form}")
    assert sum(len(sentence.text.split()) for sentence in sentences) > 1_200
    assert sum(any(c.isdigit() for c in sentence.text) for sentence in sentences) > 20
    assert checked(sentences) == []


def test_a_sentence_is_read_alike_from_both(planted, findings) -> None:
    read = [
        [(sentence.text, sentence.keys) for sentence in read_draft(data, name)]
        for data, name in ((markdown(planted), "a.md"), (word(planted, findings), "a.docx"))
    ]
    assert read[0] == read[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("As art. 5 says, it is so. Para. 3 differs.", 2),
        ("See No. 4 of it.[^1] Next sentence.\n\n[^1]: FAO, x. [mng-bt-m2]", 2),
        ("One [@mng-bt-m2]. Two [@mng-bt-m1; @mng-bt-m3].", 2),
    ],
)
def test_sentences_end_where_they_end(text: str, found: int) -> None:
    assert len(read_draft(text.encode(), "x.md")) == found


def test_figures_agree_whatever_their_form(checked) -> None:
    same = "It is 76.9 per cent [@mng-data-land-affected-2020]."
    for text in (same, same.replace(" per cent", "%"), same.replace("76.9 per cent", "76.9 percent")):
        kinds = {fault.kind for fault in checked(read_draft(text.encode(), "x.md"))}
        assert "figure differs" not in kinds


def test_comments_stand_at_the_paragraphs(checked, planted, findings) -> None:
    data = word(planted, findings)
    faults = checked(read_draft(data, "draft.docx"))
    again = docx.Document(io.BytesIO(commented(data, "draft.docx", faults)))
    comments = list(again.comments)
    assert len(comments) == 10
    assert comments[0].text.startswith("Record gone. The base has no record mng-gone-record")
    assert {comment.author for comment in comments} == {"nexuskb"}


def test_what_is_no_draft_is_refused() -> None:
    for data, name in (
        (b"PK nothing", "a.docx"),
        (b"\xff\xfe\x00", "a.md"),
        (b"x", "a.pdf"),
        (b" " * 9_000_000, "a.md"),
    ):
        with pytest.raises(FormatError):
            read_draft(data, name)


def test_the_command_reports_and_comments(settings, planted, findings, tmp_path: Path) -> None:
    draft, comments = tmp_path / "draft.docx", tmp_path / "commented.docx"
    draft.write_bytes(word(planted, findings))
    run = CliRunner().invoke(
        main,
        ["check-draft", str(draft), "--format", "json", "--comments", str(comments)],
        env=environment(settings),
    )
    assert run.exit_code == 1, run.output
    assert (
        len(json.loads(run.output)) == 8
    )  # the base has no title made by a machine, and no manifest is given
    assert len(list(docx.Document(str(comments)).comments)) == 8
