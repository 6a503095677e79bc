"""The forms of the record kinds, read from the shapes: which fields a kind has and what each may hold.

JSON documents, their schema and context, spreadsheets and web forms are all made from these. A form has one
field a property; where several shapes speak of one property, the first in order names it and all bind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import groupby

from rdflib import RDF, RDFS, SH, SKOS, XSD, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from nexuskb.fields import Field, read_fields
from nexuskb.terms import NX, VOCABULARIES, local_name


class Holds(Enum):
    """What a field holds."""

    TEXT = "text"  #: characters without a language: a pinpoint, a unit, a register number
    WORDS = "words"  #: text in a language
    NUMBER = "number"  #: a decimal number
    COUNT = "count"  #: a whole number
    DATE = "date"  #: a year, a month or a day, as the field allows
    ADDRESS = "address"  #: a web address
    TERM = "term"  #: a term of one vocabulary
    RECORD = "record"  #: another record
    THING = "thing"  #: a record, or a term of any vocabulary
    LINK = "link"  #: an IRI in full
    EVIDENCE = "evidence"  #: a passage: source and pinpoint


#: The datatypes of dates, most precise first (XML Schema 1.1 part 2, 3.3).
DATES = (XSD.date, XSD.gYearMonth, XSD.gYear)

_BY_DATATYPE = {
    RDF.langString: Holds.WORDS,
    XSD.string: Holds.TEXT,
    XSD.decimal: Holds.NUMBER,
    XSD.integer: Holds.COUNT,
    XSD.anyURI: Holds.ADDRESS,
    **dict.fromkeys(DATES, Holds.DATE),
}


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form.

    ``key`` is its name in JSON and in the heading of a column, ``path`` its property, ``least`` and
    ``most`` the number of values it takes (``most`` is ``None`` where any number is good), ``datatypes``
    those of its literals, ``languages`` the only ones it may be written in (none: any), ``scheme`` the key
    of its vocabulary, ``classes`` the kinds of record it may name, ``choices`` the only texts it may hold,
    ``patterns`` regular expressions that its text has to match.
    """

    key: str
    path: URIRef
    about: Field
    holds: Holds
    least: int
    most: int | None
    datatypes: tuple[URIRef, ...] = ()
    languages: tuple[str, ...] = ()
    scheme: str = ""
    classes: tuple[URIRef, ...] = ()
    choices: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    @property
    def single(self) -> bool:
        """Whether it takes one value at most."""
        return self.most == 1

    @property
    def language(self) -> str:
        """The one language that it is written in, if there is only one."""
        return self.languages[0] if len(self.languages) == 1 else ""


@dataclass(frozen=True, slots=True)
class Part:
    """Records that belong to one record of another kind, as measures do to a policy.

    ``key`` is the name of their list in the JSON document of the whole, ``kind`` theirs, ``path`` the
    property of theirs that names the whole.
    """

    key: str
    kind: str
    path: URIRef


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a kind of record, or of evidence: its class, its name and its fields in order."""

    key: str
    cls: URIRef
    label: str
    fields: tuple[FormField, ...]
    parts: tuple[Part, ...] = ()

    def by_key(self) -> dict[str, FormField]:
        """The fields by their names in JSON."""
        return {field.key: field for field in self.fields}

    def by_property(self) -> dict[URIRef, FormField]:
        """The fields by property."""
        return {field.path: field for field in self.fields}


class Forms:
    """The forms of all kinds, made from the model and the shapes (:mod:`nexuskb.content` reads both)."""

    def __init__(self, model: Graph, shapes: Graph) -> None:
        self.model = model
        self._shapes = shapes
        self._fields = read_fields(shapes)

    @cached_property
    def evidence(self) -> Form:
        """The form of a passage of evidence."""
        return Form("Evidence", NX.Evidence, self._label(NX.Evidence), self._fields_of(NX.Evidence))

    @cached_property
    def kinds(self) -> dict[str, Form]:
        """The form of each kind of record by its key, such as ``Policy``, in the order of their labels."""
        classes = set(self.model.transitive_subjects(RDFS.subClassOf, NX.Record))
        leaves = [
            c for c in classes if isinstance(c, URIRef) and not any(self.model.subjects(RDFS.subClassOf, c))
        ]
        fields = {cls: self._fields_of(cls) for cls in sorted(leaves, key=self._label)}
        return {
            local_name(cls): Form(local_name(cls), cls, self._label(cls), own, tuple(_parts(cls, fields)))
            for cls, own in fields.items()
        }

    def of(self, classes: Iterable[Node]) -> Form | None:
        """The form of something of these classes, if it is a record or evidence."""
        by_class = {form.cls: form for form in (*self.kinds.values(), self.evidence)}
        return next((by_class[cls] for cls in classes if isinstance(cls, URIRef) and cls in by_class), None)

    def kinds_within(self, classes: Iterable[URIRef]) -> list[Form]:
        """The kinds that fall under some classes: those of ``nx:Claim`` are measures, findings and others."""
        wanted = {sub for cls in classes for sub in self.model.transitive_subjects(RDFS.subClassOf, cls)}
        return [form for form in self.kinds.values() if form.cls in wanted]

    def _fields_of(self, cls: URIRef) -> tuple[FormField, ...]:
        shapes = [
            self._fields[shape]
            for sup in self.model.transitive_objects(cls, RDFS.subClassOf)
            for node in self._shapes.subjects(SH.targetClass, sup)
            for shape in self._shapes.objects(node, SH.property)
            if isinstance(shape, URIRef) and shape in self._fields and self._fields[shape].path is not None
        ]
        by_path = sorted(shapes, key=lambda f: (str(f.path), f.place, str(f.shape)))
        grouped = [list(group) for _, group in groupby(by_path, key=lambda f: f.path)]
        found = [self._field(group) for group in grouped]
        return tuple(sorted(found, key=lambda f: (f.about.place, str(f.about.shape))))

    def _field(self, group: list[Field]) -> FormField:
        first = group[0]
        binding = [f for f in group if self._shapes.value(f.shape, SH.severity) in (None, SH.Violation)]
        shapes = [(f.shape, *self._listed(f.shape, SH["or"])) for f in binding]
        own = [shape for each in shapes for shape in each]
        datatypes = self._values(own, SH.datatype)
        classes = self._values(own, SH["class"])
        property_ = URIRef(str(first.path))
        mosts = [int(str(count)) for f in binding for count in self._shapes.objects(f.shape, SH.maxCount)]
        leasts = [int(str(count)) for f in binding for count in self._shapes.objects(f.shape, SH.minCount)]
        links = any((f.shape, SH.nodeKind, SH.IRI) in self._shapes for f in binding)
        return FormField(
            key=local_name(property_),
            path=property_,
            about=first,
            holds=Holds.LINK if links else _holds(first, datatypes, classes),
            least=max(leasts, default=0),
            most=min(mosts, default=None),
            datatypes=tuple(d for d in DATES if d in datatypes) or tuple(datatypes),
            languages=tuple(str(lang) for f in binding for lang in self._listed(f.shape, SH.languageIn)),
            scheme=str(first.scheme).removeprefix(VOCABULARIES) if first.scheme else "",
            classes=tuple(cls for cls in classes if cls not in (SKOS.Concept, NX.Evidence)),
            choices=tuple(str(choice) for f in binding for choice in self._listed(f.shape, SH["in"])),
            patterns=tuple(
                str(pattern)
                for f in binding
                for pattern in sorted(self._shapes.objects(f.shape, SH.pattern), key=str)
            ),
        )

    def _values(self, shapes: Iterable[Node], parameter: URIRef) -> list[URIRef]:
        found = (value for shape in shapes for value in self._shapes.objects(shape, parameter))
        return list(dict.fromkeys(value for value in found if isinstance(value, URIRef)))

    def _listed(self, shape: Node, parameter: URIRef) -> list[Node]:
        firsts = self._shapes.objects(shape, parameter)
        return [member for first in firsts for member in Collection(self._shapes, first)]

    def _label(self, cls: Node) -> str:
        return str(self.model.value(cls, RDFS.label) or local_name(cls))


def _holds(field: Field, datatypes: list[URIRef], classes: list[URIRef]) -> Holds:
    if field.scheme is not None:
        return Holds.TERM
    if NX.Evidence in classes:
        return Holds.EVIDENCE
    if SKOS.Concept in classes:
        return Holds.THING
    if classes:
        return Holds.RECORD
    found = {_BY_DATATYPE[datatype] for datatype in datatypes if datatype in _BY_DATATYPE}
    if len(found) != 1:
        raise ValueError(f"the shape {field.shape} does not say what one sort of value it holds")
    return found.pop()


def _parts(whole: URIRef, fields: dict[URIRef, tuple[FormField, ...]]) -> Iterable[Part]:
    """The kinds whose records name exactly one record of this kind, and no other kind, as their whole."""
    for cls, own in fields.items():
        for field in own:
            if field.classes == (whole,) and (field.least, field.most) == (1, 1):
                kind = local_name(cls)
                yield Part(f"{kind[0].lower()}{kind[1:]}s", kind, field.path)
