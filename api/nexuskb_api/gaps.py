"""Gaps and recommendations of the paper: pages and data."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.paper.gaps import KINDS, find_gaps, gap_kind
from nexuskb.paper.recommendations import UNSUPPORTED, check_recommendations
from nexuskb.questions.catalogue import Parameter
from nexuskb_api.facade import facade_of
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Paper"])

_COUNTRY = (Parameter("country", "area", False, "Only this State or area"),)
#: Gaps of a kind that the page of all kinds lists; a page of one kind lists them all.
_FIRST = 20


@router.head("/paper/gaps", include_in_schema=False)
@router.get("/paper/gaps", summary="Gaps, told apart from what nobody has looked at")
async def show_gaps(request: Request, country: str = "", kind: str = "") -> Response:
    """The gaps of each kind, or of one kind in full, of a State or of all."""
    facade = facade_of(request)
    kinds = (gap_kind(kind),) if kind else KINDS
    found = [await facade.ask(find_gaps(each, country.strip(), facade.vocabularies)) for each in kinds]
    if wants_html(request):
        shown = {
            "found": found,
            "parameters": _COUNTRY,
            "values": {"country": country},
            "schemes": facade.vocabularies.schemes,
            "kind": kind,
            "country": country.strip(),
            "asked": urlencode({"country": country.strip()}) if country.strip() else "",
            "first": None if kind else _FIRST,
        }
        return page(request, "gaps.html", shown)
    listed = [each.as_dict() for each in found]
    return JSONResponse({"generation": facade.generation, "kinds": listed}, headers={"Vary": "Accept"})


@router.head("/paper/recommendations", include_in_schema=False)
@router.get("/paper/recommendations", summary="Recommendations with their support and what they lack")
async def show_recommendations(request: Request, country: str = "") -> Response:
    """Each recommendation: who should do what by when, how it is measured, and what it answers."""
    facade = facade_of(request)
    found = await facade.ask(check_recommendations(country.strip(), facade.vocabularies))
    if wants_html(request):
        shown = {
            "found": found,
            "unsupported": [each for each in found if each.support == UNSUPPORTED],
            "actionable": sum(each.actionable for each in found),
            "parameters": _COUNTRY,
            "values": {"country": country},
            "schemes": facade.vocabularies.schemes,
            "asked": urlencode({"country": country.strip()}) if country.strip() else "",
        }
        return page(request, "recommendations.html", shown)
    listed = [each.as_dict() for each in found]
    told = {"generation": facade.generation, "recommendations": listed}
    return JSONResponse(told, headers={"Vary": "Accept"})
