"""What a reference manager gets: each format read by a parser that is not ours, field by field."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
import rispy
from lxml import etree
from pybtex.database import parse_string
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.macrospec import LatexContextDb

from nexuskb.exchange.citations.bibtex import as_bibtex
from nexuskb.exchange.citations.csl import TYPES, as_csl_json, styled
from nexuskb.exchange.citations.references import Reference
from nexuskb.exchange.citations.ris import as_ris
from nexuskb.vocabulary import Vocabularies

RNG = "{http://relaxng.org/ns/structure/1.0}"


@pytest.fixture
def everything(sources: list[Reference], awkward: list[Reference]) -> list[Reference]:
    return [*sources, *awkward]


def imprint_of(given: Reference) -> str:
    """The field of the base put together again from the parts, without its punctuation."""
    parts = given.imprint
    return parts.who + parts.periodical + parts.volume + parts.issue + parts.pages + parts.copy


def bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def test_taking_the_imprint_apart_loses_nothing_but_a_date(sources: list[Reference]) -> None:
    for each in sources:
        if each.imprint.date:
            assert bare(each.author_or_publisher).startswith(bare(each.imprint.who))
        else:
            assert bare(imprint_of(each)) == bare(each.author_or_publisher), each


def test_csl_json_keeps_every_field(everything: list[Reference]) -> None:
    read = json.loads(as_csl_json(everything))
    assert [item["id"] for item in read] == [each.identifier for each in everything]
    for item, given in zip(read, everything, strict=True):
        imprint = given.imprint
        who = item.get("author", [{}])[0].get("literal") or item.get("container-title")
        assert (who or "") == imprint.who or not imprint.who
        assert item["title"] == given.printed_title
        assert item.get("original-title", "") == given.title.original
        assert item["language"] == given.language
        assert item.get("DOI", "") == given.doi
        assert item.get("URL", "") == given.url
        assert item.get("number", "") == given.symbol
        assert item.get("source", "") == imprint.copy
        assert item.get("note", "") == " ".join(given.remarks)
        assert item["custom"]["author-or-publisher"] == given.author_or_publisher
        assert item["custom"]["countries"] == list(given.countries)
        parts = item.get("issued", {"date-parts": [[]]})["date-parts"][0]
        assert parts == [int(part) for part in given.issued.split("-") if part]
        for ours, field in ((imprint.volume, "volume"), (imprint.issue, "issue"), (imprint.pages, "page")):
            assert item.get(field, "") == ours


def test_csl_json_uses_the_names_of_the_csl_schema(sources: list[Reference]) -> None:
    """Types and variables against the RELAX NG schema of CSL that citeproc-py carries."""
    schema = files("citeproc") / "data" / "schema" / "schemas" / "styles" / "csl.rng"
    known = {value.text for value in etree.fromstring(schema.read_bytes()).iter(f"{RNG}value")}
    input_only = {"id", "type", "custom", "citation-key"}
    assert {"dataset", "legislation", "original-title"} <= known
    for item in json.loads(as_csl_json(sources)):
        assert item["type"] in known
        assert set(item) - input_only - known <= {"language", "source"} - known
        assert all(
            isinstance(part, int) for part in item.get("issued", {"date-parts": [[]]})["date-parts"][0]
        )
        assert all(set(name) == {"literal"} for name in item.get("author", []))
        assert all(
            isinstance(value, str)
            for name, value in item.items()
            if name not in {"author", "issued", "custom"}
        )


def test_every_kind_of_source_has_a_type_of_its_own_in_each_format(vocabularies: Vocabularies) -> None:
    assert set(TYPES) == {term.notation for term in vocabularies.schemes["sourcekind"].terms}


def test_ris_keeps_every_field(everything: list[Reference]) -> None:
    read = rispy.loads(as_ris(everything))
    assert [item["id"] for item in read] == [each.identifier for each in everything]
    for item, given in zip(read, everything, strict=True):
        imprint = given.imprint
        whole = " ".join(given.printed_title.split())
        assert item["title"] == whole
        named = (
            *item.get("authors", []),
            *item.get("first_authors", []),
            item.get("publisher", ""),
            item.get("secondary_title", ""),
        )
        assert not imprint.who or " ".join(imprint.who.split()) in named
        assert item.get("secondary_title", "") == (
            imprint.who if given.kind in ("news", "state-media") else imprint.periodical
        )
        assert item.get("year", "") == given.year
        assert item.get("doi", "") == given.doi
        assert "".join(item.get("urls", [])) == given.url
        assert item["language"] == given.language
        assert item.get("volume", "") == imprint.volume
        assert item.get("number", "") == (imprint.issue if not given.symbol else item.get("number", ""))
        assert item["keywords"] == [given.kind, *given.countries]
        notes = item.get("notes", [])
        assert [" ".join(remark.split()) for remark in given.remarks] == notes[
            len(notes) - len(given.remarks) :
        ]
        if given.title.original and given.title.original != given.printed_title:
            assert notes[0] == f"Original title: {given.title.original}"
        if given.symbol:
            assert given.symbol in item.values()


def test_bibtex_keeps_every_field(everything: list[Reference]) -> None:
    read = parse_string(as_bibtex(everything), "bibtex")
    assert list(read.entries) == [each.identifier for each in everything]
    decode = LatexNodes2Text(
        latex_context=latex_symbols(), keep_comments=True, strict_latex_spaces=True
    ).latex_to_text

    def text(value: str) -> str:
        """The text of a field without the outer braces, as TeX would print it."""
        return decode(value[1:-1] if value.startswith("{") and value.endswith("}") else value)

    for given in everything:
        entry = read.entries[given.identifier]
        fields, imprint = entry.fields, given.imprint
        assert same(text(fields["title"]), given.printed_title)
        written = [str(person) for person in entry.persons.get("author", [])]
        if written:
            assert same(text(written[0]), imprint.who)
        else:
            assert same(text(fields.get("journal", "")), imprint.who) or not imprint.who
        assert fields.get("year", "") == given.year
        assert fields.get("doi", "") == given.doi
        assert fields.get("url", "") == given.url
        assert fields["language"] == given.language
        assert same(text(fields.get("origtitle", "")), given.title.original)
        assert same(text(fields.get("howpublished", "")), imprint.copy)
        assert same(text(fields.get("note", "")), " ".join(given.remarks))
        assert fields.get("volume", "") == imprint.volume
        assert text(fields.get("number", "")) == (imprint.issue or given.symbol)
        assert text(fields["keywords"]) == ", ".join((given.kind, *given.countries))
        assert text(fields["annote"]) == given.iri


def latex_symbols() -> LatexContextDb:
    """The parser's commands, with those of LaTeX that it does not know or takes for accents."""
    symbols = get_default_latex_context_db()
    known = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}
    specs = [MacroTextSpec(name, simplify_repl=text) for name, text in known.items()]
    symbols.add_context_category("ours", prepend=True, macros=specs)
    return symbols


def same(read: str, given: str) -> bool:
    """Equal but for runs of white space, which BibTeX makes one space."""
    return " ".join(read.split()) == " ".join(given.split())


def test_a_style_of_citeproc_writes_every_source(sources: list[Reference]) -> None:
    style = files("citeproc") / "data" / "styles" / "harvard-cite-them-right.csl"
    some = sources[::25]
    entries = styled(some, style)
    assert len(entries) == len(some)
    for each in some:
        assert any(each.year in entry for entry in entries)
    one = next(each for each in sources if each.title.original and each.kind == "legal-text")
    assert one.title.original in styled([one], style)[0]
