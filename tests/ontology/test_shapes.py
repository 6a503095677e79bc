"""Every shape catches something, and says what in words that whoever wrote the record understands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bad_fields import BadRecord, instead, without
from bad_records import BAD, circle_of_three, identifier_of_another, linked_with_itself, supersedes_itself, uncited
from rdflib import DCTERMS, RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.content import read_turtle
from nexuskb.settings import Settings
from nexuskb.terms import EV, NX, REC, SHAPES
from nexuskb.validation.base import Base, validate, validate_nodes
from nexuskb.validation.report import Violation
from nexuskb.validation.shapes import Shapes

#: Kinds that the base holds no record of yet.
NOT_YET = """
@prefix area: <https://w3id.org/nexuskb/vocabularies/area/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix nx: <https://w3id.org/nexuskb/ontology/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rec: <https://w3id.org/nexuskb/records/> .
@prefix review: <https://w3id.org/nexuskb/vocabularies/review/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

rec:section-drivers
    a nx:PaperSection ;
    rdfs:label "Drivers of land degradation"@en ;
    dcterms:identifier "section-drivers" ;
    nx:reviewState review:draft ;
    nx:area area:north-east-asia ;
    nx:order 2 ;
    dcterms:description "Which drivers are at work, and where."@en ;
    nx:question "Which drivers act in more than one State?"@en ;
    nx:assigns rec:section-drivers .

rec:review-of-drivers
    a nx:Review ;
    rdfs:label "Review of the section on drivers"@en ;
    dcterms:identifier "review-of-drivers" ;
    nx:reviewState review:submitted ;
    nx:area area:north-east-asia ;
    nx:about rec:section-drivers ;
    nx:reviewer "A reader"@en ;
    dcterms:date "2026-11-20"^^xsd:date ;
    dcterms:description "Say more about wind."@en ;
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


def name_of(number: int) -> str:
    return f"bad-{number}"


@pytest.fixture(scope="module")
def good(settings: Settings) -> GoodRecords:
    graph = read_turtle(sorted((settings.data / "regional").glob("*.ttl")))
    return GoodRecords(graph.parse(data=NOT_YET, format="turtle"))


@pytest.fixture(scope="module")
def shapes(shapes_graph: Graph) -> Shapes:
    return Shapes(shapes_graph)


def test_x(good, shapes, model):
    data = Graph()
    data += model
    focus = {}
    for n, bad in enumerate(BAD):
        g, f = good.copy(bad.kind, name_of(n))
        bad.change(g, f)
        data += g
        focus[f] = n
    import time
    t = time.time()
    rep = validate_nodes(Base(shapes, model, data, {f: Path(name_of(n)) for f, n in focus.items()}), set(focus))
    print(len(BAD), time.time() - t)
    from collections import defaultdict
    by = defaultdict(list)
    for v in rep.violations:
        by[focus[URIRef(v.focus)]].append(v)
    for n, bad in enumerate(BAD):
        vs = by[n]
        name = str(f"bad-{n}")
        val = bad.value.format(record=f"rec:{name}", identifier=name)
        ok = [v for v in vs if v.field == bad.field and bad.says in v.message and v.value == val and v.suggestion == bad.suggestion and v.blocking == bad.blocking]
        if len(ok) != 1 or len(vs) != 1:
            print("ROW", "ok+" if ok else "BAD", n, bad.shape, bad.field, repr(bad.says), repr(val), repr(bad.suggestion))
            for v in vs:
                print("     ", v.field, '|', v.message, '|', repr(v.value), '|', v.suggestion, v.blocking)
