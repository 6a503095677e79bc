"""An index that is brought up to date while it is asked.

It is a copy of the index of a generation, which is never changed, in a directory of its own. Searches that
have begun see it as it was, later ones as it is (SQLite, write-ahead log). It need not outlast its process,
so nothing is flushed; what killed processes have left is cleared away by the next.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from nexuskb.errors import SettingsError
from nexuskb.holding import own_directory
from nexuskb.search.building import update_index
from nexuskb.search.documents import Document
from nexuskb.search.index import INDEX_FILE, SearchIndex, open_changing_index

_PREFIX: Final = "searching-"


class LiveIndex:
    """A changing index under ``home``. Use it as a context manager; ``index`` is what searches ask."""

    index: SearchIndex

    def __init__(self, home: Path, source: Path, connections: int) -> None:
        self._home = home
        self._source = source
        self._connections = connections

    def __enter__(self) -> LiveIndex:
        with ExitStack() as stack:
            try:
                directory = stack.enter_context(own_directory(self._home, _PREFIX))
                path = directory / INDEX_FILE
                shutil.copyfile(self._source, path)
            except OSError as error:
                raise SettingsError(
                    f"No index can be written under {self._home}: {error.strerror}."
                ) from error
            self._writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            stack.callback(self._writer.close)
            self._writer.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
            self.index = open_changing_index(path, self._connections)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it and remove its files."""
        self._stack.close()

    def write(self, documents: Mapping[str, Document | None]) -> None:
        """Write what changed, by identifier. Searches see it after :meth:`commit`, not before."""
        if self._writer.in_transaction:
            self._writer.rollback()
        self._writer.execute("BEGIN IMMEDIATE")
        update_index(self._writer, documents)

    def commit(self) -> None:
        """Let searches that begin from now on see what was written."""
        self._writer.execute("COMMIT")
