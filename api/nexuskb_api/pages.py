"""Server-rendered pages: one template environment, one content security policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import cast

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from nexuskb import __version__
from nexuskb.definitions import local_path
from nexuskb.questions.answers import heading
from nexuskb.sparql.formats import parse_accept
from nexuskb.terms import VOCABULARIES, record_identifier
from nexuskb_api.languages import Languages

_HERE = Path(__file__).resolve().parent
STATIC = _HERE / "static"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@cache
def _environment(texts: NullTranslations) -> Environment:
    """The templates with their texts in one language."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["version"] = __version__
    environment.filters["record_identifier"] = lambda iri: record_identifier(str(iri)) or ""
    environment.filters["term_path"] = term_path
    environment.filters["columns"] = lambda variables: table_columns(list(variables))
    environment.filters["local_path"] = lambda iri: local_path(str(iri))
    environment.filters["thousands"] = lambda number: f"{int(number):,}"
    return environment


def term_path(iri: str) -> str:
    """The path of the page of a vocabulary term; nothing for what is none."""
    tail = iri.removeprefix(VOCABULARIES)
    return f"/vocabularies/{tail}" if tail != iri and tail.count("/") == 1 else ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table for people: the variable shown, the one it links to if any, and its heading."""

    variable: str
    link: str
    heading: str


def table_columns(variables: list[str]) -> list[Column]:
    """The columns for a list of variables: a thing and its title or label become one linked column."""
    linked = {}
    for name in variables:
        for suffix in ("Title", "Label", "Name"):
            if name.endswith(suffix) and name.removesuffix(suffix) in variables:
                linked[name] = name.removesuffix(suffix)
    hidden = set(linked.values())
    return [
        Column(name, linked.get(name, ""), heading(linked.get(name, name)))
        for name in variables
        if name not in hidden
    ]


def page(
    request: Request,
    template: str,
    values: Mapping[str, object],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Render a template of ``templates/`` as a page, in the language that suits the client best."""
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))  # also below a mount
    languages = cast(Languages, request.app.state.languages)
    language = languages.choose(
        request.query_params.get("lang", ""), request.headers.get("accept-language", "")
    )
    given = {"request": request, "root": root, "language": language, "languages": languages.names}
    text = _environment(languages.texts[language]).get_template(template).render(**given, **values)
    own = {**SECURITY_HEADERS, "Content-Language": language, "Vary": "Accept, Accept-Language"}
    return HTMLResponse(text, status, {**(headers or {}), **own})


def wants_html(request: Request) -> bool:
    """Whether the client would rather have a page than data: it names text/html with the best quality."""
    if "format" in request.query_params:
        return request.query_params["format"] == "html"
    html = others = 0.0
    for accepted in parse_accept(request.headers.get("accept", "")):
        if accepted.type in ("text/html", "application/xhtml+xml"):
            html = max(html, accepted.quality)
        elif accepted.type not in ("*/*", "application/xml") and not accepted.type.startswith("image/"):
            others = max(others, accepted.quality)
    return html > 0 and html >= others
