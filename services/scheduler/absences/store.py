"""Absences in MongoDB: collection `absences`.

The field `reason` {kind, note} of this collection is the only place where a reason is kept. It is
left out of everything that is loaded as an `Absence` and read by `reason` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.documents import Documents
from shared.mongo import Document, Mongo, Session
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["Absences", "Window"]

_ORDER = Order("absences", ("starts_at", 1), ("_id", 1))


@dataclass(frozen=True, slots=True)
class Window:
    """Absences that touch the time from `start` (included) to `end` (excluded); None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def mongo(self) -> Document:
        query: Document = {}
        if self.start is not None:
            query["$or"] = [{"ends_at": None}, {"ends_at": {"$gt": self.start}}]
        if self.end is not None:
            query["starts_at"] = {"$lt": self.end}
        return query


class Absences:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("absences"), Absence, secret=["reason"])

    async def get(self, absence_id: str, session: Session | None = None) -> Absence | None:
        return await self._documents.get(absence_id, session)

    async def at(
        self, member_ids: Iterable[str], now: datetime, session: Session | None = None
    ) -> list[Absence]:
        """The members' absences that are going on at `now`."""
        query: Document = {
            "member_id": {"$in": sorted(set(member_ids))},
            "cancelled": False,
            "starts_at": {"$lte": now},
            "$or": [{"ends_at": None}, {"ends_at": {"$gt": now}}],
        }
        return await self._documents.find(query, session)

    async def within(self, member_ids: Iterable[str], window: Window) -> list[Absence]:
        """The members' absences that are not cancelled, by start."""
        query = {"member_id": {"$in": sorted(set(member_ids))}, "cancelled": False}
        return await self._documents.find({**query, **window.mongo()}, sort=_ORDER.sort)

    async def page(
        self, member_ids: Iterable[str], window: Window, cursor: str | None, limit: int
    ) -> tuple[list[Absence], str | None]:
        """The members' absences, cancelled ones too, by start."""
        query = {"member_id": {"$in": sorted(set(member_ids))}, **window.mongo()}
        return await self._documents.page(query, _ORDER, cursor, limit)

    async def put(self, tx: Transaction, absence: Absence) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, absence)

    async def put_reason(self, tx: Transaction, absence_id: str, reason: Reason) -> None:
        await self._documents.collection.update_one(
            {"_id": absence_id},
            {"$set": {"reason": {"kind": reason.kind.value, "note": reason.note}}},
            session=tx.session,
        )

    async def change_reason(
        self, tx: Transaction, absence_id: str, kind: Kind | None, note: str | None
    ) -> None:
        """What is None stays as it is."""
        changed: Document = {} if kind is None else {"reason.kind": kind.value}
        if note is not None:
            changed["reason.note"] = note
        if changed:
            await self._documents.collection.update_one(
                {"_id": absence_id}, {"$set": changed}, session=tx.session
            )

    async def reason(self, absence_id: str) -> Reason | None:
        """For the member and the entitled only: whoever calls this has checked it."""
        row = await self._documents.collection.find_one({"_id": absence_id}, {"reason": 1})
        if row is None or row.get("reason") is None:
            return None
        return Reason(Kind(row["reason"]["kind"]), row["reason"]["note"])
