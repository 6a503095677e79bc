"""Bibliographies as files to download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi.responses import Response

from nexuskb.exchange.citations.bibliographies import bibliography
from nexuskb.exchange.citations.references import Reference, cite, references, sources_alone
from nexuskb.sparql.formats import ResultFormat
from nexuskb_api.facade import Facade


def bibliography_file(
    sources: Sequence[Reference], chosen: ResultFormat, name: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The sources in a format of bibliographies, to be saved under ``name`` with the format's extension."""
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{chosen.extension}"'}
    body = bibliography(sources, chosen)
    given = {"Vary": "Accept", **(headers or {}), **disposition}
    return Response(body, 200, given, media_type=f"{chosen.media_type}; charset=utf-8")


async def bibliography_of(
    facade: Facade, records: Sequence[str], chosen: ResultFormat, name: str
) -> Response:
    """The sources behind some records as such a file."""
    citations = sources_alone(await facade.ask(cite(records)))
    return bibliography_file(references(citations), chosen, name)
