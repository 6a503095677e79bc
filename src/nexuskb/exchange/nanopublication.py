"""A record as a nanopublication: what it says, what that rests on, and who published it, each in a graph.

Follows the Nanopublication Guidelines (nanopub.net). The IRIs are of the base; they are no trusty URIs, as a
record may be mended: the generation says which content was given.
"""

from __future__ import annotations

from typing import Final

from rdflib import DCTERMS, RDF, XSD, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.namespace import PROV

from nexuskb.exchange.dataset import DATASET, LICENCE
from nexuskb.terms import BASE, NX, PREFIXES, record_iri

NANOPUBLICATIONS: Final = Namespace(f"{BASE}nanopublications/")
_NP: Final = Namespace("http://www.nanopub.org/nschema#")
#: Statements on the record as an entry of the base, and what is derived: not what it says of the world.
_KEEPING: Final = frozenset(
    {
        DCTERMS.identifier,
        NX.reviewState,
        NX.evidence,
        NX.sourceCount,
        NX.reservation,
        NX.caveat,
        NX.soleSupport,
    }
)
#: What whoever cites the record must know: it stands with what the record rests on.
_WARNING: Final = (NX.reservation, NX.caveat, NX.soleSupport)


def nanopublication(identifier: str, record: Graph, generation: str, version: str = "") -> str:
    """The nanopublication of a record as TriG.

    ``record`` has the statements of the record and of its evidence, ``version`` is the date of the version of
    the curated data.
    """
    itself, iri = NANOPUBLICATIONS[identifier], record_iri(identifier)
    head, assertion, provenance, publication = (
        URIRef(f"{itself}#{part}") for part in ("Head", "assertion", "provenance", "pubinfo")
    )
    whole = Dataset()
    for prefix, namespace in {**PREFIXES, "np": str(_NP)}.items():
        whole.bind(prefix, namespace)
    whole.graph(head).__iadd__(
        [
            (itself, RDF.type, _NP.Nanopublication),
            (itself, _NP.hasAssertion, assertion),
            (itself, _NP.hasProvenance, provenance),
            (itself, _NP.hasPublicationInfo, publication),
        ]
    )
    for triple in record.triples((iri, None, None)):
        if triple[1] not in _KEEPING:
            whole.graph(assertion).add(triple)
    for triple in _provenance(record, iri, assertion):
        whole.graph(provenance).add(triple)
    whole.graph(publication).__iadd__(
        [
            (itself, DCTERMS.license, LICENCE),
            (itself, DCTERMS.creator, URIRef(f"{DATASET}#publisher")),
            (itself, DCTERMS.isPartOf, DATASET),
            (itself, DCTERMS.identifier, Literal(generation)),
            (itself, PROV.wasDerivedFrom, iri),
            *([(itself, DCTERMS.created, Literal(version, datatype=XSD.date))] if version else []),
            *((iri, NX.reviewState, state) for state in record.objects(iri, NX.reviewState)),
        ]
    )
    return whole.serialize(format="trig")


def _provenance(record: Graph, iri: URIRef, assertion: URIRef) -> Graph:
    found = Graph()
    for node in record.objects(iri, NX.evidence):
        found.add((assertion, NX.evidence, node))
        found += record.triples((node, None, None))
        found += [(assertion, PROV.wasDerivedFrom, source) for source in record.objects(node, NX.source)]
    for property_ in _WARNING:
        found += [(assertion, property_, words) for words in record.objects(iri, property_)]
    return found
