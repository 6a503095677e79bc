"""A view shows what was asked for and says what it leaves out; its data and its picture say the same."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import networkx as nx
import pytest
from openpyxl import load_workbook
from rdflib import RDF, SKOS, Graph

from nexuskb.asking import drive, rows_of
from nexuskb.errors import QuestionError
from nexuskb.graph.asked import read_asked
from nexuskb.graph.drawing import Frame, as_png, described, draw, draw_key
from nexuskb.graph.view import MOST_NODES, View, find_view, places_of
from nexuskb.graph.written import as_csv, as_dict, as_graphml, as_workbook, made_from
from nexuskb.terms import NX, VOCABULARIES, concept_iri, record_iri

See = Callable[[str], View]
ALL_KINDS = "kind=driver,impact,domain,policy,other"


@pytest.fixture(scope="module")
def see(store, vocabularies) -> See:
    def seeing(address: str) -> View:
        return drive(find_view(read_asked(parse_qsl(address), vocabularies), vocabularies), rows_of(store))

    return seeing


def records(view: View) -> set[str]:
    return {link.identifier for arrow in view.arrows for link in arrow.links}


def test_all_kinds_together_have_every_interlinkage_of_the_files(see: See, turtle: Graph) -> None:
    """Those whose ends are findings about one and the same thing act on nothing else."""
    view = see(ALL_KINDS)
    filed = {str(s).rsplit("/", 1)[1] for s in turtle.subjects(RDF.type, NX.Interlinkage)}
    assert records(view) <= filed
    assert len(records(view)) > 0.97 * len(filed)


@pytest.mark.parametrize(("area", "key"), [("MNG", "mng"), ("jpn", "jpn"), ("China", "chn")])
def test_an_area_keeps_its_own_links(see: See, turtle: Graph, area: str, key: str) -> None:
    here = concept_iri("area", key)
    found = records(see(f"{ALL_KINDS}&area={area}"))
    assert found
    assert all((record_iri(name), NX.area, here) in turtle for name in found)


def test_the_nexus_alone_is_drivers_impacts_and_domains(see: See) -> None:
    view = see("")
    assert {place.kind for place in view.places} == {"driver", "impact", "domain"}
    assert {place.node.name for place in view.places if place.kind == "domain"} == {
        "Climate",
        "Land",
        "Water",
    }
    assert view.left_out == ""


def test_filters_let_through_what_they_say(see: See, turtle: Graph) -> None:
    assert {arrow.sign for arrow in see("sign=less").arrows} == {-1}
    assert {arrow.sign for arrow in see("sign=less&sign=unknown").arrows} == {-1, 0}
    ranks = {link.rank for arrow in see("confidence=high").arrows for link in arrow.links}
    assert min(ranks) == 4
    water = str(concept_iri("domain", "water"))
    touching = see("domain=water").arrows
    assert touching
    assert all(water in arrow.start.domains | arrow.end.domains for arrow in touching)
    assert {place.kind for place in see("kind=driver,impact").places} == {"driver", "impact"}


def test_measures_are_arrows_from_their_policies(see: See, turtle: Graph) -> None:
    view = see("links=measures&area=MNG")
    assert view.arrows
    for arrow in view.arrows:
        assert arrow.prescribed
        assert arrow.sign == -1
        for link in arrow.links:
            measure = record_iri(link.identifier)
            assert (measure, NX.ofPolicy, record_iri(arrow.start.key)) in turtle
            assert arrow.end.node.iri in {
                str(o) for p in (NX.addressesDriver, NX.addressesImpact) for o in turtle.objects(measure, p)
            }


def test_around_a_node_is_what_one_link_reaches_and_two_reach_more(see: See) -> None:
    one, two = see("focus=overgrazing"), see("focus=Overgrazing&depth=2")
    focus = one.focus
    assert focus is not None
    beside = {end for arrow in one.arrows for end in (arrow.start, arrow.end)}
    graph = nx.Graph([(arrow.start.key, arrow.end.key) for arrow in see("").arrows])
    assert {place.key for place in beside} == set(graph[focus.key]) | {focus.key}
    assert beside < set(two.places)
    # Through a domain nothing is reached: from Overgrazing to Land, not to all that Land is joined with.
    reached = nx.Graph([pair for pair in graph.edges if not any(end.startswith("domain/") for end in pair)])
    near = set(nx.single_source_shortest_path_length(reached, focus.key, cutoff=2))
    assert {place.key for place in two.places if place.kind != "domain"} == near


def test_around_a_policy_is_what_it_works_against_too(see: See) -> None:
    view = see("focus=mng-law-on-land-2002")
    assert any(arrow.prescribed for arrow in view.arrows)
    assert {place.kind for place in view.places} >= {"policy", "driver"}


def test_ways_are_all_simple_paths_that_no_domain_is_in_the_middle_of(see: See) -> None:
    whole = see(ALL_KINDS).arrows
    graph = nx.DiGraph([(arrow.start.key, arrow.end.key) for arrow in whole])
    keys = {arrow.start.node.iri: arrow.start.key for arrow in whole} | {
        arrow.end.node.iri: arrow.end.key for arrow in whole
    }
    for start, end in (("driver/overgrazing", "impact/health"), ("driver/drought", "impact/displacement"),
                       ("domain/climate", "impact/food-insecurity")):  # fmt: skip
        view = see(f"from={start}&to={end}")
        expected = {
            tuple(path)
            for path in nx.all_simple_paths(graph, start, end, cutoff=5)
            if not any(key.startswith("domain/") for key in path[1:-1])
        }
        assert {tuple(keys[node.iri] for node in way.nodes) for way in view.ways} == expected
        assert expected
        lengths = [len(way.steps) for way in view.ways]
        assert lengths == sorted(lengths)
        steps = {(step.start.iri, step.end.iri) for way in view.ways for step in way.steps}
        assert {(arrow.start.node.iri, arrow.end.node.iri) for arrow in view.shown} == steps


def test_a_step_is_as_sure_as_its_surest_claim_and_a_way_as_its_weakest_step(see: See) -> None:
    view = see("from=overgrazing&to=health")
    surest = {
        (a.start.node.iri, a.end.node.iri, a.sign): max(link.rank for link in a.links) for a in view.shown
    }
    for way in view.ways:
        ranks = [surest[step.start.iri, step.end.iri, step.sign] for step in way.steps]
        assert [step.rank for step in way.steps] == ranks
        assert way.weakest.rank == min(ranks)


def test_a_way_that_leads_back_only_is_offered(see: See) -> None:
    view = see("from=health&to=overgrazing")
    assert not view.ways
    assert view.back
    assert not view.shown


def test_a_policy_has_ways_through_what_it_works_against(see: See) -> None:
    view = see("from=mng-law-on-land-2002&to=displacement")
    first = view.ways[0].steps[0]
    assert first.start.record == "mng-law-on-land-2002"
    assert view.ways[0].weakest.rank > 0
    assert all(way.nodes[0].iri == str(record_iri("mng-law-on-land-2002")) for way in view.ways)


def test_what_is_left_out_is_counted_and_stays_in_the_data(see: See) -> None:
    view = see("links=measures,interlinkages")
    assert len(view.places) <= MOST_NODES < len(places_of(view.arrows))
    said = view.left_out
    missing = sum(len(a.links) for a in view.arrows) - sum(len(a.links) for a in view.shown)
    assert f"{missing:,} links" in said
    assert (
        f"{len(places_of(view.arrows)) - len(view.places):,} of {len(places_of(view.arrows)):,} nodes" in said
    )
    assert len(as_dict(view)["links"]) == sum(len(arrow.links) for arrow in view.arrows)
    assert len(as_dict(view)["nodes"]) == len(places_of(view.arrows))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("area=Mongolai", "Did you mean MNG"),
        ("kind=driver,planet", "'planet' does not do for kind"),
        ("sign=plus", "Give any of more, less, unknown"),
        ("depth=9", "from 1 to 3"),
        ("focus=overgrazng", "Did you mean Overgrazing"),
        ("from=drought&to=Drought", "two different ones"),
        ("colour=red", "has no parameter 'colour'"),
        ("links=wishes", "interlinkages, measures"),
    ],
)
def test_what_cannot_be_seen_says_why_and_what_would_do(see: See, address: str, words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        see(address)


def test_the_address_asks_for_the_same_again(see: See) -> None:
    view = see("kind=impact&kind=driver&area=Mongolia&sign=more")
    again = see(view.asked.address)
    assert again.arrows == view.arrows
    assert again.asked.address == view.asked.address


@pytest.mark.parametrize("address", ["", "area=MNG&links=measures", "from=overgrazing&to=health"])
def test_table_workbook_graphml_and_json_have_the_same_links(see: See, address: str) -> None:
    view = see(address)
    expected = sorted(
        (arrow.start.node.iri, arrow.end.node.iri, link.identifier)
        for arrow in view.arrows
        for link in arrow.links
    )
    rows = list(csv.DictReader(io.StringIO(as_csv(view))))
    assert sorted((row["from IRI"], row["to IRI"], row["record"]) for row in rows) == expected
    sheet = load_workbook(io.BytesIO(as_workbook(view, made_from(view, "g"), "g"))).worksheets[0]
    head, *lines = sheet.iter_rows(values_only=True)
    columns = [head.index(name) for name in ("from IRI", "to IRI", "record")]
    assert sorted(tuple(line[column] for column in columns) for line in lines) == expected
    told = as_dict(view)
    assert sorted((link["from"], link["to"], link["record"]) for link in told["links"]) == expected
    graph = nx.read_graphml(io.BytesIO(as_graphml(view)), force_multigraph=True)
    keys = sorted((start, end, key.rsplit("/", 1)[1]) for start, end, key in graph.edges(keys=True))
    assert keys == expected
    assert {data["label"] for _, data in graph.nodes(data=True)} == {node["name"] for node in told["nodes"]}


def test_the_picture_has_each_node_and_arrow_of_the_list_and_tells_them_in_words(see: See) -> None:
    view = see(ALL_KINDS)
    root = ET.fromstring(draw(view, lambda place: f"/there/{place.key}").svg)
    links = [a for a in root.iter() if a.tag.endswith("}a")]
    places = [a for a in links if a.attrib["class"].startswith("place")]
    arrows = [a for a in links if a.attrib["class"].startswith("arrow")]
    assert [a.attrib["href"] for a in places] == [f"/there/{place.key}" for place in view.places]
    assert [a.attrib["href"] for a in arrows] == [f"#link-{n}" for n in range(1, len(view.shown) + 1)]
    told = next(e.text or "" for e in root.iter() if e.tag.endswith("}desc"))
    assert told == described(view)
    assert all(arrow.words in told for arrow in view.shown)
    for element, arrow in zip(arrows, view.shown, strict=True):
        ends = [view.places[int(element.attrib[f"data-{end}"])] for end in ("from", "to")]
        assert ends == [arrow.start, arrow.end]


def test_signs_differ_in_line_and_head_and_kinds_in_shape_without_colour(see: See) -> None:
    root = ET.fromstring(draw_key())
    lines = [e for e in root.iter() if e.attrib.get("class") == "line"]
    heads = [e for e in root.iter() if e.attrib.get("class", "").startswith("head")]
    assert len({line.attrib.get("stroke-dasharray", "") for line in lines}) == 3
    assert len({(head.attrib["d"], head.attrib["fill"] == "none") for head in heads}) == 3
    boxes = [e for e in root.iter() if e.attrib.get("class", "").startswith("box ")]
    shapes = [
        (e.tag, e.attrib.get("rx"), e.attrib.get("stroke-dasharray"), e.attrib["fill"])
        for e in boxes
        if "fold" not in e.attrib["class"]
    ]
    assert len(set(shapes)) == 5


def test_a_name_in_markup_stays_a_name_and_pictures_are_the_same_each_time(see: See) -> None:
    view = see("focus=overgrazing")
    frame = Frame('<script>"&', "made from")
    picture = draw(view, lambda _: "", frame)
    assert "<script" not in picture.svg
    assert picture == draw(view, lambda _: "", frame)
    png = as_png(picture)
    assert png.startswith(b"\x89PNG")
    assert png == as_png(picture)
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert width / height == pytest.approx(picture.width / picture.height, rel=0.01)


def test_made_from_names_the_questions_and_what_was_asked(see: See) -> None:
    view = see("links=measures,interlinkages&area=MNG")
    told = made_from(view, "abc")
    assert "interlinkage-network and what-measures-work-against" in told
    assert view.asked.address in told
    assert "generation abc" in told


def test_nodes_are_named_as_the_vocabularies_name_them(see: See, model: Graph) -> None:
    terms = [place for place in see("").places if not place.node.record]
    for place in itertools.islice(terms, 50):
        labels = {
            str(o)
            for o in model.objects(
                next(s for s in model.subjects() if str(s) == place.node.iri), SKOS.prefLabel
            )
        }
        assert place.node.name in labels
        assert place.key == place.node.iri.removeprefix(VOCABULARIES)
