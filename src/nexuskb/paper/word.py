"""A document as Office Open XML (ECMA-376, ISO/IEC 29500): real footnotes, named styles, tagged languages.

Styles keep the names that Word's own have (Normal, Heading 1, Footnote Text, Caption, Table Grid ...), so
that a template of the United Nations takes them over. python-docx writes the parts; the footnotes, for
which it has no interface, are a part of our own beside them.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator

import docx
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table
from docx.text.paragraph import Paragraph as WordParagraph
from lxml import etree

from nexuskb.exchange.citations.footnotes import Footnote
from nexuskb.exchange.citations.titles import script_of
from nexuskb.paper.blocks import Block, Chart, Document, Heading, Paragraph, Run, Runs, TableBlock
from nexuskb.paper.charts import png

_FONT = "Times New Roman"
#: Fonts of Windows and Office for scripts that the font of the text lacks.
_FONTS = {"zh": "SimSun", "ja": "MS Mincho", "ko": "Batang"}
_TAGS = {
    "zh": "zh-CN", "ja": "ja-JP", "ko": "ko-KR", "ru": "ru-RU", "mn": "mn-MN", "fr": "fr-FR", "es": "es-ES",
    "de": "de-DE", "it": "it-IT", "id": "id-ID",
}  # fmt: skip
_LANGUAGE_OF_SCRIPT = {"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "CYRILLIC": "ru"}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WIDTH = Mm(160)
#: Points below a paragraph, where not 4.
_SPACES = {"Footnote Text": 0, "Table Text": 0, "Table Note": 0, "Bibliography": 2}
#: Files in an archive have no date of their own: equal documents are equal bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


def as_word(document: Document) -> bytes:
    """The document as the bytes of a ``.docx``."""
    word = docx.Document()
    _set_page(word)
    _set_styles(word)
    _set_properties(word, document)
    notes = _Footnotes()
    word.add_paragraph(document.title, style="Title")
    headings = [block for block in document.blocks if isinstance(block, Heading) and block.level < 3]
    _add_contents(word, headings)
    places = iter(range(1, len(headings) + 1))
    for block in document.blocks:
        _add(word, block, notes, places)
    _set_footer(word, document.footer)
    notes.join(word)
    out = io.BytesIO()
    word.save(out)
    return undated(out.getvalue())


def undated(archive: bytes, without_times: bool = False) -> bytes:
    """The same ZIP archive with its files in order of their names, without the time of its making.

    ``without_times`` also takes the times out of the properties of the document in it.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as given, zipfile.ZipFile(out, "w") as made:
        names = sorted(given.namelist(), key=lambda name: (name != "[Content_Types].xml", name))
        for name in names:
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            data = given.read(name)
            if without_times and name == "docProps/core.xml":
                data = re.sub(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>", b"", data)
            made.writestr(info, data)
    return out.getvalue()


class _Footnotes:
    """The footnotes of a document, numbered in their order; Word keeps -1 and 0 for its separators."""

    def __init__(self) -> None:
        self._root = parse_xml(
            f"<w:footnotes {nsdecls('w')}>"
            '<w:footnote w:type="separator" w:id="-1"><w:p><w:pPr><w:spacing w:after="0"/></w:pPr>'
            "<w:r><w:separator/></w:r></w:p></w:footnote>"
            '<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:pPr><w:spacing w:after="0"/></w:pPr>'
            "<w:r><w:continuationSeparator/></w:r></w:p></w:footnote></w:footnotes>"
        )
        self._count = 0

    def add(self, paragraph: WordParagraph, note: Footnote) -> None:
        """Put a footnote behind the last run of a paragraph."""
        self._count += 1
        reference = paragraph.add_run(style="Footnote Reference")._r
        mark = OxmlElement("w:footnoteReference")
        mark.set(qn("w:id"), str(self._count))
        reference.append(mark)
        footnote = parse_xml(
            f'<w:footnote {nsdecls("w")} w:id="{self._count}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/>'
            '</w:pPr><w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>'
            "</w:p></w:footnote>"
        )
        self._root.append(footnote)
        text = WordParagraph(footnote[0], paragraph._parent)
        _add_run(text, Run(" "))
        for span in note:
            _add_run(text, Run(span.text, italic=span.italic, language=span.language))

    def join(self, word: WordDocument) -> None:
        """Make the part of the footnotes and say in the settings which of them are separators."""
        blob = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8", standalone=True)
        name = PackURI("/word/footnotes.xml")
        part = Part(name, CONTENT_TYPE.WML_FOOTNOTES, blob, word.part.package)
        word.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
        separators = parse_xml(
            f'<w:footnotePr {nsdecls("w")}><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>'
        )
        settings = word.settings.element
        compat = settings.find(qn("w:compat"))
        if compat is not None:
            compat.addprevious(separators)
        else:
            settings.append(separators)


def _set_page(word: WordDocument) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    section.top_margin = section.bottom_margin = Mm(22)


def _set_styles(word: WordDocument) -> None:
    styles = word.styles
    _font(styles["Normal"], 10)
    styles["Normal"].paragraph_format.space_after = Pt(6)
    for name, size in (("Title", 18), ("Heading 1", 14), ("Heading 2", 12), ("Heading 3", 10.5)):
        _font(styles[name], size, bold=True)
        styles[name].paragraph_format.keep_with_next = True
        styles[name].paragraph_format.space_before = Pt(0 if name == "Title" else 12)
        styles[name].paragraph_format.space_after = Pt(6)
        for border in styles[name].element.iter(qn("w:pBdr")):
            border.getparent().remove(border)
    _font(styles["Caption"], 9, bold=True)
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Caption"].paragraph_format.space_after = Pt(3)
    _font(styles["Footer"], 8)
    for name, size, indent in (
        ("Finding", 10, 0), ("Query", 8, 0), ("Bibliography", 8, 0),
        ("Footnote Text", 8, 0),
        ("Table Text", 8, 0), ("Table Note", 8, 0), ("TOC 1", 10, 0), ("TOC 2", 10, 6),
    ):  # fmt: skip
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        style.paragraph_format.left_indent = Mm(indent)
        style.paragraph_format.space_after = Pt(_SPACES.get(name, 4))
        style.font.size = Pt(size)
    styles["Query"].paragraph_format.keep_with_next = True
    for name in ("TOC 1", "TOC 2"):
        styles[name].paragraph_format.tab_stops.add_tab_stop(
            _WIDTH, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
        )
        styles[name].paragraph_format.right_indent = Mm(10)
    reference = styles.add_style("Footnote Reference", WD_STYLE_TYPE.CHARACTER)
    reference.font.superscript = True
    defaults = styles.element.find(qn("w:docDefaults"))
    for language in defaults.iter(qn("w:lang")) if defaults is not None else ():
        language.set(qn("w:val"), "en-GB")
        language.set(qn("w:eastAsia"), "zh-CN")


def _font(style: ParagraphStyle, size: float, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold = _FONT, Pt(size), bold
    style.font.italic = False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script, font in (("hAnsi", _FONT), ("cs", _FONT), ("eastAsia", _FONTS["zh"])):
        fonts.set(qn(f"w:{script}"), font)


def _set_properties(word: WordDocument, document: Document) -> None:
    properties = word.core_properties
    properties.title, properties.subject = document.title, document.subject[:250]
    properties.keywords = document.keywords
    properties.author, properties.last_modified_by = "nexuskb", ""
    properties.comments = "Evidence pack made from the knowledge base; not a text of the paper."
    properties.language = "en-GB"
    for name in ("dcterms:created", "dcterms:modified"):
        for element in list(properties._element.iter(qn(name))):
            properties._element.remove(element)


def _set_footer(word: WordDocument, text: str) -> None:
    paragraph = word.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _add_run(paragraph, Run(f"{text}, page "))
    for run in _field(" PAGE ", "1"):
        paragraph._p.append(run)


def _add_contents(word: WordDocument, headings: list[Heading]) -> None:
    """A table of contents that leads to the headings.

    Its page numbers are fields, which LibreOffice fills in when it opens the document and Word when they are
    updated (Ctrl+A, F9). A document that makes Word do so at once makes it ask first, with a warning of other
    files; and in a table of contents of Word's own LibreOffice fills in nothing.
    """
    word.add_paragraph("Contents", style="Heading 1")
    for number, heading in enumerate(headings, start=1):
        paragraph = word.add_paragraph(style=f"TOC {heading.level}")
        link = _with("w:hyperlink", anchor=_bookmark(number), history="1")
        paragraph._p.append(link)
        for piece in (*_pieces(Run(heading.text)), Run("\t")):
            link.append(_run(paragraph, piece)._r)
        for run in _field(f" PAGEREF {_bookmark(number)} \\h ", ""):
            link.append(run)


def _field(instruction: str, result: str) -> Iterator[BaseOxmlElement]:
    """The runs of a field with the result that it shows until it is updated."""
    for kind in ("begin", "", "separate", "result", "end"):
        run = OxmlElement("w:r")
        if kind in ("begin", "separate", "end"):
            run.append(_with("w:fldChar", fldCharType=kind))
        else:
            text = OxmlElement("w:t" if kind else "w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = result if kind else instruction
            run.append(text)
        yield run


def _bookmark(number: int) -> str:
    return f"_Toc{100000 + number}"


def _add(word: WordDocument, block: Block, notes: _Footnotes, places: Iterator[int]) -> None:
    if isinstance(block, Heading):
        paragraph = word.add_paragraph(style=f"Heading {block.level}")
        place = next(places) if block.level < 3 else 0
        if place:
            paragraph._p.append(_with("w:bookmarkStart", id=str(place), name=_bookmark(place)))
        _add_runs(paragraph, (Run(block.text),), notes)
        if place:
            paragraph._p.append(_with("w:bookmarkEnd", id=str(place)))
    elif isinstance(block, Paragraph):
        _add_runs(word.add_paragraph(style=block.style), block.runs, notes)
    elif isinstance(block, TableBlock):
        _add_table(word, block, notes)
    else:
        _add_chart(word, block)


def _add_chart(word: WordDocument, chart: Chart) -> None:
    _add_run(word.add_paragraph(style="Caption"), Run(chart.caption))
    word.add_picture(io.BytesIO(png(chart)), width=_WIDTH)
    for properties in word.paragraphs[-1]._p.iter(qn("wp:docPr")):
        properties.set("descr", chart.description)
        properties.set("title", chart.caption)


def _add_table(word: WordDocument, block: TableBlock, notes: _Footnotes) -> None:
    if not block.under_heading:
        _add_run(word.add_paragraph(style="Caption"), Run(block.caption))
    table = word.add_table(rows=0, cols=len(block.headings), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    widths = _widths(block)
    header = table.add_row()
    header._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, heading, width in zip(header.cells, block.headings, widths, strict=True):
        cell.width = width
        cell.paragraphs[0].style = "Table Text"
        _add_run(cell.paragraphs[0], Run(heading, bold=True))
        cell._tc.get_or_add_tcPr().append(_with("w:shd", val="clear", color="auto", fill="E6E6E6"))
    for row in block.rows:
        made = table.add_row()
        made._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        if len(row) == 1:
            whole = made.cells[0].merge(made.cells[-1])
            whole.paragraphs[0].style = "Table Text"
            whole.paragraphs[0].paragraph_format.keep_with_next = True
            _add_runs(whole.paragraphs[0], row[0], notes)
            continue
        for cell, runs, width in zip(made.cells, row, widths, strict=True):
            cell.width = width
            cell.paragraphs[0].style = "Table Text"
            _add_runs(cell.paragraphs[0], runs, notes)
    _describe(table, block)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for letter, runs in block.notes:
        note = word.add_paragraph(style="Table Note")
        _add_run(note, Run(letter, raised=True))
        _add_runs(note, (Run(" "), *runs), notes)
    word.add_paragraph(style="Table Note")


def _widths(block: TableBlock) -> list[int]:
    """Widths after the length of what is in the columns, none narrower than its longest word needs."""
    wanted = []
    for place, heading in enumerate(block.headings):
        cells = [row[place] for row in block.rows if len(row) > 1]
        texts = ["".join(run.text for run in cell) for cell in cells] or [""]
        longest_word = max(len(word) for text in [heading, *texts] for word in (text.split() or [""]))
        mean = sum(min(len(text), 220) for text in texts) / len(texts)
        wanted.append((min(longest_word, 18) + 4, max(mean, len(heading))))
    least = [word for word, _ in wanted]
    room = max(0.0, 108 - sum(least))
    share = [max(0.0, text - word) for word, text in wanted]
    total = sum(share) or 1.0
    widths = [word + room * part / total for word, part in zip(least, share, strict=True)]
    return [int(_WIDTH * width / sum(widths)) for width in widths]


def _describe(table: Table, block: TableBlock) -> None:
    properties = table._tbl.tblPr
    properties.append(_with("w:tblCaption", val=block.caption))
    properties.append(_with("w:tblDescription", val=block.description))


def _add_runs(paragraph: WordParagraph, runs: Runs, notes: _Footnotes) -> None:
    for run in runs:
        _add_run(paragraph, run)
        if run.note:
            notes.add(paragraph, run.note)


def _add_run(paragraph: WordParagraph, run: Run) -> None:
    for piece in _pieces(run):
        _run(paragraph, piece)


def _run(paragraph: WordParagraph, run: Run):  # type: ignore[no-untyped-def]
    made = paragraph.add_run(_UNPRINTABLE.sub("", run.text))
    if run.bold:
        made.bold = True
    if run.italic:
        made.italic = True
    if run.raised:
        made.font.superscript = True
    if run.language:
        properties = made._r.get_or_add_rPr()
        tag = _TAGS.get(run.language.partition("-")[0], run.language)
        eastern = run.language in _FONTS
        if eastern:
            fonts = properties.get_or_add_rFonts()
            fonts.set(qn("w:eastAsia"), _FONTS[run.language])
            fonts.set(qn("w:hint"), "eastAsia")
        properties.append(_with("w:lang", **({"eastAsia": tag} if eastern else {"val": tag})))
    return made


def _pieces(run: Run) -> Iterable[Run]:
    """A run cut where its script changes, each piece with the language of its script.

    A text whose language is known keeps it for its own script; a title in Chinese characters within a
    Japanese one stays Japanese.
    """
    pieces: list[tuple[str, str]] = []
    for character in run.text:
        found = _LANGUAGE_OF_SCRIPT.get(script_of(character), "")
        language = run.language if found and run.language in _SAME_SCRIPT.get(found, ()) else found
        if pieces and (pieces[-1][1] == language or not character.isalpha()):
            pieces[-1] = (pieces[-1][0] + character, pieces[-1][1])
        else:
            pieces.append((character, language))
    for text, language in pieces:
        known = language or (run.language if run.language not in _FONTS else "")
        yield Run(text, run.bold, run.italic, known, raised=run.raised)


_SAME_SCRIPT = {"zh": ("zh", "ja", "ko"), "ja": ("ja",), "ko": ("ko",), "ru": ("ru", "mn")}


def _with(tag: str, **attributes: str) -> BaseOxmlElement:
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    return element
