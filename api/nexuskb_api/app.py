"""The application: resources, pages, errors and headers put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from nexuskb import __version__
from nexuskb.settings import ServingSettings, Settings
from nexuskb_api import (
    audit,
    builder,
    compare,
    consultation,
    countries,
    definitions,
    dumps,
    entering,
    flows,
    gaps,
    graph,
    health,
    matrices,
    metrics,
    nanopublications,
    packs,
    paper,
    paper_check,
    problems,
    query,
    questions,
    records,
    search,
    sparql,
    start,
    wellknown,
)
from nexuskb_api.built import BuiltFiles
from nexuskb_api.compression import Compression
from nexuskb_api.connections import Clients
from nexuskb_api.entry import forms, reviews, signing, workbooks
from nexuskb_api.entry.room import SignInError
from nexuskb_api.facade import open_facade
from nexuskb_api.languages import read_languages
from nexuskb_api.measures import Measures, Measuring
from nexuskb_api.metrics import Writes
from nexuskb_api.pages import STATIC

_WRONG = {
    "description": "A parameter is wrong: a problem document says which, and what would do.",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}
_ENDPOINT_METHODS = frozenset({"GET", "HEAD", "POST"})


class Application(FastAPI):
    """The facade. Requests to its endpoint go straight there.

    To look for their route and to solve what its handler depends on would take longer than a point lookup.
    """

    entry: ASGIApp
    framework: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.entry(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The description of the API. What is wrong with a request is told with status 400, not 422."""
        if self.openapi_schema is None:
            described = super().openapi()
            for item in described["paths"].values():
                for operation in item.values():
                    if operation["responses"].pop("422", None):
                        operation["responses"].setdefault("400", _WRONG)
            for unused in ("HTTPValidationError", "ValidationError"):
                described.get("components", {}).get("schemas", {}).pop(unused, None)
            self.openapi_schema = described
        return self.openapi_schema

    async def dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the endpoint, also below a sub-path, or to the framework."""
        if (
            scope["type"] == "http"
            and scope["path"] == scope.get("root_path", "") + sparql.PATH
            and scope["method"] in _ENDPOINT_METHODS
        ):
            scope["app"] = self
            await sparql.serve(scope, receive, send)
        else:
            await self.framework(scope, receive, send)


def _shared_with(origins: tuple[str, ...], app: ASGIApp) -> ASGIApp:
    """Let pages of these origins read answers (the Fetch standard's CORS protocol), without credentials.

    They may send queries, not tokens: nothing can be written from another site.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=sorted(_ENDPOINT_METHODS),
        allow_headers=("Accept", "Content-Type", "If-None-Match"),
        expose_headers=("ETag", "Retry-After"),
        max_age=86_400,
    )


def create_app(settings: Settings, serving: ServingSettings | None = None, ahead: bool = False) -> FastAPI:
    """The facade over the knowledge base that the settings name. The store is opened when it starts.

    ``ahead`` makes what is slow to make, the outline of the paper, before anybody asks for it.
    """

    shown = serving or ServingSettings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.consultation = consultation.endpoint(app, shown.origins)
        async with open_facade(app, settings, shown), app.state.consultation.run():
            keeping = asyncio.create_task(paper.keep_outline(app)) if ahead else None
            yield
            if keeping:
                keeping.cancel()

    app = Application(
        title="nexuskb",
        version=__version__,
        summary="Policies, drivers, impacts and interlinkages of climate, land and water, with evidence.",
        license_info={"name": "Apache-2.0 (code), CC BY 4.0 (data)", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        default_response_class=JSONResponse,
    )
    app.add_middleware(Compression)
    app.state.settings, app.state.serving = settings, shown
    app.state.measures, app.state.writes = Measures(), Writes()
    app.framework = Measuring(super(Application, app).__call__, app.state.measures)
    app.entry = Clients(_shared_with(shown.origins, app.dispatch))
    app.state.languages = read_languages(shown.machine_translations)
    problems.install(app)
    app.add_exception_handler(SignInError, signing.to_sign_in)
    resources = (
        start,
        questions,
        records,
        countries,
        compare,
        entering,
        search,
        sparql,
        query,
        builder,
        audit,
        flows,
        gaps,
        graph,
        matrices,
        paper_check,
        packs,
        paper,
        wellknown,
        health,
        metrics,
        definitions,
        dumps,
        nanopublications,
        consultation,
        forms,
        reviews,
        signing,
        workbooks,
    )
    for resource in resources:
        app.include_router(resource.router)
    app.state.resource_routes = [route for resource in resources for route in resource.router.routes]
    app.mount("/static/built", BuiltFiles(), name="built")
    app.router.routes.append(Route(consultation.PATH, endpoint=consultation.Consulted()))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
