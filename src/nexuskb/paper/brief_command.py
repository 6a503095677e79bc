"""``nexuskb brief``: the evidence pack of a section as a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import click

from nexuskb.asking import drive, rows_of
from nexuskb.content import read_model
from nexuskb.paper.packing import MEDIA_TYPES, pack_file
from nexuskb.paper.packs import read_pack
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store
from nexuskb.vocabulary import Vocabularies
from nexuskb.whole import write_whole


@click.command()
@click.argument("section")
@click.option("--to", "form", type=click.Choice(list(MEDIA_TYPES)), default="docx", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
def brief(section: str, form: str, output: Path | None) -> None:
    """Write the evidence pack of SECTION, an identifier or number of the outline (nexuskb paper).

    Its findings by question, each with its footnote; figures as tables and charts; what disagrees, what is
    missing, what must be said. zip has all forms, the answers as CSV, the sources, and a manifest.
    """
    settings = load_settings()
    store, vocabularies = open_store(settings), Vocabularies(read_model(settings))
    rows = cache(rows_of(store))  # the outline and the pack ask the same questions
    pack = drive(read_pack(section, store.generation, vocabularies), rows)
    target = output or Path(f"{pack.section.identifier}.{form}")
    data = pack_file(pack, form)
    write_whole(target, data)
    click.echo(
        f"{target}: {pack.section.number} {pack.section.title}, {len(pack.references):,} sources, "
        f"generation {pack.generation[:12]}, content {pack.hash[:12]}"
    )
