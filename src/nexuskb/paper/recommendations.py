"""Recommendations checked: what each answers and rests on, and whether it can be acted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from nexuskb.asking import Asking, PlainRow
from nexuskb.questions.catalogue import fill, question
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Vocabularies

QUESTION: Final = "recommendations-checked"
UNSUPPORTED: Final = "no support on record"


@dataclass(frozen=True, slots=True)
class Checked:
    """A recommendation: who should do what by when, measured how, what is lacking, what supports it."""

    identifier: str
    title: str
    areas: str
    made_by: str
    addressed_to: str
    description: str
    by_when: str
    measured_by: str
    lacks: tuple[str, ...]
    support: str
    built_on: tuple[str, ...]
    findings: tuple[str, ...]
    interlinkages: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def actionable(self) -> bool:
        """Whether it says who in particular should do what by when and how it is measured."""
        return not self.lacks

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "recommendation": self.identifier,
            "title": self.title,
            "areas": self.areas,
            "madeBy": self.made_by,
            "addressedTo": self.addressed_to,
            "what": self.description,
            "byWhen": self.by_when,
            "measuredBy": self.measured_by,
            "lacks": list(self.lacks),
            "support": self.support,
            "builtOn": list(self.built_on),
            "findings": list(self.findings),
            "interlinkages": list(self.interlinkages),
            "gaps": list(self.gaps),
        }


def check_recommendations(country: str, vocabularies: Vocabularies) -> Asking[tuple[Checked, ...]]:
    """All recommendations, or those about an area, checked.

    Raises :class:`nexuskb.errors.QuestionError` for an unknown area, with those that are known.
    """
    values = {"country": country} if country else {}
    rows = yield fill(question(QUESTION), values, vocabularies)
    return tuple(_checked(row) for row in rows)


def _checked(row: PlainRow) -> Checked:
    return Checked(
        identifier=record_identifier(row["recommendation"]) or "",
        title=row["title"],
        areas=row.get("areas", ""),
        made_by=row["madeBy"],
        addressed_to=row["addressedTo"],
        description=row["description"],
        by_when=row.get("byWhen", ""),
        measured_by=row.get("measuredBy", ""),
        lacks=_parts(row["lacks"], "nothing", "; "),
        support=row["support"],
        built_on=_parts(row["builtOnRecords"], "none", ", "),
        findings=_parts(row["findingRecords"], "none", ", "),
        interlinkages=_parts(row["interlinkageRecords"], "none", ", "),
        gaps=_parts(row["gaps"], "none", "; "),
    )


def _parts(text: str, nothing: str, separator: str) -> tuple[str, ...]:
    return () if text == nothing else tuple(text.split(separator))
