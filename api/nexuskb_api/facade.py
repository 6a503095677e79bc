"""What the resources of the facade share: the pool of query workers and the model, loaded once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from fastapi import FastAPI, Request
from rdflib import Graph

from nexuskb.content import read_model, read_shapes
from nexuskb.records.document import RecordReader
from nexuskb.settings import Settings
from nexuskb.sparql.formats import JSON, N_TRIPLES
from nexuskb.sparql.guard import QueryLimits, admit
from nexuskb.sparql.parse import ParsedQuery
from nexuskb.sparql.pool import PoolLimits, WorkerPool
from nexuskb.store.filling import prepare
from nexuskb.store.port import EVERYTHING
from nexuskb.terms import PREFIXES
from nexuskb.vocabulary import Vocabularies
from nexuskb_api.cache import AnswerCache, answer_key

Binding = dict[str, dict[str, str]]

#: Queries remembered as admitted, and the longest that is: 16 MiB at the most.
_REMEMBERED_QUERIES = 2_048
_REMEMBERED_LENGTH = 8_192


@dataclass(slots=True)
class Facade:
    """Everything a resource needs to answer."""

    pool: WorkerPool
    model: Graph
    vocabularies: Vocabularies
    records: RecordReader
    graphs: frozenset[str]
    query_limits: QueryLimits
    cache: AnswerCache = field(default_factory=AnswerCache)
    admitted: dict[str, ParsedQuery] = field(default_factory=dict)

    @property
    def generation(self) -> str:
        """The content that is served."""
        return self.pool.generation

    def admit(self, query: str) -> ParsedQuery:
        """Let a stranger's query through or raise what is wrong with it; short ones are remembered."""
        if (known := self.admitted.get(query)) is not None:
            return known
        parsed = admit(query, PREFIXES, self.graphs, self.query_limits)
        if len(query) <= _REMEMBERED_LENGTH:
            if len(self.admitted) >= _REMEMBERED_QUERIES:
                self.admitted.clear()
            self.admitted[query] = parsed
        return parsed

    async def rows(self, query: str) -> list[Binding]:
        """The bindings of a SELECT of our own, as in SPARQL 1.1 Query Results JSON."""
        return (await self.table(query))[1]

    async def table(self, query: str) -> tuple[list[str], list[Binding]]:
        """The variables and the bindings of a SELECT of our own."""
        answer = json.loads(await self._whole(query))
        return answer["head"]["vars"], answer["results"]["bindings"]

    async def _whole(self, query: str) -> bytes:
        """The answer to a query of our own as JSON, from the cache where it may come from there."""
        if not self.admit(query).repeatable:
            return await self.pool.whole(query, JSON)
        key = answer_key(self.generation, query, EVERYTHING, JSON)
        held = self.cache.get(key)
        if held is None:
            held = await self.pool.whole(query, JSON)
            self.cache.put(key, held)
        return held

    async def graph(self, query: str) -> Graph:
        """The graph of a CONSTRUCT of our own."""
        return Graph().parse(data=await self.pool.whole(query, N_TRIPLES), format="nt")


def facade_of(request: Request) -> Facade:
    """The facade that serves a request."""
    return cast(Facade, request.app.state.facade)


@asynccontextmanager
async def open_facade(app: FastAPI, settings: Settings, limits: PoolLimits) -> AsyncIterator[None]:
    """Load everything for the life of the application."""
    directory, generation = prepare(settings)
    model = read_model(settings)
    async with WorkerPool(directory, generation, limits) as pool:
        facade = Facade(
            pool=pool,
            model=model,
            vocabularies=Vocabularies(model),
            records=RecordReader(model, read_shapes(settings)),
            graphs=frozenset(),
            query_limits=QueryLimits(),
        )
        named = await facade.rows("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        facade.graphs = frozenset(row["g"]["value"] for row in named)
        app.state.facade = facade
        yield


def plain(row: Binding) -> dict[str, str]:
    """A binding without the wrapping of the results format: name to value."""
    return {name: term["value"] for name, term in row.items()}
