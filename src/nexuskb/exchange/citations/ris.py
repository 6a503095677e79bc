"""RIS, the tagged format of reference managers: UTF-8, a tag a line, lines end in CR LF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nexuskb.exchange.citations.references import Reference

_TYPES = {
    "legal-text": "STAT",
    "un-report": "RPRT",
    "official-report": "RPRT",
    "ngo-report": "RPRT",
    "journal-article": "JOUR",
    "news": "NEWS",
    "state-media": "NEWS",
    "web-page": "ELEC",
    "dataset": "DATA",
}


def as_ris(references: Iterable[Reference]) -> str:
    """The sources as RIS records.

    Names go whole into ``PB`` as well as into ``AU``: importers take a name in ``AU`` apart at its comma.
    """
    return "".join(_record(each) for each in references)


def _record(reference: Reference) -> str:
    lines = [f"{tag}  - {' '.join(value.split())}" for tag, value in _fields(reference) if value.strip()]
    return "\r\n".join([*lines, "ER  - ", "", ""])


def _fields(reference: Reference) -> Iterator[tuple[str, str]]:
    imprint, title = reference.imprint, reference.title
    newspaper = reference.kind in ("news", "state-media")
    year, month, day = (*reference.issued.split("-"), "", "")[:3]
    start, _, end = imprint.pages.replace("–", "-").partition("-")
    yield "TY", _TYPES[reference.kind]
    yield "ID", reference.identifier
    yield "TI", reference.printed_title
    yield "TT", title.english if title.original else ""
    yield "AU", "" if newspaper else imprint.who
    yield "T2", imprint.who if newspaper else imprint.periodical
    yield "PB", "" if newspaper or imprint.periodical else imprint.who
    yield "VL", imprint.volume
    yield "IS", imprint.issue
    yield "SP", start
    yield "EP", end
    yield "M1", reference.symbol
    yield "PY", year
    yield "DA", f"{year}/{month}/{day}/" if month else ""
    yield "DO", reference.doi
    yield "UR", reference.url
    yield "LA", reference.language
    yield "DP", imprint.copy
    yield "KW", reference.kind
    for country in reference.countries:
        yield "KW", country
    if title.original and title.original != reference.printed_title:
        yield "N1", f"Original title: {title.original}"
    for remark in reference.remarks:
        yield "N1", remark
    yield "L2", reference.iri
