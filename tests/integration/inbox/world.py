"""The world around the inbox: other services and systems, as the topics show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.clock import utc_now
from shared.events.envelope import Envelope, Event
from shared.ids import new_id
from shared.mongo import Mongo
from tests.support.waiting import eventually

__all__ = ["World", "rows", "world_of"]


class World:
    """Says what other services say, puts what other systems put, and hears what is said."""

    def __init__(self, servers: str, prefix: str, producer: AIOKafkaProducer) -> None:
        self._servers = servers
        self._prefix = prefix
        self._producer = producer
        self._sequences: Counter[tuple[str, str]] = Counter()

    async def says(self, events: Iterable[Event]) -> None:
        """Puts events on their topics, with their sequences; acknowledged when this returns."""
        for event in events:
            await self._producer.send(
                self._topic(event.destination.name),
                self.envelope(event).to_bytes(),
                key=event.aggregate_id.encode(),
            )
        await self._producer.flush()

    def envelope(self, event: Event) -> Envelope:
        name = (event.destination.name, event.aggregate_id)
        self._sequences[name] += 1
        return Envelope.wrap(
            event,
            id=new_id(),
            source="/test",
            sequence=self._sequences[name],
            time=utc_now(),
            correlation_id="test-correlation",
        )

    async def puts(
        self,
        topic: str,
        body: bytes | None,
        *,
        key: str = "k",
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> None:
        """One raw record."""
        await self._producer.send_and_wait(
            self._topic(topic), body, key=key.encode(), headers=headers, partition=partition
        )

    async def hears(self, topic: str, count: int) -> list[Envelope]:
        """The first `count` committed records of a topic."""
        consumer = AIOKafkaConsumer(
            self._topic(topic),
            bootstrap_servers=self._servers,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        found: list[Envelope] = []

        async def enough() -> bool:
            batches = await consumer.getmany(timeout_ms=100)
            found.extend(
                Envelope.parse(record.value) for batch in batches.values() for record in batch
            )
            return len(found) >= count

        await consumer.start()
        try:
            await eventually(enough)
        finally:
            await consumer.stop()
        return found

    def _topic(self, name: str) -> str:
        return f"{self._prefix}{name}"


@asynccontextmanager
async def world_of(servers: str, prefix: str) -> AsyncIterator[World]:
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", enable_idempotence=True, linger_ms=5
    )
    await producer.start()
    try:
        yield World(servers, prefix, producer)
    finally:
        await producer.stop()


async def rows(mongo: Mongo, collection: str, **query: Any) -> list[dict[str, Any]]:
    return [row async for row in mongo.collection(collection).find(query).sort("_id", 1)]
