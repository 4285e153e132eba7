"""Leases: one holder at a time for a named piece of work, among all replicas.

Time is the database server's, so replicas need not agree on the clock. A holder that was paused
longer than its lease finds it gone; what it had begun must be fenced by other means (a Kafka
`transactional.id`, an epoch, a compare-and-set).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.ids import new_id
from shared.mongo import Document, Mongo, is_infrastructure

__all__ = ["Leases"]

_log = structlog.get_logger(__name__)


class Leases:
    """Collection `leases {_id: name, holder, until}`."""

    def __init__(self, mongo: Mongo, duration: timedelta = timedelta(seconds=3)) -> None:
        self._leases = mongo.collection("leases")
        self._duration = duration
        self.holder = new_id()

    async def take(self, name: str) -> bool:
        """Take or renew the lease; False while somebody else holds it."""
        mine_or_over: Document = {
            "_id": name,
            "$or": [
                {"holder": self.holder},
                {"$expr": {"$lt": ["$until", "$$NOW"]}},
            ],
        }
        milliseconds = int(self._duration.total_seconds() * 1000)
        update = [{"$set": {"holder": self.holder, "until": {"$add": ["$$NOW", milliseconds]}}}]
        try:
            await self._leases.find_one_and_update(
                mine_or_over, update, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # exists, and is neither mine nor over
            return False
        return True

    async def release(self, name: str) -> None:
        """Give it back at once, so that another replica need not wait for the end of it."""
        await self._leases.delete_one({"_id": name, "holder": self.holder})

    async def hold(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """For as long as this process lives: whenever the lease is ours, run `work`.

        `work` is cancelled when the lease is lost. An error in it gives the lease back and is
        logged; the lease is tried again after a moment. Ends by cancellation only.
        """
        pause = self._duration.total_seconds() / 3
        while True:
            try:
                if await self.take(name):
                    await self._work_under_lease(name, work, pause)
            except Exception as error:
                level = _log.warning if is_infrastructure(error) else _log.exception
                level("leased work failed, trying again", lease=name, error=repr(error))
            await asyncio.sleep(pause)

    async def _work_under_lease(
        self, name: str, work: Callable[[], Awaitable[None]], pause: float
    ) -> None:
        task = asyncio.ensure_future(work())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=pause)
                if not task.done() and not await self.take(name):
                    _log.warning("lease lost", lease=name)
                    return
            task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.shield(self._release_quietly(name))

    async def _release_quietly(self, name: str) -> None:
        try:
            await asyncio.wait_for(self.release(name), 2)
        except Exception as error:
            _log.info("lease left to run out", lease=name, error=repr(error))
