"""The languages of the interface: a catalogue of texts for each, and the one that a request gets.

Templates mark their texts for gettext; ``locale/nexuskb.pot`` has all of them, ``locale/LANGUAGE.po`` what
they are in a language. A page is in English until a catalogue has nearly all texts. Entries marked fuzzy are
machine-made or doubtful, and are shown only where the settings say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

#: Where the catalogues are.
LOCALE: Final = Path(__file__).resolve().parent / "locale"
#: The languages that the interface is meant to have, each by its own name.
LANGUAGES: Final = {
    "en": "English",
    "zh": "中文",
    "ja": "日本語",
    "ko": "한국어",
    "mn": "Монгол",
    "ru": "Русский",
}
#: The part of the texts that a catalogue must have before its language is offered.
ENOUGH: Final = 0.9

_ACCEPTED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*")


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages that pages are offered in, with the texts of each; English first."""

    texts: Mapping[str, NullTranslations] = field(default_factory=lambda: {"en": NullTranslations()})

    @property
    def names(self) -> dict[str, str]:
        """The languages by their codes, each by its own name."""
        return {code: LANGUAGES[code] for code in self.texts}

    def choose(self, wanted: str, accepted: str) -> str:
        """The language for a request: the one asked for, or else the best of ``Accept-Language``.

        By the beginning of a tag, as in the lookup of RFC 4647, 3.4: ``zh-Hans-CN`` is ``zh``.
        """
        if wanted in self.texts:
            return wanted
        return next((code for code in _preferences(accepted) if code in self.texts), "en")


def read_languages(machine_made: bool = False, directory: Path = LOCALE) -> Languages:
    """The languages with enough texts, with those that are marked fuzzy only if ``machine_made``."""
    texts: dict[str, NullTranslations] = {"en": NullTranslations()}
    with (directory / "nexuskb.pot").open("rb") as template:
        wanted = {message.id for message in read_po(template) if message.id}
    for code in LANGUAGES:
        path = directory / f"{code}.po"
        if not path.exists():
            continue
        with path.open("rb") as written:
            catalogue = read_po(written, locale=code)
        shown = {m.id for m in catalogue if m.id and _is_said(m.string) and (machine_made or not m.fuzzy)}
        if len(shown & wanted) >= ENOUGH * len(wanted):
            compiled = BytesIO()
            write_mo(compiled, catalogue, use_fuzzy=machine_made)
            compiled.seek(0)
            texts[code] = GNUTranslations(compiled)
    return Languages(texts)


def _is_said(translation: str | Sequence[str] | None) -> bool:
    return all(translation) if isinstance(translation, list | tuple) else bool(translation)


def _preferences(accepted: str) -> list[str]:
    """The languages of an ``Accept-Language`` field (RFC 9110, 12.5.4), the best first."""
    found = [match for part in accepted[:500].split(",") if (match := _ACCEPTED.fullmatch(part))]
    ranked = sorted(found, key=lambda match: -float(match[2] or 1))
    return [match[1].lower() for match in ranked if float(match[2] or 1)]
