"""What the resources of the facade share: the pool of query workers and the model, loaded once."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar, cast

from fastapi import FastAPI, Request
from rdflib import Graph

from nexuskb.asking import Asking
from nexuskb.content import read_model, read_shapes
from nexuskb.errors import QuerySyntaxError
from nexuskb.records.document import RecordReader
from nexuskb.search.filters import filter_schemes
from nexuskb.search.index import SearchIndex
from nexuskb.search.pattern import may_match, replace_matches
from nexuskb.settings import ServingSettings, Settings
from nexuskb.sparql.evaluator import Answer, Evaluator
from nexuskb.sparql.fairness import CLIENT, FairShare
from nexuskb.sparql.formats import JSON, N_TRIPLES, ResultFormat
from nexuskb.sparql.guard import QueryLimits, admit
from nexuskb.sparql.parse import ParsedQuery
from nexuskb.store.evaluating import RemoteEvaluator
from nexuskb.store.forwarding import RemoteBase
from nexuskb.store.port import EVERYTHING, Dataset
from nexuskb.store.serving import ServedBase
from nexuskb.terms import PREFIXES
from nexuskb.vocabulary import Scheme, Vocabularies
from nexuskb_api.cache import AnswerCache, Held, answer_key
from nexuskb_api.reception import AcceptedBase, Reception

Binding = dict[str, dict[str, str]]
T = TypeVar("T")

#: Queries remembered as admitted, and the longest that is: 16 MiB at the most.
_REMEMBERED_QUERIES = 2_048
_REMEMBERED_LENGTH = 8_192
#: Threads at work beside the one that serves: more would only take turns with it.
_THREADS = 2


@dataclass(slots=True)
class Facade:
    """Everything a resource needs to answer."""

    pool: Evaluator
    reception: Reception
    searching: Callable[[], Awaitable[SearchIndex]]
    model: Graph
    vocabularies: Vocabularies
    records: RecordReader
    filters: dict[str, Scheme]
    graphs: frozenset[str]
    query_limits: QueryLimits
    threads: FairShare[int]
    cache: AnswerCache = field(default_factory=AnswerCache)
    admitted: dict[str, ParsedQuery] = field(default_factory=dict)
    #: What requests to the endpoint came to that may come again, by their bytes.
    plans: dict[tuple[bytes, ...], Any] = field(default_factory=dict)
    #: Held while dumps are made, so that they are made once.
    dumping: asyncio.Lock = field(default_factory=asyncio.Lock)

    #: What was made of a generation, by name, with the generation.
    made: dict[str, tuple[str, Any]] = field(default_factory=dict)

    @property
    def generation(self) -> str:
        """The content that is served."""
        return self.pool.generation

    async def current(self) -> str:
        """The content that is served now; what is kept of an answer is kept under it."""
        return await self.pool.current()

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

    async def read(self, length: int, reading: Callable[[], T]) -> T:
        """Read a request: a short one at once, a long one as work on its client's account."""
        return reading() if length <= _REMEMBERED_LENGTH else await self.apart(reading)

    async def once(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        """What is the same as long as the base is: made when it is first asked for, kept under its name."""
        generation = await self.current()
        kept = self.made.get(name)
        if kept is not None and kept[0] == generation:
            return cast(T, kept[1])
        made = await make()
        if self.generation == generation:
            self.made[name] = (generation, made)
        return made

    async def apart(self, work: Callable[[], T]) -> T:
        """Do work in a thread, few at a time and on the client's account, so that other requests go on."""
        client, spent = CLIENT.get(), 0.0

        def measured() -> T:
            nonlocal spent
            begun = time.thread_time()
            try:
                return work()
            finally:
                spent = time.thread_time() - begun

        place = await self.threads.take(client)
        try:
            return await asyncio.to_thread(measured)
        finally:
            self.threads.release(client, spent)
            self.threads.offer(place)

    async def answer(
        self,
        query: str,
        result_format: ResultFormat,
        dataset: Dataset = EVERYTHING,
        seconds: float | None = None,
    ) -> Answer:
        """Evaluate a query, with what its text searches find in the place of them.

        A fault in it is told of the query as it was sent.
        """
        if not may_match(query):
            return await self.pool.answer(query, result_format, dataset, seconds)
        while True:
            index, generation = await self.searching(), self.generation
            replaced = await self.apart(partial(replace_matches, query, index.identifiers))
            try:
                answer = await self.pool.answer(replaced, result_format, dataset, seconds)
            except QuerySyntaxError:
                await self.pool.answer(query, result_format, dataset, seconds)
                raise
            if self.generation == generation:
                return answer
            await answer.aclose()  # the base changed between search and query: what was found is not of it

    async def rows(self, query: str) -> list[Binding]:
        """The bindings of a SELECT of our own, as in SPARQL 1.1 Query Results JSON."""
        return (await self.table(query))[1]

    async def table(self, query: str) -> tuple[list[str], list[Binding]]:
        """The variables and the bindings of a SELECT of our own."""
        answer = json.loads(await self._whole(query))
        return answer["head"]["vars"], answer["results"]["bindings"]

    async def ask(self, work: Asking[T]) -> T:
        """Do work that asks the store, its queries evaluated like those of any resource."""
        try:
            query = next(work)
            while True:
                query = work.send([plain(row) for row in await self.rows(query)])
        except StopIteration as done:
            return cast(T, done.value)

    async def _whole(self, query: str) -> bytes:
        """The answer to a query of our own as JSON, from the cache where it may come from there."""
        if not self.admit(query).repeatable:
            return await self._evaluated(query)
        key = answer_key(await self.current(), query, EVERYTHING, JSON)
        held = self.cache.get(key)
        if held is None:
            held = Held(await self._evaluated(query))
            self.cache.put(key, held)
        return held.body

    async def _evaluated(self, query: str) -> bytes:
        return await (await self.answer(query, JSON)).read()

    async def graph(self, query: str) -> Graph:
        """The graph of a CONSTRUCT of our own."""
        return Graph().parse(data=await self.pool.whole(query, N_TRIPLES), format="nt")


def facade_of(request: Request) -> Facade:
    """The facade that serves a request."""
    return cast(Facade, request.app.state.facade)


@asynccontextmanager
async def open_facade(app: FastAPI, settings: Settings, serving: ServingSettings) -> AsyncIterator[None]:
    """Load everything for the life of the application."""
    async with AsyncExitStack() as stack:
        reading = asyncio.gather(
            asyncio.to_thread(read_model, settings), asyncio.to_thread(read_shapes, settings)
        )  # while other processes get the store into memory
        pool, base, searching = await _evaluator(stack, settings, serving)
        model, shapes = await reading
        reception = Reception(settings, base, model, shapes)
        stack.callback(reception.close)
        facade = Facade(
            pool=pool,
            reception=reception,
            searching=searching,
            model=model,
            vocabularies=Vocabularies(model),
            records=RecordReader(model, shapes),
            filters=filter_schemes(model),
            graphs=frozenset(),
            query_limits=QueryLimits(),
            threads=FairShare(replace(serving.limits, workers=_THREADS)),
        )
        for thread in range(_THREADS):
            facade.threads.offer(thread)
        named = await facade.rows("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        facade.graphs = frozenset(row["g"]["value"] for row in named)
        app.state.facade = facade
        gc.collect()
        gc.freeze()  # what stays for good is not looked through for garbage again, which would take long
        yield


async def _evaluator(
    stack: AsyncExitStack, settings: Settings, serving: ServingSettings
) -> tuple[Evaluator, AcceptedBase | None, Callable[[], Awaitable[SearchIndex]]]:
    """What evaluates queries, where what is accepted goes, and the index of what is served."""
    if settings.store:
        remote = await stack.enter_async_context(RemoteEvaluator(settings.store, serving.limits))
        far = await stack.enter_async_context(RemoteBase(settings, settings.store, remote, serving.limits))
        return remote, far if far.writes else None, far.searching
    base = await stack.enter_async_context(ServedBase(settings, serving))

    async def searching() -> SearchIndex:
        return base.index

    return base.pool, base, searching


def plain(row: Binding) -> dict[str, str]:
    """A binding without the wrapping of the results format: name to value."""
    return {name: term["value"] for name, term in row.items()}
