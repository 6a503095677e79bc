"""The profiles of the States and the region: pages and JSON."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from markupsafe import Markup

from nexuskb.countries.areas import REGION, STATES, area_of, profiled
from nexuskb.countries.profile import read_profile
from nexuskb.countries.series import Series
from nexuskb.drawings.framework import Life, draw_framework
from nexuskb.drawings.series import Line, Point, draw_series
from nexuskb.paper.matrices.matrix import Matrix
from nexuskb_api.facade import facade_of, plain
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Countries"])

_COUNTS = """SELECT ?area ?kind (COUNT(DISTINCT ?record) AS ?records) WHERE {
  VALUES ?kind {
    nx:Policy nx:Measure nx:Target nx:DriverFinding nx:ImpactFinding nx:Interlinkage nx:Observation
  }
  ?record a ?kind ; nx:area ?area ; nx:reviewState ?state .
} GROUP BY ?area ?kind"""
#: Policies on the first line of time; all are on the second.
_LATEST = 20


@router.head("/countries", include_in_schema=False)
@router.get("/countries", summary="The States and the region")
async def list_countries(request: Request) -> Response:
    """The six States as the United Nations names them, and the region, with what the base holds."""
    facade = facade_of(request)
    counted: dict[str, dict[str, int]] = {}
    for row in map(plain, await facade.rows(_COUNTS)):
        kinds = counted.setdefault(row["area"].rsplit("/", 1)[1], {})
        kinds[row["kind"].rsplit("/", 1)[1]] = int(row["records"])
    areas = profiled(facade.vocabularies)
    if wants_html(request):
        return page(request, "countries.html", {"areas": areas, "counted": counted})
    listed = [
        {
            "key": area.key,
            "name": area.label,
            "records": counted.get(area.key, {}),
            "address": str(request.url_for("show_country", name=area.key)),
        }
        for area in areas
    ]
    return JSONResponse({"generation": facade.generation, "areas": listed}, headers={"Vary": "Accept"})


@router.head("/countries/", include_in_schema=False)
@router.get("/countries/", include_in_schema=False)
async def with_slash(request: Request) -> Response:
    """The list, where somebody writes the address with a slash at its end."""
    return RedirectResponse(str(request.url_for("list_countries")), 308)


@router.head("/countries/{name}", include_in_schema=False)
@router.get("/countries/{name}", summary="The profile of a State or the region")
async def show_country(request: Request, name: str) -> Response:
    """Framework in time, policies, drivers, impacts, targets, gaps, figures, institutions of an area."""
    facade = facade_of(request)
    bare, dot, extension = name.partition(".")
    area = area_of(bare, facade.vocabularies)
    if bare != area.key:
        return RedirectResponse(str(request.url_for("show_country", name=area.key + dot + extension)), 301)
    profile = await facade.ask(read_profile(area, facade.vocabularies))
    if extension == "html" or (not extension and wants_html(request)):
        root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
        shown = {
            "profile": profile,
            "asked": urlencode({"country": area.notation}),
            "region": area.key == REGION,
            "others": [each for each in profiled(facade.vocabularies) if each.key in STATES and each != area],
            "lines": _lines(profile.framework, root),
            "drawn": [(each, _chart(each, root)) for each in profile.series if each.drawable],
            "undrawn": [each for each in profile.series if not each.drawable],
        }
        return page(request, "country.html", shown)
    told = {"generation": facade.generation, **profile.as_dict()}
    return JSONResponse(told, headers={"Vary": "Accept"})


def _lines(framework: Matrix, root: str) -> list[Markup]:
    """The lines of time: of the latest policies, and of all where there are more."""
    titles = {row.key: row.text for row in framework.rows}
    lives = [
        Life(titles[span.row], f"{root}/records/{span.row}", span.start, span.until, span.shade)
        for span in framework.spans
    ]
    if not lives:
        return []
    today = dt.datetime.now(dt.UTC).date()
    now = today.year + today.timetuple().tm_yday / 366
    lives.sort(key=lambda life: life.start)
    parts = [lives[-_LATEST:], lives] if len(lives) > _LATEST else [lives]
    return [Markup(draw_framework(part, now, framework.title)) for part in parts]  # noqa: S704 -- of elements


def _chart(series: Series, root: str) -> Markup:
    points = [
        Point(int(f.year[:4]), f.number, f"{f.printed} {series.unit}", f"{root}/records/{f.record}")
        for f in series.figures
        if f.year and f.number is not None
    ]
    return Markup(draw_series([Line(series.name, tuple(points))], series.name))  # noqa: S704 -- made of elements
