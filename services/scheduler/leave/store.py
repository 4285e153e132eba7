"""Requests for leave in MongoDB: collection `leave`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from services.scheduler.absences.keyring import KeyRing
from services.scheduler.absences.reasons import Reasons
from services.scheduler.documents import Documents
from services.scheduler.leave.domain import Dates, Leave, LeaveState
from shared.mongo import Conflict, Document, Mongo, Session
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["LeaveRequests"]

_SOONEST_FIRST = Order("leave", ("starts_at", 1), ("_id", 1))
_LATEST_FIRST = Order("leave-decided", ("starts_at", -1), ("_id", -1))


class LeaveRequests:
    """Of approved leave, the reason is with the absence."""

    def __init__(self, mongo: Mongo, keys: KeyRing) -> None:
        self._documents = Documents(mongo.collection("leave"), Leave, secret=["reason"])
        self._locks = mongo.collection("leave_locks")
        self.reasons = Reasons(self._documents.collection, keys)

    async def get(self, leave_id: str, session: Session | None = None) -> Leave | None:
        return await self._documents.get(leave_id, session)

    async def undecided(
        self, member_id: str, dates: Dates, session: Session | None = None
    ) -> list[Leave]:
        """The member's requests for some of the time."""
        query: Document = {
            "member_id": member_id,
            "state": LeaveState.REQUESTED.value,
            "starts_at": {"$lt": dates.ends_at},
            "ends_at": {"$gt": dates.starts_at},
        }
        return await self._documents.find(query, session)

    async def count_undecided(self, now: datetime, *, of: Iterable[str] | None, but: str) -> int:
        """Requests of these members, None: of all, `but` one; not those that are over."""
        query: Document = {
            "state": LeaveState.REQUESTED.value,
            "ends_at": {"$gt": now},
            "member_id": {"$ne": but} if of is None else {"$in": sorted(of), "$ne": but},
        }
        return await self._documents.collection.count_documents(query)

    async def page(
        self, member_ids: Iterable[str], *, decided: bool, cursor: str | None, limit: int
    ) -> tuple[list[Leave], str | None]:
        """The members' requests: those to be decided, the soonest first; or those that are, the
        latest first."""
        state: Document = {"$ne" if decided else "$eq": LeaveState.REQUESTED.value}
        query: Document = {"member_id": {"$in": sorted(set(member_ids))}, "state": state}
        order = _LATEST_FIRST if decided else _SOONEST_FIRST
        return await self._documents.page(query, order, cursor, limit)

    async def lock(self, tx: Transaction, member_id: str) -> None:
        """Of two transactions about one member's requests, the later one sees the earlier one.
        Asking for leave changes nothing of who acts, so it takes no turn of the coverage clock."""
        try:
            await self._locks.update_one(
                {"_id": member_id}, {"$inc": {"turns": 1}}, upsert=True, session=tx.session
            )
        except DuplicateKeyError as error:
            raise Conflict("the lock was first taken by somebody else") from error

    async def put(self, tx: Transaction, leave: Leave) -> None:
        """In a transaction that has the member's lock."""
        await self._documents.put(tx.session, leave)
