"""``nexuskb check-draft``: hold a draft of the paper against the base."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click

from nexuskb.asking import drive, rows_of
from nexuskb.content import read_shapes
from nexuskb.errors import FormatError
from nexuskb.paper.drafts.checking import Fault, check, wrong_country_names
from nexuskb.paper.drafts.commenting import commented
from nexuskb.paper.drafts.reading import read_draft
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store
from nexuskb.whole import write_whole


@click.command("check-draft")
@click.argument("draft", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--manifest", type=click.File("r", encoding="utf-8"), help="Of the pack that was written from.")
@click.option("--comments", type=click.Path(path_type=Path, dir_okay=False), help="A .docx with the faults.")
def check_draft(draft: Path, form: str, manifest: TextIO | None, comments: Path | None) -> None:
    """Say what is wrong with DRAFT (.docx or .md) by its citations, figures, names and quotations.

    Records are cited by their keys, as footnotes of a pack end in them or as Pandoc's @key. Exit status 1
    if there is a fault.
    """
    settings = load_settings()
    data = draft.read_bytes()
    sentences = read_draft(data, draft.name)
    try:
        before = json.load(manifest)["records"] if manifest else {}
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError("The manifest is not one of a pack: take manifest.json out of the zip.") from error
    work = check(sentences, wrong_country_names(read_shapes(settings)), before)
    faults = drive(work, rows_of(open_store(settings)))
    if comments:
        write_whole(comments, commented(data, draft.name, faults))
    if form == "json":
        click.echo(json.dumps([asdict(fault) for fault in faults], ensure_ascii=False, indent=2))
    else:
        for fault in faults:
            click.echo(_line(fault))
        click.echo(f"{len(sentences):,} sentences read, {len(faults):,} faults found.")
    sys.exit(1 if faults else 0)


def _line(fault: Fault) -> str:
    text = fault.sentence.text
    shown = text if len(text) <= 100 else f"{text[:97]}..."
    return f"paragraph {fault.sentence.paragraph}, {fault.kind}: {fault.message}\n    {shown}"
