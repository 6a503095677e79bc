"""The commands about people: their tokens, and the log. Who may write the home directory may use them."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import asdict

import click
from rdflib import URIRef
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nexuskb.content import read_model
from nexuskb.errors import TokenError, UnknownTermError
from nexuskb.people.log import read_log
from nexuskb.people.rights import Role, operator
from nexuskb.people.tokens import Grant, add_token, revoke_token, tokens
from nexuskb.records.ledger import Ledger
from nexuskb.settings import load_settings
from nexuskb.terms import curie
from nexuskb.vocabulary import Vocabularies


@click.group()
def token() -> None:
    """Tokens of those who may enter, review or accept records."""


@token.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--area", "areas", multiple=True, help="Only for this area, such as MNG. May be repeated.")
@click.option("--expires", default="", help="A day such as 2027-06-30, or a number of days such as 90d.")
def add(name: str, role: str, areas: tuple[str, ...], expires: str) -> None:
    """Make a token for NAME and print it, this one time."""
    settings = load_settings()
    scheme = Vocabularies(read_model(settings)).schemes["area"]
    within: set[URIRef] = set()
    for area in areas:
        term = scheme.find(area)
        if term is None:
            near = scheme.nearest(area)
            hint = f" Did you mean {near.notation} ({near.label})?" if near else ""
            raise UnknownTermError(f"There is no area {area!r}.{hint}")
        within.add(term.iri)
    with Ledger.open(settings.home) as ledger:
        until = _end(expires, ledger.clock())
        grant = Grant(name, Role(role), frozenset(within), until)
        click.echo(add_token(ledger, grant, by=operator().name))
    click.echo("This is the only time that the token is shown. Hand it over by a safe way.", err=True)


@token.command("list")
def list_tokens() -> None:
    """List the tokens, without their secrets."""
    with Ledger.open(load_settings().home) as ledger:
        now = ledger.clock()
        table = Table("Id", "Name", "Role", "Areas", "Made", "Expires", "State", box=box.SIMPLE_HEAD)
        for each in tokens(ledger):
            areas = ", ".join(sorted(curie(area).removeprefix("area:").upper() for area in each.areas))
            row = (each.id, each.name, each.role.value, areas or "all", each.made, each.expires or "never")
            table.add_row(*(Text(word) for word in (*row, each.state(now))))
    _show(table)


@token.command("revoke")
@click.argument("which", metavar="ID-OR-NAME")
def revoke(which: str) -> None:
    """Revoke a token by its id, or all of a person's by their name. Sessions end at once."""
    with Ledger.open(load_settings().home) as ledger:
        for each in revoke_token(ledger, which, by=operator().name):
            click.echo(f"Revoked: {each.id} of {each.name} ({each.role.value}).")


@click.command("log")
@click.option("--after", default=0, help="Only lines after this number.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show_log(after: int, limit: int, form: str) -> None:
    """Show what was written and refused: when, by whom, which records."""
    with Ledger.open(load_settings().home) as ledger:
        logged = read_log(ledger, after, limit)
    if form == "json":
        click.echo(json.dumps([asdict(each) for each in logged], ensure_ascii=False, indent=2))
        return
    table = Table("No.", "At (UTC)", "Who", "Operation", "Records", "Outcome", "Why", box=box.SIMPLE_HEAD)
    for each in logged:
        line = each.line
        words = (line.who, line.operation, " ".join(line.records), line.outcome, line.words)
        table.add_row(str(each.seq), each.at, *(Text(word) for word in words))
    _show(table)


def _show(table: Table) -> None:
    out = Console()
    (out if out.is_terminal else Console(width=100_000)).print(table, highlight=False)


def _end(text: str, now: dt.datetime) -> dt.datetime | None:
    """The end of the day that was named, in UTC."""
    if not text:
        return None
    try:
        if days := re.fullmatch(r"(\d{1,5})d", text):
            return now + dt.timedelta(days=int(days[1]))
        day = dt.date.fromisoformat(text)
        return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    except (ValueError, OverflowError):
        raise TokenError(f"{text!r} is no day: write 2027-06-30, or 90d for ninety days.") from None
