"""The commands about what people entered: from ``backup`` and ``export`` to ``invitations``, ``recheck``."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from nexuskb.errors import UnknownTermError
from nexuskb.exchange.export import export
from nexuskb.people.rights import operator
from nexuskb.records.backup import back_up, restore
from nexuskb.records.desk import Desk
from nexuskb.records.ledger import Ledger
from nexuskb.records.revisions import provenance
from nexuskb.settings import load_settings
from nexuskb.terms import record_iri


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy what people entered to a new FILE, verified, while serving goes on."""
    settings = load_settings()
    with Ledger.open(settings.home) as ledger:
        made = back_up(settings, ledger, file)
    click.echo(f"{file}: {made.records:,} records, head {made.head or 'none'}, base {made.base[:16]}.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def run_restore(file: Path) -> None:
    """Bring back what people entered from a FILE of `nexuskb backup`, while serving goes on.

    What is there now is backed up first. Tokens stay as they are now.
    """
    settings = load_settings()
    with Ledger.open(settings.home) as ledger:
        done = restore(settings, ledger, file, by=operator().name)
    click.echo(f"Restored the backup of {done.backup.made}: {done.backup.records:,} records.")
    if done.before:
        click.echo(f"What was there before is in {done.before}.")
    if not done.same_base:
        click.echo(
            "The base differs from that of the backup, as the curated files have changed since.", err=True
        )


@click.command("export")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Take the place of a directory that is there.")
def run_export(directory: Path, replace: bool) -> None:
    """Write the accepted base to DIRECTORY, as the same files as data/."""
    settings = load_settings()
    with Ledger.open(settings.home) as ledger:
        base = export(settings, ledger, directory, replace=replace)
    click.echo(f"{directory}: {len(base.files):,} files, {len(base.touched):,} of them changed or new.")
    for record in base.diverging:
        click.echo(
            f"{record}: changed in the curated files after the ledger took it over. The ledger's revision "
            "was written; enter the change there.",
            err=True,
        )


@click.command("history")
@click.argument("identifier")
@click.option("--format", "form", type=click.Choice(["text", "turtle"]), default="text", show_default=True)
def run_history(identifier: str, form: str) -> None:
    """Say what was done to a record, by whom and why, and what each revision changed."""
    settings, person = load_settings(), operator()
    try:
        record = record_iri(identifier)
    except ValueError as error:
        raise UnknownTermError(f"{error}.") from error
    with Ledger.open(settings.home) as ledger:
        desk = Desk.open(settings, ledger)
        events = desk.history(person, record)
        if form == "turtle":
            click.echo(provenance(record, events).serialize(format="turtle"), nl=False)
            return
        if not events:
            click.echo(f"{identifier} is as the curated files have it.")
        shown = 0
        for event in events:
            why = f": {event.why}" if event.why else ""
            click.echo(f"{event.at} {event.who} ({event.role}) {event.step.value}, {event.state.value}{why}")
            if event.revision != shown:
                for each in desk.differences(person, record, shown, event.revision):
                    click.echo(f"    {each.field}")
                    for sign, values in (("-", each.removed), ("+", each.added)):
                        for value in values:
                            click.echo(f"      {sign} {value}")
                shown = event.revision


@click.command("invitations")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; today without it.")
def run_invitations(day: dt.datetime | None) -> None:
    """List the invitations to review that nobody has answered, by their last day.

    Exit status 1 if the last day of one is over: an editor then files the non-objection.
    """
    settings = load_settings()
    with Ledger.open(settings.home) as ledger:
        found = Desk.open(settings, ledger).invitations(operator(), day.date() if day else None)
    for each in found:
        when = f"{each.days_over} days over" if each.is_overdue else f"{-each.days_over} days left"
        to, about = ", ".join(each.to), ", ".join(each.about)
        click.echo(f"{each.answer_by} {each.identifier} to {to} on {about}: {when}")
    overdue = sum(each.is_overdue for each in found)
    click.echo(f"{len(found):,} invitations without answer, {overdue:,} of them overdue.", err=True)
    sys.exit(1 if overdue else 0)


@click.command("recheck")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; today without it.")
def run_recheck(day: dt.datetime | None) -> None:
    """Say what the passing of time has made wrong in the accepted base. Run it each night.

    Exit status 1 if there is anything.
    """
    settings = load_settings()
    with Ledger.open(settings.home) as ledger:
        report = Desk.open(settings, ledger).recheck(day.date() if day else None)
    for violation in report.violations:
        click.echo(f"{violation.record}: {violation.message}")
    click.echo(
        f"{report.records:,} records looked at again, {len(report.violations):,} to be mended.", err=True
    )
    sys.exit(1 if report.violations else 0)
