"""Shares of the workers' time: turns between clients, room in the queue, and accounts that flow back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from nexuskb.errors import QueryLimitError
from nexuskb.sparql.fairness import OURSELVES, Accounts, FairShare, client_of_address
from nexuskb.sparql.limits import PoolLimits


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


class Desk:
    """Two workers by default, and clients that take them one after the other."""

    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.limits = PoolLimits(**{"workers": 2, **limits})
        self.share: FairShare[int] = FairShare(self.limits, self.clock)
        for worker in range(self.limits.workers):
            self.share.offer(worker)
        self.served: list[str] = []

    def ask(self, client: str) -> asyncio.Task[int]:
        async def asking() -> int:
            worker = await self.share.take(client)
            self.served.append(client)
            return worker

        return asyncio.create_task(asking())

    async def asked(self, *clients: str) -> list[asyncio.Task[int]]:
        tasks = [self.ask(client) for client in clients]
        await settled()
        return tasks

    async def finish(self, client: str, worker: int = 0, seconds: float = 0.0) -> None:
        self.clock.now += seconds
        self.share.release(client, seconds)
        self.share.offer(worker)
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def limit_of(task: asyncio.Task[int]) -> str:
    error = task.exception()
    assert isinstance(error, QueryLimitError)
    return error.limit


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", "unknown"),
    ],
)
def test_a_client_is_an_address_or_the_network_of_one_site(address: str, client: str) -> None:
    assert client_of_address(address) == client


def test_workers_are_handed_out_at_once_while_there_are_some() -> None:
    async def test() -> None:
        desk = Desk()
        await desk.asked("a", "a", "b")
        assert desk.served == ["a", "a"]
        assert desk.share.waiting == 1

    run(test())


def test_clients_that_wait_take_turns() -> None:
    async def test() -> None:
        desk = Desk(workers=1)
        await desk.asked(*"aaaa", *"bb", "c")
        for _ in range(6):
            await desk.finish(desk.served[-1])
        assert "".join(desk.served) == "abcabaa"

    run(test())


def test_a_light_client_waits_for_one_query_of_a_heavy_one_at_most() -> None:
    async def test() -> None:
        desk = Desk(workers=1)
        await desk.asked(*["heavy"] * 10)
        await desk.finish("heavy", seconds=5)
        await desk.asked("light")
        await desk.finish("heavy", seconds=5)
        assert desk.served == ["heavy", "heavy", "light"]

    run(test())


def test_who_holds_fewer_workers_goes_first() -> None:
    async def test() -> None:
        desk = Desk(workers=3)
        await desk.asked(*"aab", *"aab")
        await desk.finish("a")
        assert "".join(desk.served) == "aabb"
        await desk.asked("c")
        await desk.finish("b")
        assert "".join(desk.served) == "aabbc"

    run(test())


def test_a_heavy_client_leaves_one_worker_to_others() -> None:
    async def test() -> None:
        desk = Desk(client_seconds=60)
        desk.share.accounts.charge("heavy", 40)
        await desk.asked("heavy", "heavy", "heavy")
        assert desk.served == ["heavy"]
        await desk.asked("light")
        assert desk.served == ["heavy", "light"]
        await desk.finish("light", 1)
        assert desk.served == ["heavy", "light"]
        await desk.finish("heavy", 0)
        assert desk.served == ["heavy", "light", "heavy"]

    run(test())


def test_the_only_worker_is_for_heavy_clients_too() -> None:
    async def test() -> None:
        desk = Desk(workers=1)
        desk.share.accounts.charge("heavy", 40)
        await desk.asked("heavy")
        assert desk.served == ["heavy"]

    run(test())


def test_a_full_queue_makes_room_at_the_cost_of_whoever_fills_it() -> None:
    async def test() -> None:
        desk = Desk(workers=1, waiting=3)
        flood = await desk.asked(*["heavy"] * 5)
        assert [task.done() for task in flood] == [True, False, False, False, True]
        assert limit_of(flood[4]) == "queue"
        (light,) = await desk.asked("light")
        assert limit_of(flood[3]) == "queue"
        assert not light.done()
        await desk.finish("heavy")
        assert light.result() == 0

    run(test())


def test_nobody_waits_longer_than_a_query_may_run() -> None:
    async def test() -> None:
        desk = Desk(workers=1, seconds=0.01)
        _, late = await desk.asked("a", "b")
        with pytest.raises(QueryLimitError, match=r"No worker was free for 0\.01 seconds") as caught:
            await late
        assert (caught.value.limit, caught.value.retry_after) == ("queue", 5)
        assert desk.share.waiting == 0

    run(test())


def test_who_stops_waiting_leaves_the_queue_and_takes_no_worker_along() -> None:
    async def test() -> None:
        desk = Desk(workers=1)
        first, second, third = await desk.asked("a", "b", "c")
        second.cancel()
        await settled()
        assert desk.share.waiting == 1
        desk.share.release("a", 0)
        desk.share.offer(0)
        third.cancel()  # it has been given the worker, and is not told any more
        await settled()
        assert third.cancelled()
        await desk.asked("d")
        assert desk.served == ["a", "d"]
        assert first.done()

    run(test())


def test_when_it_closes_nobody_waits_and_nobody_comes() -> None:
    async def test() -> None:
        desk = Desk()
        *_, waiting = await desk.asked("a", "b", "c")
        assert desk.share.close() == []
        await settled()
        assert limit_of(waiting) == "closing"
        (late,) = await desk.asked("d")
        assert limit_of(late) == "closing"

    run(test())


def test_a_client_that_has_used_up_its_share_is_told_when_to_come_back() -> None:
    clock = Clock()
    accounts = Accounts(60, clock)
    accounts.charge("a", 119)
    accounts.check("a")
    accounts.charge("a", 31)
    accounts.check("b")
    with pytest.raises(QueryLimitError, match="more than 120 seconds") as caught:
        accounts.check("a")
    assert (caught.value.limit, caught.value.retry_after) == ("share", 30)
    clock.now += 30.5
    accounts.check("a")
    assert accounts.owed("a") == pytest.approx(119.5)


def test_a_smaller_share_flows_back_more_slowly() -> None:
    clock = Clock()
    accounts = Accounts(6, clock)
    accounts.charge("a", 13)
    with pytest.raises(QueryLimitError) as caught:
        accounts.check("a")
    assert caught.value.retry_after == 10
    clock.now += 60
    assert accounts.owed("a") == pytest.approx(7)


def test_a_share_not_used_is_not_saved_up() -> None:
    clock = Clock()
    accounts = Accounts(60, clock)
    clock.now += 86_400
    accounts.charge("a", 121)
    with pytest.raises(QueryLimitError):
        accounts.check("a")


def test_little_work_costs_nothing() -> None:
    accounts = Accounts(60, Clock())
    for _ in range(100_000):
        accounts.charge("a", 0.024)
    assert accounts.owed("a") == len(accounts) == 0


def test_our_own_work_and_a_share_of_none_have_no_bound() -> None:
    for accounts, client in ((Accounts(60, Clock()), OURSELVES), (Accounts(0, Clock()), "a")):
        accounts.charge(client, 1e6)
        accounts.check(client)
        assert not accounts.is_heavy(client)


def test_a_client_that_owes_too_much_is_refused_before_it_waits() -> None:
    async def test() -> None:
        desk = Desk()
        desk.share.accounts.charge("a", 130)
        (refused,) = await desk.asked("a")
        assert limit_of(refused) == "share"
        assert desk.share.waiting == 0

    run(test())


def test_a_million_addresses_take_bounded_memory_and_hide_no_heavy_client() -> None:
    clock = Clock()
    accounts = Accounts(60, clock)
    accounts.charge("heavy", 130)
    for number in range(1_000_000):
        accounts.charge(f"client {number}", 0.03)
    assert len(accounts) <= 20_000
    with pytest.raises(QueryLimitError):
        accounts.check("heavy")


def test_clients_that_come_and_go_leave_nothing_in_the_queue() -> None:
    async def test() -> None:
        desk = Desk(workers=1)
        for number in range(100_000):
            await desk.share.take(f"client {number}")
            desk.share.release(f"client {number}", 0.0)
            desk.share.offer(0)
        kept = [value for value in vars(desk.share).values() if isinstance(value, dict)]
        assert [len(value) for value in kept] == [0, 0]

    run(test())
