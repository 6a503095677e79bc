"""Reading submissions: Turtle, JSON-LD and JSON from anybody, in bounded time and space.

Nothing is fetched, nothing outside the fields of the forms enters, literals keep their lexical form. Faults
are named with line and column or JSON pointer, field, value and way out; SHACL judges the rest.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from rdflib import OWL, RDF, SH, BNode, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import Fault, SubmissionError
from nexuskb.exchange.documents import CONTEXT_KEY, Documents, Number
from nexuskb.exchange.identifiers import Taken, never
from nexuskb.exchange.schema import json_ld_context
from nexuskb.exchange.submission import Places, Submission
from nexuskb.forms import Form
from nexuskb.records.entry import DATATYPES, MOST_CHARACTERS, MOST_TRIPLES
from nexuskb.store.parsing import (
    ParseError,
    Syntax,
    TooManyTriplesError,
    Triple,
    check_nesting,
    parse_triples,
)
from nexuskb.terms import CONTEXT, EV, NX, REC, curie, evidence_iri, local_name, record_identifier
from nexuskb.vocabulary import nearest_name

MOST_BYTES: Final = 1_000_000
MOST_NESTING: Final = 32

JSON: Final = "application/json"
TURTLE: Final = "text/turtle"
JSON_LD: Final = "application/ld+json"
#: What a submission may be written in.
MEDIA_TYPES: Final = (JSON, TURTLE, JSON_LD)

_MOST_FAULTS = 100


def read_submission(
    body: bytes, media_type: str, documents: Documents, *, identifier: str = "", taken: Taken = never
) -> Submission:
    """Read records from the body of a request or a file.

    ``media_type`` is one of :data:`MEDIA_TYPES`, with or without parameters. ``identifier`` is the one of
    the record where the address says it (in JSON); ``taken`` tells which identifiers are in use, so that a
    new one can be made. Raises :class:`~nexuskb.errors.SubmissionError`.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        message = f"Records are taken as {', '.join(MEDIA_TYPES)}, not as {kind or 'nothing named'}."
        raise SubmissionError([Fault(message)], unknown_type=True)
    if len(body) > MOST_BYTES:
        message = (
            f"The text is {len(body):,} bytes long; at most {MOST_BYTES:,} are taken. Hand it in by parts."
        )
        raise SubmissionError([Fault(message)], too_large=True)
    text = _decoded(body)
    try:
        if kind == JSON:
            submission = documents.read(_parsed(text), identifier, taken)
        else:
            submission = _from_triples(_triples(text, kind, documents))
    except ParseError as error:
        place = f"line {error.line}, column {error.column}" if error.line else ""
        raise SubmissionError([Fault(f"It cannot be read: {error}.", place)]) from error
    except TooManyTriplesError:
        message = f"There are more than {MOST_TRIPLES:,} statements in it. Hand it in by parts."
        raise SubmissionError([Fault(message)], too_large=True) from None
    faults = list(_faults(submission, documents))
    if len(submission.triples) > MOST_TRIPLES:
        message = f"There are more than {MOST_TRIPLES:,} statements in it. Hand it in by parts."
        raise SubmissionError([Fault(message)], too_large=True)
    if faults:
        raise SubmissionError(faults[:_MOST_FAULTS])
    return submission


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        column = error.start - body.rfind(b"\n", 0, error.start)
        place = f"line {line}, column {column}"
        raise SubmissionError([Fault("The text is not UTF-8; save it as UTF-8.", place)]) from error


def _parsed(text: str) -> object:
    """JSON with its numbers as written. Raises :class:`ParseError`; names given twice are refused."""
    check_nesting(text, Syntax.JSON_LD, MOST_NESTING)
    try:
        return json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise ParseError(error.msg[0].lower() + error.msg[1:], error.lineno, error.colno) from error


def _no_constant(name: str) -> object:
    raise ParseError(f"{name} is no number")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    if twice:
        raise ParseError(f"the key {twice[0]!r} is given twice in one object")
    return dict(pairs)


def _triples(text: str, kind: str, documents: Documents) -> list[Triple]:
    if kind == TURTLE:
        check_nesting(text, Syntax.TURTLE, MOST_NESTING)
        return parse_triples(text, Syntax.TURTLE, str(REC), MOST_TRIPLES)
    given = _parsed(text)
    context = json_ld_context(documents.forms, documents.vocabularies)[CONTEXT_KEY]
    faults = list(_foreign_contexts(given, "", context))
    if faults:
        raise SubmissionError(faults)
    nodes = given if isinstance(given, list) else [given]
    linked = json.dumps({CONTEXT_KEY: context, "@graph": [_without_context(node) for node in nodes]})
    return parse_triples(linked, Syntax.JSON_LD, str(REC), MOST_TRIPLES)


def _foreign_contexts(given: object, pointer: str, own: object) -> Iterator[Fault]:
    """Contexts other than ours: none is fetched, and none may change what the keys mean."""
    if isinstance(given, dict):
        for key, value in given.items():
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key != CONTEXT_KEY:
                yield from _foreign_contexts(value, place, own)
            elif value not in (CONTEXT, [CONTEXT], own):
                message = f'The only context taken is "{CONTEXT}"; it is not fetched. Leave others out.'
                yield Fault(message, place, CONTEXT_KEY)
    elif isinstance(given, list):
        for number, each in enumerate(given):
            yield from _foreign_contexts(each, f"{pointer}/{number}", own)


def _without_context(given: object) -> object:
    if isinstance(given, dict):
        return {key: _without_context(value) for key, value in given.items() if key != CONTEXT_KEY}
    return [_without_context(each) for each in given] if isinstance(given, list) else given


def _from_triples(triples: list[Triple]) -> Submission:
    named = _with_evidence_named(list(dict.fromkeys(triples)))
    records = dict.fromkeys(
        subject for subject, _, _ in named if isinstance(subject, URIRef) and subject.startswith(REC)
    )
    if not records:
        message = f"It holds no records: the IRI of a record is {REC} and its identifier."
        raise SubmissionError([Fault(message)])
    return Submission(tuple(records), tuple(named), Places())


def _with_evidence_named(triples: list[Triple]) -> list[Triple]:
    """Evidence written as a blank node gets the next free IRI of its record."""
    used = {subject for subject, _, _ in triples}
    names: dict[Node, Node] = {}
    for subject, property_, value in triples:
        identifier = record_identifier(str(subject)) if isinstance(subject, URIRef) else None
        if property_ == NX.evidence and isinstance(value, BNode) and identifier and value not in names:
            number = 1
            while (node := evidence_iri(identifier, number)) in used:
                number += 1
            used.add(node)
            names[value] = node
    return [(names.get(s, s), p, names.get(o, o)) for s, p, o in triples]


def _faults(submission: Submission, documents: Documents) -> Iterator[Fault]:
    """What keeps triples from being those of records, whatever the shapes say of them."""
    kinds: dict[Node, list[Node]] = {}
    supported: dict[Node, Node] = {}
    for subject, property_, value in submission.triples:
        given = kinds.setdefault(subject, [])
        if property_ == RDF.type:
            given.append(value)
        elif property_ == NX.evidence:
            supported.setdefault(value, subject)
    forms = {subject: documents.forms.of(given[:1]) for subject, given in kinds.items()}
    for subject, given in kinds.items():
        place = submission.places.find(str(subject))
        yield from _name_faults(subject, place, supported.get(subject))
        yield from _kind_faults(subject, given, place, documents)
    for triple in submission.triples:
        yield from _statement_faults(triple, forms[triple[0]], submission)


def _name_faults(subject: Node, place: str, supports: Node | None) -> Iterator[Fault]:
    """What is wrong with the IRI of a record or of evidence, which ``supports`` a record."""
    name, tail = curie(str(subject)), str(subject).removeprefix(EV)
    if isinstance(subject, BNode):
        message = f"A node has no IRI. Records are <{REC}...>, evidence <{EV}...> or stands in its record."
        yield Fault(message, place)
    elif str(subject).startswith(REC):
        if record_identifier(str(subject)) is None:
            message = "Identifiers are of small Latin letters, digits and single hyphens."
            yield Fault(message, place, "Identifier", name)
    elif not str(subject).startswith(EV):
        message = f"It is no record: the IRIs of records start with {REC}."
        yield Fault(message, place, value=str(subject))
    elif supports is None:
        message = f"{name} is the evidence of no record in the submission. Hand it in with its record."
        yield Fault(message, place, "Evidence", name)
    else:
        stem = str(supports).removeprefix(REC)
        if not re.fullmatch(re.escape(stem) + "-e[1-9][0-9]*", tail):
            message = "The IRI of evidence is that of its record with a number."
            yield Fault(message, place, "Evidence", name, f"{stem}-e1")


def _kind_faults(subject: Node, given: list[Node], place: str, documents: Documents) -> Iterator[Fault]:
    kinds = [form.key for form in documents.forms.kinds.values()]
    listed = f"say which one it is: {', '.join(kinds)}."
    form = documents.forms.of(given[:1])
    is_evidence = str(subject).startswith(EV)
    if len(given) > 1:
        shown = ", ".join(_shown(kind) for kind in given)
        yield Fault(f"{curie(str(subject))} has more than one kind; give one.", place, "Kind", shown)
    elif not given and not isinstance(subject, BNode):
        what = f"add a {curie(str(NX.Evidence))}." if is_evidence else listed
        yield Fault(f"{curie(str(subject))} has no kind; {what}", place, "Kind")
    elif given and form is None:
        near = nearest_name(local_name(given[0]), kinds)
        yield Fault(f"There is no such kind of record; {listed}", place, "Kind", _shown(given[0]), near)
    elif form is not None and (form is documents.forms.evidence) is not is_evidence:
        message = f"The IRIs of evidence start with {EV}, those of records with {REC}."
        yield Fault(message, place, "Kind", _shown(given[0]))


def _statement_faults(triple: Triple, form: Form | None, submission: Submission) -> Iterator[Fault]:
    subject, property_, value = triple
    place = submission.places.find(str(subject), str(property_), str(value))
    name = curie(str(property_))
    if property_ != RDF.type and form is not None and property_ not in form.by_property():
        keys = [field.key for field in form.fields]
        near = nearest_name(local_name(property_), keys)
        foreign = str(property_).startswith((str(SH), str(OWL)))
        why = "Rules and imports are not taken. " if foreign else ""
        yield Fault(f"{form.label} has no field {name}. {why}".strip(), place, name, _shown(value), near)
        return
    field = form.by_property().get(URIRef(str(property_))) if form else None
    label = field.about.name if field else name
    if isinstance(value, BNode):
        message = f"{label}: a node without IRI is not taken here; name the record or term by its IRI."
        yield Fault(message, place, label)
    elif isinstance(value, URIRef) and not re.match(r"https?://|urn:", value):
        message = f"{label}: IRIs start with http://, https:// or urn:."
        yield Fault(message, place, label, _shown(value))
    elif isinstance(value, Literal):
        yield from _literal_faults(value, label, place)


def _literal_faults(value: Literal, label: str, place: str) -> Iterator[Fault]:
    if len(value) > MOST_CHARACTERS:
        message = f"{label}: the text has {len(value):,} characters; at most {MOST_CHARACTERS:,} are taken."
        yield Fault(message, place, label, _shown(value))
    datatype = value.datatype
    if datatype is not None and datatype not in DATATYPES:
        known = sorted(curie(str(each)) for each in DATATYPES)
        message = (
            f"{label}: values of the datatype {curie(str(datatype))} are not taken; use {', '.join(known)}."
        )
        yield Fault(message, place, label, _shown(value))


def _shown(value: Node) -> str:
    text = curie(str(value)) if isinstance(value, URIRef) else str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
