"""The matrices there are, and how one is made: the answer to a named question, put into rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from nexuskb.asking import Asking, PlainRow
from nexuskb.errors import QuestionError
from nexuskb.paper.matrices import coherence, instruments, targets, timeline, topics
from nexuskb.paper.matrices.matrix import Matrix
from nexuskb.questions.catalogue import Parameter, fill, question
from nexuskb.vocabulary import Vocabularies


@dataclass(frozen=True, slots=True)
class MatrixKind:
    """A matrix of the paper: its name, what it shows, the named question behind it, how it is put together.

    ``fixed`` are parameters of the question that make the matrix what it is; ``defaults`` those that stand
    in where a required one is not given.
    """

    name: str
    title: str
    question: str
    build: Callable[[list[PlainRow], dict[str, str]], Matrix]
    hidden: tuple[str, ...] = ()
    fixed: tuple[tuple[str, str], ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that may be given."""
        left_out = {*self.hidden, *dict(self.fixed)}
        return tuple(
            replace(p, required=p.required and p.name not in dict(self.defaults))
            for p in question(self.question).parameters
            if p.name not in left_out
        )


_KINDS: Final = (
    MatrixKind(
        "drivers", "States against drivers: measures, evidence, gaps, and what nobody has looked at",
        topics.QUESTION, topics.drivers, ("impact",), (("kind", "driver"),),
    ),
    MatrixKind(
        "impacts", "States against impacts: measures, evidence, gaps, and what nobody has looked at",
        topics.QUESTION, topics.impacts, ("driver",), (("kind", "impact"),),
    ),
    MatrixKind(
        "coherence", "Policies against policies: scores, evidence at both ends, influence and dependence",
        coherence.QUESTION, coherence.coherence,
    ),
    MatrixKind(
        "instruments", "Instruments against States and the domains of climate, land and water",
        instruments.QUESTION, instruments.instruments,
    ),
    MatrixKind(
        "targets", "Targets that fall due by a year, and what is observed of their progress",
        targets.QUESTION, targets.targets, fixed=(("undated", "yes"),), defaults=(("year", "2030"),),
    ),
    MatrixKind(
        "timeline", "The framework of a country in time, and what was in force on a date",
        timeline.QUESTION, timeline.timeline,
    ),
)  # fmt: skip

MATRICES: Final[dict[str, MatrixKind]] = {kind.name: kind for kind in _KINDS}


def matrix_kind(name: str) -> MatrixKind:
    """The matrix of this name. Raises :class:`QuestionError` with those there are."""
    if name not in MATRICES:
        raise QuestionError(f"There is no matrix {name!r}. The matrices are: {', '.join(MATRICES)}.")
    return MATRICES[name]


def read_matrix(kind: MatrixKind, values: dict[str, str], vocabularies: Vocabularies) -> Asking[Matrix]:
    """Ask the question behind a matrix and put its answer into rows and columns.

    Raises :class:`QuestionError` that names the parameter, the value and what is allowed.
    """
    known = {parameter.name for parameter in kind.parameters}
    for name in values:
        if name not in known:
            raise QuestionError(
                f"The matrix {kind.name} has no parameter {name!r}. "
                f"Its parameters: {', '.join(sorted(known))}.",
                name,
            )
    given = {**dict(kind.defaults), **{name: value for name, value in values.items() if value.strip()}}
    rows = yield fill(question(kind.question), {**given, **dict(kind.fixed)}, vocabularies)
    made = kind.build(rows, given)
    return replace(made, parameters={**given, **dict(kind.fixed)})
