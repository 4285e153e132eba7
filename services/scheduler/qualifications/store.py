"""Qualifications in MongoDB: collection `qualifications`, one per member and discipline."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduler.documents import Documents
from services.scheduler.qualifications.domain import Qualification, qualification_id
from shared.events.disciplines import Discipline
from shared.mongo import Document, Mongo, Session
from shared.outbox import Transaction

__all__ = ["Qualifications"]


class Qualifications:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("qualifications"), Qualification)

    async def get(
        self, member_id: str, discipline: Discipline, session: Session | None = None
    ) -> Qualification | None:
        return await self._documents.get(qualification_id(member_id, discipline), session)

    async def of(
        self, member_ids: Iterable[str], session: Session | None = None
    ) -> list[Qualification]:
        query: Document = {"member_id": {"$in": sorted(set(member_ids))}}
        return await self._documents.find(query, session, sort=[("_id", 1)])

    async def without_reminders(
        self, limit: int, session: Session | None = None
    ) -> list[Qualification]:
        """Some that were stored before there were reminders."""
        query: Document = {"reminded": {"$exists": False}}
        return await self._documents.find(query, session, limit=limit)

    async def put(self, tx: Transaction, qualification: Qualification) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, qualification)

    async def delete(self, tx: Transaction, qualification: Qualification) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.collection.delete_one({"_id": qualification.id}, session=tx.session)
