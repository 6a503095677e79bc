"""Vocabularies as people use them: terms by any of their names, and the nearest to a misspelling."""

from __future__ import annotations

from collections import Counter

import pytest

from nexuskb.terms import PREFIXES, VOCABULARIES, concept_iri
from nexuskb.vocabulary import Scheme, Vocabularies


def own(vocabularies: Vocabularies) -> list[Scheme]:
    """The vocabularies that have a prefix."""
    return [scheme for key, scheme in vocabularies.schemes.items() if key in PREFIXES]


def test_a_term_is_found_by_key_notation_label_and_iri_in_any_case(vocabularies: Vocabularies) -> None:
    checked = 0
    for scheme in own(vocabularies):
        shared = {label for label, count in Counter(term.label for term in scheme.terms).items() if count > 1}
        for term in scheme.terms:
            for name in {term.key, term.notation, term.label, str(term.iri)} - shared:
                assert scheme.find(name) == term, (scheme.key, name)
                assert scheme.find(f"  {name.upper()} ") == term, (scheme.key, name)
                checked += 1
    assert checked > 1_000


@pytest.mark.parametrize(
    ("scheme", "given", "key"),
    [
        ("area", "MNG", "mng"),
        ("area", "Mongolia", "mng"),
        ("area", "republic of korea", "kor"),
        ("driver", "overgrazing", "overgrazing"),
        ("score", "-3", "minus3"),
        ("sdg", "15.3.1", "15-3-1"),
    ],
)
def test_people_name_terms_in_many_ways(vocabularies, scheme: str, given: str, key: str) -> None:
    found = vocabularies.schemes[scheme].find(given)
    assert found
    assert found.iri == concept_iri(scheme, key)


@pytest.mark.parametrize("text", ["", " ", "no such driver", "over", "http://other.example/overgrazing"])
def test_what_names_no_term_finds_none(vocabularies, text: str) -> None:
    assert vocabularies.schemes["driver"].find(text) is None


@pytest.mark.parametrize(
    ("scheme", "given", "key"),
    [
        ("driver", "overgrasing", "overgrazing"),
        ("driver", "OVERGRAZNG", "overgrazing"),
        ("area", "Mongolai", "mng"),
        ("area", "Russian Federatoin", "rus"),
        ("status", "inforce", "in-force"),
    ],
)
def test_a_misspelt_name_leads_to_the_nearest_term(vocabularies, scheme: str, given: str, key: str) -> None:
    near = vocabularies.schemes[scheme].nearest(given)
    assert near
    assert near.key == key


@pytest.mark.parametrize("text", ["", "xyzzy", "quantum computing"])
def test_a_name_unlike_all_terms_leads_to_none(vocabularies, text: str) -> None:
    assert vocabularies.schemes["driver"].nearest(text) is None


def test_vocabularies_are_in_the_order_of_their_keys_and_terms_in_that_of_their_labels(vocabularies) -> None:
    assert list(vocabularies.schemes) == sorted(vocabularies.schemes)
    for key, scheme in vocabularies.schemes.items():
        assert scheme.key == key
        assert scheme.title not in ("", "None")
        labels = [term.label for term in scheme.terms]
        assert labels
        assert labels == sorted(labels)


def test_a_vocabulary_with_a_prefix_has_the_iri_that_its_prefix_says(vocabularies) -> None:
    keys = {key for key, namespace in PREFIXES.items() if namespace.startswith(VOCABULARIES)}
    assert keys == {scheme.key for scheme in own(vocabularies)}
    for scheme in own(vocabularies):
        for term in scheme.terms:
            assert str(term.iri) == PREFIXES[scheme.key] + term.key
