"""The accepted base as it is served: store, derived graph and search index, in step with the ledger.

The ledger is the truth; what is served is made from it and can be made again at any time. A change that was
accepted, here or in another process, is brought in by :meth:`ServedBase.follow`. All that is asked before the
moment in which it is done sees the base as it was; all that is asked after it, as it is.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack
from types import TracebackType
from typing import Final

from nexuskb.holding import hold
from nexuskb.records.ledger import Accepted
from nexuskb.rules import read_rules
from nexuskb.search.index import INDEX_FILE, SearchIndex, open_index
from nexuskb.search.live import LiveIndex
from nexuskb.settings import ServingSettings, Settings
from nexuskb.sparql.evaluator import Answer
from nexuskb.sparql.formats import ResultFormat
from nexuskb.sparql.pool import WorkerPool
from nexuskb.store.filling import Content, fill
from nexuskb.store.following import Followed, keep_following

#: Searches at a time.
_SEARCHES: Final = 4


class ServedBase:
    """The embedded base with its workers and its index. Use it as an async context manager."""

    pool: WorkerPool
    index: SearchIndex

    def __init__(self, settings: Settings, serving: ServingSettings) -> None:
        self._settings = settings
        self._serving = serving
        self._rules = read_rules(settings)
        self._followed = Followed(settings.home)
        self._live: LiveIndex | None = None
        self._moving = asyncio.Lock()

    async def __aenter__(self) -> ServedBase:
        """Fill the store if that is needed, and start the workers."""
        filled = await asyncio.to_thread(fill, self._settings)
        self._content = filled.content
        async with AsyncExitStack() as stack:
            self._held = stack.enter_context(ExitStack())
            self._held.enter_context(hold(filled.directory))
            self._directory = filled.directory
            self.pool = await stack.enter_async_context(
                WorkerPool(
                    filled.directory, self._content.generation, self._serving.limits, self._serving.mode
                )
            )
            self.index = open_index(filled.directory / INDEX_FILE, _SEARCHES)
            stack.callback(self._close)
            looking = asyncio.create_task(keep_following(self.follow))
            stack.push_async_callback(ended, looking)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers and close the index."""
        await self._stack.aclose()

    @property
    def content(self) -> Content:
        """What is served."""
        return self._content

    async def follow(self) -> None:
        """Bring in what the ledger has accepted so far. When this returns, it is served.

        Raises :class:`~nexuskb.errors.NexusError` if that cannot be done; what was served before is served
        on, and the next call tries again.
        """
        async with self._moving:
            while True:
                changes = await asyncio.to_thread(self._followed.news, self._content)
                if changes is None:
                    await self._move()
                    return
                if not changes:
                    return
                if self._serving.mode == "memory":
                    try:
                        await self._change(changes)
                    except ConnectionError:  # the fork server has ended; the next one does it
                        await self._change(changes)
                else:
                    await self._move()

    async def ready(self) -> None:
        """Whether what is accepted can be served: it always can, from here."""

    async def answer_with_drafts(self, drafts: bytes, query: str, result_format: ResultFormat) -> Answer:
        """Evaluate a query over the base and some drafts, which nobody else sees."""
        return await self.pool.answer_with_drafts(drafts, query, result_format)

    async def _change(self, changes: list[Accepted]) -> None:
        """Bring changes in: store and index at one moment."""
        after = self._content.after(changes[-1])
        records = {str(change.record): change.triples for change in changes}
        live = await asyncio.to_thread(self._go_live)
        async with self.pool.changing(records, self._rules, after.generation) as documents:
            await asyncio.to_thread(live.write, documents)
            live.commit()
            self._content, self.index = after, live.index

    def _go_live(self) -> LiveIndex:
        """The index that can be changed, made when it is first needed."""
        if self._live:
            return self._live
        live = LiveIndex(self._settings.home, self._directory / INDEX_FILE, _SEARCHES)
        self._live = self._held.enter_context(live)
        return live

    async def _move(self) -> None:
        """Serve from the disk what is accepted now."""
        filled = await asyncio.to_thread(fill, self._settings)
        held = ExitStack()
        held.enter_context(hold(filled.directory))
        index = await asyncio.to_thread(open_index, filled.directory / INDEX_FILE, _SEARCHES)
        async with self.pool.moving(filled.directory, filled.content.generation):
            before, self._held = self._held, held
            self._directory, self._content, self._live, self.index = (
                filled.directory,
                filled.content,
                None,
                index,
            )
        await asyncio.to_thread(before.close)

    def _close(self) -> None:
        self._held.close()
        self._followed.close()


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
