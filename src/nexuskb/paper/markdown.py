"""A document as Markdown with the footnotes and tables of Pandoc."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nexuskb.paper.blocks import Block, Chart, Document, Heading, Paragraph, Runs, TableBlock

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|^~$@])")


def as_markdown(document: Document, pictures: Mapping[Chart, str] | None = None) -> str:
    """The document as Markdown. ``pictures`` are the files of charts, which are left out without one."""
    notes: list[str] = []
    blocks = [_block(block, notes, pictures or {}) for block in document.blocks]
    head = f"---\ntitle: {_quoted(document.title)}\nkeywords: {_quoted(document.keywords)}\nlang: en-GB\n---"
    footnotes = [f"[^{number}]: {note}" for number, note in enumerate(notes, start=1)]
    return "\n\n".join([head, *filter(None, blocks), *footnotes]) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _block(block: Block, notes: list[str], pictures: Mapping[Chart, str]) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_escaped(block.text)}"
    if isinstance(block, Paragraph):
        lead = "- " if block.style == "Bibliography" else ""
        return lead + _runs(block.runs, notes)
    if isinstance(block, TableBlock):
        return _table(block, notes)
    if block not in pictures:
        return ""
    description = _escaped(block.description).replace('"', "”")
    return f'![{_escaped(block.caption)}]({pictures[block]}){{alt="{description}"}}'


def _table(block: TableBlock, notes: list[str]) -> str:
    lines = [
        "| " + " | ".join(_escaped(heading) for heading in block.headings) + " |",
        "| " + " | ".join("---" for _ in block.headings) + " |",
        *(
            "| " + " | ".join(_runs(cell, notes) or " " for cell in _whole(row, len(block.headings))) + " |"
            for row in block.rows
        ),
    ]
    below = [f"^{letter}^ {_runs(runs, notes)}" for letter, runs in block.notes]
    caption = [] if block.under_heading else [f": {_escaped(block.caption)}"]
    return "\n\n".join(["\n".join(lines), *caption, *below])


def _whole(row: tuple[Runs, ...], columns: int) -> tuple[Runs, ...]:
    """A row with all its cells; tables of Pandoc have no cell over several columns."""
    return (*row, *((),) * (columns - len(row)))


def _runs(runs: Runs, notes: list[str]) -> str:
    parts = []
    for run in runs:
        lead, text, trail = _apart(run.text)
        written = _escaped(text)
        if written and run.raised:
            written = f"^{written}^"
        elif written and run.bold:
            written = f"**{written}**"
        elif written and run.italic:
            written = f"*{written}*"
        if written and run.language:
            written = f"[{written}]{{lang={run.language}}}"
        parts.append(lead + written + trail)
        if run.note:
            notes.append(
                "".join(
                    f"*{_escaped(span.text)}*" if span.italic else _escaped(span.text) for span in run.note
                )
            )
            parts.append(f"[^{len(notes)}]")
    return "".join(parts).strip()


def _apart(text: str) -> tuple[str, str, str]:
    """Spaces stand outside of marks, or Markdown does not read them as marks."""
    inner = text.strip()
    start = text.index(inner) if inner else len(text)
    return text[:start], inner, text[start + len(inner) :]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))
