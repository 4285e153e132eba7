"""Time as an input: rows that fall due and are fired once, within a second.

    due {_id, kind, at, data, fire_at, attempts}

A row is written in the transaction that makes it necessary and fired in one that removes it, so a
crash between the two fires it later, never twice. After an outage everything overdue is fired in
the order of its time. A row whose handler raises is tried again with growing pauses and does not
hold up the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from shared.clock import Clock
from shared.ids import new_id
from shared.mongo import Conflict, Document, Mongo, is_infrastructure
from shared.observability import METRICS, correlation_id
from shared.outbox import Outbox, Transaction

__all__ = ["Due", "Ticker"]

_POLL_SECONDS = 1.0
_PAUSE_MAX = timedelta(minutes=5)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """`at` is when it was due, in UTC; it may be fired later, after an outage."""

    id: str
    kind: str
    at: datetime
    data: Mapping[str, Any]


class Ticker:
    """Fires due rows. Ids are chosen by the caller: scheduling one again moves it."""

    def __init__(self, service: str, mongo: Mongo, outbox: Outbox, clock: Clock) -> None:
        self._service = service
        self._mongo = mongo
        self._rows = mongo.collection("due")
        self._outbox = outbox
        self._clock = clock
        self._fire: dict[str, Callable[[Transaction, Due], Awaitable[None]]] = {}

    def on(self, kind: str, fire: Callable[[Transaction, Due], Awaitable[None]]) -> None:
        self._fire[kind] = fire
        METRICS.ticker_late_seconds.labels(self._service, kind)  # from zero

    async def create_indexes(self) -> None:
        await self._rows.create_index("fire_at")

    async def schedule(
        self,
        tx: Transaction,
        *,
        id: str,
        kind: str,
        at: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        row = {"kind": kind, "at": at, "fire_at": at, "attempts": 0, "data": dict(data or {})}
        await self._rows.replace_one({"_id": id}, row, upsert=True, session=tx.session)

    async def cancel(self, tx: Transaction, id: str) -> None:
        await self._rows.delete_one({"_id": id}, session=tx.session)

    async def run(self) -> None:
        """Until cancelled; one replica at a time, under a lease."""
        async with self._mongo.changes.listen("due") as changes:
            while True:
                await changes.wait(await self._seconds_to_next())
                while await self.fire_next():
                    pass

    async def fire_next(self) -> bool:
        """Fire the row that is due the longest; False if none is."""
        row = await self._rows.find_one(
            {"fire_at": {"$lte": self._clock()}}, sort=[("fire_at", 1), ("_id", 1)]
        )
        if row is None:
            return False
        due = Due(row["_id"], row["kind"], row["at"], row["data"])
        token = correlation_id.set(new_id())
        try:
            await self._outbox.transaction(lambda tx: self._fire_once(tx, due))
        except Exception as error:
            if is_infrastructure(error) or isinstance(error, Conflict):
                raise
            await self._postpone(row, error)
        finally:
            correlation_id.reset(token)
        late = (self._clock() - due.at).total_seconds()
        METRICS.ticker_late_seconds.labels(self._service, due.kind).observe(max(0.0, late))
        return True

    async def _fire_once(self, tx: Transaction, due: Due) -> None:
        removed = await self._rows.delete_one({"_id": due.id, "at": due.at}, session=tx.session)
        if removed.deleted_count:
            await self._fire[due.kind](tx, due)

    async def _postpone(self, row: Document, error: Exception) -> None:
        _log.error("due row failed, trying again later", due=row["_id"], exc_info=error)
        pause = min(_PAUSE_MAX, timedelta(seconds=2 ** min(row["attempts"], 10)))
        await self._rows.update_one(
            {"_id": row["_id"], "at": row["at"]},
            {"$set": {"fire_at": self._clock() + pause}, "$inc": {"attempts": 1}},
        )

    async def _seconds_to_next(self) -> float:
        row = await self._rows.find_one({}, sort=[("fire_at", 1)], projection={"fire_at": 1})
        if row is None:
            return _POLL_SECONDS
        seconds: float = (row["fire_at"] - self._clock()).total_seconds()
        return min(_POLL_SECONDS, max(0.0, seconds))
