"""Writing the index: one SQLite file, made once and never changed.

``record`` holds what is shown. Its columns of text are indexed in two parts, titles and bodies, so that the
length of a body does not count against a title. Each part has three FTS5 tables: ``words`` as they are,
``stems`` with English words cut to their stems, ``pairs`` with the pairs of characters of Chinese, Japanese
and Korean. The first two take their texts for marking from ``record``; what they index differs from it only
letter by letter (see :func:`nexuskb.search.words.fold`), so that the places of words are the same.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from nexuskb.errors import SettingsError
from nexuskb.search.documents import Document
from nexuskb.search.words import as_title, fold, paired

#: The columns of text of each part.
PARTS: Final = {"title": ("label", "titles"), "body": ("subjects", "texts", "context", "codes")}
COLUMNS: Final = tuple(column for columns in PARTS.values() for column in columns)
KINDS: Final = ("words", "stems", "pairs")

_SCHEMA: Final = f"""
CREATE TABLE record (
  id INTEGER PRIMARY KEY, identifier TEXT NOT NULL, kind TEXT NOT NULL, language TEXT NOT NULL,
  {", ".join(f"{column} TEXT NOT NULL" for column in COLUMNS)}
);
CREATE TABLE term (facet TEXT, value TEXT, record INTEGER, PRIMARY KEY (facet, value, record)) WITHOUT ROWID;
CREATE INDEX term_of_record ON term (record, facet, value);
CREATE TABLE title (text TEXT, record INTEGER, PRIMARY KEY (text, record)) WITHOUT ROWID;
CREATE TABLE reservation (record INTEGER, words TEXT, PRIMARY KEY (record, words)) WITHOUT ROWID;
"""
_PLAIN: Final = "unicode61 remove_diacritics 2"
_OPTIONS: Final = {
    "words": f"content='record', content_rowid='id', tokenize='{_PLAIN}', prefix='3 4'",
    "stems": f"content='record', content_rowid='id', tokenize='porter {_PLAIN}'",
    "pairs": f"content='', tokenize='{_PLAIN}', prefix='1'",
}


def write_index(path: Path, documents: Iterable[Document]) -> None:
    """Write the index of some documents, in the order of their identifiers, to a new file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        try:
            connection.executescript(_SCHEMA + "".join(_text_tables()))
        except sqlite3.OperationalError as error:
            raise SettingsError(f"The SQLite of this Python cannot search texts (FTS5): {error}.") from error
        connection.execute("BEGIN")
        for number, document in enumerate(documents, start=1):
            _write(connection, number, document)
        for table in (f"{part}_{kind}" for part in PARTS for kind in KINDS):
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 -- our names
        connection.execute("COMMIT")
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _text_tables() -> Iterator[str]:
    for part, columns in PARTS.items():
        for kind, options in _OPTIONS.items():
            yield f"CREATE VIRTUAL TABLE {part}_{kind} USING fts5 ({', '.join(columns)}, {options});\n"


def _write(connection: sqlite3.Connection, number: int, document: Document) -> None:
    shown = {column: str(getattr(document, column)) for column in COLUMNS}
    head: list[str | int] = [number, document.identifier, document.kind, document.language]
    _insert(connection, "record", ("id", "identifier", "kind", "language", *shown), [*head, *shown.values()])
    for part, columns in PARTS.items():
        for kind in KINDS:
            texts = [paired(shown[column]) if kind == "pairs" else fold(shown[column]) for column in columns]
            _insert(connection, f"{part}_{kind}", ("rowid", *columns), [number, *texts])
    for facet, value in sorted(document.terms):
        _insert(connection, "term", ("facet", "value", "record"), [facet, value, number])
    for title in {as_title(line) for line in (document.label, *document.titles.splitlines())}:
        _insert(connection, "title", ("text", "record"), [title, number])
    for words in document.reservations:
        _insert(connection, "reservation", ("record", "words"), [number, words])


def _insert(
    connection: sqlite3.Connection, table: str, columns: Iterable[str], values: list[str | int]
) -> None:
    places = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", values)  # noqa: S608
