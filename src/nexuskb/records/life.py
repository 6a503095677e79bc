"""The life of a record: its states (the vocabulary of review states) and the steps between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from nexuskb.errors import StepError


class State(StrEnum):
    """Where the latest revision of a record stands; the values are notations of the vocabulary ``review``."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in-review"
    CHANGES_REQUESTED = "changes-requested"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What can be done to a record."""

    SAVE = "save"
    SUBMIT = "submit"
    TAKE = "take"
    REQUEST_CHANGES = "request-changes"
    ACCEPT = "accept"
    TAKE_BACK = "take-back"
    WITHDRAW = "withdraw"
    RESTORE = "restore"
    REVIEW = "review"


#: Each step in words, after "can".
WORDS: Final[dict[Step, str]] = {
    Step.SAVE: "be saved as a draft",
    Step.SUBMIT: "be submitted",
    Step.TAKE: "be taken into review",
    Step.REQUEST_CHANGES: "be sent back with requested changes",
    Step.ACCEPT: "be accepted",
    Step.TAKE_BACK: "be taken back by its author",
    Step.WITHDRAW: "be withdrawn from the base",
    Step.RESTORE: "be restored to an earlier revision",
    Step.REVIEW: "be commented on",
}

_STATES: Final[dict[State | None, str]] = {
    None: "does not exist",
    State.DRAFT: "is a draft",
    State.SUBMITTED: "is submitted",
    State.IN_REVIEW: "is in review",
    State.CHANGES_REQUESTED: "waits for requested changes",
    State.ACCEPTED: "is accepted",
    State.WITHDRAWN: "is withdrawn",
}

#: From which state a step leads to which. ``None`` before: no such record yet. Where the latest revision is
#: taken back, the record is as it was before it: accepted or withdrawn.
_LIFE: Final[dict[Step, dict[State | None, State | None]]] = {
    Step.SAVE: {
        None: State.DRAFT,
        State.DRAFT: State.DRAFT,
        State.CHANGES_REQUESTED: State.CHANGES_REQUESTED,
        State.ACCEPTED: State.DRAFT,
        State.WITHDRAWN: State.DRAFT,
    },
    Step.SUBMIT: {State.DRAFT: State.SUBMITTED, State.CHANGES_REQUESTED: State.SUBMITTED},
    Step.TAKE: {State.SUBMITTED: State.IN_REVIEW},
    Step.REQUEST_CHANGES: {
        State.SUBMITTED: State.CHANGES_REQUESTED,
        State.IN_REVIEW: State.CHANGES_REQUESTED,
    },
    Step.ACCEPT: {State.SUBMITTED: State.ACCEPTED, State.IN_REVIEW: State.ACCEPTED},
    Step.TAKE_BACK: {State.DRAFT: None, State.SUBMITTED: None, State.CHANGES_REQUESTED: None},
    Step.WITHDRAW: {State.ACCEPTED: State.WITHDRAWN},
    Step.RESTORE: {
        State.DRAFT: State.DRAFT,
        State.CHANGES_REQUESTED: State.CHANGES_REQUESTED,
        State.ACCEPTED: State.DRAFT,
        State.WITHDRAWN: State.DRAFT,
    },
    Step.REVIEW: {
        State.SUBMITTED: State.SUBMITTED,
        State.IN_REVIEW: State.IN_REVIEW,
        State.CHANGES_REQUESTED: State.CHANGES_REQUESTED,
        State.ACCEPTED: State.ACCEPTED,
    },
}


def possible(state: State | None) -> tuple[Step, ...]:
    """The steps that can be done to a record in a state, whoever may do them."""
    return tuple(step for step, states in _LIFE.items() if state in states)


def after(step: Step, state: State | None, identifier: str, *, has_accepted: bool = False) -> State:
    """The state after a step. ``has_accepted``: a revision of the record is in the base.

    Raises :class:`~nexuskb.errors.StepError` with what can be done instead.
    """
    if state not in _LIFE[step]:
        steps = possible(state)
        can = [WORDS[each] for each in steps]
        listed = f"{', '.join(can[:-1])} or {can[-1]}" if len(can) > 1 else can[0]
        raise StepError(
            f"The record {identifier} {_STATES[state]}: it cannot {WORDS[step]}. It can {listed}.",
            tuple(steps),
        )
    behind = State.ACCEPTED if has_accepted else State.WITHDRAWN
    return _LIFE[step][state] or behind
