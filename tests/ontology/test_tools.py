"""The ontology and the vocabularies open as they are in the tools of the field."""

from __future__ import annotations

import logging
from pathlib import Path

import owlready2
import pytest
import skosify
from rdflib import OWL, RDF, SKOS, Graph
from tests.conftest import ROOT

VOCABULARIES = sorted((ROOT / "ontology" / "vocabularies").glob("*.ttl"))


@pytest.mark.parametrize("file", VOCABULARIES, ids=lambda file: file.stem)
def test_a_vocabulary_needs_no_mending(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Skosify, which Skosmos recommends before loading, takes nothing away and warns of nothing."""
    before = Graph().parse(file)
    with caplog.at_level(logging.WARNING):
        after = skosify.skosify(str(file), keep_related=True, label=file.stem)
    assert (None, RDF.type, SKOS.ConceptScheme) in before
    assert [triple for triple in before if triple not in after] == []
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.WARNING] == []


def test_an_owl_tool_reads_every_class_and_property(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    written = Graph().parse(ROOT / "ontology" / "nexus.ttl")
    file = tmp_path / "nexus.owl"
    written.serialize(file, format="xml")
    read = owlready2.World().get_ontology(file.as_uri()).load(only_local=True)
    assert {each.iri for each in read.classes()} == set(map(str, written.subjects(RDF.type, OWL.Class)))
    for found, kind in (
        (read.object_properties(), OWL.ObjectProperty),
        (read.data_properties(), OWL.DatatypeProperty),
        (read.annotation_properties(), OWL.AnnotationProperty),
    ):
        assert {each.iri for each in found} == set(map(str, written.subjects(RDF.type, kind)))
    assert "WARNING" not in "".join(capfd.readouterr())
