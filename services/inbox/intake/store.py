"""Messages of pages that are not known here yet: collection `unrouted`.

A page's first messages may overtake the news that the page exists. They wait here, each under
its natural id, and are taken in when the page arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pymongo import UpdateOne

from services.inbox.conversations.domain import MessageId
from services.inbox.intake.domain import message_id
from shared.events.inbox import MessageReceived
from shared.mongo import Document, Mongo, Session

__all__ = ["Unrouted", "UnroutedPage"]


@dataclass(frozen=True, slots=True)
class UnroutedPage:
    """`page_id` as the sender wrote it."""

    page_id: str
    messages: int
    since: datetime


class Unrouted:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo.collection("unrouted")

    async def put_aside(
        self, session: Session, messages: Iterable[MessageReceived], now: datetime
    ) -> int:
        """Returns how many of them were not waiting yet."""
        writes = [
            UpdateOne(
                {"_id": message_id(message)},
                {
                    "$setOnInsert": {
                        "page_id": message.page_id,
                        "message": message.model_dump(mode="json"),
                        "since": now,
                    }
                },
                upsert=True,
            )
            for message in messages
        ]
        if not writes:
            return 0
        result = await self._rows.bulk_write(writes, ordered=False, session=session)
        return int(result.upserted_count)

    async def page_that_came(self) -> str | None:
        """A page that messages wait for and that is known by now."""
        pipeline: list[Document] = [
            {"$group": {"_id": "$page_id"}},
            {"$lookup": {"from": "pages", "localField": "_id", "foreignField": "_id", "as": "p"}},
            {"$match": {"p": {"$ne": []}}},
            {"$limit": 1},
        ]
        async for row in self._mongo.aggregate("unrouted", pipeline):
            return str(row["_id"])
        return None

    async def waiting_for(
        self, session: Session, page_id: str, limit: int
    ) -> dict[MessageId, MessageReceived]:
        """The oldest first."""
        rows = self._rows.find({"page_id": page_id}, session=session).sort([("since", 1)])
        return {
            row["_id"]: MessageReceived.model_validate(row["message"])
            async for row in rows.limit(limit)
        }

    async def remove(self, session: Session, ids: Sequence[MessageId]) -> None:
        await self._rows.delete_many({"_id": {"$in": ids}}, session=session)

    async def by_page(self, limit: int) -> list[UnroutedPage]:
        """What waits, by page; those that wait longest first."""
        pipeline: list[Document] = [
            {
                "$group": {
                    "_id": "$page_id", "messages": {"$sum": 1}, "since": {"$min": "$since"},
                }
            },
            {"$sort": {"since": 1, "_id": 1}},
            {"$limit": limit},
        ]  # fmt: skip
        return [
            UnroutedPage(row["_id"], row["messages"], row["since"])
            async for row in self._mongo.aggregate("unrouted", pipeline)
        ]

    async def count(self) -> int:
        return await self._rows.estimated_document_count()
