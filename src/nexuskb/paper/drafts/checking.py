"""What is wrong with a draft: each fault with its sentence and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rdflib import SH, Graph

from nexuskb.asking import Asking
from nexuskb.paper.drafts.reading import Sentence
from nexuskb.paper.findings import Finding, fingerprint, read_findings
from nexuskb.terms import SHAPES, record_iri

_SCALES = {"thousand": 1e3, "million": 1e6, "mln": 1e6, "billion": 1e9, "bn": 1e9, "trillion": 1e12}
_UNIT = (
    r"per cent|percent|%|°C|degrees|hectares?|ha\b|km2|km²|square kilometres|m3|m³|cubic metres|tonnes?|tons?"
    r"|t\b|people|persons|trees|animals|head\b|households|US dollars|USD|dollars|MNT|yuan|yen|won|roubles"
    r"|km\b|mm\b|MW|GW"
)
_FIGURE = re.compile(
    rf"(?P<money>USD |US\$ ?|\$|MNT |CNY |JPY |KRW )?(?<![\w.,-])(?P<number>\d+(?:[, ]\d{{3}})*(?:\.\d+)?)"
    rf"(?:[ -](?P<scale>{'|'.join(_SCALES)}))?(?:[ -]?(?P<unit>{_UNIT}))?",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"\d+(?:,\d{{3}})*(?:\.\d+)?(?:[ -](?:{'|'.join(_SCALES)}))?", re.IGNORECASE)
_QUOTED = re.compile(r"[“\"]([^“”\"]{12,400})[”\"]")
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a draft: its kind, the sentence, what it is about, and what to do."""

    kind: str
    sentence: Sentence
    about: str
    message: str


def wrong_country_names(shapes: Graph) -> re.Pattern[str]:
    """The pattern of the shapes for countries named otherwise than the United Nations names them."""
    return re.compile(str(shapes.value(SHAPES["wrong-country-name"], SH.pattern)), re.IGNORECASE)


def check(
    sentences: Sequence[Sentence], wrong_names: re.Pattern[str], before: Mapping[str, str] | None = None
) -> Asking[list[Fault]]:
    """The faults of a draft in its order.

    ``wrong_names`` is the pattern of the shapes for countries named otherwise than the United Nations names
    them; ``before`` are the fingerprints of the records in the manifest of the pack that was written from.
    """
    keys = sorted({key for sentence in sentences for key in sentence.keys})
    known = yield from read_findings(keys)
    moved = {}
    unknown = [key for key in keys if key not in known]
    if unknown:
        values = " ".join(f'"{key}"' for key in unknown)
        rows = yield _MOVED % values
        moved = {row["old"]: row["now"] for row in rows}
    machine = {row["label"] for row in (yield _MACHINE)}
    base = _Base(known, moved, machine, wrong_names, before or {})
    return [fault for sentence in sentences for fault in _faults(sentence, base)]


_MOVED = """SELECT ?old ?now {
  VALUES ?old { %s } ?record nx:otherIdentifier ?old ; dcterms:identifier ?now
}"""

_MACHINE = """SELECT DISTINCT (STR(?text) AS ?label) {
  ?record nx:labelStatus labelstatus:machine ; rdfs:label ?text FILTER(LANG(?text) = "en")
}"""


@dataclass(frozen=True, slots=True)
class _Base:
    """What a sentence is held against."""

    known: Mapping[str, Finding]
    moved: Mapping[str, str]
    machine: set[str]
    wrong_names: re.Pattern[str]
    before: Mapping[str, str]


def _faults(sentence: Sentence, base: _Base) -> Iterator[Fault]:
    known, moved, before = base.known, base.moved, base.before
    cited = [known[key] for key in sentence.keys if key in known]
    for key in sentence.keys:
        if key in moved:
            yield Fault("record gone", sentence, key, f"The record {key} is now {moved[key]}: cite that.")
        elif key not in known:
            yield Fault("record gone", sentence, key, f"The base has no record {key}: see {record_iri(key)}.")
        elif key in before and before[key] != fingerprint(known[key]):
            message = f"The record {key} has changed since the pack was made: read it again."
            yield Fault("record changed", sentence, key, message)
    yield from _figures(sentence, cited)
    if cited and len(cited) == len(sentence.keys) and all(_is_weak(each) for each in cited):
        words = " ".join(dict.fromkeys(w for each in cited for w in each.reservations if w in _WEAK))
        message = f"The claim has no stronger source. {words} Cite another record or say so."
        yield Fault("weak source", sentence, ", ".join(each.identifier for each in cited), message)
    for found in base.wrong_names.finditer(_QUOTED.sub("", sentence.text)):
        name = found[0].strip(" .,;:()'’")
        message = f"{name}: use the name of the United Nations, such as Republic of Korea."
        yield Fault("country name", sentence, name, message)
    for label in sorted(base.machine):
        if label in sentence.text:
            message = f"The title “{label}” was made by a machine: use the official one."
            yield Fault("machine-made label", sentence, label, message)
    texts = [_folded(" ".join(_texts(each))) for each in cited]
    for quoted in _QUOTED.findall(sentence.text):
        if cited and len(quoted.split()) > 3 and not any(_folded(quoted) in text for text in texts):
            message = f"“{quoted}” is not in what the base has of the records cited: check it in the source."
            yield Fault("quotation", sentence, quoted, message)


_WEAK = (
    "Rests on news alone.",
    "Rests on general knowledge: check it against a source before use.",
    "Rests alone on texts compiled in another State, which the State concerned may not accept as official.",
)


def _is_weak(found: Finding) -> bool:
    return len({c.reference.identifier for c in found.citations}) < 2 and any(
        words in _WEAK for words in found.reservations
    )


def _figures(sentence: Sentence, cited: Sequence[Finding]) -> Iterator[Fault]:
    text = _QUOTED.sub("", sentence.text)
    for found in _FIGURE.finditer(text):
        if not (found["unit"] or found["money"] or found["scale"]):
            continue
        shown = found[0].strip()
        if not sentence.keys:
            message = f"{shown} has no citation: cite the record that it is from."
            yield Fault("figure without citation", sentence, shown, message)
        elif cited and not _agrees(found, cited):
            figures = "; ".join(f"{each.identifier}: {each.figure}" for each in cited if each.figure)
            said = f" The figures of the records: {figures}." if figures else ""
            yield Fault("figure differs", sentence, shown, f"{shown} is in no record cited.{said}")


def _agrees(found: re.Match[str], cited: Iterable[Finding]) -> bool:
    plain = float(re.sub(r"[, ]", "", found["number"]))
    wanted = {plain, plain * _SCALES.get((found["scale"] or "").lower(), 1)}
    numbers = {value for each in cited for text in _texts(each) for value in _numbers(text)}
    return any(abs(a - b) <= _SAME * max(1.0, abs(a)) for a in wanted for b in numbers)


def _numbers(text: str) -> Iterator[float]:
    """Each number of a text, alone and with the word that multiplies it."""
    for found in _NUMBER.findall(text):
        number, _, scale = found.replace("-", " ").partition(" ")
        value = float(number.replace(",", ""))
        yield value
        yield value * _SCALES.get(scale.lower(), 1)


def _texts(found: Finding) -> tuple[str, ...]:
    sources = (citation.reference.printed_title for citation in found.citations)
    return (found.label, found.figure, found.value, found.year, *found.statements, *found.qualities, *sources)


def _folded(text: str) -> str:
    return re.sub(r"\W+", " ", text).casefold().strip()
