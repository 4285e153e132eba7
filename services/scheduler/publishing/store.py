"""Publications in MongoDB: collection `publications`.

The handover protocol moves them too, without counting a version. So a save writes only the fields
that changed, and must have loaded the document in its own transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pymongo import InsertOne, UpdateOne

from services.scheduler.documents import Documents
from services.scheduler.publishing.domain import Publication
from shared.auth import Scope
from shared.mongo import Conflict, Document, Mongo
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["Publications", "Selection"]

_BY_TIME = Order("publications", ("publish_at", 1), ("_id", 1))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which publications; conditions combine. `open` None: also what is published or withdrawn."""

    client_id: str | None = None
    page_id: str | None = None
    holder: str | None = None
    open: bool | None = True

    def mongo(self) -> Document:
        wanted: Document = {
            "client_id": self.client_id,
            "page_id": self.page_id,
            "holder": self.holder,
            "open": self.open,
        }
        return {name: value for name, value in wanted.items() if value is not None}


class Publications:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("publications"), Publication)

    async def find(self, scope: Scope, publication_id: str) -> Publication | None:
        return await self._documents.find_one({"_id": publication_id, **scope.mongo()})

    async def page(
        self, scope: Scope, selection: Selection, cursor: str | None, limit: int
    ) -> tuple[list[Publication], str | None]:
        """By the time they are to go out."""
        query = {"$and": [selection.mongo(), scope.mongo()]}
        return await self._documents.page(query, _BY_TIME, cursor, limit)

    async def of_content(self, tx: Transaction, content_id: str) -> dict[str, Publication]:
        found = await self._documents.find({"content_id": content_id}, tx.session)
        return {one.id: one for one in found}

    async def load(self, ids: Iterable[str]) -> dict[str, Publication]:
        found = await self._documents.find({"_id": {"$in": sorted(set(ids))}})
        return {one.id: one for one in found}

    async def save(
        self, tx: Transaction, changes: Iterable[tuple[Publication | None, Publication]]
    ) -> None:
        """Each (before, after); before None is a new one. Counts the version."""
        writes = [self._write(before, after) for before, after in changes]
        if not writes:
            return
        result = await self._documents.collection.bulk_write(writes, session=tx.session)
        if result.matched_count + result.inserted_count != len(writes):
            raise Conflict("a publication was changed meanwhile")

    def _write(
        self, before: Publication | None, after: Publication
    ) -> InsertOne[Document] | UpdateOne:
        fields = self._documents.fields(after)
        if before is None:
            return InsertOne({"_id": after.id, **fields, "version": 1})
        old = self._documents.fields(before)
        changed = {name: value for name, value in fields.items() if old[name] != value}
        return UpdateOne(
            {"_id": before.id, "version": before.version},
            {"$set": {**changed, "version": before.version + 1}},
        )
