"""The cache of answers: bounded, by generation, and never holding half an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from nexuskb.sparql.formats import CSV, JSON
from nexuskb.store.port import EVERYTHING, Dataset
from nexuskb_api.cache import AnswerCache, Held, answer_key


def key(query: str, generation: str = "g1"):
    return answer_key(generation, query, EVERYTHING, JSON)


def test_an_answer_is_given_back_until_the_base_changes() -> None:
    cache = AnswerCache()
    cache.put(key("ASK {}"), Held(b"yes"))
    assert cache.get(key("ASK {}")) == Held(b"yes")
    assert cache.get(key("ASK {}", "g2")) is None


def test_format_dataset_and_coding_belong_to_an_answer() -> None:
    one = answer_key("g", "q", EVERYTHING, JSON)
    others = [
        answer_key("g", "q", EVERYTHING, CSV),
        answer_key("g", "q", Dataset(("a",), ()), JSON),
        answer_key("g", "q", Dataset((), ("a",)), JSON),
        answer_key("g", "q", EVERYTHING, JSON, "gzip"),
    ]
    assert len({one.etag, *(other.etag for other in others)}) == 5
    cache = AnswerCache()
    cache.put(one, Held(b"x"))
    assert [cache.get(other) for other in others] == [None] * 4


def test_it_never_holds_more_than_its_bound_and_forgets_what_was_not_used() -> None:
    cache = AnswerCache(max_bytes=10_000, max_entry=5_000)
    for number in range(100):
        cache.put(key(f"query {number}"), Held(b"x" * 1_000))
        cache.get(key("query 0"))
        assert cache.size <= 10_000
    assert cache.get(key("query 0")) is not None
    assert cache.get(key("query 1")) is None
    assert 1 < len(cache) < 10


def test_an_answer_too_large_is_not_held() -> None:
    cache = AnswerCache(max_bytes=10_000, max_entry=2_000)
    cache.put(key("q"), Held(b"x" * 3_000))
    assert cache.get(key("q")) is None
    assert cache.size == 0


async def _blocks(*blocks: bytes, fail: bool = False) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block
    if fail:
        raise RuntimeError("the worker died")


def test_only_whole_answers_are_held() -> None:
    async def through(cache: AnswerCache, blocks: AsyncIterator[bytes]) -> bytes:
        return b"".join([block async for block in cache.keeping(key("q"), blocks)])

    cache = AnswerCache()
    with pytest.raises(RuntimeError):
        asyncio.run(through(cache, _blocks(b"half", fail=True)))
    assert cache.get(key("q")) is None
    assert asyncio.run(through(cache, _blocks(b"a", b"b"))) == b"ab"
    assert cache.get(key("q")) == Held(b"ab")


def test_a_large_answer_passes_through_without_being_held() -> None:
    async def through(cache: AnswerCache) -> int:
        return len(b"".join([block async for block in cache.keeping(key("q"), _blocks(*[b"x" * 1000] * 10))]))

    cache = AnswerCache(max_entry=2_000)
    assert asyncio.run(through(cache)) == 10_000
    assert len(cache) == 0
