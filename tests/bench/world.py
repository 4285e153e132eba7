"""What the measurements work with: real engines, real processes of the services, an agency."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from shared.events.envelope import Envelope
from shared.events.inbox import MessageKind, MessageReceived
from shared.events.topics import COMMUNITY_MESSAGES
from shared.ids import new_id
from tests.support.agency import Agency
from tests.support.engines import Engines
from tests.support.processes import ServiceProcesses

__all__ = ["Row", "World", "world_of"]

Row = dict[str, Any]
_ALL_PARTITIONS = 1_000
_TEXT = "Guten Morgen, gibt es das Tasting am 5. Dezember auch als Gutschein? " * 2


@dataclass(frozen=True)
class World:
    """One agency of four people, served by one process of each service."""

    engines: Engines
    prefix: str
    services: ServiceProcesses
    agency: Agency
    mongodb: AsyncMongoClient[Row]
    producer: AIOKafkaProducer

    def database(self, service: str) -> AsyncDatabase[Row]:
        return self.mongodb[f"{self.prefix}{service}"]

    @property
    def messages_topic(self) -> str:
        return f"{self.prefix}{COMMUNITY_MESSAGES.name}"

    def messages(self, authors: Sequence[str]) -> list[tuple[bytes, bytes]]:
        """One message by each of the authors, on the two pages in turn: (key, body) as any other
        system would put them on the topic."""
        return [
            _encoded(self.agency.pages[number % 2], author) for number, author in enumerate(authors)
        ]

    async def put(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        """On the topic of incoming messages; acknowledged when this returns."""
        for key, body in records:
            await self.producer.send(self.messages_topic, body, key=key)
        await self.producer.flush()


@asynccontextmanager
async def world_of(engines: Engines, directory: Path) -> AsyncIterator[World]:
    """A world of its own, with the topics' partitions as in production."""
    prefix = f"bench{secrets.token_hex(3)}_"
    services = ServiceProcesses(engines, prefix, directory / prefix, partitions_max=_ALL_PARTITIONS)
    producer = AIOKafkaProducer(
        bootstrap_servers=engines.kafka_servers, acks="all", linger_ms=20, max_batch_size=256 * 1024
    )
    mongodb: AsyncMongoClient[Row]
    async with (
        services,
        Agency(services.url) as agency,
        AsyncMongoClient(engines.mongodb_uri, tz_aware=True, w="majority") as mongodb,
        producer,
    ):
        await services.start()
        await agency.build()
        yield World(engines, prefix, services, agency, mongodb, producer)


def _encoded(page_id: str, author: str) -> tuple[bytes, bytes]:
    now = datetime.now(UTC)
    message = MessageReceived(
        page_id=page_id,
        platform_message_id=new_id(),
        author_id=author,
        author_name=f"Author {author}",
        kind=MessageKind.DIRECT,
        text=_TEXT,
        sent_at=now,
    )
    envelope = Envelope.wrap(message, id=new_id(), source="/bench", sequence=0, time=now)
    return message.aggregate_id.encode(), envelope.to_bytes()
