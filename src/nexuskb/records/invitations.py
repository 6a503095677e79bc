"""Invitations to review: to whom, until when, and which of them nobody has answered.

Silence until the end of the last day counts as non-objection (``nx:answerBy``), which an editor then files.
Until somebody does, the invitation is open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from rdflib import DCTERMS, RDF, Graph, URIRef
from rdflib.term import Node

from nexuskb.records.reviews import label_of
from nexuskb.store.ntriples import Triple
from nexuskb.terms import NX, concept_iri, record_identifier

_INVITATION = concept_iri("reviewkind", "invitation")


@dataclass(frozen=True, slots=True, order=True)
class Invitation:
    """An invitation that nobody has answered.

    ``answer_by`` is its last day; ``days_over`` says how many days ago that was, and is 0 or less until then.
    ``identifier`` is its own, ``about`` are the identifiers of the records or sections that it is about,
    ``to`` the names of the States or areas that were invited.
    """

    answer_by: dt.date
    identifier: str
    about: tuple[str, ...]
    to: tuple[str, ...]
    days_over: int

    @property
    def is_overdue(self) -> bool:
        """Whether its last day is over."""
        return self.days_over > 0


def open_invitations(reviews: Iterable[Triple], model: Graph, today: dt.date) -> list[Invitation]:
    """The invitations among some reviews that none of them answers, by their last day.

    An answer responds to the invitation, or is what an invited State says of what the invitation is about, on
    its day or later.
    """
    said = Graph()
    for triple in reviews:
        said.add(triple)
    kinds = {
        review: kind
        for review, kind in said.subject_objects(NX.reviewKind)
        if (review, RDF.type, NX.Review) in said
    }
    others = [review for review, kind in kinds.items() if kind != _INVITATION]
    found = []
    for review, kind in kinds.items():
        last = _day(said, review, NX.answerBy)
        invited = {label_of(model, area) for area in said.objects(review, NX.area)}
        if kind == _INVITATION and last and not any(_answers(said, o, review, invited) for o in others):
            found.append(
                Invitation(
                    last,
                    record_identifier(str(review)) or str(review),
                    tuple(
                        sorted(record_identifier(str(o)) or str(o) for o in said.objects(review, NX.about))
                    ),
                    tuple(sorted(invited)),
                    (today - last).days,
                )
            )
    return sorted(found)


def _answers(said: Graph, review: Node, invitation: Node, invited: set[str]) -> bool:
    if (review, NX.respondsTo, invitation) in said:
        return True
    speakers = {name for who in said.objects(review, NX.reviewer) for name in str(who).split(", ")}
    subjects = set(said.objects(invitation, NX.about)) & set(said.objects(review, NX.about))
    day, asked = _day(said, review, DCTERMS.date), _day(said, invitation, DCTERMS.date)
    return bool(speakers & invited and subjects and day and asked and day >= asked)


def _day(said: Graph, review: Node, path: URIRef) -> dt.date | None:
    with suppress(ValueError):
        return dt.date.fromisoformat(str(said.value(review, path)))
    return None
