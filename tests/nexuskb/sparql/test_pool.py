"""Evaluation in worker processes: right answers, hard limits, and nothing left behind.

The workers are real processes on the real base. Whether a process has ended is asked of its pidfd.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from nexuskb.errors import QueryError, QueryLimitError, QueryRefusedError, QuerySyntaxError, SettingsError
from nexuskb.settings import Settings
from nexuskb.sparql.formats import CSV, JSON, N_TRIPLES, TURTLE, ResultFormat
from nexuskb.sparql.frames import BLOCK
from nexuskb.sparql.guard import QueryLimits, admit
from nexuskb.sparql.pool import PoolLimits, WorkerPool
from nexuskb.store.embedded import OxigraphStore
from nexuskb.store.filling import prepare
from nexuskb.store.port import EVERYTHING, Dataset
from nexuskb.terms import GRAPHS, PREFIXES

MIB = 1024**2
POLICIES = "SELECT ?i { ?p a nx:Policy ; dcterms:identifier ?i } ORDER BY ?i"
PASSAGES = "CONSTRUCT { ?e ?p ?o } WHERE { ?r nx:evidence ?e . ?e ?p ?o }"
EVERY_TRIPLE = "CONSTRUCT WHERE { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
ENDLESS_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
BOMB = "SELECT * { FILTER(?a<" + "!" * 50_000 + "?b&&?c>?d) }"


@pytest.fixture(scope="module")
def home(settings: Settings) -> tuple[Path, str]:
    return prepare(settings)


def pool_of(home: tuple[Path, str], mode: str = "disk", **limits: Any) -> WorkerPool:
    """A pool with generous limits but for those that a test is about."""
    return WorkerPool(*home, PoolLimits(**{"seconds": 120.0, "workers": 1, **limits}), mode)


def local(store: OxigraphStore, query: str, form: ResultFormat) -> bytes:
    out = io.BytesIO()
    store.answer(query, EVERYTHING, form, out)
    return out.getvalue()


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test in a loop of its own, in which nothing may go wrong unseen."""
    complaints: list[object] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        await test
        gc.collect()

    asyncio.run(watched())
    assert complaints == []


async def closed(stream: AsyncIterator[bytes]) -> None:
    await stream.aclose()  # type: ignore[attr-defined] # it is a generator


async def turns() -> None:
    """Let the other tasks of the loop get as far as they can without waiting for a process."""
    for _ in range(50):
        await asyncio.sleep(0)


async def works(pool: WorkerPool) -> None:
    """All workers answer at the same time: each is held by an answer that nobody reads on for a while."""
    streams = [await pool.answer(PASSAGES, N_TRIPLES) for _ in range(pool.limits.workers)]
    lengths = {sum([len(block) async for block in stream]) for stream in streams}
    assert len(lengths) == 1
    assert lengths.pop() > 2 * MIB


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def processes(parent: int | None = None) -> tuple[int, list[int]]:
    """The fork server of the only pool of a process, and its workers."""
    (server,) = [
        pid
        for pid in children(parent or os.getpid())
        if b"nexuskb.sparql.forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return server, children(server)


@contextmanager
def all_end(pids: list[int]) -> Iterator[None]:
    """See to it that processes that are alive now have ended soon after the block."""
    handles = [os.pidfd_open(pid) for pid in pids]
    try:
        yield
        for handle, pid in zip(handles, pids, strict=True):
            assert select.select([handle], [], [], 60)[0], f"process {pid} is still there"
    finally:
        for handle in handles:
            os.close(handle)


@asynccontextmanager
async def stream_of(
    pool: WorkerPool, query: str, form: ResultFormat = JSON
) -> AsyncIterator[AsyncIterator[bytes]]:
    """An answer that has begun: its first block is taken."""
    stream = await pool.answer(query, form)
    assert await anext(stream)
    try:
        yield stream
    finally:
        await closed(stream)


@pytest.mark.parametrize("mode", ["memory", "disk"])
def test_workers_answer_as_the_store_does(home, store: OxigraphStore, mode: str) -> None:
    async def test() -> None:
        async with pool_of(home, mode, workers=2) as pool:
            assert pool.generation == store.generation
            assert await pool.whole(POLICIES, CSV) == local(store, POLICIES, CSV)
            triples = await pool.whole(EVERY_TRIPLE, N_TRIPLES)
            assert len(triples) > 10 * BLOCK
            assert sorted(triples.splitlines()) == sorted(local(store, EVERY_TRIPLE, N_TRIPLES).splitlines())
            assert await pool.whole("SELECT ?s { ?s a nx:Nothing }", CSV) == b"s\r\n"
            assert pool.restarts == 0

    run(test())


def test_many_queries_share_few_workers_and_get_each_their_own_answer(home) -> None:
    async def test() -> None:
        async with pool_of(home, workers=2) as pool:
            queries = [f"SELECT ({number} AS ?n) {{}}" for number in range(40)]
            answers = await asyncio.gather(*(pool.whole(query, CSV) for query in queries))
            assert answers == [f"n\r\n{number}\r\n".encode() for number in range(40)]
            assert pool.restarts == 0

    run(test())


def test_an_answer_comes_in_blocks(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            blocks = [block async for block in await pool.answer(EVERY_TRIPLE, N_TRIPLES)]
            assert len(blocks) > 10
            assert all(0 < len(block) <= BLOCK for block in blocks)

    run(test())


def test_the_dataset_of_the_protocol_reaches_the_worker(home) -> None:
    async def test() -> None:
        query, dataset = "ASK { ?p a nx:Policy }", Dataset(default_graphs=(str(GRAPHS.ontology),))
        async with pool_of(home) as pool:
            inside = [block async for block in await pool.answer(query, JSON, dataset)]
            assert b"false" in b"".join(inside)
            assert b"true" in await pool.whole(query, JSON)

    run(test())


def test_a_syntax_error_is_told_with_its_place_and_costs_no_worker(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            for _ in range(3):
                with pytest.raises(QuerySyntaxError) as caught:
                    await pool.answer("SELECT * {\n  ?s ?p ?o }\n}", JSON)
                assert (caught.value.line, caught.value.column) == (3, 1)
                assert "'}' cannot stand here" in str(caught.value)
            assert pool.restarts == 0
            await works(pool)

    run(test())


def test_a_format_that_cannot_carry_the_answer_costs_no_worker(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            with pytest.raises(QueryError, match="no answer in the format turtle"):
                await pool.answer(POLICIES, TURTLE)
            assert pool.restarts == 0
            await works(pool)

    run(test())


@pytest.mark.parametrize("query", [ENDLESS, "SELECT * { ?s ?p ?o . ?s2 ?p2 ?o2 . ?s3 ?p3 ?o3 } ORDER BY ?o3"])
def test_a_query_is_stopped_when_its_time_is_up(home, query: str) -> None:
    async def test() -> None:
        async with pool_of(home, memory=4096 * MIB) as pool:
            with pytest.raises(QueryLimitError, match=r"stopped after 0\.2 seconds") as caught:
                await pool.answer(query, JSON, seconds=0.2)
            assert caught.value.limit == "time"
            await works(pool)
            assert pool.restarts == 1

    run(test())


def test_nobody_gets_more_time_than_the_limit(home) -> None:
    async def test() -> None:
        async with pool_of(home, seconds=0.2) as pool:
            with pytest.raises(QueryLimitError, match=r"stopped after 0\.2 seconds"):
                await pool.answer(ENDLESS, JSON, seconds=1_000)

    run(test())


def test_time_runs_on_while_a_client_is_slow_to_read(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            slow = await pool.answer(ENDLESS_ROWS, JSON, seconds=3)
            assert await anext(slow)
            await works(pool)  # on the only worker: so the slow client's has been replaced
            with pytest.raises(QueryLimitError, match="stopped after") as caught:
                async for _ in slow:
                    pass
            assert caught.value.limit == "time"
            assert pool.restarts == 1

    run(test())


def test_a_query_cannot_take_more_memory_than_it_may(home) -> None:
    async def test() -> None:
        async with pool_of(home, "memory", memory=64 * MIB) as pool:
            with pytest.raises(QueryLimitError, match="more than 64 MiB of memory") as caught:
                await pool.answer("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c", JSON)
            assert caught.value.limit == "memory"
            await works(pool)
            assert pool.restarts == 1

    run(test())


def test_a_nesting_bomb_that_no_guard_has_seen_kills_only_its_worker(home, store: OxigraphStore) -> None:
    with pytest.raises(QueryLimitError):
        admit(BOMB, PREFIXES, frozenset(), QueryLimits())

    async def test() -> None:
        async with pool_of(home, "memory", workers=2) as pool:
            server, workers = processes()
            async with stream_of(pool, EVERY_TRIPLE, N_TRIPLES) as other:
                for _ in range(3):
                    with pytest.raises(QueryLimitError, match="nested too deeply") as caught:
                        await pool.answer(BOMB, JSON)
                    assert caught.value.limit == "nesting depth"
                rest = [block async for block in other]
            assert len(b"".join(rest)) > 10 * BLOCK
            assert pool.restarts == 3
            await works(pool)
            server_now, workers_now = processes()
            assert server_now == server
            assert len(workers_now) == 2
            assert len(set(workers) & set(workers_now)) == 1

    run(test())


CALLS = [
    "SELECT * {{ SERVICE <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICESILENT<{}>{{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND(<{}> AS ?x) SERVICE ?x {{ ?s ?p ?o }} }}",
    "SELECT * FROM <{}> {{ ?s ?p ?o }}",
]


@pytest.mark.parametrize("mode", ["memory", "disk"])
def test_no_query_reaches_another_server(home, mode: str) -> None:
    """Past the guard: with a dataset of the protocol, the worker hands a query to the engine as it is."""

    async def test(address: str) -> None:
        dataset = Dataset(default_graphs=(str(GRAPHS.records),), named_graphs=(address,))
        async with pool_of(home, mode, seconds=5.0) as pool:
            for call in CALLS:
                with suppress(QueryError):
                    async for _ in await pool.answer(call.format(address), CSV, dataset):
                        pass
            await works(pool)
            assert pool.restarts == 0

    with socket.create_server(("127.0.0.1", 0)) as listener:
        run(test(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()  # a connection would have been seen


def test_a_call_of_another_server_is_refused_before_the_engine_sees_it(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            with pytest.raises(QueryRefusedError, match="SERVICE is refused") as caught:
                await pool.answer("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", JSON)
            assert caught.value.feature == "SERVICE"
            assert pool.restarts == 0

    run(test())


def test_only_so_many_queries_may_wait(home) -> None:
    async def test() -> None:
        async with pool_of(home, waiting=2) as pool:
            async with stream_of(pool, ENDLESS_ROWS):
                waiting = [asyncio.create_task(pool.whole("ASK {}", JSON)) for _ in range(2)]
                await turns()
                with pytest.raises(QueryLimitError, match="2 queries are waiting already") as caught:
                    await pool.answer("ASK {}", JSON)
                assert caught.value.limit == "queue"
                assert not any(task.done() for task in waiting)
            assert len(await asyncio.gather(*waiting)) == 2
            await works(pool)

    run(test())


def test_a_query_that_need_not_wait_is_answered_even_if_none_may_wait(home) -> None:
    async def test() -> None:
        async with pool_of(home, waiting=0) as pool:
            assert b"true" in await pool.whole("ASK {}", JSON)
            async with stream_of(pool, ENDLESS_ROWS):
                with pytest.raises(QueryLimitError):
                    await pool.answer("ASK {}", JSON)

    run(test())


def test_whoever_stops_waiting_leaves_the_queue(home) -> None:
    async def test() -> None:
        async with pool_of(home, waiting=1) as pool:
            async with stream_of(pool, ENDLESS_ROWS):
                for _ in range(5):
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0):
                            await pool.answer("ASK {}", JSON)
            await works(pool)

    run(test())


def test_a_worker_that_is_killed_is_replaced(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            _, (worker,) = processes()
            stream = await pool.answer(ENDLESS_ROWS, JSON)
            os.kill(worker, signal.SIGKILL)
            with pytest.raises(QueryLimitError, match="ended its worker") as caught:
                async for _ in stream:
                    pass
            assert caught.value.limit == "resources"
            await works(pool)
            _, (other,) = processes()
            assert other != worker
            assert pool.restarts == 1

    run(test())


def test_a_client_that_goes_away_in_mid_stream_leaves_its_worker_free(home) -> None:
    async def test() -> None:
        async with pool_of(home, workers=2) as pool:
            for _ in range(5):
                async with stream_of(pool, ENDLESS_ROWS):
                    pass
            await works(pool)
            assert pool.restarts == 5
            assert len(processes()[1]) == 2

    run(test())


def test_a_client_that_just_drops_its_answer_leaves_its_worker_free(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            for _ in range(3):
                async for _ in await pool.answer(ENDLESS_ROWS, JSON):
                    break
            await works(pool)

    run(test())


@pytest.mark.parametrize("query", [ENDLESS, ENDLESS_ROWS], ids=["before the first block", "in mid-stream"])
def test_a_client_whose_task_is_cancelled_at_every_turn_leaves_its_worker_free(home, query: str) -> None:
    """A web framework cancels the task of a client that has gone away again and again until it ends."""

    async def read(pool: WorkerPool, begun: asyncio.Event) -> None:
        async for _ in await pool.answer(query, JSON):
            begun.set()

    async def test() -> None:
        async with pool_of(home, workers=2) as pool:
            for _ in range(5):
                begun = asyncio.Event()
                task = asyncio.create_task(read(pool, begun))
                if query == ENDLESS_ROWS:
                    await begun.wait()
                else:
                    await turns()
                while not task.done():
                    task.cancel()
                    await asyncio.sleep(0)
                assert task.cancelled()
            await works(pool)
            assert pool.restarts > 0
            assert len(processes()[1]) == 2

    run(test())


def test_when_the_pool_is_closed_no_process_is_left(home) -> None:
    async def test() -> None:
        async with pool_of(home, "memory", workers=3) as pool:
            await works(pool)
            busy = asyncio.create_task(pool.whole(ENDLESS, JSON))
            await turns()
            server, workers = processes()
            assert len(workers) == 3
            ending = all_end([server, *workers])
            ending.__enter__()
        with pytest.raises(QueryLimitError, match="server is closing"):
            await busy
        ending.__exit__(None, None, None)

    run(test())


@pytest.mark.parametrize("late", ["close", "read", "drop"])
def test_an_answer_that_outlives_the_pool_leaves_no_process(home, late: str) -> None:
    async def test() -> None:
        async with pool_of(home, workers=2) as pool:
            stream = await pool.answer(ENDLESS_ROWS, JSON)
            assert await anext(stream)
            waiting = asyncio.create_task(pool.whole(ENDLESS, JSON))
            await turns()
            server, workers = processes()
            ending = all_end([server, *workers])
            ending.__enter__()
        if late == "close":
            await closed(stream)
        elif late == "read":
            with pytest.raises(QueryLimitError, match="server is closing"):
                async for _ in stream:
                    pass
        del stream
        with pytest.raises(QueryLimitError, match="server is closing"):
            await waiting
        ending.__exit__(None, None, None)

    run(test())


def test_a_pool_that_closes_while_a_worker_is_being_replaced_leaves_no_process(home) -> None:
    async def test() -> None:
        async with pool_of(home) as pool:
            server, workers = processes()
            ending = all_end([server, *workers])
            ending.__enter__()
            async with stream_of(pool, ENDLESS_ROWS):
                pass
        ending.__exit__(None, None, None)

    run(test())


def test_when_the_server_is_killed_its_workers_end(home) -> None:
    script = f"""
import asyncio, pathlib
from nexuskb.sparql.formats import JSON
from nexuskb.sparql.pool import PoolLimits, WorkerPool
async def main():
    async with WorkerPool(pathlib.Path({str(home[0])!r}), {home[1]!r}, PoolLimits(workers=2)) as pool:
        busy = asyncio.create_task(pool.whole({ENDLESS!r}, JSON))
        stream = await pool.answer({ENDLESS_ROWS!r}, JSON)
        await anext(stream)
        print("ready", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            server, workers = processes(process.pid)
            assert len(workers) == 2
            with all_end([server, *workers]):
                process.kill()
        finally:
            process.kill()


def test_a_pool_on_no_store_does_not_start(tmp_path: Path) -> None:
    async def test() -> None:
        with pytest.raises(SettingsError, match="could not start"):
            async with pool_of((tmp_path / "none", "g"), "memory"):
                pass

    run(test())
