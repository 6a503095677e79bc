"""``nexuskb dump``: the whole base as files."""

from __future__ import annotations

from pathlib import Path

import click

from nexuskb.exchange.dataset import data_version, describe
from nexuskb.settings import load_settings
from nexuskb.store.dumping import write_dumps
from nexuskb.store.filling import open_store
from nexuskb.whole import write_whole


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def dump(directory: Path) -> None:
    """Write the whole accepted base to a new DIRECTORY: TriG, N-Quads, JSON-LD, and a description."""
    if directory.exists():
        raise click.UsageError(f"{directory} is there already. Name a directory that is to be made.")
    settings = load_settings()
    store = open_store(settings)
    dumps = write_dumps({graph: store.dump(graph).splitlines() for graph in store.graphs()}, directory)
    described = describe(store.generation, data_version(settings), dumps, lambda file: file)
    write_whole(directory / "dataset.ttl", described.serialize(format="turtle").encode())
    for made in dumps:
        click.echo(f"{directory / made.file}: {made.size:,} bytes, SHA-256 {made.sha256}")
