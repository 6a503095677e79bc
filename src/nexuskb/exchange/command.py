"""``nexuskb template``, ``import``, ``schema`` and ``context``: what experts fill in, and its formats."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from nexuskb.content import read_model, read_shapes
from nexuskb.errors import ContentError, SubmissionError
from nexuskb.exchange.entering import Entered, WorkbookDesk
from nexuskb.exchange.marking import Problem, marked
from nexuskb.exchange.schema import json_ld_context, json_schema
from nexuskb.exchange.sheets import kind_named
from nexuskb.exchange.template import template as made
from nexuskb.forms import Forms
from nexuskb.people.rights import operator
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings, load_settings
from nexuskb.vocabulary import Vocabularies
from nexuskb.whole import write_whole


def _forms(settings: Settings) -> tuple[Forms, Vocabularies]:
    model = read_model(settings)
    return Forms(model, read_shapes(settings)), Vocabularies(model)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--kind", "kinds", multiple=True, help="Kind of record; else the name of FILE says it.")
@click.option("--with", "records", multiple=True, metavar="ID", help="Fill in a record of the base.")
def template(file: Path, kinds: tuple[str, ...], records: tuple[str, ...]) -> None:
    """Make a workbook to fill in: nexuskb template policy.xlsx.

    It has a sheet for the kind of record, for what belongs to it, for sources and for evidence.
    """
    settings = load_settings()
    forms, vocabularies = _forms(settings)
    if file.suffix.lower() != ".xlsx":
        raise ContentError(f"{file}: the name of a workbook ends in .xlsx.")
    wanted = kinds or (() if records else (file.stem,))
    for kind in wanted:
        kind_named(forms, kind)
    if records:
        with Ledger.open(settings.home) as ledger:
            body = WorkbookDesk.open(settings, ledger).filled(wanted, records, operator())
    else:
        body = made(forms, vocabularies, wanted)
    write_whole(file, body)
    click.echo(f"{file} is ready to be filled in. Then: nexuskb import {file}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--check", is_flag=True, help="Only say what is wrong; enter nothing.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where the marked workbook goes."
)
def import_workbook(file: Path, check: bool, out: Path | None) -> None:
    """Check the workbook FILE and submit its records for review: all of them, or none.

    If something is wrong, it comes back as FILE-checked.xlsx with the wrong cells marked; exit status 1.
    """
    settings = load_settings()
    body = _read(file)
    with Ledger.open(settings.home) as ledger:
        entered = WorkbookDesk.open(settings, ledger).enter(body, operator(), check_only=check)
    _print(entered.problems)
    if entered.problems:
        _give_back(file, body, out, list(entered.problems))
    click.echo(_verdict(entered, check))
    sys.exit(0 if entered.good else 1)


@click.command()
@click.argument("kind")
def schema(kind: str) -> None:
    """Print the JSON Schema (2020-12) of the documents of a KIND of record."""
    forms, vocabularies = _forms(load_settings())
    key = kind_named(forms, kind).key
    click.echo(json.dumps(json_schema(forms, vocabularies, key), ensure_ascii=False, indent=2))


@click.command()
def context() -> None:
    """Print the JSON-LD context of the documents of records."""
    click.echo(json.dumps(json_ld_context(*_forms(load_settings())), ensure_ascii=False, indent=2))


def _give_back(file: Path, body: bytes, out: Path | None, problems: list[Problem]) -> None:
    try:
        back = marked(body, problems)
    except SubmissionError:  # what is in it is not to be opened, such as formulas
        return
    place = out or file.with_name(f"{file.stem}-checked.xlsx")
    write_whole(place, back)
    click.echo(f"The cells are marked in {place}.")


def _print(problems: Iterable[Problem]) -> None:
    for problem in problems:
        kind = "error" if problem.blocking else "question"
        where = problem.cell or "workbook"
        click.echo(f"{where}  {kind}  {problem.field}: {problem.words}")
        if problem.value:
            click.echo(f"    given: {problem.value}")
        if problem.suggestion:
            click.echo(f"    did you mean: {problem.suggestion}?")


def _verdict(entered: Entered, check: bool) -> str:
    errors = sum(problem.blocking for problem in entered.problems)
    if errors:
        return f"{errors} errors: nothing was entered."
    unchanged = f" As they were: {', '.join(entered.unchanged)}." if entered.unchanged else ""
    if not entered.records:
        return f"Nothing in the workbook is new, and nothing was entered.{unchanged}"
    named = ", ".join(entered.records)
    verb = "may be submitted" if check else "are submitted for review"
    return f"{len(entered.records)} records {verb}: {named}.{unchanged}"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ContentError(f"The file {file} cannot be read: {error.strerror}.") from error
