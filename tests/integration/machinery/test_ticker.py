"""Due rows: fired once, in order, after an outage too; a failing one holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from shared.mongo import Mongo
from shared.outbox import Outbox, Transaction
from shared.ticker import Due, Ticker
from tests.support.waiting import eventually


class Now:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: int) -> None:
        self.time += timedelta(**duration)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def make(mongo: Mongo, now: Now) -> Callable[[], Ticker]:
    def make() -> Ticker:
        return Ticker("test", mongo, Outbox(mongo, "/understudy/test", now), now)

    return make


class Fired:
    """A handler that keeps in the database what it fired, in the row's transaction."""

    def __init__(self, mongo: Mongo) -> None:
        self._fired = mongo.collection("fired")
        self.broken: set[str] = set()

    async def __call__(self, tx: Transaction, due: Due) -> None:
        if due.id in self.broken:
            raise ZeroDivisionError
        await self._fired.insert_one({"due": due.id, "data": due.data}, session=tx.session)

    async def ids(self) -> list[str]:
        return [row["due"] async for row in self._fired.find().sort("_id", 1)]


async def schedule(ticker: Ticker, outbox: Outbox, **times: datetime) -> None:
    async def work(tx: Transaction) -> None:
        for id, at in times.items():
            await ticker.schedule(tx, id=id, kind="test", at=at, data={"of": id})

    await outbox.transaction(work)


async def drain(ticker: Ticker) -> None:
    while await ticker.fire_next():
        pass


async def test_everything_overdue_is_fired_once_in_the_order_of_its_time(
    mongo: Mongo, make: Callable[[], Ticker], now: Now
) -> None:
    ticker, outbox, fired = make(), Outbox(mongo, "/understudy/test", now), Fired(mongo)
    ticker.on("test", fired)
    hour = timedelta(hours=1)
    await schedule(ticker, outbox, c=now() + 3 * hour, a=now() + hour, b=now() + 2 * hour)
    await drain(ticker)
    assert await fired.ids() == []
    now.advance(hours=2)
    await drain(ticker)
    assert await fired.ids() == ["a", "b"]
    now.advance(hours=10)
    await drain(ticker)
    await drain(ticker)
    assert await fired.ids() == ["a", "b", "c"]


async def test_scheduling_again_moves_and_cancelling_removes(
    mongo: Mongo, make: Callable[[], Ticker], now: Now
) -> None:
    ticker, outbox, fired = make(), Outbox(mongo, "/understudy/test", now), Fired(mongo)
    ticker.on("test", fired)
    await schedule(ticker, outbox, a=now(), b=now())
    await schedule(ticker, outbox, a=now() + timedelta(days=1))
    await outbox.transaction(lambda tx: ticker.cancel(tx, "b"))
    await drain(ticker)
    assert await fired.ids() == []


async def test_a_row_whose_handler_raises_is_tried_again_and_holds_up_nobody(
    mongo: Mongo, make: Callable[[], Ticker], now: Now
) -> None:
    ticker, outbox, fired = make(), Outbox(mongo, "/understudy/test", now), Fired(mongo)
    fired.broken = {"a"}
    ticker.on("test", fired)
    await schedule(ticker, outbox, a=now(), b=now() + timedelta(seconds=1))
    now.advance(seconds=1)
    await drain(ticker)
    assert await fired.ids() == ["b"]
    fired.broken.clear()
    now.advance(minutes=10)
    await drain(ticker)
    assert await fired.ids() == ["b", "a"]


async def test_two_that_fire_at_once_have_one_effect(
    mongo: Mongo, make: Callable[[], Ticker], now: Now
) -> None:
    tickers, outbox, fired = [make(), make()], Outbox(mongo, "/understudy/test", now), Fired(mongo)
    for ticker in tickers:
        ticker.on("test", fired)
    await schedule(tickers[0], outbox, **{f"row{n}": now() for n in range(10)})
    await asyncio.gather(*(drain(ticker) for ticker in tickers))
    assert sorted(await fired.ids()) == sorted(f"row{n}" for n in range(10))


async def test_a_row_that_is_written_late_wakes_the_ticker(
    mongo: Mongo, make: Callable[[], Ticker], now: Now
) -> None:
    ticker, outbox, fired = make(), Outbox(mongo, "/understudy/test", now), Fired(mongo)
    ticker.on("test", fired)
    running = asyncio.create_task(ticker.run())
    await schedule(ticker, outbox, a=now())

    async def done() -> bool:
        return await fired.ids() == ["a"]

    await eventually(done)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
