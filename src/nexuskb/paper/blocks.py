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
    """A paragraph; ``style`` is Normal, Finding, Query or Bibliography."""

    runs: Runs
    style: str = "Normal"


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table with a header row; ``description`` says what is in it for those who do not see it.

    A row of one cell stands over those that follow. ``number`` is its name, such as ``Table 1`` or
    ``Annex 2``; with ``under_heading`` a heading above it has said number and title.

    ``notes`` stand directly below it, each behind its letter.
    """

    number: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Runs, ...], ...]
    description: str
    notes: tuple[tuple[str, Runs], ...] = ()
    under_heading: bool = False

    @property
    def caption(self) -> str:
        """Name and title."""
        return f"{self.number}. {self.title}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers as a picture: bars of counts, or lines of figures over years, one line a series.

    ``points`` are series with their names, each of labels and numbers; a table beside it has them too.
    """

    title: str
    description: str
    lines: bool
    unit: str
    points: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    number: str = ""

    @property
    def caption(self) -> str:
        """Name and title."""
        return f"{self.number}. {self.title}"


Block = Heading | Paragraph | TableBlock | Chart


@dataclass(frozen=True, slots=True)
class Document:
    """The blocks of a document with its properties."""

    title: str
    subject: str
    keywords: str
    footer: str
    blocks: tuple[Block, ...] = field(default=())
