"""Kafka as we use it: explicit topics, safe producers, consumers that are watched.

What FastStream and aiokafka get wrong by default is set right here once:

- topics are created from the table in `shared/events/topics.py`, never by the broker;
- producers are idempotent with `acks=all`, and `start`/`stop` are bounded;
- consumers read committed data from the earliest offset and negatively acknowledge on error;
- a record that cannot be decompressed or fails its checksum would take others with it silently:
  `WatchedConsumer` treats that as fatal for the process;
- at rest a consumer asks the broker once a second, and still hears of a record at once;
- header bytes that are not UTF-8 would make a record vanish: `clean_headers` mends them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CorruptRecordException, KafkaError, UnsupportedCodecError
from faststream.kafka import KafkaBroker
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from shared.events.topics import TOPICS, Topic

__all__ = ["Kafka", "WatchedConsumer", "clean_headers", "create_topics"]

_TOPIC_ALREADY_EXISTS = 36
_REST_MILLISECONDS = 1_000
"""So long the broker may keep a question of somebody who waits for anything at all."""
_BUSY_MILLISECONDS = 200
"""The same while records are worked on: until it answers, it is asked for nothing that has been
given back or assigned meanwhile."""
_START_SECONDS = 30
_STOP_SECONDS = 10
_RETRY_MILLISECONDS = 500
"""A service has a dozen connections; at aiokafka's 100 ms they keep a processor busy with asking
whether a broker is back, when it needs that processor to come back."""

_log = structlog.get_logger(__name__)


class Kafka:
    """Where the brokers are and how topics are prefixed."""

    def __init__(self, bootstrap_servers: str, topic_prefix: str, client_id: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.client_id = client_id
        self._prefix = topic_prefix

    def topic(self, name: str) -> str:
        """The topic's name on this cluster."""
        return f"{self._prefix}{name}"

    def broker(self) -> KafkaBroker:
        """FastStream's broker, not yet connected."""
        return KafkaBroker(
            self.bootstrap_servers,
            client_id=self.client_id,
            allow_auto_create_topics=False,
            enable_idempotence=True,
            acks="all",
            graceful_timeout=15.0,
            retry_backoff_ms=_RETRY_MILLISECONDS,
            logger=None,
        )

    @asynccontextmanager
    async def transactional_producer(
        self, transactional_id: str
    ) -> AsyncIterator[AIOKafkaProducer]:
        """A started producer; starting it fences every older one with the same id."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap_servers,
            client_id=self.client_id,
            transactional_id=f"{self._prefix}{transactional_id}",
            transaction_timeout_ms=60_000,
            compression_type="lz4",
            linger_ms=0,
            retry_backoff_ms=_RETRY_MILLISECONDS,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                await producer.start()
            yield producer
        finally:
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await producer.stop()
    except (KafkaError, TimeoutError) as error:
        _log.warning("producer did not stop cleanly", error=repr(error))


async def create_topics(
    bootstrap_servers: str,
    *,
    prefix: str = "",
    replication: int = 1,
    partitions_max: int | None = None,
    topics: Iterable[Topic] = TOPICS,
) -> None:
    """Create the topics that do not exist yet. Existing ones are left as they are.

    Waits up to a minute for a broker that is just starting. Raises `KafkaError` after that.
    """
    new = [
        NewTopic(
            f"{prefix}{topic.name}",
            min(topic.partitions, partitions_max or topic.partitions),
            replication,
            topic_configs=topic.config(),
        )
        for topic in topics
    ]
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(KafkaError),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        stop=stop_after_delay(60),
        reraise=True,
    ):
        with attempt:
            await _create(bootstrap_servers, new)


async def _create(bootstrap_servers: str, topics: list[NewTopic]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        response = await admin.create_topics(topics)
    finally:
        await admin.close()
    for name, code, *message in response.topic_errors:
        if code not in (0, _TOPIC_ALREADY_EXISTS):
            raise KafkaError(f"topic {name} was not created: error {code} {message}")


class WatchedConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is untyped
    """Tells when it last polled; an unreadable record is reported and loses no neighbours."""

    def __init__(self, *args: Any, on_fatal: Callable[[Exception], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._on_fatal = on_fatal
        self.last_poll = time.monotonic()

    async def getmany(self, *partitions: Any, timeout_ms: int, **options: Any) -> Any:
        """Returns as soon as there is something, so waiting long costs no time and spares many
        empty polls; the short `timeout_ms` FastStream is given is what it sleeps after each."""
        self.last_poll = time.monotonic()
        self._let_broker_wait(_REST_MILLISECONDS)
        patience = max(timeout_ms, _REST_MILLISECONDS)
        try:
            found = await super().getmany(*partitions, timeout_ms=patience, **options)
        except (CorruptRecordException, UnsupportedCodecError) as error:
            self._on_fatal(error)
            raise
        if found:
            self._let_broker_wait(_BUSY_MILLISECONDS)
        return found

    def _let_broker_wait(self, milliseconds: int) -> None:
        """From the next question on. aiokafka can be told so at the start alone."""
        self._fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001 - see above


async def clean_headers(
    message: tuple[ConsumerRecord[Any, Any], ...],
    parse: Callable[[tuple[ConsumerRecord[Any, Any], ...]], Awaitable[Any]],
) -> Any:
    """FastStream parser: decodes headers itself and strictly, so mend them before it does."""
    return await parse(tuple(replace(record, headers=_clean(record)) for record in message))


def _clean(record: ConsumerRecord[Any, Any]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, _utf8(value)) for name, value in record.headers)


def _utf8(value: bytes) -> bytes:
    return (value or b"").decode("utf-8", "replace").encode()
