"""Content items in MongoDB: collections `content` and `revisions`.

The present revision is in the item; `revisions {_id: "<content>:<number>"}` keeps every one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from services.planner.content.domain import ContentItem, Revision
from services.planner.documents import Documents, Slice, within
from shared.auth import Scope
from shared.errors import NotFound
from shared.events.planner import ContentStatus
from shared.mongo import Document, Mongo
from shared.outbox import Transaction
from shared.paging import Order
from shared.service import Service

__all__ = ["ContentFilter", "ContentStore", "index_content"]

# By the first publish time; what has none yet comes last.
_CONTENT = Order("content", ("undated", 1), ("due_at", 1), ("_id", 1))
_LATEST_FIRST = Order("content, latest first", ("due_at", -1), ("_id", -1))
_REVISIONS = Order("revisions", ("number", -1), ("_id", 1))


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """What to list; None and empty leave it open. `due_to` is the first instant not included;
    `or_undated` lets items without a publish time through the limits."""

    client_id: str | None = None
    page_id: str | None = None
    campaign_id: str | None = None
    statuses: frozenset[ContentStatus] = field(default_factory=frozenset)
    due_from: datetime | None = None
    due_to: datetime | None = None
    or_undated: bool = False

    def query(self) -> Document:
        query: Document = {}
        if self.client_id is not None:
            query["client_id"] = self.client_id
        if self.page_id is not None:
            query["variants.page_id"] = self.page_id
        if self.campaign_id is not None:
            query["campaign_id"] = self.campaign_id
        if self.statuses:
            query["status"] = {"$in": sorted(self.statuses)}
        if due := within(self.due_from, self.due_to):
            undated = [{"undated": True}] if self.or_undated else []
            query["$or"] = [{"due_at": due}, *undated]
        return query


def index_content(service: Service) -> None:
    service.index("content", _CONTENT.sort)
    service.index("content", _LATEST_FIRST.sort)
    service.index("content", [("client_id", 1), *_CONTENT.sort])
    service.index("content", [("campaign_id", 1), *_CONTENT.sort])
    service.index("content", [("variants.page_id", 1), *_CONTENT.sort])
    service.index("revisions", [("content_id", 1), *_REVISIONS.sort])


class ContentStore:
    def __init__(self, mongo: Mongo) -> None:
        self._content = Documents(mongo.collection("content"), ContentItem, _derived)
        self._revisions = mongo.collection("revisions")
        self._revision = TypeAdapter(Revision)

    async def get(
        self, scope: Scope, content_id: str, tx: Transaction | None = None
    ) -> ContentItem:
        """Raises `NotFound`."""
        query = {"$and": [{"_id": content_id}, scope.mongo()]}
        found = await self._content.find_one(query, tx)
        if found is None:
            raise NotFound
        return found

    async def by_id(self, scope: Scope, ids: Iterable[str]) -> dict[str, ContentItem]:
        """Those of `ids` that are in the scope."""
        query = {"$and": [{"_id": {"$in": sorted(set(ids))}}, scope.mongo()]}
        return {item.id: item for item in await self._content.find(query)}

    async def any(self, scope: Scope) -> bool:
        return await self._content.find_one(scope.mongo()) is not None

    async def slice(
        self,
        scope: Scope,
        wanted: ContentFilter,
        cursor: str | None,
        limit: int,
        *,
        latest_first: bool = False,
    ) -> Slice[ContentItem]:
        query = {"$and": [wanted.query(), scope.mongo()]}
        order = _LATEST_FIRST if latest_first else _CONTENT
        return await self._content.slice(query, order, cursor, limit)

    async def revisions(
        self, scope: Scope, content_id: str, cursor: str | None, limit: int
    ) -> tuple[list[Revision], str | None]:
        """The newest first, and the next cursor."""
        query = {"$and": [{"content_id": content_id}, scope.mongo(), _REVISIONS.after(cursor)]}
        found = self._revisions.find(query).sort(_REVISIONS.sort).limit(limit + 1)
        shown, next_cursor = _REVISIONS.split([row async for row in found], limit)
        return [self._revision.validate_python(row) for row in shown], next_cursor

    async def insert(self, tx: Transaction, item: ContentItem) -> None:
        await self._content.insert(tx, item)
        await self._keep_revision(tx, item)

    async def save(self, tx: Transaction, before: ContentItem, after: ContentItem) -> None:
        await self._content.save(tx, before, after)
        if after.revision.number != before.revision.number:
            await self._keep_revision(tx, after)

    async def _keep_revision(self, tx: Transaction, item: ContentItem) -> None:
        row: dict[str, Any] = {
            "_id": f"{item.id}:{item.revision.number}",
            "content_id": item.id,
            "client_id": item.client_id,
            **self._revision.dump_python(item.revision),
        }
        await self._revisions.insert_one(row, session=tx.session)


def _derived(item: ContentItem) -> Document:
    return {"due_at": item.due_at, "undated": item.due_at is None}
