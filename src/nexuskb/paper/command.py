"""``nexuskb paper``: the sections of the outline with how complete they are."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click
from rich import box
from rich.console import Console
from rich.table import Column, Table

from nexuskb.asking import drive, rows_of
from nexuskb.content import read_model
from nexuskb.paper.kept import complete_outline, complete_section
from nexuskb.paper.outline import Completeness, Section, parts_of
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store
from nexuskb.vocabulary import Vocabularies


@click.command()
@click.argument("section", required=False)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def paper(section: str | None, form: str) -> None:
    """Say how complete the sections of the paper are, or what SECTION rests on and what is missing from it.

    SECTION is an identifier or a number of the outline: nexuskb paper outline-national-review-mng
    """
    settings = load_settings()
    store, vocabularies = open_store(settings), Vocabularies(read_model(settings))
    rows = rows_of(store)
    found: tuple[Completeness, ...]
    parts: tuple[Section, ...] = ()
    if section:
        work = complete_section(settings.home, store.generation, section, vocabularies)
        chosen, outline = drive(work, rows)
        found, parts = (chosen,), parts_of(outline, chosen.section)
    else:
        found = drive(complete_outline(settings.home, lambda: store.generation, vocabularies), rows)
    if form == "json":
        click.echo(json.dumps([each.as_dict() for each in found], ensure_ascii=False, indent=2))
    elif section:
        _print_section(found[0])
        for part in parts:
            click.echo(f"Part {part.number}: {part.title} ({part.identifier})")
    else:
        _print_outline(found)


def _print_outline(found: Iterable[Completeness]) -> None:
    table = Table(
        "No.",
        "Section",
        "Identifier",
        *_right("Answered", "Records", "Documents"),
        "State",
        box=box.SIMPLE_HEAD,
    )
    for each in found:
        table.add_row(
            each.section.number,
            each.section.title,
            each.section.identifier,
            f"{each.answered} of {len(each.answers)}",
            f"{len(each.records):,}",
            f"{each.documents:,}",
            each.section.state,
        )
    _show(table)


def _print_section(found: Completeness) -> None:
    section = found.section
    click.echo(f"{section.number} {section.title}\n{section.brief}\n")
    table = Table(
        "Question", "Named question", *_right("Rows", "Records", "Documents"), "Standing", box=box.SIMPLE_HEAD
    )
    for answer in found.answers:
        table.add_row(
            answer.question.text,
            answer.question.address.removeprefix("/questions/"),
            f"{answer.rows:,}",
            f"{len(answer.records):,}",
            f"{answer.documents:,}",
            answer.standing,
        )
    _show(table)
    click.echo(f"It rests on {len(found.records):,} records and {found.documents:,} documents.")
    for words in found.missing:
        click.echo(f"Missing: {words}")
    for comment in found.comments:
        click.echo(f"{comment.date} {comment.reviewer} ({comment.kind}): {comment.comment}")


def _right(*headings: str) -> list[Column]:
    return [Column(heading, justify="right", no_wrap=True) for heading in headings]


def _show(table: Table) -> None:
    """A table fitted to the terminal; as wide as its content where it goes to a file or a pipe."""
    out = Console()
    (out if out.is_terminal else Console(width=100_000)).print(table, highlight=False)
