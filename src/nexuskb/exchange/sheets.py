"""The sheets of a workbook for experts: which kinds it has, and the columns of each, all from the forms.

A sheet has its fields' keys in a hidden first row, their names in the second, their help in the third, and a
record a row from the fourth on. Evidence has a sheet of its own, a passage a row. A hidden sheet names the
revision of each record that the workbook was filled in with: its identifier and its tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rdflib import RDFS

from nexuskb.errors import UnknownTermError
from nexuskb.forms import Form, FormField, Forms, Holds
from nexuskb.terms import NX
from nexuskb.vocabulary import nearest_name

#: The first row of records, from 1, and how many a sheet may have.
FIRST_ROW: Final = 4
MOST_ROWS: Final = 2_000

#: Sheets that hold no records.
READ_ME, LISTS, PROBLEMS, REVISIONS = "Read me", "Lists", "Problems", "Revisions"
EVIDENCE_OF: Final = "record"

LANGUAGES: Final = {
    "en": "English",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "mn": "Mongolian",
    "ru": "Russian",
}
_PROSE: Final = frozenset({NX.caveat})


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key (``officialLabel@mn`` where a field has one for each language), heading and field."""

    key: str
    heading: str
    help: str
    required: bool
    field: FormField | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet for a kind of record, or for evidence."""

    title: str
    form: Form
    columns: tuple[Column, ...]


def sheets_for(forms: Forms, kinds: Iterable[str], languages: Iterable[str] = ()) -> list[Sheet]:
    """The sheets of a workbook for some kinds: these, what belongs to them, sources and evidence.

    ``languages`` are those beside the six of the region. Raises
    :class:`~nexuskb.errors.UnknownTermError`.
    """
    wanted = [kind_named(forms, kind) for kind in kinds]
    parts = [forms.kinds[part.kind] for form in wanted for part in form.parts]
    listed = dict.fromkeys([*wanted, *parts, forms.kinds["Source"]])
    found = [_sheet(form, languages) for form in listed]
    if any(field.holds is Holds.EVIDENCE for form in listed for field in form.fields):
        found.append(_sheet(forms.evidence, languages))
    return found


def all_sheets(forms: Forms) -> dict[str, Sheet]:
    """Every sheet that a workbook may have, by its title."""
    return {sheet.title: sheet for sheet in (_sheet(f, ()) for f in (*forms.kinds.values(), forms.evidence))}


def kind_named(forms: Forms, kind: str) -> Form:
    """The form of a kind by its key, label or plural, in any case: ``policy``, ``Driver finding``."""
    names = {name.casefold(): form for form in forms.kinds.values() for name in (form.label, form.key)}
    wanted = re.sub(r"[-_]", " ", kind).casefold().strip()
    for spelt in (wanted, wanted.replace(" ", ""), wanted.removesuffix("s"), re.sub("ies$", "y", wanted)):
        if spelt in names:
            return names[spelt]
    near = nearest_name(kind, list(forms.kinds))
    meant = f" Did you mean {near}?" if near else ""
    raise UnknownTermError(f"There is no kind of record {kind!r}: {', '.join(forms.kinds)}.{meant}")


def separator(field: FormField) -> str:
    """What stands between the values in a cell: a line break in prose, a semicolon elsewhere."""
    prose = field.about.group == "Content" or field.path in _PROSE
    return "\n" if field.holds is Holds.WORDS and prose else ";"


def joined(values: list[str], field: FormField) -> str:
    """Several values as the text of one cell."""
    mark = separator(field)
    if mark == "\n":
        return "\n".join(value.replace("\n", " ") for value in values)
    return "; ".join(value.replace("\\", "\\\\").replace(";", r"\;") for value in values)


def split(text: str, field: FormField) -> list[str]:
    """The values in a cell. A semicolon that belongs to a value has a backslash in front."""
    if separator(field) == "\n":
        parts = text.split("\n")
    else:
        found = re.findall(r"((?:\\.|[^\\;])*)(?:;|$)", text, re.DOTALL)
        parts = [re.sub(r"\\([;\\])", r"\1", part) for part in found]
    return [part.strip() for part in parts if part.strip()]


def _sheet(form: Form, languages: Iterable[str]) -> Sheet:
    own = {column.key: column for field in form.fields for column in _columns(field, languages)}
    if form.key == "Evidence":
        help_ = "The identifier of the record that the passage supports."
        return Sheet(form.label, form, (Column(EVIDENCE_OF, "Of record", help_, True), *own.values()))
    first = own.pop("identifier")
    return Sheet(form.label, form, (first, *own.values()))


def _columns(field: FormField, languages: Iterable[str]) -> Iterable[Column]:
    if field.holds is Holds.EVIDENCE or field.path == NX.reviewState:
        return
    about = field.about
    required = field.least > 0
    if field.holds is Holds.WORDS and not field.language:
        named = {**LANGUAGES, **{each: each for each in languages}}
        for code, name in named.items():
            english = required and field.path == RDFS.label and code == "en"
            help_ = f"{about.help} One language is enough." if required else about.help
            yield Column(f"{field.key}@{code}", f"{about.name} ({name})", help_, english, field, code)
        return
    several = ""
    if not field.single:
        several = " Several: a line each." if separator(field) == "\n" else " Several: with ; between them."
    made = field.key == "identifier"
    help_ = f"{about.help} Small Latin letters, digits, hyphens; made from the title where it is left empty."
    yield Column(
        field.key,
        about.name,
        help_ if made else about.help + _hint(field) + several,
        required and not made,
        field,
        field.language,
    )


def _hint(field: FormField) -> str:
    if field.holds is Holds.DATE:
        several = " As precise as the source: 2012, 2012-05 or 2012-05-17."
        return several if len(field.datatypes) > 1 else " Such as 2012."
    return _HINTS.get(field.holds, "")


_HINTS: Final = {
    Holds.NUMBER: " With a decimal point, such as 12.5.",
    Holds.RECORD: " By its identifier.",
    Holds.THING: " The identifier of a record, or a term such as driver:overgrazing.",
    Holds.TERM: " Choose from the list.",
}
