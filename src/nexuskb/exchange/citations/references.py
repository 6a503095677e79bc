"""Sources as references, and the passages of records as citations of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.term import Node

from nexuskb.asking import Asking, PlainRow
from nexuskb.errors import RecordNotFoundError
from nexuskb.exchange.citations.imprints import Imprint, read_imprint
from nexuskb.exchange.citations.titles import Title, read_title
from nexuskb.terms import BASE, EV, IDENTIFIER_PATTERN, NX, record_identifier, record_iri

#: Records asked for in one query, so that its text stays far below the limit on a query's size.
_TOGETHER = 400


@dataclass(frozen=True, slots=True)
class Reference:
    """A source with all that is known for citing it. Empty texts and tuples are unknown.

    ``kind`` is a term of the source kinds. ``date`` is a year, month or day as the base has it, ``doi`` is
    without ``https://doi.org/``, ``countries`` are the States that the source is about by their short names.
    """

    identifier: str
    printed_title: str
    title_language: str
    author_or_publisher: str
    kind: str
    language: str
    date: str = ""
    url: str = ""
    doi: str = ""
    symbol: str = ""
    countries: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reading: str = ""
    copies: tuple[str, ...] = ()
    sensitivities: tuple[str, ...] = ()

    @property
    def iri(self) -> str:
        """The IRI of the source."""
        return str(record_iri(self.identifier))

    @property
    def title(self) -> Title:
        """The printed title with its original and its English apart."""
        return read_title(self.printed_title, self.title_language, self.language)

    @property
    def imprint(self) -> Imprint:
        """Who made it and where it appeared, read from the field "Author or publisher"."""
        return read_imprint(self.author_or_publisher, self.kind, self.date)

    @property
    def issued(self) -> str:
        """The date, more precise where the publisher's field has the day or month in the same year."""
        return self.imprint.date or self.date

    @property
    def year(self) -> str:
        """The year of it, if any is known."""
        return self.date[:4]

    @property
    def address(self) -> str:
        """Where a reader finds it: by its DOI if it has one."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    @property
    def remarks(self) -> tuple[str, ...]:
        """What whoever cites it should know: notes, the copy that was read, why a State may object."""
        listed = (
            ("Only an entry in a list was read, not the text.",) if self.reading == "Listing only" else ()
        )
        return (
            *self.notes,
            *(f"Read in: {copy.lower()}." for copy in self.copies),
            *listed,
            *(f"{sensitivity}." for sensitivity in self.sensitivities),
        )


@dataclass(frozen=True, slots=True)
class Citation:
    """A reference to a place in a source: ``record`` is whose evidence it is, ``evidence`` its own name."""

    reference: Reference
    locator: str = ""
    record: str = ""
    evidence: str = ""
    inferred: bool = False


def cite(identifiers: Iterable[str]) -> Asking[list[Citation]]:
    """The citations of sources, records and evidence nodes, in the order given and then of the evidence.

    An identifier is that of a record or source, an evidence node's (``mng-bt-m1-e1``), or an IRI of either.
    Raises :class:`RecordNotFoundError` for one that names nothing.
    """
    asked = list(dict.fromkeys(_local(each) for each in identifiers))
    passages: list[PlainRow] = []
    for some in _portions(asked):
        passages += yield _passages_query(some)
    named = {row["asked"] for row in passages}
    for each in asked:
        if not {str(iri) for iri in _iris(each)} & named:
            raise RecordNotFoundError(
                f"There is no record, source or passage {each!r}. Lists by kind and area are at /records."
            )
    sources: list[PlainRow] = []
    for some in _portions(sorted({row["source"] for row in passages if "source" in row})):
        sources += yield _sources_query(some)
    known = _references(sources)
    found: dict[str, list[Citation]] = {}
    for row in sorted(passages, key=lambda row: _place(row.get("evidence", ""))):
        found.setdefault(row["asked"], []).append(_citation(row, known))
    return [citation for each in asked for iri in _iris(each) for citation in found.get(str(iri), [])]


def citations_in(graph: Graph, model: Graph, identifier: str) -> list[Citation]:
    """The citations of a record or source that the graph of its document holds already, without a query.

    ``graph`` is that of :func:`nexuskb.records.document.record_query`, ``model`` has the vocabularies.
    """
    record = record_iri(identifier)
    evidence = sorted(graph.objects(record, NX.evidence), key=lambda node: _place(str(node)))
    passages: list[tuple[Node | None, Node | None]] = [
        (node, graph.value(node, NX.source)) for node in evidence
    ] or [(None, record)]
    known = _references(row for _, source in passages for row in _rows_in(graph, model, source))
    cited = []
    for node, source in passages:
        row = {"asked": str(record)}
        if str(source) in known:
            row["source"] = str(source)
        if node is not None:
            row |= {
                "record": str(record),
                "evidence": str(node),
                "locator": str(graph.value(node, NX.locator) or ""),
                "assertion": str(graph.value(node, NX.assertion) or ""),
            }
        if "source" not in row:
            kind = graph.value(record, RDF.type)
            row["label"] = str(graph.value(record, RDFS.label) or identifier)
            row["kind"] = _english(model, kind, RDFS.label) or "record"
        cited.append(_citation(row, known))
    return cited


def _rows_in(graph: Graph, model: Graph, source: Node | None) -> Iterator[PlainRow]:
    """The rows that :func:`_sources_query` would give for one source."""
    label = graph.value(source, RDFS.label)
    if source is None or label is None or graph.value(source, NX.sourceKind) is None:
        return
    single = {
        "author": NX.authorOrPublisher, "language": NX.language, "date": DCTERMS.date, "url": NX.url,
        "doi": NX.doi, "symbol": NX.unSymbol,
    }  # fmt: skip
    row = {name: str(value) for name, p in single.items() if (value := graph.value(source, p)) is not None}
    row |= {
        "source": str(source),
        "title": str(label),
        "titleLanguage": getattr(label, "language", None) or "",
        "kind": str(model.value(graph.value(source, NX.sourceKind), SKOS.notation)),
        "reading": _english(model, graph.value(source, NX.reading)),
    }
    yield row
    states = (a for a in graph.objects(source, NX.area) if model.value(a, NX.isoAlpha3) is not None)
    yield from (row | {"country": _english(model, area)} for area in states)
    yield from (row | {"note": str(note)} for note in graph.objects(source, SKOS.note))
    yield from (row | {"copy": _english(model, term)} for term in graph.objects(source, NX.copy))
    for term in graph.objects(source, NX.sensitivity):
        yield row | {"sensitivity": _english(model, term)}


def _english(model: Graph, term: Node | None, name: URIRef = SKOS.prefLabel) -> str:
    labels = (label for label in model.objects(term, name) if getattr(label, "language", "") == "en")
    return str(next(labels, "")) if term is not None else ""


def references(citations: Iterable[Citation]) -> list[Reference]:
    """The sources of some citations, each once, in the order of their identifiers."""
    found = {citation.reference.identifier: citation.reference for citation in citations}
    return [found[identifier] for identifier in sorted(found)]


def sources_alone(citations: Iterable[Citation]) -> list[Citation]:
    """Without the records that stand for themselves, as a bibliography of an answer lists sources only."""
    return [citation for citation in citations if citation.reference.identifier != citation.record]


def base_reference(identifier: str, label: str, kind: str) -> Reference:
    """The record itself as something to cite: what has no evidence of its own, such as an institution."""
    return Reference(
        identifier=identifier,
        printed_title=f"{label} ({kind.lower()} in the knowledge base)",
        title_language="en",
        author_or_publisher="nexuskb, knowledge base of the climate-land-water nexus in North-East Asia",
        kind="dataset",
        language="en",
        url=str(record_iri(identifier)),
    )


def _local(given: str) -> str:
    text = given.strip().removeprefix("@").removeprefix(BASE + "records/").removeprefix(str(EV))
    if not IDENTIFIER_PATTERN.fullmatch(text):
        raise RecordNotFoundError(
            f"{given!r} is not an identifier of a record: use a-z, 0-9 and hyphens, such as mng-ndc-2020."
        )
    return text


def _iris(identifier: str) -> tuple[URIRef, ...]:
    """What an identifier may name; only one that ends like ``-e1`` may be a passage."""
    passage = (EV[identifier],) if re.search(r"-e\d+$", identifier) else ()
    return (record_iri(identifier), *passage)


def _portions(asked: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(asked), _TOGETHER):
        yield asked[start : start + _TOGETHER]


def _passages_query(identifiers: Iterable[str]) -> str:
    """The sources themselves, the passages of records, and the names of records that have none."""
    values = " ".join(iri.n3() for identifier in identifiers for iri in _iris(identifier))
    return f"""SELECT DISTINCT ?asked ?record ?label ?kind ?evidence ?locator ?assertion ?source
WHERE {{
  VALUES ?asked {{ {values} }}
  {{ ?asked a nx:Source . BIND(?asked AS ?source) }}
  UNION {{ ?asked nx:evidence ?evidence . BIND(?asked AS ?record) {_PASSAGE} }}
  UNION {{ ?record nx:evidence ?asked . BIND(?asked AS ?evidence) {_PASSAGE} }}
  UNION {{
    ?asked nx:reviewState ?state ; rdfs:label ?label ; a ?class . ?class rdfs:label ?kind .
    FILTER NOT EXISTS {{ ?asked nx:evidence ?any }}
    FILTER NOT EXISTS {{ ?asked a nx:Source }}
    FILTER(LANG(?kind) = "en" && ?class NOT IN (nx:Record, nx:Claim, nx:Finding))
  }}
}}
ORDER BY ?asked ?evidence"""


_PASSAGE = "?evidence nx:source ?source ; nx:locator ?locator ; nx:assertion ?assertion ."


def _sources_query(iris: Iterable[str]) -> str:
    values = " ".join(URIRef(iri).n3() for iri in iris)
    return f"""SELECT ?source (STR(?label) AS ?title) (LANG(?label) AS ?titleLanguage) ?author ?kind ?language
  ?reading ?date ?url ?doi ?symbol ?country ?note ?copy ?sensitivity
WHERE {{
  VALUES ?source {{ {values} }}
  ?source rdfs:label ?label ; nx:authorOrPublisher ?author ; nx:sourceKind ?kindTerm ;
    nx:language ?language ; nx:reading ?readingTerm .
  ?kindTerm skos:notation ?kind .
  ?readingTerm skos:prefLabel ?reading .
  OPTIONAL {{ ?source dcterms:date ?date }}
  OPTIONAL {{ ?source nx:url ?url }}
  OPTIONAL {{ ?source nx:doi ?doi }}
  OPTIONAL {{ ?source nx:unSymbol ?symbol }}
  OPTIONAL {{ ?source skos:note ?note }}
  OPTIONAL {{ ?source nx:copy ?copyTerm . ?copyTerm skos:prefLabel ?copy }}
  OPTIONAL {{ ?source nx:sensitivity ?sensitivityTerm . ?sensitivityTerm skos:prefLabel ?sensitivity }}
  OPTIONAL {{
    ?source nx:area ?area .
    ?area nx:isoAlpha3 ?code ; skos:prefLabel ?country .
    FILTER(LANG(?country) = "en")
  }}
}}
ORDER BY ?source ?country ?note ?copy ?sensitivity"""


def _references(rows: Iterable[PlainRow]) -> dict[str, Reference]:
    """The sources by IRI; rows that differ in a repeated field are one source."""
    known: dict[str, Reference] = {}
    for row in rows:
        read = _reference(row)
        before = known.get(row["source"])
        known[row["source"]] = _joined(before, read) if before else read
    return known


def _citation(row: PlainRow, known: dict[str, Reference]) -> Citation:
    if "source" not in row:
        identifier = record_identifier(row["asked"]) or ""
        return Citation(base_reference(identifier, row["label"], row["kind"]), record=identifier)
    return Citation(
        known[row["source"]],
        row.get("locator", ""),
        record_identifier(row.get("record", "")) or "",
        row.get("evidence", "").removeprefix(str(EV)),
        row.get("assertion", "").endswith("/inferred"),
    )


def _place(evidence: str) -> tuple[int, str]:
    number = evidence.rpartition("-e")[2]
    return (int(number) if number.isdigit() else 0, evidence)


def _reference(row: PlainRow) -> Reference:
    return Reference(
        identifier=record_identifier(row["source"]) or "",
        printed_title=row["title"],
        title_language=row["titleLanguage"],
        author_or_publisher=row["author"],
        kind=row["kind"],
        language=row["language"],
        date=row.get("date", ""),
        url=row.get("url", ""),
        doi=row.get("doi", ""),
        symbol=row.get("symbol", ""),
        countries=_some(row.get("country")),
        notes=_some(row.get("note")),
        reading=row["reading"],
        copies=_some(row.get("copy")),
        sensitivities=_some(row.get("sensitivity")),
    )


def _some(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _joined(one: Reference, other: Reference) -> Reference:
    return replace(
        one,
        countries=tuple(sorted({*one.countries, *other.countries})),
        notes=tuple(sorted({*one.notes, *other.notes})),
        copies=tuple(sorted({*one.copies, *other.copies})),
        sensitivities=tuple(sorted({*one.sensitivities, *other.sensitivities})),
    )
