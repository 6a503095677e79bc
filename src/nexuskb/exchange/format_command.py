"""``nexuskb format``: write curated files the one way in which they are written."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rdflib import URIRef

from nexuskb.content import read_shapes, read_turtle
from nexuskb.errors import ContentError
from nexuskb.exchange.turtle import BlankNodeError, serialise
from nexuskb.fields import predicate_order, read_fields
from nexuskb.settings import load_settings
from nexuskb.terms import NX
from nexuskb.vocabulary import STATEMENT_ORDER
from nexuskb.whole import write_whole


@click.command("format")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--check", is_flag=True, help="Change nothing; exit status 1 if a file would change.")
def format_files(files: tuple[Path, ...], check: bool) -> None:
    """Write Turtle FILES of records or vocabularies in the order of the base, a statement a line.

    So a change of one statement is a change of one line. Comments are not kept: what has to be said of a
    record is a statement of it.
    """
    record_order = predicate_order(read_fields(read_shapes(load_settings())))
    written = {file: _formatted(file, record_order) for file in files}
    others = [file for file, text in written.items() if file.read_text(encoding="utf-8") != text]
    for file in others:
        if not check:
            write_whole(file, written[file].encode())
        click.echo(f"{file}: {'not as it would be written' if check else 'written'}")
    click.echo(f"{len(files) - len(others)} of {len(files)} files were as they should be.")
    sys.exit(1 if check and others else 0)


def _formatted(file: Path, record_order: dict[URIRef, int]) -> str:
    graph = read_turtle([file])
    holds_records = (None, NX.reviewState, None) in graph
    try:
        return serialise(graph, record_order if holds_records else STATEMENT_ORDER)
    except BlankNodeError as error:
        raise ContentError(f"{file}: {error}.") from error
