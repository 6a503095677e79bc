"""What the base knows by name: its classes, properties and vocabulary terms, for completing and explaining.

Names are as queries write them, ``driver:overgrazing``; labels are English, and ``other`` holds all others,
so that a term is found by whatever people call it, in any script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

from nexuskb.forms import Forms
from nexuskb.terms import curie, local_name

_NAMES = (RDFS.label, SKOS.prefLabel, SKOS.altLabel, SKOS.notation)
_MEANINGS = (SKOS.definition, RDFS.comment, SKOS.scopeNote)
_PROPERTIES = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)


@dataclass(frozen=True, slots=True)
class Known:
    """A class, a property or a term: its name, what it is called, and what it means.

    ``values`` are, for a property, the keys of the vocabularies that its values come from; ``count`` is how
    many things are of a class, or how many statements have a property.
    """

    iri: URIRef
    name: str
    label: str
    kind: str
    about: str
    other: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    count: int | None = None


def read_glossary(
    model: Graph, forms: Forms, classes: Mapping[str, int], properties: Mapping[str, int]
) -> list[Known]:
    """All that the model declares, and the classes and properties in use besides, by kind and name.

    ``classes`` and ``properties`` are the IRIs in use with their counts.
    """
    schemes = _schemes(forms)
    declared = {c for c in model.subjects(RDF.type, OWL.Class) if isinstance(c, URIRef)}
    used = {URIRef(iri) for iri in classes}
    found = [_known(model, iri, "class", classes.get(str(iri), 0)) for iri in declared | used]
    declared = {p for kind in _PROPERTIES for p in model.subjects(RDF.type, kind) if isinstance(p, URIRef)}
    used = {URIRef(iri) for iri in properties}
    found += [
        _known(model, iri, "property", properties.get(str(iri), 0), schemes.get(iri, ()))
        for iri in declared | used
    ]
    concepts = {c for c in model.subjects(RDF.type, SKOS.Concept) if isinstance(c, URIRef)}
    found += [_known(model, iri, "term", None) for iri in concepts]
    return sorted(found, key=lambda known: (known.kind, known.name))


def _schemes(forms: Forms) -> dict[URIRef, tuple[str, ...]]:
    """The vocabularies of each property, over the forms of all kinds."""
    found: dict[URIRef, set[str]] = {}
    for form in (*forms.kinds.values(), forms.evidence):
        for field in form.fields:
            if field.scheme:
                found.setdefault(field.path, set()).add(field.scheme)
    return {path: tuple(sorted(keys)) for path, keys in found.items()}


def _known(model: Graph, iri: URIRef, kind: str, count: int | None, values: tuple[str, ...] = ()) -> Known:
    names = [name for path in _NAMES for name in model.objects(iri, path) if isinstance(name, Literal)]
    english = [str(name) for name in names if name.language == "en"]
    label = english[0] if english else local_name(iri)
    others = sorted({str(name) for name in names} - {label})
    return Known(iri, curie(str(iri)), label, kind, _about(model, iri), tuple(others), values, count)


def _about(model: Graph, iri: URIRef) -> str:
    meanings: Iterable[str] = (
        str(words)
        for path in _MEANINGS
        for words in model.objects(iri, path)
        if isinstance(words, Literal) and words.language in (None, "en")
    )
    scheme = model.value(iri, SKOS.inScheme)
    title = str(model.value(scheme, DCTERMS.title) or "") if scheme is not None else ""
    return ". ".join(part.rstrip(".") for part in (title, next(iter(meanings), "")) if part)
