"""How long until a committed change has its effect in another service."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import count

from pymongo.asynchronous.change_stream import AsyncChangeStream

from services.planner.directory import usecases
from services.planner.directory.store import DirectoryStore
from shared.auth import Identity, Role, Scope
from shared.mongo import Mongo
from shared.outbox import Outbox
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.world import Row, World
from tests.support.waiting import eventually

__all__ = ["event_latency"]

_EVENTS_A_SECOND = 200
_SECONDS = 15
_ROUNDS = 5
_PAGES = 24
_AIM_MS = 250
_WHO = Identity("bench", "Bench", Role.LEAD, Scope(None))


async def event_latency(world: World) -> list[Figure]:
    """`event_latency_p99_ms`: pages are renamed by the planner's own use case, 200 a second for 15
    seconds, spread over 24 pages. From the moment the transaction is committed until a change
    stream of the inbox's database shows the new name there: by way of the outbox, the relay of the
    planner's process, Kafka, and the inbox's process. The change stream's own delay is in it.
    `event_latency_p50_ms`: the median of the same events."""
    pages = [await _page(world, number) for number in range(_PAGES)]
    rounds = [await _round(world, pages) for _ in range(_ROUNDS)]
    return [
        Figure(
            "event_latency_p99_ms",
            "ms",
            [percentile(one.milliseconds, 0.99) for one in rounds],
            at_most(_AIM_MS),
            about="from commit in the planner to effect in the inbox",
            detail={"events_per_second": [round(one.rate, 1) for one in rounds]},
        ),
        Figure(
            "event_latency_p50_ms",
            "ms",
            [percentile(one.milliseconds, 0.5) for one in rounds],
            about="median of the same events",
        ),
    ]


async def _page(world: World, number: int) -> str:
    page = {"client_id": world.agency.client, "name": f"Page {number}", "platform": "mastodon"}
    made = await world.agency.post("/planner/api/v1/pages", page)
    page_id: str = made["id"]
    return page_id


@dataclass
class _Round:
    """Times by the new name, of `perf_counter`."""

    committed: dict[str, float] = field(default_factory=dict)
    applied: dict[str, float] = field(default_factory=dict)

    @property
    def milliseconds(self) -> list[float]:
        return [max(0.0, self.applied[name] - at) * 1000 for name, at in self.committed.items()]

    @property
    def rate(self) -> float:
        """Changes per second, as they were really made."""
        times = self.committed.values()
        return (len(times) - 1) / (max(times) - min(times))

    def complete(self) -> bool:
        return self.committed.keys() <= self.applied.keys()


async def _round(world: World, pages: list[str]) -> _Round:
    found = _Round()
    mongo = Mongo(world.engines.mongodb_uri, f"{world.prefix}planner")
    async with await world.database("inbox").watch(
        [{"$match": {"ns.coll": "pages"}}], max_await_time_ms=500
    ) as stream:
        watching = asyncio.create_task(_watch(stream, found))
        try:
            await _rename_all(world, mongo, pages, found)
            await eventually(found.complete, timeout=30, what="all renames have arrived")
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await mongo.close()
    return found


async def _watch(stream: AsyncChangeStream[Row], found: _Round) -> None:
    async for change in stream:
        found.applied.setdefault(change["fullDocument"]["name"], time.perf_counter())


async def _rename_all(world: World, mongo: Mongo, pages: list[str], found: _Round) -> None:
    """At the rate, one page after the other, so that no two changes of a page are under way."""
    outbox = Outbox(mongo, "/understudy/planner")
    directory = DirectoryStore(mongo)
    numbers = count()

    async def rename(page_id: str) -> None:
        name = f"{page_id} {id(found)} {next(numbers)}"
        before = await directory.page(_WHO.scope, page_id)
        await outbox.transaction(
            lambda tx: usecases.change_page(tx, directory, _WHO, page_id, before.version, name=name)
        )
        found.committed[name] = time.perf_counter()

    async def rename_some(some: list[str], began: float, every: float) -> None:
        """Its own pages in turn; a change that is late is made at once."""
        for number in range(round(_SECONDS / every)):
            await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
            await rename(some[number % len(some)])

    writers = 8
    began = time.monotonic()
    await asyncio.gather(
        *(
            rename_some(pages[first::writers], began, writers / _EVENTS_A_SECOND)
            for first in range(writers)
        )
    )
