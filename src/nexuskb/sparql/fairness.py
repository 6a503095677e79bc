"""A fair share of the query workers for each client.

Three rules, after those of the Wikidata Query Service. Queries that wait are served in turn between clients,
those first that hold fewest workers. A full queue makes room at the cost of whoever fills it. And a client
that has used up its workers' time is refused until it has paid off: the time it used flows back at a steady
rate, so that a number a client is all that must be remembered.
"""

from __future__ import annotations

import asyncio
import heapq
import ipaddress
import math
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from typing import Final, Generic, TypeVar

from nexuskb.errors import QueryLimitError
from nexuskb.sparql.limits import PoolLimits

T = TypeVar("T")

#: For whom the present task works. Our own work, such as that at the start, has no client and no limit.
OURSELVES: Final = ""
CLIENT: ContextVar[str] = ContextVar("client", default=OURSELVES)

#: Work shorter than this costs nothing.
FREE_SECONDS: Final = 0.025
#: How many minutes' share a client may use at once, and which part of it makes a client a heavy one.
_BURST_MINUTES: Final = 2
_HEAVY_PART: Final = 0.25
#: Clients remembered at most; of more, those that owe least are forgotten.
_MOST_CLIENTS: Final = 20_000


@lru_cache(maxsize=4_096)
def client_of_address(address: str) -> str:
    """The client behind an address: an IPv4 address, or the IPv6 network of 64 bits that one site has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
        parsed = parsed.ipv4_mapped
    return str(parsed)


class Accounts:
    """What each client owes for work done lately. Twice a minute's share may be used at once."""

    def __init__(self, client_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = client_seconds / 60
        self._burst = client_seconds * _BURST_MINUTES
        self._clock = clock
        self._paid_off: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._paid_off)

    def charge(self, client: str, seconds: float) -> None:
        """Add work to what a client owes; little work is free."""
        if client == OURSELVES or not self._rate or seconds < FREE_SECONDS:
            return
        now = self._clock()
        self._paid_off[client] = max(self._paid_off.get(client, now), now) + seconds / self._rate
        if len(self._paid_off) > _MOST_CLIENTS:
            owing = ((when, name) for name, when in self._paid_off.items() if when > now)
            self._paid_off = {name: when for when, name in heapq.nlargest(_MOST_CLIENTS // 2, owing)}

    def owed(self, client: str) -> float:
        """Seconds of work that a client has not paid off yet."""
        return max(0.0, self._paid_off.get(client, 0.0) - self._clock()) * self._rate

    def is_heavy(self, client: str) -> bool:
        """Whether a client has used much of its share."""
        return self.owed(client) > self._burst * _HEAVY_PART

    def check(self, client: str) -> None:
        """Raise :class:`QueryLimitError` for a client that has used up its share."""
        excess = self.owed(client) - self._burst
        if excess >= 0 and self._rate and client != OURSELVES:
            raise QueryLimitError(
                f"Queries from your address have used more than {self._burst:g} seconds of the server's "
                f"time; {self._rate * 60:g} flow back each minute. Pause, and ask for less at a time.",
                "share",
                retry_after=max(1, math.ceil(excess / self._rate)),
            )


class FairShare(Generic[T]):
    """Hands workers to the queries of many clients. It belongs to one event loop."""

    def __init__(self, limits: PoolLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self.accounts = Accounts(limits.client_seconds, clock)
        self._limits = limits
        self._free: deque[T] = deque()
        self._held: dict[str, int] = {}
        self._queues: dict[str, deque[asyncio.Future[T]]] = {}
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many queries wait."""
        return sum(map(len, self._queues.values()))

    @property
    def free(self) -> int:
        """How many workers are free."""
        return len(self._free)

    @property
    def held(self) -> int:
        """How many workers clients hold."""
        return sum(self._held.values())

    async def take(self, client: str) -> T:
        """A worker for a query of this client, when its turn has come.

        Raises :class:`QueryLimitError` if the client has used up its share, if too many wait or it waits
        too long. Whoever takes a worker says with :meth:`release` when it is no longer held.
        """
        self.accounts.check(client)
        if self._closed:
            raise _closing()
        if self._free and not self._queues and self._may_take(client):
            self._held[client] = self._held.get(client, 0) + 1
            return self._free.pop()
        place: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(client, deque()).append(place)
        self._hand_out()
        if place.done():
            return place.result()
        self._make_room()
        try:
            await asyncio.wait((place,), timeout=self._limits.seconds)
        except asyncio.CancelledError:
            if not place.done():
                self._leave(client, place)
            elif place.exception() is None:
                self.release(client, 0.0)
                self.offer(place.result())
            raise
        if not place.done():
            self._leave(client, place)
            raise _queue_error(f"No worker was free for {self._limits.seconds:g} seconds.")
        return place.result()

    def offer(self, worker: T) -> None:
        """A worker is free."""
        self._free.append(worker)
        self._hand_out()

    def withdraw(self) -> list[T]:
        """Take back all workers that are free."""
        free = list(self._free)
        self._free.clear()
        return free

    def release(self, client: str, seconds: float) -> None:
        """A client does not hold a worker any longer; it held it for so many seconds."""
        self.accounts.charge(client, seconds)
        left = self._held.pop(client, 1) - 1
        if left:
            self._held[client] = left
        if queue := self._queues.pop(client, None):
            self._queues[client] = queue  # who has had a turn waits behind all others
        self._hand_out()

    def close(self) -> list[T]:
        """Turn away who waits and who comes, and give back the workers that are free."""
        self._closed = True
        for queue in self._queues.values():
            for place in queue:
                place.set_exception(_closing())
        self._queues.clear()
        return self.withdraw()

    def _hand_out(self) -> None:
        while self._free:
            able = [client for client in self._queues if self._may_take(client)]
            if not able:
                return
            client = min(able, key=lambda name: self._held.get(name, 0))
            queue = self._queues.pop(client)
            place = queue.popleft()
            if queue:
                self._queues[client] = queue
            self._held[client] = self._held.get(client, 0) + 1
            place.set_result(self._free.pop())

    def _may_take(self, client: str) -> bool:
        """A heavy client leaves one worker to others."""
        held = self._held.get(client, 0)
        return held == 0 or held < self._limits.workers - 1 or not self.accounts.is_heavy(client)

    def _make_room(self) -> None:
        """Where too many wait, the last query of the client with most of them goes."""
        if (waiting := self.waiting) <= self._limits.waiting:
            return
        longest = max(self._queues, key=lambda name: len(self._queues[name]))
        place = self._queues[longest].pop()
        if not self._queues[longest]:
            del self._queues[longest]
        place.set_exception(_queue_error(f"{waiting - 1} queries are waiting already."))

    def _leave(self, client: str, place: asyncio.Future[T]) -> None:
        self._queues[client].remove(place)
        if not self._queues[client]:
            del self._queues[client]


def _queue_error(reason: str) -> QueryLimitError:
    return QueryLimitError(f"{reason} Try again in a few seconds.", "queue", retry_after=5)


def _closing() -> QueryLimitError:
    return QueryLimitError("The query was stopped: the server is closing.", "closing")
