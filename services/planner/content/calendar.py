"""The posts of a stretch of days, read for a calendar: counted by day, and only so many of each
loaded as are shown. MongoDB does the counting; what comes out is as small with 5,000 posts as
with 50.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from services.planner.documents import Slice, within
from shared.auth import Scope
from shared.events.planner import ContentStatus
from shared.mongo import Document, Mongo
from shared.paging import Order

__all__ = ["CalendarFilter", "DayPosts", "Post", "PostCalendar", "PostState"]

_OF_A_DAY = Order("posts of a day", ("due_at", 1), ("_id", 1))
_UNDATED = Order("undated posts", ("_id", 1))  # ids sort by the time they were made


class PostState(StrEnum):
    """The status, except that what should have gone out and did not is overdue."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    OVERDUE = "overdue"
    WITHDRAWN = "withdrawn"


_FINISHED = frozenset({ContentStatus.PUBLISHED, ContentStatus.WITHDRAWN})
_AHEAD = sorted(set(ContentStatus) - _FINISHED)


@dataclass(frozen=True, slots=True)
class CalendarFilter:
    """What to show; None and empty leave it open. `among`: only these items.

    Withdrawn posts go nowhere: they are shown only if they are asked for.
    """

    client_id: str | None = None
    page_id: str | None = None
    campaign_id: str | None = None
    among: frozenset[str] | None = None
    states: frozenset[PostState] = field(default_factory=frozenset)

    def query(self) -> Document:
        """All but the states."""
        given = {
            "client_id": self.client_id,
            "variants.page_id": self.page_id,
            "campaign_id": self.campaign_id,
            "_id": None if self.among is None else {"$in": sorted(self.among)},
        }
        return {name: value for name, value in given.items() if value is not None}

    def dated(self, now: datetime) -> Document:
        if not self.states:
            return {"status": {"$ne": ContentStatus.WITHDRAWN}}
        statuses = self._statuses()
        ahead = [status for status in statuses if status in _AHEAD]
        finished = [status for status in statuses if status in _FINISHED]
        either: list[Document] = [
            {"status": {"$in": finished}},
            {"status": {"$in": ahead}, "due_at": {"$gte": now}},
        ]
        if PostState.OVERDUE in self.states:
            either.append({"status": {"$in": _AHEAD}, "due_at": {"$lt": now}})
        return {"$or": either}

    def undated(self) -> Document:
        """What is still to be planned, unless something else is asked for."""
        return {"status": {"$in": self._statuses() if self.states else _AHEAD}}

    def _statuses(self) -> list[ContentStatus]:
        chosen = self.states - {PostState.OVERDUE}
        return sorted(ContentStatus(state.value) for state in chosen)


@dataclass(frozen=True, slots=True)
class Post:
    """Enough of a content item to show it among others."""

    id: str
    client_id: str
    title: str
    status: ContentStatus
    created_at: datetime
    due_at: datetime | None
    page_ids: tuple[str, ...]
    version: int

    def state(self, now: datetime) -> PostState:
        late = self.due_at is not None and self.due_at < now
        overdue = late and self.status not in _FINISHED
        return PostState.OVERDUE if overdue else PostState(self.status.value)

    @property
    def movable(self) -> bool:
        """To another time: what is published or withdrawn stays where it is."""
        return self.status not in _FINISHED


_SHOWN = {
    "client_id": 1,
    "title": 1,
    "status": 1,
    "created_at": 1,
    "due_at": 1,
    "page_ids": "$variants.page_id",
    "version": 1,
}
_OUTPUT = {name: f"${name}" if path == 1 else path for name, path in _SHOWN.items()}


@dataclass(frozen=True, slots=True)
class DayPosts:
    """How many posts a day has, and the first of them."""

    count: int
    first: tuple[Post, ...]


class PostCalendar:
    def __init__(self, mongo: Mongo) -> None:
        self._content = mongo.collection("content")
        self._post = TypeAdapter(Post)

    async def days(
        self,
        scope: Scope,
        wanted: CalendarFilter,
        limits: Sequence[datetime],
        now: datetime,
        shown: int,
    ) -> dict[datetime, DayPosts]:
        """Between each two of the ascending `limits`, under the first of the two: how many posts
        go out, and the first `shown`. Where there are none, there is no entry."""
        first = {
            "$topN": {
                "n": shown,
                "sortBy": dict(_OF_A_DAY.sort),
                "output": {"_id": "$_id", **_OUTPUT},
            }
        }
        bucket: Document = {
            "groupBy": "$due_at",
            "boundaries": list(limits),
            "output": {"count": {"$sum": 1}, "first": first},
        }
        query = self._dated(scope, wanted, limits[0], limits[-1], wanted.dated(now))
        found = self._content.aggregate([{"$match": query}, {"$bucket": bucket}])
        return {
            row["_id"]: DayPosts(row["count"], tuple(map(self._load, row["first"])))
            async for row in found
        }

    async def states(
        self, scope: Scope, wanted: CalendarFilter, start: datetime, end: datetime, now: datetime
    ) -> dict[PostState, int]:
        """How many posts are in each state from `start` until `end`, whatever states are wanted."""
        late: Document = {"$lt": ["$due_at", now]}
        overdue = {"$and": [late, {"$in": ["$status", _AHEAD]}]}
        state = {"$cond": [overdue, PostState.OVERDUE, "$status"]}
        query = self._dated(scope, wanted, start, end, {})
        group: Document = {"_id": state, "count": {"$sum": 1}}
        found = self._content.aggregate([{"$match": query}, {"$group": group}])
        return {PostState(row["_id"]): row["count"] async for row in found}

    async def slice(
        self,
        scope: Scope,
        wanted: CalendarFilter,
        limits: tuple[datetime, datetime],
        now: datetime,
        cursor: str | None,
        shown: int,
    ) -> Slice[Post]:
        """The posts between two instants, by time. Raises `InvalidRequest` for a foreign cursor."""
        query = self._dated(scope, wanted, *limits, wanted.dated(now))
        return await self._slice(query, _OF_A_DAY, cursor, shown)

    async def undated(
        self, scope: Scope, wanted: CalendarFilter, cursor: str | None, shown: int
    ) -> Slice[Post]:
        """The posts without a time, the oldest first; raises as `slice`."""
        return await self._slice(self._undated(scope, wanted), _UNDATED, cursor, shown)

    async def count_undated(self, scope: Scope, wanted: CalendarFilter) -> int:
        return await self._content.count_documents(self._undated(scope, wanted))

    async def _slice(
        self, query: Document, order: Order, cursor: str | None, shown: int
    ) -> Slice[Post]:
        found = self._content.find({"$and": [query, order.after(cursor)]}, _SHOWN)
        rows = [row async for row in found.sort(order.sort).limit(shown + 1)]
        kept, next_cursor = order.split(rows, shown)
        return Slice([self._load(row) for row in kept], next_cursor)

    def _dated(
        self, scope: Scope, wanted: CalendarFilter, start: datetime, end: datetime, states: Document
    ) -> Document:
        between = {"undated": False, "due_at": within(start, end)}
        return {"$and": [between, wanted.query(), states, scope.mongo()]}

    def _undated(self, scope: Scope, wanted: CalendarFilter) -> Document:
        # Both, so that the index on (undated, due_at, _id) gives them in order.
        without = {"undated": True, "due_at": None}
        return {"$and": [without, wanted.query(), wanted.undated(), scope.mongo()]}

    def _load(self, row: dict[str, Any]) -> Post:
        return self._post.validate_python({**row, "id": row["_id"]})
