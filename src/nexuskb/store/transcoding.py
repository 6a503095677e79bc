"""Answers of another store turned into the formats that we send.

An answer is always taken in a format that shows where it ends (JSON for rows, N-Triples for graphs) and
written anew while it comes. A store that fails late appends words to an answer already begun, or just stops:
in CSV that would pass for a row. Reading the answer tells, and makes its dialects one.
"""

from __future__ import annotations

from typing import IO, cast

import pyoxigraph as ox

from nexuskb.errors import QueryError, StoreError
from nexuskb.sparql.formats import JSON, N_TRIPLES, TURTLE, QueryForm, ResultFormat
from nexuskb.store.embedded import BINDINGS, GRAPHS, rows_from_engine
from nexuskb.store.port import ByteSink, Solutions
from nexuskb.terms import PREFIXES

#: XML is not taken: an answer in it that is cut between two elements reads as whole.
_ROWS_ACCEPTED = dict.fromkeys(JSON.media_types, BINDINGS[JSON])
_GRAPHS_ACCEPTED = {kind: GRAPHS[known] for known in (N_TRIPLES, TURTLE) for kind in known.media_types}


def accept(form: QueryForm) -> str:
    """The Accept header that gets an answer we can read, whatever format it is wanted in."""
    return "application/n-triples, text/turtle;q=0.5" if form.gives_triples else JSON.media_type


def readable(form: QueryForm, media_type: str) -> bool:
    """Whether an answer of this media type can be read."""
    return media_type in (_GRAPHS_ACCEPTED if form.gives_triples else _ROWS_ACCEPTED)


def read_solutions(body: IO[bytes], media_type: str) -> Solutions:
    """The answer to a SELECT. Raises ``SyntaxError`` if it breaks off, now or while rows are taken."""
    result = ox.parse_query_results(body, format=_ROWS_ACCEPTED[media_type])
    if not isinstance(result, ox.QuerySolutions):
        raise StoreError("The store answers a SELECT query with a truth value.")
    return Solutions([variable.value for variable in result.variables], rows_from_engine(result))


def transcode(
    body: IO[bytes], media_type: str, form: QueryForm, result_format: ResultFormat, out: ByteSink
) -> None:
    """Write an answer anew. Raises ``SyntaxError`` if it breaks off, and :class:`QueryError`."""
    sink = cast("IO[bytes]", out)
    try:
        if form.gives_triples:
            triples = ox.parse(body, format=_GRAPHS_ACCEPTED[media_type])
            ox.serialize(triples, sink, format=GRAPHS[result_format], prefixes=PREFIXES)
        else:
            result = ox.parse_query_results(body, format=_ROWS_ACCEPTED[media_type])
            if form is QueryForm.ASK and isinstance(result, ox.QuerySolutions):
                result = _truth(result)
            result.serialize(sink, format=BINDINGS[result_format])
    except KeyError:
        raise QueryError(f"This kind of query has no answer in the format {result_format.name}.") from None


def _truth(rows: ox.QuerySolutions) -> ox.QueryBoolean:
    """The answer to an ASK that comes as a table: Virtuoso sends one row that holds 1, or none."""
    values = [solution[0] for solution in rows]
    truth = any(isinstance(value, ox.Literal) and value.value in ("1", "true") for value in values)
    written = b'{"head":{},"boolean":%s}' % (b"true" if truth else b"false")
    return cast("ox.QueryBoolean", ox.parse_query_results(written, format=ox.QueryResultsFormat.JSON))
