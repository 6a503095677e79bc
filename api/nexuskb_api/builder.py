"""Queries by a form: choose a kind of record, filters and columns; the answer comes with the SPARQL made.

The address of the page holds everything that was chosen, so it can be kept and passed on.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from nexuskb.errors import NexusError, QuestionError, UnknownTermError
from nexuskb.forms import Form, FormField, Forms, Holds
from nexuskb.questions.building import Wish, build_query, can_count, filter_inputs
from nexuskb.sparql.portable import declare_prefixes
from nexuskb.vocabulary import nearest_name
from nexuskb_api.charts import chart_of
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html
from nexuskb_api.problems import told
from nexuskb_api.results import read_results
from nexuskb_api.wellknown import CLASSES

router = APIRouter(tags=["SPARQL"])

_KIND, _SHOW, _COUNT, _ASKED = "kind", "show", "count", "asked"
#: What is in the address besides filters.
_OWN: Final = frozenset({_KIND, _SHOW, _COUNT, _ASKED, "format", "lang"})
#: Columns that are shown until somebody chooses.
_FIRST_COLUMNS: Final = 4


@router.head("/query/build", include_in_schema=False)
@router.get(
    "/query/build",
    summary="A query by a form",
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string"}, "description": words}
            for name, words in (
                (_KIND, "The kind of record, such as Policy."),
                (_SHOW, "A field to show; as often as there are columns."),
                (_COUNT, "A field to count the records by, instead of listing them."),
            )
        ]
    },
)
async def build_page(request: Request) -> Response:
    """The records of a kind that pass filters, or how many there are by a field, and the SPARQL for that.

    Filters go by the keys of the fields; bounds of numbers and dates end in ``.from`` and ``.to``.
    """
    facade, given = facade_of(request), request.query_params.multi_items()
    if any(not value.strip() for _, value in given):
        kept = urlencode([(name, value.strip()) for name, value in given if value.strip()])
        return RedirectResponse(str(request.url.replace(query=kept)), 303)
    forms = facade.reception.documents.forms
    if _KIND not in request.query_params:
        return await _kinds_page(request, facade, forms)
    form = _form(forms, request.query_params[_KIND])
    wish = _wish(request, form)
    if wants_html(request):
        return await _form_page(request, facade, form, wish)
    query = build_query(form, wish, facade.vocabularies)
    passed = [("query", query), *((name, value) for name, value in given if name == "format")]
    address = str(request.url_for("query_by_get").replace(query=urlencode(passed)))
    return RedirectResponse(address, 307, headers={"Vary": "Accept"})


def _form(forms: Forms, kind: str) -> Form:
    """The form of a kind of record. Raises :class:`UnknownTermError`."""
    if kind in forms.kinds:
        return forms.kinds[kind]
    near = nearest_name(kind, forms.kinds)
    hint = f" Did you mean {near}?" if near else ""
    raise UnknownTermError(f"There is no kind of record {kind!r}.{hint} Known are: {', '.join(forms.kinds)}.")


def _wish(request: Request, form: Form) -> Wish:
    given = request.query_params
    shown = given.getlist(_SHOW)
    if not shown and _ASKED not in given:
        shown = _first_columns(form)
    filters = {name: value for name, value in given.items() if name not in _OWN}
    return Wish(filters, shown, given.get(_COUNT, ""))


def _first_columns(form: Form) -> list[str]:
    """Fields to begin with: what every record of the kind has a term of, then a date or a number."""
    terms = [field.key for field in form.fields if field.holds is Holds.TERM and field.least]
    others = [field.key for field in form.fields if field.holds in (Holds.DATE, Holds.NUMBER)]
    return [*terms, *others][:_FIRST_COLUMNS]


async def _kinds_page(request: Request, facade: Facade, forms: Forms) -> Response:
    counts = {row["class"]["value"]: int(row["n"]["value"]) for row in await facade.rows(CLASSES)}
    kinds = [(form, counts.get(str(form.cls), 0)) for form in forms.kinds.values()]
    return page(request, "build_kinds.html", {"kinds": kinds})


async def _form_page(request: Request, facade: Facade, form: Form, wish: Wish) -> Response:
    """The form as it was filled in, with the answer or with what is wrong at its input."""
    status, headers = 200, dict[str, str]()
    query, fault, results = "", None, None
    try:
        query = build_query(form, wish, facade.vocabularies)
        results = await read_results(facade, query)
    except NexusError as error:
        status, _, headers = told(error)
        place = error.parameter if isinstance(error, QuestionError) else ""
        fault = {"words": str(error), "input": place or ""}
    shown = {
        "form": form,
        "groups": _groups(form),
        "opened": {field.about.group for field in form.fields if _is_used(field, wish)},
        "inputs": filter_inputs,
        "countable": [field for field in form.fields if can_count(field)],
        "schemes": facade.vocabularies.schemes,
        "filters": wish.filters,
        "shown": set(wish.shown),
        "count": wish.count_by,
        "query": query,
        "portable": declare_prefixes(query),
        "fault": fault,
        "results": results,
        "chart": chart_of(results.variables, results.shown) if results and wish.count_by else None,
    }
    return page(request, "build.html", shown, status, headers)


def _is_used(field: FormField, wish: Wish) -> bool:
    return field.key in wish.shown or any(name in wish.filters for name in filter_inputs(field))


def _groups(form: Form) -> list[tuple[str, list[FormField]]]:
    return [(name, list(fields)) for name, fields in groupby(form.fields, key=lambda f: f.about.group)]
