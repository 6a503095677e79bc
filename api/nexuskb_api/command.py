"""``nexuskb serve``: start the facade."""

from __future__ import annotations

import resource

import click
import uvicorn

from nexuskb.settings import load_serving, load_settings
from nexuskb.store.filling import prepare
from nexuskb_api.app import create_app
from nexuskb_api.connections import ConnectionLimits, bounded

#: Seconds that a request may take beside waiting and evaluation: for its body, and for a slow reader.
_BESIDES = 30.0
_DESCRIPTORS = 4_096
#: Levels of the log at which requests are in it.
_LOGGING_REQUESTS = ("info", "debug", "trace")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind to.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--log-level", default="warning", show_default=True, help="Level of the server's log.")
def serve(host: str, port: int, log_level: str) -> None:
    """Serve the knowledge base with its pages and its SPARQL endpoint."""
    settings, serving = load_settings(), load_serving()
    click.echo(f"Loading the knowledge base from {settings.data} ...")
    prepare(settings)
    if settings.store:
        click.echo(f"Queries are answered by the store at {settings.store.host}")
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Serving the knowledge base on http://{shown}:{port}  (Ctrl-C to stop)")
    click.echo(f"  questions  http://{shown}:{port}/questions")
    click.echo(f"  SPARQL     http://{shown}:{port}/sparql")
    _allow_descriptors()
    limits = ConnectionLimits(request_seconds=2 * serving.limits.seconds + _BESIDES)
    uvicorn.run(
        create_app(settings, serving, ahead=True),
        host=host,
        port=port,
        http=bounded(limits, shared=bool(serving.proxies)),
        ws="none",
        log_level=log_level,
        access_log=log_level in _LOGGING_REQUESTS,  # otherwise uvicorn writes lines that nobody gets
        server_header=False,
        proxy_headers=bool(serving.proxies),
        forwarded_allow_ips=list(serving.proxies),
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )


def _allow_descriptors() -> None:
    """Have room for all connections that are taken: many systems begin with 256 or 1,024 descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
