"""What was accepted is served at once, whole, and stays so whatever ends; real workers, on the real base."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.ledgers import accept, fresh

from nexuskb.errors import ContentError, QueryLimitError
from nexuskb.records.ledger import LEDGER_FILE
from nexuskb.search.index import SearchIndex
from nexuskb.settings import ServingSettings, Settings
from nexuskb.sparql.formats import JSON, N_TRIPLES
from nexuskb.sparql.limits import PoolLimits
from nexuskb.store.filling import fill, open_store
from nexuskb.store.serving import ServedBase
from nexuskb.terms import REC

LABELS = "SELECT ?l { VALUES ?r { rec:fresh-1 rec:fresh-2 } ?r rdfs:label ?l }"
EVERYTHING = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


@pytest.fixture(scope="module")
def filled(settings: Settings) -> Path:
    """The generation of the files alone, to start from."""
    return fill(settings).directory


@pytest.fixture
def own(settings: Settings, filled: Path, tmp_path: Path) -> Settings:
    """The real base with a home of its own."""
    target = tmp_path / "home" / "generations" / filled.name
    target.mkdir(parents=True)
    for path in filled.iterdir():
        os.link(path, target / path.name)
    return Settings(settings.ontology, settings.data, tmp_path / "home")


@pytest.fixture(params=["memory", "disk"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def serving(settings: Settings, mode: str = "memory") -> AsyncIterator[ServedBase]:
    limits = PoolLimits(seconds=120.0, workers=2, client_seconds=0)
    async with ServedBase(settings, ServingSettings(limits, mode)) as base:
        yield base


async def labels(base: ServedBase) -> list[str]:
    rows = json.loads(await base.pool.whole(LABELS, JSON))["results"]["bindings"]
    return sorted(row["l"]["value"] for row in rows)


def found(index: SearchIndex, words: str) -> list[str]:
    return [hit.identifier for hit in index.search(words).hits]


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type] # it is a coroutine function


def state(text: bytes) -> bytes:
    return (
        text
        + text.split(b" ", 1)[0]
        + (
            b" <https://w3id.org/nexuskb/ontology/reviewState>"
            b" <https://w3id.org/nexuskb/vocabularies/review/accepted> .\n"
        )
    )


def shown(number: int, label: str) -> dict[str, bytes | None]:
    """A record as the search index takes it: with its review state."""
    return {iri: state(text or b"") for iri, text in fresh(number, label).items()}


def test_what_is_accepted_is_served_when_following_returns(own: Settings, mode: str) -> None:
    async def test() -> None:
        async with serving(own, mode) as base:
            before = base.pool.generation
            assert await labels(base) == []
            assert found(base.index, "zanzibar") == []
            accept(own, shown(1, "zanzibar"))
            await base.follow()
            assert await labels(base) == ["zanzibar"]
            assert found(base.index, "zanzibar") == ["fresh-1"]
            assert base.pool.generation != before
            accept(own, {**shown(2, "pemba"), str(REC["fresh-1"]): None})
            await base.follow()
            assert await labels(base) == ["pemba"]
            assert found(base.index, "zanzibar") == []
            assert found(base.index, "pemba") == ["fresh-2"]
            assert base.pool.generation == base.content.generation == fill(own).content.generation

    run(test)


def test_what_another_process_wrote_is_served_before_long(own: Settings) -> None:
    async def test() -> None:
        async with serving(own) as base:
            accept(own, fresh(1))
            async with asyncio.timeout(60):
                while await labels(base) != ["fresh"]:
                    await asyncio.sleep(0.1)

    run(test)


def test_after_many_changes_the_same_is_served_as_after_a_new_start(own: Settings) -> None:
    async def test() -> None:
        async with serving(own) as base:
            for number in range(12):
                accept(own, shown(number % 5, f"kilwa {number}"))
                await base.follow()
            served = set((await base.pool.whole(EVERYTHING, N_TRIPLES)).splitlines())
            hits = base.index.search("kilwa")
        async with serving(own) as again:
            assert set((await again.pool.whole(EVERYTHING, N_TRIPLES)).splitlines()) == served
            assert again.index.search("kilwa") == hits
            assert hits.total == 5

    run(test)


def test_a_query_that_had_begun_sees_the_base_as_it_was(own: Settings, mode: str) -> None:
    async def test() -> None:
        async with serving(own, mode) as base:
            begun = await base.pool.answer(EVERYTHING, N_TRIPLES)
            accept(own, fresh(1, "zanzibar"))
            await base.follow()
            later = await base.pool.whole(EVERYTHING, N_TRIPLES)
            earlier = b"".join([block async for block in begun])
            assert b"zanzibar" not in earlier
            assert b"zanzibar" in later
            assert earlier.endswith(b" .\n")

    run(test)


def test_no_query_sees_a_part_of_what_was_accepted_together(own: Settings) -> None:
    async def test() -> None:
        async with serving(own) as base:
            accept(own, {**fresh(1, "0"), **fresh(2, "0")})
            await base.follow()
            seen: list[str] = []

            async def look() -> None:
                while not done.is_set():
                    one, other = await labels(base)
                    assert one == other
                    seen.append(one)

            done = asyncio.Event()
            looking = [asyncio.create_task(look()) for _ in range(3)]
            for number in range(1, 15):
                accept(own, {**fresh(1, f"{number}"), **fresh(2, f"{number}")})
                await base.follow()
            done.set()
            await asyncio.gather(*looking)
            assert seen[0] == "0"
            assert len(set(seen)) > 3

    run(test)


def test_changes_outlast_the_fork_server(own: Settings, mode: str) -> None:
    async def test() -> None:
        async with serving(own, mode) as base:
            accept(own, fresh(1, "zanzibar"))
            await base.follow()
            os.kill(base.pool._server.pid, signal.SIGKILL)
            await base.pool._server.wait()
            for _ in range(2):
                with suppress(QueryLimitError):  # of a worker that is about to end with it
                    await labels(base)
            assert await labels(base) == ["zanzibar"]
            accept(own, fresh(2, "pemba"))
            await base.follow()
            assert await labels(base) == ["pemba", "zanzibar"]

    run(test)


def test_drafts_are_seen_by_one_query_alone(own: Settings, mode: str) -> None:
    async def test() -> None:
        async with serving(own, mode) as base:
            (draft,) = shown(1, "zanzibar").values()
            for _ in range(3):
                answer = await base.pool.answer_with_drafts(draft or b"", LABELS, JSON)
                assert b"zanzibar" in await answer.read()
                assert await labels(base) == []
            accept(own, fresh(2, "pemba"))
            await base.follow()
            asked = await base.pool.answer_with_drafts(draft or b"", LABELS, JSON)
            assert {b"zanzibar" in (body := await asked.read()), b"pemba" in body} == {True}
            assert await labels(base) == ["pemba"]

    run(test)


def test_what_cannot_be_read_is_told_and_what_was_served_is_served_on(own: Settings) -> None:
    async def test() -> None:
        async with serving(own) as base:
            accept(own, shown(1, "zanzibar"))
            await base.follow()
            accept(own, {str(REC["fresh-2"]): b"no triples"})
            with pytest.raises(ContentError, match="not readable N-Triples"):
                await base.follow()
            assert await labels(base) == ["zanzibar"]
            assert found(base.index, "zanzibar") == ["fresh-1"]

    run(test)


def test_an_index_that_cannot_be_written_leaves_store_and_index_in_step(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with serving(own) as base:
            accept(own, shown(1, "zanzibar"))
            await base.follow()
            with monkeypatch.context() as patched:
                patched.setattr("nexuskb.search.live.update_index", _full_disk)
                accept(own, shown(2, "pemba"))
                with pytest.raises(OSError, match="full"):
                    await base.follow()
                assert await labels(base) == ["zanzibar"]
                assert found(base.index, "pemba") == []
            await base.follow()
            assert await labels(base) == ["pemba", "zanzibar"]
            assert found(base.index, "pemba") == ["fresh-2"]

    run(test)


def _full_disk(*_: object) -> None:
    raise OSError("disk full")


def test_a_ledger_from_a_backup_is_served_as_it_is(own: Settings) -> None:
    async def test() -> None:
        accept(own, fresh(1, "zanzibar"))
        backup = (own.home / LEDGER_FILE).read_bytes()
        async with serving(own) as base:
            accept(own, fresh(2, "pemba"))
            await base.follow()
            assert await labels(base) == ["pemba", "zanzibar"]
        (own.home / LEDGER_FILE).write_bytes(backup)
        async with serving(own) as base:
            assert await labels(base) == ["zanzibar"]
            assert {str(row["l"]) for row in open_store(own).select(LABELS)} == {"zanzibar"}

    run(test)


def test_nothing_is_left_of_a_server_but_the_base(own: Settings) -> None:
    async def test() -> None:
        (own.home / "searching-left").mkdir()
        async with serving(own) as base:
            accept(own, fresh(1))
            await base.follow()
        assert not list(own.home.glob("searching-*"))

    run(test)
