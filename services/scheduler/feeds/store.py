"""Calendar addresses in MongoDB: collection `calendar_feeds`, at most one per member and kind."""

from __future__ import annotations

from services.scheduler.documents import Documents
from services.scheduler.feeds.domain import Feed, Whose
from shared.mongo import Document, Mongo
from shared.outbox import Transaction

__all__ = ["Feeds"]


class Feeds:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("calendar_feeds"), Feed)

    async def get(self, secret: str) -> Feed | None:
        return await self._documents.get(secret)

    async def of(self, member_id: str) -> dict[Whose, Feed]:
        found = await self._documents.find({"member_id": member_id})
        return {feed.whose: feed for feed in found}

    async def replace(self, tx: Transaction, feed: Feed) -> None:
        """The address there was before leads nowhere any more."""
        await self.remove(tx, feed.member_id, feed.whose)
        await self._documents.put(tx.session, feed)

    async def remove(self, tx: Transaction, member_id: str, whose: Whose) -> None:
        query: Document = {"member_id": member_id, "whose": whose.value}
        await self._documents.collection.delete_many(query, session=tx.session)
