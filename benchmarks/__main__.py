"""``python -m benchmarks``: make a base, or measure and report."""

from __future__ import annotations

import json
from pathlib import Path

import click

from benchmarks.generator import generate as make
from benchmarks.generator import write_lines
from benchmarks.harness import run as measure
from benchmarks.pages import measure as measure_pages
from benchmarks.peers import OFFERS
from benchmarks.profiling import profile_facade
from benchmarks.report import write_into, write_report
from benchmarks.starting import measure as measure_start
from benchmarks.validation import measure as measure_validation

#: Triples, seconds of the longest phase, peers (none for all), and whether also the real base is measured.
_RUNS: tuple[tuple[int, float, tuple[str, ...], bool], ...] = (
    (100_000, 5.0, (), True),
    (1_000_000, 3.0, ("nexuskb", "nexuskb-disk", "oxigraph", "virtuoso"), False),
)


@click.group()
def main() -> None:
    """Benchmarks of nexuskb beside other SPARQL endpoints."""


@main.command()
@click.option("--triples", default=100_000, show_default=True, type=click.IntRange(1_000, 10_000_000))
@click.option("--seed", default=1, show_default=True)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Directory to write to.")
@click.option("--lines", is_flag=True, help="Also as data.nt and data.nq.")
def generate(triples: int, seed: int, output: Path, lines: bool) -> None:
    """Write a base in the shape of the real one, for NEXUSKB_DATA=OUTPUT/data."""
    made = make(output / "data", triples, seed)
    if lines:
        write_lines(output / "data", output / "data.nt", output / "data.nq")
    click.echo(f"{made.triples:,} triples in {sum(made.counts.values()):,} records under {output / 'data'}")


@main.command()
@click.option("--triples", default=100_000, show_default=True, type=click.IntRange(1_000, 10_000_000))
@click.option("--seconds", default=10.0, show_default=True, help="Length of the longest phase of each peer.")
@click.option("--seed", default=1, show_default=True)
@click.option("--peer", "peers", multiple=True, type=click.Choice([offer.key for offer in OFFERS]))
@click.option("--base/--no-base", default=True, help="Also starting and validating the real base.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Directory for the report.")
def run(triples: int, seconds: float, seed: int, peers: tuple[str, ...], base: bool, output: Path) -> None:
    """Measure the peers and write result.json, result.md and result.svg."""
    output.mkdir(parents=True, exist_ok=True)
    result = measure(triples, seconds, peers, seed, click.echo, base=base)
    (output / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    write_report(result, output)
    click.echo((output / "result.md").read_text(encoding="utf-8"))


@main.command("all")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Directory for the reports.")
@click.option("--into", type=click.Path(path_type=Path, exists=True), help="A document to put the tables in.")
@click.option("--seed", default=1, show_default=True)
def run_all(output: Path, into: Path | None, seed: int) -> None:
    """All peers over 100,000 triples, four of them over a million: about a quarter of an hour."""
    for triples, seconds, peers, base in _RUNS:
        directory = output / str(triples)
        directory.mkdir(parents=True, exist_ok=True)
        result = measure(triples, seconds, peers, seed, click.echo, base=base)
        (directory / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        write_report(result, directory)
        click.echo((directory / "result.md").read_text(encoding="utf-8"))
        if into:
            write_into(result, into, into.parent / "images" / f"benchmarks-{triples}.svg")


@main.command()
@click.option("--triples", default=100_000, show_default=True, type=click.IntRange(1_000, 10_000_000))
@click.option("--seconds", default=6.0, show_default=True)
def profile(triples: int, seconds: float) -> None:
    """Say where the facade spends the time of an unseen point lookup."""
    click.echo(profile_facade(triples, seconds))


@main.command()
@click.option("--triples", "sizes", multiple=True, default=(10_000, 100_000, 1_000_000), show_default=True)
@click.option("--changes", default=500, show_default=True, help="Changes checked in each round.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Directory for the bases.")
def validation(sizes: tuple[int, ...], changes: int, output: Path) -> None:
    """Measure checking one change, and validating the whole real base."""
    click.echo(measure_validation(output, sizes, changes, lambda words: click.echo(words, err=True)))


@main.command()
@click.option("--rounds", default=5, show_default=True, help="Starts from an empty directory, and again.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Directory for the homes.")
def start(rounds: int, output: Path) -> None:
    """Measure the time from `nexuskb serve` to the first answer over the real base."""
    output.mkdir(parents=True, exist_ok=True)
    click.echo(measure_start(output, rounds))


@main.command()
@click.option("--records", default=200, show_default=True, help="Records asked for, of all kinds alike.")
@click.option("--seed", default=1, show_default=True)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Directory for the home.")
def pages(records: int, seed: int, output: Path) -> None:
    """Measure the pages of the real base: records, searches, lists, the start page."""
    output.mkdir(parents=True, exist_ok=True)
    click.echo(measure_pages(output, records, seed, lambda words: click.echo(words, err=True)))


@main.command()
@click.argument("output", type=click.Path(path_type=Path, exists=True))
@click.option("--into", type=click.Path(path_type=Path, exists=True), help="A document to put the tables in.")
def report(output: Path, into: Path | None) -> None:
    """Write result.md and result.svg anew from OUTPUT/result.json."""
    result = json.loads((output / "result.json").read_text(encoding="utf-8"))
    write_report(result, output)
    if into:
        write_into(result, into, into.parent / "images" / f"benchmarks-{result['settings']['triples']}.svg")


if __name__ == "__main__":
    main()
