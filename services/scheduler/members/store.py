"""Members in MongoDB: collection `members`, plus `email_key`, by which an address is unique."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduler.documents import Documents
from services.scheduler.members.domain import Member
from shared.auth import Role, Scope
from shared.mongo import Document, Mongo, Session
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["Members", "visible_members"]

_BY_NAME = Order("members", ("name", 1), ("_id", 1))


def visible_members(scope: Scope) -> Document:
    """Whoever has access to a client may be seen by whoever sees that client."""
    if scope.clients is None:
        return {}
    return {"$or": [{"clients": None}, scope.mongo("clients")]}


class Members:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("members"), Member)

    async def get(self, member_id: str, session: Session | None = None) -> Member | None:
        return await self._documents.get(member_id, session)

    async def find(
        self, scope: Scope, member_id: str, session: Session | None = None
    ) -> Member | None:
        query = {"$and": [{"_id": member_id}, visible_members(scope)]}
        return await self._documents.find_one(query, session)

    async def load(
        self, member_ids: Iterable[str], session: Session | None = None
    ) -> dict[str, Member]:
        """Those that exist, by id."""
        found = await self._documents.find({"_id": {"$in": sorted(set(member_ids))}}, session)
        return {member.id: member for member in found}

    async def every_id(self, session: Session | None = None) -> list[str]:
        """Of everybody: for what the scheduler decides, not for what it shows."""
        rows = self._documents.collection.find({}, {"_id": 1}, session=session)
        return [row["_id"] async for row in rows]

    async def all(self, scope: Scope) -> list[Member]:
        return await self._documents.find(visible_members(scope), sort=_BY_NAME.sort)

    async def page(
        self, scope: Scope, cursor: str | None, limit: int, *, inactive: bool
    ) -> tuple[list[Member], str | None]:
        """By name; with `inactive` those who have left as well."""
        query = {"$and": [visible_members(scope), {} if inactive else {"active": True}]}
        return await self._documents.page(query, _BY_NAME, cursor, limit)

    async def with_email(self, tx: Transaction, email: str) -> str | None:
        """The id of the member who has the address, however it is spelled."""
        query = {"email_key": _key(email)}
        row = await self._documents.collection.find_one(query, {"_id": 1}, session=tx.session)
        return None if row is None else str(row["_id"])

    async def active_leads(self, tx: Transaction) -> set[str]:
        query = {"role": Role.LEAD.value, "active": True}
        rows = self._documents.collection.find(query, {"_id": 1}, session=tx.session)
        return {row["_id"] async for row in rows}

    async def leads_of_all(
        self, client_ids: Iterable[str], session: Session | None = None
    ) -> list[Member]:
        """Active leads who see all of these clients."""
        every: Document = {"clients": {"$all": sorted(set(client_ids))}}
        sees = {"$or": [{"clients": None}, every]}
        return await self._documents.find(
            {"role": Role.LEAD.value, "active": True, **sees}, session, sort=_BY_NAME.sort
        )

    async def leads_seeing(self, member: Member, session: Session | None = None) -> set[str]:
        """Active leads who may see the member, perhaps themself."""
        sees: Document = {}
        if member.clients is not None:
            sees = {"$or": [{"clients": None}, {"clients": {"$in": list(member.clients)}}]}
        query = {"role": Role.LEAD.value, "active": True, **sees}
        rows = self._documents.collection.find(query, {"_id": 1}, session=session)
        return {row["_id"] async for row in rows}

    async def colours(self, tx: Transaction) -> dict[int, int]:
        """How many active members have each colour."""
        counting: list[Document] = [
            {"$match": {"active": True}},
            {"$group": {"_id": "$colour", "members": {"$sum": 1}}},
        ]
        rows = self._documents.collection.aggregate(counting, session=tx.session)
        return {row["_id"]: row["members"] async for row in rows}

    async def count_absent(self) -> int:
        """How many of the team are away now."""
        away = {"active": True, "present": False}
        return await self._documents.collection.count_documents(away)

    async def any(self, tx: Transaction) -> bool:
        row = await self._documents.collection.find_one({}, {"_id": 1}, session=tx.session)
        return row is not None

    async def put(self, tx: Transaction, member: Member) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, member)
        await self._documents.collection.update_one(
            {"_id": member.id}, {"$set": {"email_key": _key(member.email)}}, session=tx.session
        )


def _key(email: str) -> str:
    return email.casefold()
