"""``nexuskb cite``: footnotes and bibliographies of sources, records and passages."""

from __future__ import annotations

from pathlib import Path

import click

from nexuskb.asking import drive, rows_of
from nexuskb.errors import FormatError
from nexuskb.exchange.citations.bibliographies import BIBLIOGRAPHY_FORMATS, bibliography, bibliography_format
from nexuskb.exchange.citations.csl import styled
from nexuskb.exchange.citations.footnotes import footnote, plain
from nexuskb.exchange.citations.references import cite as cited
from nexuskb.exchange.citations.references import references
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store


@click.command()
@click.argument("identifiers", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--to",
    "form",
    default="footnote",
    show_default=True,
    help="footnote (United Nations style), csljson, bibtex, ris, or a .csl file.",
)
def cite(identifiers: tuple[str, ...], form: str) -> None:
    """Cite sources, records or passages by their identifiers.

    A record is cited by the passages that support it: nexuskb cite mng-bt-m1 reg-src-ar6-wg2-ch4 --to ris
    """
    store = open_store(load_settings())
    if form == "footnote":
        for identifier in identifiers:
            click.echo(plain(footnote(drive(cited([identifier]), rows_of(store)))))
        return
    listed = references(drive(cited(identifiers), rows_of(store)))
    if chosen := bibliography_format(form):
        click.echo(bibliography(listed, chosen), nl=False)
    elif form.endswith(".csl"):
        for entry in styled(listed, Path(form)):
            click.echo(entry)
    else:
        names = ", ".join(choice.name for choice in BIBLIOGRAPHY_FORMATS)
        raise FormatError(f"There is no citation format {form!r}. Choose footnote, {names} or a .csl file.")
