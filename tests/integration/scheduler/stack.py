"""The scheduler on real Kafka and MongoDB, with stand-ins for the other two participants.

The stand-ins speak the protocol by the shared machinery, but know nothing of posts or messages:
their items are bare.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI

from services.scheduler.app import create_scheduler
from services.scheduler.settings import SchedulerSettings
from shared.clock import Clock, utc_now
from shared.consuming import dispatch
from shared.events import topics
from shared.events.handover import ItemKind, Participant
from shared.events.scheduler import HandoverStarted
from shared.handover.participant import Items, Participation
from shared.outbox import Transaction
from shared.service import Service
from shared.settings import ServiceSettings
from tests.support.waiting import eventually

__all__ = ["Holder", "Scheduler", "databases", "running"]

_AT_ONCE = 200
_ITEMS = {
    Participant.PLANNER: ("tasks", ItemKind.TASK),
    Participant.INBOX: ("conversations", ItemKind.CONVERSATION),
}


class Scheduler:
    """One replica; its application is there for its routes, but not served."""

    def __init__(self, settings: SchedulerSettings, clock: Clock = utc_now) -> None:
        self.service = Service("scheduler", settings, clock)
        self.app: FastAPI = create_scheduler(self.service, settings)


class Holder:
    """A participant that is not the scheduler, and its items."""

    def __init__(self, settings: ServiceSettings, name: Participant) -> None:
        self.service = Service(name.value, settings)
        collection, kind = _ITEMS[name]
        self.items = self.service.mongo.collection(collection)
        participation = Participation(
            self.service, name, [Items(collection, kind, ("label",), lambda one: one["label"])]
        )
        self.rows = participation.rows
        self.service.subscribe(
            topics.TEAM_COVERAGE, dispatch({}), prepare=participation.take_coverage
        )
        self.service.subscribe(
            topics.TEAM_DIRECTORY, dispatch({}), prepare=participation.take_presence
        )
        self.service.subscribe(
            topics.WORK_HANDOVERS, dispatch({HandoverStarted: participation.store_run})
        )

    async def add(self, responsibility_id: str, *labels: str) -> None:
        """New items go to whoever acts."""

        async def work(tx: Transaction, some: Sequence[str]) -> None:
            for label in some:
                holder = await self.rows.acting(tx, responsibility_id)
                await self._insert(tx, responsibility_id, label, holder)

        # A transaction may last no longer than MongoDB lets it.
        for start in range(0, len(labels), _AT_ONCE):
            some = labels[start : start + _AT_ONCE]
            await self.service.outbox.transaction(partial(work, some=some))

    async def claim(self, member_id: str, responsibility_id: str, label: str) -> None:
        """An item that somebody has taken, whoever acts."""
        await self.service.outbox.transaction(
            lambda tx: self._insert(tx, responsibility_id, label, member_id)
        )

    async def touch(self, label: str) -> None:
        await self.items.update_one(
            {"_id": label, "home": {"$ne": None}}, {"$set": {"touched": True}}
        )

    async def holders(self) -> dict[str, str | None]:
        return {row["_id"]: row["holder"] async for row in self.items.find({"open": True})}

    async def knows(self, responsibility_id: str, acting: str | None) -> bool:
        rows = await self.rows.acting_by_responsibility([responsibility_id])
        return rows.get(responsibility_id, "unknown") == acting

    async def _insert(
        self, tx: Transaction, responsibility_id: str, label: str, holder: str | None
    ) -> None:
        item = {
            "_id": label,
            "label": label,
            "open": True,
            "holder": holder,
            "home": None,
            "touched": False,
            "move_no": 0,
            "responsibility_id": responsibility_id,
            "client_id": responsibility_id.partition(":")[0],
        }
        await self.items.insert_one(item, session=tx.session)


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    """Started and ready; stopped in the end."""
    try:
        for service in services:
            await service.start()
        for service in services:
            await eventually(lambda service=service: _ready(service), 60, what=service.name)  # type: ignore[misc]
        yield
    finally:
        for service in services:
            await service.stop()


async def _ready(service: Service) -> bool:
    return not await service.readiness()


async def databases(services: Iterable[Service]) -> dict[str, list[Any]]:
    """All documents that matter, by database and collection."""
    found: dict[str, list[Any]] = {}
    for service in services:
        database = service.mongo.collection("any").database
        for name in sorted(await database.list_collection_names()):
            # Who holds which lease differs from second to second.
            if name != "leases":
                rows = [row async for row in database[name].find().sort("_id", 1)]
                found[f"{service.name}.{name}"] = rows
    return found
