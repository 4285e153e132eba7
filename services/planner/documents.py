"""Frozen dataclasses as MongoDB documents, saved by what changed and guarded by their version.

Every aggregate of the planner has an `id` and a `version`. A save writes only the fields that
differ, so fields of others in the same document (the handover protocol's, say) are never undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from shared.mongo import Collection, Conflict, Document
from shared.outbox import Transaction
from shared.paging import Order

__all__ = ["Documents", "Slice", "within"]


class _Aggregate(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=_Aggregate)


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """A part of a list; `next_cursor` is where the next one begins, None at the end."""

    items: list[T]
    next_cursor: str | None


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """One for all who load this kind: to build one takes longer than most of what it is for."""
    return TypeAdapter(kind)


class Documents(Generic[T]):
    """`derived` are fields computed from the state, kept for queries and ignored when loading."""

    def __init__(
        self,
        collection: Collection,
        kind: type[T],
        derived: Callable[[T], Document] = lambda _: {},
    ) -> None:
        self.collection = collection
        self._adapter: TypeAdapter[T] = _adapter(kind)
        self._derived = derived

    async def find_one(self, query: Document, tx: Transaction | None = None) -> T | None:
        found = await self.collection.find_one(query, session=_session(tx))
        return None if found is None else self._load(found)

    async def find(self, query: Document, tx: Transaction | None = None) -> list[T]:
        found = self.collection.find(query, session=_session(tx))
        return [self._load(row) async for row in found]

    async def slice(
        self, query: Document, order: Order, cursor: str | None, limit: int
    ) -> Slice[T]:
        """At most `limit`, from behind `cursor`. Raises `InvalidRequest` for a foreign cursor."""
        found = self.collection.find({"$and": [query, order.after(cursor)]})
        rows = [row async for row in found.sort(order.sort).limit(limit + 1)]
        shown, next_cursor = order.split(rows, limit)
        return Slice([self._load(row) for row in shown], next_cursor)

    async def insert(self, tx: Transaction, value: T, **others: Any) -> None:
        """`others` are fields that the document starts with and that are never saved again."""
        document = {**self._document(value), **others}
        await self.collection.insert_one(document, session=tx.session)

    async def save(self, tx: Transaction, before: T, after: T) -> None:
        """Raises `Conflict` if the stored version is no longer the one that was loaded."""
        if after == before:
            return
        old, new = self._document(before), self._document(after)
        changed = {name: value for name, value in new.items() if old[name] != value}
        result = await self.collection.update_one(
            {"_id": before.id, "version": before.version}, {"$set": changed}, session=tx.session
        )
        if result.matched_count != 1:
            raise Conflict(f"{self.collection.name} {before.id} was saved meanwhile")

    def _load(self, row: Mapping[str, Any]) -> T:
        return self._adapter.validate_python({**row, "id": row["_id"]})

    def _document(self, value: T) -> Document:
        fields = self._adapter.dump_python(value) | self._derived(value)
        return {"_id": fields.pop("id")} | {name: _bson(each) for name, each in fields.items()}


def within(start: datetime | None, end: datetime | None) -> Document:
    """The condition that a time is in [start, end); empty if neither is given."""
    limits = {"$gte": start, "$lt": end}
    return {name: at for name, at in limits.items() if at is not None}


def _session(tx: Transaction | None) -> Any:
    return None if tx is None else tx.session


def _bson(value: Any) -> Any:
    """Days are kept as text, because BSON knows instants only; enums by their value."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _bson(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_bson(each) for each in value]
    return value
