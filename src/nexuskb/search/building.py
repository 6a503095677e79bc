"""Writing the index: one SQLite file, made once, and brought up to date record by record.

``record`` holds what is shown, and by what it is sorted. Its columns of text are indexed in two parts, titles
and bodies, so that the length of a body does not count against a title. Each part has three FTS5 tables:
``words`` as they are, ``stems`` with English words cut to their stems, ``pairs`` with the pairs of characters
of Chinese, Japanese and Korean. The first two take their texts for marking from ``record``; what they index
differs from it only letter by letter (see :func:`nexuskb.search.words.fold`), so that the places of words
are the same.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
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
  sorting TEXT NOT NULL, {", ".join(f"{column} TEXT NOT NULL" for column in COLUMNS)}
);
CREATE UNIQUE INDEX record_of_identifier ON record (identifier);
CREATE TABLE term (facet TEXT, value TEXT, record INTEGER, PRIMARY KEY (facet, value, record)) WITHOUT ROWID;
CREATE INDEX term_of_record ON term (record, facet, value);
CREATE TABLE title (text TEXT, record INTEGER, PRIMARY KEY (text, record)) WITHOUT ROWID;
CREATE INDEX title_of_record ON title (record);
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


def update_index(connection: sqlite3.Connection, documents: Mapping[str, Document | None]) -> None:
    """Bring records up to date, by identifier, in the open transaction; ``None`` is for one that went.

    What is found afterwards is what is found in an index that was written anew.
    """
    for identifier, document in documents.items():
        known = connection.execute("SELECT id FROM record WHERE identifier = ?", [identifier]).fetchone()
        if known:
            _remove(connection, known[0])
        if document is not None:
            (last,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM record").fetchone()
            _write(connection, known[0] if known else last + 1, document)


def _remove(connection: sqlite3.Connection, number: int) -> None:
    """Take a record out. FTS5 is told the texts that it indexed, as it keeps none of them itself."""
    texts = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM record WHERE id = ?", [number]).fetchone()  # noqa: S608 -- our names
    shown = dict(zip(COLUMNS, texts, strict=True))
    for part, columns in PARTS.items():
        for kind in KINDS:
            table = f"{part}_{kind}"
            _insert(
                connection,
                table,
                (table, "rowid", *columns),
                ["delete", number, *_indexed(kind, columns, shown)],
            )
    for table in ("term", "title", "reservation"):
        connection.execute(f"DELETE FROM {table} WHERE record = ?", [number])  # noqa: S608 -- our names
    connection.execute("DELETE FROM record WHERE id = ?", [number])


def _indexed(kind: str, columns: Iterable[str], shown: Mapping[str, str]) -> list[str]:
    """The texts of some columns as a table of this kind indexes them."""
    return [paired(shown[column]) if kind == "pairs" else fold(shown[column]) for column in columns]


def _text_tables() -> Iterator[str]:
    for part, columns in PARTS.items():
        for kind, options in _OPTIONS.items():
            yield f"CREATE VIRTUAL TABLE {part}_{kind} USING fts5 ({', '.join(columns)}, {options});\n"


def _write(connection: sqlite3.Connection, number: int, document: Document) -> None:
    shown = {column: str(getattr(document, column)) for column in COLUMNS}
    head: dict[str, str | int] = {
        "id": number,
        "identifier": document.identifier,
        "kind": document.kind,
        "language": document.language,
        "sorting": as_title(document.label),
    }
    _insert(connection, "record", (*head, *shown), [*head.values(), *shown.values()])
    for part, columns in PARTS.items():
        for kind in KINDS:
            texts = _indexed(kind, columns, shown)
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
