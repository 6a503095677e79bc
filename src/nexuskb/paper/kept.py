"""The completeness of the whole outline, kept with the name of what it was made from.

It asks every question of the paper, which takes seconds. What is kept is used as long as the base, the
outline and the queries are the same, and made anew otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from nexuskb import __version__
from nexuskb.asking import Asking
from nexuskb.errors import SettingsError
from nexuskb.paper.outline import (
    AnswerState,
    Comment,
    Completeness,
    Section,
    complete,
    completeness,
    queries,
    read_outline,
    section_of,
)
from nexuskb.vocabulary import Vocabularies
from nexuskb.whole import write_whole

#: The file, in the home directory.
KEPT_FILE: Final = "outline.json"
_TRIES: Final = 3


def complete_outline(
    home: Path, served: Callable[[], str], vocabularies: Vocabularies
) -> Asking[tuple[Completeness, ...]]:
    """The completeness of all sections: as it is kept in the home directory, or else made and kept there.

    ``served`` names the generation of the base that answers. If that changes meanwhile, the work is done
    anew, and not kept if the base never holds still. A home that cannot be written keeps nothing.
    """
    tries = 0
    while True:
        tries, generation = tries + 1, served()
        outline = yield from read_outline()
        made_of = _made_of(generation, queries(outline, vocabularies))
        known = _read(home / KEPT_FILE, made_of, outline)
        if known is not None:
            return known
        found = yield from complete(outline, vocabularies)
        if served() == generation:
            kept = {"made-of": made_of, "sections": [_plain(each) for each in found]}
            with suppress(SettingsError):
                write_whole(home / KEPT_FILE, json.dumps(kept, ensure_ascii=False).encode())
            return found
        if tries == _TRIES:
            return found


def complete_section(
    home: Path, generation: str, identifier: str, vocabularies: Vocabularies
) -> Asking[tuple[Completeness, tuple[Section, ...]]]:
    """The completeness of the section of this identifier or number, and the whole outline.

    From what is kept, or else by asking the questions of this section alone. Raises
    :class:`RecordNotFoundError`.
    """
    outline = yield from read_outline()
    section = section_of(outline, identifier)
    known = _read(home / KEPT_FILE, _made_of(generation, queries(outline, vocabularies)), outline)
    if known is not None:
        return known[outline.index(section)], outline
    return (yield from completeness(section, vocabularies)), outline


def _made_of(generation: str, asked: Iterable[str]) -> str:
    return hashlib.sha256("\0".join([__version__, generation, *asked]).encode()).hexdigest()


def _read(file: Path, made_of: str, outline: tuple[Section, ...]) -> tuple[Completeness, ...] | None:
    """What is kept, if it was made of this; a file that cannot be read is as good as none."""
    try:
        kept = json.loads(file.read_bytes())
        if kept["made-of"] != made_of:
            return None
        pairs = zip(outline, kept["sections"], strict=True)
        return tuple(_completeness(section, plain) for section, plain in pairs)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _plain(found: Completeness) -> dict[str, Any]:
    """The counts alone; the sections and their questions are read from the base."""
    plain = found.as_dict()
    for answer in plain["answers"]:
        del answer["question"]
    return {name: plain[name] for name in ("answers", "records", "documents", "missing", "comments")}


def _completeness(section: Section, plain: dict[str, Any]) -> Completeness:
    return Completeness(
        section=section,
        answers=tuple(
            AnswerState(asked, **{**answer, "records": tuple(answer["records"])})
            for asked, answer in zip(section.questions, plain["answers"], strict=True)
        ),
        records=tuple(plain["records"]),
        documents=plain["documents"],
        missing=tuple(plain["missing"]),
        comments=tuple(Comment(**comment) for comment in plain["comments"]),
    )
