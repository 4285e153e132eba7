"""Leases: one holder at a time for a named piece of work, among all replicas.

Time is the database server's, so replicas need not agree on the clock. A holder that was paused
longer than its lease finds it gone; what it had begun must be fenced by other means (a Kafka
`transactional.id`, an epoch, a compare-and-set).

Replicas share: each keeps a row `replica/<holder>` alive, and none holds more than its part of
the names while others are alive. One write a round renews everything that a process holds.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.ids import new_id
from shared.mongo import Document, Mongo, is_infrastructure
from shared.observability import described

__all__ = ["Leases", "Work"]

_REPLICA = "replica/"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


class Leases:
    """Collection `leases {_id: name, holder, until}`. `keep` must run beside every `hold`."""

    def __init__(self, mongo: Mongo, duration: timedelta = timedelta(seconds=3)) -> None:
        self._leases = mongo.collection("leases")
        self._until: Document = {"$add": ["$$NOW", int(duration.total_seconds() * 1000)]}
        self._round_seconds = duration.total_seconds() / 3
        self._names: set[str] = set()
        self._work: dict[str, asyncio.Task[None]] = {}
        self._share = 1
        self.holder = new_id()
        self._replica = f"{_REPLICA}{self.holder}"

    async def take(self, name: str) -> bool:
        """Take or renew the lease; False while somebody else holds it."""
        free = {
            "$or": [
                {"$eq": ["$holder", self.holder]},
                {"$lt": [{"$ifNull": ["$until", _LONG_AGO]}, "$$NOW"]},
            ]
        }
        take_if_free: Document = {
            "holder": {"$cond": [free, self.holder, "$holder"]},
            "until": {"$cond": [free, self._until, "$until"]},
        }
        try:
            lease = await self._leases.find_one_and_update(
                {"_id": name},
                [{"$set": take_if_free}],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # another replica wrote the first one at the same instant
            return False
        return bool(lease["holder"] == self.holder)

    async def renew(self, names: Iterable[str]) -> set[str]:
        """Prolong these leases; returns those that are no longer ours.

        One that ran out is prolonged only while nobody else had it since: whoever did may have
        done a part of the work.
        """
        asked = set(names)
        ours: Document = {"_id": {"$in": sorted(asked)}, "holder": self.holder}
        renewed = await self._leases.update_many(ours, [{"$set": {"until": self._until}}])
        if renewed.matched_count == len(asked):
            return set()
        return asked - {lease["_id"] async for lease in self._leases.find(ours, {"_id": 1})}

    async def release(self, name: str) -> None:
        """Give it back at once, so that another replica need not wait for the end of it."""
        await self._leases.delete_one({"_id": name, "holder": self.holder})

    async def hold(self, name: str, work: Work) -> None:
        """For as long as this process lives: whenever the lease is ours, run `work`.

        `work` is cancelled when the lease is lost. An error in it gives the lease back and is
        logged; the lease is tried again after a moment. Ends by cancellation only.
        """
        self._names.add(name)
        while True:
            try:
                if len(self._work) < self._share and await self.take(name):
                    await self._work_under_lease(name, work)
            except Exception as error:  # noqa: BLE001 (whatever the work raises: it is begun again)
                level = _log.warning if is_infrastructure(error) else _log.exception
                level("leased work failed, trying again", lease=name, error=described(error))
            await asyncio.sleep(self._round_seconds)

    async def _work_under_lease(self, name: str, work: Work) -> None:
        task = self._work[name] = asyncio.create_task(work(), name=name)
        try:
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            del self._work[name]
            await asyncio.shield(self._release_quietly(name))

    async def keep(self) -> None:
        """Renew what this process holds and keep to its part of the names, until cancelled.

        A round that fails is made up for by the next; when the leases are about to run out, work
        ends.
        """
        now = asyncio.get_running_loop().time
        renewed = now()
        try:
            while True:
                try:
                    await self._keep_once()
                    renewed = now()
                except Exception as error:  # noqa: BLE001 (without renewal nothing may go on)
                    level = _log.warning if is_infrastructure(error) else _log.exception
                    level("leases not renewed", error=described(error))
                    if now() - renewed > 2 * self._round_seconds:
                        self._end(self._work)
                await asyncio.sleep(self._round_seconds)
        finally:
            await asyncio.shield(self._release_quietly(self._replica))

    async def _keep_once(self) -> None:
        lost = await self.renew({*self._work, self._replica})
        if self._replica in lost:
            await self.take(self._replica)
        if names := lost & set(self._work):
            _log.warning("leases lost", leases=sorted(names))
            self._end(names)
        self._share = math.ceil(len(self._names) / max(1, await self._alive()))
        self._end(list(self._work)[self._share :])  # other replicas wait for their part

    def _end(self, names: Iterable[str]) -> None:
        for name in names:
            task = self._work[name]
            if not task.cancelling():
                task.cancel()

    async def _alive(self) -> int:
        replicas: Document = {
            "_id": {"$regex": f"^{_REPLICA}"},
            "$expr": {"$gte": ["$until", "$$NOW"]},
        }
        return await self._leases.count_documents(replicas)

    async def _release_quietly(self, name: str) -> None:
        try:
            async with asyncio.timeout(2):
                await self.release(name)
        except (PyMongoError, TimeoutError) as error:
            _log.info("lease left to run out", lease=name, error=described(error))
