"""What member States and editors say of records and outline sections: reviews, as records themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from rdflib import DCTERMS, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import MalformedEntryError, NotPermittedError
from nexuskb.people.rights import REVIEW_KINDS, Person, Role
from nexuskb.store.ntriples import Triple
from nexuskb.terms import NX, concept_iri, record_identifier

_IN_WORDS = {
    "comment": "Comment",
    "response": "Response",
    "requested-change": "Requested change",
    "agreed-wording": "Agreed wording",
    "non-objection": "Non-objection",
    "invitation": "Invitation to review",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody says of records or sections.

    ``kind`` is a term of the vocabulary ``reviewkind``; ``wording`` are words that they ask for or agreed on,
    ``responds_to`` the reviews that this one answers, ``answer_by`` the last day for an answer to an
    invitation. ``area`` is the State that an editor's invitation goes to, or whose agreement or silence an
    editor records; it is ignored for others.
    """

    about: tuple[URIRef, ...]
    kind: str
    text: str
    wording: str = ""
    responds_to: tuple[URIRef, ...] = ()
    answer_by: dt.date | None = None
    area: URIRef | None = None


def check_remark(remark: Remark, person: Person) -> None:
    """Whether this person may say such a thing at all.

    Raises :class:`~nexuskb.errors.NotPermittedError` or :class:`~nexuskb.errors.MalformedEntryError`.
    """
    roles = REVIEW_KINDS.get(remark.kind)
    if roles is None:
        raise MalformedEntryError(
            f"{remark.kind!r} is no kind of review. Use {', '.join(sorted(REVIEW_KINDS))}."
        )
    if person.role not in roles:
        raise NotPermittedError(
            f"{person.name} ({person.role.value}) cannot file a review of the kind {remark.kind}: that is "
            f"for the roles {', '.join(sorted(roles))}."
        )
    if not remark.about:
        raise MalformedEntryError("Say which record or section the review is about.")


@dataclass(frozen=True, slots=True)
class Speaker:
    """In whose name a remark is made, and the areas that its record is about."""

    name: str
    areas: frozenset[URIRef]


def speaker(remark: Remark, person: Person, areas: frozenset[URIRef], model: Graph) -> Speaker:
    """Who speaks: a reviewer for a State in its name, everybody else in their own.

    Editors may record what a State agreed to, or its silence, in the State's name. ``areas`` are those of
    what the remark is about.
    """
    states = person.areas if person.role is Role.REVIEWER else frozenset()
    if remark.area is not None and person.role in (Role.EDITOR, Role.ADMIN):
        areas = frozenset({remark.area})
        states = areas if remark.kind in ("non-objection", "agreed-wording") else states
    names = sorted(label_of(model, area) for area in states)
    return Speaker(", ".join(names) or person.name, states or areas)


def review_triples(
    review: URIRef, remark: Remark, who: Speaker, revision: URIRef | None, today: dt.date
) -> list[Triple]:
    """The record of a remark. ``revision`` is the one that the speaker had seen."""
    named = [str(record_identifier(about)) for about in remark.about]
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    subjects = ", ".join(named[:3]) + more
    label = f"{_IN_WORDS[remark.kind]} of {who.name} on {subjects}"
    triples: list[Triple] = [
        (review, RDF.type, NX.Review),
        (review, RDFS.label, Literal(label, lang="en")),
        (review, NX.reviewKind, concept_iri("reviewkind", remark.kind)),
        (review, NX.reviewer, Literal(who.name, lang="en")),
        (review, DCTERMS.date, Literal(today.isoformat(), datatype=XSD.date)),
        (review, DCTERMS.description, Literal(remark.text, lang="en")),
        *((review, NX.about, about) for about in remark.about),
        *((review, NX.respondsTo, other) for other in remark.responds_to),
        *((review, NX.area, area) for area in who.areas),
    ]
    if revision is not None:
        triples.append((review, NX.onRevision, revision))
    if remark.wording:
        triples.append((review, NX.wording, Literal(remark.wording, lang="en")))
    if remark.answer_by:
        triples.append((review, NX.answerBy, Literal(remark.answer_by.isoformat(), datatype=XSD.date)))
    return triples


def label_of(model: Graph, area: Node) -> str:
    """The English name of an area."""
    labels = (o for o in model.objects(area, SKOS.prefLabel) if getattr(o, "language", "") == "en")
    return str(next(labels, area))
