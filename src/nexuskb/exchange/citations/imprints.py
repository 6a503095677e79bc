"""The imprint of a source: authors, periodical, exact date and the copy read.

The curated field "Author or publisher" says all of it in one text, as the source has it. What is certain
from its form is taken apart here; everything else stays whole, so that nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = {
    name: f"{number:02d}"
    for number, names in enumerate(
        (
            ("January", "Jan"), ("February", "Feb"), ("March", "Mar"), ("April", "Apr"), ("May",),
            ("June", "Jun"), ("July", "Jul"), ("August", "Aug"), ("September", "Sept", "Sep"),
            ("October", "Oct"), ("November", "Nov"), ("December", "Dec"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip

_COPY = re.compile(r"^(?P<who>.+?)(?:;\s+|,\s+|\s+(?P<open>\())(?P<how>(?:text|copy|copies)\b.+)$")
_DATED = re.compile(r"^(?P<who>.+), (?:(?P<day>\d{1,2}) )?(?P<month>[A-Z][a-z]+)\.? (?P<year>\d{4})$")
_VOLUME = (
    r"(?P<name>[A-ZА-ЯЁ][^\d,;()]*[^\s\d,;():]) (?P<volume>\d+)(?:\((?P<issue>[\w–-]+)\))?"
    r"(?:(?:, |:)(?P<pages>[A-Z]?\d+(?:[-–]\d+)?))?"
)
_IN_BRACKETS = re.compile(rf"^(?P<who>[^()]+?) \({_VOLUME}\)$")
_AFTER_COMMA = re.compile(rf"^(?:(?P<who>.+?)[,;] )?{_VOLUME}$")
_PERSONS = re.compile(r"\b[A-ZА-ЯЁ]\.|\bet al\b|&|;")


@dataclass(frozen=True, slots=True)
class Imprint:
    """``who`` made it; ``copy`` says which copy was read; the others are of a periodical or a news item.

    ``date`` is a month or day that the field gives more precisely than the date of the source.
    """

    who: str
    copy: str = ""
    date: str = ""
    periodical: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""


def read_imprint(text: str, kind: str, date: str) -> Imprint:
    """Take the field apart as far as its form is certain."""
    if kind == "journal-article" and (article := _article(text)):
        return article
    copied = _COPY.match(text)
    who, copy = (copied["who"], copied["how"]) if copied else (text, "")
    if copied and copied["open"]:
        if not copy.endswith(")"):
            return Imprint(text)
        copy = copy[:-1]
    dated = _DATED.match(who)
    if dated and dated["month"] in _MONTHS and dated["year"] == date[:4] and len(date) <= 4:
        day = f"-{int(dated['day']):02d}" if dated["day"] else ""
        return Imprint(dated["who"], copy, f"{dated['year']}-{_MONTHS[dated['month']]}{day}")
    return Imprint(who, copy)


def _article(text: str) -> Imprint | None:
    """Authors and periodical with its volume, where the names before it are those of persons or in front of
    brackets: "Terrestrial, Atmospheric and Oceanic Sciences 20" has no author."""
    found = _IN_BRACKETS.match(text) or _AFTER_COMMA.match(text)
    if not found:
        return None
    who = found["who"] or ""
    if who and not text.endswith(")") and not _PERSONS.search(who):
        return None
    return Imprint(
        who=who,
        periodical=found["name"],
        volume=found["volume"],
        issue=found["issue"] or "",
        pages=found["pages"] or "",
    )


def in_words(date: str) -> str:
    """A date as the United Nations writes it: ``2021``, ``May 2021``, ``6 May 2021``."""
    year, month, day = (*date.split("-"), "", "")[:3]
    words = MONTH_NAMES[int(month) - 1] if month else ""
    return " ".join(part for part in (day.lstrip("0"), words, year) if part)
