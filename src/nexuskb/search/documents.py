"""What of each record can be found: its texts in columns by weight, and the terms it can be filtered by."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from rdflib import DCTERMS, URIRef

from nexuskb.store.port import TripleStore
from nexuskb.terms import GRAPHS, NX, VOCABULARIES, local_name, record_identifier, scheme_iri

#: The properties (of ``nx:``) by which a record has a term of a vocabulary that hits are counted by.
TERMS: Final[dict[str, tuple[str, ...]]] = {
    "area": ("area",),
    "domain": ("domain", "from", "to", "addresses"),
    "driver": ("driver", "addressesDriver", "addressesThroughMeasures", "addresses", "from", "to"),
    "impact": ("impact", "addressesImpact", "addressesThroughMeasures", "addresses", "from", "to"),
    "linkkind": ("linkKind",),
    "instrument": ("instrument",),
    "policykind": ("policyKind",),
    "sector": ("sector",),
    "status": ("legalStatus",),
}  # fmt: skip
#: From an interlinkage to the domains that its ends are in: the end itself, what it is about, or the domain
#: of either. Engines are slow with optional steps, so each way is written out.
FROM_DOMAIN, TO_DOMAIN = (
    f"({end}|{end}/nx:domain|{end}/(nx:driver|nx:impact)|{end}/(nx:driver|nx:impact)/nx:domain)"
    for end in ("nx:from", "nx:to")
)
#: The properties of which the year counts.
YEARS: Final = "nx:adopted|nx:refYear"
#: What hits can be counted and filtered by: kind, vocabularies by their keys, the two different domains that
#: the ends of an interlinkage are in (such as ``climate-land``), and year.
FACETS: Final = (
    "kind", "area", "domain", "driver", "impact", "linkkind", "joins", "instrument", "policykind", "sector",
    "status", "year",
)  # fmt: skip

_RECORDS: Final = GRAPHS.records.n3()
#: In each query ``#only`` is the place for the records that are asked for, if not all are.
_NAMES: Final = f"""SELECT ?record ?kind ?label (LANG(?label) AS ?language) WHERE {{
  #only
  GRAPH {_RECORDS} {{ ?record nx:reviewState ?state ; a ?kind ; rdfs:label ?label }}
}}"""
#: Every property whose values are texts, as the ontology says. Texts for people have a language; publishers,
#: codes and figures as printed have none.
_TEXTS: Final = f"""SELECT ?record ?property ?text (LANG(?text) AS ?language) WHERE {{
  #only
  {{ ?property rdfs:range rdf:langString }} UNION {{ ?property rdfs:range xsd:string }}
  UNION {{ VALUES ?property {{ dcterms:description dcterms:identifier skos:note }} }}
  GRAPH {_RECORDS} {{ ?record ?property ?text }}
  FILTER(?property NOT IN (nx:language, nx:locator, nx:policyLocator))
}}"""
_CONCEPTS: Final = """SELECT ?concept ?scheme ?name WHERE {
  ?concept skos:inScheme ?scheme ; skos:prefLabel|skos:altLabel ?name
}"""
#: What a record is about: concepts by which it is found and filtered, and other records.
_ABOUT: Final = """SELECT ?record (STR(?property) AS ?by) ?thing WHERE {
  #only
  VALUES ?property {
    nx:area nx:domain nx:driver nx:impact nx:addressesDriver nx:addressesImpact nx:addressesThroughMeasures
    nx:addresses nx:from nx:to nx:sector nx:legalStatus nx:policyKind nx:instrument nx:response
    nx:sdgIndicator nx:about nx:ofPolicy nx:applies nx:linkKind
  }
  ?record ?property ?thing
}"""
_SOURCES: Final = (
    "SELECT ?record ('' AS ?by) ?source WHERE {\n  #only\n  ?record nx:evidence/nx:source ?source\n}"
)
_YEARS: Final = f"SELECT ?record ?date WHERE {{\n  #only\n  ?record {YEARS} ?date\n}}"
_JOINS: Final = f"""SELECT DISTINCT ?record ?one ?other WHERE {{
  #only
  ?record a nx:Interlinkage ; {FROM_DOMAIN} ?one ; {TO_DOMAIN} ?other .
  ?one skos:inScheme ?scheme . ?other skos:inScheme ?scheme .
  FILTER(?scheme = {scheme_iri("domain").n3()} && ?one != ?other)
}}"""
_RESERVATIONS: Final = "SELECT ?record ?words WHERE {\n  #only\n  ?record nx:reservation ?words\n}"
#: Properties of which a passage is rather shown than of others, the best last.
_TELLING: Final = (str(NX.result), str(DCTERMS.description))


@dataclass(frozen=True, slots=True)
class Document:
    """A record as the index holds it. Each column of text has a line for each literal.

    ``context`` are the titles of its sources and of what else it is tied to, and who published it; ``codes``
    its identifiers, its numbers in registers, and figures as printed.
    """

    identifier: str
    kind: str
    label: str
    language: str
    titles: str
    subjects: str
    texts: str
    context: str
    codes: str
    terms: frozenset[tuple[str, str]]
    reservations: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The document in plain types, for another process."""
        return {**asdict(self), "terms": sorted(self.terms)}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Document:
        """The document from plain types."""
        terms = frozenset((facet, value) for facet, value in plain["terms"])
        return cls(**{**plain, "terms": terms, "reservations": tuple(plain["reservations"])})


class _Lines:
    """Lines gathered by record, each once, in the order of their ranks."""

    def __init__(self) -> None:
        self._held: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)

    def add(self, record: str, text: str, rank: int = 0) -> None:
        self._held[record].add((rank, clean(text)))

    def of(self, record: str) -> str:
        return "\n".join(text for _, text in sorted(self._held.get(record, ())))


class _Gathered:
    """What documents are made of, by record."""

    def __init__(self) -> None:
        self.titles, self.subjects, self.texts = _Lines(), _Lines(), _Lines()
        self.context, self.codes = _Lines(), _Lines()
        self.terms: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self.reservations: defaultdict[str, set[str]] = defaultdict(set)

    def add_text(self, record: str, property_: str, text: str, language: str) -> None:
        if property_ == str(NX.officialLabel):
            self.titles.add(record, text)
        elif language:
            self.texts.add(record, text, -1 - _TELLING.index(property_) if property_ in _TELLING else 0)
        elif property_ == str(NX.authorOrPublisher):
            self.context.add(record, text)
        else:
            self.codes.add(record, text)

    def document(self, record: str, identifier: str, kind: str, label: str, language: str) -> Document:
        return Document(
            identifier=identifier,
            kind=kind,
            label=label,
            language="" if language == "en" else language,
            titles=self.titles.of(record),
            subjects=self.subjects.of(record),
            texts=self.texts.of(record),
            context=self.context.of(record),
            codes=self.codes.of(record),
            terms=frozenset({("kind", kind), *self.terms[record]}),
            reservations=tuple(sorted(self.reservations[record])),
        )


def read_documents(
    store: TripleStore, records: Collection[str] | None = None, concepts: Concepts | None = None
) -> list[Document]:
    """Records of a store as documents, in the order of their identifiers.

    All of them, or those with the IRIs ``records``, as far as they are there. ``concepts`` are the vocabulary
    terms of the store, where they have been read before.
    """
    names = _names(store, records)
    concepts = concepts or Concepts(store)
    gathered = _Gathered()
    for record, property_, text, language in _rows(store, _TEXTS, records):
        gathered.add_text(record, property_, text, language)
    tied = [*_rows(store, _ABOUT, records), *_rows(store, _SOURCES, records)]
    labels = names if records is None else _names(store, {thing for *_, thing in tied})
    for record, property_, thing in tied:
        if thing in labels:
            gathered.context.add(record, labels[thing][1])
        for name in concepts.names.get(thing, ()):
            gathered.subjects.add(record, name)
        if thing in concepts.terms:
            facet, key = concepts.terms[thing]
            if property_.removeprefix(str(NX)) in TERMS[facet]:
                gathered.terms[record].add((facet, key))
    for record, one, other in _rows(store, _JOINS, records):
        gathered.terms[record].add(("joins", joined(*(local_name(URIRef(end)) for end in (one, other)))))
    for record, date in _rows(store, _YEARS, records):
        gathered.terms[record].add(("year", date[:4]))
    for record, words in _rows(store, _RESERVATIONS, records):
        gathered.reservations[record].add(words)
    documents = [
        gathered.document(record, identifier, kind.removeprefix(str(NX)), label, language)
        for record, (kind, label, language) in names.items()
        if (identifier := record_identifier(record))
    ]
    return sorted(documents, key=lambda document: document.identifier)


def _names(store: TripleStore, records: Collection[str] | None) -> dict[str, tuple[str, str, str]]:
    """Kind, label and language of the label of records."""
    rows = sorted(_rows(store, _NAMES, records))
    return {record: (kind, clean(label), language) for record, kind, label, language in rows}


class Concepts:
    """The names of the terms of all vocabularies, and the facet and key of those that are filters."""

    def __init__(self, store: TripleStore) -> None:
        self.names: defaultdict[str, list[str]] = defaultdict(list)
        self.terms: dict[str, tuple[str, str]] = {}
        for concept, scheme, name in _rows(store, _CONCEPTS, None):
            self.names[concept].append(name)
            facet = scheme.removeprefix(VOCABULARIES)
            if facet in TERMS:
                self.terms[concept] = (facet, concept.removeprefix(f"{scheme}/"))


def joined(*domains: str) -> str:
    """The value of the facet of joined domains for two of them, in either order: ``climate-land``."""
    return "-".join(sorted(domains))


def clean(text: str) -> str:
    """A text as it is indexed and shown: composed characters, one line, no control characters."""
    return re.sub(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+", " ", unicodedata.normalize("NFC", text)).strip()


def _rows(store: TripleStore, query: str, records: Collection[str] | None) -> Iterator[tuple[str, ...]]:
    if records is not None:
        iris = (URIRef(record).n3() for record in sorted(records) if record_identifier(record))
        query = query.replace("#only", f"VALUES ?record {{ {' '.join(iris)} }}")
    for row in store.select(query).rows:
        yield tuple("" if term is None else str(term) for term in row)
