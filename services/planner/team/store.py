"""What the planner knows of the members: collection `members`, a projection of `team.directory`."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from shared.auth import Scope
from shared.mongo import Document, Mongo
from shared.outbox import Transaction

__all__ = ["Member", "TeamStore"]


@dataclass(frozen=True, slots=True)
class Member:
    """Enough to show who has an item. `clients` None: all of them."""

    id: str
    name: str
    initials: str
    colour: int
    clients: tuple[str, ...] | None
    active: bool
    present: bool

    def may_see(self, client_id: str) -> bool:
        return self.clients is None or client_id in self.clients


class TeamStore:
    def __init__(self, mongo: Mongo) -> None:
        self._members = mongo.collection("members")
        self._adapter = TypeAdapter(Member)

    async def members(self, scope: Scope, tx: Transaction | None = None) -> dict[str, Member]:
        """Those who share a client with the scope, by id, sorted by name."""
        found = self._members.find(_sharing(scope), session=tx and tx.session).sort("name", 1)
        return {row["_id"]: self._load(row) async for row in found}

    async def member(self, scope: Scope, member_id: str, tx: Transaction) -> Member | None:
        query = {"$and": [{"_id": member_id}, _sharing(scope)]}
        row = await self._members.find_one(query, session=tx.session)
        return None if row is None else self._load(row)

    async def put(self, tx: Transaction, member: Member) -> None:
        """Store the latest state of a member, as the directory tells it."""
        state = self._adapter.dump_python(member, exclude={"id"})
        await self._members.update_one(
            {"_id": member.id}, {"$set": state}, upsert=True, session=tx.session
        )

    def _load(self, row: Document) -> Member:
        return self._adapter.validate_python({**row, "id": row["_id"]})


def _sharing(scope: Scope) -> Document:
    if scope.clients is None:
        return {}
    return {"$or": [{"clients": None}, {"clients": {"$in": sorted(scope.clients)}}]}
