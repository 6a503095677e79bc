"""What stands around a record, against what the base says by other queries."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rdflib import Graph

from nexuskb.records.document import RecordDocument, RecordReader, record_query
from nexuskb.sparql.formats import N_TRIPLES
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.port import EVERYTHING
from nexuskb.terms import record_identifier

Read = Callable[[str], RecordDocument]


@pytest.fixture(scope="module")
def read(model: Graph, shapes_graph: Graph, store: OxigraphStore) -> Read:
    reader = RecordReader(model, shapes_graph)

    def one(identifier: str) -> RecordDocument:
        out = io.BytesIO()
        store.answer(record_query(identifier), EVERYTHING, N_TRIPLES, out)
        return reader.read(Graph().parse(data=out.getvalue(), format="nt"), identifier)

    return one


def named(store: OxigraphStore, query: str) -> set[str]:
    """The identifiers of the records that a query finds."""
    return {str(record_identifier(str(row["r"]))) for row in store.select(query)}


def test_an_interlinkage_stands_between_its_ends_and_names_its_chains(read: Read, store) -> None:
    around = read("jpn-link-soil-coral").around
    assert [act.other.text for act in around.acted_on_by] == ["Soil erosion"]
    assert [act.other.text for act in around.acts_on] == ["Loss of biodiversity"]
    chains = len(list(store.select("SELECT ?c { ?c nx:firstLink|nx:secondLink rec:jpn-link-soil-coral }")))
    assert len(around.chains) == chains > 3
    texts = [value.text for chain in around.chains for value in (*chain.ends, *chain.links)]
    assert not [text for text in texts if text.startswith("http")]


def test_no_interlinkage_shows_the_bare_iri_of_a_chain(read: Read, store) -> None:
    linked = named(store, "SELECT ?r { ?c nx:firstLink ?r } ORDER BY ?r LIMIT 40")
    for identifier in sorted(linked):
        shown = read(identifier).incoming
        assert not [v for field in shown for v in field.values if v.text.startswith("http")], identifier


def test_a_policy_acts_through_its_measures_and_lists_them_with_pinpoints(read: Read, store) -> None:
    around = read("mng-ndc-3-2025").around
    wanted = named(store, "SELECT ?r { ?r nx:ofPolicy rec:mng-ndc-3-2025 }")
    assert {member.value.record for member in around.members} == wanted
    assert all(member.pinpoints for member in around.members)
    against = {
        act.other.text: {value.record for value in act.through}
        for act in around.acts_on
        if act.words == "Measures against"
    }
    scarcity = named(
        store,
        "SELECT ?r { ?r nx:ofPolicy rec:mng-ndc-3-2025 ; nx:addressesDriver|nx:addressesImpact ?t . "
        '?t skos:prefLabel "Water scarcity"@en }',
    )
    assert against["Water scarcity"] == scarcity
    assert [event.date for event in around.dates] == sorted(event.date for event in around.dates)
    assert ("2025-09-10", "Adopted") in {(event.date, event.words) for event in around.dates}


def test_a_policy_that_was_replaced_says_when_and_by_which(read: Read, store) -> None:
    [row, *_] = store.select(
        "SELECT ?r ?new { ?new nx:supersedes ?r ; nx:adopted ?d } ORDER BY ?r ?new LIMIT 1"
    )
    dates = read(str(record_identifier(str(row["r"])))).around.dates
    others = {event.other.record for event in dates if event.other and event.words == "Superseded by"}
    assert str(record_identifier(str(row["new"]))) in others


def test_figures_of_one_quantity_come_by_year_with_their_sources(read: Read) -> None:
    series = read("mng-data-livestock-2023").around.series
    assert [figure.year for figure in series] == sorted(figure.year for figure in series)
    assert len(series) >= 8
    assert [figure.value.record for figure in series if figure.own] == ["mng-data-livestock-2023"]
    assert all(figure.pinpoints and figure.unit == "thousand head" for figure in series)


def test_figures_that_disagree_stand_beside_each_other(read: Read, store) -> None:
    [row, *_] = store.select(
        "SELECT ?r ?c { ?c nx:involves ?r . ?r a nx:Observation } ORDER BY ?r ?c LIMIT 1"
    )
    involved = named(store, f"SELECT ?r {{ {row['c'].n3()} nx:involves ?r }}")
    name = str(record_identifier(str(row["r"])))
    conflict = str(record_identifier(str(row["c"])))
    for identifier in (name, conflict):
        found = [each for each in read(identifier).around.disagreements if each.conflict.record == conflict]
        assert {figure.value.record for figure in found[0].figures} == involved
        assert all(figure.pinpoints and figure.printed for figure in found[0].figures)
        assert found[0].words


def test_a_finding_says_what_acts_on_its_driver_in_its_area_and_where_the_area_stands(
    read: Read, store
) -> None:
    around = read("mng-driver-drought-2000s").around
    links = named(
        store,
        "SELECT ?r { rec:mng-driver-drought-2000s nx:driver ?d . ?r nx:from ?d ; nx:area area:mng }",
    )
    assert {value.record for act in around.acts_on for value in act.through} == links
    [standing] = around.standings
    [row] = store.select(
        "SELECT ?f ?m { rec:mng-driver-drought-2000s nx:driver ?d . ?c nx:topic ?d ; nx:area area:mng ; "
        "nx:findingCount ?f ; nx:measureCount ?m FILTER NOT EXISTS { ?c nx:domain ?any } }"
    )
    assert (standing.findings, standing.measures) == (int(str(row["f"])), int(str(row["m"])))
    assert standing.at_work == "Found"
