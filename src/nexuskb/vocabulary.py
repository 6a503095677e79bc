"""The SKOS vocabularies as people use them: terms by notation or label, and the nearest to a misspelling."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, URIRef

from nexuskb.terms import NX, scheme_iri

#: The place of each statement about a term, for writing the vocabulary files: its name first.
STATEMENT_ORDER: Final[dict[URIRef, int]] = {
    SKOS.prefLabel: 0,
    SKOS.altLabel: 1,
    SKOS.notation: 2,
    SKOS.definition: 3,
    SKOS.scopeNote: 4,
    SKOS.inScheme: 5,
    SKOS.broader: 6,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A vocabulary term: its IRI, the last part of it, its notation and its English label."""

    iri: URIRef
    key: str
    notation: str
    label: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """A vocabulary with its terms, in the order of their labels."""

    key: str
    title: str
    terms: tuple[Term, ...]

    def find(self, text: str) -> Term | None:
        """The term that a person means: by key, notation, IRI or label, in any case."""
        wanted = text.strip().casefold()
        for term in self.terms:
            if wanted in (
                term.key.casefold(),
                term.notation.casefold(),
                term.label.casefold(),
                str(term.iri).casefold(),
            ):
                return term
        return None

    def nearest(self, text: str) -> Term | None:
        """The term that looks most like a misspelt one, if any is close."""
        names = {name: term for term in self.terms for name in (term.label, term.key)}
        near = nearest_name(text, names)
        return names[near] if near else None


def nearest_name(text: str, names: Iterable[str]) -> str:
    """The name that looks most like a misspelt one in any case, or nothing if none is close."""
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(text.strip().casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


class Vocabularies:
    """All vocabularies of the model graph (see :func:`nexuskb.content.read_model`)."""

    def __init__(self, model: Graph) -> None:
        self._model = model

    @cached_property
    def schemes(self) -> dict[str, Scheme]:
        """The vocabularies by key, such as ``driver``."""
        found = {}
        for scheme in self._model.subjects(RDF.type, SKOS.ConceptScheme):
            key = str(scheme).rsplit("/", 1)[1]
            terms = sorted(
                (
                    self._term(c, key)
                    for c in self._model.subjects(SKOS.inScheme, scheme)
                    if isinstance(c, URIRef)
                ),
                key=lambda term: term.label,
            )
            found[key] = Scheme(key, str(self._model.value(scheme, DCTERMS.title)), tuple(terms))
        return dict(sorted(found.items()))

    def _term(self, concept: URIRef, scheme: str) -> Term:
        labels = [
            str(o) for o in self._model.objects(concept, SKOS.prefLabel) if getattr(o, "language", "") == "en"
        ]
        key = str(concept).removeprefix(str(scheme_iri(scheme)) + "/")
        return Term(concept, key, str(self._model.value(concept, SKOS.notation) or key), labels[0])


def kinds_of_record(model: Graph) -> Scheme:
    """The kinds that records can have, as terms: the classes of records without a narrower one."""
    classes = {c for c in model.transitive_subjects(RDFS.subClassOf, NX.Record) if isinstance(c, URIRef)}
    leaves = [c for c in classes if not any(model.subjects(RDFS.subClassOf, c))]
    keys = {str(c).removeprefix(str(NX)): c for c in leaves}
    terms = [Term(iri, key, key, str(model.value(iri, RDFS.label))) for key, iri in keys.items()]
    return Scheme("kind", "Kinds of record", tuple(sorted(terms, key=lambda term: term.label)))
