"""``nexuskb gaps`` and ``nexuskb recommendations``."""

from __future__ import annotations

import json

import click

from nexuskb.asking import drive, rows_of
from nexuskb.content import read_model
from nexuskb.paper.gaps import KINDS, LOOKED, NOT_LOOKED, find_gaps, gap_kind
from nexuskb.paper.recommendations import UNSUPPORTED, check_recommendations
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store
from nexuskb.vocabulary import Vocabularies

_FORM = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
_COUNTRY = click.option("--country", default="", help="Only this State, such as MNG.")


@click.command()
@click.argument("kind", required=False)
@_COUNTRY
@_FORM
def gaps(kind: str | None, country: str, form: str) -> None:
    """Count the gaps of each kind, or list those of KIND, told apart from what nobody has looked at.

    As CSV: nexuskb ask QUESTION --format csv, with the question that the list names.
    """
    settings = load_settings()
    rows, vocabularies = rows_of(open_store(settings)), Vocabularies(read_model(settings))
    kinds = (gap_kind(kind),) if kind else KINDS
    found = [drive(find_gaps(each, country, vocabularies), rows) for each in kinds]
    if form == "json":
        click.echo(json.dumps([each.as_dict() for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        click.echo(f"{each.kind.title} ({each.kind.name}, question {each.kind.question})")
        for state, count, looked in each.by_state:
            click.echo(f"    {state}: {count:,}, of which somebody looked into {looked:,}")
        for gap in each.found if kind else ():
            words = LOOKED if gap.looked else NOT_LOOKED
            context = f" ({gap.context})" if gap.context else ""
            click.echo(f"{gap.state}: {gap.words}{context}: {gap.standing}; {words}")


@click.command()
@_COUNTRY
@_FORM
def recommendations(country: str, form: str) -> None:
    """Say of each recommendation what supports it and what it lacks to be acted on."""
    settings = load_settings()
    rows, vocabularies = rows_of(open_store(settings)), Vocabularies(read_model(settings))
    found = drive(check_recommendations(country, vocabularies), rows)
    if form == "json":
        click.echo(json.dumps([each.as_dict() for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        lacks = f"lacks {', '.join(each.lacks)}" if each.lacks else "can be acted on"
        click.echo(f"{each.title} ({each.identifier})")
        click.echo(f"    {each.areas}, to {each.addressed_to}: {lacks}; {each.support}")
    unsupported = sum(each.support == UNSUPPORTED for each in found)
    actionable = sum(each.actionable for each in found)
    click.echo(
        f"{len(found):,} recommendations: {actionable:,} can be acted on, {unsupported:,} without support."
    )
