"""Absences in MongoDB: collection `absences`.

The field `reason` {token, key} of this collection is the only place where a reason is kept, and it
is encrypted (`keyring`). It is left out of everything that is loaded as an `Absence` and read by
`reason` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.absences.keyring import Encrypted, KeyRing
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
        self._keys = keys

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

    # Why

    async def put_reason(self, tx: Transaction, absence_id: str, reason: Reason) -> None:
        encrypted = self._keys.encrypt(absence_id, reason)
        await self._documents.collection.update_one(
            {"_id": absence_id}, {"$set": {"reason": asdict(encrypted)}}, session=tx.session
        )

    async def change_reason(
        self, tx: Transaction, absence_id: str, kind: Kind | None, note: str | None
    ) -> None:
        """What is None stays as it is. Raises `ReasonUnreadable`, unless both are given."""
        if kind is not None and note is not None:
            await self.put_reason(tx, absence_id, Reason(kind, note))
        elif (kind, note) != (None, None):
            before = await self.reason(absence_id, tx.session) or Reason(Kind.OTHER)
            changed = Reason(kind or before.kind, before.note if note is None else note)
            await self.put_reason(tx, absence_id, changed)

    async def reason(self, absence_id: str, session: Session | None = None) -> Reason | None:
        """For the member and the entitled only: whoever calls this has checked it.

        Raises `ReasonUnreadable`.
        """
        row = await self._documents.collection.find_one(
            {"_id": absence_id}, {"reason": 1}, session=session
        )
        stored = row and row.get("reason")
        if not stored:
            return None
        if "kind" in stored:  # of a version that did not encrypt
            return Reason(Kind(stored["kind"]), stored["note"])
        return self._keys.decrypt(absence_id, Encrypted(stored["token"], stored["key"]))

    async def count_unreadable(self) -> int:
        """How many reasons are encrypted with a key that is not here."""
        unknown: Document = {"$exists": True, "$nin": sorted(self._keys.known)}
        return await self._documents.collection.count_documents({"reason.key": unknown})

    async def count_outdated(self) -> int:
        """How many reasons are to be encrypted anew; after that, older keys are not needed."""
        return await self._documents.collection.count_documents(self._outdated())

    async def outdated(self, limit: int, *, but: Iterable[str] = ()) -> list[str]:
        """Ids of such absences; `but` these."""
        query: Document = {"_id": {"$nin": sorted(but)}, **self._outdated()}
        rows = self._documents.collection.find(query, {"_id": 1}).limit(limit)
        return [row["_id"] async for row in rows]

    def _outdated(self) -> Document:
        older = sorted(self._keys.known - {self._keys.newest})
        # Those of a version that did not encrypt have none.
        return {"reason": {"$exists": True}, "reason.key": {"$in": [*older, None]}}
