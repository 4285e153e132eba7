"""Pages of a list that can be followed to its end while the list changes: by cursor, not by number.

ORDER = Order("tasks", ("due_at", 1), ("_id", 1))

found = tasks.find({"$and": [scope.mongo(), ORDER.after(cursor)]})
rows = await found.sort(ORDER.sort).limit(limit + 1).to_list(limit + 1)
shown, next_cursor = ORDER.split(rows, limit)
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from shared.errors import N_, FieldError, InvalidRequest

__all__ = ["Order", "Page"]

T = TypeVar("T")
Direction = Literal[1, -1]
Key = str | int | float | bool | datetime | None

_CHECKSUM = 6


class Page(BaseModel, Generic[T]):
    """`next_cursor` None: this was the last page."""

    items: list[T]
    next_cursor: str | None = None


class Order:
    """A total order of one list: its last field must be unique. `name` ties cursors to the list.

    Values of the fields are strings, numbers, aware datetimes or null; as in MongoDB, null comes
    first when ascending.
    """

    def __init__(self, name: str, *fields: tuple[str, Direction]) -> None:
        self._name = name
        self._fields = fields

    @property
    def sort(self) -> list[tuple[str, int]]:
        return [*self._fields]

    def after(self, cursor: str | None) -> dict[str, Any]:
        """The filter for what comes after the cursor. Raises `InvalidRequest` for a foreign one."""
        if cursor is None:
            return {}
        keys = self.read(cursor)
        branches = []
        same: dict[str, Any] = {}
        for (field, direction), key in zip(self._fields, keys, strict=True):
            if (beyond := _beyond(field, direction, key)) is not None:
                branches.append({**same, **beyond})
            same = {**same, field: key}
        return {"$or": branches} if branches else {"_id": {"$in": []}}

    def split(self, rows: Sequence[dict[str, Any]], limit: int) -> tuple[list[Any], str | None]:
        """Of `limit + 1` rows asked for: those to show, and the cursor if there are more."""
        shown = list(rows[:limit])
        return shown, self.cursor(shown[-1]) if len(rows) > limit else None

    def cursor(self, row: dict[str, Any]) -> str:
        """Points behind `row`."""
        keys = [_write(_value(row, field)) for field, _ in self._fields]
        body = json.dumps(keys, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._checksum(body) + body).decode().rstrip("=")

    def read(self, cursor: str) -> list[Key]:
        """What the cursor points behind, by field. Raises `InvalidRequest` for a foreign one."""
        try:
            return self._keys(_decoded(cursor))
        except (ValueError, TypeError, KeyError):
            message = N_("This is not a cursor of this list.")
            raise InvalidRequest(errors=[FieldError("query:cursor", message)]) from None

    def _keys(self, raw: bytes) -> list[Key]:
        checksum, body = raw[:_CHECKSUM], raw[_CHECKSUM:]
        if checksum != self._checksum(body):
            raise ValueError("not a cursor of this list")
        keys = [_parse(key) for key in json.loads(body)]
        if len(keys) != len(self._fields):
            raise ValueError("not a cursor of this order")
        return keys

    def _checksum(self, body: bytes) -> bytes:
        # Guards against mix-ups, not forgery: a forged cursor only shifts where a page begins.
        return hashlib.blake2b(body, digest_size=_CHECKSUM, key=self._name.encode()[:64]).digest()


def _decoded(cursor: str) -> bytes:
    padding = "=" * (-len(cursor) % 4)
    return base64.b64decode(cursor + padding, altchars=b"-_", validate=True)


def _value(row: dict[str, Any], field: str) -> Any:
    value: Any = row
    for part in field.split("."):
        value = value.get(part) if value else None
    return value


def _beyond(field: str, direction: Direction, key: Key) -> dict[str, Any] | None:
    """What lies behind `key`; None if nothing does. MongoDB compares only within one type."""
    if direction == 1:
        return {field: {"$ne": None}} if key is None else {field: {"$gt": key}}
    if key is None:
        return None
    return {"$or": [{field: {"$lt": key}}, {field: None}]}


def _write(key: Key) -> Any:
    return {"t": key.isoformat()} if isinstance(key, datetime) else key


def _parse(key: Any) -> Key:
    if isinstance(key, dict):
        at = datetime.fromisoformat(key["t"])
        if at.tzinfo is None:
            raise ValueError("not aware")
        return at
    if isinstance(key, list):
        raise TypeError("not a key")
    return key  # type: ignore[no-any-return]  # JSON knows no other types
