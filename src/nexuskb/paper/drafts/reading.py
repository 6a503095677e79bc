"""A draft as sentences with the records that each cites, from Word or Markdown.

A citation is a Pandoc key (``@mng-bt-m2``), or a key in square brackets as our footnotes end in it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from lxml import etree

from nexuskb.errors import FormatError

#: A draft is no longer than this, also when it is unpacked, and cites no more records.
MOST_BYTES, _MOST_UNPACKED = 8_000_000, 80_000_000
_MOST_SENTENCES, _MOST_KEYS = 20_000, 5_000
_MARK = re.compile("\ue000([^\ue001]*)\ue001")
_KEY = r"[a-z0-9]+(?:-[a-z0-9]+)+"
_CITED = re.compile(rf"(?<![\w.])@({_KEY})|\\?\[({_KEY})\\?\]")
_END = re.compile(
    r"(?<=[.!?])[\"”’)\]]*(?:\ue000[^\ue001]*\ue001|\s*\[@[^\]]*\][.]?)*\s+(?=[\"“‘(\[]?[A-Z0-9])"
)
_NO_END = re.compile(
    r"\b(?:art|arts|para|paras|p|pp|sect|sects|chap|No|Nos|vol|e\.g|i\.e|cf|et al|approx|ca|Dr)\.\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: its text without marks, the keys it cites, its paragraph from 1."""

    text: str
    keys: tuple[str, ...]
    paragraph: int


def read_draft(data: bytes, name: str) -> list[Sentence]:
    """The sentences of a draft; ``name`` tells ``.docx`` from ``.md``. Raises :class:`FormatError`."""
    if len(data) > MOST_BYTES:
        raise FormatError(f"{name} has {len(data):,} bytes; a draft may have {MOST_BYTES:,}.")
    found = _sentences(_paragraphs(data, name))
    keys = {key for sentence in found for key in sentence.keys}
    if len(found) > _MOST_SENTENCES or len(keys) > _MOST_KEYS:
        raise FormatError(
            f"{name} has {len(found):,} sentences that cite {len(keys):,} records; at most "
            f"{_MOST_SENTENCES:,} and {_MOST_KEYS:,} are read. Send it in parts."
        )
    return found


def _paragraphs(data: bytes, name: str) -> list[str]:
    if name.lower().endswith(".docx"):
        return paragraphs_of(open_word(data, name))
    if name.lower().endswith((".md", ".markdown", ".txt")):
        try:
            return _markdown(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise FormatError(f"{name} is not UTF-8 text: {error.reason}.") from error
    raise FormatError(f"{name} is neither Word (.docx) nor Markdown (.md).")


def open_word(data: bytes, name: str) -> WordDocument:
    """The Word document. Raises :class:`FormatError` for what is none or unpacks to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
                raise FormatError(f"{name} unpacks to more than {_MOST_UNPACKED:,} bytes.")
        return docx.Document(io.BytesIO(data))
    except (zipfile.BadZipFile, KeyError, ValueError, etree.XMLSyntaxError) as error:
        raise FormatError(f"{name} is not a Word document: {error}.") from error


def paragraphs_of(word: WordDocument) -> list[str]:
    """The paragraphs of the body, each footnote in the place of its mark; headings are empty."""
    notes: dict[str, str] = {}
    for relation in word.part.rels.values():
        if relation.reltype == RELATIONSHIP_TYPE.FOOTNOTES:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            for note in etree.fromstring(relation.target_part.blob, parser):
                notes[note.get(qn("w:id"), "")] = "".join(t.text or "" for t in note.iter(qn("w:t")))
    found = []
    for paragraph in word.paragraphs:
        style = (paragraph.style.name or "") if paragraph.style is not None else ""
        if style.startswith(("Heading", "Title", "TOC", "Caption", "Bibliography")):
            found.append("")
            continue
        pieces = []
        for element in paragraph._p.iter(qn("w:t"), qn("w:footnoteReference")):
            if element.tag == qn("w:t"):
                pieces.append(element.text or "")
            else:
                pieces.append(f"\ue000{notes.get(element.get(qn('w:id')) or '', '')}\ue001")
        found.append("".join(pieces))
    return found


def _markdown(text: str) -> list[str]:
    text = re.sub(r"\A---\n.*?\n---\n", "", text.replace("\r\n", "\n"), flags=re.DOTALL)
    notes = dict(re.findall(r"^\[\^([^\]]+)\]: (.*(?:\n {4}.*)*)$", text, re.MULTILINE))
    body = re.sub(r"^\[\^[^\]]+\]: .*(?:\n {4}.*)*$", "", text, flags=re.MULTILINE)
    found = []
    for block in re.split(r"\n\s*\n", body):
        plain = " ".join(block.split())
        if plain.startswith(("#", "|", ":", "![")):
            plain = ""
        plain = re.sub(r"\[\^([^\]]+)\]", lambda m: f"\ue000{notes.get(m[1], '')}\ue001", plain)
        found.append(re.sub(r"(?<!\w)[*_]{1,2}|[*_]{1,2}(?!\w)", "", plain))
    return [paragraph for paragraph in found if paragraph]


def _sentences(paragraphs: list[str]) -> list[Sentence]:
    return [
        Sentence(_plain(piece), tuple(dict.fromkeys(_keys(piece))), number)
        for number, paragraph in enumerate(paragraphs, start=1)
        for piece in _pieces(paragraph)
        if _plain(piece)
    ]


def _pieces(paragraph: str) -> Iterator[str]:
    start = 0
    for found in _END.finditer(paragraph):
        if not _NO_END.search(paragraph[start : found.start()]):
            yield paragraph[start : found.end()]
            start = found.end()
    yield paragraph[start:]


def _keys(piece: str) -> Iterator[str]:
    for found in _CITED.finditer(piece):
        yield found[1] or found[2]


def _plain(piece: str) -> str:
    without = _CITED.sub("", _MARK.sub("", piece))
    return re.sub(r"\s*\[[;,\s]*\]", "", without).strip()
