"""What became of a record since somebody looked at it: their revision, and who wrote after it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from nexuskb.records.ledger import Ledger
from nexuskb.records.life import Step
from nexuskb.records.revisions import Event, history

#: Steps after which the latest content of a record may be another.
_WRITES: Final = (Step.SAVE, Step.RESTORE, Step.TAKE_BACK, Step.WITHDRAW)
_TAG: Final = re.compile(r"(?:r(?P<act>[0-9]{1,15})-|f)(?P<digest>[0-9a-f]{8,16})")


@dataclass(frozen=True, slots=True)
class Since:
    """What was written after a revision, in order. Revision 0 is what the curated files held."""

    revision: int
    events: tuple[Event, ...]


def written_since(ledger: Ledger, record: URIRef, tag: str) -> Since | None:
    """What was written after the state of a record that a tag stands for; "" stands for none at all.

    ``None`` if the record never was in that state here: its curated file was edited, or a backup restored.
    """
    events = history(ledger, record)
    began_here = ledger.content(record, 0) is None
    if not tag:
        return Since(0, _writes(events)) if events and began_here else None
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    act = int(match["act"] or 0)
    revision = next((event.revision for event in events if event.seq == act), None) if act else 0
    content = None if revision is None else ledger.content(record, revision)
    if revision is None or content is None or not is_of(tag, hashlib.sha256(content).hexdigest()):
        return None
    return Since(revision, _writes(event for event in events if event.seq > act))


def is_of(tag: str, digest: str) -> bool:
    """Whether a tag stands for a state with a content of this digest (SHA-256, hexadecimal)."""
    match = _TAG.fullmatch(tag)
    return match is not None and digest.startswith(match["digest"])


def _writes(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(event for event in events if event.step in _WRITES)
