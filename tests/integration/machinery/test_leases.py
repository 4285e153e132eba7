"""Leases: one holder at a time, taken over when the holder is gone, given back at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from shared.leases import Leases
from shared.mongo import Mongo
from tests.support.waiting import eventually

SHORT = timedelta(milliseconds=300)


async def test_one_holder_at_a_time(mongo: Mongo) -> None:
    first, second = Leases(mongo), Leases(mongo)
    assert await first.take("work")
    assert not await second.take("work")
    assert await first.take("work")  # renewed
    assert await second.take("other work")
    await first.release("work")
    assert await second.take("work")


async def test_of_many_that_begin_at_once_one_gets_it(mongo: Mongo) -> None:
    taken = await asyncio.gather(*(Leases(mongo).take("work") for _ in range(20)))
    assert sum(taken) == 1


async def test_a_holder_that_is_gone_is_succeeded(mongo: Mongo) -> None:
    gone, successor = Leases(mongo, SHORT), Leases(mongo, SHORT)
    assert await gone.take("work")

    async def taken_over() -> bool:
        return await successor.take("work")

    await eventually(taken_over)
    assert not await gone.take("work")


@asynccontextmanager
async def running(*life: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """What never ends by itself, for as long as the context lasts."""
    tasks = [asyncio.create_task(one) for one in life]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Replica:
    """Holds eight names, and knows which of them it has at the moment."""

    def __init__(self, mongo: Mongo) -> None:
        self.at_work: set[str] = set()
        self._leases = Leases(mongo, SHORT)
        works = [self._leases.hold(f"n{n}", partial(self._work, f"n{n}")) for n in range(8)]
        self._tasks = [asyncio.ensure_future(one) for one in (*works, self._leases.keep())]

    async def _work(self, name: str) -> None:
        self.at_work.add(name)
        try:
            await asyncio.Event().wait()
        finally:
            self.at_work.discard(name)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_replicas_share_and_take_over_from_each_other(mongo: Mongo) -> None:
    first = Replica(mongo)
    await eventually(lambda: len(first.at_work) == 8)
    second = Replica(mongo)
    await eventually(lambda: len(first.at_work) == len(second.at_work) == 4)
    assert not first.at_work & second.at_work
    await first.stop()
    await eventually(lambda: len(second.at_work) == 8)
    await second.stop()


async def test_a_lease_that_ran_out_is_renewed_only_if_nobody_else_had_it(mongo: Mongo) -> None:
    holder, another = Leases(mongo, timedelta()), Leases(mongo, timedelta())
    assert await holder.take("work")
    assert await holder.renew(["work"]) == set()

    async def taken_over() -> bool:
        return await another.take("work")

    await eventually(taken_over)
    assert await holder.take("more work")
    assert await holder.renew(["work", "more work"]) == {"work"}


class Watched:
    """Work that goes on until it is ended."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_work_ends_when_the_lease_is_lost(mongo: Mongo) -> None:
    holder, work = Leases(mongo, SHORT), Watched()
    async with running(holder.hold("work", work), holder.keep()):
        await eventually(work.begun.is_set)
        await mongo.collection("leases").update_one(
            {"_id": "work"}, {"$set": {"holder": "another"}}
        )
        await eventually(work.ended.is_set)


async def test_work_ends_when_its_lease_cannot_be_renewed(mongo: Mongo) -> None:
    holder, work = Leases(mongo, SHORT), Watched()
    async with running(holder.hold("work", work), holder.keep()):
        await eventually(work.begun.is_set)
        await mongo.close()
        await eventually(work.ended.is_set)


async def test_work_that_raises_is_begun_again(mongo: Mongo) -> None:
    holder = Leases(mongo, SHORT)
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        raise ZeroDivisionError

    async with running(holder.hold("work", work), holder.keep()):
        await eventually(lambda: begun >= 2)

    assert await Leases(mongo).take("work")  # given back
