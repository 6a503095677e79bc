"""Asking the index: what is found, in which order, and how it divides.

Every way to find a word is one phrase of letters and digits in quotation marks (see
:mod:`nexuskb.search.words`), matched by itself; the results are put together here. So nothing that a person
writes is ever read as a query language, and a long search costs no more than its words.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from heapq import nlargest
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Literal

from nexuskb.errors import SettingsError, UnknownTermError
from nexuskb.questions.answers import Answer
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import Filters
from nexuskb.search.passages import Passage, passages
from nexuskb.search.words import Condition, Search, Way, read_search
from nexuskb.terms import record_iri

#: The name of the index within the directory of its generation.
INDEX_FILE: Final = "search.sqlite"
#: How hits can be sorted: the best first, the newest year first, or by title.
Order = Literal["relevance", "year", "title"]
ORDERS: Final[tuple[Order, ...]] = ("relevance", "year", "title")
#: The most records that one search gives.
MOST_HITS: Final = 10_000

#: What a word is worth in each part, and what it weighs in each column of it: in label and titles; in
#: subjects, texts, context and codes.
_WORTHS: Final = {"title": (4.0, "1.0, 1.0"), "body": (1.0, "2.0, 1.0, 0.5, 0.5")}


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found. ``language`` is that of the label if it is not English.

    ``heading`` is the label and ``passage`` a passage, in pieces, with what was found marked. ``areas`` are
    keys; ``year`` is that of adoption or of the figure, the latest if there are several, or empty.
    """

    identifier: str
    kind: str
    label: str
    language: str
    heading: Passage
    passage: Passage
    areas: tuple[str, ...]
    year: str
    score: float
    reservations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the hits have a value of a facet."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """Some of the hits in their order, how many there are in all, and how all of them divide."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[Count, ...]]

    def as_dict(self) -> dict[str, object]:
        """The same in plain types, for JSON."""
        return asdict(self)

    def as_answer(self) -> Answer:
        """The hits as rows of a table, with what must be said of them."""
        columns = ["record", "kind", "label", "areas", "year", "score", "passage"]
        rows = [
            {
                "record": str(record_iri(hit.identifier)),
                "kind": hit.kind,
                "label": hit.label,
                "areas": ", ".join(hit.areas),
                "year": hit.year,
                "score": str(hit.score),
                "passage": "".join(piece.text for piece in hit.passage),
            }
            for hit in self.hits
        ]
        return Answer(columns, rows, {hit.identifier: list(hit.reservations) for hit in self.hits})


def open_index(path: Path, connections: int = 1) -> SearchIndex:
    """Open a finished index for reading, for as many searches at a time as it gets connections.

    The connections are made here, so that they stay good when the file is removed after a newer filling.
    Raises :class:`SettingsError`.
    """
    return _open(path, connections, "mode=ro&immutable=1")


def open_changing_index(path: Path, connections: int = 1) -> SearchIndex:
    """Open an index for reading that is brought up to date meanwhile (see :mod:`nexuskb.search.live`)."""
    return _open(path, connections, "mode=ro")


def _open(path: Path, connections: int, how: str) -> SearchIndex:
    pool: SimpleQueue[sqlite3.Connection] = SimpleQueue()
    address = f"{path.absolute().as_uri()}?{how}"
    try:
        for _ in range(connections):
            connection = sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)
            connection.execute("SELECT COUNT(*) FROM term").fetchone()
            pool.put(connection)
    except sqlite3.Error as error:
        raise SettingsError(f"The search index {path} cannot be opened: {error}.") from error
    return SearchIndex(pool)


class SearchIndex:
    """An open index. It can be asked from any thread."""

    def __init__(self, connections: SimpleQueue[sqlite3.Connection]) -> None:
        self._connections = connections

    def search(
        self,
        query: str,
        filters: Filters | None = None,
        limit: int = 20,
        offset: int = 0,
        order: Order = "relevance",
    ) -> Found:
        """Find the records that have all words of a query and none of its excluded ones.

        ``filters`` are values of facets by their keys (see :func:`nexuskb.search.filters.read_filters`); a
        hit has one of the values of each. Without words, every record that they let through is found. The
        counts of a facet are of what would be found without its own filter, so that they say what a further
        value would add. Raises :class:`UnknownTermError` for an unknown facet.
        """
        search = read_search(query)
        with self._connection() as connection:
            scores = _scores(connection, search)
            having = {facet: _having(connection, facet, values) for facet, values in (filters or {}).items()}
            found = _narrowed(scores, having)
            shown = _ranked(connection, found, offset + max(0, limit), order)[offset:]
            facets = _facets(connection, found)
            for facet in having:
                rest = {name: numbers for name, numbers in having.items() if name != facet}
                facets[facet] = _facets(connection, _narrowed(scores, rest), facet)[facet]
            return Found(len(found), _hits(connection, search, shown, found), facets)

    def identifiers(self, query: str) -> list[str]:
        """The identifiers of what :meth:`search` finds, in rank order, but not more than 10,000."""
        with self._connection() as connection:
            ranked = _ranked(connection, _scores(connection, read_search(query)), MOST_HITS)
            names = _identifiers(connection, ranked)
            return [names[number] for number in ranked]

    def titles(self) -> list[str]:
        """The titles of all records, as they are compared with what is searched for."""
        with self._connection() as connection:
            return [text for (text,) in connection.execute("SELECT text FROM title ORDER BY text, record")]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = self._connections.get()
        try:
            connection.execute("BEGIN")  # all of a search sees one state of the index
            yield connection
        finally:
            connection.rollback()
            self._connections.put(connection)


def _scores(connection: sqlite3.Connection, search: Search) -> dict[int, float]:
    """The score of each record that is found, by its number. One of exactly this title comes first."""
    if search.asks and not search.conditions:
        return {}
    wanted = [condition for condition in search.conditions if not condition.excluded]
    scores = _meeting(connection, wanted[0]) if wanted else _everything(connection)
    for condition in wanted[1:]:
        if not scores:
            break
        more = _meeting(connection, condition)
        scores = {number: score + more[number] for number, score in scores.items() if number in more}
    for condition in search.conditions:
        if condition.excluded and scores:
            unwanted = _meeting(connection, condition)
            scores = {number: score for number, score in scores.items() if number not in unwanted}
    best = max(scores.values(), default=0.0)
    for (number,) in connection.execute("SELECT record FROM title WHERE text = ?", [search.title]):
        if number in scores:
            scores[number] += best
    return scores


def _having(connection: sqlite3.Connection, facet: str, values: Sequence[str]) -> set[int]:
    """The records that have one of these values of a facet."""
    if facet not in FACETS:
        raise UnknownTermError(f"Hits cannot be filtered by {facet!r}, only by {', '.join(FACETS)}.")
    rows = connection.execute(
        "SELECT record FROM term WHERE facet = ? AND value IN (SELECT value FROM json_each(?))",
        [facet, json.dumps(values)],
    )
    return {number for (number,) in rows}


def _narrowed(scores: Mapping[int, float], having: Mapping[str, set[int]]) -> dict[int, float]:
    """What is left of the hits by all filters."""
    kept = set(scores).intersection(*having.values())
    return {number: score for number, score in scores.items() if number in kept}


def _everything(connection: sqlite3.Connection) -> dict[int, float]:
    return {number: 0.0 for (number,) in connection.execute("SELECT id FROM record")}


def _meeting(connection: sqlite3.Connection, condition: Condition) -> dict[int, float]:
    """The records that have all parts of a condition; of several ways to find a part, the best counts."""
    met: dict[int, float] | None = None
    for part in condition.parts:
        best: dict[int, float] = {}
        for way in part:
            for number, score in _matching(connection, way).items():
                best[number] = max(score, best.get(number, 0.0))
        if met is None:
            met = best
        else:
            met = {number: score + best[number] for number, score in met.items() if number in best}
    return met or {}


def _matching(connection: sqlite3.Connection, way: Way) -> dict[int, float]:
    """The records that have a phrase in title or body, with the worth of both."""
    scores: dict[int, float] = {}
    for part, (worth, weights) in _WORTHS.items():
        table = f"{part}_{way.kind}"
        for number, score in connection.execute(
            f"SELECT rowid, -bm25({table}, {weights}) FROM {table} WHERE {table} MATCH ?",  # noqa: S608 -- our names
            [way.phrase],
        ):
            scores[number] = scores.get(number, 0.0) + way.worth * worth * score
    return scores


def _ranked(
    connection: sqlite3.Connection, scores: Mapping[int, float], most: int, order: Order = "relevance"
) -> list[int]:
    """The first in an order, not more than ``most``; what is equal in the order of identifiers."""
    if not most or not scores:
        return []
    if order != "relevance":
        return _sorted(connection, scores, most, order)
    least = nlargest(most, scores.values())[-1]
    among = [number for number, score in scores.items() if score >= least]
    names = _identifiers(connection, among)
    return sorted(among, key=lambda number: (-scores[number], names[number]))[:most]


def _sorted(
    connection: sqlite3.Connection, scores: Mapping[int, float], most: int, order: Order
) -> list[int]:
    """By label; or by year, the newest first and those without one last, and then by label."""
    year = "(SELECT MAX(value) FROM term WHERE record = id AND facet = 'year') DESC, "
    rows = connection.execute(
        "SELECT id FROM record WHERE id IN (SELECT value FROM json_each(?)) "  # noqa: S608 -- our words
        f"ORDER BY {year if order == 'year' else ''}sorting, identifier LIMIT ?",
        [f"[{','.join(map(str, scores))}]", most],
    )
    return [number for (number,) in rows]


def _identifiers(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, str]:
    rows = connection.execute(
        "SELECT id, identifier FROM record WHERE id IN (SELECT value FROM json_each(?))",
        [f"[{','.join(map(str, numbers))}]"],
    )
    return dict(rows)


def _hits(
    connection: sqlite3.Connection, search: Search, shown: list[int], scores: Mapping[int, float]
) -> tuple[Hit, ...]:
    hits = []
    for number, of_hit in passages(connection, search, shown).items():
        identifier, kind, label, language = connection.execute(
            "SELECT identifier, kind, label, language FROM record WHERE id = ?", [number]
        ).fetchone()
        reserved = connection.execute(
            "SELECT words FROM reservation WHERE record = ? ORDER BY words", [number]
        )
        areas, years = (_values(connection, number, facet) for facet in ("area", "year"))
        hits.append(
            Hit(
                identifier=identifier,
                kind=kind,
                label=label,
                language=language,
                heading=of_hit.label,
                passage=of_hit.passage,
                areas=areas,
                year=years[-1] if years else "",
                score=round(scores[number], 3),
                reservations=tuple(words for (words,) in reserved),
            )
        )
    return tuple(hits)


def _values(connection: sqlite3.Connection, number: int, facet: str) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT value FROM term WHERE record = ? AND facet = ? ORDER BY value", [number, facet]
    )
    return tuple(value for (value,) in rows)


def _facets(
    connection: sqlite3.Connection, scores: Mapping[int, float], only: str = ""
) -> dict[str, tuple[Count, ...]]:
    """How the hits divide: the values of each facet, or of one alone, the most frequent first."""
    counted: dict[str, list[Count]] = {facet: [] for facet in FACETS if only in ("", facet)}
    among = f"[{','.join(map(str, scores))}]"
    for facet, value, count in connection.execute(
        "SELECT facet, value, COUNT(*) FROM term WHERE record IN (SELECT value FROM json_each(?)) "
        "AND ? IN ('', facet) GROUP BY facet, value ORDER BY COUNT(*) DESC, value",
        [among, only],
    ):
        counted[facet].append(Count(value, count))
    return {facet: tuple(counts) for facet, counts in counted.items()}
