"""Chains are those of the SPARQL question, longer ones hold together, effects are as the method says."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree as ET

import pytest
from rdflib import RDF, Graph

from nexuskb.asking import drive, rows_of
from nexuskb.errors import FormatError, QuestionError
from nexuskb.paper.chains import Chain, Chains, as_csv, find_chains
from nexuskb.paper.effects import find_influences, influence_of, influences
from nexuskb.paper.flows import DRAWN, draw_chains
from nexuskb.paper.network import Link, Node
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import NX, VOCABULARIES, record_iri

DOMAINS = VOCABULARIES + "domain/"


@pytest.fixture(scope="module")
def chains(store, vocabularies):
    def finding(**values: str) -> Chains:
        return drive(find_chains(values, vocabularies), rows_of(store))

    return finding


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({"driver": "overgrazing"}, {"driver": "overgrazing"}),
        ({"driver": "drought", "to": "health"}, {"driver": "drought", "impact": "health"}),
        ({"impact": "lake-and-glacier-loss"}, {"startImpact": "lake-and-glacier-loss"}),
        ({"domain": "climate"}, {"startDomain": "climate"}),
    ],
)
def test_chains_of_two_and_three_steps_are_those_of_the_question(
    values: dict[str, str], asked: dict[str, str], chains, store, vocabularies, turtle: Graph
) -> None:
    """The question joins what has the same IRI; here a finding also stands for what it is about."""
    rows = store.select(fill(question("nexus-chains"), asked, vocabularies))
    expected = {tuple(str(row[f"step{n}"]) for n in (1, 2, 3) if f"step{n}" in row) for row in rows}
    findings = {
        str(s) for kind in (NX.DriverFinding, NX.ImpactFinding) for s in turtle.subjects(RDF.type, kind)
    }

    def joined_by_findings(chain: Chain) -> bool:
        return any(
            str(end) in findings
            for step in chain.steps
            for p in (NX["from"], NX.to)
            for end in turtle.objects(record_iri(step.identifier), p)
        )

    found = {
        tuple(str(record_iri(step.identifier)) for step in chain.steps): chain
        for chain in chains(**values).found
    }
    assert expected
    assert expected <= set(found)
    assert all(joined_by_findings(found[key]) for key in set(found) - expected)


def test_a_chain_holds_together_meets_nothing_twice_and_has_no_domain_in_its_middle(chains) -> None:
    found = chains(domain="climate", steps="5").found
    assert max(len(chain.steps) for chain in found) > 3
    for chain in found:
        nodes = [node.iri for node in chain.nodes]
        assert len(set(nodes)) == len(nodes)
        assert not any(node.startswith(DOMAINS) for node in nodes[1:-1])
        for first, second in zip(chain.steps, chain.steps[1:], strict=False):
            assert first.end == second.start


def test_a_chain_from_a_measure_starts_with_what_it_works_against_and_turns_the_sign(chains) -> None:
    found = chains(record="mng-livestock-tax-m1", to="health").found
    assert found
    for chain in found:
        assert chain.steps[0].identifier == "mng-livestock-tax-m1"
        assert chain.steps[0].sign == -1
        assert chain.weakest.rank > 0
    overgrazing = next(c for c in found if "Overgrazing" in c.text and len(c.steps) == 3)
    assert overgrazing.sign == -1


def test_a_policy_leads_to_chains_of_its_measures_and_of_its_own_interlinkages(chains) -> None:
    found = chains(record="mng-law-on-land-2002", steps="2").found
    first = {chain.steps[0].identifier for chain in found}
    assert any(name.startswith("mng-law-on-land") or "-m" in name for name in first)


def test_the_surest_come_first_and_the_sign_is_the_product_of_the_steps(chains) -> None:
    found = chains(driver="overgrazing").found
    ranks = [chain.weakest.rank for chain in found]
    assert ranks == sorted(ranks, reverse=True)
    for chain in found:
        product = 1
        for step in chain.steps:
            product *= step.sign
        assert chain.sign == product


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "give exactly one"),
        ({"driver": "overgrazing", "impact": "health"}, "give exactly one"),
        ({"driver": "overgrasing"}, "is not a known driver"),
        ({"driver": "overgrazing", "steps": "9"}, "a number from 2 to 5"),
        ({"driver": "overgrazing", "colour": "red"}, "no parameter 'colour'"),
        ({"record": "No Record"}, "is not an identifier"),
    ],
)
def test_what_cannot_be_followed_says_why(chains, values: dict[str, str], words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        chains(**values)


def test_the_table_of_chains_has_every_step_with_its_pinpoints(chains) -> None:
    found = chains(driver="overgrazing", to="health")
    lines = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [line["chain"] for line in lines] == [chain.text for chain in found.found]
    assert all(line["step1 record"] and line["step2 pinpoints"] for line in lines)


@pytest.mark.parametrize("drawn", DRAWN)
def test_a_figure_of_chains_says_in_words_what_the_list_says(drawn: str, chains) -> None:
    found = chains(driver="overgrazing")
    root = ET.fromstring(draw_chains(found, drawn, "svg", "made from"))
    texts = "".join(root.itertext())
    assert root.attrib["role"] == "img"
    for chain in found.found:
        assert chain.text in texts
    assert draw_chains(found, drawn, "svg", "x") == draw_chains(found, drawn, "svg", "x")
    with pytest.raises(FormatError):
        draw_chains(found, "pie", "svg", "x")
    with pytest.raises(FormatError, match="says nothing"):
        draw_chains(Chains("nothing", (), more=False, parameters={}), drawn, "svg", "x")


def link(name: str, start: str, end: str, score: int | None, *, domain: bool = False) -> Link:
    ends = (Node(start, start), Node(end, end, is_domain=domain))
    return Link(name, name, *ends, "Synergy", 0, score, "High confidence", 4, (), ())


def test_net_influence_is_direct_plus_half_of_the_products_of_pairs() -> None:
    """A acts on B (+2) and C (-1); B on C (+3), on A (+3) and on D (-2); C on D (-3)."""
    links = (
        link("ab", "A", "B", 2), link("ac", "A", "C", -1), link("bc", "B", "C", 3), link("ba", "B", "A", 3),
        link("bd", "B", "D", -2), link("cd", "C", "D", -3), link("unscored", "A", "D", None),
    )  # fmt: skip
    found = {each.of.iri: each for each in influences(links)}
    on = {effect.on.iri: effect for effect in found["A"].effects}
    assert (on["B"].direct, on["B"].second) == (2, 0)
    assert (on["C"].direct, on["C"].second) == (-1, 0.5 * 2 * 3)
    assert (on["D"].direct, on["D"].second) == (0, 0.5 * (2 * -2 + -1 * -3))
    assert "A" not in on  # what comes back to it is no effect on others
    assert found["A"].net == 1 + 3 + -0.5
    assert influences(links, damping=0)[0].second == 0


def test_nothing_passes_through_a_domain() -> None:
    links = (link("ab", "A", "land", 2, domain=True), link("bc", "land", "C", 3))
    found = {each.of.iri: each for each in influences(links)}
    assert {effect.on.iri for effect in found["A"].effects} == {"land"}


def test_direct_influence_on_the_base_is_the_sum_of_the_scores_in_the_files(
    store, vocabularies, turtle: Graph, model: Graph
) -> None:
    found = drive(find_influences(vocabularies), rows_of(store))
    name = "prk-law-farms-2009"
    expected = sum(
        int(str(model.value(turtle.value(s, NX.score), NX.scoreValue)))
        for s in turtle.subjects(NX["from"], record_iri(name))
        if turtle.value(s, NX.score)
    )
    each = influence_of(found, name)
    assert each.direct == expected
    assert each.second == 0.5 * sum(a.score * b.score for effect in each.effects for a, b in effect.ways)
    assert each.second
    with pytest.raises(QuestionError, match="nothing is known of its effects"):
        influence_of(found, "mng-src-ndc3")
