"""Answers to the twelve competency questions, held against what is written in the Turtle of the records.

The tables in ``expected/`` were written from the files in ``data/``: chosen columns of a whole answer, or of
some rows of a long one. What is too long for a table is counted here with rdflib, which knows neither the
store nor the queries.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.term import Node

from nexuskb.questions.catalogue import fill, question, questions
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import open_store
from nexuskb.terms import BASE, NX, REC, VOCABULARIES, concept_iri, record_iri, scheme_iri
from nexuskb.vocabulary import Vocabularies

EXPECTED = Path(__file__).parent / "expected"
STATES = ["CHN", "JPN", "KOR", "MNG", "PRK", "RUS"]
WIDER = {concept_iri("area", "north-east-asia"), concept_iri("area", "world")}
IN_FORCE = {concept_iri("status", "in-force"), concept_iri("status", "amended")}

Line = dict[str, str]
Ask = Callable[..., list[Line]]

#: Tables that hold a whole answer, with what was asked.
WHOLE = {
    "policies-against-driver--mongolia-overgrazing": {"country": "MNG", "driver": "overgrazing"},
    "drivers-without-measures--mongolia": {"country": "MNG"},
    "drivers-without-measures--japan": {"country": "JPN"},
    "three-domain-interlinkages--mongolia": {"area": "MNG"},
    "three-domain-interlinkages--trade-offs": {"kind": "trade-off"},
    "policies-reinforce-or-conflict--china-ndc": {"first": "chn-ndc-2035"},
    "policies-reinforce-or-conflict--korea-soil-act": {"first": "kor-law-soil-1995"},
    "policies-reinforce-or-conflict--mongolia-livestock-tax": {"first": "mng-law-on-livestock-tax-2020"},
    "targets-due--mongolia-2030": {"year": "2030", "country": "MNG"},
    "conflicting-figures--mongolia": {"area": "MNG"},
    "nexus-chains--overgrazing-health": {"driver": "overgrazing", "impact": "health"},
    "recommendations-evidence--mongolia": {"country": "MNG"},
}
#: Tables that hold rows out of a longer answer.
AMONG = {
    "legal-framework--mongolia-2015-06-30": {"country": "MNG", "date": "2015-06-30"},
    "regional-commitments--mongolia-implements": {"country": "MNG"},
    "regional-commitments--mongolia-without-policy": {"country": "MNG"},
    "weakly-supported-claims": {"years": "100"},
}


@pytest.fixture(scope="module")
def ask(store: OxigraphStore, vocabularies: Vocabularies) -> Ask:
    """Asks a question; a row is its columns, a term or record by the last part of its IRI."""

    def asking(identifier: str, of: OxigraphStore = store, **values: str) -> list[Line]:
        found = of.select(fill(question(identifier), values, vocabularies))
        return [{name: short(row.get(name)) for name in found.variables} for row in found]

    return asking


def short(term: Node | None) -> str:
    if isinstance(term, URIRef) and term.startswith(BASE):
        return term.rsplit("/", 1)[1]
    return "" if term is None else str(term)


def table(name: str) -> tuple[list[str], list[tuple[str, ...]]]:
    with (EXPECTED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    return columns, [tuple(row) for row in rows]


def asked(name: str) -> str:
    return name.partition("--")[0]


def chosen(lines: list[Line], columns: list[str]) -> list[tuple[str, ...]]:
    return [tuple(line[column] for column in columns) for line in lines]


def area(notation: str) -> URIRef:
    return concept_iri("area", notation.lower())


def policies_of(turtle: Graph, place: URIRef) -> set[Node]:
    return {p for p in turtle.subjects(NX.area, place) if (p, RDF.type, NX.Policy) in turtle}


def citations(turtle: Graph, record: Node) -> list[Node]:
    return list(turtle.objects(record, NX.evidence))


def test_every_competency_question_is_here() -> None:
    numbered = {found.id for found in questions().values() if found.number}
    assert len(numbered) == 12
    assert {asked(name) for name in WHOLE | AMONG} | {"section-basis"} == numbered
    assert {path.stem for path in EXPECTED.iterdir()} == set(WHOLE | AMONG)


@pytest.mark.parametrize("name", WHOLE)
def test_the_answer_is_what_the_records_say(name: str, ask: Ask) -> None:
    columns, rows = table(name)
    lines = ask(asked(name), **WHOLE[name])
    assert set(chosen(lines, columns)) == set(rows)
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("name", AMONG)
def test_the_answer_holds_what_the_records_say(name: str, ask: Ask) -> None:
    columns, rows = table(name)
    counted = Counter(chosen(ask(asked(name), **AMONG[name]), columns))
    assert {row: counted[row] for row in rows} == dict.fromkeys(rows, 1)


# 1. Which policies of a country address a driver, by which measures, where exactly, and are they in force?


@pytest.mark.parametrize("driver", ["overgrazing", "over-abstraction-of-water", "deforestation"])
@pytest.mark.parametrize("state", STATES)
def test_every_measure_of_a_state_against_a_driver_is_there_with_each_pinpoint(
    state: str, driver: str, ask: Ask, turtle: Graph
) -> None:
    expected = [
        (short(policy), short(measure), short(turtle.value(passage, NX.locator)))
        for policy in policies_of(turtle, area(state))
        for measure in turtle.subjects(NX.ofPolicy, policy)
        if (measure, NX.addressesDriver, concept_iri("driver", driver)) in turtle
        for passage in citations(turtle, measure)
    ]
    lines = ask("policies-against-driver", country=state, driver=driver)
    assert expected
    assert sorted(chosen(lines, ["policy", "measure", "pinpoint"])) == sorted(expected)


# 2. Which drivers and impacts have evidence in a country but no measure against them, and has anybody looked?


@pytest.mark.parametrize("state", STATES)
def test_a_gap_is_at_work_without_a_measure_in_force_and_a_blank_has_neither(
    state: str, ask: Ask, turtle: Graph, model: Graph
) -> None:
    expected = {}
    policies = policies_of(turtle, area(state))
    for concept in (c for s in ("driver", "impact") for c in model.subjects(SKOS.inScheme, scheme_iri(s))):
        narrower = set(model.transitive_subjects(SKOS.broader, concept))
        near = narrower | set(model.transitive_objects(concept, SKOS.broader))
        found = {
            finding
            for kind in (NX.DriverFinding, NX.ImpactFinding)
            for finding in turtle.subjects(RDF.type, kind)
            if (finding, NX.area, area(state)) in turtle
            and {*turtle.objects(finding, NX.driver), *turtle.objects(finding, NX.impact)} & narrower
        }
        against = {
            measure
            for policy in policies
            for measure in turtle.subjects(NX.ofPolicy, policy)
            if {*turtle.objects(measure, NX.addressesDriver), *turtle.objects(measure, NX.addressesImpact)}
            & near
        }
        standing = {turtle.value(turtle.value(measure, NX.ofPolicy), NX.legalStatus) for measure in against}
        if not standing & IN_FORCE and (found or not against):
            expected[short(concept)] = ("gap" if found else "blank", str(len(found)), str(len(against)))
    lines = ask("drivers-without-measures", country=state)
    answered = {
        line["concept"]: (line["standing"].split(":")[0], line["findings"], line["measures"])
        for line in lines
    }
    assert answered == expected


def test_gaps_come_before_blanks_and_those_without_any_measure_first(ask: Ask) -> None:
    order = [
        "gap: at work, no",
        "gap: at work, measures",
        "blank: named",
        "blank: somebody",
        "blank: nobody",
    ]
    for state in STATES:
        places = [
            next(place for place, words in enumerate(order) if line["standing"].startswith(words))
            for line in ask("drivers-without-measures", country=state)
        ]
        assert places == sorted(places), state


# 3. Which interlinkages join all three domains; which are trade-offs; which have evidence at both ends?


def test_every_interlinkage_between_domains_is_there_with_the_ends_that_are_cited(
    ask: Ask, turtle: Graph
) -> None:
    domains = {concept_iri("domain", name) for name in ("climate", "land", "water")}
    nexus = concept_iri("topic", "climate-land-water-nexus")
    expected = {}
    for link in turtle.subjects(RDF.type, NX.Interlinkage):
        ends = {turtle.value(link, NX["from"]), turtle.value(link, NX.to)}
        if nexus in ends or ends <= domains:
            cited = {
                end for passage in citations(turtle, link) for end in turtle.objects(passage, NX.supportsEnd)
            }
            trade_off = (link, NX.linkKind, concept_iri("linkkind", "trade-off")) in turtle
            expected[short(link)] = ("yes" if trade_off else "no", "yes" if len(cited) == 2 else "no")
    lines = ask("three-domain-interlinkages")
    assert len(expected) > 50
    assert {
        line["interlinkage"]: (line["isTradeOff"], line["evidenceAtBothEnds"]) for line in lines
    } == expected
    assert len(lines) == len(expected)


def test_an_end_that_is_inferred_says_so(ask: Ask) -> None:
    (line,) = [x for x in ask("three-domain-interlinkages", area="KOR") if x["evidenceAtBothEnds"] == "no"]
    assert line["interlinkage"] == "kor-link-climate-fire-slope"
    assert line["fromPassages"] == "none: this end is inferred"
    assert line["toPassages"].count("article (inferred by an expert)") == 2


# 4. For two policies: where do they reinforce, where do they conflict, and what passage of each says so?


def test_two_policies_have_what_links_them_in_whatever_order_they_are_named(ask: Ask) -> None:
    pair = ("mng-law-on-livestock-tax-2020", "mng-ndc-2020")
    one, other = (
        ask("policies-reinforce-or-conflict", first=first, second=second)
        for first, second in (pair, pair[::-1])
    )
    assert one == other
    assert {line["interlinkage"] for line in one} == {"mng-link-ndc-livestock-policy"}
    assert [line["endName"] for line in one] == ["From end", "To end"]


def test_a_policy_with_several_interlinkages_to_others_has_them_all(ask: Ask, turtle: Graph) -> None:
    policies = set(turtle.subjects(RDF.type, NX.Policy))
    linked: dict[str, set[str]] = {}
    for link in turtle.subjects(RDF.type, NX.Interlinkage):
        ends = [turtle.value(link, NX["from"]), turtle.value(link, NX.to)]
        if policies.issuperset(ends):
            for end in ends:
                linked.setdefault(short(end), set()).add(short(link))
    assert len(linked) > 50
    for policy, links in linked.items():
        if len(links) == 1:
            continue
        lines = ask("policies-reinforce-or-conflict", first=policy)
        assert {line["interlinkage"] for line in lines} == links
        assert {line["endName"] for line in lines} == {"From end", "To end"}


# 5. Which targets fall due by a year, and which observation tells how far they are?


@pytest.mark.parametrize("year", [2020, 2025, 2030, 2060])
def test_every_target_due_by_the_year_is_there_with_each_observation_of_its_progress(
    year: int, ask: Ask, turtle: Graph
) -> None:
    expected = [
        (short(target), short(observation))
        for target in turtle.subjects(RDF.type, NX.Target)
        if (due := turtle.value(target, NX.targetYear)) and int(due) <= year
        for observation in list(turtle.subjects(NX.showsProgressOf, target)) or [None]
    ]
    lines = ask("targets-due", year=str(year))
    assert sorted(chosen(lines, ["target", "observation"])) == sorted(expected)
    assert [line["dueYear"] for line in lines] == sorted(line["dueYear"] for line in lines)
    for line in lines:
        assert line["progress"] == ("observed" if line["observation"] else "no observation recorded")


# 6. How has the legal framework of a country developed, and what was in force on a date?


@pytest.mark.parametrize("state", STATES)
def test_every_event_in_the_life_of_a_policy_is_there(state: str, ask: Ask, turtle: Graph) -> None:
    dates = {
        NX.adopted: "adopted",
        NX.inForceFrom: "entered into force",
        NX.amended: "amended",
        NX.periodEnd: "last year of its period",
    }
    draft = concept_iri("status", "draft")
    expected = []
    for policy in policies_of(turtle, area(state)):
        events = [(words, str(date)) for p, words in dates.items() for date in turtle.objects(policy, p)]
        for other in turtle.subjects(NX.amends, policy):
            events.append(("amended by another policy", short(turtle.value(other, NX.adopted))))
        for other in turtle.subjects(NX.supersedes, policy):
            words = "draft of a successor" if (other, NX.legalStatus, draft) in turtle else "superseded"
            start = turtle.value(other, NX.inForceFrom) or turtle.value(other, NX.adopted)
            events.append((words, short(start)))
        if not any(words in dates.values() for words, _ in events):
            events.append(("no date recorded", ""))
        expected += [(short(policy), *event) for event in events]
    lines = ask("legal-framework", country=state)
    assert sorted(chosen(lines, ["policy", "event", "eventDate"])) == sorted(expected)
    assert {line["inForceOnDate"] for line in lines} == {"no date given"}


@pytest.mark.parametrize(
    ("policy", "date", "verdict"),
    [
        # Adopted on 22 April 2004, entry into force not recorded: unknown for a year, then in force.
        ("mng-law-on-water-2004", "2004-04-21", "no"),
        ("mng-law-on-water-2004", "2004-04-22", "unknown"),
        ("mng-law-on-water-2004", "2005-04-21", "unknown"),
        ("mng-law-on-water-2004", "2005-04-22", "yes"),
        # Its successor was adopted in May 2012, entry into force not recorded.
        ("mng-law-on-water-2004", "2012-04-30", "yes"),
        ("mng-law-on-water-2004", "2012-05-31", "unknown"),
        ("mng-law-on-water-2004", "2013-05-31", "unknown"),
        ("mng-law-on-water-2004", "2013-06-01", "no"),
        ("mng-law-on-water-2012", "2012-04-30", "no"),
        ("mng-law-on-water-2012", "2013-06-01", "yes"),
        # Adopted on 7 June 2002, in force from 1 January 2003.
        ("mng-law-on-land-2002", "2002-12-31", "no"),
        ("mng-law-on-land-2002", "2003-01-01", "yes"),
        # A programme for 2010-2021, adopted on 20 May 2010.
        ("mng-national-livestock-programme-2010", "2010-05-19", "no"),
        ("mng-national-livestock-programme-2010", "2010-05-20", "yes"),
        ("mng-national-livestock-programme-2010", "2021-12-31", "yes"),
        ("mng-national-livestock-programme-2010", "2022-01-01", "no"),
        # A strategy of 2015 that says no day: it is not told what was in force in that year.
        ("mng-state-policy-on-forest-2015", "2014-12-31", "no"),
        ("mng-state-policy-on-forest-2015", "2015-12-31", "unknown"),
        ("mng-state-policy-on-forest-2015", "2016-01-01", "yes"),
        # Nobody knows what holds on a day that lies ahead.
        ("mng-law-on-land-2002", "2999-12-31", "unknown"),
        ("mng-draft-climate-law", "2999-12-31", "no"),
    ],
)
def test_in_force_is_said_only_as_far_as_the_dates_are_precise(policy, date, verdict, ask: Ask) -> None:
    lines = [x for x in ask("legal-framework", country="MNG", date=date) if x["policy"] == policy]
    assert {line["inForceOnDate"] for line in lines} == {verdict}, lines


# 7. Where do sources disagree on a figure, and by which methods?


def test_every_record_in_every_disagreement_is_there_with_each_pinpoint(ask: Ask, turtle: Graph) -> None:
    expected = [
        (short(conflict), short(record), short(turtle.value(passage, NX.locator)))
        for conflict in turtle.subjects(RDF.type, NX.Conflict)
        for record in turtle.objects(conflict, NX.involves)
        for passage in citations(turtle, record)
    ]
    assert len({conflict for conflict, _, _ in expected}) > 40
    assert sorted(chosen(ask("conflicting-figures"), ["conflict", "record", "pinpoint"])) == sorted(expected)


@pytest.mark.parametrize("place", [*STATES, "north-east-asia"])
def test_a_disagreement_is_found_for_its_area_and_for_that_of_a_record_in_it(
    place: str, ask: Ask, turtle: Graph
) -> None:
    expected = {
        short(conflict)
        for conflict in turtle.subjects(RDF.type, NX.Conflict)
        for record in [conflict, *turtle.objects(conflict, NX.involves)]
        if (record, NX.area, area(place)) in turtle
    }
    assert {line["conflict"] for line in ask("conflicting-figures", area=place)} == expected


def test_degraded_land_of_mongolia_stands_side_by_side_with_its_methods(ask: Ask) -> None:
    lines = [
        x for x in ask("conflicting-figures", area="MNG") if x["conflict"] == "mng-conflict-degraded-land"
    ]
    assert {"76.9", "57", "13"} <= {line["figure"] for line in lines}
    (by_sdg,) = [line for line in lines if line["record"] == "mng-data-sdg1531-2015"]
    assert "different method" in by_sdg["methodNote"]
    assert "follows a national method" in by_sdg["howTheyDiffer"]


# 8. Which chains lead from a driver to its effects, across borders too, and how sure is the weakest link?


def chains(turtle: Graph) -> Iterator[tuple[Node, ...]]:
    """All ways of two or three interlinkages that meet nothing twice and pass no domain on the way."""
    links: dict[Node | None, list[Node]] = {}
    for link in turtle.subjects(RDF.type, NX.Interlinkage):
        links.setdefault(turtle.value(link, NX["from"]), []).append(link)

    def onward(way: tuple[Node, ...], met: tuple[Node | None, ...]) -> Iterator[tuple[Node, ...]]:
        if len(way) > 1:
            yield way
        if len(way) == 3 or (way and str(met[-1]).startswith(VOCABULARIES + "domain/")):
            return
        for link in links.get(met[-1], []):
            if (end := turtle.value(link, NX.to)) not in met:
                yield from onward((*way, link), (*met, end))

    for start in list(links):
        yield from onward((), (start,))


def test_every_chain_is_there_and_as_sure_as_its_weakest_link(ask: Ask, turtle: Graph, model: Graph) -> None:
    expected = {}
    for way in chains(turtle):
        stated = [turtle.value(link, NX.confidence) for link in way]
        weakest = min(stated, key=lambda confidence: int(model.value(confidence, NX.rank)))
        across = len({turtle.value(link, NX.area) for link in way}) > 1
        steps = [short(link) for link in way]
        expected[*steps, *[""] * (3 - len(steps))] = (
            str(model.value(weakest, SKOS.prefLabel)),
            str(across).lower(),
        )
    lines = ask("nexus-chains")
    assert len(expected) > 500
    assert len(lines) == len(expected)
    assert {
        (line["step1"], line["step2"], line["step3"]): (line["weakestConfidence"], line["acrossAreas"])
        for line in lines
    } == expected


def test_a_measure_leads_through_overgrazing_and_dust_to_health_in_a_neighbouring_state(ask: Ask) -> None:
    tax = "mng-law-on-livestock-tax-2020"
    (line,) = ask("nexus-chains", policy=tax, driver="overgrazing", impact="health")
    assert line["chain"] == "Overgrazing -> Sand and dust storms -> Harm to health"
    assert (line["area1"], line["area2"], line["acrossAreas"]) == ("Mongolia", "Japan", "true")
    assert line["weakestConfidence"] == "Medium confidence"
    assert line["measuresOfPolicy"].split("; ") == [
        "Budget Law list of soum spending from the livestock tax"
        " (Government of Mongolia endorsement, para. 4)",
        "Head tax on livestock owned by herders and others"
        " (Law on livestock tax (LEX-FAOC202443), abstract, abstract)",
        "Most livestock tax revenue reserved for pasture care"
        " (Mongolian government instituted a livestock tax, last paragraph)",
    ]


# 9. Which regional instruments do a country's policies implement, and which commitments lack a policy?


@pytest.mark.parametrize("state", STATES)
def test_an_instrument_is_implemented_by_policies_or_its_commitments_lack_one(
    state: str, ask: Ask, turtle: Graph
) -> None:
    national = {
        p for p in policies_of(turtle, area(state)) if not WIDER.intersection(turtle.objects(p, NX.area))
    }
    expected = set()
    for instrument in {policy for place in WIDER for policy in policies_of(turtle, place)}:
        direct = national.intersection(turtle.subjects(NX.implements, instrument))
        carriers = set(turtle.subjects(NX.implements, instrument))
        distant = False
        for policy in national - direct:
            steps = carriers.intersection(turtle.transitive_objects(policy, NX.implements)) - {policy}
            regional = {step for step in steps if WIDER.intersection(turtle.objects(step, NX.area))}
            expected |= {("implemented by a national policy", instrument, policy) for _ in steps - regional}
            expected |= {
                ("implemented through another regional instrument", instrument, policy) for _ in regional
            }
            distant |= bool(regional)
        expected |= {("implemented by a national policy", instrument, policy) for policy in direct}
        if not direct:
            words = "no national policy recorded" + " but through another regional instrument" * distant
            expected |= {(words, instrument, c) for c in turtle.subjects(NX.ofPolicy, instrument)}
    lines = ask("regional-commitments", country=state)
    assert len(lines) == len(expected)
    assert {
        (line["standing"], line["instrument"], line["nationalPolicy"] or line["commitment"]) for line in lines
    } == {(standing, short(instrument), short(other)) for standing, instrument, other in expected}


def test_a_programme_under_a_regional_initiative_carries_out_the_convention_that_the_initiative_implements(
    ask: Ask,
) -> None:
    """The greening of drylands is a programme of the Changwon Initiative, which carries out UNCCD and LDN."""
    programme = "kor-programme-greening-drylands-2011"
    lines = [x for x in ask("regional-commitments", country="KOR") if x["nationalPolicy"] == programme]
    told = {line["instrument"]: (line["standing"], line["implementedThrough"]) for line in lines}
    through = "implemented through another regional instrument"
    assert told["reg-changwon-initiative"] == ("implemented by a national policy", "")
    assert told["reg-ldn-concept-cop12"] == (through, "Changwon Initiative")
    assert told["reg-unccd-convention"][0] == through
    assert told["reg-unccd-convention"][1].startswith("Changwon Initiative; Land Degradation Neutrality")
    every = ask("regional-commitments", country="KOR")
    assert {line["standing"] for line in every if line["instrument"] == "reg-ldn-concept-cop12"} == {
        through,
        "no national policy recorded but through another regional instrument",
    }


# 10. Which recommendations are built on which evidence, and which have none?


def test_every_recommendation_is_there_with_each_record_it_builds_on_or_none(ask: Ask, turtle: Graph) -> None:
    expected = [
        (short(recommendation), short(built_on), "builds on a record" if built_on else "no record named")
        for recommendation in turtle.subjects(RDF.type, NX.Recommendation)
        for built_on in list(turtle.objects(recommendation, NX.builtOn)) or [None]
        for _ in turtle.objects(recommendation, NX.area)
    ]
    lines = ask("recommendations-evidence")
    assert {standing for _, _, standing in expected} == {"builds on a record", "no record named"}
    assert sorted(chosen(lines, ["recommendation", "builtOn", "standing"])) == sorted(expected)
    for line in lines:
        assert bool(line["builtOnPinpoints"]) == bool(
            citations(turtle, record_iri(line["builtOn"] or "none"))
        )


# 11. What does a section of the outline rest on, what is missing, and what did member States say of it?

SECTION = """
rec:outline-2 a nx:PaperSection ; rdfs:label "Pasture and its users"@en ; dcterms:identifier "outline-2" ;
  nx:order 2 ; nx:reviewState review:draft ; dcterms:description "What the section should say."@en ;
  nx:assigns rec:mng-livestock-tax-m1 , rec:mng-unccd-nap-2010 , rec:bare-claim .
rec:outline-3 a nx:PaperSection ; rdfs:label "Water"@en ; dcterms:identifier "outline-3" ; nx:order 3 ;
  nx:reviewState review:draft ; dcterms:description "What the section should say."@en .
rec:outline-2-q1 a nx:PaperQuestion ; rdfs:label "Who pays for the pasture?"@en ; nx:order 1 ;
  dcterms:identifier "outline-2-q1" ; nx:reviewState review:draft ; nx:ofSection rec:outline-2 ;
  nx:namedQuestion "measures-by-instrument" ; nx:parameter "instrument=economic" , "country=MNG" .
rec:outline-2-q2 a nx:PaperQuestion ; rdfs:label "And who does not?"@en ; nx:order 2 ;
  dcterms:identifier "outline-2-q2" ; nx:reviewState review:draft ; nx:ofSection rec:outline-2 .
rec:bare-claim a nx:Measure ; rdfs:label "A measure that nobody cited"@en ; dcterms:identifier "bare-claim" ;
  nx:reviewState review:submitted ; nx:area area:mng .
rec:review-1 a nx:Review ; rdfs:label "On the section"@en ; dcterms:identifier "review-1" ;
  nx:reviewState review:accepted ; nx:about rec:outline-2 ; nx:reviewer "Mongolia"@en ;
  dcterms:date "2026-03-02"^^xsd:date ; dcterms:description "Say more of herders."@en .
rec:review-2 a nx:Review ; rdfs:label "On the tax"@en ; dcterms:identifier "review-2" ;
  nx:reviewState review:accepted ; nx:about rec:mng-livestock-tax-m1 ; nx:reviewer "Japan"@en ;
  dcterms:date "2026-03-03"^^xsd:date ; dcterms:description "Which rate?"@en ;
  nx:answer "The rate is set by each soum."@en .
"""
#: Aspect, record, and the beginning of what is said of it or of where it is said.
SECTION_ANSWER = [
    ("rests on", "bare-claim", ""),
    ("rests on", "mng-livestock-tax-m1", "Law on livestock tax (LEX-FAOC202443), abstract, abstract"),
    (
        "rests on",
        "mng-unccd-nap-2010",
        "",
    ),
    ("must answer", "outline-2-q1", "measures-by-instrument?country=MNG&instrument=economic"),
    ("must answer", "outline-2-q2", "no question of the catalogue answers it yet"),
    ("missing: claim without evidence", "bare-claim", ""),
    (
        "missing: looked for without full result",
        "mng-not-found-02",
        "The text of the National Action Programme",
    ),
    ("missing: record not accepted", "bare-claim", "Submitted"),
    ("review of Head tax on livestock owned by herders and others", "review-2", "Which rate?"),
    ("review of the section", "review-1", "Say more of herders."),
]


@pytest.fixture
def with_sections(make_base) -> OxigraphStore:
    """A base with two sections of an outline: of one there is everything to say, of the other nothing."""
    files = ("measures", "policies", "coverage-notes", "sources")
    return open_store(make_base(SECTION, *(f"mng/{name}.ttl" for name in files)))


def test_a_section_has_what_it_rests_on_what_is_missing_and_what_reviewers_say(
    ask: Ask, with_sections
) -> None:
    lines = ask("section-basis", of=with_sections, section="outline-2")
    assert chosen(lines, ["aspect", "item"]) == [(aspect, item) for aspect, item, _ in SECTION_ANSWER]
    for line, (_, _, words) in zip(lines, SECTION_ANSWER, strict=True):
        said = line["detail"] or line["pinpoints"]
        assert said.startswith(words)
        assert bool(said) == bool(words)
    assert chosen(lines[-2:], ["reviewer", "reviewDate", "answer"]) == [
        ("Japan", "2026-03-03", "The rate is set by each soum."),
        ("Mongolia", "2026-03-02", "not answered"),
    ]


def test_sections_come_in_the_order_of_the_outline_and_an_empty_one_says_that_it_is(
    ask: Ask, with_sections
) -> None:
    lines = ask("section-basis", of=with_sections)
    assert [line["sectionNumber"] for line in lines] == ["2"] * len(SECTION_ANSWER) + ["3"]
    assert [line["paperSection"] for line in lines] == ["outline-2"] * len(SECTION_ANSWER) + ["outline-3"]
    assert (lines[-1]["aspect"], lines[-1]["item"]) == ("missing: no question and no record", "outline-3")


# 12. Which claims rest on one source, on news only, or on a source older than N years?


def weaknesses(turtle: Graph, model: Graph, claim: Node, years: int) -> str:
    """What is weak in the support of a claim, by its sources alone."""
    sources = {turtle.value(passage, NX.source) for passage in citations(turtle, claim)}
    documents, dates, weak, sensitive = set(), [0], True, True
    for source in sources:
        address = (
            str(turtle.value(source, NX.url) or source)
            .lower()
            .removeprefix("https://")
            .removeprefix("http://")
        )
        documents.add(str(turtle.value(source, NX.doi) or address.removeprefix("www.").rstrip("/#")).lower())
        dates.append(int(str(turtle.value(source, DCTERMS.date) or "0")[:4]))
        weak &= str(model.value(turtle.value(source, NX.sourceKind), NX.weight)) == "weak"
        sensitive &= (source, NX.sensitivity, concept_iri("sensitivity", "compiled-elsewhere")) in turtle
    found = {
        "one source": len(documents) == 1,
        "news only": weak,
        "only texts compiled in another State": sensitive,
        f"no source of the last {years} years": 0 < max(dates) < dt.date.today().year - years,
    }
    return "; ".join(words for words, holds in found.items() if holds)


@pytest.mark.parametrize("years", [5, 10])
def test_every_claim_with_weak_support_is_there_and_no_other(
    years: int, ask: Ask, turtle: Graph, model: Graph
) -> None:
    claims = {
        claim
        for kind in set(model.transitive_subjects(RDFS.subClassOf, NX.Claim)) - {NX.Claim}
        for claim in turtle.subjects(RDF.type, kind)
    }
    expected = {short(claim): words for claim in claims if (words := weaknesses(turtle, model, claim, years))}
    lines = ask("weakly-supported-claims", years=str(years))
    assert 0 < len(expected) < len(claims)
    assert len(lines) == len(expected)
    assert {line["claim"]: line["weaknesses"] for line in lines} == expected
    counts = [int(line["weaknessCount"]) for line in lines]
    assert counts == sorted(counts, reverse=True)
    assert counts == [line["weaknesses"].count(";") + 1 for line in lines]


def test_state_media_are_news(ask: Ask, turtle: Graph) -> None:
    (line,) = [x for x in ask("weakly-supported-claims", country="MNG", years="100")
               if x["claim"] == "mng-driver-mining-disturbed-land"]  # fmt: skip
    kinds = {
        short(turtle.value(turtle.value(passage, NX.source), NX.sourceKind))
        for passage in citations(turtle, REC["mng-driver-mining-disturbed-land"])
    }
    assert kinds == {"news", "state-media"}
    assert line["weaknesses"] == "news only"
