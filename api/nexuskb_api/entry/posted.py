"""What a web form posts, read as the form of the record's kind, and made into the record's JSON document.

Inputs are named by their place: ``label``, ``evidence.0.source``, ``measures.1.instrument``. Fields that
take several plain values are posted under one name, once a value; a text with a language has the language
beside it under ``name.language``. The form says which names there are: whatever else is posted is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rdflib import DCTERMS

from nexuskb.exchange.documents import ID, KIND
from nexuskb.exchange.identifiers import Taken, identifier_for, never
from nexuskb.forms import Form, FormField, Forms, Holds
from nexuskb.terms import NX

#: Fields that are not for the person who fills in a form: given by the base itself.
NOT_ASKED = frozenset({DCTERMS.identifier, NX.reviewState})
#: Most passages, measures or values of one field in one form.
MOST = 50

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a field as it was typed, with its language, or the group of inputs it consists of.

    ``within`` are the inputs of a record that is described here because the base does not have it yet.
    """

    name: str
    text: str = ""
    language: str = ""
    within: Group | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was typed."""
        return not self.text.strip() and (self.within is None or self.within.empty)


@dataclass(frozen=True, slots=True)
class Box:
    """A field on the page with what was typed into it."""

    name: str
    field: FormField
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The records that belong to the one of the form, such as the measures of a policy."""

    name: str
    label: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The inputs of one record or passage."""

    name: str
    form: Form
    boxes: tuple[Box, ...]
    blocks: tuple[Block, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was typed into any of them."""
        return all(entry.empty for box in self.boxes for entry in box.entries) and not any(
            not group.empty for block in self.blocks for group in block.groups
        )

    def sections(self) -> dict[str, list[Box]]:
        """The boxes under the headings of the shapes."""
        found: dict[str, list[Box]] = {}
        for box in self.boxes:
            found.setdefault(box.field.about.group, []).append(box)
        return found


@dataclass(slots=True)
class Posted:
    """The document that was posted, and the name of the input behind each JSON pointer in it."""

    document: dict[str, object]
    names: dict[str, str] = field(default_factory=dict)

    def name_of(self, pointer: str) -> str:
        """The input to show a fault at: the narrowest that there is; "" for the form as a whole."""
        while pointer and pointer not in self.names:
            pointer = pointer.rpartition("/")[0]
        return self.names.get(pointer, "")


def redrawn(pairs: Pairs, add: str = "", remove: str = "") -> Pairs:
    """The pairs with one more value or group under a name, or without a group."""
    if remove:
        pairs = [pair for pair in pairs if not pair[0].startswith(f"{remove}.")]
    if add:
        numbers = _numbers((name for name, _ in pairs), add)
        pairs = [*pairs, (add, ""), (f"{add}.language", ""), (f"{add}.{max(numbers, default=-1) + 1}._", "")]
    return pairs


def read_group(forms: Forms, form: Form, pairs: Iterable[tuple[str, str]]) -> Group:
    """The inputs of a form as they were posted; of an empty list, the form to begin with."""
    posted: dict[str, list[str]] = {}
    for name, value in pairs:
        posted.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return _Reading(forms, posted).group(form, "", frozenset(NOT_ASKED), whole=True)


@dataclass(slots=True)
class _Reading:
    forms: Forms
    posted: dict[str, list[str]]

    def group(self, form: Form, prefix: str, skipped: frozenset[object], *, whole: bool = False) -> Group:
        boxes = tuple(
            Box(prefix + each.key, each, self._entries(each, prefix + each.key))
            for each in form.fields
            if each.path not in skipped
        )
        blocks = tuple(
            Block(prefix + part.key, part.key, tuple(
                self.group(self.forms.kinds[part.kind], f"{prefix}{part.key}.{number}.",
                           NOT_ASKED | {part.path, NX.area})
                for number in self._numbers(prefix + part.key)
            ))
            for part in (form.parts if whole else ())
        )  # fmt: skip
        return Group(prefix, form, boxes, blocks)

    def _entries(self, each: FormField, name: str) -> tuple[Entry, ...]:
        if each.holds is Holds.EVIDENCE:
            numbers = self._numbers(name) or [0]
            return tuple(self._passage(f"{name}.{number}") for number in numbers)
        texts = self.posted.get(name, [""])[:MOST] if not each.single else self.posted.get(name, [""])[:1]
        if each.holds is Holds.WORDS and not each.language:
            languages = self.posted.get(f"{name}.language", [])
            languages += [""] * (len(texts) - len(languages))
            return tuple(Entry(name, text, lang) for text, lang in zip(texts, languages, strict=False))
        inner = self._describable(each)
        within = self.group(inner, f"{name}.", frozenset(NOT_ASKED)) if inner and each.single else None
        return tuple(Entry(name, text, within=within) for text in texts)

    def _passage(self, name: str) -> Entry:
        """The inputs of a passage; its text is the id that the passage has already, if any."""
        within = self.group(self.forms.evidence, f"{name}.", frozenset())
        return Entry(name, self.posted.get(f"{name}.{ID}", [""])[0], within=within)

    def _describable(self, each: FormField) -> Form | None:
        """The kind of record that may be described where it is named: a plain one, such as a source."""
        kinds = self.forms.kinds_within(each.classes) if each.holds is Holds.RECORD else []
        deep = (Holds.EVIDENCE, Holds.RECORD)
        plain = [form for form in kinds if not any(inner.holds in deep for inner in form.fields)]
        return plain[0] if len(kinds) == 1 and plain else None

    def _numbers(self, name: str) -> list[int]:
        return _numbers(self.posted, name)[:MOST]


def _numbers(names: Iterable[str], name: str) -> list[int]:
    tails = (each.removeprefix(f"{name}.").partition(".") for each in names if each.startswith(f"{name}."))
    return sorted({int(number) for number, dot, _ in tails if dot and number.isascii() and number.isdigit()})


def document_of(group: Group, forms: Forms, taken: Taken = never) -> Posted:
    """The JSON document that a group of inputs stands for, without what was left empty.

    Parts are about the areas of the whole, and their passages stand in its first source unless they name
    another. ``taken`` tells which identifiers are in use, for a source that is described here.
    """
    posted = Posted({})
    posted.document = {KIND: group.form.key, **_fields(group, "", posted.names)}
    source = _first_source(posted.document, group.form, forms, taken) if group.blocks else ""
    areas = posted.document.get("area")
    for block in group.blocks:
        listed: list[object] = []
        for part in block.groups:
            pointer = f"/{block.label}/{len(listed)}"
            if not part.empty:
                posted.names[pointer] = part.name.removesuffix(".")
                own = _fields(part, pointer, posted.names)
                _fill_source(own, part.form, source)
                listed.append({**({"area": areas} if areas else {}), **own})
        if listed:
            posted.document[block.label] = listed
    return posted


def _first_source(document: dict[str, object], form: Form, forms: Forms, taken: Taken) -> str:
    """The identifier of the source of the first passage; one that is described here is given its own."""
    passages = next((document.get(f.key) for f in form.fields if f.holds is Holds.EVIDENCE), None)
    first = passages[0] if isinstance(passages, list) and passages else {}
    source = next((first.get(f.key) for f in forms.evidence.fields if f.holds is Holds.RECORD), None)
    if isinstance(source, dict):
        [inner] = [f for f in forms.evidence.fields if f.holds is Holds.RECORD]
        [described] = forms.kinds_within(inner.classes)
        source.setdefault("identifier", identifier_for(source, described, taken))
        return str(source["identifier"])
    return source if isinstance(source, str) else ""


def _fill_source(own: dict[str, object], form: Form, source: str) -> None:
    """Let passages without a source stand in this one."""
    for field_ in form.fields:
        passages = own.get(field_.key) if field_.holds is Holds.EVIDENCE else None
        for passage in passages if isinstance(passages, list) and source else ():
            passage.setdefault("source", source)


def _fields(group: Group, pointer: str, names: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for box in group.boxes:
        place = f"{pointer}/{box.field.key}"
        names[place] = box.name
        filled = [entry for entry in box.entries if not entry.empty]
        if not filled:
            continue
        if box.field.holds is Holds.WORDS and not box.field.language:
            found[box.field.key] = _by_language(filled)
        elif box.field.single and box.field.holds is not Holds.EVIDENCE:
            found[box.field.key] = _value(filled[0], place, names)
        else:
            read = _passage if box.field.holds is Holds.EVIDENCE else _value
            found[box.field.key] = [
                read(entry, f"{place}/{number}", names) for number, entry in enumerate(filled)
            ]
    return found


def _passage(entry: Entry, place: str, names: dict[str, str]) -> object:
    names[place] = entry.name
    within = _fields(entry.within, place, names) if entry.within else {}
    return {**({ID: entry.text} if entry.text else {}), **within}


def _value(entry: Entry, place: str, names: dict[str, str]) -> object:
    if entry.text.strip() or entry.within is None:
        return entry.text.strip()
    names[place] = entry.name
    return _fields(entry.within, place, names)


def _by_language(entries: list[Entry]) -> Mapping[str, object]:
    found: dict[str, list[str]] = {}
    for entry in entries:
        found.setdefault(entry.language.strip(), []).append(entry.text.strip())
    return {language: texts[0] if len(texts) == 1 else texts for language, texts in found.items()}


def pairs_of(document: Mapping[str, object], form: Form, forms: Forms, prefix: str = "") -> Pairs:
    """The pairs that a document would have been posted as: the start of an edit."""
    pairs: Pairs = []
    for each in form.fields:
        value, name = document.get(each.key), prefix + each.key
        listed = value if isinstance(value, list) else [] if value is None else [value]
        for number, item in enumerate(listed):
            if each.holds is Holds.EVIDENCE and isinstance(item, dict):
                within = f"{name}.{number}."
                pairs.append((within + ID, str(item.get(ID, ""))))
                pairs += pairs_of(item, forms.evidence, forms, within)
            elif isinstance(item, dict) and "@id" not in item and "@value" not in item:
                for language, texts in item.items():
                    for text in texts if isinstance(texts, list) else [texts]:
                        pairs += [(name, str(text)), (f"{name}.language", language)]
            elif isinstance(item, dict):
                pairs.append((name, str(item.get("@id", item.get("@value", "")))))
            else:
                pairs.append((name, str(item)))
    return pairs
