"""What may be entered as the content of one record, before any shape looks at it.

A draft may be incomplete, but it is one record: its own statements and those of its evidence, in fields of
its kind, of bounded size. Whether the values are right is for the shapes.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rdflib import DCTERMS, RDF, XSD, BNode, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import MalformedEntryError
from nexuskb.forms import Forms
from nexuskb.store.ntriples import Triple, read_ntriples, write_ntriples
from nexuskb.terms import EV, NX, curie, record_identifier

MOST_BYTES: Final = 1024**2
MOST_TRIPLES: Final = 5_000
MOST_CHARACTERS: Final = 20_000
MOST_CHARACTERS_OF_IRI: Final = 2_000

#: Most values of one field of one record: what the shapes take to judge them grows with the square.
MOST_VALUES: Final = 200
#: What values are written in. Fields with other datatypes there are none.
DATATYPES: Final = frozenset(
    {RDF.langString, XSD.string, XSD.integer, XSD.decimal, XSD.date, XSD.gYearMonth, XSD.gYear, XSD.anyURI}
)
_IRI = re.compile(r"(?:https?://|urn:)[^\s<>\"{}|\\^`]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person wants done with a record.

    ``triples`` is its whole new content, evidence included; ``None`` leaves the latest content as it is. A
    review state in it is ignored: that comes of the step. ``if_match`` is the tag of the revision that the
    person has seen; "*" takes the record as it is, and a record that is not there yet has none. ``revision``
    is the number of the one to restore.
    """

    record: URIRef
    triples: Iterable[Triple] | None = None
    if_match: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a record, well-formed: its triples without review state, the same as N-Triples with its
    SHA-256, its kind and its areas.
    """

    record: URIRef
    triples: frozenset[Triple]
    ntriples: bytes
    digest: str
    kind: URIRef
    areas: frozenset[URIRef]


class EntryRules:
    """What each kind of record may hold: the fields of its form."""

    def __init__(self, forms: Forms) -> None:
        always = {RDF.type, DCTERMS.identifier}
        self._fields = {form.cls: always | set(form.by_property()) for form in forms.kinds.values()}
        self._of_evidence = {RDF.type} | set(forms.evidence.by_property())

    def read(self, record: URIRef, triples: Iterable[Triple]) -> Content:
        """The content of a record. Raises :class:`~nexuskb.errors.MalformedEntryError`."""
        identifier = record_identifier(record)
        if identifier is None:
            raise MalformedEntryError(
                f"{record} is not the address of a record: use a-z, 0-9 and single hyphens after "
                "https://w3id.org/nexuskb/records/."
            )
        given = frozenset(t for t in triples if t[:2] != (record, NX.reviewState))
        given |= {(record, DCTERMS.identifier, Literal(identifier))}
        try:
            self._check(record, identifier, given)
            written = write_ntriples(given)
        except ValueError as error:
            words = str(error)
            end = "" if words.endswith("?") else "."
            raise MalformedEntryError(f"The record {identifier}: {words}{end}") from error
        if len(written) > MOST_BYTES:
            raise MalformedEntryError(f"The record {identifier} is longer than {MOST_BYTES:,} bytes.")
        return content_of(record, written)

    def _check(self, record: URIRef, identifier: str, given: frozenset[Triple]) -> None:
        if len(given) > MOST_TRIPLES:
            raise ValueError(f"it has more than {MOST_TRIPLES:,} statements")
        for (_, predicate), count in Counter(triple[:2] for triple in given).items():
            if count > MOST_VALUES:
                raise ValueError(f"{_short(predicate)} has {count:,} values; a field takes {MOST_VALUES}")
        kinds = {o for s, p, o in given if s == record and p == RDF.type}
        kind = kinds.pop() if len(kinds) == 1 else None
        if not isinstance(kind, URIRef) or kind not in self._fields:
            raise ValueError("say what kind of record it is, by exactly one class of the ontology")
        passages = {o for s, p, o in given if s == record and p == NX.evidence}
        for passage in passages:
            if not re.fullmatch(rf"{re.escape(EV + identifier)}-e[1-9][0-9]{{0,4}}", str(passage)):
                raise ValueError(f"its evidence is named {EV}{identifier}-e1, -e2 and so on, not {passage}")
        for subject, predicate, value in given:
            if subject == record:
                known = self._fields[kind]
            elif subject in passages:
                known = self._of_evidence
            else:
                raise ValueError(f"it speaks of {_short(subject)}, which is neither itself nor its evidence")
            if predicate not in known or (predicate == NX.evidence and subject != record):
                raise ValueError(_unknown_field(predicate, kind, known))
            _check_value(predicate, value)


def content_of(record: URIRef, ntriples: bytes) -> Content:
    """The content that was written before by :meth:`EntryRules.read`."""
    triples = frozenset(read_ntriples(ntriples))
    return Content(
        record=record,
        triples=triples,
        ntriples=ntriples,
        digest=hashlib.sha256(ntriples).hexdigest(),
        kind=next(iter(_values(record, RDF.type, triples)), NX.Record),
        areas=frozenset(_values(record, NX.area, triples)),
    )


def content_in_base(record: URIRef, triples: Iterable[Triple]) -> Content | None:
    """The content of a record as the accepted base has it, or ``None`` if it has none."""
    written = write_ntriples(t for t in triples if t[:2] != (record, NX.reviewState))
    return content_of(record, written) if written else None


def _unknown_field(predicate: Node, kind: Node, known: set[URIRef]) -> str:
    fault = f"the property {_short(predicate)} is not a field of its kind, {_short(kind)}"
    near = difflib.get_close_matches(_short(predicate), [_short(each) for each in known], n=1)
    return f"{fault}; did you mean {near[0]}?" if near else fault


def _values(subject: URIRef, predicate: URIRef, triples: Iterable[Triple]) -> list[URIRef]:
    return [o for s, p, o in triples if s == subject and p == predicate and isinstance(o, URIRef)]


def _check_value(predicate: Node, value: Node) -> None:
    if isinstance(value, BNode):
        raise ValueError(f"{_short(predicate)} leads to a node without a name; give it an IRI")
    if isinstance(value, Literal):
        if len(value) > MOST_CHARACTERS:
            raise ValueError(f"a value of {_short(predicate)} is longer than {MOST_CHARACTERS:,} characters")
        if value.datatype is not None and value.datatype not in DATATYPES:
            raise ValueError(f"a value of {_short(predicate)} has the unknown datatype {value.datatype}")
    elif len(str(value)) > MOST_CHARACTERS_OF_IRI or not _IRI.fullmatch(str(value)):
        raise ValueError(
            f"{_short(predicate)}: {str(value)[:100]!r} is not a full http, https or urn address"
        )


def _short(node: Node) -> str:
    return curie(str(node))[:200]
