"""The application: resources, pages, errors and headers put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from nexuskb import __version__
from nexuskb.settings import ServingSettings, Settings
from nexuskb_api import audit, matrices, paper, problems, questions, records, search, sparql, start, wellknown
from nexuskb_api.connections import Clients
from nexuskb_api.facade import open_facade
from nexuskb_api.pages import STATIC


def create_app(settings: Settings, serving: ServingSettings | None = None) -> FastAPI:
    """The facade over the knowledge base that the settings name. The store is opened when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_facade(app, settings, serving or ServingSettings()):
            yield

    app = FastAPI(
        title="nexuskb",
        version=__version__,
        summary="Policies, drivers, impacts and interlinkages of climate, land and water, with evidence.",
        license_info={"name": "Apache-2.0 (code), CC BY 4.0 (data)", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        default_response_class=JSONResponse,
    )
    app.add_middleware(Clients)
    app.state.settings = settings
    problems.install(app)
    resources = (start, questions, records, search, sparql, audit, matrices, paper, wellknown)
    for resource in resources:
        app.include_router(resource.router)
    app.state.resource_routes = [route for resource in resources for route in resource.router.routes]
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
