"""The ledger as those see it who serve what it accepts: what is new, and which content it made when."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import Final

from nexuskb.errors import NexusError
from nexuskb.records.ledger import LEDGER_FILE, Accepted, Ledger
from nexuskb.store.filling import Content

_LOG: Final = logging.getLogger(__name__)
#: Seconds between looks at the ledger for what other processes have written.
_LOOK: Final = 1.0
#: Most changes that are brought in at one moment.
_PORTION: Final = 500


class Followed:
    """The ledger under a home; there may be none, until somebody enters something."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._ledger: Ledger | None = None

    def news(self, content: Content, last: int | None = None) -> list[Accepted] | None:
        """The first changes accepted after a content, up to the change ``last``.

        ``None`` if the content is none that the ledger went through, as after a backup was restored.
        """
        ledger = self._opened()
        if ledger is None:
            return []
        if ledger.head_at(content.seq) != content.head:
            return None
        found = islice(ledger.accepted(content.seq), _PORTION)
        return [change for change in found if last is None or change.seq <= last]

    def content(self, generation: str, files: str) -> Content | None:
        """The content of these files and of what was accepted up to some moment that has this name."""
        ledger = self._opened()
        rows = ledger.rows("SELECT seq, head FROM accepted ORDER BY seq DESC") if ledger else []
        contents = (Content(files, seq, head) for seq, head in (*rows, (0, "")))
        return next((content for content in contents if content.generation == generation), None)

    def close(self) -> None:
        """Close it."""
        if self._ledger:
            self._ledger.close()

    def _opened(self) -> Ledger | None:
        if self._ledger is None and (self._home / LEDGER_FILE).exists():
            self._ledger = Ledger.open(self._home)
        return self._ledger


async def keep_following(follow: Callable[[], Awaitable[None]]) -> None:
    """Follow the ledger from time to time. What keeps from that is logged once, until it is over."""
    said = ""
    while True:
        await asyncio.sleep(_LOOK)
        try:
            await follow()
        except (NexusError, OSError) as error:
            if str(error) != said:
                said = str(error)
                _LOG.error("What was accepted is not served yet: %s", said)
        else:
            said = ""
