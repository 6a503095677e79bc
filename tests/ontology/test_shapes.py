"""Every shape catches something, and says what in words that whoever wrote the record understands."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from bad_fields import BadRecord, Change, all_of, instead, without
from bad_records import (
    BAD,
    circle_of_three,
    identifier_of_another,
    linked_with_itself,
    supersedes_itself,
    uncited,
)
from rdflib import DCTERMS, RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from nexuskb.content import read_turtle
from nexuskb.exchange.turtle import serialise
from nexuskb.settings import Settings
from nexuskb.terms import EV, NX, REC, SHAPES, bind_prefixes
from nexuskb.validation.base import Base, validate, validate_nodes
from nexuskb.validation.report import Violation
from nexuskb.validation.shapes import Shapes

#: Records are judged by this day, on which no good one is past its last year.
DAY = dt.date(2026, 11, 22)
KINDS = sorted({bad.kind for bad in BAD})

#: Rules that also speak where a shape does, for what it catches has consequences for them.
ALSO = {
    "Interlinkage-score": "Score of a dependency",
    "Interlinkage-inferredEnd": "The From end is cited or marked as inferred",
    "Interlinkage-evidence": "The To end is cited or marked as inferred",
    "Target-targetYear": "Baseline year",
    "Event-endDate": "Date",
    "Policy-periodEnd": "In force after its period has ended",
    "Observation-unit": "Known unit",
    "Target-unit": "Known unit",
}

#: Kinds that the base holds no record of yet, or none with every field filled in.
NOT_YET = """
@prefix area: <https://w3id.org/nexuskb/vocabularies/area/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix nx: <https://w3id.org/nexuskb/ontology/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rec: <https://w3id.org/nexuskb/records/> .
@prefix review: <https://w3id.org/nexuskb/vocabularies/review/> .
@prefix reviewkind: <https://w3id.org/nexuskb/vocabularies/reviewkind/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

rec:section-drivers
    a nx:PaperSection ;
    rdfs:label "Drivers of land degradation"@en ;
    dcterms:identifier "section-drivers" ;
    nx:reviewState review:draft ;
    nx:area area:north-east-asia ;
    nx:order 2 ;
    dcterms:description "Which drivers are at work, and where."@en ;
    nx:ofSection rec:section-state ;
    nx:assigns rec:section-drivers .

rec:section-state
    a nx:PaperSection ;
    rdfs:label "State of the land"@en ;
    dcterms:identifier "section-state" ;
    nx:reviewState review:draft ;
    nx:area area:north-east-asia ;
    nx:order 2 ;
    dcterms:description "How the land is."@en .

rec:section-drivers-q1
    a nx:PaperQuestion ;
    rdfs:label "Which drivers act in more than one State?"@en ;
    dcterms:identifier "section-drivers-q1" ;
    nx:reviewState review:draft ;
    nx:area area:north-east-asia ;
    nx:order 1 ;
    nx:ofSection rec:section-drivers ;
    nx:namedQuestion "drivers-compared-across-states" ;
    nx:parameter "driver=drought" .

rec:review-of-drivers
    a nx:Review ;
    rdfs:label "Review of the section on drivers"@en ;
    dcterms:identifier "review-of-drivers" ;
    nx:reviewState review:submitted ;
    nx:area area:north-east-asia ;
    nx:reviewKind reviewkind:requested-change ;
    nx:about rec:section-drivers ;
    nx:onRevision <https://w3id.org/nexuskb/revisions/section-drivers/1> ;
    nx:respondsTo rec:review-of-drivers ;
    nx:reviewer "A reader"@en ;
    dcterms:date "2026-11-20"^^xsd:date ;
    nx:answerBy "2026-12-20"^^xsd:date ;
    dcterms:description "Say more about wind."@en ;
    nx:wording "Wind and grazing act together."@en ;
    nx:answer "Two findings on wind were added."@en .
"""


class GoodRecords:
    """A good record of each kind, of which any number of copies can be made."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._chosen = {kind: self._richest(kind) for kind in set(graph.objects(None, RDF.type))}

    def copy(self, kind: str, name: str) -> tuple[Graph, URIRef]:
        """A copy under another name of the good record, with its evidence and all that it links to."""
        focus = self._chosen[NX[kind]]
        record = next(self._graph.subjects(NX.evidence, focus)) if kind == "Evidence" else focus
        passages = sorted(self._graph.objects(record, NX.evidence))
        renamed = {record: REC[name], **{p: EV[f"{name}-e{n}"] for n, p in enumerate(passages, 1)}}
        copy = Graph()
        for node in self._around(record):
            for s, p, o in self._graph.triples((node, None, None)):
                copy.add((renamed.get(s, s), p, renamed.get(o, o)))
        copy.set((REC[name], DCTERMS.identifier, Literal(name)))
        return copy, renamed[focus]

    def _around(self, record: Node) -> set[Node]:
        """The record, its evidence, its sources, and the records that it names."""
        near = {record, *self._graph.objects(record)}
        return near | {source for node in near for source in self._graph.objects(node, NX.source)}

    def _richest(self, kind: Node) -> URIRef:
        """The record with most properties that links to nothing outside the graph."""
        whole = [s for s in self._graph.subjects(RDF.type, kind) if self._is_whole(s)]
        return min(whole, key=lambda s: (-len(set(self._graph.predicates(s))), str(s)))

    def _is_whole(self, subject: Node) -> bool:
        linked = {o for o in self._graph.objects(subject) if str(o).startswith((REC, EV))}
        return all((node, RDF.type, None) in self._graph for node in linked)


COUNTRIES = "Use the country names of the United Nations, such as Republic of Korea or Russian Federation."

DATES_OF_AN_EVENT = (
    "Date: give at most one date that exists in the calendar, as precise as its source (2012, 2012-05 or "
    "2012-05-17), not later than the end date and as precise as that."
)

IN_FULL = {
    "missing-title": BadRecord(
        "Measure",
        "Measure-label",
        without("rdfs:label"),
        "Title or name",
        f"Title or name: give exactly one, in English. {COUNTRIES}",
    ),
    "two-english-titles": BadRecord(
        "Policy",
        "Policy-label",
        instead("rdfs:label", '"Law on Forests"@en', '"Forest Law"@en'),
        "English title",
        "English title: give exactly one, in English.",
    ),
    "impossible-date": BadRecord(
        "Policy",
        "Policy-adopted",
        instead("nx:adopted", '"2023-02-30"^^xsd:date'),
        "Adopted",
        "Adopted: give at most one date that exists in the calendar, as precise as its source: "
        "2012, 2012-05 or 2012-05-17.",
        "2023-02-30",
    ),
    "over-precise-date": BadRecord(
        "Policy",
        "Policy-adopted-year-only",
        instead("nx:adopted", '"2003-12-25"^^xsd:date'),
        "Adopted on 25 December",
        "Adopted: public registers write 25 December when only the year is known. Give the year only, unless "
        "the text itself prints the day.",
        "2003-12-25",
        "2003",
        blocking=False,
    ),
    "period-that-ends-before-it-starts": BadRecord(
        "Case",
        "Case-periodStart",
        all_of(instead("nx:periodStart", '"2016"^^xsd:gYear'), instead("nx:periodEnd", '"2007"^^xsd:gYear')),
        "First year",
        "First year: give at most one year, such as 2012, not later than the last year.",
        "2016",
    ),
    "event-that-ends-before-it-starts": BadRecord(
        "Event",
        "Event-date",
        all_of(
            instead("dcterms:date", '"2024-12-02"^^xsd:date'), instead("nx:endDate", '"2024-11-13"^^xsd:date')
        ),
        "Date",
        DATES_OF_AN_EVENT,
        "2024-12-02",
    ),
    "event-that-ends-in-a-month-before": BadRecord(
        "Event",
        "Event-date",
        all_of(
            instead("dcterms:date", '"2024-12"^^xsd:gYearMonth'),
            instead("nx:endDate", '"2024-11"^^xsd:gYearMonth'),
        ),
        "Date",
        DATES_OF_AN_EVENT,
        "2024-12",
    ),
    "event-with-a-first-day-and-a-last-month": BadRecord(
        "Event",
        "Event-date",
        all_of(
            instead("dcterms:date", '"2024-12-02"^^xsd:date'),
            instead("nx:endDate", '"2024-12"^^xsd:gYearMonth'),
        ),
        "Date",
        DATES_OF_AN_EVENT,
        "2024-12-02",
    ),
    "unknown-country": BadRecord(
        "Observation",
        "Record-area",
        instead("nx:area", "area:mgn"),
        "Area",
        'Area: give at least one, and only terms of the vocabulary "Areas".',
        "area:mgn",
        "mng",
    ),
    "country-by-its-name": BadRecord(
        "Observation",
        "Record-area",
        instead("nx:area", '"Republic of Korea"'),
        "Area",
        'Area: give at least one, and only terms of the vocabulary "Areas".',
        "Republic of Korea",
        "kor",
    ),
    "unknown-driver": BadRecord(
        "DriverFinding",
        "DriverFinding-driver",
        instead("nx:driver", "driver:overgrasing"),
        "Driver",
        'Driver: give exactly one term of the vocabulary "Drivers".',
        "driver:overgrasing",
        "overgrazing",
    ),
    "dangling-source": BadRecord(
        "Evidence",
        "Evidence-source",
        instead("nx:source", "rec:reg-src-never-entered"),
        "Source",
        "Source: link to exactly one existing record of the kind Source.",
        "rec:reg-src-never-entered",
    ),
    "claim-without-evidence": BadRecord(
        "ImpactFinding",
        "ImpactFinding-evidence",
        without("nx:evidence"),
        "Evidence",
        "Evidence: give at least one source with the pinpoint (article, paragraph, page, section or table) "
        "where it says so. A record without evidence does not enter.",
    ),
    "evidence-without-pinpoint": BadRecord(
        "Evidence",
        "Evidence-locator",
        without("nx:locator"),
        "Pinpoint",
        "Pinpoint: say where in the source (article, paragraph, page, section, table or row). "
        "A source without pinpoint cannot be cited.",
    ),
    "interlinkage-of-a-thing-with-itself": BadRecord(
        "Interlinkage",
        "Interlinkage-from",
        linked_with_itself,
        "From",
        "From: link to exactly one existing record or vocabulary term, and not to the one at the To end: "
        "nothing is interlinked with itself.",
        "domain:land",
    ),
    "trade-off-with-plus-two": BadRecord(
        "Interlinkage",
        "Interlinkage-score-trade-off",
        all_of(instead("nx:linkKind", "linkkind:trade-off"), instead("nx:score", "score:plus2")),
        "Score of a trade-off",
        "Score: a trade-off can only have -2 or -1. Change the score or the kind.",
    ),
    "from-end-neither-cited-nor-inferred": BadRecord(
        "Interlinkage",
        "Interlinkage-from-cited",
        uncited("from"),
        "The From end is cited or marked as inferred",
        "Evidence: no passage is cited for the From end. Cite one, or mark this end as inferred.",
    ),
    "to-end-neither-cited-nor-inferred": BadRecord(
        "Interlinkage",
        "Interlinkage-to-cited",
        uncited("to"),
        "The To end is cited or marked as inferred",
        "Evidence: no passage is cited for the To end. Cite one, or mark this end as inferred.",
    ),
    "target-without-unit": BadRecord(
        "Target",
        "Target-unit",
        without("nx:unit"),
        "Unit",
        "Unit: say what the figure counts or measures, such as % or million ha; write qualitative "
        "where a target has no figure.",
    ),
    "policy-that-supersedes-itself": BadRecord(
        "Policy",
        "Policy-supersedes-circle",
        supersedes_itself,
        "Does not supersede itself",
        "Supersedes: a policy cannot supersede itself, directly or through a circle of others.",
        "{identifier}",
    ),
    "circle-of-three-policies": BadRecord(
        "Policy",
        "Policy-supersedes-circle",
        circle_of_three,
        "Does not supersede itself",
        "Supersedes: a policy cannot supersede itself, directly or through a circle of others.",
        "{identifier}",
    ),
    "south-korea-in-a-text": BadRecord(
        "Recommendation",
        "Recommendation-description",
        instead("dcterms:description", '"Dust warnings should reach South Korea a day ahead."@en'),
        "Recommendation",
        f"Recommendation: give exactly one English text that is not empty. {COUNTRIES}",
        "Dust warnings should reach South Korea a day ahead.",
    ),
    "duplicate-identifier": BadRecord(
        "Event",
        "Record-unique-identifier",
        identifier_of_another,
        "Unique identifier",
        "Identifier: another record has the same one; choose a new one.",
    ),
    "malformed-link": BadRecord(
        "Source",
        "Source-url",
        instead("nx:url", '"www.unccd.int/ldn"^^xsd:anyURI'),
        "Address",
        "Address: give at most one web address that starts with http:// or https://.",
        "www.unccd.int/ldn",
        "https://www.unccd.int/ldn",
    ),
    "text-without-language": BadRecord(
        "Measure",
        "Measure-description",
        instead("dcterms:description", '"Herders rest pastures in spring."'),
        "What it prescribes",
        f"What it prescribes: give exactly one English text that is not empty. {COUNTRIES}",
        "Herders rest pastures in spring.",
        '"Herders rest pastures in spring."@en',
    ),
}


@pytest.fixture(scope="module")
def good(settings: Settings) -> GoodRecords:
    graph = read_turtle(sorted((settings.data / "regional").glob("*.ttl")))
    return GoodRecords(graph.parse(data=NOT_YET, format="turtle"))


@pytest.fixture(scope="module")
def found(good: GoodRecords, shapes_graph: Graph, model: Graph) -> dict[str, list[Violation]]:
    """What validation finds, by the name of the record: all good and bad records are validated together."""
    data = Graph()
    data += model
    files: dict[Node, Path] = {}
    for name, kind, change in _records():
        record, focus = good.copy(kind, name)
        if change:
            change(record, focus)
        data += record
        files[focus] = Path(f"{name}.ttl")
    report = validate_nodes(Base(Shapes(shapes_graph, DAY), data, files), set(files))
    assert report.records == len(files) - len([f for f in files if str(f).startswith(EV)])
    by_name: dict[str, list[Violation]] = {path.stem: [] for path in files.values()}
    for violation in report.violations:
        assert violation.file == f"{violation.record}.ttl"
        by_name[violation.record].append(violation)
    return by_name


def _records() -> Iterator[tuple[str, str, Change | None]]:
    for kind in KINDS:
        yield f"good-{kind.lower()}", kind, None
    for number, bad in enumerate(BAD):
        yield f"bad-{number}", bad.kind, bad.change
    for name, bad in IN_FULL.items():
        yield name, bad.kind, bad.change


def _as_shown(bad: BadRecord, name: str) -> str:
    return bad.value.replace("{record}", f"rec:{name}").replace("{identifier}", name)


@pytest.mark.parametrize("kind", KINDS)
def test_the_good_record_conforms_without_a_warning(kind: str, found: dict[str, list[Violation]]) -> None:
    assert found[f"good-{kind.lower()}"] == []


@pytest.mark.parametrize(
    ("number", "bad"), [pytest.param(n, bad, id=f"{n}-{bad.shape}") for n, bad in enumerate(BAD)]
)
def test_a_shape_catches_its_bad_record_and_no_other_shape_speaks(
    number: int, bad: BadRecord, found: dict[str, list[Violation]], shapes_graph: Graph
) -> None:
    name = f"bad-{number}"
    message = str(shapes_graph.value(SHAPES[bad.shape], SH.message))
    assert bad.says in message
    said = {(v.field, v.message, v.value, v.suggestion, v.blocking) for v in found[name]}
    assert (bad.field, message, _as_shown(bad, name), bad.suggestion, bad.blocking) in said
    assert {field for field, *_ in said} - {ALSO.get(bad.shape)} == {bad.field}


@pytest.mark.parametrize("name", IN_FULL)
def test_what_is_said_in_full(name: str, found: dict[str, list[Violation]]) -> None:
    bad = IN_FULL[name]
    said = [(v.field, v.message, v.value, v.suggestion, v.blocking) for v in found[name]]
    assert said == [(bad.field, bad.says, _as_shown(bad, name), bad.suggestion, bad.blocking)]


def test_every_shape_has_a_bad_record(shapes_graph: Graph) -> None:
    rows = {SHAPES[bad.shape] for bad in BAD}
    covered = rows | {used for row in rows for used in _used_by(shapes_graph, row)}
    named = {s for s in shapes_graph.subjects(RDF.type, SH.NodeShape) if isinstance(s, URIRef)}
    kinds = {s for s in named - rows if (s, SH.targetClass, None) in shapes_graph}
    named |= {s for s in shapes_graph.subjects(RDF.type, SH.PropertyShape) if isinstance(s, URIRef)}
    covered |= {s for s in kinds if set(shapes_graph.objects(s, SH.property)) <= covered}
    assert sorted(named - covered) == []
    assert sorted(rows - named) == []


def _used_by(shapes: Graph, shape: Node) -> Iterator[Node]:
    """The shapes that a field asks of its values: a vocabulary, a precision of date, a name of a country."""
    lists = chain.from_iterable(shapes.objects(shape, p) for p in (SH["or"], SH["and"], SH.xone))
    direct = chain.from_iterable(shapes.objects(shape, p) for p in (SH.node, SH["not"], SH.property))
    for used in chain(direct, *(Collection(shapes, first) for first in lists)):
        yield used
        yield from _used_by(shapes, used)


def test_no_two_shapes_of_a_kind_say_the_same(model: Graph, shapes_graph: Graph) -> None:
    for kind in {NX[kind] for kind in KINDS}:
        classes = set(model.transitive_objects(kind, RDFS.subClassOf))
        nodes = {s for cls in classes for s in shapes_graph.subjects(SH.targetClass, cls)}
        speaking = nodes | {p for node in nodes for p in shapes_graph.objects(node, SH.property)}
        said = Counter(str(o) for s in speaking for o in shapes_graph.objects(s, SH.message))
        assert [message for message, times in said.items() if times > 1] == [], kind


def test_no_shape_has_two_patterns_which_shacl_does_not_allow(shapes_graph: Graph) -> None:
    patterns = Counter(shapes_graph.subjects(SH.pattern))
    assert [shape for shape, times in patterns.items() if times > 1] == []


@pytest.mark.parametrize(
    ("classes", "given"),
    [
        ([], "none"),
        (["Polcy"], "Polcy"),
        (["Record"], "Record"),
        (["Claim"], "Claim"),
        (["Finding"], "Finding"),
        (["Claim", "Record"], "Claim, Record"),
    ],
)
def test_a_record_of_no_kind_or_of_no_kind_in_particular_is_caught(
    classes: list[str], given: str, good: GoodRecords, shapes_graph: Graph, model: Graph
) -> None:
    record, focus = good.copy("Policy", "of-what-kind")
    record.remove((focus, RDF.type, None))
    for cls in classes:
        record.add((focus, RDF.type, NX[cls]))
    report = validate_nodes(Base(Shapes(shapes_graph), record + model, {}), {focus})
    message = "Kind: say what kind of record this is, with one of the classes of the ontology."
    assert (message, given) in {(v.message, v.value) for v in report.violations}
    assert not report.conforms


def test_an_impossible_date_in_a_file_is_caught_and_shown_as_it_was_written(
    good: GoodRecords, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record, focus = good.copy("Policy", "impossible")
    record.set((focus, NX.adopted, Literal("2023-02-30", datatype="http://www.w3.org/2001/XMLSchema#date")))
    file = tmp_path / "policies.ttl"
    file.write_text(serialise(bind_prefixes(record), {}), encoding="utf-8")
    report = validate(Settings(settings.ontology, tmp_path, settings.home))
    assert [(v.file, v.record, v.field, v.value) for v in report.violations if v.record == "impossible"] == [
        (str(file), "impossible", "Adopted", "2023-02-30")
    ]
    assert caplog.records == []


def test_years_that_cannot_be_compared_are_reported_and_do_not_end_the_validation(
    good: GoodRecords, shapes_graph: Graph, model: Graph
) -> None:
    record, focus = good.copy("Target", "from-2020-to-some-day")
    record.set((focus, NX.baselineYear, Literal("2020", datatype="http://www.w3.org/2001/XMLSchema#gYear")))
    record.set((focus, NX.targetYear, Literal("some day")))
    report = validate_nodes(Base(Shapes(shapes_graph), record + model, {}), {focus})
    assert [(v.field, v.value) for v in report.violations] == [
        ("Baseline year", "2020"),
        ("Target year", "some day"),
    ]


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("Dust from south korea", True),
        ("NORTH KOREA", True),
        ("South-Korean forests", True),
        ("Grain of N. Korea", True),
        ("Russia's taiga", True),
        ("Russia\u2019s taiga", True),
        ("the China-Russia border", True),
        ("the Mongolia/Russia border", True),
        ("russia", True),
        ("in Outer Mongolia", True),
        ("mainland China", True),
        ("Russian Federation", False),
        ("the Russian steppe", False),
        ("Belorussian SSR", False),
        ("Inner Mongolia", False),
        ("Republic of Korea", False),
        ("the Korea Forest Service", False),
        ("the south of the Korean peninsula", False),
        ("southern China", False),
    ],
)
def test_a_country_is_named_as_the_united_nations_names_it_in_whatever_case_and_form(
    text: str, caught: bool, good: GoodRecords, shapes_graph: Graph, model: Graph
) -> None:
    record, focus = good.copy("Recommendation", "names-a-country")
    record.set((focus, DCTERMS.description, Literal(text, lang="en")))
    report = validate_nodes(Base(Shapes(shapes_graph), record + model, {}), {focus})
    assert [v.value for v in report.violations] == [text] * caught
