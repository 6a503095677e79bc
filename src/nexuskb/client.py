"""The base from Python: ``nexuskb.connect()`` for that on this machine, ``connect(URL)`` for a served one.

Both give the same answers. Results are rows of Python values, and frames of pandas or polars where these are
installed::

    import nexuskb

    base = nexuskb.connect("http://127.0.0.1:8000")
    table = base.ask("policies-against-driver", country="MNG", driver="overgrazing")
    frame = table.to_pandas()
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx
from rdflib import XSD, Graph

from nexuskb.content import read_model, read_shapes
from nexuskb.errors import (
    FormatError,
    QueryError,
    QueryLimitError,
    QuerySyntaxError,
    QuestionError,
    RecordNotFoundError,
    StoreError,
)
from nexuskb.opening import open_base
from nexuskb.questions.answers import answer, reservations_query
from nexuskb.questions.catalogue import fill, question
from nexuskb.records.document import RecordReader, record_query
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import filter_schemes, read_filters
from nexuskb.settings import Settings, load_settings
from nexuskb.sparql.formats import JSON, N_TRIPLES, ResultFormat
from nexuskb.sparql.parse import parse_query
from nexuskb.store.port import EVERYTHING
from nexuskb.terms import PREFIXES
from nexuskb.vocabulary import Vocabularies

if TYPE_CHECKING:
    import pandas
    import polars

Value = str | int | float | Decimal | date | bool | None
Row = dict[str, Value]

#: Seconds to wait for a served base.
_TIMEOUT: Final = 60.0
_INTEGERS: Final = frozenset(
    str(XSD[name])
    for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger", "gYear")
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values by column; what has no value is ``None``.

    Numbers, dates and truth values are those of Python, a year is a number, everything else is text.
    ``reservations`` are what must be said of records in the rows, by identifier.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    generation: str
    reservations: Mapping[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a frame of pandas. Raises ``ImportError`` that says how to install it."""
        try:
            import pandas as frames  # noqa: PLC0415 -- not everybody has it
        except ImportError:
            raise ImportError("pandas is not installed. Run: pip install 'nexuskb[pandas]'") from None
        return frames.DataFrame(list(self.rows), columns=list(self.columns))

    def to_polars(self) -> polars.DataFrame:
        """The rows as a frame of polars. Raises ``ImportError`` that says how to install it."""
        try:
            import polars as frames  # noqa: PLC0415 -- not everybody has it
        except ImportError:
            raise ImportError("polars is not installed. Run: pip install 'nexuskb[polars]'") from None
        listed = {column: [row[column] for row in self.rows] for column in self.columns}
        return frames.DataFrame(listed, strict=False)


class _Way(Protocol):
    """A way to the base: how its answers come."""

    def generation(self) -> str: ...
    def answer(self, query: str, result_format: ResultFormat) -> bytes: ...
    def question(self, name: str, values: Mapping[str, str]) -> str: ...
    def record(self, identifier: str) -> dict[str, Any]: ...
    def search(self, words: str, filters: Mapping[str, str], limit: int) -> list[dict[str, Any]]: ...


class Connection:
    """A connection to the base, for reading."""

    def __init__(self, way: _Way) -> None:
        self._way = way

    @property
    def generation(self) -> str:
        """The content of the base: equal names mean equal content."""
        return self._way.generation()

    def query(self, text: str) -> Table:
        """The rows of a SELECT. The prefixes of the base need no declaration.

        Raises :class:`~nexuskb.errors.QueryError` and its kinds.
        """
        read = json.loads(self._way.answer(text, JSON))
        if "boolean" in read:
            raise QueryError("This query asks for a truth value: use test().")
        columns = tuple(read["head"]["vars"])
        rows = tuple(
            {name: _value(binding.get(name)) for name in columns} for binding in read["results"]["bindings"]
        )
        return Table(columns, rows, self.generation)

    def test(self, text: str) -> bool:
        """The answer to an ASK."""
        read = json.loads(self._way.answer(text, JSON))
        if "boolean" not in read:
            raise QueryError("This query asks for rows: use query().")
        return bool(read["boolean"])

    def graph(self, text: str) -> Graph:
        """The graph of a CONSTRUCT or DESCRIBE."""
        return Graph().parse(data=self._way.answer(text, N_TRIPLES), format="nt")

    def ask(self, name: str, **parameters: str) -> Table:
        """The answer to a named question, with what must be said of its records.

        Raises :class:`~nexuskb.errors.QuestionError` that says what is allowed.
        """
        table = self.query(self._way.question(name, parameters))
        plain = [{key: str(value) for key, value in row.items() if value is not None} for row in table.rows]
        wanted = reservations_query(plain)
        reserved = (
            [{key: str(value) for key, value in row.items()} for row in self.query(wanted)] if wanted else []
        )
        given = answer(list(table.columns), plain, reserved)
        return Table(table.columns, table.rows, table.generation, given.reservations)

    def record(self, identifier: str) -> dict[str, Any]:
        """A record as plain data, as at ``/records/ID.json``.

        Raises :class:`~nexuskb.errors.RecordNotFoundError`.
        """
        return self._way.record(identifier)

    def search(self, words: str, limit: int = 20, **facets: str) -> list[dict[str, Any]]:
        """The records that have all the words, the best first; facets such as ``area="MNG"`` narrow them."""
        return self._way.search(words, facets, limit)


def connect(address: str = "") -> Connection:
    """Connect to the base served at an address, or to the one on this machine that the settings name.

    Raises :class:`~nexuskb.errors.SettingsError` and :class:`~nexuskb.errors.StoreError`.
    """
    return Connection(_Served(address) if address else _Local(load_settings()))


class _Local:
    """The base on this machine, or the remote store that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._store = open_base(settings)
        self._model = read_model(settings)
        self._vocabularies = Vocabularies(self._model)
        self._records = RecordReader(self._model, read_shapes(settings))

    def generation(self) -> str:
        return self._store.generation

    def answer(self, query: str, result_format: ResultFormat) -> bytes:
        parse_query(query, PREFIXES)
        out = io.BytesIO()
        self._store.answer(query, EVERYTHING, result_format, out)
        return out.getvalue()

    def question(self, name: str, values: Mapping[str, str]) -> str:
        return fill(question(name), values, self._vocabularies)

    def record(self, identifier: str) -> dict[str, Any]:
        graph = Graph().parse(data=self.answer(record_query(identifier), N_TRIPLES), format="nt")
        return asdict(self._records.read(graph, identifier))

    def search(self, words: str, filters: Mapping[str, str], limit: int) -> list[dict[str, Any]]:
        wanted = read_filters(_known(filters), filter_schemes(self._model))
        return [asdict(hit) for hit in self._store.searching().search(words, wanted, limit, 0).hits]


class _Served:
    """A base served somewhere, by HTTP."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address.rstrip("/"), timeout=_TIMEOUT, follow_redirects=True)
        self.generation()

    def generation(self) -> str:
        return str(self._json("/")["generation"])

    def answer(self, query: str, result_format: ResultFormat) -> bytes:
        accept = {"Accept": result_format.media_type}
        return self._sent("POST", "/sparql", data={"query": query}, headers=accept).content

    def question(self, name: str, values: Mapping[str, str]) -> str:
        return str(self._json(f"/questions/{name}", **values)["query"])

    def record(self, identifier: str) -> dict[str, Any]:
        return self._json(f"/records/{identifier}.json")

    def search(self, words: str, filters: Mapping[str, str], limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while len(found) < limit:
            number = len(found) // 20 + 1
            some = self._json("/search", q=words, page=str(number), format="json", **_known(filters))["hits"]
            found += some
            if len(some) < 20:
                break
        return [{key: value for key, value in hit.items() if key != "iri"} for hit in found[:limit]]

    def _json(self, path: str, **parameters: str) -> dict[str, Any]:
        told: dict[str, Any] = self._sent(
            "GET", path, params=parameters, headers={"Accept": "application/json"}
        ).json()
        return told

    def _sent(self, method: str, path: str, **parts: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **parts)
        except httpx.HTTPError as error:
            raise StoreError(f"The base at {self._client.base_url} does not answer: {error}.") from error
        if not response.is_success:
            raise _error(response)
        return response


def _known(filters: Mapping[str, str]) -> dict[str, str]:
    for name in filters:
        if name not in FACETS:
            raise FormatError(f"There is no facet {name!r}. The facets are: {', '.join(FACETS)}.")
    return {name: filters.get(name, "") for name in FACETS}


def _error(response: httpx.Response) -> Exception:
    """The error that a problem document (RFC 9457) tells, as the library itself would raise it."""
    try:
        told = response.json()
    except ValueError:
        return StoreError(f"The base answered {response.status_code} {response.reason_phrase}.")
    words, kind = str(told.get("detail", "")), str(told.get("type", "")).rpartition("/")[2]
    match kind:
        case "query-syntax":
            return QuerySyntaxError(words, told.get("line"), told.get("column"), told.get("expected", ""))
        case "query-limit":
            return QueryLimitError(words, told.get("limit", ""))
        case "unknown-question" | "question-parameter" | "unknown-term":
            return QuestionError(words)
        case "unknown-record":
            return RecordNotFoundError(words)
    return QueryError(words or f"The base answered {response.status_code}.")


_READ: Final[dict[str, Callable[[str], Value]]] = {
    **dict.fromkeys(_INTEGERS, int),
    str(XSD.decimal): Decimal,
    str(XSD.double): float,
    str(XSD.float): float,
    str(XSD.date): date.fromisoformat,
    str(XSD.boolean): lambda text: text in ("true", "1"),
}


def _value(term: dict[str, str] | None) -> Value:
    """A term of the results format as a value of Python; what is ill-formed stays text."""
    if term is None:
        return None
    try:
        return _READ.get(term.get("datatype", ""), str)(term["value"])
    except (ValueError, ArithmeticError):
        return term["value"]
