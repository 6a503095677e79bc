"""``nexuskb settings``: check what is set, and show what is in effect."""

from __future__ import annotations

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nexuskb.configuration import NAMES, PREFIX, read_given
from nexuskb.settings import RemoteSettings, ServingSettings, Settings, load_serving, load_settings


@click.command("settings")
def show_settings() -> None:
    """Check the settings and show them: each with its value and where it was set.

    Exit status 2 with the first that is wrong.
    """
    given, effective = read_given(), in_effect(load_settings(), load_serving())
    table = Table("Setting", "Value", "Set by", box=box.SIMPLE_HEAD)
    for name in NAMES:
        where = str(given.file) if name in given.in_file else "environment" if given[name] else ""
        table.add_row(f"{PREFIX}{name}", Text(effective[name] or "none"), Text(where))
    out = Console()
    (out if out.is_terminal else Console(width=100_000)).print(table, highlight=False)


def in_effect(settings: Settings, serving: ServingSettings) -> dict[str, str]:
    """Every setting by name with its value as it would be set; of a password only that it is there."""
    store = settings.store or RemoteSettings("")
    limits, log = serving.limits, serving.log
    return {
        "ONTOLOGY": str(settings.ontology),
        "DATA": str(settings.data),
        "HOME": str(settings.home),
        "QUERY_SECONDS": f"{limits.seconds:g}",
        "QUERY_MEMORY_MB": str(limits.memory // 1024**2),
        "WORKERS": str(limits.workers),
        "QUEUE": str(limits.waiting),
        "CLIENT_SECONDS": f"{limits.client_seconds:g}",
        "STORE_MODE": serving.mode,
        "PROXIES": " ".join(serving.proxies),
        "ROOT_PATH": serving.root_path,
        "CORS_ORIGINS": " ".join(serving.origins),
        "SHUTDOWN_SECONDS": f"{serving.shutdown_seconds:g}",
        "LOG_LEVEL": log.level,
        "LOG_FORMAT": log.format,
        "LOG_QUERIES": "yes" if log.queries else "no",
        "METRICS": "yes" if serving.metrics else "no",
        "MACHINE_TRANSLATIONS": "yes" if serving.machine_translations else "no",
        "STORE": store.query,
        "STORE_UPDATE": store.update,
        "STORE_GRAPHS": store.graphs,
        "STORE_USER": store.user,
        "STORE_PASSWORD_FILE": "read" if store.password else "",
        "STORE_TIMEOUT": store.timeout,
    }
