"""JSON Schema and JSON-LD context say of documents what the shapes say of records."""

from __future__ import annotations

from collections import Counter

import pytest
from base_records import statements
from jsonschema import Draft202012Validator
from rdflib import RDF, Graph, URIRef
from test_documents import POLICY

from nexuskb.errors import UnknownTermError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.schema import json_ld_context, json_schema
from nexuskb.terms import local_name


def schema(documents: Documents, kind: str) -> Draft202012Validator:
    made = json_schema(documents.forms, documents.vocabularies, kind)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def test_every_record_of_the_base_fits_the_schema_of_its_kind(
    documents: Documents, base: Graph, records: list[URIRef]
) -> None:
    schemas = {kind: schema(documents, kind) for kind in documents.forms.kinds}
    seen: Counter[str] = Counter()
    for record in records:
        kind = local_name(base.value(record, RDF.type))
        document = documents.write(statements(base, record), record)
        assert not [(record, error.json_path, error.message) for error in schemas[kind].iter_errors(document)]
        seen[kind] += 1
    assert len(seen) >= 13


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"label": None}, "$.label"),
        ({"label": "  "}, "$.label"),
        ({"legalStatus": "in-froce"}, "$.legalStatus"),
        ({"adopted": "May 2012"}, "$.adopted"),
        ({"adopted": "2012-13"}, "$.adopted"),
        ({"area": []}, "$.area"),
        ({"area": ["mng", "mng"]}, "$.area"),
        ({"adoptd": "2012"}, "$"),
        ({"officialLabel": "Law"}, "$.officialLabel"),
        (
            {"evidence": [{"source": "a b", "locator": "p. 1", "assertion": "asserted"}]},
            "$.evidence[0].source",
        ),
        ({"evidence": [{"source": "a", "assertion": "asserted"}]}, "$.evidence[0]"),
        ({"measures": [{"label": "x"}]}, "$.measures[0]"),
        ({"kind": "Target"}, "$.kind"),
    ],
)
def test_a_document_that_does_not_fit_is_told_where(
    documents: Documents, change: dict[str, object], path: str
) -> None:
    policies = schema(documents, "Policy")
    assert not list(policies.iter_errors(POLICY))
    assert path in {error.json_path for error in policies.iter_errors({**POLICY, **change})}


def test_an_unknown_kind_is_answered_with_the_nearest(documents: Documents) -> None:
    with pytest.raises(UnknownTermError, match="Did you mean Policy"):
        json_schema(documents.forms, documents.vocabularies, "polcy")


def test_the_context_knows_every_field(documents: Documents) -> None:
    context = json_ld_context(documents.forms, documents.vocabularies)["@context"]
    assert isinstance(context, dict)
    keys = {field.key for form in documents.forms.kinds.values() for field in form.fields}
    assert keys | {"measures", "targets"} <= set(context)
