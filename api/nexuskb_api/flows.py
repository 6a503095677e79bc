"""Chains of interlinkages and second-order effects: pages, data and figures."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.errors import FormatError, QuestionError
from nexuskb.paper import chains as chains_module
from nexuskb.paper import effects as effects_module
from nexuskb.paper.chains import PARAMETERS, STARTS, Chains, find_chains
from nexuskb.paper.effects import DAMPING, find_influences, influence_of
from nexuskb.paper.figures import MEDIA_TYPES
from nexuskb.paper.flows import DRAWN, draw_chains, drawable
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Paper"])

_CHAIN_FORMS = ("json", "csv", *MEDIA_TYPES)


@router.head("/paper/chains", include_in_schema=False)
@router.head("/paper/chains.{extension}", include_in_schema=False)
@router.get("/paper/chains.{extension}", include_in_schema=False)
@router.get(
    "/paper/chains",
    summary="Chains of interlinkages from a start",
    openapi_extra={
        "parameters": [
            {"name": p.name, "in": "query", "schema": {"type": "string"}, "description": p.help}
            for p in PARAMETERS
        ]
        + [{"name": "drawn", "in": "query", "schema": {"type": "string", "enum": list(DRAWN)}}]
    },
)
async def show_chains(request: Request, extension: str = "") -> Response:
    """Chains as a page, JSON, CSV, or drawn as a graph or a Sankey diagram in SVG, PNG or PDF."""
    facade = facade_of(request)
    values = {key: value for key, value in request.query_params.items() if value.strip()}
    form = extension or values.pop("format", "")
    values.pop("format", None)
    drawn = values.pop("drawn", "sankey")
    html = form == "html" or (not form and wants_html(request))
    if html and not any(name in values for name in STARTS):
        return _chains_page(request, facade, values, None)
    found = await facade.ask(find_chains(values, facade.vocabularies))
    if html:
        return _chains_page(request, facade, values, found)
    if form in ("", "json"):
        return JSONResponse({"generation": facade.generation, **found.as_dict()}, headers={"Vary": "Accept"})
    if form == "csv":
        headers = {"Content-Disposition": 'attachment; filename="chains.csv"', "Vary": "Accept"}
        body = chains_module.as_csv(found)
        return Response(body, media_type="text/csv; charset=utf-8", headers=headers)
    if form not in MEDIA_TYPES:
        raise FormatError(f"Chains come as {', '.join(_CHAIN_FORMS)}, not as {form!r}.")
    made_from = found.provenance(facade.generation)
    drawing = await facade.apart(lambda: draw_chains(found, drawn, form, made_from))
    shown = "inline" if form == "svg" else "attachment"
    headers = {"Content-Disposition": f'{shown}; filename="chains-{drawn}.{form}"', "Vary": "Accept"}
    return Response(drawing, media_type=MEDIA_TYPES[form], headers=headers)


def _chains_page(request: Request, facade: Facade, values: dict[str, str], found: Chains | None) -> Response:
    shown = {
        "parameters": PARAMETERS,
        "values": values,
        "schemes": facade.vocabularies.schemes,
        "chains": found,
        "drawable": found is not None and drawable(found),
        "address": urlencode(values),
    }
    return page(request, "chains.html", shown)


@router.head("/paper/effects", include_in_schema=False)
@router.head("/paper/effects.{extension}", include_in_schema=False)
@router.get("/paper/effects.{extension}", include_in_schema=False)
@router.get("/paper/effects", summary="Direct and second-order effects of policies")
async def show_effects(
    request: Request, extension: str = "", policy: str = "", damping: str = ""
) -> Response:
    """The influence of everything that acts by a scored interlinkage, or that of one policy in full."""
    facade = facade_of(request)
    weight = _damping(damping)
    found = await facade.ask(find_influences(facade.vocabularies, weight))
    chosen = (influence_of(found, policy),) if policy else found
    form = extension or request.query_params.get("format", "")
    if form == "html" or (not form and wants_html(request)):
        asked = {"policy": policy, "damping": damping}
        address = urlencode({name: value for name, value in asked.items() if value})
        shown = {"found": chosen, "policy": policy, "damping": weight, "address": address}
        return page(request, "effects.html", shown)
    if form == "csv":
        headers = {"Content-Disposition": 'attachment; filename="effects.csv"', "Vary": "Accept"}
        body = effects_module.as_csv(chosen)
        return Response(body, media_type="text/csv; charset=utf-8", headers=headers)
    if form not in ("", "json"):
        raise FormatError(f"Effects come as json or csv, not as {form!r}.")
    listed = [each.as_dict() for each in chosen]
    told = {"generation": facade.generation, "damping": weight, "influences": listed}
    return JSONResponse(told, headers={"Vary": "Accept"})


def _damping(text: str) -> float:
    try:
        weight = float(text or DAMPING)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise QuestionError(f"{text!r} does not do for damping: give a number from 0 to 1.", "damping")
    return weight
