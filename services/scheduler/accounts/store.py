"""Accounts on the platforms in MongoDB: collection `page_accounts`, one document per page."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduler.accounts.domain import PageAccounts
from services.scheduler.documents import Documents
from shared.auth import Scope
from shared.mongo import Document, Mongo, Session
from shared.outbox import Transaction

__all__ = ["Accounts"]


class Accounts:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("page_accounts"), PageAccounts)

    async def get(self, page_id: str, session: Session | None = None) -> PageAccounts | None:
        return await self._documents.get(page_id, session)

    async def of_clients(
        self, client_ids: Iterable[str], session: Session | None = None
    ) -> list[PageAccounts]:
        query: Document = {"client_id": {"$in": sorted(client_ids)}}
        return await self._documents.find(query, session, sort=[("_id", 1)])

    async def seen_by(self, scope: Scope) -> list[PageAccounts]:
        """Of all pages that the scope lets see."""
        return await self._documents.find(scope.mongo(), sort=[("_id", 1)])

    async def put(self, tx: Transaction, accounts: PageAccounts) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, accounts)

    async def delete(self, tx: Transaction, accounts: PageAccounts) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.collection.delete_one({"_id": accounts.id}, session=tx.session)
