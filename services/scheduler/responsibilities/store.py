"""Responsibilities and the clients' leads in MongoDB: `responsibilities` and `leads`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.scheduler.documents import Documents
from services.scheduler.responsibilities.domain import Leads, Responsibility
from shared.auth import Scope
from shared.events.disciplines import Discipline
from shared.mongo import Document, Mongo, Session
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["ClientLeads", "Responsibilities", "Selection"]

_ROLES = ("owner", "deputies")
_ORDER = Order("responsibilities", ("client_id", 1), ("_id", 1))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which responsibilities; conditions combine. `member_id`: as owner or deputy."""

    client_id: str | None = None
    page_id: str | None = None
    discipline: Discipline | None = None
    member_id: str | None = None

    def mongo(self) -> Document:
        wanted = {
            "client_id": self.client_id,
            "page_id": self.page_id,
            "discipline": self.discipline and self.discipline.value,
        }
        query: Document = {name: value for name, value in wanted.items() if value is not None}
        if self.member_id is not None:
            query["$or"] = [{"owner": self.member_id}, {"deputies": self.member_id}]
        return query


class Responsibilities:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("responsibilities"), Responsibility)

    async def find(
        self, scope: Scope, responsibility_id: str, session: Session | None = None
    ) -> Responsibility | None:
        query = {"_id": responsibility_id, **scope.mongo()}
        return await self._documents.find_one(query, session)

    async def load(
        self, ids: Iterable[str], session: Session | None = None
    ) -> list[Responsibility]:
        return await self._documents.find({"_id": {"$in": sorted(ids)}}, session)

    async def every(self, session: Session) -> list[Responsibility]:
        """Of all clients: for what the scheduler decides, not for what it shows."""
        return await self._documents.find({}, session)

    async def select(
        self, scope: Scope, selection: Selection, session: Session | None = None
    ) -> list[Responsibility]:
        query = {"$and": [selection.mongo(), scope.mongo()]}
        return await self._documents.find(query, session, sort=_ORDER.sort)

    async def named(self, scope: Scope) -> set[str]:
        """Everybody who is owner or deputy of what the scope lets see."""
        found = [await self._documents.collection.distinct(role, scope.mongo()) for role in _ROLES]
        # Of an empty list, MongoDB says null where it asks an index.
        return {member_id for members in found for member_id in members if member_id is not None}

    async def of_clients(
        self, scope: Scope, client_ids: Iterable[str], discipline: Discipline | None = None
    ) -> list[Responsibility]:
        query: Document = {"client_id": {"$in": sorted(client_ids)}}
        if discipline is not None:
            query["discipline"] = discipline.value
        return await self._documents.find({"$and": [query, scope.mongo()]})

    async def page(
        self, scope: Scope, selection: Selection, cursor: str | None, limit: int
    ) -> tuple[list[Responsibility], str | None]:
        query = {"$and": [selection.mongo(), scope.mongo()]}
        return await self._documents.page(query, _ORDER, cursor, limit)

    async def concerning(
        self,
        tx: Transaction,
        *,
        members: Iterable[str],
        clients: Iterable[str],
        ids: Iterable[str],
        after: str = "",
        limit: int,
    ) -> list[Responsibility]:
        """Those that name one of the members, are of one of the clients, or have one of the ids.

        In order of their ids, beginning after `after`.
        """
        people = sorted(members)
        query: Document = {
            "$or": [
                {"owner": {"$in": people}},
                {"deputies": {"$in": people}},
                {"client_id": {"$in": sorted(clients)}},
                {"_id": {"$in": sorted(ids)}},
            ],
            "_id": {"$gt": after},
        }
        return await self._documents.find(query, tx.session, sort=[("_id", 1)], limit=limit)

    async def load_with_followers(
        self, tx: Transaction, ids: Iterable[str]
    ) -> list[Responsibility]:
        """Those with the ids, and the pages' that follow one of them."""
        found = await self.load(ids, tx.session)
        of_clients = [one for one in found if one.page_id is None]
        query: Document = {
            "follows": True,
            "client_id": {"$in": sorted({one.client_id for one in of_clients})},
            "discipline": {"$in": sorted({one.discipline.value for one in of_clients})},
        }
        followers = await self._documents.find(query, tx.session)
        return list({one.id: one for one in [*followers, *found]}.values())

    async def put_all(self, tx: Transaction, responsibilities: Iterable[Responsibility]) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put_all(tx.session, responsibilities)


class ClientLeads:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("leads"), Leads)

    async def get(self, client_id: str, session: Session | None = None) -> Leads:
        return await self._documents.get(client_id, session) or Leads(client_id, (), version=0)

    async def of_clients(
        self, client_ids: Iterable[str], session: Session | None = None
    ) -> dict[str, tuple[str, ...]]:
        found = await self._documents.find({"_id": {"$in": sorted(set(client_ids))}}, session)
        return {leads.id: leads.members for leads in found}

    async def every(self, session: Session) -> dict[str, tuple[str, ...]]:
        """By client."""
        return {leads.id: leads.members for leads in await self._documents.find({}, session)}

    async def clients_led_by(self, tx: Transaction, member_ids: Iterable[str]) -> set[str]:
        query: Document = {"members": {"$in": sorted(member_ids)}}
        return {leads.id for leads in await self._documents.find(query, tx.session)}

    async def put(self, tx: Transaction, leads: Leads) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, leads)
