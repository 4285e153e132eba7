"""The relay: sends outbox rows to Kafka, each aggregate's events in order.

Between a row's `send` and its mark a relay may be killed, or paused and overtaken. The next
holder of the bucket's lease starts a producer with the same `transactional.id`, which aborts what
was open and fences the old one; rows sent but not marked are sent once more, in order, and
consumers know them by their sequence.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTopicError, MessageSizeTooLargeError, RecordListTooLargeError

from shared.clock import Clock
from shared.kafka import Kafka
from shared.mongo import Document, Mongo
from shared.observability import METRICS

__all__ = ["Relay"]

_CHUNK = 500
_POLL_SECONDS = 5.0
"""The change stream wakes us, and wakes everybody when it had to be opened again."""
_SEND_SECONDS = 30
_BLOCKED_SECONDS = 30
_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError)
"""Errors that belong to one record and would come again: they block its aggregate alone."""

_log = structlog.get_logger(__name__)


class Relay:
    """Sends one bucket of the outbox for as long as its lease is held."""

    def __init__(self, mongo: Mongo, kafka: Kafka, service: str, bucket: int, clock: Clock) -> None:
        self._mongo = mongo
        self._rows = mongo.collection("outbox")
        self._kafka = kafka
        self._service = service
        self._transactional_id = f"{service}-relay-{bucket}"
        self._bucket = bucket
        self._clock = clock
        self._start = ""
        self._blocked: dict[str, float] = {}

    async def run(self) -> None:
        """Until cancelled. A Kafka error, unless it is one record's, ends it: the caller begins
        again with a new producer."""
        async with (
            self._kafka.transactional_producer(self._transactional_id) as producer,
            self._mongo.changes.listen(f"outbox/{self._bucket}") as changes,
        ):
            while True:
                if not await self._send_chunk(producer):
                    await changes.wait(_POLL_SECONDS)

    async def _send_chunk(self, producer: AIOKafkaProducer) -> bool:
        """Send and mark the next rows; False if there were none."""
        rows = await self._next_rows()
        if not rows:
            return False
        try:
            await self._send(producer, rows)
        except _REFUSED:
            await self._send_one_by_one(producer, rows)
        else:
            await self._mark(rows)
        return True

    async def _next_rows(self) -> list[Document]:
        """The next chunk in (aggregate, sequence) order, going round, so that nobody starves."""
        self._unblock()
        rows = await self._find({"$gt": self._start})
        if not rows and self._start:
            self._start = ""
            rows = await self._find({"$gt": ""})
        full = len(rows) == _CHUNK
        # The last aggregate may go on in the next chunk, where its turn comes after the others.
        self._start = rows[-1]["aggregate"] if full else ""
        return rows

    async def _find(self, aggregates: Document) -> list[Document]:
        if self._blocked:
            aggregates = aggregates | {"$nin": list(self._blocked)}
        query = {"bucket": self._bucket, "published_at": None, "aggregate": aggregates}
        cursor = self._rows.find(query).sort([("aggregate", 1), ("sequence", 1)]).limit(_CHUNK)
        return [row async for row in cursor]

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Document]) -> None:
        async with asyncio.timeout(_SEND_SECONDS), producer.transaction():
            sent = [
                await producer.send(
                    self._kafka.topic(row["topic"]), key=row["key"].encode(), value=row["body"]
                )
                for row in rows
            ]
            await asyncio.gather(*sent)

    async def _send_one_by_one(self, producer: AIOKafkaProducer, rows: Sequence[Document]) -> None:
        for aggregate, group in groupby(rows, key=lambda row: str(row["aggregate"])):
            chunk = list(group)
            try:
                await self._send(producer, chunk)
            except _REFUSED as error:
                self._block(aggregate, error)
            else:
                await self._mark(chunk)

    async def _mark(self, rows: Sequence[Document]) -> None:
        await self._rows.update_many(
            {"_id": {"$in": [row["_id"] for row in rows]}},
            {"$set": {"published_at": self._clock()}},
        )
        for topic, count in Counter(str(row["topic"]) for row in rows).items():
            METRICS.outbox_published_total.labels(self._service, topic).inc(count)

    def _block(self, aggregate: str, error: Exception) -> None:
        _log.error("event refused by Kafka", aggregate=aggregate, error=repr(error))
        METRICS.outbox_blocked_total.labels(self._service).inc()
        self._blocked[aggregate] = asyncio.get_running_loop().time() + _BLOCKED_SECONDS

    def _unblock(self) -> None:
        now = asyncio.get_running_loop().time()
        self._blocked = {name: until for name, until in self._blocked.items() if until > now}
