"""A cache of whole answers, bounded in bytes, for questions that are asked again.

An answer is known by the generation of the base, the query, its dataset and its format, so that any change
of the base leaves all older answers behind. The same four make the entity tag (RFC 9110, 8.8.3): it is
known before the query runs, and a client that has the answer already costs nothing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass

from nexuskb.sparql.formats import ResultFormat
from nexuskb.store.port import Dataset


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What an answer depends on."""

    generation: str
    query: str
    dataset: Dataset
    format: str

    @property
    def etag(self) -> str:
        """The strong entity tag of the answer."""
        parts = (self.generation, self.query, *self.dataset.default_graphs, "", *self.dataset.named_graphs)
        digest = hashlib.sha256("\0".join((*parts, self.format)).encode("utf-8", "surrogatepass"))
        return f'"{digest.hexdigest()[:32]}"'


def answer_key(generation: str, query: str, dataset: Dataset, result_format: ResultFormat) -> AnswerKey:
    """The key of an answer."""
    return AnswerKey(generation, query, dataset, result_format.name)


class AnswerCache:
    """The answers used last, up to ``max_bytes`` in all and ``max_entry`` bytes each."""

    def __init__(self, max_bytes: int = 64 * 1024**2, max_entry: int = 1024**2) -> None:
        self._max_bytes = max_bytes
        self._max_entry = max_entry
        self._held: OrderedDict[AnswerKey, bytes] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes held, keys included."""
        return self._size

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: AnswerKey) -> bytes | None:
        """The answer, if it is held."""
        body = self._held.get(key)
        if body is not None:
            self._held.move_to_end(key)
        return body

    def put(self, key: AnswerKey, body: bytes) -> None:
        """Hold an answer unless it is too large, and let go of those not used for longest."""
        cost = _cost(key, body)
        if cost > self._max_entry:
            return
        if key in self._held:
            self._size -= _cost(key, self._held.pop(key))
        self._held[key] = body
        self._size += cost
        while self._size > self._max_bytes:
            old_key, old_body = self._held.popitem(last=False)
            self._size -= _cost(old_key, old_body)

    async def keeping(self, key: AnswerKey, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
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
            self.put(key, b"".join(kept))


def _cost(key: AnswerKey, body: bytes) -> int:
    return len(body) + len(key.query) + 512
