"""``nexuskb serve``: start the facade. ``nexuskb mcp``: the base for a language model on this machine."""

from __future__ import annotations

import asyncio
import math
import resource
import socket
import sys
from dataclasses import replace

import click
import uvicorn
from fastapi import FastAPI

from nexuskb.settings import LOG_LEVELS, ServingSettings, Settings, load_serving, load_settings
from nexuskb.store.filling import prepare
from nexuskb_api.app import create_app
from nexuskb_api.built import built_file
from nexuskb_api.connections import ConnectionLimits, bounded
from nexuskb_api.consultation import consultation, facade_in
from nexuskb_api.logs import log_config

#: Seconds that a request may take beside waiting and evaluation: for its body, and for a slow reader.
_BESIDES = 30.0
#: Seconds for the ends of answers to reach those who asked, after the server has ended all queries.
_LAST_WORDS = 2.0
_DESCRIPTORS = 4_096


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind to.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--log-level", type=click.Choice(LOG_LEVELS), help="Least level in the log, before NEXUSKB_LOG_LEVEL."
)
def serve(host: str, port: int, log_level: str | None) -> None:
    """Serve the knowledge base with its pages and its SPARQL endpoint."""
    settings, serving = load_settings(), load_serving()
    if log_level:
        serving = replace(serving, log=replace(serving.log, level=log_level))
    click.echo(f"Loading the knowledge base from {settings.data} ...")
    prepare(settings)
    if settings.store:
        click.echo(f"Queries are answered by the store at {settings.store.host}")
    shown = f"[{host}]" if ":" in host else host
    if not built_file("query.ts"):
        click.echo("The scripts of the pages were not built: the query page is a plain form (docs/query.md).")
    click.echo(f"Serving the knowledge base on http://{shown}:{port}  (Ctrl-C to stop)")
    click.echo(f"  questions  http://{shown}:{port}/questions")
    click.echo(f"  SPARQL     http://{shown}:{port}/sparql")
    _allow_descriptors()
    app = create_app(settings, serving, ahead=True)
    server = _Server(_configured(app, serving, host, port), app, serving.shutdown_seconds)
    server.run()
    if not server.started:
        sys.exit(3)


def _configured(app: FastAPI, serving: ServingSettings, host: str, port: int) -> uvicorn.Config:
    limits = ConnectionLimits(request_seconds=2 * serving.limits.seconds + _BESIDES)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=bounded(limits, shared=bool(serving.proxies)),
        ws="none",
        log_config=log_config(serving.log),
        log_level=None,
        access_log=False,  # its lines have addresses of people; ours have none
        server_header=False,
        root_path=serving.root_path,
        proxy_headers=bool(serving.proxies),
        forwarded_allow_ips=list(serving.proxies),
        timeout_keep_alive=5,
        timeout_graceful_shutdown=math.ceil(serving.shutdown_seconds + _LAST_WORDS),
    )


@click.command()
def mcp() -> None:
    """Let a language model consult the base, by the Model Context Protocol on standard input and output."""
    asyncio.run(_consult(load_settings(), load_serving()))


async def _consult(settings: Settings, serving: ServingSettings) -> None:
    app = create_app(settings, serving)
    async with app.router.lifespan_context(app):
        await consultation(lambda: facade_in(app)).run_stdio_async()


class _Server(uvicorn.Server):
    """A server that, told to end, lets running answers end for some time, and then tells that it closes."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, seconds: float) -> None:
        super().__init__(config)
        self._app = app
        self._seconds = seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and end."""
        ending = asyncio.get_running_loop().call_later(self._seconds, self._app.state.facade.pool.end)
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()


def _allow_descriptors() -> None:
    """Have room for all connections that are taken: many systems begin with 256 or 1,024 descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
