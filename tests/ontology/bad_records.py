"""Bad records: what a valid record has to suffer for each shape to catch it, and what the shape then says.

A :class:`BadRecord` takes the good record of a kind (see ``test_shapes.py``), changes one thing in it and
names the field, a part of the message, the value and the suggestion that whoever wrote it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rdflib import DCTERMS, RDF, Graph, Literal, URIRef
from rdflib.term import IdentifiedNode, Node
from rdflib.util import from_n3

from nexuskb.terms import EV, NX, REC, bind_prefixes

Change = Callable[[Graph, URIRef], None]

_PREFIXES = bind_prefixes(Graph()).namespace_manager

COUNTRIES = "Use the country names of the United Nations, such as Republic of Korea or Russian Federation."


@dataclass(frozen=True, slots=True)
class BadRecord:
    """The kind, the shape that has to catch it, what is wrong, and what is then said about it."""

    kind: str
    shape: str
    change: Change
    field: str
    says: str
    value: str = ""
    suggestion: str = ""
    blocking: bool = True


def term(text: str) -> Node:
    """A term as Turtle writes it: ``nx:place``, ``"Gobi"@en``, ``"2012"^^xsd:gYear``."""
    node = from_n3(text, nsm=_PREFIXES)
    assert isinstance(node, IdentifiedNode | Literal), text
    return node


def without(*properties: str) -> Change:
    """Leave the properties out."""

    def change(graph: Graph, focus: URIRef) -> None:
        for name in properties:
            assert (focus, term(name), None) in graph, f"the good record has no {name} to leave out"
            graph.remove((focus, term(name), None))

    return change


def instead(name: str, *values: str) -> Change:
    """Give these values and no others."""

    def change(graph: Graph, focus: URIRef) -> None:
        graph.remove((focus, term(name), None))
        for value in values:
            graph.add((focus, term(name), term(value)))

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(graph: Graph, focus: URIRef) -> None:
        for each in changes:
            each(graph, focus)

    return change


def every_evidence(change: Change) -> Change:
    """The change for each piece of evidence of the record."""

    def of_evidence(graph: Graph, focus: URIRef) -> None:
        for evidence in graph.objects(focus, NX.evidence):
            assert isinstance(evidence, URIRef)
            change(graph, evidence)

    return of_evidence


def detached(graph: Graph, focus: URIRef) -> None:
    """Evidence that no record names."""
    graph.remove((None, NX.evidence, focus))


def shared(graph: Graph, focus: URIRef) -> None:
    """Evidence that two records name."""
    graph.add((REC["of-somebody-else"], RDF.type, NX.Institution))
    graph.add((REC["of-somebody-else"], NX.evidence, focus))


def identifier_twice(graph: Graph, focus: URIRef) -> None:
    """Another record with the same identifier."""
    identifier = graph.value(focus, DCTERMS.identifier)
    assert identifier is not None
    graph.add((REC["of-somebody-else"], DCTERMS.identifier, identifier))


def supersedes_itself(graph: Graph, focus: URIRef) -> None:
    """A policy that replaces itself."""
    graph.add((focus, NX.supersedes, focus))


def circle_of_three(graph: Graph, focus: URIRef) -> None:
    """A policy that replaces one that replaces one that replaces it."""
    graph.remove((focus, NX.supersedes, None))
    second, third = URIRef(f"{focus}-second"), URIRef(f"{focus}-third")
    for policy, earlier in ((focus, second), (second, third), (third, focus)):
        graph.add((policy, RDF.type, NX.Policy))
        graph.add((policy, DCTERMS.identifier, Literal(str(policy).removeprefix(REC))))
        graph.add((policy, NX.supersedes, earlier))


def linked_with_itself(graph: Graph, focus: URIRef) -> None:
    """An interlinkage that ends where it starts."""
    graph.remove((focus, NX["from"], None))
    for end in graph.objects(focus, NX.to):
        graph.add((focus, NX["from"], end))


def sensitive_sources(graph: Graph, focus: URIRef) -> None:
    """A record all of whose sources were compiled in another State."""
    graph.remove((focus, NX.soleSupport, None))
    for evidence in graph.objects(focus, NX.evidence):
        graph.set((evidence, NX.source, REC["compiled-in-another-state"]))
    graph.add((REC["compiled-in-another-state"], RDF.type, NX.Source))
    graph.add((REC["compiled-in-another-state"], NX.sensitivity, term("sensitivity:compiled-elsewhere")))


def _words(
    kind: str, shape: str, path: str, field: str, count: str, *, countries: bool = True, tail: str = ""
) -> list[BadRecord]:
    """A field for English text: the wrong language, nothing in it, no language, a wrong country name."""
    says = f"{field}: {count}{tail}"

    def bad(value: str, shown: str, suggestion: str = "") -> BadRecord:
        return BadRecord(kind, shape, instead(path, value), field, says, shown, suggestion)

    found = [
        bad('"Перевыпас пастбищ"@ru', "Перевыпас пастбищ (ru)"),
        bad('"  "@en', "  "),
        bad('"Dry steppe"', "Dry steppe", '"Dry steppe"@en'),
    ]
    if countries:
        found.append(bad('"Dust from South Korea"@en', "Dust from South Korea"))
    return found


def name(kind: str, field: str = "Title or name") -> list[BadRecord]:
    """The English name that a record is shown by."""
    shape, says = f"{kind}-label", f"{field}: give exactly one, in English."
    policy = kind == "Policy"
    return [
        BadRecord(kind, shape, without("rdfs:label"), field, says),
        BadRecord(kind, shape, instead("rdfs:label", '"Soil"@en', '"Soils"@en'), field, says),
        *_words(kind, shape, "rdfs:label", field, "give exactly one, in English.", countries=not policy),
    ]


def one_text(kind: str, shape: str, path: str, field: str, *, countries: bool = True) -> list[BadRecord]:
    """A field that needs one English text."""
    count = "give exactly one English text that is not empty."
    says = f"{field}: {count}"
    return [
        BadRecord(kind, shape, without(path), field, says),
        BadRecord(kind, shape, instead(path, '"Once"@en', '"Twice"@en'), field, says),
        *_words(kind, shape, path, field, count, countries=countries),
    ]


def summary(kind: str, field: str) -> list[BadRecord]:
    """What the record says, in our own words."""
    return one_text(kind, f"{kind}-description", "dcterms:description", field)


def a_text(kind: str, shape: str, path: str, field: str, *, countries: bool = True) -> list[BadRecord]:
    """A field that may have one English text."""
    count = "give at most one English text that is not empty."
    twice = instead(path, '"Once"@en', '"Twice"@en')
    return [
        BadRecord(kind, shape, twice, field, f"{field}: {count}"),
        *_words(kind, shape, path, field, count, countries=countries),
    ]


def texts(kind: str, shape: str, path: str, field: str, *, countries: bool = True) -> list[BadRecord]:
    """A field that may have English texts."""
    return _words(kind, shape, path, field, "give English texts that are not empty.", countries=countries)


def official_name(kind: str, field: str) -> list[BadRecord]:
    """The name in the language of the body."""
    shape, says = f"{kind}-officialLabel", f"{field}: give at most one in each language, and mark each"
    path = "nx:officialLabel"
    twice = instead(path, '"Хуваарь"@mn', '"Хууль"@mn')
    return [
        BadRecord(kind, shape, twice, field, says),
        BadRecord(kind, shape, instead(path, '""@mn'), field, says, " (mn)"),
    ]


def a_string(
    kind: str, shape: str, path: str, field: str, says: str, *, most: bool = True, least: bool = False
) -> list[BadRecord]:
    """A field for characters without a language."""
    says = f"{field}: {says}"
    found = [
        BadRecord(kind, shape, instead(path, '" "'), field, says, " "),
        BadRecord(kind, shape, instead(path, '"Table 3"@en'), field, says, "Table 3", '"Table 3"'),
    ]
    if most:
        found.append(BadRecord(kind, shape, instead(path, '"Table 3"', '"Table 4"'), field, says))
    if least:
        found.append(BadRecord(kind, shape, without(path), field, says))
    return found


def a_date(
    kind: str, shape: str, path: str, field: str, *, most: bool = True, least: bool = False
) -> list[BadRecord]:
    """A field for a date that may be known to the day, the month or the year."""
    count = "exactly one date" if least else "at most one date" if most else "dates"
    says = f"{field}: give {count} that exist{'s' if most else ''} in the calendar"
    found = [
        BadRecord(kind, shape, instead(path, f'"{lexical}"^^xsd:{datatype}'), field, says, lexical)
        for lexical, datatype in (
            ("2023-02-30", "date"),
            ("2023-02-29", "date"),
            ("2023-13", "gYearMonth"),
            ("MMXXIII", "gYear"),
            ("May 2012", "string"),
        )
    ]
    years = instead(path, '"2012"^^xsd:gYear', '"2012-05"^^xsd:gYearMonth')
    if most:
        found.append(BadRecord(kind, shape, years, field, says))
    if least:
        found.append(BadRecord(kind, shape, without(path), field, says))
    suggestion = '"2012-05-17"^^xsd:date'
    found.append(BadRecord(kind, shape, instead(path, '"2012-05-17"'), field, says, "2012-05-17", suggestion))
    return found


def a_year(
    kind: str, shape: str, path: str, field: str, says: str = "give at most one year"
) -> list[BadRecord]:
    """A field for one year."""
    says, good = f"{field}: {says}", '"2012"^^xsd:gYear'
    return [
        BadRecord(kind, shape, instead(path, '"20123"^^xsd:gYear'), field, says, "20123"),
        BadRecord(kind, shape, instead(path, '"2012"'), field, says, "2012", good),
        BadRecord(kind, shape, instead(path, '"2012-05"^^xsd:gYearMonth'), field, says, "2012-05"),
    ]


def a_period(kind: str) -> list[BadRecord]:
    """The first and the last year."""
    backwards = both(
        instead("nx:periodStart", '"2031"^^xsd:gYear'), instead("nx:periodEnd", '"2030"^^xsd:gYear')
    )
    start, end = f"{kind}-periodStart", f"{kind}-periodEnd"
    return [
        *a_year(kind, start, "nx:periodStart", "First year"),
        *a_year(kind, end, "nx:periodEnd", "Last year"),
        BadRecord(kind, start, backwards, "First year", "not later than the last year", "2031"),
    ]


def as_stated(kind: str) -> list[BadRecord]:
    """The period in the words of the source."""
    path = "nx:periodAsStated"
    return a_string(kind, f"{kind}-periodAsStated", path, "Period as stated", "give at most one text")


def a_number(kind: str) -> list[BadRecord]:
    """The figure as a number."""
    shape, says = f"{kind}-value", "Value: give at most one number with a decimal point"
    return [
        BadRecord(kind, shape, instead("nx:value", "1.5", "2.5"), "Value", says),
        BadRecord(kind, shape, instead("nx:value", '"12 500"'), "Value", says, "12 500"),
        BadRecord(kind, shape, instead("nx:value", "50"), "Value", says, "50", "50.0"),
    ]


def from_vocabulary(
    kind: str,
    shape: str,
    path: str,
    field: str,
    vocabulary: str,
    misspelt: str,
    meant: str,
    *,
    most: str = "",
    least: bool = False,
) -> list[BadRecord]:
    """A field for terms of a vocabulary: a term that is not there, one of another vocabulary, no term.

    ``most`` names two terms where one is the most that there can be.
    """
    says = f'terms of the vocabulary "{vocabulary}"'
    if most:
        says = f'give {"exactly" if least else "at most"} one term of the vocabulary "{vocabulary}"'
    other = "score:zero" if path != "nx:score" else "end:to"
    found = [
        BadRecord(kind, shape, instead(path, misspelt), field, says, misspelt, meant),
        BadRecord(kind, shape, instead(path, other), field, says, other),
    ]
    if least:
        found.append(BadRecord(kind, shape, without(path), field, says))
    if most:
        found.append(BadRecord(kind, shape, instead(path, *most.split()), field, says))
    return found


def a_link(
    kind: str, shape: str, path: str, field: str, says: str, *, least: bool = False, most: bool = False
) -> list[BadRecord]:
    """A field that links to a record: one that is not there, one of another kind, one that is a text."""
    says = f"{field}: {says}"
    found = [
        BadRecord(kind, shape, instead(path, "rec:nobody-wrote-this"), field, says, "rec:nobody-wrote-this"),
        BadRecord(kind, shape, instead(path, "domain:land"), field, says, "domain:land"),
        BadRecord(kind, shape, instead(path, '"Forest law"@en'), field, says, "Forest law"),
    ]
    return found


def evidence(kind: str) -> list[BadRecord]:
    """What every claim has to have."""
    shape, says = f"{kind}-evidence", "A record without evidence does not enter."
    return [
        BadRecord(kind, shape, without("nx:evidence"), "Evidence", says),
        BadRecord(kind, shape, instead("nx:evidence", "ev:nowhere-e1"), "Evidence", says, "ev:nowhere-e1"),
    ]
