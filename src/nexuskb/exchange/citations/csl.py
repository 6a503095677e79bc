"""CSL-JSON (the input of Citation Style Language 1.0.2), and bibliographies in any CSL style."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from citeproc import (
    Citation as StyledCitation,
)
from citeproc import (
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    formatter,
)
from citeproc.source.json import CiteProcJSON

from nexuskb.errors import FormatError
from nexuskb.exchange.citations.references import Reference

#: CSL type by source kind.
TYPES = {
    "legal-text": "legislation",
    "un-report": "report",
    "official-report": "report",
    "ngo-report": "report",
    "journal-article": "article-journal",
    "news": "article-newspaper",
    "state-media": "article-newspaper",
    "web-page": "webpage",
    "dataset": "dataset",
}


def csl_item(reference: Reference) -> dict[str, object]:
    """The source as a CSL-JSON item; names stay whole (``literal``), since the base does not part them."""
    imprint = reference.imprint
    kind = TYPES[reference.kind]
    item: dict[str, object] = {
        "id": reference.identifier,
        "citation-key": reference.identifier,
        "type": kind,
        "title": reference.printed_title,
        "language": reference.language,
    }
    who = imprint.who
    if kind == "article-newspaper":
        item["container-title"] = who
    elif who:
        item["author"] = [{"literal": who}]
    if kind in ("report", "legislation", "dataset", "webpage"):
        item["publisher"] = who
    optional = {
        "original-title": reference.title.original,
        "container-title": imprint.periodical,
        "volume": imprint.volume,
        "issue": imprint.issue,
        "page": imprint.pages,
        "number": reference.symbol,
        "DOI": reference.doi,
        "URL": reference.url,
        "jurisdiction": ", ".join(reference.countries) if kind == "legislation" else "",
        "source": imprint.copy,
        "note": " ".join(reference.remarks),
    }
    item.update({name: value for name, value in optional.items() if value})
    if reference.issued:
        item["issued"] = {"date-parts": [[int(part) for part in reference.issued.split("-")]]}
    item["custom"] = {
        "iri": reference.iri,
        "source-kind": reference.kind,
        "author-or-publisher": reference.author_or_publisher,
        "title-language": reference.title_language,
        "countries": list(reference.countries),
    }
    return item


def as_csl_json(references: Iterable[Reference]) -> str:
    """The sources as a CSL-JSON list."""
    return json.dumps([csl_item(each) for each in references], ensure_ascii=False, indent=2) + "\n"


def styled(references: Sequence[Reference], style: Path) -> list[str]:
    """The bibliography in a style, a plain text for each source in the order of the style.

    ``style`` is a ``.csl`` file. Raises :class:`FormatError` if it is not one that can be used.
    """
    items = [{k: v for k, v in csl_item(each).items() if k not in _UNKNOWN_TO_STYLES} for each in references]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fields that the processor does not know
            read = CitationStylesStyle(str(style), validate=False)
            if read.root.bibliography is None:
                raise ValueError("it is for notes only and has no bibliography")
            bibliography = CitationStylesBibliography(read, CiteProcJSON(items), formatter.plain)
            for item in items:
                bibliography.register(StyledCitation([CitationItem(item["id"])]))
            bibliography.sort()
            return [str(entry) for entry in bibliography.bibliography()]
    except Exception as error:  # whatever a style that somebody wrote makes the processor raise
        raise FormatError(
            f"{style} is not a citation style that can be used: {error or type(error).__name__}. "
            "Give a .csl file of an independent style, such as those of citationstyles.org."
        ) from error


_UNKNOWN_TO_STYLES = frozenset({"citation-key", "custom"})
