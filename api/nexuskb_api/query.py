"""The query page: an editor for analysts, with examples, charts, lasting links and snippets for programs.

The page is whole without its script, which puts an editor in the place of the text area and the answer into
the page that is there. Programs are sent on to the endpoint.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from nexuskb.errors import NexusError
from nexuskb.glossary import read_glossary
from nexuskb.questions.catalogue import Question, fill, question, questions
from nexuskb.terms import PREFIXES
from nexuskb_api.built import built_file
from nexuskb_api.charts import chart_of
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.pages import page, wants_html
from nexuskb_api.problems import told
from nexuskb_api.results import Results, read_results
from nexuskb_api.snippets import snippets
from nexuskb_api.wellknown import CLASSES, PROPERTIES

router = APIRouter(tags=["SPARQL"])

_BEGINNING = """\
SELECT ?policy ?policyTitle ?status ?adopted WHERE {
  ?policy a nx:Policy ;
    nx:area area:mng ;
    rdfs:label ?policyTitle ;
    nx:legalStatus/skos:prefLabel ?status .
  FILTER(LANG(?policyTitle) = "en" && LANG(?status) = "en")
  OPTIONAL { ?policy nx:adopted ?adopted }
}
ORDER BY DESC(?adopted)
LIMIT 20
"""
_OWN = frozenset({"view", "column", "example", "lang"})


@router.head("/query", include_in_schema=False)
@router.get(
    "/query",
    summary="The query page",
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string"}, "description": words}
            for name, words in (
                ("query", "The query that is run."),
                (
                    "example",
                    "A named question whose query is put into the editor, with its parameters by name.",
                ),
                ("view", "How rows are shown: table or chart."),
                ("column", "The column that the chart shows."),
            )
        ]
    },
)
async def query_page(request: Request) -> Response:
    """An editor with a query and its answer, for people; programs are sent on to /sparql."""
    given = request.query_params
    if not wants_html(request):
        passed = urlencode([pair for pair in given.multi_items() if pair[0] not in _OWN])
        address = str(request.url_for("query_by_get").replace(query=passed))
        return RedirectResponse(address, 307, headers={"Vary": "Accept"})
    facade, query = facade_of(request), given.get("query", "").replace("\r\n", "\n").strip("\n")
    shown: dict[str, object] = {
        "query": query or _BEGINNING,
        "prefixes": PREFIXES,
        "examples": questions().values(),
        "results": None,
        "problem": None,
        "chart": None,
        "snippets": (),
        "view": "table",
        "link": "",
        "script": built_file("query.ts"),
    }
    if "example" in given and not query:
        asked = question(given["example"])
        shown["query"] = _with_words(asked, _values(asked, given), facade)
    status, headers = 200, dict[str, str]()
    if query:
        try:
            results = await read_results(facade, query)
        except NexusError as error:
            status, _, headers = told(error)
            place = {name: getattr(error, name, None) for name in ("line", "column")}
            shown["problem"] = {"words": str(error), **place}
        else:
            shown |= _answer(request, results)
    return page(request, "query.html", shown, status, headers)


def _answer(request: Request, results: Results) -> dict[str, object]:
    """What the page shows of an answer."""
    given = request.query_params
    chart = chart_of(results.variables, results.shown, given.get("column", ""))
    shown = {"query": results.query}
    if chart and given.get("view") == "chart":
        shown |= {"view": "chart", "column": chart.column}
    return {
        "results": results,
        "chart": chart,
        "link": str(request.url_for("query_page").replace(query=urlencode(shown))),
        "snippets": snippets(results.query, str(request.url_for("query_by_get")), results.form),
        "view": shown.get("view", "table"),
    }


@router.get("/query/terms", summary="Classes, properties and terms by name and label")
async def query_terms(request: Request) -> Response:
    """What the editor completes: names as queries write them, labels, meanings, how often they are used."""
    facade = facade_of(request)
    etag = f'"terms-{await facade.current()}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    classes = {row["class"]["value"]: int(row["n"]["value"]) for row in await facade.rows(CLASSES)}
    used = {row["property"]["value"]: int(row["n"]["value"]) for row in await facade.rows(PROPERTIES)}
    forms = facade.reception.documents.forms
    known = await facade.apart(lambda: read_glossary(facade.model, forms, classes, used))
    terms = [
        {name: value for name, value in asdict(each).items() if name != "iri" and value is not None}
        for each in known
    ]
    return JSONResponse({"prefixes": PREFIXES, "terms": terms}, headers=headers)


def _values(asked: Question, given: Mapping[str, str]) -> dict[str, str]:
    """The values given for the parameters of a question; its example has those that it cannot do without."""
    values = {each.name: given[each.name] for each in asked.parameters if given.get(each.name, "").strip()}
    if not values:
        return asked.example
    needed = {each.name for each in asked.parameters if each.required}
    return {name: value for name, value in asked.example.items() if name in needed} | values


def _with_words(asked: Question, values: dict[str, str], facade: Facade) -> str:
    """The query of a question with these values under its words as comments."""
    words = [f"# {line}" for text in (asked.title, asked.answers) for line in textwrap.wrap(text, 96)]
    return "\n".join([*words, fill(asked, values, facade.vocabularies).strip(), ""])
