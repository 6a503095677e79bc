"""BibTeX, for BibTeX, biber and reference managers: UTF-8, special characters as commands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nexuskb.exchange.citations.references import Reference

_TYPES = {
    "un-report": "techreport",
    "official-report": "techreport",
    "ngo-report": "techreport",
    "journal-article": "article",
    "news": "article",
    "state-media": "article",
}
#: Braces count for BibTeX also behind a backslash, so they go as commands.
_COMMANDS = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
_SPECIAL = re.compile("[" + re.escape("".join(_COMMANDS)) + "]")
#: Between the characters of ``--``, of two apostrophes or grave accents, and of what becomes ¿ and ¡.
_LIGATURES = re.compile(r"(?<=-)(?=-)|(?<=')(?=')|(?<=[`?!])(?=`)")
_VERBATIM = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def as_bibtex(references: Iterable[Reference]) -> str:
    """The sources as BibTeX entries; their keys are the identifiers."""
    return "\n".join(_entry(each) for each in references)


def escape(text: str) -> str:
    """Text with all that TeX reads as something else written so that it prints as it is."""
    escaped = _SPECIAL.sub(lambda found: _COMMANDS[found[0]], text)
    return _LIGATURES.sub("{}", escaped)


def _entry(reference: Reference) -> str:
    imprint, kind = reference.imprint, _TYPES.get(reference.kind, "misc")
    year, month, day = (*reference.issued.split("-"), "", "")[:3]
    newspaper = reference.kind in ("news", "state-media")
    texts = {
        "author": "" if newspaper else _whole(imprint.who),
        "title": _whole(reference.printed_title),
        "journal": escape(imprint.who if newspaper else imprint.periodical),
        "institution": escape(imprint.who) if kind == "techreport" else "",
        "publisher": escape(imprint.who) if kind == "misc" else "",
        "volume": escape(imprint.volume),
        "number": escape(imprint.issue or reference.symbol),
        "pages": escape(imprint.pages.replace("–", "-").replace("-", "--")),
        "year": year,
        "day": day.lstrip("0"),
        "doi": reference.doi.translate(_VERBATIM),
        "url": reference.url.translate(_VERBATIM),
        "language": reference.language,
        "origtitle": _whole(reference.title.original),
        "howpublished": escape(imprint.copy),
        "keywords": escape(", ".join((reference.kind, *reference.countries))),
        "note": escape(" ".join(reference.remarks)),
        "annote": escape(reference.iri),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in texts.items() if value]
    if month:
        lines.append(f"  month = {_MONTHS[int(month) - 1]}")
    return f"@{kind}{{{reference.identifier},\n" + ",\n".join(lines) + "\n}\n"


def _whole(text: str) -> str:
    """In braces of its own: a name is not taken apart, capitals of a title stay."""
    return f"{{{escape(text)}}}" if text else ""
