"""The catalogue of named questions.

A question is a ``.rq`` file whose header, in lines that start with ``#+``, holds its words::

    #+ number: 1
    #+ title: Which policies of a country address a driver, by which measures, where exactly?
    #+ answers: what a row of the answer says
    #+ keywords: policy, measure, driver
    #+ section: national-review
    #+ subject: measure
    #+ column: policyTitle=Policy
    #+ column: figure+unit=Value
    #+ parameter: country | area | required | The State whose policies are asked for
    #+ parameter: driver | driver | optional | Only measures against this driver
    #+ example: country=MNG

A parameter is a variable of the query that is replaced by a term before the query runs; its type is a
vocabulary, ``record``, ``year``, ``date``, ``number`` or ``text``. The query stays plain SPARQL 1.1, so that
the one behind an answer can be read, changed and run anywhere.

``subject`` is the variable of the records that an answer is about, and ``column`` one of a table of the
answer in print with its heading. Variables joined by ``+`` stand side by side; of those joined by ``/`` the
first that has a value stands.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rdflib import XSD, Literal, URIRef

from nexuskb.errors import QuestionError
from nexuskb.headers import split_header
from nexuskb.sparql.parse import tokens
from nexuskb.terms import record_iri
from nexuskb.vocabulary import Vocabularies

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a question: its name, the type of its value, whether it must be given, help in words."""

    name: str
    type: str
    required: bool
    help: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table in print: its heading, and the variables in it.

    Of ``variables`` the first that has a value is taken; the parts of one stand side by side.
    """

    heading: str
    variables: tuple[tuple[str, ...], ...]

    def cell(self, row: Mapping[str, str]) -> str:
        """What stands in this column of a row."""
        cells = (" ".join(filter(None, (row.get(name, "") for name in parts))) for parts in self.variables)
        return next(filter(None, cells), "")


@dataclass(frozen=True, slots=True)
class Question:
    """A named question. ``id`` is the file's name; ``number`` is its number as a competency question.

    ``subject`` names the variables of the records that an answer is about, the first that has a value of
    each row; ``columns`` are those of a table in print.

    ``example`` are values of its parameters with which it has an answer worth looking at.
    """

    id: str
    title: str
    answers: str
    keywords: tuple[str, ...]
    section: str
    number: int | None
    parameters: tuple[Parameter, ...]
    example: dict[str, str]
    query: str
    subject: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name. Raises :class:`QuestionError`."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        names = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise QuestionError(
            f"The question {self.id} has no parameter {name!r}. Its parameters: {names}.", name
        )


@cache
def questions() -> dict[str, Question]:
    """All questions by id: the competency questions first, in their order, then the others by name."""
    found = [
        _read(entry.name.removesuffix(".rq"), entry.read_text(encoding="utf-8"))
        for entry in resources.files("nexuskb.questions").iterdir()
        if entry.name.endswith(".rq")
    ]
    return {q.id: q for q in sorted(found, key=lambda q: (q.number or 1000, q.id))}


def question(identifier: str) -> Question:
    """The question of this id or number. Raises :class:`QuestionError` with the way to the list."""
    known = questions()
    if identifier in known:
        return known[identifier]
    for candidate in known.values():
        if candidate.number is not None and identifier == str(candidate.number):
            return candidate
    raise QuestionError(
        f"There is no question {identifier!r}. The list is at /questions and `nexuskb questions`."
    )


def find_questions(words: str) -> list[Question]:
    """The questions that have all of these words, or their beginnings, in any case; all for none."""
    wanted = words.casefold().split()
    found = []
    for asked in questions().values():
        text = " ".join((asked.id, asked.title, asked.answers, *asked.keywords)).casefold()
        if all(re.search(rf"\b{re.escape(word)}", text) for word in wanted):
            found.append(asked)
    return found


def fill(asked: Question, values: Mapping[str, str], vocabularies: Vocabularies) -> str:
    """The query of a question with its parameters filled in.

    ``values`` are the parameters as people write them, such as ``{"country": "MNG"}``. Raises
    :class:`QuestionError` that names the parameter, the value and what is allowed.
    """
    terms = {}
    for name, value in values.items():
        parameter = asked.parameter(name)
        if value.strip():
            terms[name] = _term(parameter, value, vocabularies)
    for parameter in asked.parameters:
        if parameter.required and parameter.name not in terms:
            allowed = allowed_values(parameter, vocabularies)
            raise QuestionError(
                f"The question {asked.id} needs the parameter {parameter.name} ({parameter.help}). {allowed}",
                parameter.name,
            )
    return replace_variables(asked.query, {name: _written(term) for name, term in terms.items()})


def replace_variables(query: str, values: Mapping[str, str]) -> str:
    """Put terms in Turtle syntax in the place of variables, without touching strings, IRIs or comments."""
    parts, end = [], 0
    for token in tokens(query):
        if token.kind == "variable" and token.text[1:] in values:
            parts += [query[end : token.start], values[token.text[1:]]]
            end = token.start + len(token.text)
    return "".join([*parts, query[end:]])


def allowed_values(parameter: Parameter, vocabularies: Vocabularies) -> str:
    """What may be given for a parameter, in words."""
    scheme = vocabularies.schemes.get(parameter.type)
    if scheme:
        return "Allowed values: " + ", ".join(term.notation for term in scheme.terms) + "."
    return {
        "record": "Give the identifier of a record, such as mng-ndc-2020.",
        "year": "Give a year, such as 2030.",
        "date": "Give a date, such as 2024-05-31.",
        "number": "Give a number, such as 5.",
    }.get(parameter.type, "Give a text.")


def _term(parameter: Parameter, value: str, vocabularies: Vocabularies) -> URIRef | Literal:
    scheme = vocabularies.schemes.get(parameter.type)
    if scheme:
        if found := scheme.find(value):
            return found.iri
        near = scheme.nearest(value)
        hint = f" Did you mean {near.notation}?" if near else ""
        raise QuestionError(
            f"{value!r} is not a known {parameter.name}.{hint} {allowed_values(parameter, vocabularies)}",
            parameter.name,
        )
    try:
        return _literal(parameter.type, value.strip())
    except ValueError as error:
        raise QuestionError(
            f"{value!r} does not do for {parameter.name}. {allowed_values(parameter, vocabularies)}",
            parameter.name,
        ) from error


def _written(term: URIRef | Literal) -> str:
    """The term in Turtle syntax, a text on one line with every character escaped that could end it."""
    if isinstance(term, Literal) and term.datatype is None:
        return f'"{term.translate(_ESCAPES)}"'
    return term.n3()


def _literal(kind: str, value: str) -> URIRef | Literal:
    if kind == "record":
        return record_iri(value)
    if kind == "year":
        if not re.fullmatch(r"[12]\d{3}", value):
            raise ValueError(value)
        return Literal(int(value))
    if kind == "date":
        return Literal(dt.date.fromisoformat(value).isoformat(), datatype=XSD.date)
    if kind == "number":
        return Literal(int(value))
    value.encode()
    return Literal(value)


def _read(identifier: str, text: str) -> Question:
    header, query = split_header(text)
    number = header.get("number", [""])[0]
    return Question(
        id=identifier,
        title=header["title"][0],
        answers=header["answers"][0],
        keywords=tuple(word.strip() for word in header["keywords"][0].split(",")),
        section=header.get("section", [""])[0],
        subject=tuple(filter(None, header.get("subject", [""])[0].split("/"))),
        columns=tuple(_column(line) for line in header.get("column", [])),
        number=int(number) if number else None,
        parameters=tuple(_parameter(line) for line in header.get("parameter", [])),
        example=dict(line.split("=", 1) for line in header.get("example", [])),
        query=query,
    )


def _parameter(line: str) -> Parameter:
    name, kind, need, words = (part.strip() for part in line.split("|", 3))
    return Parameter(name, kind, need == "required", words)


def _column(line: str) -> Column:
    variables, _, heading = line.partition("=")
    parts = tuple(tuple(part.split("+")) for part in variables.split("/"))
    return Column(heading.strip(), parts)
