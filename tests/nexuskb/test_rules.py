"""The rules: what each concludes from a few records, and that their conclusions stand apart."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rdflib import RDF, SKOS, Graph, URIRef
from rdflib.term import Node

from nexuskb.errors import ContentError
from nexuskb.rules import read_rules, rule_files
from nexuskb.settings import Settings
from nexuskb.sparql.formats import N_TRIPLES
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import open_store
from nexuskb.store.port import EVERYTHING
from nexuskb.terms import GRAPHS, NX, PREFIXES, concept_iri, scheme_iri

Triple = tuple[Node, Node, Node]

RULES = Path(__file__).resolve().parents[2] / "ontology" / "rules"
NEWS = '"Rests on news alone."@en'
COMPILED = (
    '"Rests alone on texts compiled in another State, '
    'which the State concerned may not accept as official."@en'
)
GENERAL = '"Rests on general knowledge: check it against a source before use."@en'

#: Records, and what the rule of this name concludes from them, by hand. Both in Turtle.
CONCLUSIONS = {
    "policy-addresses": (
        """
        rec:fee a nx:Measure ; nx:ofPolicy rec:law ; nx:addressesDriver driver:overgrazing .
        rec:ban a nx:Measure ; nx:ofPolicy rec:law ;
          nx:addressesDriver driver:overgrazing , driver:drought ; nx:addressesImpact impact:soil-erosion .
        rec:goal a nx:Target ; nx:ofPolicy rec:law ; nx:addressesDriver driver:wind .
        rec:case a nx:Case ; nx:applies rec:law ; nx:addressesImpact impact:health .
        """,
        """
        rec:law nx:addressesThroughMeasures driver:overgrazing , driver:drought , impact:soil-erosion .
        """,
    ),
    "in-force-until": (
        """
        rec:old nx:legalStatus status:superseded ; nx:periodEnd "2030"^^xsd:gYear .
        rec:next nx:supersedes rec:old ; nx:adopted "2010-03"^^xsd:gYearMonth .
        rec:second nx:supersedes rec:old ; nx:adopted "2012-01-01"^^xsd:date .
        rec:older nx:legalStatus status:superseded .
        rec:undated nx:supersedes rec:older .
        rec:programme nx:legalStatus status:expired ; nx:periodEnd "2020"^^xsd:gYear .
        rec:forgotten nx:legalStatus status:expired .
        rec:plan nx:legalStatus status:in-force ; nx:periodEnd "2035"^^xsd:gYear .
        rec:draft nx:supersedes rec:plan ; nx:adopted "2026"^^xsd:gYear ; nx:legalStatus status:draft .
        """,
        """
        rec:old nx:inForceUntil "2010-03"^^xsd:gYearMonth .
        rec:programme nx:inForceUntil "2020"^^xsd:gYear .
        """,
    ),
    "support": (
        """
        rec:one-source nx:evidence ev:1 , ev:2 .
        ev:1 nx:source rec:a . ev:2 nx:source rec:a .
        rec:two-records nx:evidence ev:3 , ev:4 .
        ev:3 nx:source rec:a . ev:4 nx:source rec:b .
        rec:one-doi nx:evidence ev:5 , ev:6 , ev:7 .
        ev:5 nx:source rec:c . ev:6 nx:source rec:d . ev:7 nx:source rec:e .
        rec:one-address nx:evidence ev:8 , ev:9 .
        ev:8 nx:source rec:f . ev:9 nx:source rec:g .
        rec:two-addresses nx:evidence ev:10 , ev:11 .
        ev:10 nx:source rec:f . ev:11 nx:source rec:h .
        rec:bare rdfs:label "No evidence"@en .
        rec:c nx:doi "10.1000/abc" ; nx:url "https://a.example/1"^^xsd:anyURI .
        rec:d nx:doi "10.1000/ABC" ; nx:url "https://a.example/2"^^xsd:anyURI .
        rec:e nx:url "https://doi.org/10.1000/abc"^^xsd:anyURI .
        rec:f nx:url "https://www.a.example/x/"^^xsd:anyURI .
        rec:g nx:url "http://a.example/x"^^xsd:anyURI .
        rec:h nx:url "http://a.example/y"^^xsd:anyURI .
        """,
        """
        rec:one-source nx:sourceCount 1 . rec:two-records nx:sourceCount 2 . rec:one-doi nx:sourceCount 1 .
        rec:one-address nx:sourceCount 1 . rec:two-addresses nx:sourceCount 2 .
        """,
    ),
    "reservations": (
        """
        rec:known nx:basis basis:general-knowledge .
        rec:read nx:basis basis:source .
        rec:compiled nx:soleSupport sensitivity:compiled-elsewhere .
        rec:newspaper nx:evidence ev:1 . ev:1 nx:source rec:news .
        rec:media nx:evidence ev:2 , ev:3 . ev:2 nx:source rec:news . ev:3 nx:source rec:state-media .
        rec:mixed nx:evidence ev:4 , ev:5 . ev:4 nx:source rec:news . ev:5 nx:source rec:law-text .
        rec:sound nx:evidence ev:6 . ev:6 nx:source rec:law-text .
        rec:page nx:evidence ev:7 , ev:8 . ev:7 nx:source rec:news . ev:8 nx:source rec:web-page .
        rec:doubted nx:caveat "The shares do not add up."@en , "The year is not stated."@en ;
          nx:soleSupport sensitivity:compiled-elsewhere .
        rec:news nx:sourceKind sourcekind:news . rec:state-media nx:sourceKind sourcekind:state-media .
        rec:law-text nx:sourceKind sourcekind:legal-text . rec:web-page nx:sourceKind sourcekind:web-page .
        """,
        f"""
        rec:known nx:reservation {GENERAL} .
        rec:compiled nx:reservation {COMPILED} .
        rec:newspaper nx:reservation {NEWS} .
        rec:media nx:reservation {NEWS} .
        rec:doubted nx:reservation {COMPILED} ,
          "The shares do not add up."@en , "The year is not stated."@en .
        """,
    ),
    "units": (
        """
        rec:steppe nx:unit "million km2" ; nx:value 1.5 .
        rec:wood nx:unit "1000 ha" ; nx:value 30.0 .
        rec:range nx:unit "million ha (about)" ; nx:valueAsPrinted "3-4" .
        rec:unknown nx:unit "furlongs" ; nx:value 3.0 .
        """,
        """
        rec:steppe nx:unitTerm unit:million-km2 ; nx:baseValue "150000000"^^xsd:decimal .
        rec:wood nx:unitTerm unit:thousand-ha ; nx:baseValue "30000"^^xsd:decimal .
        rec:range nx:unitTerm unit:million-ha .
        """,
    ),
    "chains": (
        """
        rec:a a nx:Interlinkage ; dcterms:identifier "a" ; nx:confidence confidence:medium ;
          nx:from driver:overgrazing ; nx:to impact:sand-and-dust-storms .
        rec:b a nx:Interlinkage ; dcterms:identifier "b" ; nx:confidence confidence:high ;
          nx:from impact:sand-and-dust-storms ; nx:to impact:health .
        rec:c a nx:Interlinkage ; dcterms:identifier "c" ; nx:confidence confidence:low ;
          nx:from rec:fee ; nx:to driver:overgrazing .
        rec:back a nx:Interlinkage ; dcterms:identifier "back" ; nx:confidence confidence:high ;
          nx:from impact:sand-and-dust-storms ; nx:to driver:overgrazing .
        rec:to-land a nx:Interlinkage ; dcterms:identifier "to-land" ; nx:confidence confidence:high ;
          nx:from driver:wind ; nx:to domain:land .
        rec:from-land a nx:Interlinkage ; dcterms:identifier "from-land" ; nx:confidence confidence:high ;
          nx:from domain:land ; nx:to impact:displacement .
        """,
        """
        <https://w3id.org/nexuskb/chains/a--b> a nx:Chain ; nx:firstLink rec:a ; nx:secondLink rec:b ;
          nx:start driver:overgrazing ; nx:through impact:sand-and-dust-storms ; nx:finish impact:health ;
          nx:weakestConfidence confidence:medium .
        <https://w3id.org/nexuskb/chains/c--a> a nx:Chain ; nx:firstLink rec:c ; nx:secondLink rec:a ;
          nx:start rec:fee ; nx:through driver:overgrazing ; nx:finish impact:sand-and-dust-storms ;
          nx:weakestConfidence confidence:low .
        """,
    ),
}

#: Overgrazing acts on land; drought on climate and water; harm to health on no domain by its definition.
SEARCHES = """
rec:finding-1 a nx:DriverFinding ; nx:area area:mng ; nx:driver driver:overgrazing .
rec:finding-2 a nx:DriverFinding ; nx:area area:mng ; nx:driver driver:overgrazing .
rec:finding-3 a nx:ImpactFinding ; nx:area area:jpn ; nx:impact impact:health ; nx:domain domain:climate .
rec:finding-4 a nx:ImpactFinding ; nx:area area:kor ; nx:impact impact:health .
rec:finding-5 a nx:ImpactFinding ; nx:area area:mng ; nx:impact impact:livestock-loss-dzud .
rec:treaty a nx:Policy ; nx:area area:mng , area:rus ; nx:domain domain:land , domain:water .
rec:fee a nx:Measure ; nx:area area:mng ; nx:ofPolicy rec:treaty ;
  nx:addressesDriver driver:overgrazing , driver:drought .
rec:land-law a nx:Policy ; nx:area area:chn ; nx:domain domain:land .
rec:well a nx:Measure ; nx:area area:chn ; nx:ofPolicy rec:land-law ; nx:addressesDriver driver:drought .
rec:vague a nx:Policy ; nx:area area:prk .
rec:rule a nx:Measure ; nx:area area:prk ; nx:ofPolicy rec:vague ; nx:addressesDriver driver:wind .
rec:link-1 a nx:Interlinkage ; nx:area area:mng ; nx:from driver:overgrazing ; nx:to domain:water .
rec:link-2 a nx:Interlinkage ; nx:area area:jpn ; nx:from rec:finding-3 ; nx:to impact:carbon-loss .
rec:note-1 a nx:CoverageNote ; nx:area area:mng ; nx:driver driver:wind ; nx:domain domain:land ;
  nx:outcome outcome:not-found .
rec:note-2 a nx:CoverageNote ; nx:area area:kor ; nx:driver driver:conflict ; nx:domain domain:land ;
  nx:outcome outcome:not-found .
rec:note-3 a nx:CoverageNote ; nx:area area:kor ; nx:driver driver:conflict ; nx:domain domain:land ;
  nx:outcome outcome:partly-found .
rec:note-4 a nx:CoverageNote ; nx:area area:kor ; nx:driver driver:overgrazing , driver:discharges ;
  nx:domain domain:water ; nx:outcome outcome:not-found .
rec:note-5 a nx:CoverageNote ; nx:area area:rus ; nx:impact impact:floods ; nx:outcome outcome:found .
rec:note-6 a nx:CoverageNote ; nx:area area:rus ; nx:driver driver:drought ;
  nx:domain domain:land , domain:water ; nx:outcome outcome:not-found .
"""
#: Area, driver or impact, domain ("" for all together); findings, measures, interlinkages, searches; found at
#: work, measure found. All other cells have nothing, and nobody looked at them.
STANDINGS = """
mng  overgrazing            -        2 1 1 0  found         found
mng  overgrazing            land     2 1 0 0  found         found
mng  overgrazing            water    0 0 1 0  found         not-found
mng  drought                -        0 1 0 0  not-looked-at found
mng  drought                water    0 1 0 0  not-looked-at found
rus  overgrazing            -        0 1 0 0  not-looked-at found
rus  overgrazing            land     0 1 0 0  not-looked-at found
rus  drought                -        0 1 0 1  not-found     found
rus  drought                water    0 1 0 1  not-found     found
chn  drought                -        0 1 0 0  not-looked-at found
chn  drought                land     0 1 0 0  not-looked-at found
prk  wind                   -        0 1 0 0  not-looked-at found
prk  wind                   climate  0 1 0 0  not-looked-at found
prk  wind                   land     0 1 0 0  not-looked-at found
jpn  health                 -        1 0 1 0  found         not-found
jpn  health                 climate  1 0 1 0  found         not-found
jpn  health                 land     0 0 1 0  found         not-found
jpn  carbon-loss            -        0 0 1 0  found         not-found
jpn  carbon-loss            climate  0 0 1 0  found         not-found
kor  health                 -        1 0 0 0  found         not-found
mng  livestock-loss-dzud    -        1 0 0 0  found         not-found
mng  livestock-loss-dzud    climate  1 0 0 0  found         not-found
mng  livestock-loss         -        1 0 0 0  found         not-found
mng  livestock-loss         climate  1 0 0 0  found         not-found
mng  wind                   -        0 0 0 1  not-found     not-found
mng  wind                   land     0 0 0 1  not-found     not-found
kor  conflict               -        0 0 0 2  partly-found  not-found
kor  conflict               land     0 0 0 2  partly-found  not-found
kor  overgrazing            -        0 0 0 1  not-found     not-found
kor  overgrazing            water    0 0 0 1  not-found     not-found
kor  discharges             -        0 0 0 1  not-found     not-found
kor  discharges             water    0 0 0 1  not-found     not-found
rus  floods                 -        0 0 0 1  found         not-found
"""
CELLS = """SELECT ?area ?topic ?domain ?findings ?measures ?interlinkages ?searches ?standing ?measureStanding
WHERE {
  ?cell a nx:CoverageCell ; nx:area ?area ; nx:topic ?topic ; nx:findingCount ?findings ;
    nx:measureCount ?measures ; nx:interlinkageCount ?interlinkages ; nx:searchCount ?searches ;
    nx:standing ?standing ; nx:measureStanding ?measureStanding .
  OPTIONAL { ?cell nx:domain ?domain }
}"""
CELLS_COLUMNS = ["area", "topic", "domain", "findings", "measures", "interlinkages", "searches"]
CELLS_COLUMNS += ["standing", "measureStanding"]
AREAS = ("chn", "jpn", "kor", "mng", "prk", "rus", "north-east-asia")


def read(turtle: str) -> set[Triple]:
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    return set(Graph().parse(data=prefixes + turtle, format="turtle"))


def derived(store: OxigraphStore) -> set[Triple]:
    found = store.select(f"SELECT ?s ?p ?o WHERE {{ GRAPH <{GRAPHS.derived}> {{ ?s ?p ?o }} }}")
    return {(row["s"], row["p"], row["o"]) for row in found}


def alone(name: str) -> dict[str, str]:
    """This rule of the ontology and no other."""
    return {name: (RULES / f"{name}.rq").read_text(encoding="utf-8")}


# What each rule concludes


def test_every_rule_is_here() -> None:
    assert {path.stem for path in RULES.glob("*.rq")} == {*CONCLUSIONS, "coverage", "records-behind-coverage"}


@pytest.mark.parametrize("name", CONCLUSIONS)
def test_a_rule_concludes_what_follows_and_nothing_else(make_base, name: str) -> None:
    records, conclusions = CONCLUSIONS[name]
    assert derived(open_store(make_base(records, rules=alone(name)))) == read(conclusions)


def coverage_cells(store: OxigraphStore) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Every cell by area, topic and domain (- for all together), with its counts and standings."""
    rows = [
        [str(row.get(name, "-")).rsplit("/", 1)[-1] for name in CELLS_COLUMNS] for row in store.select(CELLS)
    ]
    cells = {(area, topic, domain): tuple(rest) for area, topic, domain, *rest in rows}
    assert len(cells) == len(rows)
    return cells


def test_coverage_says_of_every_area_topic_and_domain_what_was_found_looked_for_or_not_looked_at(
    make_base, model: Graph
) -> None:
    topics = {
        str(topic).rsplit("/", 1)[1]
        for scheme in ("driver", "impact")
        for topic in model.subjects(SKOS.inScheme, scheme_iri(scheme))
    }
    expected = {
        (area, topic, domain): ("0", "0", "0", "0", "not-looked-at", "not-looked-at")
        for area in AREAS
        for topic in topics
        for domain in ("-", "climate", "land", "water")
    }
    rows = [line.split() for line in STANDINGS.strip().splitlines()]
    told = {(area, topic, domain): tuple(rest) for area, topic, domain, *rest in rows}
    assert told.keys() < expected.keys()
    assert coverage_cells(open_store(make_base(SEARCHES, rules=alone("coverage")))) == expected | told


def test_the_outcomes_of_a_search_have_ranks_so_that_a_part_found_stands_before_nothing_found(model) -> None:
    outcomes = model.subjects(SKOS.inScheme, scheme_iri("outcome"))
    ranks = {str(o).rsplit("/", 1)[1]: int(model.value(o, NX.rank)) for o in outcomes}
    assert ranks == {"not-looked-at": 0, "not-found": 1, "partly-found": 2, "found": 3}


def test_a_coverage_cell_rests_on_the_records_that_it_counts(store: OxigraphStore) -> None:
    rows = store.select(
        "SELECT ?cell (SUM(IF(?kind IN (nx:DriverFinding, nx:ImpactFinding), 1, 0)) AS ?found) "
        "(SUM(IF(?kind = nx:Measure, 1, 0)) AS ?against) (SUM(IF(?kind = nx:Interlinkage, 1, 0)) AS ?linked) "
        "(SUM(IF(?kind = nx:CoverageNote, 1, 0)) AS ?looked) "
        "WHERE { ?cell nx:restsOn ?record . ?record a ?kind } GROUP BY ?cell"
    )
    links = {
        str(r["cell"]): tuple(int(str(r[n])) for n in ("found", "against", "linked", "looked")) for r in rows
    }
    rows = store.select(
        "SELECT ?cell ?f ?m ?i ?s WHERE { ?cell nx:findingCount ?f ; nx:measureCount ?m ; "
        "nx:interlinkageCount ?i ; nx:searchCount ?s }"
    )
    counts = {str(row["cell"]): tuple(int(str(row[name])) for name in "fmis") for row in rows}
    assert len(counts) == 7 * 48 * 4
    assert {cell: count for cell, count in counts.items() if any(count)} == links


def test_the_real_coverage_is_what_the_turtle_says(store: OxigraphStore, turtle: Graph, model: Graph) -> None:
    """The same cells once more, in Python and from the files."""

    def domains(node: Node | None) -> set[str]:
        return {str(o).rsplit("/", 1)[1] for graph in (turtle, model) for o in graph.objects(node, NX.domain)}

    def shared(own: set[str], usual: set[str]) -> set[str]:
        return own & usual or own

    def concepts(record: Node, *properties: Node) -> set[Node]:
        return {o for p in properties for o in turtle.objects(record, p)}

    counted: dict[tuple[str, str, str], list[set[Node]]] = {}

    def count(
        place: int, record: Node, areas: Node, topic: Node, of: set[str], *, narrower: bool = False
    ) -> None:
        above = set(model.transitive_objects(topic, SKOS.broader))
        below = set(model.subjects(SKOS.broader, topic)) if narrower else set()
        for area in turtle.objects(areas, NX.area):
            for each in above | below:
                for domain in {"-", *of}:
                    key = (str(area).rsplit("/", 1)[1], str(each).rsplit("/", 1)[1], domain)
                    counted.setdefault(key, [set(), set(), set(), set()])[place].add(record)

    for kind in (NX.DriverFinding, NX.ImpactFinding):
        for finding in turtle.subjects(RDF.type, kind):
            for topic in concepts(finding, NX.driver, NX.impact):
                count(0, finding, finding, topic, domains(finding) or domains(topic))
    for measure in turtle.subjects(RDF.type, NX.Measure):
        policy = turtle.value(measure, NX.ofPolicy)
        assert policy is not None
        for topic in concepts(measure, NX.addressesDriver, NX.addressesImpact):
            of = shared(domains(policy), domains(topic)) or domains(topic)
            count(1, measure, policy, topic, of, narrower=True)
    for link in turtle.subjects(RDF.type, NX.Interlinkage):
        ends = [turtle.value(link, NX["from"]), turtle.value(link, NX.to)]
        for end, other in (ends, ends[::-1]):
            reached = domains(other).union(*map(domains, concepts(other, NX.driver, NX.impact)))
            reached |= {str(other).rsplit("/", 1)[1]} & {"climate", "land", "water"}
            for topic in concepts(end, NX.driver, NX.impact) or {end}:
                if str(topic).startswith((f"{scheme_iri('driver')}/", f"{scheme_iri('impact')}/")):
                    count(2, link, link, topic, reached)
    for note in turtle.subjects(RDF.type, NX.CoverageNote):
        for topic in concepts(note, NX.driver, NX.impact):
            count(3, note, note, topic, shared(domains(note), domains(topic)))
    expected = {
        key: tuple(str(len(records)) for records in sets) for key, sets in counted.items() if key[0] in AREAS
    }
    cells = {key: cell[:4] for key, cell in coverage_cells(store).items() if cell[:4] != ("0",) * 4}
    assert len(cells) > 800
    assert cells == expected


def test_a_conclusion_is_drawn_from_all_curated_files_together(make_base) -> None:
    settings = make_base("rec:fee a nx:Measure ; nx:ofPolicy rec:law .", rules=alone("policy-addresses"))
    prefixes = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in ("rec", "nx", "driver"))
    other = settings.data / "other.ttl"
    other.write_text(f"{prefixes}rec:fee nx:addressesDriver driver:wind .", encoding="utf-8")
    (triple,) = derived(open_store(settings))
    assert triple[1:] == (NX.addressesThroughMeasures, concept_iri("driver", "wind"))


# Conclusions stand apart


def test_conclusions_stand_in_the_derived_graph_alone(store: OxigraphStore) -> None:
    (row,) = store.select(
        f"SELECT (COUNT(*) AS ?both) WHERE {{ GRAPH <{GRAPHS.derived}> {{ ?s ?p ?o }} "
        f"GRAPH ?g {{ ?s ?p ?o }} FILTER(?g != <{GRAPHS.derived}>) }}"
    )
    assert int(str(row["both"])) == 0
    assert len(derived(store)) > 5_000


def test_the_graph_of_records_holds_the_curated_files_and_nothing_else(store, turtle: Graph) -> None:
    found = store.select(f"SELECT ?s ?p ?o WHERE {{ GRAPH <{GRAPHS.records}> {{ ?s ?p ?o }} }}")
    held = {(str(row["s"]), str(row["p"])) for row in found}
    assert held == {(str(s), str(p)) for s, p, _ in turtle}


def test_no_rule_reads_what_another_concludes(store: OxigraphStore, settings: Settings) -> None:
    again: set[Triple] = set()
    for rule in read_rules(settings):
        out = io.BytesIO()
        store.answer(rule.query, EVERYTHING, N_TRIPLES, out)
        conclusions = set(Graph().parse(data=out.getvalue(), format="nt"))
        assert conclusions, rule.name
        again |= conclusions
    assert again == derived(store)


def test_every_term_that_a_rule_makes_is_one_of_the_ontology(store: OxigraphStore, model: Graph) -> None:
    made = {p for _, p, _ in derived(store)} | {o for _, _, o in derived(store) if str(o).startswith(str(NX))}
    ours = {term for term in made if isinstance(term, URIRef) and term.startswith(str(NX))}
    assert NX.reservation in ours
    assert ours <= set(model.subjects())


# Files of rules


def test_a_rule_is_its_title_its_words_and_its_query(settings: Settings) -> None:
    rules = {rule.name: rule for rule in read_rules(settings)}
    assert list(rules) == sorted(path.stem for path in rule_files(settings))
    rule = rules["policy-addresses"]
    assert rule.title == "What a policy addresses through its measures"
    assert rule.words == "A policy addresses every driver and impact that one of its measures addresses."
    assert rule.query.startswith("CONSTRUCT {")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#+ title: T\n#+ rule: R\nCONSTRUCT { ?s ?p } WHERE { ?s ?p ?o }", "The rule broken does not parse"),
        ("#+ title: T\n#+ rule: R\n", "The rule broken does not parse"),
        (
            "#+ title: T\n#+ rule: R\nCONSTRUCT { ?s no:prefix ?o } WHERE { ?s ?p ?o }",
            "The rule broken does not",
        ),
        ("#+ title: T\n#+ rule: R\nSELECT ?s WHERE { ?s ?p ?o }", "The rule broken is not a CONSTRUCT"),
        ("#+ title: T\n#+ rule: R\nASK { ?s ?p ?o }", "The rule broken is not a CONSTRUCT"),
        ("#+ title: T\nCONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "/broken.rq needs the header lines"),
        ("#+ rule: R\nCONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "/broken.rq needs the header lines"),
    ],
    ids=["syntax", "empty", "prefix", "select", "ask", "no words", "no title"],
)
def test_a_broken_rule_is_named(make_base, text: str, words: str) -> None:
    settings = make_base("rec:a nx:b rec:c .", rules={**alone("support"), "broken": text})
    with pytest.raises(ContentError, match=re.escape(words)):
        open_store(settings)
