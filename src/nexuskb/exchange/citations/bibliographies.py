"""A bibliography as a file: the formats by name, media type and extension."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nexuskb.errors import FormatError
from nexuskb.exchange.citations.bibtex import as_bibtex
from nexuskb.exchange.citations.csl import as_csl_json
from nexuskb.exchange.citations.references import Reference
from nexuskb.exchange.citations.ris import as_ris
from nexuskb.sparql.formats import ResultFormat

CSL_JSON = ResultFormat("csljson", ("application/vnd.citationstyles.csl+json",), "csljson", False)
BIBTEX = ResultFormat("bibtex", ("application/x-bibtex", "text/x-bibtex"), "bib", False)
RIS = ResultFormat("ris", ("application/x-research-info-systems",), "ris", False)

BIBLIOGRAPHY_FORMATS = (CSL_JSON, BIBTEX, RIS)
_WRITERS: dict[str, Callable[[Sequence[Reference]], str]] = {
    CSL_JSON.name: as_csl_json,
    BIBTEX.name: as_bibtex,
    RIS.name: as_ris,
}


def bibliography_format(name: str) -> ResultFormat | None:
    """The format of this name, extension or media type, if it is one of a bibliography."""
    wanted = name.strip().lower()
    for choice in BIBLIOGRAPHY_FORMATS:
        if wanted in (choice.name, choice.extension, *choice.media_types):
            return choice
    return None


def bibliography(references: Sequence[Reference], chosen: ResultFormat) -> str:
    """The sources in a format. Raises :class:`FormatError` for one that is not of a bibliography."""
    if chosen.name not in _WRITERS:
        names = ", ".join(choice.name for choice in BIBLIOGRAPHY_FORMATS)
        raise FormatError(f"{chosen.name!r} is no format of a bibliography. Choose one of: {names}.")
    return _WRITERS[chosen.name](references)
