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
from shared.outbox import Outbox, Transaction
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.world import Row, World
from tests.support.waiting import eventually

__all__ = ["event_latency"]

_SECONDS = 15
_ROUNDS = 5
_PAGES = 40
_WRITERS = 4
_AIM_MS = 250
_WHO = Identity("bench", "Bench", Role.LEAD, Scope(None))


@dataclass(frozen=True, slots=True)
class _Pace:
    """How many changes are committed together, and how many such commits are made a second."""

    together: int
    commits_a_second: int


_BUSY = _Pace(together=5, commits_a_second=40)
_SINGLE = _Pace(together=1, commits_a_second=40)


async def event_latency(world: World) -> list[Figure]:
    """`event_latency_p99_ms`: pages are renamed by the planner's own use case for 15 seconds: 200
    events a second, in 40 commits of five pages each. From the moment the transaction is committed
    until a change stream of the inbox's database shows the new name there: by way of the outbox,
    the relays of the planner's process, Kafka, and the inbox's process, while the scheduler and
    the notifier follow as well. The change stream's own delay is in it.
    `event_latency_p50_ms`: the median of the same events.
    `event_latency_single_p99_ms`: 40 events a second, each in a commit of its own.
    """
    pages = [await _page(world, number) for number in range(_PAGES)]
    busy = [await _round(world, pages, _BUSY) for _ in range(_ROUNDS)]
    single = [await _round(world, pages, _SINGLE) for _ in range(_ROUNDS)]
    return [
        Figure(
            "event_latency_p99_ms",
            "ms",
            [percentile(one.milliseconds, 0.99) for one in busy],
            at_most(_AIM_MS),
            about="from commit in the planner to effect in the inbox, 200 events/s, 5 a commit",
            detail={"events_per_second": [round(one.rate, 1) for one in busy]},
        ),
        Figure(
            "event_latency_p50_ms",
            "ms",
            [percentile(one.milliseconds, 0.5) for one in busy],
            about="median of the same events",
        ),
        Figure(
            "event_latency_single_p99_ms",
            "ms",
            [percentile(one.milliseconds, 0.99) for one in single],
            about="the same at 40 events/s, each committed alone",
            detail={"events_per_second": [round(one.rate, 1) for one in single]},
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


async def _round(world: World, pages: list[str], pace: _Pace) -> _Round:
    found = _Round()
    mongo = Mongo(world.engines.mongodb_uri, f"{world.prefix}planner")
    async with await world.database("inbox").watch(
        [{"$match": {"ns.coll": "pages"}}], max_await_time_ms=500
    ) as stream:
        watching = asyncio.create_task(_watch(stream, found))
        try:
            await _rename_all(mongo, pages, found, pace)
            await eventually(found.complete, what="all renames have arrived")
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await mongo.close()
    return found


async def _watch(stream: AsyncChangeStream[Row], found: _Round) -> None:
    async for change in stream:
        found.applied.setdefault(change["fullDocument"]["name"], time.perf_counter())


async def _rename_all(mongo: Mongo, pages: list[str], found: _Round, pace: _Pace) -> None:
    """At the pace, one group of pages after the other; a commit that is late is made at once."""
    outbox = Outbox(mongo, "/understudy/planner")
    directory = DirectoryStore(mongo)
    numbers = count()
    versions = {page_id: (await directory.page(_WHO.scope, page_id)).version for page_id in pages}

    async def rename(group: list[str]) -> None:
        names = {page_id: f"{page_id} {id(found)} {next(numbers)}" for page_id in group}

        async def work(tx: Transaction) -> None:
            for page_id, name in names.items():
                await usecases.change_page(
                    tx, directory, _WHO, page_id, versions[page_id], name=name
                )

        await outbox.transaction(work)
        committed = time.perf_counter()
        for page_id, name in names.items():
            found.committed[name] = committed
            versions[page_id] += 1

    async def rename_in_turn(groups: list[list[str]], began: float, every: float) -> None:
        for number in range(round(_SECONDS / every)):
            await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
            await rename(groups[number % len(groups)])

    groups = [pages[at : at + pace.together] for at in range(0, len(pages), pace.together)]
    began = time.monotonic()
    await asyncio.gather(
        *(
            # Each writer has groups of its own, so that no two commits touch the same page.
            rename_in_turn(groups[first::_WRITERS], began, _WRITERS / pace.commits_a_second)
            for first in range(_WRITERS)
        )
    )
