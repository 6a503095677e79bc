"""A query as it is run from other programs: each snippet is whole, and asks this service for this query."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from nexuskb.sparql.formats import QueryForm


@dataclass(frozen=True, slots=True)
class Snippet:
    """A query in a program: for what it is, and its text."""

    key: str
    title: str
    text: str


def snippets(query: str, endpoint: str, form: QueryForm) -> tuple[Snippet, ...]:
    """The query for curl, Python, R and Excel, asked of the endpoint at this address.

    Rows come as CSV, a truth value as JSON, a graph as Turtle; Excel takes rows only.
    """
    wanted = "turtle" if form.gives_triples else "json" if form is QueryForm.ASK else "csv"
    found = [
        Snippet("curl", "curl", _curl(query, endpoint, wanted)),
        Snippet("python", "Python", _python(query, endpoint, wanted)),
        Snippet("r", "R", _r(query, endpoint, wanted)),
    ]
    if form is QueryForm.SELECT:
        found.append(Snippet("excel", "Excel (Power Query)", _power_query(query, endpoint)))
    return tuple(found)


def _curl(query: str, endpoint: str, wanted: str) -> str:
    return (
        f"curl -s {shlex.quote(endpoint)} \\\n"
        f"  --data-urlencode format={wanted} \\\n"
        f"  --data-urlencode {shlex.quote('query=' + query)}\n"
    )


def _python(query: str, endpoint: str, wanted: str) -> str:
    reading = {
        "csv": (
            "import csv\nimport io\n",
            'rows = list(csv.DictReader(io.StringIO(answer.read().decode("utf-8"))))\n',
            "for row in rows:\n    print(row)\n",
        ),
        "json": ("import json\n", 'found = json.load(answer)["boolean"]\n', "print(found)\n"),
        "turtle": ("", 'graph = answer.read().decode("utf-8")\n', "print(graph)\n"),
    }
    imports, read, shown = reading[wanted]
    return (
        f"{imports}from urllib.parse import urlencode\nfrom urllib.request import urlopen\n\n"
        f"QUERY = {_python_text(query)}\n\n"
        f'asked = urlencode({{"query": QUERY, "format": "{wanted}"}}).encode()\n'
        f"with urlopen({json.dumps(endpoint)}, asked) as answer:\n    {read}{shown}"
    )


def _python_text(query: str) -> str:
    """The query as a text of Python on lines of its own, where it can stand as it is."""
    plain = "\\" not in query and '"""' not in query and not query.endswith('"') and "\r" not in query
    return f'"""\\\n{query}"""' if plain else repr(query)


def _r(query: str, endpoint: str, wanted: str) -> str:
    asked = (
        f"query <- {_r_text(query)}\n"
        f"address <- paste0({json.dumps(endpoint + f'?format={wanted}&query=')}, "
        "URLencode(enc2utf8(query), reserved = TRUE))\n"
    )
    if wanted == "csv":
        return asked + 'rows <- read.csv(address, encoding = "UTF-8")\nprint(rows)\n'
    return asked + 'cat(readLines(address, encoding = "UTF-8"), sep = "\\n")\n'


def _r_text(query: str) -> str:
    """The query as a raw string (R 4.0), with as many dashes as keep it from ending early."""
    dashes = ""
    while f'){dashes}"' in query:
        dashes += "-"
    return f'r"{dashes}({query}){dashes}"'


def _power_query(query: str, endpoint: str) -> str:
    """A query in M, the formula language of Power Query, for its advanced editor."""
    base, _, path = endpoint.rpartition("/")
    return (
        "let\n"
        f"    Query = {_m_text(query)},\n"
        f"    Answer = Web.Contents({_m_text(base)}, "
        f'[RelativePath = {_m_text(path)}, Query = [query = Query, format = "csv"]]),\n'
        '    Rows = Csv.Document(Answer, [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),\n'
        "    Table = Table.PromoteHeaders(Rows, [PromoteAllScalars = true])\n"
        "in\n    Table\n"
    )


def _m_text(text: str) -> str:
    """A text of M: quotation marks doubled, line ends and the beginning of an escape as escapes."""
    escaped = text.replace("#(", "#(#)(").replace('"', '""')
    return '"' + escaped.replace("\r", "#(cr)").replace("\n", "#(lf)").replace("\t", "#(tab)") + '"'
