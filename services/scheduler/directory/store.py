"""Clients and pages as the planner tells of them: collections `clients` and `pages`.

Projections of a compacted topic: each document is the newest state told, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.scheduler.documents import Documents
from shared.auth import Scope
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.mongo import Mongo, Session
from shared.outbox import Transaction

__all__ = ["Client", "Directory", "Page"]


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    name: str
    time_zone: str
    archived: bool


@dataclass(frozen=True, slots=True)
class Page:
    id: str
    client_id: str
    name: str
    platform: Platform
    handle: str
    archived: bool


class Directory:
    def __init__(self, mongo: Mongo) -> None:
        self._clients = Documents(mongo.collection("clients"), Client)
        self._pages = Documents(mongo.collection("pages"), Page)

    async def client(
        self, scope: Scope, client_id: str, session: Session | None = None
    ) -> Client | None:
        return await self._clients.get(client_id, session) if scope.allows(client_id) else None

    async def page(self, scope: Scope, page_id: str, session: Session | None = None) -> Page | None:
        return await self._pages.find_one({"_id": page_id, **scope.mongo()}, session)

    async def clients(self, scope: Scope) -> dict[str, Client]:
        found = await self._clients.find(scope.mongo("_id"), sort=[("name", 1), ("_id", 1)])
        return {one.id: one for one in found}

    async def some_clients(
        self, scope: Scope, client_ids: Iterable[str], session: Session
    ) -> dict[str, Client]:
        query = {"$and": [{"_id": {"$in": sorted(client_ids)}}, scope.mongo("_id")]}
        return {one.id: one for one in await self._clients.find(query, session)}

    async def pages(
        self, scope: Scope, client_ids: Iterable[str], session: Session | None = None
    ) -> dict[str, Page]:
        query = {"$and": [{"client_id": {"$in": sorted(client_ids)}}, scope.mongo()]}
        return {one.id: one for one in await self._pages.find(query, session)}

    async def archived(self, session: Session | None = None) -> set[str]:
        """The ids of clients and pages that are not worked for any more."""
        found: set[str] = set()
        for documents in (self._clients, self._pages):
            rows = documents.collection.find({"archived": True}, {"_id": 1}, session=session)
            found |= {row["_id"] async for row in rows}
        return found

    async def put_client(self, tx: Transaction, event: ClientChanged) -> None:
        client = Client(event.client_id, event.name, event.time_zone, event.archived)
        await self._clients.put(tx.session, client)

    async def put_page(self, tx: Transaction, event: PageChanged) -> None:
        page = Page(
            id=event.page_id,
            client_id=event.client_id,
            name=event.name,
            platform=event.platform,
            handle=event.handle,
            archived=event.archived,
        )
        await self._pages.put(tx.session, page)
