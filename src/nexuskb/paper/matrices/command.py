"""``nexuskb matrix``: the matrices of the paper as text, CSV, spreadsheet or figure."""

from __future__ import annotations

import json
from pathlib import Path

import click

from nexuskb.arguments import named_values
from nexuskb.asking import drive, rows_of
from nexuskb.content import read_model
from nexuskb.errors import FormatError
from nexuskb.paper.matrices.catalogue import MATRICES, matrix_kind, read_matrix
from nexuskb.paper.matrices.written import FORMS, provenance, written
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store
from nexuskb.vocabulary import Vocabularies
from nexuskb.whole import write_whole


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("name", required=False)
@click.option("--to", "form", default="csv", show_default=True, help=f"One of {', '.join(FORMS)}.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write to.")
@click.pass_context
def matrix(ctx: click.Context, name: str | None, form: str, output: Path | None) -> None:
    """Write the matrix NAME; without a name, list the matrices with their parameters.

    Parameters go by name: nexuskb matrix timeline --country MNG --date 2015-06-30 --to pdf --output mng.pdf
    """
    if name is None:
        for kind in MATRICES.values():
            names = " ".join(f"--{p.name}{'*' if p.required else ''}" for p in kind.parameters)
            click.echo(f"{kind.name}: {kind.title}\n    {names}")
        return
    kind = matrix_kind(name)
    if form not in FORMS:
        raise FormatError(f"A matrix comes as {', '.join(FORMS)}, not as {form!r}.")
    if output is None and form not in ("csv", "json"):
        raise FormatError(f"Say where the {form} is to be written: --output FILE.")
    settings = load_settings()
    store = open_store(settings)
    values = named_values(ctx.args)
    made = drive(read_matrix(kind, values, Vocabularies(read_model(settings))), rows_of(store))
    if form == "json":
        text = json.dumps({"generation": store.generation, **made.as_dict()}, ensure_ascii=False, indent=2)
        body = f"{text}\n".encode()
    else:
        body = written(made, form, provenance(made, store.generation))
    if output:
        write_whole(output, body)
        click.echo(f"{output}: {len(made.rows):,} rows, {len(made.columns):,} columns.")
    else:
        click.echo(body, nl=False)
