"""A cache of whole answers, bounded in bytes, for questions that are asked again.

An answer is known by the generation of the base, the query, its dataset, its format and the content coding
that the client takes, so that any change of the base leaves all older answers behind. The same five make the
entity tag (RFC 9110, 8.8.3): it is known before the query runs, and a client that has the answer already
costs nothing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from nexuskb.sparql.formats import ResultFormat
from nexuskb.store.port import Dataset


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What an answer depends on."""

    generation: str
    query: str
    dataset: Dataset
    format: str
    coding: str
    etag: str = field(compare=False)


def answer_key(
    generation: str, query: str, dataset: Dataset, result_format: ResultFormat, coding: str = ""
) -> AnswerKey:
    """The key of an answer, with its strong entity tag."""
    parts = (generation, query, *dataset.default_graphs, "", *dataset.named_graphs)
    whole = "\0".join((*parts, result_format.name, coding))
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass"))
    etag = f'"{digest.hexdigest()[:32]}"'
    return AnswerKey(generation, query, dataset, result_format.name, coding, etag)


@dataclass(frozen=True, slots=True)
class Held:
    """An answer as it is sent: its bytes and their content coding, empty for none."""

    body: bytes
    coding: str = ""


class AnswerCache:
    """The answers used last, up to ``max_bytes`` in all and ``max_entry`` bytes each."""

    def __init__(self, max_bytes: int = 64 * 1024**2, max_entry: int = 1024**2) -> None:
        self._max_bytes = max_bytes
        self._max_entry = max_entry
        self._held: OrderedDict[AnswerKey, Held] = OrderedDict()
        self._size = 0
        #: How often an answer was looked for and found, or not.
        self.hits = 0
        self.misses = 0

    @property
    def size(self) -> int:
        """Bytes held, keys included."""
        return self._size

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: AnswerKey) -> Held | None:
        """The answer, if it is held."""
        held = self._held.get(key)
        if held is None:
            self.misses += 1
        else:
            self.hits += 1
            self._held.move_to_end(key)
        return held

    def put(self, key: AnswerKey, held: Held) -> None:
        """Hold an answer unless it is too large, and let go of those not used for longest."""
        cost = _cost(key, held)
        if cost > self._max_entry:
            return
        if key in self._held:
            self._size -= _cost(key, self._held.pop(key))
        self._held[key] = held
        self._size += cost
        while self._size > self._max_bytes:
            self._size -= _cost(*self._held.popitem(last=False))

    async def keeping(
        self, key: AnswerKey, blocks: AsyncIterator[bytes], coding: str = ""
    ) -> AsyncIterator[bytes]:
        """Pass an answer on and hold it when it has come to its end whole."""
        kept: list[bytes] | None = []
        size = 0
        async for block in blocks:
            size += len(block)
            if kept is not None:
                kept.append(block)
                if size > self._max_entry:
                    kept = None
            yield block
        if kept is not None:
            self.put(key, Held(b"".join(kept), coding))


def _cost(key: AnswerKey, held: Held) -> int:
    return len(held.body) + len(key.query) + 512
