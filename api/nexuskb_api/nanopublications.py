"""Interlinkages as nanopublications, each at an address of its own."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from rdflib import RDF
from starlette.exceptions import HTTPException

from nexuskb.exchange.dataset import data_version
from nexuskb.exchange.nanopublication import nanopublication
from nexuskb.records.document import plain_query
from nexuskb.terms import IDENTIFIER_PATTERN, NX, record_iri
from nexuskb_api.facade import facade_of

router = APIRouter(tags=["Linked data"])


@router.get("/nanopublications/{name}", summary="An interlinkage as a nanopublication")
async def get_nanopublication(request: Request, name: str) -> Response:
    """Assertion, provenance and publication info in TriG, at the identifier with or without ``.trig``."""
    facade, identifier = facade_of(request), name.removesuffix(".trig")
    if not IDENTIFIER_PATTERN.fullmatch(identifier):
        raise HTTPException(
            404, f"{identifier!r} is not an identifier of a record: use a-z, 0-9 and hyphens."
        )
    record = await facade.graph(plain_query(identifier))
    if (record_iri(identifier), RDF.type, NX.Interlinkage) not in record:
        raise HTTPException(
            404, f"There is no interlinkage {identifier!r}. They are listed at /search?kind=Interlinkage."
        )
    generation = await facade.current()
    version = data_version(request.app.state.settings)
    body = await facade.apart(lambda: nanopublication(identifier, record, generation, version))
    return Response(body, media_type="application/trig; charset=utf-8")
