"""Records as JSON documents for people, and back.

A document has a key a field, named after the property: terms stand by their keys (``overgrazing``), records
by their identifiers, evidence is nested, and English texts are plain strings where a field holds nothing
else. ``linked`` documents carry what JSON-LD 1.1 needs besides, and mean the same triples to any reader of
it. What shapes must judge is passed on to them: only what cannot be made into triples is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rdflib import DCTERMS, RDF, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.errors import Fault, SubmissionError
from nexuskb.exchange.identifiers import Taken, identifier_for, never
from nexuskb.exchange.submission import Places, Submission
from nexuskb.forms import Form, FormField, Forms, Holds, Part
from nexuskb.store.parsing import Triple
from nexuskb.terms import (
    CONTEXT,
    EV,
    IDENTIFIER_PATTERN,
    PREFIXES,
    REC,
    VOCABULARIES,
    concept_iri,
    curie,
    evidence_iri,
    record_identifier,
)
from nexuskb.vocabulary import Vocabularies, nearest_name

#: Keys of a document that are not fields.
CONTEXT_KEY, KIND, ID = "@context", "kind", "id"

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DATE_FORMS = (
    (XSD.date, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
    (XSD.gYearMonth, re.compile(r"[0-9]{4}-[0-9]{2}")),
    (XSD.gYear, re.compile(r"[0-9]{4}")),
)


class Number(str):
    """A JSON number as it was written, so that 1.10 stays 1.10."""

    __slots__ = ()


class Documents:
    """Writes and reads the JSON documents of records."""

    def __init__(self, forms: Forms, vocabularies: Vocabularies) -> None:
        self.forms = forms
        self.vocabularies = vocabularies

    def write(self, triples: Iterable[Triple], record: URIRef, *, linked: bool = False) -> dict[str, object]:
        """The document of a record from its triples and those of its evidence.

        Raises ``ValueError`` for a record without a known kind, or with a property that no form has.
        """
        graph = Graph()
        for triple in triples:
            graph.add(triple)
        form = self.forms.of(graph.objects(record, RDF.type))
        if form is None:
            raise ValueError(f"{record} has no kind that the ontology knows")
        head: dict[str, object] = {CONTEXT_KEY: CONTEXT, ID: record_identifier(str(record))} if linked else {}
        return {**head, KIND: form.key, **self._fields(graph, record, form, linked)}

    def read(self, document: object, identifier: str = "", taken: Taken = never) -> Submission:
        """The records of a document, or of a list of documents.

        ``identifier`` is that of a single document that names none; where there is none either, one is made
        from its area and title that is not ``taken``. Raises :class:`SubmissionError` with all faults.
        """
        reading = _Reading(self.forms, self.vocabularies, taken)
        listed = document if isinstance(document, list) else [document]
        for number, each in enumerate(listed):
            pointer = f"/{number}" if isinstance(document, list) else ""
            reading.record(each, pointer, None, identifier if len(listed) == 1 else "")
        if not listed:
            reading.fault("", "The list holds no records.")
        if reading.faults:
            raise SubmissionError(reading.faults)
        return Submission(tuple(reading.records), tuple(reading.triples), reading.places)

    def _fields(self, graph: Graph, node: Node, form: Form, linked: bool) -> dict[str, object]:
        known = form.by_property()
        given = {p for p in graph.predicates(node) if p != RDF.type}
        strange = given - set(known)
        if strange:
            raise ValueError(f"{node} has {', '.join(sorted(map(curie, map(str, strange))))}, no field of it")
        found: dict[str, object] = {}
        for each in (
            (known[DCTERMS.identifier], *form.fields) if form is not self.forms.evidence else form.fields
        ):
            values = sorted(graph.objects(node, each.path), key=_place_of)
            if values and each.key not in found:
                found[each.key] = self._values(graph, values, each, linked)
        return found

    def _values(self, graph: Graph, values: list[Node], field: FormField, linked: bool) -> object:
        if field.holds is Holds.WORDS and not field.language:
            return _language_map(values)
        written = [self._value(graph, value, field, linked) for value in values]
        return written[0] if field.single and len(written) == 1 else written

    def _value(self, graph: Graph, value: Node, field: FormField, linked: bool) -> object:
        if field.holds is Holds.EVIDENCE:
            head: dict[str, object] = {ID: str(value).removeprefix(EV)}
            if linked:
                head[KIND] = self.forms.evidence.key
            return {**head, **self._fields(graph, value, self.forms.evidence, linked)}
        plain = _plain(value, field)
        explicit = linked and field.holds is Holds.DATE and len(field.datatypes) > 1
        return plain if plain is not None and not explicit else _value_object(value)


def _plain(value: Node, field: FormField) -> str | None:
    """The value as a plain string, if one is read back as the same value."""
    if isinstance(value, Literal):
        return _plain_literal(value, field)
    if field.holds is Holds.LINK:
        return str(value)
    if field.holds is Holds.TERM:
        head, _, key = str(value).rpartition("/")
        return key if head == VOCABULARIES + field.scheme and _KEY.fullmatch(key) else None
    identifier = record_identifier(str(value))
    if identifier is None and field.holds is Holds.THING:
        short = curie(str(value))
        return short if str(value).startswith(VOCABULARIES) and short != str(value) else None
    return identifier


def _plain_literal(value: Literal, field: FormField) -> str | None:
    text = str(value)
    if field.holds is Holds.WORDS:
        return text if value.language == field.language else None
    read = None if value.language else _literal(text, field)
    return text if read is not None and read.datatype == value.datatype else None


def _value_object(value: Node) -> dict[str, str]:
    """A value in full, as JSON-LD writes it (JSON-LD 1.1, 9.5)."""
    if not isinstance(value, Literal):
        return {"@id": str(value)}
    if value.language:
        return {"@value": str(value), "@language": value.language}
    return {"@value": str(value), "@type": curie(str(value.datatype or XSD.string))}


def _language_map(values: list[Node]) -> dict[str, object]:
    """Texts by language (JSON-LD 1.1, 9.8); several in one language as a list."""
    found: dict[str, list[str]] = {}
    for value in values:
        found.setdefault(getattr(value, "language", None) or "@none", []).append(str(value))
    return {lang: texts[0] if len(texts) == 1 else texts for lang, texts in sorted(found.items())}


def _place_of(value: Node) -> tuple[int, str]:
    """Evidence in the order of its numbers, all else by its text."""
    number = str(value).rpartition("-e")[2] if str(value).startswith(EV) else ""
    return (int(number) if number.isdigit() else 0, str(value))


def _literal(text: str, field: FormField) -> Literal | None:
    """Plain text as a literal of the field; a date by its form."""
    if field.holds is Holds.TEXT:
        return Literal(text)
    if field.holds is Holds.DATE and len(field.datatypes) > 1:
        forms = (datatype for datatype, form in _DATE_FORMS if form.fullmatch(text))
        return _typed(text, next(forms, XSD.string))
    if field.datatypes and field.holds is not Holds.WORDS:
        return _typed(text, field.datatypes[0])
    return None


def _typed(text: str, datatype: URIRef) -> Literal:
    """A literal with its lexical form as it is; one of characters is a plain one (RDF 1.1, 3.3)."""
    return Literal(text) if datatype == XSD.string else Literal(text, datatype=datatype, normalize=False)


@dataclass(slots=True)
class _Reading:
    """The state of reading a document: triples, places and faults as they come."""

    forms: Forms
    vocabularies: Vocabularies
    taken: Taken
    records: list[URIRef] = field(default_factory=list)
    triples: list[Triple] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: str, message: str, name: str = "", value: object = "", meant: str = "") -> None:
        """Note what is wrong, and go on."""
        text = value if isinstance(value, str) else ""
        self.faults.append(Fault(message, place or "/", name, text[:200], meant))

    def record(
        self,
        given: object,
        pointer: str,
        form: Form | None,
        identifier: str,
        whole: tuple[URIRef, URIRef] | None = None,
    ) -> URIRef | None:
        """Read one record and what is nested in it; its IRI, if it has one."""
        if not isinstance(given, dict):
            self.fault(pointer, "A record is an object with a key for each of its fields.", value=given)
            return None
        form = self._kind(given, pointer, form)
        named = self._identifier(given, pointer, form, identifier)
        if form is None or named is None:
            return None
        record = REC[named]
        if record in self.records:
            self.fault(pointer, f"The record {named} is given twice.", "Identifier", named)
            return None
        self.records.append(record)
        self.places.note(pointer or "/", record)
        self._add(record, RDF.type, form.cls)
        self._add(record, DCTERMS.identifier, Literal(named))
        self.places.note(f"{pointer}/identifier", record, DCTERMS.identifier)
        if whole is not None:
            self._add(record, *whole)
        self._fields(given, pointer, form, record, {p.key: p for p in form.parts})
        return record

    def _kind(self, given: dict[str, object], pointer: str, form: Form | None) -> Form | None:
        kind = given.get(KIND)
        if kind is None and form is not None:
            return form
        known = {**self.forms.kinds, **{f.label.casefold(): f for f in self.forms.kinds.values()}}
        found = known.get(kind) or known.get(kind.casefold()) if isinstance(kind, str) else None
        if found is None:
            near = nearest_name(kind, list(self.forms.kinds)) if isinstance(kind, str) else ""
            kinds = ", ".join(self.forms.kinds)
            self.fault(f"{pointer}/{KIND}", f"Kind: say which one it is: {kinds}.", "Kind", kind, near)
        elif form is not None and found is not form:
            self.fault(
                f"{pointer}/{KIND}", f"Kind: only a {form.label.lower()} can stand here.", "Kind", kind
            )
        return found

    def _identifier(
        self, given: dict[str, object], pointer: str, form: Form | None, identifier: str
    ) -> str | None:
        for key in ("identifier", ID, "@id"):
            named = given.get(key)
            if named is None:
                continue
            tail = record_identifier(str(named)) or str(named)
            if not isinstance(named, str) or not IDENTIFIER_PATTERN.fullmatch(tail):
                message = "Identifier: give exactly one, of small Latin letters, digits and single hyphens."
                self.fault(f"{pointer}/{key}", message, "Identifier", named)
                return None
            if identifier and tail != identifier:
                message = f"Identifier: the record is {identifier}; an identifier never changes."
                self.fault(f"{pointer}/{key}", message, "Identifier", tail, identifier)
                return None
            return tail
        if identifier or form is None:
            return identifier or None
        mine = {str(record).removeprefix(REC) for record in self.records}
        return identifier_for(given, form, lambda name: name in mine or self.taken(name))

    def _fields(
        self, given: dict[str, object], pointer: str, form: Form, node: URIRef, parts: dict[str, Part]
    ) -> None:
        known = form.by_key()
        for key, value in given.items():
            place = f"{pointer}/{_escaped(key)}"
            if key in (CONTEXT_KEY, KIND, ID, "@id", "@type", "identifier") or value is None:
                continue
            if key in parts:
                self._parts(value, place, parts[key], node)
            elif key in known:
                self.places.note(place, node, known[key].path)
                self._values(value, place, known[key], node)
            else:
                meant = nearest_name(key, [*known, *parts])
                message = f"{form.label} has no field {key!r}."
                self.fault(place, message, key, meant=meant)

    def _parts(self, value: object, place: str, part: Part, whole: URIRef) -> None:
        for number, each in enumerate(value if isinstance(value, list) else [value]):
            form = self.forms.kinds[part.kind]
            named = isinstance(each, dict) and any(each.get(key) for key in ("identifier", ID, "@id"))
            made = "" if named else self._numbered(whole, part)
            self.record(each, f"{place}/{number}", form, made, (part.path, whole))

    def _numbered(self, whole: URIRef, part: Part) -> str:
        """The identifier of the next measure or target: that of its policy with -m1, -t1."""
        stem = f"{str(whole).removeprefix(REC)}-{part.kind[0].lower()}"
        number = 1
        while REC[f"{stem}{number}"] in self.records or self.taken(f"{stem}{number}"):
            number += 1
        return f"{stem}{number}"

    def _values(self, value: object, place: str, field: FormField, node: URIRef) -> None:
        if field.holds is Holds.WORDS and isinstance(value, dict) and "@value" not in value:
            for language, texts in value.items():
                here = f"{place}/{_escaped(language)}"
                if not _LANGUAGE.fullmatch(language):
                    message = f"{field.about.name}: give texts by language code, such as en or mn."
                    self.fault(here, message, field.about.name, language)
                    continue
                for spot, text in _each(texts, here):
                    self._word(text, spot, field, node, language)
            return
        for spot, each in _each(value, place):
            if field.holds is Holds.EVIDENCE:
                self._passage(each, spot, field, node)
            else:
                self._value(each, spot, field, node)

    def _word(self, text: object, place: str, field: FormField, node: URIRef, language: str) -> None:
        if isinstance(text, str) and not isinstance(text, Number):
            self._note(node, field, Literal(text, lang=language), place)
        else:
            self.fault(place, f"{field.about.name}: give text between quotation marks.", field.about.name)

    def _value(self, value: object, place: str, field: FormField, node: URIRef) -> None:
        if isinstance(value, dict):
            self._object(value, place, field, node)
        elif isinstance(value, bool) or not isinstance(value, str):
            self.fault(place, f"{field.about.name}: give {_WANTED[field.holds]}.", field.about.name)
        elif field.holds is Holds.WORDS and not field.language:
            message = f'{field.about.name}: say which language it is in, such as {{"mn": "..."}}.'
            self.fault(place, message, field.about.name, value)
        elif field.holds is Holds.WORDS:
            self._word(value, place, field, node, field.language)
        else:
            self._note(node, field, self._read(value, field), place)

    def _object(self, value: dict[str, object], place: str, field: FormField, node: URIRef) -> None:
        """A value written in full, or a record nested where its identifier would stand."""
        kinds = self.forms.kinds_within(field.classes) if field.holds in (Holds.RECORD, Holds.THING) else []
        if set(value) == {"@id"} and isinstance(value["@id"], str):
            self._note(node, field, _iri(value["@id"]) or Literal(value["@id"]), place)
        elif "@value" in value and all(isinstance(each, str) for each in value.values()):
            literal = _full_literal({key: str(each) for key, each in value.items()})
            if literal is None:
                message = f"{field.about.name}: a value in full has @value and either @type or @language."
                self.fault(place, message, field.about.name)
            else:
                self._note(node, field, literal, place)
        elif kinds:
            named = self.record(value, place, kinds[0] if len(kinds) == 1 else None, "")
            if named is not None:
                self._note(node, field, named, place)
        else:
            self.fault(place, f"{field.about.name}: give {_WANTED[field.holds]}.", field.about.name)

    def _read(self, text: str, field: FormField) -> Node:
        """Plain text as the value that the field would have it mean; what it cannot mean stays text."""
        if field.holds is Holds.TERM:
            scheme = self.vocabularies.schemes[field.scheme]
            term = scheme.find(text)
            if term is not None:
                return term.iri
            tail = text.removeprefix(f"{field.scheme}:")
            return concept_iri(field.scheme, tail) if _KEY.fullmatch(tail) else _iri(text) or Literal(text)
        if field.holds in (Holds.RECORD, Holds.THING):
            return _iri(text) or (REC[text] if IDENTIFIER_PATTERN.fullmatch(text) else Literal(text))
        if field.holds is Holds.LINK:
            return _iri(text) or Literal(text)
        literal = _literal(text, field)
        return Literal(text) if literal is None else literal

    def _passage(self, given: object, place: str, field: FormField, record: URIRef) -> None:
        name = field.about.name
        if not isinstance(given, dict):
            message = f'{name}: give objects with source, locator and assertion, such as {{"source": "..."}}.'
            self.fault(place, message, name, given)
            return
        node = self._passage_iri(given, place, name, record)
        if node is None:
            return
        self.places.note(place, node)
        self._note(record, field, node, place)
        self._add(node, RDF.type, self.forms.evidence.cls)
        self._fields(given, place, self.forms.evidence, node, {})

    def _passage_iri(self, given: dict[str, object], place: str, name: str, record: URIRef) -> URIRef | None:
        stem = str(record).removeprefix(REC)
        named = given.get(ID, given.get("@id"))
        if named is None:
            number = 1
            used = {subject for subject, _, _ in self.triples}
            while (node := evidence_iri(stem, number)) in used:
                number += 1
            return node
        tail = named.removeprefix(EV) if isinstance(named, str) else ""
        if not re.fullmatch(re.escape(stem) + r"-e[1-9][0-9]*", tail):
            message = f"{name}: the id of evidence is that of its record with a number, such as {stem}-e1."
            self.fault(f"{place}/{ID}", message, name, named, f"{stem}-e1")
            return None
        return EV[tail]

    def _note(self, node: URIRef, field: FormField, value: Node, place: str) -> None:
        self.places.note(place, node, field.path, value)
        self._add(node, field.path, value)

    def _add(self, subject: URIRef, property_: URIRef, value: Node) -> None:
        triple = (subject, property_, value)
        if triple not in self.triples[-50:]:
            self.triples.append(triple)


_WANTED = {
    Holds.TEXT: "text between quotation marks",
    Holds.WORDS: "text between quotation marks",
    Holds.NUMBER: "a number",
    Holds.COUNT: "a whole number",
    Holds.DATE: 'a date between quotation marks, such as "2012", "2012-05" or "2012-05-17"',
    Holds.ADDRESS: "a web address between quotation marks",
    Holds.TERM: "the key of a vocabulary term between quotation marks",
    Holds.RECORD: "the identifier of a record between quotation marks",
    Holds.THING: "the identifier of a record, or a term such as driver:overgrazing, between quotation marks",
    Holds.LINK: "an address between quotation marks",
    Holds.EVIDENCE: "objects with source, locator and assertion",
}


def _each(value: object, place: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        yield from ((f"{place}/{number}", each) for number, each in enumerate(value))
    else:
        yield place, value


def _escaped(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901, 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def _iri(text: str) -> URIRef | None:
    """An IRI written in full or with a prefix of the base."""
    prefix, colon, tail = text.partition(":")
    if colon and prefix in PREFIXES and _KEY.fullmatch(tail):
        return URIRef(PREFIXES[prefix] + tail)
    return URIRef(text) if re.fullmatch(r"(https?://|urn:)[^\s<>\"{}|\\^`]+", text) else None


def _full_literal(given: dict[str, str]) -> Literal | None:
    language, datatype = given.get("@language"), given.get("@type")
    if language is not None and datatype is None and _LANGUAGE.fullmatch(language):
        return Literal(given["@value"], lang=language)
    if language is None and datatype is not None and (iri := _iri(datatype)) is not None:
        return _typed(given["@value"], iri)
    return None
