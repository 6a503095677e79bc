"""The named questions: the list, and the answer to each with its parameters in the address."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nexuskb.errors import FormatError, QuestionError
from nexuskb.exchange.citations.bibliographies import BIBLIOGRAPHY_FORMATS, bibliography_format
from nexuskb.questions.answers import Answer, answer, as_csv, named_records, reservations_query
from nexuskb.questions.catalogue import Question, allowed_values, fill, find_questions, question
from nexuskb.sparql.formats import CSV, JSON, negotiate
from nexuskb.sparql.portable import declare_prefixes
from nexuskb_api.bibliographies import bibliography_of
from nexuskb_api.charts import chart_of
from nexuskb_api.facade import Binding, Facade, facade_of, plain
from nexuskb_api.pages import page, wants_html

router = APIRouter(tags=["Questions"])

_FORMATS = ["json", "csv", *(choice.extension for choice in BIBLIOGRAPHY_FORMATS)]


@router.head("/questions", include_in_schema=False)
@router.get("/questions", summary="The named questions")
async def list_questions(request: Request) -> Response:
    """Every question, or those that have all words of ``q``, with its words, parameters and address."""
    words = request.query_params.get("q", "").strip()
    found = find_questions(words)
    if wants_html(request):
        return page(request, "questions.html", {"questions": found, "words": words})
    listed = [_described(asked, facade_of(request), request) for asked in found]
    return JSONResponse({"questions": listed}, headers={"Vary": "Accept"})


@router.head("/questions/{identifier}", include_in_schema=False)
@router.get(
    "/questions/{identifier}",
    summary="The answer to a named question",
    openapi_extra={
        "parameters": [
            {"name": "format", "in": "query", "schema": {"type": "string", "enum": _FORMATS}},
            {
                "name": "values",
                "in": "query",
                "style": "form",
                "explode": True,
                "schema": {"type": "object", "additionalProperties": {"type": "string"}},
                "description": "The parameters of the question, each by its own name: /questions has them.",
            },
        ]
    },
)
async def answer_question(request: Request, identifier: str) -> Response:
    """Answer a question as JSON, CSV or a page. Without its required parameters, the page asks for them."""
    facade = facade_of(request)
    asked = question(identifier)
    values = {name: value for name, value in request.query_params.items() if name not in ("format", "lang")}
    html = wants_html(request)
    missing = [p.name for p in asked.parameters if p.required and not values.get(p.name, "").strip()]
    if html and missing:
        return _question_page(request, facade, asked, values)
    query = fill(asked, values, facade.vocabularies)
    form = request.query_params.get("format") or _preferred(request)
    if html:
        return await _answer_page(request, facade, asked, values, query)
    cited = bibliography_format(form)
    if form not in ("csv", "json") and not cited:
        raise FormatError(
            f"The format {form!r} is not known here. Choose json or csv, or csljson, bib or ris for the "
            "sources behind the answer."
        )
    if cited:
        rows = [plain(binding) for binding in await facade.rows(query)]
        return await bibliography_of(facade, named_records(rows), cited, asked.id)
    given = await _answer(facade, *await facade.table(query))
    if form == "csv":
        headers = {"Content-Disposition": f'attachment; filename="{asked.id}.csv"', "Vary": "Accept"}
        return Response(as_csv(given), 200, headers, media_type=CSV.content_type)
    return JSONResponse(
        {
            "question": _described(asked, facade, request),
            "parameters": values,
            "generation": facade.generation,
            "query": declare_prefixes(query),
            "columns": given.columns,
            "rows": given.rows,
            "reservations": given.reservations,
        },
        headers={"Vary": "Accept"},
    )


async def _answer(facade: Facade, columns: list[str], bindings: list[Binding]) -> Answer:
    rows = [plain(binding) for binding in bindings]
    wanted = reservations_query(rows)
    reserved = [plain(binding) for binding in await facade.rows(wanted)] if wanted else []
    return answer(columns, rows, reserved)


async def _answer_page(
    request: Request, facade: Facade, asked: Question, values: dict[str, str], query: str
) -> Response:
    variables, bindings = await facade.table(query)
    given = await _answer(facade, variables, bindings)
    return _question_page(
        request, facade, asked, values,
        query=query, variables=variables, rows=bindings, reservations=given.by_words(),
        chart=chart_of(variables, bindings),
    )  # fmt: skip


def _preferred(request: Request) -> str:
    chosen = negotiate(request.headers.get("accept"), (JSON, CSV))
    return "csv" if chosen is CSV else "json"


def _described(asked: Question, facade: Facade, request: Request) -> dict[str, object]:
    return {
        "id": asked.id,
        "number": asked.number,
        "title": asked.title,
        "answers": asked.answers,
        "keywords": list(asked.keywords),
        "address": str(request.url_for("answer_question", identifier=asked.id)),
        "parameters": [
            {
                "name": p.name,
                "type": p.type,
                "required": p.required,
                "help": p.help,
                "allowed": _choices(facade, p.type) or allowed_values(p, facade.vocabularies),
            }
            for p in asked.parameters
        ],
    }


def _choices(facade: Facade, kind: str) -> list[str]:
    scheme = facade.vocabularies.schemes.get(kind)
    return [term.notation for term in scheme.terms] if scheme else []


def _question_page(
    request: Request, facade: Facade, asked: Question, values: dict[str, str], **shown_answer: object
) -> Response:
    error = ""
    for name, value in values.items():
        try:
            asked.parameter(name)
        except QuestionError as unknown:
            error = str(unknown) if value else ""
    shown = {"query": "", "variables": [], "rows": None, "chart": None, "reservations": {}, **shown_answer}
    return page(
        request,
        "question.html",
        {
            "question": asked,
            "values": values,
            "schemes": facade.vocabularies.schemes,
            "error": error,
            "portable": declare_prefixes(str(shown["query"])) if shown["query"] else "",
            "address": urlencode({k: v for k, v in values.items() if v}),
            **shown,
        },
    )
