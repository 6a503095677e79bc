"""What the resources of the facade share: the pool of query workers and the model, loaded once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from fastapi import FastAPI, Request
from rdflib import Graph

from nexuskb.content import read_model, read_shapes
from nexuskb.records.document import RecordReader
from nexuskb.settings import Settings
from nexuskb.sparql.formats import JSON, N_TRIPLES
from nexuskb.sparql.guard import QueryLimits
from nexuskb.sparql.pool import PoolLimits, WorkerPool
from nexuskb.store.filling import prepare
from nexuskb.vocabulary import Vocabularies

Binding = dict[str, dict[str, str]]


@dataclass(slots=True)
class Facade:
    """Everything a resource needs to answer."""

    pool: WorkerPool
    model: Graph
    vocabularies: Vocabularies
    records: RecordReader
    graphs: frozenset[str]
    query_limits: QueryLimits

    @property
    def generation(self) -> str:
        """The content that is served."""
        return self.pool.generation

    async def rows(self, query: str) -> list[Binding]:
        """The bindings of a SELECT of our own, as in SPARQL 1.1 Query Results JSON."""
        return (await self.table(query))[1]

    async def table(self, query: str) -> tuple[list[str], list[Binding]]:
        """The variables and the bindings of a SELECT of our own."""
        answer = json.loads(await self.pool.whole(query, JSON))
        return answer["head"]["vars"], answer["results"]["bindings"]

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
