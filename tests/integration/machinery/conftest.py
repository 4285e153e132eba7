"""Services put together by hand, on the run's real Kafka and MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import SecretStr

from shared.events.envelope import Envelope
from shared.service import Service
from shared.settings import ServiceSettings
from tests.support.waiting import eventually

MakeService = Callable[..., Service]
Start = Callable[[Service], Awaitable[Service]]


@pytest.fixture
def settings(prefix: str, kafka_servers: str, mongodb_uri: str) -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap_servers=kafka_servers,
        mongodb_uri=mongodb_uri,
        database_prefix=prefix,
        topic_prefix=prefix,
        topic_partitions_max=2,
        port=1,
        root_path="/test",
        auth_secret=SecretStr("only for tests, and long enough for a key"),
    )


@pytest.fixture
async def start(settings: ServiceSettings) -> AsyncIterator[Start]:
    """Starts a service and waits until it is ready; all are stopped, databases dropped."""
    started: list[Service] = []

    async def start(service: Service) -> Service:
        started.append(service)
        await service.start()

        async def ready() -> bool:
            return not await service.readiness()

        await eventually(ready)
        return service

    yield start
    for service in started:
        await service.stop()
    for name in {service.name for service in started}:
        leftover = Service(name, settings)
        await leftover.mongo.drop()
        await leftover.mongo.close()


class Topic:
    """Puts records on a topic and reads all that is on it."""

    def __init__(self, servers: str, prefix: str) -> None:
        self._servers = servers
        self._prefix = prefix

    async def put(
        self,
        topic: str,
        *records: tuple[str | None, bytes | None],
        headers: list[tuple[str, bytes]] | None = None,
        compression: str | None = None,
    ) -> None:
        """Records are (key, body), acknowledged when this returns."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers, acks="all", compression_type=compression
        )
        await producer.start()
        try:
            for key, body in records:
                await producer.send_and_wait(
                    f"{self._prefix}{topic}",
                    body,
                    key=None if key is None else key.encode(),
                    headers=headers,
                )
        finally:
            await producer.stop()

    async def read(self, topic: str, count: int) -> list[Envelope]:
        """The first `count` committed records, in the order of each partition."""
        return [Envelope.parse(record.value) for record in await self.records(topic, count)]

    async def records(self, topic: str, count: int) -> list[Any]:
        consumer = AIOKafkaConsumer(
            f"{self._prefix}{topic}",
            bootstrap_servers=self._servers,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        await consumer.start()
        found: list[Any] = []

        async def enough() -> bool:
            batches = await consumer.getmany(timeout_ms=100)
            found.extend(record for batch in batches.values() for record in batch)
            return len(found) >= count

        try:
            await eventually(enough)
        finally:
            await consumer.stop()
        return found


@pytest.fixture
def topic(kafka_servers: str, prefix: str) -> Topic:
    return Topic(kafka_servers, prefix)
