"""Gaps that can be defended: what is at work or promised and unanswered, and whether anybody looked.

Each kind of gap is the answer to a named question. A row says by the coverage notes whether somebody looked
for what is missing: without one, a gap may be one of looking.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from nexuskb.asking import Asking, PlainRow
from nexuskb.errors import QuestionError
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Vocabularies

LOOKED: Final = "somebody looked"
NOT_LOOKED: Final = "not looked at"


@dataclass(frozen=True, slots=True)
class GapKind:
    """A kind of gap: its name, what it is, the question that finds it, and the columns of its answer.

    ``subject`` is the column of the record or term, ``title`` that of its words, ``context`` those around it.
    """

    name: str
    title: str
    question: str
    subject: str
    words: str
    context: tuple[str, ...]


KINDS: Final = (
    GapKind(
        "unanswered", "Drivers and impacts at work without a measure in force",
        "drivers-and-impacts-by-state",        "concept", "conceptName", ("conceptKind",),
    ),
    GapKind(
        "no-effect", "Measures in force of which no effect is on record", "measures-without-observed-effect",
        "measure", "title", ("policyTitle",),
    ),
    GapKind(
        "unobserved", "Targets without an observation of progress", "targets-without-observation",
        "target", "title", ("dueYear", "policyTitle"),
    ),
    GapKind(
        "uncommitted", "Regional and global commitments without a national measure",
        "commitments-without-measures", "commitment", "title", ("instrumentTitle",),
    ),
    GapKind(
        "unlinked", "Interlinkages with an end that no measure in force answers",
        "interlinkages-without-response", "interlinkage", "title", ("conceptName",),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap: where, what, in what standing, around what, whether somebody looked, and the searches."""

    state: str
    subject: str
    words: str
    context: str
    standing: str
    looked: bool
    searches: tuple[str, ...]

    @property
    def record(self) -> str:
        """The identifier of what is missing something, if it is a record."""
        return record_identifier(self.subject) or ""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of a kind."""

    kind: GapKind
    found: tuple[Gap, ...]

    @property
    def looked(self) -> int:
        """For how many of them somebody looked."""
        return sum(gap.looked for gap in self.found)

    @property
    def by_state(self) -> list[tuple[str, int, int]]:
        """State, gaps, and those that somebody looked into, in the order of names."""
        counts = Counter(gap.state for gap in self.found)
        looked = Counter(gap.state for gap in self.found if gap.looked)
        return [(state, counts[state], looked[state]) for state in sorted(counts)]

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "kind": self.kind.name,
            "title": self.kind.title,
            "question": self.kind.question,
            "count": len(self.found),
            "looked": self.looked,
            "gaps": [
                {
                    "state": gap.state,
                    "subject": gap.record or gap.subject,
                    "words": gap.words,
                    "context": gap.context,
                    "standing": gap.standing,
                    "looked": LOOKED if gap.looked else NOT_LOOKED,
                    "searches": list(gap.searches),
                }
                for gap in self.found
            ],
        }


def find_gaps(kind: GapKind, country: str, vocabularies: Vocabularies) -> Asking[Gaps]:
    """The gaps of a kind, of a State or of all.

    Raises :class:`QuestionError` for an unknown country, with those that are known.
    """
    values = {"country": country} if country else {}
    rows = yield fill(question(kind.question), values, vocabularies)
    return Gaps(kind, tuple(_gap(kind, row) for row in rows if _is_gap(kind, row)))


def gap_kind(name: str) -> GapKind:
    """The kind of this name. Raises :class:`QuestionError` with those there are."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    known = ", ".join(kind.name for kind in KINDS)
    raise QuestionError(f"There is no kind of gap {name!r}. The kinds are: {known}.", "kind")


def _is_gap(kind: GapKind, row: PlainRow) -> bool:
    """One question also tells what is answered or not looked at; the others find only gaps."""
    return kind.name != "unanswered" or row["standing"].startswith("gap")


def _gap(kind: GapKind, row: PlainRow) -> Gap:
    searches = () if row["searchRecords"] == "none" else tuple(row["searchRecords"].split(", "))
    context = ", ".join(row[name] for name in kind.context if row.get(name))
    standing = row["standing"].removeprefix("gap: ")
    return Gap(
        row["stateName"], row[kind.subject], row[kind.words], context, standing, bool(searches), searches
    )
