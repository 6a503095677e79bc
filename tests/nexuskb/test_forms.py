"""Forms say what the shapes say: fields in order, what they hold, how many values, what belongs to what."""

from __future__ import annotations

import pytest
from rdflib import XSD, Graph

from nexuskb.forms import Form, Forms, Holds
from nexuskb.terms import NX


@pytest.fixture(scope="module")
def forms(model: Graph, shapes_graph: Graph) -> Forms:
    return Forms(model, shapes_graph)


def test_every_kind_of_record_has_a_form(forms: Forms) -> None:
    assert {"Policy", "Measure", "Target", "Source", "Interlinkage", "PaperSection", "Review"} <= set(
        forms.kinds
    )
    assert "Claim" not in forms.kinds
    assert forms.evidence.key == "Evidence"


def test_a_field_is_described_once(forms: Forms) -> None:
    for form in (*forms.kinds.values(), forms.evidence):
        assert len({field.key for field in form.fields}) == len(form.fields), form.key
        assert all(field.about.help for field in form.fields), form.key


@pytest.mark.parametrize(
    ("kind", "key", "holds", "counts"),
    [
        ("Policy", "label", Holds.WORDS, (1, 1)),
        ("Policy", "domain", Holds.TERM, (0, None)),
        ("Policy", "adopted", Holds.DATE, (0, 1)),
        ("Policy", "registerId", Holds.TEXT, (0, None)),
        ("Policy", "supersedes", Holds.RECORD, (0, None)),
        ("Target", "value", Holds.NUMBER, (0, 1)),
        ("Conflict", "involves", Holds.RECORD, (2, None)),
        ("Interlinkage", "from", Holds.THING, (1, 1)),
        ("Source", "url", Holds.ADDRESS, (0, 1)),
        ("PaperSection", "order", Holds.COUNT, (1, 1)),
        ("Review", "onRevision", Holds.LINK, (0, 1)),
        ("Case", "evidence", Holds.EVIDENCE, (1, None)),
    ],
)
def test_what_a_field_holds(forms: Forms, kind: str, key: str, holds: Holds, counts: object) -> None:
    field = forms.kinds[kind].by_key()[key]
    assert (field.holds, (field.least, field.most)) == (holds, counts)


def test_a_date_may_be_a_day_a_month_or_a_year(forms: Forms) -> None:
    policy = forms.kinds["Policy"].by_key()
    assert policy["adopted"].datatypes == (XSD.date, XSD.gYearMonth, XSD.gYear)
    assert policy["periodEnd"].datatypes == (XSD.gYear,)


def test_what_asks_only_does_not_bind(forms: Forms) -> None:
    domain = forms.kinds["Policy"].by_key()["domain"]
    assert (domain.least, domain.about.name, domain.scheme) == (0, "Nexus domain", "domain")


def test_measures_and_targets_belong_to_a_policy(forms: Forms) -> None:
    parts = {part.key: (part.kind, part.path) for part in forms.kinds["Policy"].parts}
    assert parts == {"measures": ("Measure", NX.ofPolicy), "targets": ("Target", NX.ofPolicy)}


def test_the_form_of_something_is_found_by_its_class(forms: Forms) -> None:
    found = forms.of([NX.Record, NX.Target])
    assert isinstance(found, Form)
    assert found.key == "Target"
    assert forms.of([NX.Claim]) is None
    assert {form.key for form in forms.kinds_within([NX.Claim])} >= {"Measure", "Target", "Observation"}
