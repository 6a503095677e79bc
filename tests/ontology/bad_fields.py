"""What can be wrong with a field: bad values of each sort, too many values, none.

A :class:`BadRecord` takes the good record of a kind (see ``test_shapes.py``), changes one thing in it and
names the field, a part of the message, the value and the suggestion that whoever wrote it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.term import IdentifiedNode, Node
from rdflib.util import from_n3

from nexuskb.terms import bind_prefixes

Change = Callable[[Graph, URIRef], None]

_PREFIXES = bind_prefixes(Graph()).namespace_manager


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


def one_more(name: str) -> Change:
    """Link to one more record of the same kind as the one linked to."""

    def change(graph: Graph, focus: URIRef) -> None:
        linked = graph.value(focus, term(name))
        assert linked is not None
        for kind in graph.objects(linked, RDF.type):
            graph.add((URIRef(f"{linked}-and-more"), RDF.type, kind))
        graph.add((focus, term(name), URIRef(f"{linked}-and-more")))

    return change


def all_of(*changes: Change) -> Change:
    """One change after the other."""

    def change(graph: Graph, focus: URIRef) -> None:
        for each in changes:
            each(graph, focus)

    return change


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of field: bad values as (written, shown, suggested), and two good ones."""

    bad: tuple[tuple[str, str, str], ...]
    good: tuple[str, str] | None = None


ENGLISH = Sort(
    bad=(
        ('"Перевыпас пастбищ"@ru', "Перевыпас пастбищ (ru)", ""),
        ('"  "@en', "  ", ""),
        ('"Dry steppe"', "Dry steppe", '"Dry steppe"@en'),
        ("domain:land", "domain:land", ""),
        ('"<b>Gobi</b>"@en', "<b>Gobi</b>", ""),
        ('"Land &amp; water"@en', "Land &amp; water", ""),
        ('"Go\\u200Bbi"@en', "Go\u200bbi", ""),
        ('"Lost \\uFFFD characters"@en', "Lost \ufffd characters", ""),
        ('"监测土地退化 (UNCCD)"@en', "监测土地退化 (UNCCD)", ""),
        ('"«Перевыпас» (overgrazing)"@en', "«Перевыпас» (overgrazing)", ""),
    ),
    good=('"Soil"@en', '"Soils"@en'),
)
#: English text in which countries are named as the United Nations names them.
TEXT = Sort(
    bad=(
        *ENGLISH.bad,
        ('"Dust from South Korea"@en', "Dust from South Korea", ""),
        ('"North Korea"@en', "North Korea", ""),
        ('"Rivers of Russia, and of Mongolia"@en', "Rivers of Russia, and of Mongolia", ""),
    ),
    good=ENGLISH.good,
)
#: Text in any language, one in each.
NATIVE = Sort(
    bad=(
        ('" "@mn', "  (mn)", ""),
        ('"Хууль"', "Хууль", ""),
        ('"Law on Land"@mn', "Law on Land (mn)", ""),
        ('"Tudi fa"@zh', "Tudi fa (zh)", ""),
        ('"Toji ho"@ja', "Toji ho (ja)", ""),
        ('"Toji beop"@ko', "Toji beop (ko)", ""),
        ('"Zakon o zemle"@ru', "Zakon o zemle (ru)", ""),
        ('"土地法"@en', "土地法", ""),
        ('"<i>Хууль</i>"@mn', "<i>Хууль</i> (mn)", ""),
    ),
    good=('"Хуваарь"@mn', '"Хууль"@mn'),
)
CHARACTERS = Sort(
    bad=(
        ('" "', " ", ""),
        ('"Table 3"@en', "Table 3", '"Table 3"'),
        ('"Table<br/>3"', "Table<br/>3", ""),
        ('"Table\\u202E3"', "Table\u202e3", ""),
    ),
    good=('"Table 3"', '"Table 4"'),
)
DATE = Sort(
    bad=(
        ('"2023-02-30"^^xsd:date', "2023-02-30", ""),
        ('"2023-02-29"^^xsd:date', "2023-02-29", ""),
        ('"2023-13"^^xsd:gYearMonth', "2023-13", ""),
        ('"MMXXIII"^^xsd:gYear', "MMXXIII", ""),
        ('"May 2012"', "May 2012", ""),
        ('"2012-05-17"', "2012-05-17", '"2012-05-17"^^xsd:date'),
        ('"2012-05"', "2012-05", '"2012-05"^^xsd:gYearMonth'),
        ("2012", "2012", '"2012"^^xsd:gYear'),
    ),
    good=('"2012"^^xsd:gYear', '"2012-05"^^xsd:gYearMonth'),
)
DAY = Sort(
    bad=(
        ('"2027-02-30"^^xsd:date', "2027-02-30", ""),
        ('"2027"^^xsd:gYear', "2027", ""),
        ('"2027-02-28"', "2027-02-28", '"2027-02-28"^^xsd:date'),
    ),
    good=('"2027-02-27"^^xsd:date', '"2027-02-28"^^xsd:date'),
)
YEAR = Sort(
    bad=(
        ('"20123"^^xsd:gYear', "20123", ""),
        ('"2012-05"^^xsd:gYearMonth', "2012-05", ""),
        ('"2012"', "2012", '"2012"^^xsd:gYear'),
    ),
    good=('"2012"^^xsd:gYear', '"2013"^^xsd:gYear'),
)
NUMBER = Sort(
    bad=(
        ('"12 500"', "12 500", ""),
        ("50", "50", "50.0"),
        ('"12.5"', "12.5", "12.5"),
        ('"NaN"^^xsd:decimal', "NaN", ""),
        ('"-INF"^^xsd:decimal', "-Infinity", ""),
    ),
    good=('"1.5"^^xsd:decimal', '"2.5"^^xsd:decimal'),
)
WHOLE_NUMBER = Sort(bad=(('"first"', "first", ""), ('"1"', "1", "1"), ("1.5", "1.5", "")), good=("1", "2"))
IDENTIFIER = Sort(
    bad=(
        ('"Mongolia_2012"', "Mongolia_2012", ""),
        ('"mng--2012"', "mng--2012", ""),
        ('"mng-2012"@en', "mng-2012", '"mng-2012"'),
    ),
    good=('"mng-2012"', '"mng-2013"'),
)
LINK = Sort(
    bad=(
        ("rec:nobody-wrote-this", "rec:nobody-wrote-this", ""),
        ("domain:land", "domain:land", ""),
        ('"Law on Forests"@en', "Law on Forests", ""),
    ),
)


def words(vocabulary: str, misspelt: str, meant: str, good: tuple[str, str] | None = None) -> Sort:
    """A sort of field for the terms of a vocabulary: a misspelt one, one of another vocabulary, a text."""
    other = "domain:water" if vocabulary != "domain" else "sector:water"
    suggested = "water" if vocabulary in ("domain", "sector") else ""
    written = f"{vocabulary}:{misspelt}"
    return Sort(
        bad=(
            (written, written, meant),
            (other, other, suggested),
            (f'"{misspelt}"', misspelt, meant),
        ),
        good=good,
    )


def property_of(shape: str) -> str:
    """The property that a field's shape is named after."""
    name = shape.partition("-")[2]
    return _STANDARD.get(name, f"nx:{name}")


_STANDARD = {
    "date": "dcterms:date",
    "description": "dcterms:description",
    "identifier": "dcterms:identifier",
    "label": "rdfs:label",
    "note": "skos:note",
}


def any_number(sort: Sort, shape: str, name: str, says: str, kind: str = "") -> list[BadRecord]:
    """The bad records of a field that may have values."""
    kind = kind or shape.partition("-")[0]
    return [
        BadRecord(kind, shape, instead(property_of(shape), written), name, says, shown, suggested)
        for written, shown, suggested in sort.bad
    ]


def at_least_one(sort: Sort, shape: str, name: str, says: str, kind: str = "") -> list[BadRecord]:
    """The bad records of a field that has values."""
    missing = BadRecord(kind or shape.partition("-")[0], shape, without(property_of(shape)), name, says)
    return [missing, *any_number(sort, shape, name, says, kind)]


def at_most_one(sort: Sort, shape: str, name: str, says: str, kind: str = "") -> list[BadRecord]:
    """The bad records of a field that may have a value."""
    two = instead(property_of(shape), *sort.good) if sort.good else one_more(property_of(shape))
    return [
        BadRecord(kind or shape.partition("-")[0], shape, two, name, says),
        *any_number(sort, shape, name, says, kind),
    ]


def exactly_one(sort: Sort, shape: str, name: str, says: str, kind: str = "") -> list[BadRecord]:
    """The bad records of a field that has a value."""
    missing = BadRecord(kind or shape.partition("-")[0], shape, without(property_of(shape)), name, says)
    return [missing, *at_most_one(sort, shape, name, says, kind)]
