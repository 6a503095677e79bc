"""Who may do what: one table of rights by step, role and area."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from rdflib import SKOS, Graph, URIRef

from nexuskb.errors import NotPermittedError
from nexuskb.records.life import WORDS, Step


class Role(StrEnum):
    """What a person is here for."""

    CONTRIBUTOR = "contributor"
    REVIEWER = "reviewer"
    EDITOR = "editor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was let in. ``areas`` limit what the role is good for; without any it is good everywhere.

    ``name`` stands with everything that the person does; ``token`` is the public part of the token.
    """

    name: str
    role: Role
    areas: frozenset[URIRef] = frozenset()
    token: str = ""


def operator() -> Person:
    """Whoever may write the home directory by the rights of the machine: an admin, under that account."""
    return Person(getpass.getuser(), Role.ADMIN)


class Reach(Enum):
    """Which records a right is good for."""

    OWN = "own"  #: new records and own drafts, all of whose areas are the person's
    AREA = "area"  #: records all of whose areas are the person's or parts of them
    CONCERN = (
        "concern"  #: records about an area of the person's, about a part of it, or about what it is part of
    )


#: Seeing what is not accepted. It goes beside the steps, as it leads nowhere.
SEE: Final = "see"

#: The rights: for each step the roles that may do it, and to which records.
RIGHTS: Final[dict[Step | str, dict[Role, Reach]]] = {
    SEE: {
        Role.CONTRIBUTOR: Reach.AREA,
        Role.REVIEWER: Reach.CONCERN,
        Role.EDITOR: Reach.CONCERN,
        Role.ADMIN: Reach.CONCERN,
    },
    Step.SAVE: {Role.CONTRIBUTOR: Reach.OWN, Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
    Step.SUBMIT: {Role.CONTRIBUTOR: Reach.OWN, Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
    Step.TAKE_BACK: {Role.CONTRIBUTOR: Reach.OWN, Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
    Step.RESTORE: {Role.CONTRIBUTOR: Reach.OWN, Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
    Step.REVIEW: {
        Role.CONTRIBUTOR: Reach.CONCERN,
        Role.REVIEWER: Reach.CONCERN,
        Role.EDITOR: Reach.CONCERN,
        Role.ADMIN: Reach.CONCERN,
    },
    Step.TAKE: {Role.REVIEWER: Reach.AREA, Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
    Step.REQUEST_CHANGES: {Role.REVIEWER: Reach.AREA, Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
    Step.ACCEPT: {Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
    Step.WITHDRAW: {Role.EDITOR: Reach.AREA, Role.ADMIN: Reach.AREA},
}

#: Who may file which kind of review (the vocabulary ``reviewkind``).
REVIEW_KINDS: Final[dict[str, frozenset[Role]]] = {
    "comment": frozenset(Role),
    "response": frozenset(Role),
    "requested-change": frozenset({Role.REVIEWER, Role.EDITOR, Role.ADMIN}),
    "agreed-wording": frozenset({Role.REVIEWER, Role.EDITOR, Role.ADMIN}),
    "non-objection": frozenset({Role.REVIEWER, Role.EDITOR, Role.ADMIN}),
    "invitation": frozenset({Role.EDITOR, Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Matter:
    """What a right is asked for: a record by its name, with the areas it is about.

    ``author`` is who began what is not accepted yet; "" if nothing is open.
    """

    identifier: str
    areas: frozenset[URIRef]
    author: str = ""


class Rights:
    """The table, with the areas of the vocabulary: which is part of which."""

    def __init__(self, model: Graph) -> None:
        self._model = model

    def has(self, person: Person, right: Step | str, matter: Matter) -> bool:
        """Whether a person may do this to a record."""
        reach = RIGHTS[right].get(person.role)
        if reach is None:
            return False
        own = matter.author in ("", person.name)
        if reach is Reach.OWN and not own:
            return False
        if not person.areas:
            return True
        if not matter.areas:
            return matter.author == person.name or (reach is not Reach.CONCERN and matter.author == "")
        inside = self._parts(person.areas)
        if reach is Reach.CONCERN:
            return bool(matter.areas & (inside | self._around(person.areas)))
        return matter.areas <= inside

    def require(self, person: Person, right: Step | str, matter: Matter) -> None:
        """Raise :class:`~nexuskb.errors.NotPermittedError` if a person may not do this to a record."""
        if self.has(person, right, matter):
            return
        what = WORDS[right] if isinstance(right, Step) else "be seen before it is accepted"
        reach = RIGHTS[right].get(person.role)
        if reach is None:
            who = ", ".join(sorted(role.value for role in RIGHTS[right]))
            reason = f"that is for the roles {who}."
        elif reach is Reach.OWN and matter.author not in ("", person.name):
            reason = "somebody else is writing it."
        else:
            reason = (
                f"the token is for {self._names(person.areas)}, the record for {self._names(matter.areas)}."
            )
        raise NotPermittedError(
            f"The record {matter.identifier} cannot {what} by {person.name} ({person.role.value}): {reason}"
        )

    def _parts(self, areas: Iterable[URIRef]) -> set[URIRef]:
        """Areas and all that is within them."""
        return {
            part
            for area in areas
            for part in self._model.transitive_subjects(SKOS.broader, area)
            if isinstance(part, URIRef)
        }

    def _around(self, areas: Iterable[URIRef]) -> set[URIRef]:
        """Areas and all that they are within."""
        return {
            whole
            for area in areas
            for whole in self._model.transitive_objects(area, SKOS.broader)
            if isinstance(whole, URIRef)
        }

    def _names(self, areas: Iterable[URIRef]) -> str:
        labels = (
            next(
                (
                    str(o)
                    for o in self._model.objects(a, SKOS.prefLabel)
                    if getattr(o, "language", "") == "en"
                ),
                str(a),
            )
            for a in areas
        )
        return ", ".join(sorted(labels)) or "no area"
