"""``nexuskb chains`` and ``nexuskb effects``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from nexuskb.arguments import named_values
from nexuskb.asking import drive, rows_of
from nexuskb.content import read_model
from nexuskb.errors import FormatError
from nexuskb.paper import chains as chains_module
from nexuskb.paper import effects as effects_module
from nexuskb.paper.chains import PARAMETERS, find_chains
from nexuskb.paper.effects import DAMPING, find_influences, influence_of
from nexuskb.paper.figures import MEDIA_TYPES
from nexuskb.paper.flows import DRAWN, draw_chains
from nexuskb.settings import load_settings
from nexuskb.store.filling import open_store
from nexuskb.vocabulary import Vocabularies
from nexuskb.whole import write_whole

_HELP = ", ".join(f"--{parameter.name}" for parameter in PARAMETERS)


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--format", "form", default="text", show_default=True, help="text, csv, json, svg, png or pdf.")
@click.option("--drawn", type=click.Choice(DRAWN), default="sankey", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file of a figure.")
@click.pass_context
def chains(ctx: click.Context, form: str, drawn: str, output: Path | None) -> None:
    """Follow interlinkages from a driver, an impact, a domain, a measure or a policy to what they lead to.

    Parameters go by name: nexuskb chains --driver overgrazing --to health
    """
    settings = load_settings()
    store = open_store(settings)
    values = named_values(ctx.args)
    found = drive(find_chains(values, Vocabularies(read_model(settings))), rows_of(store))
    if form == "csv":
        click.echo(chains_module.as_csv(found), nl=False)
    elif form == "json":
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    elif form in MEDIA_TYPES:
        if output is None:
            raise FormatError(f"Say where the {form} is to be written: --output FILE.")
        write_whole(output, draw_chains(found, drawn, form, found.provenance(store.generation)))
        click.echo(f"{output}: {len(found.found):,} chains.")
    elif form == "text":
        for chain in found.found:
            across = ", across areas" if chain.crosses else ""
            click.echo(f"{chain.text}\n    {chain.weakest.confidence}; {', '.join(chain.areas)}{across}")
        more = f" There are more than {len(found.found):,}." if found.more else ""
        click.echo(f"{len(found.found):,} chains.{more}")
    else:
        raise FormatError(f"Chains come as text, csv, json, {', '.join(MEDIA_TYPES)}, not as {form!r}.")


@click.command()
@click.argument("policy", required=False)
@click.option("--damping", default=DAMPING, show_default=True, type=click.FloatRange(0, 1))
@click.option(
    "--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True
)
def effects(policy: str | None, damping: float, form: str) -> None:
    """Say what POLICY does to others directly and at second order; without it, rank all that act.

    Scores of -3 to +3; a second-order effect is the product of two, weighed by the damping.
    """
    settings = load_settings()
    found = drive(find_influences(Vocabularies(read_model(settings)), damping), rows_of(open_store(settings)))
    chosen = (influence_of(found, policy),) if policy else found
    if form == "csv":
        click.echo(effects_module.as_csv(chosen), nl=False)
    elif form == "json":
        click.echo(json.dumps([each.as_dict() for each in chosen], ensure_ascii=False, indent=2))
    else:
        for each in chosen:
            click.echo(
                f"{each.net:+g} = {each.direct:+d} direct {each.second:+g} second order: {each.of.name}"
            )
            for effect in each.effects if policy else ():
                ways = ", ".join(first.end.name for first, _ in effect.ways)
                through = f" through {ways}" if ways else ""
                click.echo(f"    {effect.net:+g} on {effect.on.name}{through}")
