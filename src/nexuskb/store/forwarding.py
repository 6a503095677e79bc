"""The accepted base in a remote store, kept in step with the ledger of this home.

The ledger is the truth, and what it accepts is brought to the store change by change. What a change does is
found on a copy here of the generation that the store holds; what it does is all that is sent, for a store of
that generation and no other. So however this process ends, and whatever became of a request, the store holds
a base that the ledger went through, and is brought on from there: at the start, after every acceptance, and
every second.

Where there is no address for updates, only the search index follows the store.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Final

from nexuskb.content import fingerprint, store_files
from nexuskb.errors import NexusError, OtherBaseError, StoreError
from nexuskb.holding import hold, only_one
from nexuskb.records.ledger import Accepted
from nexuskb.rules import read_rules, rule_files
from nexuskb.search.index import SearchIndex
from nexuskb.search.store import check_indexed
from nexuskb.settings import RemoteSettings, Settings
from nexuskb.sparql.evaluator import Answer
from nexuskb.sparql.formats import ResultFormat
from nexuskb.sparql.limits import PoolLimits
from nexuskb.sparql.pool import WorkerPool
from nexuskb.store.evaluating import RemoteEvaluator
from nexuskb.store.filling import Content, fill
from nexuskb.store.following import Followed, keep_following
from nexuskb.store.serving import ended
from nexuskb.store.state import State
from nexuskb.store.updating import growth, requests
from nexuskb.store.working import WorkingCopy
from nexuskb.store.writer import WRITING_LOCK, Writer
from nexuskb.terms import GRAPHS

_LOG: Final = logging.getLogger(__name__)
#: Seconds that a store may take for a request that brings a change.
_SECONDS: Final = 60.0
#: Attempts to bring something to a store that others write to, too.
_ATTEMPTS: Final = 3
#: Seconds before the files and the ledger are looked through again for the base of a store.
_RECHECK: Final = 5.0


class RemoteBase:
    """The base in the store of ``remote``, and the search index of it here.

    Use it as an async context manager. ``limits`` are those of queries over drafts, which are evaluated here.
    """

    def __init__(
        self, settings: Settings, store: RemoteSettings, remote: RemoteEvaluator, limits: PoolLimits
    ) -> None:
        self._settings = settings
        self._remote = remote
        self._writer = Writer(store, _SECONDS) if store.update else None
        self._limits = replace(limits, workers=1)
        self._followed = Followed(settings.home)
        self._copy: WorkingCopy | None = None
        self._spoiled = False
        self._unknown = ("", float("-inf"))
        self._moving = asyncio.Lock()
        self._drafting = asyncio.Lock()
        self._drafts: WorkerPool | None = None
        self._held = ExitStack()

    async def __aenter__(self) -> RemoteBase:
        """Bring what was accepted to the store, as far as that can be done now."""
        async with AsyncExitStack() as stack:
            stack.callback(self._close)
            try:
                await self.follow()
            except (NexusError, OSError) as error:
                _LOG.error("What was accepted is not served yet: %s", error)
                if self._copy is None:
                    await self._open(None)
            self._pools = await stack.enter_async_context(AsyncExitStack())
            looking = asyncio.create_task(keep_following(self.follow))
            stack.push_async_callback(ended, looking)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what follows the ledger, and remove the copies."""
        await self._stack.aclose()

    @property
    def writes(self) -> bool:
        """Whether what is accepted can be brought to the store."""
        return self._writer is not None

    async def follow(self) -> None:
        """Bring to the store what the ledger has accepted so far. When this returns, it is served.

        Raises :class:`OtherBaseError` if the store holds a base that the ledger did not go through, and
        another :class:`NexusError` if the store does not take it; the next call tries again.
        """
        async with self._moving:
            for _ in range(_ATTEMPTS):
                await self._join()
                if self._writer is None or await self._bring(self._writer):
                    return
            raise StoreError("The store is changed by others again and again. What was accepted waits.")

    async def ready(self) -> None:
        """Whether what is accepted can be served, now or when the store answers again.

        Raises :class:`OtherBaseError` if it cannot, because the store holds another base.
        """
        try:
            await self.follow()
        except OtherBaseError:
            raise
        except (NexusError, OSError):
            return  # the ledger keeps it until the store is there

    async def searching(self) -> SearchIndex:
        """The index of what the store holds. Raises :class:`StoreError` if there is none of that here."""
        if self._working().content.generation != self._remote.generation:
            async with self._moving:
                try:
                    await self._join()
                except OtherBaseError:
                    check_indexed(self._working().content.generation, self._remote.generation)
        check_indexed(self._working().content.generation, self._remote.generation)
        return self._working().index

    async def answer_with_drafts(self, drafts: bytes, query: str, result_format: ResultFormat) -> Answer:
        """Evaluate a query over the base and some drafts: here, as nobody else may see them."""
        async with self._drafting:
            pool = await self._pool(self._working().content)
            return await pool.answer_with_drafts(drafts, query, result_format)

    def _working(self) -> WorkingCopy:
        assert self._copy is not None  # noqa: S101 -- there is one from the start on
        return self._copy

    async def _join(self) -> None:
        """Have the copy be of what the store holds. Raises :class:`StoreError`."""
        held = await self._remote.state()
        if self._in_step(held):
            return
        copy, content = self._copy, await asyncio.to_thread(self._find, held.generation)
        if content is None or _is_loading(held):  # what was read may be a second old
            held = await self._remote.state(anew=True)
            if _is_loading(held):
                raise StoreError("The store is being loaded, or a load did not end: repeat `nexuskb load`.")
            if (content := await asyncio.to_thread(self._find, held.generation)) is None:
                raise _other_base(held.generation)
        if copy and not self._spoiled and copy.content.files == content.files:
            while changes := await asyncio.to_thread(self._followed.news, copy.content, content.seq):
                await self._change(copy, changes)
            if copy.content == content:
                return
        await self._open(content)

    def _in_step(self, held: State) -> bool:
        """Whether the copy is of what the store holds."""
        if self._copy is None or self._spoiled or _is_loading(held):
            return False
        return self._copy.content.generation == held.generation

    def _find(self, generation: str) -> Content | None:
        """The content of a generation, if it is made of the files and the ledger here."""
        unknown, since = self._unknown
        if generation != unknown or time.monotonic() - since > _RECHECK:
            files = fingerprint(store_files(self._settings), rule_files(self._settings))
            if found := self._followed.content(generation, files):
                return found
            self._unknown = (generation, time.monotonic())
        return None

    async def _open(self, content: Content | None) -> None:
        """Have a copy of the base as it was with this content, or as it is now."""
        filled = await asyncio.to_thread(fill, self._settings, None, content.seq if content else None)
        copy = await asyncio.to_thread(WorkingCopy, self._settings, filled, read_rules(self._settings))
        before, self._copy, self._spoiled = self._copy, copy, False
        if before:
            await asyncio.to_thread(before.close)
        if content and copy.content != content:
            raise StoreError("The files have changed meanwhile. What was accepted waits.")

    async def _change(self, copy: WorkingCopy, changes: list[Accepted]) -> None:
        """Bring changes that the store has into the copy."""
        self._spoiled = True
        await asyncio.to_thread(copy.prepare, changes)
        await asyncio.to_thread(copy.commit)
        self._spoiled = False

    async def _bring(self, writer: Writer) -> bool:
        """Bring to the store what is new in the ledger; not if the store does not hold what it held."""
        while True:
            copy = self._working()
            changes = await asyncio.to_thread(self._followed.news, copy.content)
            if changes is None:
                raise _other_base(copy.content.generation)
            if not changes:
                return True
            if not await self._send(writer, copy, changes):
                return False

    async def _send(self, writer: Writer, copy: WorkingCopy, changes: list[Accepted]) -> bool:
        """Change the store, see that it has changed, and let the copy follow."""
        try:
            with only_one(self._settings.home / WRITING_LOCK, wait=False):
                old = await self._remote.state()
                self._spoiled = True
                effect, content = await asyncio.to_thread(copy.prepare, changes)
                new = old.after(content.generation, growth(effect))
                for request in requests(effect, old, new, self._remote.product):
                    await asyncio.to_thread(writer.update, request, repeatable=True)
                held = await self._remote.state(anew=True)
        except BlockingIOError as error:
            raise StoreError("Another process of this home is writing to the store.") from error
        if held.generation == old.generation:
            raise StoreError(
                "The store does not take what was accepted: somebody loads it, or it is read-only."
            )
        if held.generation != new.generation:
            return False
        await asyncio.to_thread(copy.commit)
        self._spoiled = False
        return True

    async def _pool(self, content: Content) -> WorkerPool:
        """Workers over the base of this content on disk, started when somebody first asks for them."""
        filled = await asyncio.to_thread(fill, self._settings, None, content.seq)
        if self._drafts and self._drafts.generation == filled.content.generation:
            return self._drafts
        held = ExitStack()
        held.enter_context(hold(filled.directory))
        if self._drafts is None:
            self._drafts = await self._pools.enter_async_context(
                WorkerPool(filled.directory, filled.content.generation, self._limits, "disk")
            )
        else:
            async with self._drafts.moving(filled.directory, filled.content.generation):
                self._held.close()
        self._held = self._pools.enter_context(held)
        return self._drafts

    def _close(self) -> None:
        if self._copy:
            self._copy.close()
        if self._writer:
            self._writer.close()
        self._followed.close()


def _is_loading(held: State) -> bool:
    return str(GRAPHS.loading) in held.triples


def _other_base(generation: str) -> OtherBaseError:
    return OtherBaseError(
        f"The store behind this service holds a base (generation {generation}) that is not made of the files "
        "and of what was accepted here: it was loaded from elsewhere, or a backup was restored. Nothing was "
        "changed. Bring the files here up to date, run `nexuskb load` here, and do this again."
    )
