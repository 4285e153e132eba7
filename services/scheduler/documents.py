"""Frozen dataclasses as MongoDB documents.

Everything of the team is saved in transactions that take the coverage clock first (see
`coverage.clock`), which lets one of them through at a time. So a document loaded in such a
transaction is still the stored one when it is saved, and needs no guard of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter
from pymongo import UpdateOne

from shared.mongo import Collection, Document, Session
from shared.paging import Order

__all__ = ["Documents", "to_bson"]


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Identified)


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """One for all who load this kind: to build one takes longer than most of what it is for."""
    return TypeAdapter(kind)


class Documents(Generic[T]):
    """`secret` fields of the collection are never loaded here and never written here."""

    def __init__(self, collection: Collection, kind: type[T], secret: Sequence[str] = ()) -> None:
        self.collection = collection
        self._adapter: TypeAdapter[T] = _adapter(kind)
        self._projection = dict.fromkeys(secret, 0) or None

    async def get(self, id: str, session: Session | None = None) -> T | None:
        return await self.find_one({"_id": id}, session)

    async def find_one(self, query: Document, session: Session | None = None) -> T | None:
        row = await self.collection.find_one(query, self._projection, session=session)
        return None if row is None else self.load(row)

    async def find(
        self,
        query: Document,
        session: Session | None = None,
        *,
        sort: Sequence[tuple[str, int]] | None = None,
        limit: int = 0,
    ) -> list[T]:
        rows = self.collection.find(
            query, self._projection, session=session, sort=sort, limit=limit
        )
        return [self.load(row) async for row in rows]

    async def page(
        self, query: Document, order: Order, cursor: str | None, limit: int
    ) -> tuple[list[T], str | None]:
        """A part of a list, and the cursor of the next one; None at the end."""
        rows = self.collection.find(
            {"$and": [query, order.after(cursor)]},
            self._projection,
            sort=order.sort,
            limit=limit + 1,
        )
        shown, following = order.split([row async for row in rows], limit)
        return [self.load(row) for row in shown], following

    async def put(self, session: Session, value: T) -> None:
        """Insert or save; fields that are not of `T` stay as they are."""
        await self.put_all(session, [value])

    async def put_all(self, session: Session, values: Iterable[T]) -> None:
        writes = [
            UpdateOne({"_id": value.id}, {"$set": self.fields(value)}, upsert=True)
            for value in values
        ]
        if writes:
            await self.collection.bulk_write(writes, ordered=False, session=session)

    def load(self, row: Mapping[str, Any]) -> T:
        """From a whole document."""
        return self._adapter.validate_python({**row, "id": row["_id"]})

    def fields(self, value: T) -> Document:
        """What is stored of it, without its id."""
        fields = self._adapter.dump_python(value)
        fields.pop("id", None)
        return {name: to_bson(one) for name, one in fields.items()}


def to_bson(value: Any) -> Any:
    """Enums by their value, days and times of day as ISO 8601 says them, collections as lists; keys
    of mappings as text."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return value
        case date() | time():
            return value.isoformat()
        case dict():
            return {str(to_bson(key)): to_bson(one) for key, one in value.items()}
        case tuple() | list() | set() | frozenset():
            return [to_bson(one) for one in value]
        case _:
            return value
