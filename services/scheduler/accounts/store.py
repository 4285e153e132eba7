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

    async def of_member(self, scope: Scope, member_id: str) -> list[PageAccounts]:
        """Of the pages that the scope lets see and where the member has an account."""
        query: Document = {"$and": [{"members": member_id}, scope.mongo()]}
        return await self._documents.find(query, sort=[("_id", 1)])

    async def any_checked(self, scope: Scope) -> bool:
        """Whether accounts are checked for a page that the scope lets see."""
        return await self._documents.find_one(scope.mongo()) is not None

    async def put(self, tx: Transaction, accounts: PageAccounts) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.put(tx.session, accounts)

    async def delete(self, tx: Transaction, accounts: PageAccounts) -> None:
        """In a transaction that has taken the coverage clock."""
        await self._documents.collection.delete_one({"_id": accounts.id}, session=tx.session)
