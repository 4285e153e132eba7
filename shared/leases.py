"""Leases: one holder at a time for a named piece of work, among all replicas.

Time is the database server's, so replicas need not agree on the clock. A holder that was paused
longer than its lease finds it gone; what it had begun must be fenced by other means (a Kafka
`transactional.id`, an epoch, a compare-and-set).

Replicas share: each keeps a row `replica/<holder>` alive, and none holds more than its part of
the names while others are alive.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.ids import new_id
from shared.mongo import Document, Mongo, is_infrastructure
from shared.observability import described

__all__ = ["Leases"]

_REPLICA = "replica/"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger(__name__)


class Leases:
    """Collection `leases {_id: name, holder, until}`."""

    def __init__(self, mongo: Mongo, duration: timedelta = timedelta(seconds=3)) -> None:
        self._leases = mongo.collection("leases")
        self._duration = duration
        self._until: Document = {"$add": ["$$NOW", int(duration.total_seconds() * 1000)]}
        self._names: set[str] = set()
        self._held: set[str] = set()
        self._share = 1
        self.holder = new_id()

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

    async def renew(self, name: str) -> bool:
        """Prolong the lease; False when it is no longer ours.

        One that ran out is prolonged only while nobody else had it since: whoever did may have
        done a part of the work.
        """
        mine = {"_id": name, "holder": self.holder}
        renewed = await self._leases.update_one(mine, [{"$set": {"until": self._until}}])
        return renewed.matched_count == 1

    async def release(self, name: str) -> None:
        """Give it back at once, so that another replica need not wait for the end of it."""
        await self._leases.delete_one({"_id": name, "holder": self.holder})

    async def hold(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """For as long as this process lives: whenever the lease is ours, run `work`.

        `work` is cancelled when the lease is lost. An error in it gives the lease back and is
        logged; the lease is tried again after a moment. Ends by cancellation only.
        """
        self._names.add(name)
        pause = self._duration.total_seconds() / 3
        while True:
            try:
                if len(self._held) < self._share and await self.take(name):
                    await self._work_under_lease(name, work, pause)
            except Exception as error:  # noqa: BLE001 (whatever the work raises: it is begun again)
                level = _log.warning if is_infrastructure(error) else _log.exception
                level("leased work failed, trying again", lease=name, error=described(error))
            await asyncio.sleep(pause)

    async def _work_under_lease(
        self, name: str, work: Callable[[], Awaitable[None]], pause: float
    ) -> None:
        self._held.add(name)
        task = asyncio.ensure_future(work())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=pause)
                if len(self._held) > self._share:
                    return  # another replica waits for its part
                if not task.done() and not await self.renew(name):
                    _log.warning("lease lost", lease=name)
                    return
            task.result()
        finally:
            self._held.discard(name)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.shield(self._release_quietly(name))

    async def share(self) -> None:
        """Keep this replica's row alive and its part of the names up to date, until cancelled."""
        mine = f"{_REPLICA}{self.holder}"
        try:
            while True:
                try:
                    await self.take(mine)
                    self._share = math.ceil(len(self._names) / max(1, await self._alive()))
                except PyMongoError as error:
                    _log.warning("replicas unknown, the share stays", error=described(error))
                await asyncio.sleep(self._duration.total_seconds() / 3)
        finally:
            await asyncio.shield(self._release_quietly(mine))

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
