"""The base described as a dataset: in DCAT 3 (W3C Recommendation of 22 August 2024), SPDX and VoID."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from rdflib import DCAT, DCTERMS, FOAF, RDF, VOID, XSD, Graph, Literal, Namespace, URIRef

from nexuskb.errors import ContentError
from nexuskb.settings import Settings
from nexuskb.store.dumping import Dump
from nexuskb.terms import BASE, REC, bind_prefixes

DATASET: Final = URIRef(f"{BASE}dataset")
LICENCE: Final = URIRef("https://creativecommons.org/licenses/by/4.0/")
TITLE: Final = "nexuskb"
ABOUT: Final = "Policies, drivers, impacts and interlinkages of climate, land and water in North-East Asia"
#: The file of the data directory that says which dated version the curated data are.
VERSION_FILE: Final = "VERSION"

#: A property of DCAT 3 that the library has not got.
_DCAT_VERSION: Final = URIRef(f"{DCAT}version")
_SPDX: Final = Namespace("http://spdx.org/rdf/terms#")
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"


def data_version(settings: Settings) -> str:
    """The date of the version of the curated data. Raises :class:`~nexuskb.errors.ContentError`."""
    file = settings.data / VERSION_FILE
    return _read(file) if file.exists() else ""


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ContentError(f"The file {file} cannot be read: {error}.") from error


def describe(
    generation: str, version: str, dumps: Iterable[Dump], address: Callable[[str], str], endpoint: str = ""
) -> Graph:
    """The description of the base at one content.

    ``address`` gives where a file of dumps is, by its name; ``endpoint`` is that of the SPARQL endpoint.
    """
    graph = bind_prefixes(Graph())
    for prefix, namespace in (("dcat", DCAT), ("spdx", _SPDX), ("foaf", FOAF), ("void", VOID)):
        graph.bind(prefix, namespace)
    publisher = URIRef(f"{DATASET}#publisher")
    graph += [
        (DATASET, RDF.type, DCAT.Dataset),
        (DATASET, RDF.type, VOID.Dataset),
        (DATASET, DCTERMS.title, Literal(TITLE, lang="en")),
        (DATASET, DCTERMS.description, Literal(ABOUT, lang="en")),
        (DATASET, DCTERMS.license, LICENCE),
        (DATASET, DCTERMS.identifier, Literal(generation)),
        (DATASET, DCTERMS.conformsTo, URIRef(f"{BASE}ontology")),
        (DATASET, DCTERMS.publisher, publisher),
        (publisher, RDF.type, FOAF.Agent),
        (publisher, FOAF.name, Literal("The nexuskb founders")),
        (DATASET, VOID.uriSpace, Literal(str(REC))),
        (DATASET, VOID.vocabulary, URIRef(f"{BASE}ontology")),
    ]
    if version:
        graph += [
            (DATASET, _DCAT_VERSION, Literal(version)),
            (DATASET, DCTERMS.modified, Literal(version, datatype=XSD.date)),
        ]
    for dump in dumps:
        _distribution(graph, dump, URIRef(address(dump.file)))
    if endpoint:
        service = URIRef(f"{DATASET}#endpoint")
        graph += [
            (service, RDF.type, DCAT.DataService),
            (service, DCTERMS.title, Literal("SPARQL endpoint", lang="en")),
            (service, DCAT.endpointURL, URIRef(endpoint)),
            (service, DCAT.servesDataset, DATASET),
            (DATASET, VOID.sparqlEndpoint, URIRef(endpoint)),
        ]
    return graph


def _distribution(graph: Graph, dump: Dump, address: URIRef) -> None:
    part = URIRef(f"{DATASET}#{dump.file.removesuffix('.gz').rpartition('.')[2]}")
    checksum = URIRef(f"{part}-checksum")
    graph += [
        (DATASET, DCAT.distribution, part),
        (DATASET, VOID.dataDump, address),
        (part, RDF.type, DCAT.Distribution),
        (part, DCTERMS.title, Literal(f"The whole base as {dump.name}", lang="en")),
        (part, DCTERMS.license, LICENCE),
        (part, DCAT.accessURL, address),
        (part, DCAT.downloadURL, address),
        (part, DCAT.mediaType, URIRef(_MEDIA_TYPES + dump.media_type)),
        (part, DCAT.compressFormat, URIRef(_MEDIA_TYPES + "application/gzip")),
        (part, DCAT.byteSize, Literal(dump.size, datatype=XSD.nonNegativeInteger)),
        (part, _SPDX.checksum, checksum),
        (checksum, RDF.type, _SPDX.Checksum),
        (checksum, _SPDX.algorithm, _SPDX.checksumAlgorithm_sha256),
        (checksum, _SPDX.checksumValue, Literal(dump.sha256, datatype=XSD.hexBinary)),
    ]
