"""Sources in MongoDB: collection `sources`."""

from __future__ import annotations

from dataclasses import asdict

from services.inbox.sources.domain import Secret, Source
from shared.auth import Scope
from shared.mongo import Document, Mongo, Session

__all__ = ["SourceStore"]


class SourceStore:
    """The secrets stand there in clear: whoever checks a signature must have them."""

    def __init__(self, mongo: Mongo) -> None:
        self._sources = mongo.collection("sources")

    async def get(
        self, scope: Scope, source_id: str, session: Session | None = None
    ) -> Source | None:
        row = await self._sources.find_one({"_id": source_id, **scope.mongo()}, session=session)
        return None if row is None else _source(row)

    async def named(self, source_id: str) -> Source | None:
        """For its webhook: there the signature stands for an identity and its scope."""
        row = await self._sources.find_one({"_id": source_id})
        return None if row is None else _source(row)

    async def within(self, scope: Scope) -> list[Source]:
        """The oldest first; not in pages, because a page has one or two."""
        return [_source(row) async for row in self._sources.find(scope.mongo()).sort("_id", 1)]

    async def insert(self, session: Session, source: Source) -> None:
        await self._sources.insert_one(_row(source), session=session)

    async def save(self, session: Session, source: Source) -> None:
        """The version before must have been loaded in the same transaction."""
        await self._sources.replace_one({"_id": source.id}, _row(source), session=session)

    async def delete(self, session: Session, source: Source) -> None:
        await self._sources.delete_one({"_id": source.id}, session=session)


def _row(source: Source) -> Document:
    row = asdict(source)
    row["_id"] = row.pop("id")
    return row


def _source(row: Document) -> Source:
    return Source(
        id=row["_id"],
        page_id=row["page_id"],
        client_id=row["client_id"],
        secrets=tuple(Secret(**secret) for secret in row["secrets"]),
        created_at=row["created_at"],
        version=row["version"],
    )
