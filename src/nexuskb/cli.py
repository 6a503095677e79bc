"""The command line. Each command is a thin reading of its arguments around one library call.

Commands of other packages, such as ``serve`` of the facade, join through the entry point group
``nexuskb.commands``.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from itertools import groupby
from pathlib import Path
from typing import TextIO

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from nexuskb import __version__
from nexuskb.arguments import named_values
from nexuskb.audit import Audit, audit
from nexuskb.content import read_model
from nexuskb.errors import NexusError, QueryError, SettingsError
from nexuskb.opening import open_base
from nexuskb.questions.answers import Answer, answer, as_csv, reservations_query
from nexuskb.questions.catalogue import Question, fill, question, questions
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import filter_schemes, read_filters
from nexuskb.search.index import MOST_HITS, Found
from nexuskb.search.passages import Passage
from nexuskb.search.store import SearchingStore
from nexuskb.settings import Settings, load_settings
from nexuskb.sparql.formats import CSV, QueryForm, ResultFormat, format_by_name, formats_for
from nexuskb.sparql.guard import QueryLimits, admit
from nexuskb.sparql.parse import parse_query
from nexuskb.sparql.portable import declare_prefixes
from nexuskb.store.comparing import compare
from nexuskb.store.filling import open_store
from nexuskb.store.port import EVERYTHING, TripleStore
from nexuskb.store.publishing import publish
from nexuskb.store.remote import RemoteStore
from nexuskb.terms import PREFIXES, curie
from nexuskb.validation.base import validate as validate_files
from nexuskb.validation.report import Report
from nexuskb.vocabulary import Vocabularies


class _Out(Console):
    """Standard output; that nobody reads on is no error (see :class:`_Commands`)."""

    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 -- called while a BrokenPipeError is handled


class _Failure(click.ClickException):
    """An error for the person at the command line."""

    exit_code = 2


OUT = _Out()
ERR = Console(stderr=True)
FORMATS = click.Choice(["table", "csv", "json", "turtle"])


_GROUP = "nexuskb.commands"


class _Commands(click.Group):
    """A group that turns the library's errors into one line and exit status 2, never a traceback.

    Commands of other packages are found by their entry point and loaded when they are asked for.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(entry.name for entry in entry_points(group=_GROUP))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = next(iter(entry_points(group=_GROUP, name=cmd_name)), None)
        return found.load() if found else None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except NexusError as error:
            raise _Failure(str(error)) from error
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nexuskb")
def main() -> None:
    """Policies, drivers, impacts and interlinkages of climate, land and water, each with its evidence."""


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the report."
)
def validate(paths: tuple[Path, ...], form: str) -> None:
    """Check Turtle files of records against the shapes: all of data/, or PATHS in its light.

    Exit status 0 if the records may enter, 1 if something keeps them out.
    """
    with _progress("Checking") as step:
        report = validate_files(load_settings(), paths, step)
    if form == "json":
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        _print_report(report)
    sys.exit(0 if report.conforms else 1)


def _print_report(report: Report) -> None:
    here = f"{Path.cwd()}/"
    for file, in_file in groupby(report.violations, key=lambda v: v.file):
        OUT.print()
        _line(Text(file.removeprefix(here) or "no file", style="bold"))
        for record, of_record in groupby(in_file, key=lambda v: v.record):
            _line(f"  {record}")
            for violation in of_record:
                mark = ("error  ", "red") if violation.blocking else ("warning", "yellow")
                message = violation.message.removeprefix(f"{violation.field}: ")
                _line(Text.assemble("    ", mark, f" {violation.field}: {message}"))
                if violation.value:
                    _line(f"            given: {violation.value}")
                if violation.wrong:
                    _line(f"            wrong: {violation.wrong}")
                if violation.suggestion:
                    _line(f"            did you mean: {violation.suggestion}?")
                elif violation.allowed:
                    _line(f"            one of: {', '.join(violation.allowed)}")
    errors = sum(violation.blocking for violation in report.violations)
    warnings = len(report.violations) - errors
    verdict = "[green]conforms[/green]" if report.conforms else "[red]does not conform[/red]"
    OUT.print(
        f"\n{report.records:,} records checked: {errors} errors, {warnings} warnings. The data {verdict}."
    )


def _line(text: str | Text) -> None:
    """A line as it is: what looks like markup is not, and only the terminal breaks it."""
    OUT.print(text, markup=False, highlight=False, soft_wrap=True)


@main.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def query(file: TextIO, form: str) -> None:
    """Run the SPARQL query in FILE (- for standard input). The prefixes of the base need no declaring."""
    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise QueryError(f"The file {file.name} is not UTF-8 text: {error.reason}.") from error
    store = _open(load_settings())
    admit(text, PREFIXES, frozenset(store.graphs()), QueryLimits())
    _answer(store, text, form)


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each facet of the search."""
    for facet in reversed(FACETS):
        words = f"Only records of this {facet}; one of several if given again."
        command = click.option(f"--{facet}", multiple=True, help=words)(command)
    return command


@main.command()
@click.argument("words", nargs=-1, required=True)
@_filters
@click.option("--limit", default=20, show_default=True, type=click.IntRange(0, MOST_HITS))
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)
def search(words: tuple[str, ...], limit: int, form: str, **filters: tuple[str, ...]) -> None:
    """Find records by WORDS in any script.

    "Quoted phrases" are found as they are; records with -excluded words are left out. Put all of it between
    apostrophes: nexuskb search '"land tenure" pasture -mining'
    """
    settings = load_settings()
    schemes = filter_schemes(read_model(settings))
    chosen = read_filters(filters, schemes)
    found = _open(settings).searching().search(" ".join(words), chosen, limit)
    if form == "csv":
        click.echo(as_csv(found.as_answer()), nl=False)
    elif form == "json":
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    else:
        _print_found(found)


def _print_found(found: Found) -> None:
    table = Table("Record", "Kind", "Label", "Passage", box=box.SIMPLE_HEAD)
    for hit in found.hits:
        table.add_row(hit.identifier, hit.kind, _marked(hit.heading), _marked(hit.passage))
    _show(table)
    OUT.print(f"{found.total:,} records, {len(found.hits):,} shown", highlight=False)
    for words, identifiers in found.as_answer().by_words().items():
        _line(f"\nTo be said: {words}")
        _line(f"  {', '.join(identifiers)}")


def _marked(passage: Passage) -> Text:
    return Text.assemble(*((piece.text, "bold" if piece.found else "") for piece in passage))


@main.command()
@click.option("--force", is_flag=True, help="Write to a remote store even if it has this content already.")
def load(force: bool) -> None:
    """Fill the store from the curated files: the one that NEXUSKB_STORE names, or the embedded one."""
    settings = load_settings()
    if settings.store is None:
        _open(settings)
        click.echo(f"The embedded store under {settings.home} is up to date.")
        return
    with _progress("Loading the graphs") as step:
        done = publish(settings, force=force, progress=step)
    verb = "now holds" if done.written else "already holds"
    click.echo(
        f"The store at {settings.store.host} {verb} {done.triples:,} triples, generation {done.generation}."
    )


@main.command("compare")
def run_compare() -> None:
    """Ask the remote and the embedded store every named question, and say where they differ.

    The test for a store that is new to us. Exit status 1 if an answer differs.
    """
    settings = load_settings()
    remote, vocabularies = _remote(settings), Vocabularies(read_model(settings))
    queries = {asked.id: fill(asked, asked.example, vocabularies) for asked in questions().values()}
    differing = 0
    for found in compare(open_store(settings), remote, queries):
        if not found.same:
            differing += 1
            _line(f"{found.name}: {found.error or f'{found.missing} rows missing, {found.added} others'}")
    verdict = f"all but {differing} of" if differing else "all"
    _line(
        f"The store at {remote.remote.host} answers {verdict} {len(queries)} questions as the embedded one."
    )
    sys.exit(1 if differing else 0)


def _remote(settings: Settings) -> RemoteStore:
    if settings.store is None:
        raise SettingsError("NEXUSKB_STORE is not set: there is no remote store.")
    return RemoteStore(settings.store)


@main.command("audit")
@click.option("--older-than", default=10, show_default=True, help="Years after which a source counts as old.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def run_audit(older_than: int, form: str) -> None:
    """Say how well the base is sourced, and list what must not stay as it is.

    Exit status 1 if there are dangling links, claims without evidence or unreviewed duplicates.
    """
    settings = load_settings()
    found = audit(_open(settings), settings.data, older_than, dt.datetime.now(tz=dt.UTC).year)
    if form == "json":
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    else:
        _print_audit(found)
    sys.exit(0 if found.clean else 1)


def _print_audit(found: Audit) -> None:
    table = Table(
        "Area", "Claims", "With pinpoint", "Two sources or more", "News alone", "Sensitive alone",
        f"Sources older than {found.older_than} years", "Policies", "Without original title",
    )  # fmt: skip
    for area in found.areas:
        shares = (area.with_pinpoint, area.with_two_sources, area.on_news_only, area.on_sensitive_only)
        table.add_row(
            area.area,
            f"{area.claims:,}",
            *(_share(count, area.claims) for count in (*shares, area.on_old_sources)),
            f"{area.policies:,}",
            _share(area.without_original_title, area.policies),
        )
    _show(table)
    for words, faults in (
        ("links that lead nowhere", found.dangling),
        ("claims without evidence", found.unsourced),
        ("pairs that look like duplicates and are not reviewed", found.unreviewed_duplicates),
    ):
        OUT.print(f"{len(faults)} {words}", highlight=False)
        for fault in faults:
            _line(f"  {fault}")


def _share(count: int, of: int) -> str:
    return f"{count:,} ({count / of:.0%})" if of else "0"


@main.command("questions")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_questions(form: str) -> None:
    """List the named questions with their parameters."""
    if form == "json":
        listed = [
            {"id": q.id, "number": q.number, "title": q.title, "parameters": [p.name for p in q.parameters]}
            for q in questions().values()
        ]
        click.echo(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    table = Table(
        "No.", Column("Question", no_wrap=True), "Parameters (* must be given)", "In words", show_lines=True
    )
    for asked in questions().values():
        table.add_row(str(asked.number or ""), asked.id, _parameters(asked), asked.title)
    _show(table)


def _parameters(asked: Question) -> str:
    return "\n".join(f"--{p.name}{'*' if p.required else ''}" for p in asked.parameters)


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("name", metavar="QUESTION")
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
@click.option("--show-query", is_flag=True, help="Print the SPARQL behind the answer instead of the answer.")
@click.pass_context
def ask(ctx: click.Context, name: str, form: str, show_query: bool) -> None:
    """Answer a named QUESTION (an id or number of `nexuskb questions`).

    Parameters go by name: `nexuskb ask policies-against-driver --country MNG --driver overgrazing`.
    """
    settings = load_settings()
    asked = question(name)
    text = fill(asked, named_values(ctx.args), Vocabularies(read_model(settings)))
    if show_query:
        click.echo(declare_prefixes(text), nl=False)
        return
    store = _open(settings)
    if form not in ("table", "csv"):
        _answer(store, text, form)
        return
    given = _with_reservations(store, text)
    if form == "csv":
        click.echo(as_csv(given), nl=False)
        return
    _print_table(given.columns, [[row.get(name, "") for name in given.columns] for row in given.rows])
    for words, identifiers in given.by_words().items():
        _line(f"\nTo be said: {words}")
        _line(f"  {', '.join(identifiers)}")


def _with_reservations(store: TripleStore, text: str) -> Answer:
    solutions = store.select(text)
    rows = [{name: str(term) for name, term in row.items()} for row in solutions]
    wanted = reservations_query(rows)
    reserved = (
        [{name: str(term) for name, term in row.items()} for row in store.select(wanted)] if wanted else []
    )
    return answer(list(solutions.variables), rows, reserved)


def _answer(store: TripleStore, text: str, form: str) -> None:
    query_form = parse_query(text, PREFIXES).form
    if form == "table" and query_form is QueryForm.SELECT:
        solutions = store.select(text)
        rows = [["" if term is None else str(term) for term in row] for row in solutions.rows]
        _print_table(list(solutions.variables), rows)
        return
    store.answer(text, EVERYTHING, _format(form, query_form), sys.stdout.buffer)
    if form in ("table", "json"):
        click.echo()


def _format(form: str, query_form: QueryForm) -> ResultFormat:
    if form == "table":
        return formats_for(query_form)[0]
    if form == "csv" and query_form is QueryForm.SELECT:
        return CSV
    return format_by_name(form, formats_for(query_form))


def _print_table(columns: list[str], rows: list[list[str]]) -> None:
    table = Table(*(Column(name, overflow="fold") for name in columns), box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(curie(value)) for value in row))
    _show(table)
    OUT.print(f"{len(rows):,} rows", highlight=False)


def _show(table: Table) -> None:
    """A table fitted to the terminal; as wide as its content where it goes to a file or a pipe."""
    out = OUT if OUT.is_terminal else _Out(width=100_000)
    out.print(table, highlight=False)


def _open(settings: Settings) -> SearchingStore:
    with _progress("Filling the store") as step:
        return open_base(settings, lambda done, total, _: step(done, total))


@contextmanager
def _progress(words: str) -> Iterator[_Step]:
    """A progress bar on a terminal that shows itself only when there is something to wait for."""
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal)
    with bar:
        yield _Step(bar)


class _Step:
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, visible=False)

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total, visible=True)
