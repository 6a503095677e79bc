"""A document as blocks, without a format: what a writer for Word or Markdown puts on paper."""

from __future__ import annotations

from dataclasses import dataclass, field

from nexuskb.exchange.citations.footnotes import Footnote


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text: its weight, its language if not English, the footnote behind it, whether raised."""

    text: str
    bold: bool = False
    italic: bool = False
    language: str = ""
    note: Footnote = ()
    raised: bool = False


Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a level from 1."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; ``style`` is Normal, Finding, Reservation or Bibliography."""

    runs: Runs
    style: str = "Normal"


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table with a header row; ``description`` says what is in it for those who do not see it.

    ``notes`` stand directly below it, each behind its letter.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Runs, ...], ...]
    description: str
    notes: tuple[tuple[str, Runs], ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers as a picture: bars of counts, or lines of figures over years, one line a series.

    ``points`` are series with their names, each of labels and numbers; a table beside it has them too.
    """

    caption: str
    description: str
    lines: bool
    unit: str
    points: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]


Block = Heading | Paragraph | TableBlock | Chart


@dataclass(frozen=True, slots=True)
class Document:
    """The blocks of a document with its properties."""

    title: str
    subject: str
    keywords: str
    footer: str
    blocks: tuple[Block, ...] = field(default=())
