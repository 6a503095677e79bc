"""Namespaces and identifiers: the one place where IRIs of the base are spelled.

Every record IRI ends in the record's ``dcterms:identifier``, and never changes.
"""

from __future__ import annotations

import re
from typing import Final

from rdflib import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD, Graph, Namespace, URIRef
from rdflib.namespace import NamespaceManager
from rdflib.term import Node

BASE: Final = "https://w3id.org/nexuskb/"

NX: Final = Namespace(BASE + "ontology/")
SHAPES: Final = Namespace(BASE + "shapes/")
REC: Final = Namespace(BASE + "records/")
EV: Final = Namespace(BASE + "evidence/")
GRAPHS: Final = Namespace(BASE + "graphs/")
REVISIONS: Final = Namespace(BASE + "revisions/")
ACTS: Final = Namespace(BASE + "acts/")
PEOPLE: Final = Namespace(BASE + "people/")
VOCABULARIES: Final = BASE + "vocabularies/"
#: The JSON-LD context of the documents of records.
CONTEXT: Final = BASE + "context.jsonld"

#: Prefixes bound in every file and usable in every query without declaring them.
PREFIXES: Final[dict[str, str]] = {
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
    "sh": str(SH),
    "skos": str(SKOS),
    "dcterms": str(DCTERMS),
    "prov": "http://www.w3.org/ns/prov#",
    "nx": str(NX),
    "nxs": str(SHAPES),
    "rec": str(REC),
    "ev": str(EV),
    **{
        name: f"{VOCABULARIES}{name}/"
        for name in (
            "area", "assertion", "basis", "confidence", "copy", "domain", "driver", "end", "impact",
            "instrument", "labelstatus", "linkkind", "outcome", "policykind", "reading", "response",
            "review", "reviewkind", "score", "sdg", "sector", "sensitivity", "sourcekind", "status", "topic",
            "unit",
            "cpr-document-type", "cpr-instruments", "cpr-topic", "dpsir", "faolex-subjects",
            "glo-driver-types", "ipbes-direct-drivers", "ipbes-indirect-drivers",
            "ipbes-land-degradation-drivers", "ipcc-confidence", "nilsson-interaction-scale",
            "unccd-ldn-target-levels", "unccd-progress-indicators", "unccd-strategic-objectives",
            "wocat-causes", "wocat-degradation-types",
        )
    },
}  # fmt: skip

IDENTIFIER_PATTERN: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def record_iri(identifier: str) -> URIRef:
    """The IRI of the record with this ``dcterms:identifier``.

    Raises ``ValueError`` if the identifier has other characters than lower-case Latin letters, digits
    and single hyphens.
    """
    if not IDENTIFIER_PATTERN.fullmatch(identifier):
        raise ValueError(f"{identifier!r} is not an identifier: use a-z, 0-9 and single hyphens")
    return REC[identifier]


def record_identifier(iri: str) -> str | None:
    """The identifier of a record IRI, or ``None`` if the IRI is not a record's."""
    tail = iri.removeprefix(str(REC))
    return tail if tail != iri and IDENTIFIER_PATTERN.fullmatch(tail) else None


def evidence_iri(identifier: str, number: int) -> URIRef:
    """The IRI of a record's evidence of this number, from 1."""
    return EV[f"{identifier}-e{number}"]


def owner(iri: str) -> str | None:
    """The IRI of the record that a record or an evidence node belongs to, or ``None``.

    The evidence of a record is ``ev:`` with the record's identifier, ``-e`` and a number.
    """
    if iri.startswith(str(EV)):
        identifier, _, number = iri.removeprefix(str(EV)).rpartition("-e")
        return (
            str(REC) + identifier if number.isdigit() and IDENTIFIER_PATTERN.fullmatch(identifier) else None
        )
    return iri if record_identifier(iri) else None


def concept_iri(scheme: str, notation: str) -> URIRef:
    """The IRI of a vocabulary term, e.g. ``concept_iri("driver", "overgrazing")``."""
    return URIRef(f"{VOCABULARIES}{scheme}/{notation}")


def scheme_iri(scheme: str) -> URIRef:
    """The IRI of a vocabulary, e.g. ``scheme_iri("driver")``."""
    return URIRef(VOCABULARIES + scheme)


def local_name(iri: Node) -> str:
    """The last part of an IRI of a class or a property: ``adopted`` of ``nx:adopted``."""
    return re.split("[/#]", str(iri))[-1]


def bind_prefixes(graph: Graph) -> Graph:
    """Give the graph the prefixes of the base, before any others that it has, and return it."""
    graph.namespace_manager = NamespaceManager(graph, bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace, override=True, replace=True)
    return graph


def curie(iri: str) -> str:
    """The IRI with the longest matching prefix of the base, or the IRI itself in full."""
    for prefix, namespace in sorted(PREFIXES.items(), key=lambda item: -len(item[1])):
        if iri.startswith(namespace):
            tail = iri[len(namespace) :]
            if re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?", tail):
                return f"{prefix}:{tail}"
    return iri
