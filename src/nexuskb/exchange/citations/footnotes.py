"""Footnotes in the style of the United Nations.

After the United Nations Editorial Manual Online, "Footnotes and other references": III.A masthead documents
and III.E resolutions by their symbol; IV.A documents of other organizations, IV.D government publications,
IV.E legal references, IV.H articles in a periodical, IV.I in a newspaper, IV.J on a website, IV.L databases.
"Available at" is followed by the address; a day of access is not given, since the base does not have one.
What the base does not know (a place of publication, a publisher beside the author) is left out, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from nexuskb.exchange.citations.imprints import in_words
from nexuskb.exchange.citations.pinpoints import pinpoint
from nexuskb.exchange.citations.references import Citation, Reference

_LANGUAGES = {
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "mn": "Mongolian", "ru": "Russian", "fr": "French",
    "de": "German", "es": "Spanish", "it": "Italian", "id": "Indonesian",
}  # fmt: skip
_RESOLUTION = re.compile(r"A/RES/(?P<session>\d+)/(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a footnote: whether it is in italics, its language if not English."""

    text: str
    italic: bool = False
    language: str = ""


Footnote = tuple[Span, ...]


def footnote(citations: Sequence[Citation], key: str = "") -> Footnote:
    """One footnote for some passages: those of one source together, sources separated by semicolons.

    ``key`` is the identifier of the record that is cited; it stands last, in square brackets, so that the
    record behind a sentence is found again.
    """
    spans: list[Span] = []
    groups = [list(group) for _, group in groupby(_together(citations), key=lambda c: c.reference.identifier)]
    for number, group in enumerate(groups):
        if number:
            spans.append(Span("; and " if number == len(groups) - 1 else "; "))
        spans += _cited(group)
    spans.append(Span("."))
    if key:
        spans.append(Span(f" [{key}]"))
    return _smoothed(spans)


def plain(note: Iterable[Span]) -> str:
    """The footnote as plain text."""
    return "".join(span.text for span in note)


def _together(citations: Iterable[Citation]) -> list[Citation]:
    """Passages of one source beside each other, sources in the order in which they are first cited."""
    order: dict[str, int] = {}
    listed = list(citations)
    for citation in listed:
        order.setdefault(citation.reference.identifier, len(order))
    return sorted(listed, key=lambda c: order[c.reference.identifier])


def _cited(group: Sequence[Citation]) -> list[Span]:
    reference = group[0].reference
    places = list(dict.fromkeys(filter(None, (pinpoint(citation.locator) for citation in group))))
    spans = _source(reference)
    if places:
        spans.append(Span(", " + "; ".join(places)))
    if reference.address:
        spans.append(Span(f", available at {_shown(reference.address)}"))
    if reference.imprint.copy:
        spans.append(Span(f" ({reference.imprint.copy})"))
    return spans


def _source(reference: Reference) -> list[Span]:
    if reference.symbol:
        return _masthead(reference)
    write = {
        "legal-text": _law,
        "journal-article": _article,
        "news": _news,
        "state-media": _news,
        "web-page": _page,
        "dataset": _database,
    }.get(reference.kind, _publication)
    return write(reference)


def _masthead(reference: Reference) -> list[Span]:
    resolution = _RESOLUTION.fullmatch(reference.symbol)
    if resolution:
        return [Span(f"General Assembly resolution {resolution['session']}/{resolution['number']}")]
    return [*_quoted(reference), Span(f" ({reference.symbol})")]


def _law(reference: Reference) -> list[Span]:
    country = reference.countries[0] if len(reference.countries) == 1 else ""
    imprint = ", ".join(filter(None, (reference.imprint.who, in_words(reference.issued))))
    return [Span(f"{country}, " if country else ""), *_title(reference, False), Span(f" ({imprint})")]


def _publication(reference: Reference) -> list[Span]:
    year = f" ({in_words(reference.issued)})" if reference.issued else ""
    return [Span(_author(reference)), *_title(reference, True), Span(year)]


def _article(reference: Reference) -> list[Span]:
    imprint = reference.imprint
    year = Span(f" ({in_words(reference.issued)})" if reference.issued else "")
    spans = [Span(_author(reference)), *_quoted(reference)]
    if not imprint.periodical:
        return [*spans, year]
    issue = f", No. {imprint.issue}" if imprint.issue else ""
    pages = imprint.pages.replace("-", "–")
    place = f", {'pp. ' if '–' in pages else ''}{pages}" if pages else ""
    return [
        *spans, Span(", "), Span(imprint.periodical, italic=True), Span(f", vol. {imprint.volume}{issue}"),
        year, Span(place),
    ]  # fmt: skip


def _news(reference: Reference) -> list[Span]:
    date = f", {in_words(reference.issued)}" if reference.issued else ""
    return [*_quoted(reference), Span(", "), Span(reference.imprint.who, italic=True), Span(date)]


def _page(reference: Reference) -> list[Span]:
    date = f", {in_words(reference.issued)}" if reference.issued else ""
    return [Span(_author(reference)), *_quoted(reference), Span(date)]


def _database(reference: Reference) -> list[Span]:
    date = f", {in_words(reference.issued)}" if reference.issued else ""
    return [Span(_author(reference)), *_title(reference, False), Span(date)]


def _author(reference: Reference) -> str:
    who = reference.imprint.who
    return f"{who}, " if who else ""


def _quoted(reference: Reference) -> list[Span]:
    inside = [
        Span(span.text.replace("“", "‘").replace("”", "’").replace('"', "'"), span.italic, span.language)
        for span in _title(reference, False, language=False)
    ]
    return [Span("“"), *inside, Span("”"), *_in_language(reference)]


def _title(reference: Reference, italic: bool, language: bool = True) -> list[Span]:
    """The original with its English after it in square brackets; the language where nothing shows it."""
    title = reference.title
    if title.original:
        english = f" [{title.english}]" if title.english else ""
        return [Span(title.original, italic, title.language), Span(f"{english}{title.rest}")]
    return [Span(title.english, italic), *(_in_language(reference) if language else [])]


def _in_language(reference: Reference) -> list[Span]:
    name = _LANGUAGES.get(reference.language, "")
    if not name or reference.title.original or name.lower() in reference.printed_title.lower():
        return []
    return [Span(f" (in {name})")]


def _shown(address: str) -> str:
    """The address without the scheme where it starts with www."""
    return re.sub(r"^https?://(?=www\.)", "", address)


def _smoothed(spans: Iterable[Span]) -> Footnote:
    """Neighbours of one kind as one span, no space or stop twice."""
    joined: list[Span] = []
    for span in spans:
        if span.text and joined and (joined[-1].italic, joined[-1].language) == (span.italic, span.language):
            joined[-1] = Span(joined[-1].text + span.text, span.italic, span.language)
        elif span.text:
            joined.append(span)
    return tuple(joined)
