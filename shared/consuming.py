"""Effects exactly once, from a log that delivers at least once.

A `Consumer` takes a batch of records from one topic, validates each on its own and applies the
sound ones in one transaction together with its position, one row per aggregate:

    positions {_id: "<topic>|<key>", last_sequence, parked: {reason, since} | null}

At or below `last_sequence` is a duplicate. Three things happen to a record that is not applied:

- *never valid*: recorded as a dead letter with its reason, in the same transaction;
- *not mine*: counted (unknown type) or ignored, and passed over;
- *its handler raises*: its aggregate is parked. This record and all later ones of the key wait
  in `parked {_id: "<topic>|<key>|<order>"}` until `release` applies them, in order.

A database or broker that is away is neither: the batch is tried again in place for a minute, then
the error goes up, the offset stays, and the records come again.

Topics that are not sequenced (any system may write them) have no positions: their `apply` must
know its records by a natural id, and is given every delivery.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import structlog
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from shared.clock import Clock
from shared.events.dead_letters import DeadLetterRecorded
from shared.events.envelope import INVALID, Envelope, Event, InvalidEvent, UnknownType, decode
from shared.events.topics import Topic
from shared.mongo import Conflict, Document, Mongo, Session, is_duplicate_key, is_infrastructure
from shared.observability import METRICS, causation_id, correlation_id, described
from shared.outbox import Outbox, Transaction

__all__ = ["Apply", "Consumer", "Prepare", "Received", "caused_by", "dispatch"]

E_co = TypeVar("E_co", bound=Event, covariant=True)
Record: TypeAlias = "ConsumerRecord[bytes, bytes]"

_RETRY_SECONDS = 60
_RELEASE_CHUNK = 100
_DEAD_LETTER_BYTES = 64 * 1024
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """A sound event with its envelope; `order` rises along the aggregate's records."""

    event: E_co
    envelope: Envelope
    partition: int
    order: int

    @property
    def key(self) -> str:
        return self.envelope.subject


Apply = Callable[[Transaction, Sequence[Received[Event]]], Awaitable[None]]
"""Applies records in order, within the transaction; may run several times before it counts."""

Prepare = Callable[[Sequence[Received[Event]]], Awaitable[None]]
"""Idempotent writes outside the transaction, before it."""


Handler = Callable[[Transaction, Any], Awaitable[None]]
"""Called with (transaction, received)."""


def dispatch(handlers: Mapping[type[Event], Handler]) -> Apply:
    """One handler per event type; other types are not ours."""
    return _Dispatch(dict(handlers))


@dataclass(frozen=True, slots=True)
class _Dispatch:
    handlers: Mapping[type[Event], Handler]

    async def __call__(self, tx: Transaction, batch: Sequence[Received[Event]]) -> None:
        for received in batch:
            handler = self.handlers.get(type(received.event))
            if handler is not None:
                with caused_by(received.envelope):
                    await handler(tx, received)


@contextmanager
def caused_by(envelope: Envelope) -> Iterator[None]:
    """Within it, what is emitted and logged belongs to the event's correlation."""
    correlation = correlation_id.set(envelope.correlationid or envelope.id)
    causation = causation_id.set(envelope.id)
    try:
        yield
    finally:
        causation_id.reset(causation)
        correlation_id.reset(correlation)


@dataclass(frozen=True, slots=True)
class _Dead:
    record: Record
    error: InvalidEvent


@dataclass(frozen=True, slots=True)
class _Passed:
    """A record whose place in the sequence is known, but which is not applied."""

    key: str
    order: int


@dataclass(slots=True)
class _Sorted:
    """A batch, each record judged on its own. `placed` keeps the order in which they came."""

    placed: list[Received[Event] | _Passed] = field(default_factory=list)
    dead: list[_Dead] = field(default_factory=list)
    unknown: int = 0

    @property
    def sound(self) -> list[Received[Event]]:
        return [one for one in self.placed if isinstance(one, Received)]


@dataclass(slots=True)
class _Counts:
    """What one attempt of the transaction saw; told to the metrics once it is committed."""

    duplicates: int = 0
    gaps: int = 0
    parked: int = 0
    dead: list[str] = field(default_factory=list)


class Consumer:
    """Applies the records of one topic for one service."""

    def __init__(
        self,
        service: str,
        topic: Topic,
        apply: Apply,
        *,
        prepare: Prepare | None,
        mongo: Mongo,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self.topic = topic
        self._service = service
        self._apply = apply
        self._prepare = prepare
        self._outbox = outbox
        self._clock = clock
        self._positions = mongo.collection("positions")
        self._parked = mongo.collection("parked")
        self._dead_letters = mongo.collection("dead_letters")
        # From zero, so that the very first is seen as a rise.
        METRICS.consumer_gaps_total.labels(service, topic.name)
        METRICS.infrastructure_failures_total.labels(service, topic.name)
        for reason in INVALID:
            METRICS.dead_letters_total.labels(service, reason)

    @property
    def events(self) -> tuple[type[Event], ...]:
        """The types it has handlers for; empty if it is given whatever is on the topic."""
        return tuple(self._apply.handlers) if isinstance(self._apply, _Dispatch) else ()

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch. Raises only what a later delivery may cure."""
        batch = self._sort(records)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_random_exponential(multiplier=0.05, max=5),
            stop=stop_after_delay(_RETRY_SECONDS),
            before_sleep=self._count_failure,
            reraise=True,
        ):
            with attempt:
                await self._handle(batch)

    def _count_failure(self, _: RetryCallState) -> None:
        METRICS.infrastructure_failures_total.labels(self._service, self.topic.name).inc()

    async def _handle(self, batch: _Sorted) -> None:
        try:
            await self._apply_together(batch)
        except Exception as error:
            if _may_pass(error):
                raise
            _log.warning(
                "batch failed, applying its records singly",
                topic=self.topic.name,
                error=described(error),
            )
            await self._apply_singly(batch)

    async def _apply_together(self, batch: _Sorted) -> None:
        if self._prepare is not None and (sound := batch.sound):
            await self._prepare(sound)

        async def work(tx: Transaction) -> _Counts:
            counts = _Counts()
            positions = await self._load_positions(tx, batch)
            placed = self._not_seen_before(batch.placed, positions, counts)
            fresh = [one for one in placed if isinstance(one, Received)]
            waiting = [one for one in fresh if self._is_parked(one.key, positions)]
            await self._put_aside(tx, waiting)
            await self._touch_marks(tx, waiting)
            counts.parked = len(waiting)
            await self._apply(tx, [one for one in fresh if not self._is_parked(one.key, positions)])
            await self._bury(tx, batch.dead, counts)
            await self._advance(tx, positions, placed)
            return counts

        self._count(await self._outbox.transaction(work), batch)

    async def _apply_singly(self, batch: _Sorted) -> None:
        for one in batch.placed:
            try:
                await self._apply_together(_Sorted(placed=[one]))
            except Exception as error:
                if _may_pass(error) or not isinstance(one, Received):
                    raise
                await self._park(one, error)
        await self._apply_together(_Sorted(dead=batch.dead, unknown=batch.unknown))

    # Judging records

    def _sort(self, records: Sequence[Record]) -> _Sorted:
        batch = _Sorted()
        for record in records:
            if not record.value and self.topic.compacted:
                continue  # a tombstone
            try:
                envelope = self._envelope(record)
            except InvalidEvent as error:
                batch.dead.append(_Dead(record, error))
            else:
                self._judge(batch, record, envelope)
        return batch

    def _judge(self, batch: _Sorted, record: Record, envelope: Envelope) -> None:
        order = envelope.sequence if self.topic.sequenced else record.offset
        try:
            event = decode(envelope)
        except UnknownType as unknown:
            _log.info("unknown event type passed over", type=str(unknown), topic=record.topic)
            batch.unknown += 1
            batch.placed.append(_Passed(envelope.subject, order))
        except InvalidEvent as error:
            batch.dead.append(_Dead(record, error))
            batch.placed.append(_Passed(envelope.subject, order))
        else:
            batch.placed.append(Received(event, envelope, record.partition, order))

    def _envelope(self, record: Record) -> Envelope:
        if not record.value:
            raise InvalidEvent("empty_body", "a record without a value on a topic of events")
        envelope = Envelope.parse(record.value)
        key = (record.key or b"").decode("utf-8", "replace")
        if self.topic.sequenced and key != envelope.subject:
            raise InvalidEvent("wrong_key", f"key {key!r} is not the subject {envelope.subject!r}")
        return envelope

    # Positions

    def _position_id(self, key: str) -> str:
        return f"{self.topic.name}|{key}"

    async def _load_positions(self, tx: Transaction, batch: _Sorted) -> dict[str, Document]:
        keys = {one.key for one in batch.placed}
        query: Document = {"_id": {"$in": [self._position_id(key) for key in keys]}}
        if not self.topic.sequenced:
            query["parked"] = {"$ne": None}
        return {row["_id"]: row async for row in self._positions.find(query, session=tx.session)}

    def _is_parked(self, key: str, positions: Mapping[str, Document]) -> bool:
        return positions.get(self._position_id(key), {}).get("parked") is not None

    def _not_seen_before(
        self,
        placed: Sequence[Received[Event] | _Passed],
        positions: Mapping[str, Document],
        counts: _Counts,
    ) -> list[Received[Event] | _Passed]:
        if not self.topic.sequenced:
            return list(placed)
        last = {name: row["last_sequence"] for name, row in positions.items()}
        new = []
        for one in placed:
            name = self._position_id(one.key)
            before = last.get(name)
            if before is not None and one.order <= before:
                counts.duplicates += 1
                continue
            if before is not None and one.order > before + 1 and not self.topic.compacted:
                counts.gaps += 1
                _log.error("events missing", topic=self.topic.name, key=one.key, after=before)
            last[name] = one.order
            new.append(one)
        return new

    async def _advance(
        self,
        tx: Transaction,
        positions: Mapping[str, Document],
        placed: Sequence[Received[Event] | _Passed],
    ) -> None:
        if not self.topic.sequenced or not placed:
            return
        last = {self._position_id(one.key): one.order for one in placed}
        writes: list[InsertOne[Document] | UpdateOne] = [
            UpdateOne({"_id": name}, {"$set": {"last_sequence": order}})
            if name in positions
            else InsertOne({"_id": name, "last_sequence": order, "parked": None})
            for name, order in last.items()
        ]
        try:
            await self._positions.bulk_write(writes, session=tx.session)
        except BulkWriteError as error:
            if is_duplicate_key(error):
                raise Conflict("another replica has just met these aggregates") from error
            raise

    # Dead letters

    async def _bury(self, tx: Transaction, dead: Sequence[_Dead], counts: _Counts) -> None:
        for one in dead:
            event = self._dead_letter(one)
            row = {"_id": event.aggregate_id, "recorded_at": self._clock(), **event.model_dump()}
            known = await self._dead_letters.find_one({"_id": row["_id"]}, session=tx.session)
            if known is None:
                await self._dead_letters.insert_one(row, session=tx.session)
                tx.emit(event)
                counts.dead.append(one.error.reason)

    def _dead_letter(self, dead: _Dead) -> DeadLetterRecorded:
        record = dead.record
        return DeadLetterRecorded(
            service=self._service,
            origin_topic=self.topic.name,
            partition=record.partition,
            offset=record.offset,
            key=None if record.key is None else record.key.decode("utf-8", "replace"),
            reason=dead.error.reason,
            detail=dead.error.detail[:500],
            body="" if self.topic.personal else _base64(record),
        )

    # Parking

    async def _park(self, received: Received[Event], error: Exception) -> None:
        """Mark the aggregate; this record is the first to wait."""
        _log.error("aggregate parked", topic=self.topic.name, key=received.key, exc_info=error)
        name = self._position_id(received.key)

        async def work(tx: Transaction) -> None:
            await self._put_aside(tx, [received])
            await self._positions.update_one(
                {"_id": name},
                {
                    "$set": {"parked": {"reason": described(error), "since": self._clock()}},
                    "$max": {"last_sequence": received.order},
                },
                upsert=True,
                session=tx.session,
            )

        await self._outbox.transaction(work)
        METRICS.parked_total.labels(self._service, self.topic.name).inc()

    async def _put_aside(self, tx: Transaction, waiting: Sequence[Received[Event]]) -> None:
        for one in waiting:
            await self._parked.update_one(
                {"_id": f"{self._position_id(one.key)}|{one.order:015d}"},
                {
                    "$setOnInsert": {
                        "position": self._position_id(one.key),
                        "order": one.order,
                        "partition": one.partition,
                        "body": one.envelope.to_bytes(),
                        "parked_at": self._clock(),
                    }
                },
                upsert=True,
                session=tx.session,
            )

    async def _touch_marks(self, tx: Transaction, waiting: Sequence[Received[Event]]) -> None:
        """Make putting aside conflict with a release that is just clearing the mark."""
        names = list({self._position_id(one.key) for one in waiting})
        if names:
            await self._positions.update_many(
                {"_id": {"$in": names}}, {"$inc": {"touches": 1}}, session=tx.session
            )

    async def release(self, key: str) -> int:
        """Apply what waits for the aggregate, in order; returns how many records that were.

        Raises what the handler raises: then the aggregate stays parked, and nothing is lost.
        """
        released = 0
        while True:
            await self._prepare_waiting(key)
            chunk = await self._outbox.transaction(lambda tx: self._release_chunk(tx, key))
            if not chunk:
                return released
            released += chunk

    async def _prepare_waiting(self, key: str) -> None:
        """What the records need outside of the transaction; idempotent, as ever."""
        if self._prepare is not None:
            rows = await self._waiting(key)
            await self._prepare([_from_parked(row) for row in rows])

    async def _waiting(self, key: str, session: Session | None = None) -> list[Document]:
        query = {"position": self._position_id(key)}
        cursor = self._parked.find(query, session=session).sort("order", 1)
        return [row async for row in cursor.limit(_RELEASE_CHUNK)]

    async def _release_chunk(self, tx: Transaction, key: str) -> int:
        name = self._position_id(key)
        rows = await self._waiting(key, tx.session)
        await self._positions.update_one(
            {"_id": name},
            {"$inc": {"touches": 1}} if rows else {"$set": {"parked": None}},
            session=tx.session,
        )
        if rows:
            await self._apply(tx, [_from_parked(row) for row in rows])
            ids = [row["_id"] for row in rows]
            await self._parked.delete_many({"_id": {"$in": ids}}, session=tx.session)
        return len(rows)

    def _count(self, counts: _Counts, batch: _Sorted) -> None:
        labels = (self._service, self.topic.name)
        for received in batch.sound:
            delay = (self._clock() - received.envelope.time).total_seconds()
            METRICS.consumer_delay_seconds.labels(*labels).observe(max(0.0, delay))
        METRICS.consumed_total.labels(*labels).inc(len(batch.placed) - counts.duplicates)
        METRICS.duplicates_total.labels(*labels).inc(counts.duplicates)
        METRICS.consumer_gaps_total.labels(*labels).inc(counts.gaps)
        METRICS.unknown_types_total.labels(*labels).inc(batch.unknown)
        METRICS.parked_total.labels(*labels).inc(counts.parked)
        for reason in counts.dead:
            METRICS.dead_letters_total.labels(self._service, reason).inc()


def _base64(record: Record) -> str:
    return base64.b64encode((record.value or b"")[:_DEAD_LETTER_BYTES]).decode()


def _from_parked(row: Document) -> Received[Event]:
    envelope = Envelope.parse(row["body"])
    return Received(decode(envelope), envelope, row["partition"], row["order"])


def _may_pass(error: BaseException) -> bool:
    """Whether trying the same again later can help: the database, the broker, contention."""
    return (
        is_infrastructure(error)
        or isinstance(error, Conflict)
        or (isinstance(error, KafkaError) and error.retriable)
    )
