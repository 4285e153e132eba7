"""Absences in MongoDB: collection `absences`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.domain import Absence
from services.scheduler.absences.keyring import KeyRing
from services.scheduler.absences.reasons import Reasons
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
    def __init__(self, mongo: Mongo, keys: KeyRing) -> None:
        self._documents = Documents(mongo.collection("absences"), Absence, secret=["reason"])
        self.reasons = Reasons(self._documents.collection, keys)

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

    async def within(
        self, member_ids: Iterable[str], window: Window, session: Session | None = None
    ) -> list[Absence]:
        """The members' absences that are not cancelled, by start."""
        query = {"member_id": {"$in": sorted(set(member_ids))}, "cancelled": False}
        return await self._documents.find({**query, **window.mongo()}, session, sort=_ORDER.sort)

    async def page(
        self,
        member_ids: Iterable[str],
        window: Window,
        cursor: str | None,
        limit: int,
        *,
        cancelled: bool,
    ) -> tuple[list[Absence], str | None]:
        """The members' absences by start, `cancelled` ones too or not."""
        query: Document = {"member_id": {"$in": sorted(set(member_ids))}, **window.mongo()}
        if not cancelled:
            query["cancelled"] = False
        return await self._documents.page(query, _ORDER, cursor, limit)

    async def put(self, tx: Transaction, absence: Absence) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, absence)
