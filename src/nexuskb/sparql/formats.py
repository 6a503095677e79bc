"""Result formats and content negotiation (RFC 9110, 12.5.1; SPARQL 1.1 Protocol, 2.1.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from nexuskb.errors import FormatError


class QueryForm(StrEnum):
    """The four forms of a SPARQL query."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def gives_triples(self) -> bool:
        """Whether the answer is a graph rather than bindings or a truth value."""
        return self in (QueryForm.CONSTRUCT, QueryForm.DESCRIBE)


@dataclass(frozen=True, slots=True, eq=False)
class ResultFormat:
    """A serialisation: the short name used in ``format=``, its media types (the first is sent), extension."""

    name: str
    media_types: tuple[str, ...]
    extension: str
    carries_triples: bool

    @property
    def label(self) -> str:
        """What people call it."""
        return _LABELS.get(self.name, self.name.upper())

    @property
    def media_type(self) -> str:
        """The media type that is sent."""
        return self.media_types[0]

    @property
    def content_type(self) -> str:
        """The media type with its charset, where it is text."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


JSON = ResultFormat("json", ("application/sparql-results+json", "application/json"), "srj", False)
XML = ResultFormat("xml", ("application/sparql-results+xml", "application/xml", "text/xml"), "srx", False)
CSV = ResultFormat("csv", ("text/csv",), "csv", False)
TSV = ResultFormat("tsv", ("text/tab-separated-values",), "tsv", False)
TURTLE = ResultFormat("turtle", ("text/turtle", "application/x-turtle"), "ttl", True)
N_TRIPLES = ResultFormat("ntriples", ("application/n-triples", "text/plain"), "nt", True)
RDF_XML = ResultFormat("rdfxml", ("application/rdf+xml", "application/xml", "text/xml"), "rdf", True)
JSON_LD = ResultFormat("jsonld", ("application/ld+json", "application/json"), "jsonld", True)
#: For people. No engine writes it: it is made from JSON (see :mod:`nexuskb.exchange.results`).
XLSX = ResultFormat(
    "xlsx", ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",), "xlsx", False
)

_LABELS = {"turtle": "Turtle", "ntriples": "N-Triples", "rdfxml": "RDF/XML", "jsonld": "JSON-LD"}
BINDING_FORMATS = (JSON, XML, CSV, TSV)
GRAPH_FORMATS = (TURTLE, N_TRIPLES, RDF_XML, JSON_LD)
_ALIASES = {
    "ttl": "turtle",
    "nt": "ntriples",
    "n-triples": "ntriples",
    "rdf": "rdfxml",
    "rdf+xml": "rdfxml",
    "json-ld": "jsonld",
}


def formats_for(form: QueryForm) -> tuple[ResultFormat, ...]:
    """The formats that can carry the answer to a query of this form, the default first."""
    if form.gives_triples:
        return GRAPH_FORMATS
    return (JSON, XML) if form is QueryForm.ASK else BINDING_FORMATS


def format_by_name(name: str, offered: Iterable[ResultFormat]) -> ResultFormat:
    """The format with this short name or media type. ``json`` and ``xml`` fit either kind of answer.

    Raises :class:`FormatError` with the names that would do.
    """
    wanted = _ALIASES.get(name.strip().lower(), name.strip().lower())
    choices = list(offered)
    for choice in choices:
        if wanted == choice.name or wanted in choice.media_types:
            return choice
    for general, graph_format in (("json", JSON_LD), ("xml", RDF_XML)):
        if wanted == general and graph_format in choices:
            return graph_format
    names = ", ".join(choice.name for choice in choices)
    raise FormatError(f"The format {name!r} is not known for this kind of answer. Choose one of: {names}.")


#: Media ranges read of an Accept header.
_MOST_RANGES: Final = 100
#: The longest of those headers whose outcome is remembered.
_LONGEST_REMEMBERED: Final = 512


@dataclass(frozen=True, slots=True)
class _Range:
    type: str
    quality: float
    order: int

    def matches(self, media_type: str) -> int:
        """How specifically the range covers a media type: 0 not at all, 3 exactly."""
        if self.type == "*/*":
            return 1
        if self.type.endswith("/*"):
            return 2 if media_type.startswith(self.type[:-1]) else 0
        return 3 if self.type == media_type else 0


def parse_accept(header: str) -> list[_Range]:
    """The media ranges of an Accept header with their qualities; a malformed one counts as quality 0.

    Of very many, the first are read.
    """
    ranges = []
    for order, part in enumerate(header.split(",", _MOST_RANGES)[:_MOST_RANGES]):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if not name:
            continue
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                try:
                    quality = min(1.0, max(0.0, float(value)))
                except ValueError:
                    quality = 0.0
        ranges.append(_Range(name.lower(), quality, order))
    return ranges


def negotiate(accept: str | None, offered: tuple[ResultFormat, ...]) -> ResultFormat | None:
    """The offered format that the client likes best, or ``None`` if it takes none of them.

    The most specific range decides a media type's quality; ties go to the client's order, then to ours. A
    wildcard speaks only of the media types that are sent.
    """
    if not accept or not accept.strip():
        return offered[0]
    return (_best if len(accept) <= _LONGEST_REMEMBERED else _best.__wrapped__)(accept, offered)


@lru_cache(maxsize=1_024)
def _best(accept: str, offered: tuple[ResultFormat, ...]) -> ResultFormat | None:
    ranges = parse_accept(accept)
    best: tuple[float, int, int] | None = None
    chosen: ResultFormat | None = None
    for place, choice in enumerate(offered):
        for media_type in choice.media_types:
            covering = [(r.matches(media_type), r) for r in ranges if r.matches(media_type)]
            if not covering:
                continue
            specificity = max(match for match, _ in covering)
            if specificity < 3 and media_type != choice.media_type:
                continue
            deciding = max((r for match, r in covering if match == specificity), key=lambda r: r.quality)
            if deciding.quality <= 0:
                continue
            rank = (deciding.quality, specificity if specificity == 3 else 0, -deciding.order * 100 - place)
            if best is None or rank > best:
                best, chosen = rank, choice
    return chosen
