"""State and events together: the transactional outbox and the relay that empties it.

`Outbox.transaction` runs a use case in one MongoDB transaction and stores the events it emitted
as rows beside the state. Each event takes its aggregate's next sequence, compare-and-set in the
same transaction, so that sequences are gap-free under concurrent writers. An aggregate that is
itself compare-and-set on a version which counts exactly its events numbers them by that version,
and spares the row.

    aggregates {_id: "<topic>/<key>", sequence}
    outbox     {_id: "<topic>/<key>:<12-digit sequence>", bucket, topic, key, body,
                aggregate, sequence, created_at, published_at}

`shared.relay` sends the rows whose `published_at` is null. That is the only truth: ids and
timestamps commit out of order, a change stream is only a wake-up. Aggregates are spread over
buckets; a bucket's lease lets one replica send it, and one Kafka `transactional.id` per bucket
fences a relay that was paused and overtaken.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pymongo import IndexModel, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from shared.clock import Clock, utc_now
from shared.events.envelope import Envelope, Event
from shared.ids import new_id
from shared.mongo import Conflict, Document, Mongo, Session, is_duplicate_key
from shared.observability import causation_id, correlation_id

__all__ = ["BUCKETS", "Outbox", "Transaction"]

T = TypeVar("T")

BUCKETS = 4
"""How many relays can work side by side; changing it needs an empty outbox."""

_SENT_ROWS_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event and what it came from, as known when it was emitted."""

    event: Event
    sequence: int | None
    correlation_id: str | None
    causation_id: str | None


class Transaction:
    """One MongoDB transaction and the events that become true with it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.emitted: list[Emitted] = []
        self.committed: list[Callable[[], None]] = []

    def emit(self, event: Event, sequence: int | None = None) -> None:
        """`sequence`: the aggregate's new version, if it is compare-and-set in this transaction
        and each version has exactly one event; all events of the topic and key must give theirs.
        Without it the next number is taken."""
        emitted = Emitted(event, sequence, correlation_id.get(), causation_id.get())
        self.emitted.append(emitted)

    def after_commit(self, tell: Callable[[], None]) -> None:
        """For metrics, which must not count what is rolled back or run again. Not for effects: a
        crash loses it."""
        self.committed.append(tell)


class Outbox:
    """`source` is this service's CloudEvents source, such as `/understudy/planner`."""

    def __init__(self, mongo: Mongo, source: str, clock: Clock = utc_now) -> None:
        self._mongo = mongo
        self._source = source
        self._clock = clock
        self._rows = mongo.collection("outbox")
        self._aggregates = mongo.collection("aggregates")

    async def create_indexes(self) -> None:
        unpublished = IndexModel(
            [("bucket", 1), ("aggregate", 1), ("sequence", 1)],
            partialFilterExpression={"published_at": None},
            name="unpublished",
        )
        published = IndexModel(
            [("published_at", 1)],
            expireAfterSeconds=_SENT_ROWS_SECONDS,
            partialFilterExpression={"published_at": {"$type": "date"}},
            name="published",
        )
        await self._rows.create_indexes([unpublished, published])

    async def oldest_unsent(self) -> datetime | None:
        """When the event that has waited longest was written; None if none waits."""
        # With the bucket, since the index that has only what waits begins with it.
        waiting: Document = {"bucket": {"$gte": 0}, "published_at": None}
        row = await self._rows.find_one(waiting, {"created_at": 1}, sort=[("created_at", 1)])
        return None if row is None else row["created_at"]

    async def transaction(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work`; its state and its events are committed together or not at all.

        `work` may run several times (see `Mongo.in_transaction`).
        """

        async def run(session: Session) -> tuple[T, Transaction]:
            tx = Transaction(session)
            result = await work(tx)
            await self._append(tx)
            return result, tx

        result, tx = await self._mongo.in_transaction(run)
        for tell in tx.committed:
            tell()
        return result

    async def _append(self, tx: Transaction) -> None:
        if not tx.emitted:
            return
        numbered = [
            (one, one.sequence) for one in tx.emitted if one.sequence is not None
        ] + await self._number(tx)
        rows = [InsertOne(self._row(one, sequence)) for one, sequence in numbered]
        await self._rows.bulk_write(rows, session=tx.session)

    async def _number(self, tx: Transaction) -> list[tuple[Emitted, int]]:
        """The events that bring no number, with the next ones of their aggregates."""
        by_aggregate: dict[str, list[Emitted]] = defaultdict(list)
        for emitted in tx.emitted:
            if emitted.sequence is None:
                by_aggregate[_aggregate(emitted.event)].append(emitted)
        if not by_aggregate:
            return []
        last = await self._advance(tx.session, by_aggregate)
        return [
            (emitted, last[name] + number)
            for name, events in by_aggregate.items()
            for number, emitted in enumerate(events, start=1)
        ]

    async def _advance(
        self, session: Session, by_aggregate: dict[str, list[Emitted]]
    ) -> dict[str, int]:
        """Take the next sequences; returns the last one used before, by aggregate."""
        names = sorted(by_aggregate)
        found = self._aggregates.find({"_id": {"$in": names}}, session=session)
        last = dict.fromkeys(names, 0) | {row["_id"]: row["sequence"] async for row in found}
        new = [
            InsertOne({"_id": n, "sequence": len(by_aggregate[n])}) for n in names if not last[n]
        ]
        known = [
            UpdateOne(
                {"_id": name, "sequence": last[name]},
                {"$set": {"sequence": last[name] + len(by_aggregate[name])}},
            )
            for name in names
            if last[name]
        ]
        try:
            result = await self._aggregates.bulk_write([*new, *known], session=session)
        except BulkWriteError as error:
            if is_duplicate_key(error):
                raise Conflict("an aggregate's first event was written meanwhile") from error
            raise
        if result.matched_count != len(known):
            raise Conflict("an aggregate's sequence was taken meanwhile")
        return last

    def _row(self, emitted: Emitted, sequence: int) -> Document:
        now = self._clock()
        event = emitted.event
        aggregate = _aggregate(event)
        envelope = Envelope.wrap(
            event,
            id=new_id(),
            source=self._source,
            sequence=sequence,
            time=now,
            correlation_id=emitted.correlation_id,
            causation_id=emitted.causation_id,
        )
        return {
            "_id": f"{aggregate}:{sequence:012d}",
            "bucket": zlib.crc32(aggregate.encode()) % BUCKETS,
            "aggregate": aggregate,
            "sequence": sequence,
            "topic": event.destination.name,
            "key": event.aggregate_id,
            "body": envelope.to_bytes(),
            "created_at": now,
            "published_at": None,
        }


def _aggregate(event: Event) -> str:
    return f"{event.destination.name}/{event.aggregate_id}"
