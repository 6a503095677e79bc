"""A form as its page shows it: widgets, choices, the labels of records named, and faults at their inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nexuskb.forms import Form, FormField, Forms, Holds
from nexuskb.terms import NX
from nexuskb.vocabulary import Scheme, Term, Vocabularies
from nexuskb_api.entry.posted import Block, Box, Entry, Group

#: Terms up to which a vocabulary is shown as a whole, as boxes to tick or as a list to choose from.
_TICKED = 16
_LISTED = 60
#: The group of fields that only editors need.
_SELDOM = "State of the record"
#: Languages offered for texts that may be in any; others can be given in a workbook or over HTTP.
LANGUAGES = (
    ("en", "English"), ("zh", "Chinese"), ("ja", "Japanese"), ("ko", "Korean"), ("mn", "Mongolian"),
    ("ru", "Russian"),
)  # fmt: skip

_WIDGETS = {
    Holds.NUMBER: "number",
    Holds.COUNT: "number",
    Holds.DATE: "date",
    Holds.ADDRESS: "address",
    Holds.RECORD: "picker",
    Holds.THING: "picker",
    Holds.EVIDENCE: "passages",
}


@dataclass(frozen=True, slots=True)
class Near:
    """A record that may have been meant."""

    identifier: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A fault as it is shown: at an input, in words, with what may have been meant.

    One that ``warns`` keeps nothing from entering.
    """

    input: str
    message: str
    field: str = ""
    value: str = ""
    suggestion: str = ""
    candidates: tuple[Near, ...] = ()
    warns: bool = False

    @property
    def said(self) -> str:
        """The message without the name of the field, for where that stands already."""
        words = self.message.removeprefix(f"{self.field}: ") if self.field else self.message
        return words[:1].upper() + words[1:]


@dataclass(slots=True)
class Sheet:
    """Everything that the template of a form asks for."""

    group: Group
    forms: Forms
    vocabularies: Vocabularies
    faults: list[Shown] = field(default_factory=list)
    labels: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[tuple[str, str], ...] = LANGUAGES

    def widget(self, each: FormField) -> str:
        """The kind of input for a field."""
        if each.holds is Holds.TERM:
            few = len(self.terms(each))
            if each.single:
                return "select" if few <= _LISTED else "terms"
            return "checks" if few <= _TICKED else "terms"
        if each.holds is Holds.WORDS:
            long = each.about.group == "Content"
            return ("text" if long else "line") if each.language else "words"
        if each.choices:
            return "select"
        return _WIDGETS.get(each.holds, "line")

    def terms(self, each: FormField) -> tuple[Term, ...] | list[_Choice]:
        """What may be chosen for a field."""
        if each.choices:
            return [_Choice(text, text) for text in each.choices]
        return self.vocabularies.schemes[each.scheme].terms

    def keys(self, each: FormField) -> set[str]:
        """The keys of what may be chosen."""
        return {term.key for term in self.terms(each)}

    def kinds_of(self, each: FormField) -> list[str]:
        """The kinds of record that a field may name."""
        return [form.key for form in self.forms.kinds_within(each.classes)]

    @property
    def lists(self) -> dict[str, Scheme]:
        """The vocabularies that inputs of this form complete from."""
        keys = {box.field.scheme for box in self._boxes() if self.widget(box.field) == "terms"}
        return {key: self.vocabularies.schemes[key] for key in sorted(keys)}

    def asked(self, inner: Box, outer: Box) -> bool:
        """Whether a field of a passage means anything here: only records with ends have ends to support."""
        ends = any(box.field.holds is Holds.THING for box in self.group.boxes)
        return inner.field.scheme != "end" or (ends and outer in self.group.boxes)

    def is_seldom(self, boxes: list[Box]) -> bool:
        """Whether a group of fields can stay folded: the one on the record itself, with nothing in it."""
        return boxes[0].field.about.group == _SELDOM and not any(
            self.faults_at(box.name) or not all(entry.empty for entry in box.entries) for box in boxes
        )

    def inherits(self, box: Box) -> bool:
        """Whether a field is filled from the whole when it is left empty: the source of a part's passage."""
        parts = tuple(f"{block.name}." for block in self.group.blocks)
        return bool(parts) and box.name.startswith(parts) and box.field.path == NX.source

    def block_title(self, block: Block) -> str:
        """The heading over the parts of a record."""
        return f"{self.part_label(block)}s"

    def part_label(self, block: Block) -> str:
        """What one part of a block is."""
        part = next(part for part in self.group.form.parts if part.key == block.label)
        return self.forms.kinds[part.kind].label

    def in_order(self) -> list[Shown]:
        """The faults in the order of their inputs, those of the whole form first."""
        places = {box.name: number for number, box in enumerate(self._boxes(), 1)}
        return sorted(self.faults, key=lambda fault: places.get(fault.input, 0))

    def faults_at(self, name: str) -> list[Shown]:
        """What is wrong with an input."""
        return [fault for fault in self.faults if fault.input == name]

    def records_named(self) -> list[tuple[Box, Entry]]:
        """The inputs that name records, with what was typed."""
        return [
            (box, entry)
            for box in self._boxes()
            if box.field.holds in (Holds.RECORD, Holds.THING)
            for entry in box.entries
            if entry.text.strip()
        ]

    def _boxes(self) -> Iterator[Box]:
        yield from _all_boxes(self.group)


@dataclass(frozen=True, slots=True)
class _Choice:
    key: str
    label: str


def _all_boxes(group: Group) -> Iterator[Box]:
    for box in group.boxes:
        yield box
        for entry in box.entries:
            if entry.within is not None:
                yield from _all_boxes(entry.within)
    for block in group.blocks:
        for part in block.groups:
            yield from _all_boxes(part)


def form_title(form: Form) -> str:
    """The heading of the page that adds a record of this kind."""
    return f"Add a {form.label.lower()}" if form.label[:1] not in "AEIOU" else f"Add an {form.label.lower()}"
