"""JSON Schema 2020-12 and the JSON-LD 1.1 context of the documents of records, both made from the forms."""

from __future__ import annotations

from rdflib import DCTERMS, RDF, XSD

from nexuskb.errors import UnknownTermError
from nexuskb.exchange.documents import CONTEXT_KEY, ID, KIND
from nexuskb.forms import Form, FormField, Forms, Holds
from nexuskb.terms import BASE, CONTEXT, EV, NX, REC, VOCABULARIES, curie
from nexuskb.vocabulary import Vocabularies, nearest_name

Json = dict[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LANGUAGE = "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$"
_IDENTIFIER = "^[a-z0-9]+(-[a-z0-9]+)*$"
_DATE_FORMS = {
    XSD.date: "[12][0-9]{3}-[0-9]{2}-[0-9]{2}",
    XSD.gYearMonth: "[12][0-9]{3}-(0[1-9]|1[0-2])",
    XSD.gYear: "[12][0-9]{3}",
}


def json_schema(forms: Forms, vocabularies: Vocabularies, kind: str) -> Json:
    """The JSON Schema of the documents of a kind of record.

    It checks form; what needs other records (links, duplicates, one rule against another) is checked when a
    document is handed in. Raises :class:`~nexuskb.errors.UnknownTermError` for a kind that there is not.
    """
    by_name = {key.casefold(): form for key, form in forms.kinds.items()}
    form = by_name.get(kind.casefold())
    if form is None:
        near = nearest_name(kind, forms.kinds)
        meant = f" Did you mean {near}?" if near else ""
        raise UnknownTermError(f"There is no kind {kind!r}: {', '.join(forms.kinds)}.{meant}")
    nested = [forms.kinds[part.kind] for part in form.parts]
    shared = [forms.kinds["Source"], forms.evidence] if forms.evidence is not form else []
    others = [each for each in dict.fromkeys([*nested, *shared]) if each is not form]
    return {
        "$schema": DIALECT,
        "$id": f"{BASE}schemas/{form.key}.json",
        "title": form.label,
        **_object(form, forms, vocabularies),
        "$defs": {each.key: _object(each, forms, vocabularies, nested=True) for each in others},
    }


def _object(form: Form, forms: Forms, vocabularies: Vocabularies, *, nested: bool = False) -> Json:
    evidence = form is forms.evidence
    properties: Json = {
        CONTEXT_KEY: {"const": CONTEXT},
        ID: {"type": "string"},
        KIND: {"const": form.key, "description": "The kind of record."},
    }
    for field in form.fields:
        properties[field.key] = _field(field, forms, vocabularies)
    for part in form.parts:
        listed = {"type": "array", "items": {"$ref": f"#/$defs/{part.kind}"}}
        properties[part.key] = {
            **listed,
            "description": f"Records of the kind {part.kind} that belong to it.",
        }
    # The identifier is made where it is missing, the review state is set by whoever may set it, and what
    # is nested in a whole need not name the whole.
    left_out = {DCTERMS.identifier, NX.reviewState, *(() if not nested else _named_by_place(form, forms))}
    required = [field.key for field in form.fields if field.least and field.path not in left_out]
    head = [] if nested or evidence else [KIND]
    return {
        "type": "object",
        "properties": properties,
        "required": [*head, *required],
        "additionalProperties": False,
    }


def _named_by_place(form: Form, forms: Forms) -> set[object]:
    return {part.path for whole in forms.kinds.values() for part in whole.parts if part.kind == form.key}


def _field(field: FormField, forms: Forms, vocabularies: Vocabularies) -> Json:
    head: Json = {"title": field.about.name, "description": field.about.help}
    if field.holds is Holds.WORDS and not field.language:
        texts: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        return {
            **head,
            "type": "object",
            "propertyNames": {"pattern": _LANGUAGE},
            "additionalProperties": texts,
            "minProperties": min(field.least, 1),
        }
    value = _value(field, forms, vocabularies)
    if field.single:
        return {**head, **value}
    several: Json = {"type": "array", "items": value, "minItems": field.least}
    if field.holds is not Holds.EVIDENCE:
        several["uniqueItems"] = True
    return {**head, **several}


def _value(field: FormField, forms: Forms, vocabularies: Vocabularies) -> Json:
    match field.holds:
        case Holds.TERM:
            return _text(enum=[term.key for term in vocabularies.schemes[field.scheme].terms])
        case Holds.EVIDENCE:
            return {"$ref": f"#/$defs/{forms.evidence.key}"}
        case Holds.RECORD:
            named = _text(pattern=_IDENTIFIER)
            nested = [form.key for form in forms.kinds_within(field.classes)] == ["Source"]
            return {"anyOf": [named, {"$ref": "#/$defs/Source"}]} if nested else named
        case Holds.NUMBER:
            return {"type": ["string", "number"], "pattern": "^[+-]?[0-9]+([.][0-9]+)?$"}
        case Holds.COUNT:
            return {"type": ["string", "integer"], "pattern": "^[+-]?[0-9]+$"}
        case _:
            return _characters(field, vocabularies)


def _characters(field: FormField, vocabularies: Vocabularies) -> Json:
    """What is written as a string without being a list's item: names of things, dates, texts."""
    match field.holds:
        case Holds.THING:
            schemes = "|".join(sorted(vocabularies.schemes))
            return _text(pattern=f"{_IDENTIFIER}|^({schemes}):[A-Za-z0-9._-]+$")
        case Holds.DATE:
            forms = (_DATE_FORMS[datatype] for datatype in field.datatypes)
            return _text(pattern=f"^({'|'.join(forms)})$")
        case _:
            # JSON Schema takes the regular expressions of ECMA-262; those of the shapes are among them.
            choices: Json = {"enum": list(field.choices)} if field.choices else {}
            address: Json = {"format": "uri"} if field.holds is Holds.ADDRESS else {}
            return _text(**choices, **address, pattern=field.patterns[0] if field.patterns else r"\S")


def _text(**constraints: object) -> Json:
    return {"type": "string", **constraints}


def json_ld_context(forms: Forms, vocabularies: Vocabularies) -> Json:
    """The JSON-LD context under which the linked documents mean the triples of their records."""
    schemes: Json = {key: {"@id": f"{VOCABULARIES}{key}/", "@prefix": True} for key in vocabularies.schemes}
    terms: Json = {}
    for form in forms.kinds.values():
        for field in form.fields:
            terms[field.key] = _term(field, schemes, terms.get(field.key))
        for part in form.parts:
            terms[part.key] = {"@reverse": str(part.path)}
    terms["evidence"] = {
        "@id": str(NX.evidence),
        "@type": "@id",
        "@context": {
            "@base": str(EV),
            **{field.key: _term(field, schemes, None) for field in forms.evidence.fields},
        },
    }
    return {
        CONTEXT_KEY: {
            "@version": 1.1,
            "@base": str(REC),
            "@vocab": str(NX),
            "xsd": str(XSD),
            "rdf": str(RDF),
            ID: "@id",
            KIND: "@type",
            **dict(sorted(terms.items())),
        }
    }


def _term(field: FormField, schemes: Json, known: object) -> object:
    head: Json = {"@id": str(field.path)}
    match field.holds:
        case Holds.TERM:
            # A context of its own keeps a term's key from being taken for the name of a field.
            vocabulary: Json = {"@vocab": f"{VOCABULARIES}{field.scheme}/"}
            return _apart({**head, "@type": "@vocab"}, field.key, vocabulary)
        case Holds.THING:
            return _apart({**head, "@type": "@id"}, field.key, {"@base": str(REC), **schemes})
        case Holds.LINK:
            return {**head, "@type": "@id"}
        case Holds.RECORD:
            return {**head, "@type": "@id", "@context": {"@base": str(REC)}}
        case Holds.WORDS:
            # One key serves all kinds: a plain string is English where a kind has English texts only.
            english = field.language or (known.get("@language") if isinstance(known, dict) else None)
            return {**head, "@container": "@language", **({"@language": english} if english else {})}
        case _:
            typed = len(field.datatypes) == 1 and field.holds is not Holds.TEXT
            return {**head, **({"@type": curie(str(field.datatypes[0]))} if typed else {})}


def _apart(definition: Json, key: str, context: Json) -> Json:
    """A definition whose values are read under a context that holds nothing else (JSON-LD 1.1, 4.1.8)."""
    return {**definition, "@context": [None, {**context, key: definition}]}
