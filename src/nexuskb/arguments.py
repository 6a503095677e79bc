"""Parameters given on the command line by their names."""

from __future__ import annotations

import click


def named_values(arguments: list[str]) -> dict[str, str]:
    """``--name value`` and ``--name=value`` as a mapping. Raises ``click.UsageError`` for anything else."""
    values, rest = {}, iter(arguments)
    for argument in rest:
        name, separator, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or not name:
            raise click.UsageError(f"{argument!r} is not a parameter. Give parameters as --name value.")
        following = value if separator else next(rest, None)
        if following is None:
            raise click.UsageError(f"The parameter --{name} needs a value.")
        values[name] = following
    return values
