"""Clients and pages in MongoDB: collections `clients` and `pages`."""

from __future__ import annotations

from collections.abc import Iterable

from services.planner.directory.domain import Client, Page
from services.planner.documents import Documents, Slice
from shared.auth import Scope
from shared.errors import NotFound
from shared.mongo import Document, Mongo
from shared.outbox import Transaction
from shared.paging import Order
from shared.service import Service

__all__ = ["DirectoryStore", "index_directory"]

_CLIENTS = Order("clients", ("name", 1), ("_id", 1))
_PAGES = Order("pages", ("name", 1), ("_id", 1))


def index_directory(service: Service) -> None:
    service.index("clients", _CLIENTS.sort)
    service.index("pages", [("client_id", 1), *_PAGES.sort])


class DirectoryStore:
    """Clients and pages that were archived are left out of lists unless asked for."""

    def __init__(self, mongo: Mongo) -> None:
        self._clients = Documents(mongo.collection("clients"), Client)
        self._pages = Documents(mongo.collection("pages"), Page)

    async def client(self, scope: Scope, client_id: str, tx: Transaction | None = None) -> Client:
        """Raises `NotFound`."""
        found = await self._clients.find_one({"$and": [{"_id": client_id}, scope.mongo("_id")]}, tx)
        if found is None:
            raise NotFound
        return found

    async def page(self, scope: Scope, page_id: str, tx: Transaction | None = None) -> Page:
        """Raises `NotFound`."""
        found = await self._pages.find_one({"$and": [{"_id": page_id}, scope.mongo()]}, tx)
        if found is None:
            raise NotFound
        return found

    async def clients(self, scope: Scope, *, archived: bool = False) -> list[Client]:
        """All of them, by name."""
        found = await self._clients.find(_clients(scope, archived=archived))
        return sorted(found, key=lambda client: client.name.casefold())

    async def pages(
        self, scope: Scope, client_id: str | None = None, *, archived: bool = False
    ) -> list[Page]:
        """All of them, by name."""
        found = await self._pages.find(_pages(scope, client_id, archived=archived))
        return sorted(found, key=lambda page: page.name.casefold())

    async def slice_of_clients(
        self, scope: Scope, cursor: str | None, limit: int, *, archived: bool = False
    ) -> Slice[Client]:
        query = _clients(scope, archived=archived)
        return await self._clients.slice(query, _CLIENTS, cursor, limit)

    async def slice_of_pages(
        self,
        scope: Scope,
        client_id: str | None,
        cursor: str | None,
        limit: int,
        *,
        archived: bool = False,
    ) -> Slice[Page]:
        query = _pages(scope, client_id, archived=archived)
        return await self._pages.slice(query, _PAGES, cursor, limit)

    async def pages_of(
        self, scope: Scope, client_id: str, page_ids: Iterable[str], tx: Transaction
    ) -> dict[str, Page]:
        """Those of `page_ids` that are pages of the client and not archived, by id."""
        named = {"_id": {"$in": sorted(set(page_ids))}}
        query = {"$and": [named, _pages(scope, client_id, archived=False)]}
        return {page.id: page for page in await self._pages.find(query, tx)}

    async def insert_client(self, tx: Transaction, client: Client) -> None:
        await self._clients.insert(tx, client)

    async def save_client(self, tx: Transaction, before: Client, after: Client) -> None:
        await self._clients.save(tx, before, after)

    async def insert_page(self, tx: Transaction, page: Page) -> None:
        await self._pages.insert(tx, page)

    async def save_page(self, tx: Transaction, before: Page, after: Page) -> None:
        await self._pages.save(tx, before, after)


def _clients(scope: Scope, *, archived: bool) -> Document:
    present = {} if archived else {"archived": False}
    return {**present, **scope.mongo("_id")}


def _pages(scope: Scope, client_id: str | None, *, archived: bool) -> Document:
    chosen = {} if client_id is None else {"client_id": client_id}
    present = {} if archived else {"archived": False}
    return {"$and": [chosen, present, scope.mongo()]}
