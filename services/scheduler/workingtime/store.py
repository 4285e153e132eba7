"""What is agreed about working time, in MongoDB: collection `working_times`."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduler.documents import Documents
from services.scheduler.workingtime.domain import WorkingTime, unset
from shared.mongo import Mongo, Session
from shared.outbox import Transaction

__all__ = ["WorkingTimes"]


class WorkingTimes:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("working_times"), WorkingTime)

    async def get(self, member_id: str, session: Session | None = None) -> WorkingTime:
        return await self._documents.get(member_id, session) or unset(member_id)

    async def load(self, member_ids: Iterable[str]) -> dict[str, WorkingTime]:
        """Of each of these members."""
        ids = sorted(set(member_ids))
        found = {one.id: one for one in await self._documents.find({"_id": {"$in": ids}})}
        return {id: found.get(id) or unset(id) for id in ids}

    async def put(self, tx: Transaction, working_time: WorkingTime) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, working_time)
