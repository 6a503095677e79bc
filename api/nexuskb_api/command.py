"""``nexuskb serve``: start the facade."""

from __future__ import annotations

import click
import uvicorn

from nexuskb.settings import load_settings
from nexuskb.store.filling import prepare
from nexuskb_api.app import create_app


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind to.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--log-level", default="warning", show_default=True, help="Level of the server's log.")
def serve(host: str, port: int, log_level: str) -> None:
    """Serve the knowledge base with its pages and its SPARQL endpoint."""
    settings = load_settings()
    click.echo(f"Loading the knowledge base from {settings.data} ...")
    prepare(settings)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Serving the knowledge base on http://{shown}:{port}  (Ctrl-C to stop)")
    click.echo(f"  questions  http://{shown}:{port}/questions")
    click.echo(f"  SPARQL     http://{shown}:{port}/sparql")
    uvicorn.run(create_app(settings), host=host, port=port, log_level=log_level, server_header=False)
