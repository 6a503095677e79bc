"""What validation found, in the words of the person who has to mend it."""

from __future__ import annotations

import difflib
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rdflib import RDF, SH, SKOS, XSD, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from nexuskb.terms import EV, NX, REC, curie
from nexuskb.validation.shapes import Shapes


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing wrong with one record.

    ``record`` is the record's identifier (evidence counts to the record it supports), ``focus`` the IRI of
    the node, ``field`` the field's name, ``value`` the value as given, ``message`` what to do about it.
    """

    file: str
    record: str
    focus: str
    field: str
    message: str
    value: str = ""
    suggestion: str = ""
    blocking: bool = True


@dataclass(slots=True)
class Report:
    """The outcome of a validation: how many records were looked at and what is wrong with them."""

    records: int
    violations: list[Violation] = field(default_factory=list)

    @property
    def conforms(self) -> bool:
        """Whether nothing found keeps the records from entering."""
        return not any(violation.blocking for violation in self.violations)

    def as_dict(self) -> dict[str, object]:
        """The report for JSON."""
        return {
            "conforms": self.conforms,
            "records": self.records,
            "violations": [asdict(violation) for violation in self.violations],
        }


def record_of(focus: Node) -> str:
    """The identifier of the record that a focus node belongs to."""
    text = str(focus)
    if text.startswith(EV):
        return text.removeprefix(str(EV)).rpartition("-e")[0]
    return text.removeprefix(str(REC))


@dataclass(frozen=True, slots=True)
class Result:
    """One SHACL validation result (SHACL, 3.6.2): focus node, shape, offending value, message, severity."""

    focus: Node
    source: Node | None
    value: Node | None
    message: str
    blocking: bool


def describe(shapes: Shapes, model: Graph, files: dict[Node, Path], result: Result) -> Violation:
    """Turn a validation result into a violation for people."""
    field = shapes.fields.get(result.source) if isinstance(result.source, URIRef) else None
    path = files.get(result.focus)
    return Violation(
        file=str(path) if path else "",
        record=record_of(result.focus),
        focus=str(result.focus),
        field=shapes.label(result.source),
        message=result.message,
        value=_show(result.value),
        suggestion=_nearest(model, field.scheme if field else None, result.value)
        or _retyped(shapes.graph, result.source, result.value),
        blocking=result.blocking,
    )


def _show(value: Node | None) -> str:
    if isinstance(value, Literal):
        return f"{value} ({value.language})" if value.language and value.language != "en" else str(value)
    return curie(str(value)) if value is not None else ""


def _nearest(model: Graph, scheme: URIRef | None, value: Node | None) -> str:
    """The term of the vocabulary that looks most like an unknown one, by its key or its English label.

    A unit is given as printed, so the most similar printed form is named.
    """
    if scheme is None or value is None or (value, SKOS.inScheme, scheme) in model:
        return ""
    names: dict[str, str] = {}
    for term in model.subjects(SKOS.inScheme, scheme):
        key = str(term).removeprefix(str(scheme) + "/")
        labels = (o for o in model.objects(term, SKOS.prefLabel) if isinstance(o, Literal))
        names.update({str(label).casefold(): key for label in labels if label.language == "en"})
        names[key.casefold()] = key
    printed = {
        str(o) for term in model.subjects(SKOS.inScheme, scheme) for o in model.objects(term, NX.printedAs)
    }
    names = {form.casefold(): form for form in sorted(printed)} or names
    given = (str(value).rpartition("/")[2] if isinstance(value, URIRef) else str(value)).casefold()
    close = difflib.get_close_matches(given, names, n=1, cutoff=0.6)
    return names[close[0]] if close else ""


def _retyped(shapes: Graph, shape: Node | None, value: Node | None) -> str:
    """The value as Turtle should write it, where only its datatype or its language mark is wrong."""
    if shape is None or not isinstance(value, Literal):
        return ""
    for each in (shape, *_listed(shapes, shape, SH["or"])):
        better = _cast(shapes, each, value)
        if better is not None and better != value:
            number = better.datatype in (XSD.decimal, XSD.integer)
            return str(better) if number else better.n3(shapes.namespace_manager)
    return ""


def _cast(shapes: Graph, shape: Node, value: Literal) -> Literal | None:
    """The value with the datatype, or the one language, that a shape asks for, if it is a good one then."""
    datatype = shapes.value(shape, SH.datatype)
    text = str(value)
    if not all(re.search(str(pattern), text) for pattern in shapes.objects(shape, SH.pattern)):
        return None
    if datatype == RDF.langString:
        languages = [str(language) for language in _listed(shapes, shape, SH.languageIn)]
        return Literal(text, lang=languages[0]) if len(languages) == 1 and not value.language else None
    if datatype == XSD.string:
        return Literal(text)
    if not isinstance(datatype, URIRef):
        return None
    point = datatype == XSD.decimal and "." not in text
    better = Literal(f"{text}.0" if point else text, datatype=datatype)
    return None if better.ill_typed else better


def _listed(shapes: Graph, shape: Node, parameter: URIRef) -> list[Node]:
    return [member for first in shapes.objects(shape, parameter) for member in Collection(shapes, first)]
