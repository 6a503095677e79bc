"""What a page shows of the answer to a query: the first rows, a truth value or a graph as text."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Final

from nexuskb.errors import QueryLimitError
from nexuskb.sparql.formats import JSON, TURTLE, XLSX, QueryForm, ResultFormat, formats_for
from nexuskb.store.port import EVERYTHING, Dataset
from nexuskb_api.facade import Binding, Facade

#: What a page reads of an answer; more is for the data formats, which are passed on as they are made.
_PAGE_BYTES: Final = 4 * 1024**2
#: Rows that a page shows.
MOST_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Results:
    """An answer: its rows, or what else it is, the formats that have it whole, the seconds it took."""

    query: str
    form: QueryForm
    variables: list[str]
    rows: list[Binding]
    boolean: bool | None
    graph: str | None
    seconds: float

    @property
    def shown(self) -> list[Binding]:
        """The rows that a page shows."""
        return self.rows[:MOST_ROWS]

    @property
    def formats(self) -> tuple[ResultFormat, ...]:
        """The formats that can carry the whole answer."""
        return offered_formats(self.form)


def offered_formats(form: QueryForm) -> tuple[ResultFormat, ...]:
    """The formats of an answer to a query of this form, the spreadsheet included."""
    offered = formats_for(form)
    return (*offered, XLSX) if form is QueryForm.SELECT else offered


async def read_results(
    facade: Facade, query: str, dataset: Dataset = EVERYTHING, seconds: float | None = None
) -> Results:
    """Answer a stranger's query for a page. Raises :class:`~nexuskb.errors.QueryError`."""
    parsed = await facade.read(len(query), lambda: facade.admit(query))
    chosen = TURTLE if parsed.form.gives_triples else JSON
    begun = time.monotonic()
    body = await bounded_answer(facade, query, chosen, _PAGE_BYTES, dataset, seconds)
    took = time.monotonic() - begun
    if chosen is TURTLE:
        return Results(query, parsed.form, [], [], None, body.decode(), took)
    answer = json.loads(body)
    rows = answer.get("results", {}).get("bindings", [])
    return Results(
        query, parsed.form, answer["head"].get("vars", []), rows, answer.get("boolean"), None, took
    )


async def bounded_answer(  # noqa: PLR0913, PLR0917 -- what the protocol lets a client say
    facade: Facade,
    query: str,
    chosen: ResultFormat,
    limit: int,
    dataset: Dataset = EVERYTHING,
    seconds: float | None = None,
) -> bytes:
    """All of an answer that is shown otherwise than it is passed on. Raises :class:`QueryLimitError`."""
    held = bytearray()
    answer = await facade.answer(query, chosen, dataset, seconds)
    async for block in answer:
        held += block
        if len(held) > limit:
            await answer.aclose()
            raise QueryLimitError(
                f"The answer has more than {limit // 1024**2} MiB, too much for a page or a spreadsheet. Add "
                "LIMIT, or take it whole in another format, such as format=csv.",
                "page size",
            )
    return bytes(held)
