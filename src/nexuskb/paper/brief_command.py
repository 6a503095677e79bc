"""``nexuskb brief``: the evidence pack of a section as a file."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import click

from nexuskb.asking import drive, rows_of
from nexuskb.content import read_model
from nexuskb.errors import FormatError
from nexuskb.paper.packing import MEDIA_TYPES, pack_file
from nexuskb.paper.packs import read_pack
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store
from nexuskb.vocabulary import Vocabularies


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
    _write(target, data)
    click.echo(
        f"{target}: {pack.section.number} {pack.section.title}, {len(pack.references):,} sources, "
        f"generation {pack.generation[:12]}, content {pack.hash[:12]}"
    )


def _write(target: Path, data: bytes) -> None:
    """Write the file whole or not at all."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError as error:
        raise FormatError(f"{target} cannot be written: {error.strerror}.") from error
