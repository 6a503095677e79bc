"""What validation found, in the words of the person who has to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from rdflib import DCTERMS, RDF, RDFS, SH, SKOS, XSD, Graph, Literal, URIRef
from rdflib.collection import Collection as RdfList
from rdflib.term import Node

from nexuskb.fields import Field
from nexuskb.terms import EV, NX, REC, VOCABULARIES, curie, local_name
from nexuskb.validation.shapes import Shapes
from nexuskb.vocabulary import nearest_name

#: A day with a time of day behind it, however that was typed.
_WITH_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{1,2}:.*")

#: Vocabularies of at most so many terms are listed in full beside a mistake.
MOST_ALLOWED: Final = 30


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing wrong with one record.

    ``record`` is the record's identifier (evidence counts to the record it supports), ``focus`` the IRI of
    the node, ``field`` the field's name and ``path`` its property, ``value`` the value as given, ``wrong``
    what is wrong with it, ``message`` what to do about it, ``suggestion`` the nearest value that would do,
    ``allowed`` all that would do where these are few, ``similar`` the records that it looks like.
    """

    file: str
    record: str
    focus: str
    field: str
    message: str
    value: str = ""
    suggestion: str = ""
    blocking: bool = True
    wrong: str = ""
    path: str = ""
    allowed: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """What is wrong and what to do, in one or two sentences, without the name of the field."""
        message = self.message.removeprefix(f"{self.field}: ")
        wrong = f"{self.wrong[:1].upper()}{self.wrong[1:]}. " if self.wrong else ""
        return f"{wrong}{message[:1].upper()}{message[1:]}"


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
    """One SHACL validation result (SHACL, 3.6.2): focus node, shape, value, message, severity, component."""

    focus: Node
    source: Node | None
    value: Node | None
    message: str
    blocking: bool
    component: Node | None = None


#: Of several results for one value of one field, the one that says most is kept: the first of these.
_TELLING: Final = (
    SH.MinCountConstraintComponent,
    SH.MaxCountConstraintComponent,
    SH.DatatypeConstraintComponent,
    SH.OrConstraintComponent,
    SH.LanguageInConstraintComponent,
    SH.ClassConstraintComponent,
    SH.NodeConstraintComponent,
    SH.NotConstraintComponent,
)


def describe_all(
    shapes: Shapes, data: Graph, files: dict[Node, Path], results: Iterable[Result]
) -> set[Violation]:
    """Turn the results of a shape into violations, one for what one value of one field has wrong with it."""
    found: dict[tuple[object, ...], Result] = {}
    for result in results:
        key = (result.focus, result.source, result.value)
        kept = found.get(key)
        if kept is None or _rank(result) < _rank(kept):
            found[key] = result
    return {describe(shapes, data, files, result) for result in found.values()}


def _rank(result: Result) -> tuple[int, str]:
    places = [place for place, component in enumerate(_TELLING) if component == result.component]
    return (places[0] if places else len(_TELLING), str(result.component))


def describe(shapes: Shapes, data: Graph, files: dict[Node, Path], result: Result) -> Violation:
    """Turn a validation result into a violation for people. ``data`` has the model in it."""
    field = shapes.fields.get(result.source) if isinstance(result.source, URIRef) else None
    place = files.get(result.focus)
    path = _path(shapes.graph, result.source)
    return Violation(
        file=str(place) if place else "",
        record=record_of(result.focus),
        focus=str(result.focus),
        field=shapes.label(result.source),
        message=result.message,
        value=_show(result.value),
        suggestion=_nearest(data, field.scheme if field else None, result.value)
        or _retyped(shapes.graph, result.source, result.value)
        or _mended(result, path),
        blocking=result.blocking,
        wrong=_Wrong(shapes, data, result, field, path).words(),
        path=str(path or ""),
        allowed=_allowed(shapes.graph, data, field, result),
    )


def with_near_records(violations: Iterable[Violation], identifiers: Collection[str]) -> list[Violation]:
    """Violations of links that lead nowhere, each with the identifier of the record that may be meant."""
    return [
        replace(each, suggestion=nearest_name(each.value.removeprefix("rec:"), identifiers))
        if each.value.startswith("rec:") and not each.suggestion and each.wrong == _NO_RECORD
        else each
        for each in violations
    ]


_NO_RECORD: Final = "there is no such record"


def _path(shapes: Graph, shape: Node | None) -> URIRef | None:
    """The property that a shape speaks of: its own, or the first one that it reads."""
    if shape is None:
        return None
    given = shapes.value(shape, SH.path)
    if isinstance(given, URIRef):
        return given
    if given is not None:
        return next((p for p in _path_properties(shapes, given)), None)
    paths = [path for inner in _inner_shapes(shapes, shape) if (path := _path(shapes, inner)) is not None]
    return paths[-1] if paths else None


def _path_properties(shapes: Graph, path: Node) -> Iterable[URIRef]:
    if isinstance(path, URIRef):
        yield path
    for each in shapes.objects(path, RDF.first):
        yield from _path_properties(shapes, each)
    for kind in (SH.oneOrMorePath, SH.zeroOrMorePath, SH.inversePath):
        for each in shapes.objects(path, kind):
            yield from _path_properties(shapes, each)


def _inner_shapes(shapes: Graph, shape: Node) -> list[Node]:
    inner = [*_listed(shapes, shape, SH["or"]), *shapes.objects(shape, SH["not"])]
    return [*inner, *shapes.objects(shape, SH.property)]


def _all_paths(shapes: Graph, shape: Node) -> Iterable[URIRef]:
    """The properties that the rules within a rule speak of, in order."""
    for inner in _inner_shapes(shapes, shape):
        path = shapes.value(inner, SH.path)
        if isinstance(path, URIRef):
            yield path
        yield from _all_paths(shapes, inner)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Says what is wrong in words, by the constraint component of a result (SHACL, 4)."""

    shapes: Shapes
    data: Graph
    result: Result
    field: Field | None
    path: URIRef | None

    def words(self) -> str:
        """What is wrong, as a clause without a full stop."""
        say = _SAID.get(self.result.component) if self.result.component is not None else None
        return say(self) if say else ""

    def missing(self) -> str:
        """A value is missing."""
        given = len(self._values())
        return f"only {given} is given" if given else "nothing is given"

    def too_many(self) -> str:
        """More values than the field takes, or the same identifier twice."""
        values = self._values()
        if len(values) < 2:
            return ""
        return f"{len(values)} values are given: {'; '.join(map(self._named, values))}"

    def datatype(self) -> str:
        """A value of another sort than the field holds."""
        value = self.result.value
        wanted = self._parameters(SH.datatype)
        if not isinstance(value, Literal):
            return "it is a link, where text is wanted"
        text = str(value)
        if RDF.langString in wanted:
            return "the language of the text is not said"
        if value.datatype in wanted and value.datatype in _CALENDAR:
            return "there is no such date in the calendar"
        if value.language:
            return "it is marked with a language"
        return f"{text} is not of the kind asked for"

    def alternatives(self) -> str:
        """None of several ways to do it is taken: of a date, or of a rule about several fields."""
        value, source = self.result.value, self.result.source
        if isinstance(value, Literal):
            if value.datatype in _CALENDAR:
                return "there is no such date in the calendar"
            precise = value.datatype in (XSD.dateTime, XSD.dateTimeStamp) or _WITH_TIME.fullmatch(value)
            return "it is more precise than a day" if precise else "it is not written as a date"
        if value is not None:
            return self._link_wrong(value)
        paths = dict.fromkeys(_all_paths(self.shapes.graph, source)) if source is not None else {}
        said = [self._given(path) for path in paths]
        return ", ".join(said)

    def language(self) -> str:
        """Text in a language that the field does not take."""
        language = getattr(self.result.value, "language", None)
        return f"it is marked as {language}" if language else "the language of the text is not said"

    def twice_in_a_language(self) -> str:
        """Two texts in one language."""
        by_language: dict[str, list[str]] = {}
        for value in self._values():
            if isinstance(value, Literal) and value.language:
                by_language.setdefault(value.language, []).append(str(value))
        return "; ".join(
            f"{len(texts)} texts are marked as {language}: {'; '.join(sorted(texts))}"
            for language, texts in sorted(by_language.items())
            if len(texts) > 1
        )

    def pattern(self) -> str:
        """Text of another form than asked for."""
        return "it is not of the form asked for" if str(self.result.value).strip() else "it is empty"

    def link(self) -> str:
        """A link to nothing, or to something of another kind."""
        return self._link_wrong(self.result.value) if self.result.value is not None else ""

    def _link_wrong(self, value: Node) -> str:
        if isinstance(value, Literal):
            return "it is text, where a record or term is named"
        kinds = [self.data.value(kind, RDFS.label) for kind in self.data.objects(value, RDF.type)]
        if not kinds:
            is_term = str(value).startswith(VOCABULARIES)
            return "there is no such term" if is_term else _NO_RECORD
        return f"it is of the kind {', '.join(sorted(str(kind or 'term') for kind in kinds))}"

    def term(self) -> str:
        """What is not a term of the vocabulary."""
        value = self.result.value
        if isinstance(value, Literal):
            return "it is no term of the vocabulary"
        scheme = self.data.value(value, SKOS.inScheme)
        if scheme is None:
            return "there is no such term"
        title = self.data.value(scheme, DCTERMS.title)
        return f'it is a term of another vocabulary, "{title}"' if title else ""

    def forbidden(self) -> str:
        """Text that holds what none may hold."""
        source, value = self.result.source, self.result.value
        if source is None or value is None:
            return ""
        shapes = self.shapes.graph
        for rule in sorted(shapes.objects(source, SH["not"]), key=str):
            message = shapes.value(rule, SH.message)
            if message is not None and _fits(shapes, rule, value):
                words = str(message)
                return words[0].lower() + words[1:].rstrip(".")
        return ""

    def order(self) -> str:
        """A value that ought to come before another."""
        other = self.shapes.graph.value(self.result.source, SH.lessThanOrEquals)
        if not isinstance(other, URIRef):
            return ""
        values = sorted(self.data.objects(self.result.focus, other), key=str)
        sorts = {getattr(value, "datatype", None) for value in (*values, self.result.value)}
        compared = "is later than" if len(sorts) == 1 else "is not as precise as"
        name = str(self.data.value(other, RDFS.label) or local_name(other)).lower()
        return f"{self.result.value} {compared} the {name}, {', '.join(map(str, values))}"

    def disjoint(self) -> str:
        """Both ends the same, or a circle."""
        given = self.shapes.graph.value(self.result.source, SH.path)
        if isinstance(given, URIRef):
            return f"both ends are {self._named(self.result.value)}" if self.result.value is not None else ""
        if self.path is None:
            return ""
        circle = _circle(self.data, self.result.focus, self.path)
        return "it goes in a circle: " + " - ".join(record_of(node) for node in circle) if circle else ""

    def choice(self) -> str:
        """A text that is none of the choices."""
        return f"{_show(self.result.value)} is none of them"

    def _values(self) -> list[Node]:
        if self.path is None:
            return []
        return sorted(self.data.objects(self.result.focus, self.path), key=str)

    def _given(self, path: URIRef) -> str:
        values = sorted(self.data.objects(self.result.focus, path), key=str)
        name = str(self.data.value(path, RDFS.label) or local_name(path)).lower()
        return f"{name} is {', '.join(map(self._named, values)) if values else 'not given'}"

    def _named(self, value: Node) -> str:
        labels = [o for o in self.data.objects(value, SKOS.prefLabel) if getattr(o, "language", "") == "en"]
        return str(labels[0]) if labels else _show(value)

    def _parameters(self, parameter: URIRef) -> set[Node]:
        source = self.result.source
        return set(self.shapes.graph.objects(source, parameter)) if source is not None else set()


_CALENDAR: Final = (XSD.date, XSD.gYearMonth, XSD.gYear)
_SAID: Final[dict[Node, Callable[[_Wrong], str]]] = {
    SH.MinCountConstraintComponent: _Wrong.missing,
    SH.MaxCountConstraintComponent: _Wrong.too_many,
    SH.DatatypeConstraintComponent: _Wrong.datatype,
    SH.OrConstraintComponent: _Wrong.alternatives,
    SH.LanguageInConstraintComponent: _Wrong.language,
    SH.UniqueLangConstraintComponent: _Wrong.twice_in_a_language,
    SH.PatternConstraintComponent: _Wrong.pattern,
    SH.ClassConstraintComponent: _Wrong.link,
    SH.NodeConstraintComponent: _Wrong.term,
    SH.NotConstraintComponent: _Wrong.forbidden,
    SH.LessThanOrEqualsConstraintComponent: _Wrong.order,
    SH.DisjointConstraintComponent: _Wrong.disjoint,
    SH.InConstraintComponent: _Wrong.choice,
}


def _fits(shapes: Graph, shape: Node, value: Node) -> bool:
    """Whether text conforms to a shape made of patterns and languages, joined by not and or."""
    text, language = str(value), getattr(value, "language", None) or ""
    patterns = [str(pattern) for pattern in shapes.objects(shape, SH.pattern)]
    flags = re.IGNORECASE if str(shapes.value(shape, SH.flags) or "") == "i" else 0
    if not all(re.search(pattern, text, flags) for pattern in patterns):
        return False
    ranges = [str(each).lower() for each in _listed(shapes, shape, SH.languageIn)]
    if ranges and not any(f"{language.lower()}-".startswith(f"{each}-") for each in ranges):
        return False
    if any(_fits(shapes, inner, value) for inner in shapes.objects(shape, SH["not"])):
        return False
    alternatives = _listed(shapes, shape, SH["or"])
    return not alternatives or any(_fits(shapes, inner, value) for inner in alternatives)


def _circle(data: Graph, start: Node, path: URIRef) -> list[Node]:
    """The shortest way from a node back to itself along a property."""
    ways: list[list[Node]] = [[start]]
    seen: set[Node] = set()
    while ways:
        longer = []
        for way in ways:
            for following in sorted(data.objects(way[-1], path), key=str):
                if following == start:
                    return [*way, start]
                if following not in seen:
                    seen.add(following)
                    longer.append([*way, following])
        ways = longer
    return []


def _allowed(shapes: Graph, data: Graph, field: Field | None, result: Result) -> tuple[str, ...]:
    """All that would do, where these are few: the keys of a short vocabulary, or the choices."""
    if result.source is None or result.component == SH.MaxCountConstraintComponent:
        return ()
    choices = tuple(str(choice) for choice in _listed(shapes, result.source, SH["in"]))
    if choices or field is None or field.scheme is None:
        return choices
    terms = sorted(
        str(term).removeprefix(f"{field.scheme}/") for term in data.subjects(SKOS.inScheme, field.scheme)
    )
    return tuple(terms) if len(terms) <= MOST_ALLOWED else ()


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
        names.update({str(label): key for label in labels if label.language == "en"})
        names[key] = key
    printed = {
        str(o) for term in model.subjects(SKOS.inScheme, scheme) for o in model.objects(term, NX.printedAs)
    }
    names = {form: form for form in sorted(printed)} or names
    given = str(value).rpartition("/")[2] if isinstance(value, URIRef) else str(value)
    near = nearest_name(given, names)
    return names[near] if near else ""


_ADDRESS: Final = re.compile(
    r"(?:(?:h?t+p?s?|https?)[:;]?/{1,3})?((?:[\w-]+[.])+[a-z]{2,}(?:[/?#]\S*)?)", re.I
)


def _mended(result: Result, path: URIRef | None) -> str:
    """What was probably meant: a year for the day that stands for it, a web address, a DOI alone."""
    value = result.value
    if not isinstance(value, Literal):
        return ""
    text = str(value).strip()
    if result.component == SH.NotConstraintComponent and value.datatype == XSD.date:
        return text[:4]
    if value.datatype == XSD.decimal and re.fullmatch(
        r"[+-]?[0-9]{1,3}(?:[ \u00a0][0-9]{3})*(?:,[0-9]{1,2})?", text
    ):
        return re.sub(r"[ \u00a0]", "", text).replace(",", ".")
    name = local_name(path) if path is not None else ""
    if name == "url" and (found := _ADDRESS.fullmatch(text)):
        return f"https://{found[1]}"
    if name == "doi" and (
        found := re.fullmatch(r"(?:doi:\s*|https?://(?:dx[.])?doi[.]org/)(10[.]\S+)", text, re.I)
    ):
        return found[1]
    return ""


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
    return [member for first in shapes.objects(shape, parameter) for member in RdfList(shapes, first)]
