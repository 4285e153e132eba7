"""A service's process: its database, its topics, and what runs in the background.

    settings -> Service -> subscribe / worker / ticker.on / index -> start ... stop

`start` returns at once; engines that are still away are waited for in the background, and
`readiness` tells what is missing. An error nobody can go on from ends the process with exit code
1, so that whoever supervises it starts a new one: a consumer that died inside a living process
would still heartbeat and keep its partitions.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import structlog
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from pymongo import IndexModel
from pymongo.errors import PyMongoError
from tenacity import AsyncRetrying, wait_random_exponential

from shared import asyncapi, kafka
from shared.clock import Clock, utc_now
from shared.consuming import Apply, Consumer, Prepare
from shared.ending import ended
from shared.events.topics import Topic
from shared.kafka import Kafka, WatchedConsumer, clean_headers
from shared.leases import Leases, Work
from shared.mongo import Document, Mongo, is_infrastructure
from shared.observability import METRICS, described
from shared.outbox import BUCKETS, Outbox
from shared.relay import Relay
from shared.settings import ServiceSettings
from shared.ticker import Ticker

__all__ = ["Parked", "Service", "Worker"]

_POLL_SILENCE_SECONDS = 120
"""A handler may retry in place for a minute; after two without a poll the subscriber is stuck."""

_DEAD_LETTERS_SECONDS = 30 * 24 * 3600
_MEASURE_SECONDS = 5
_STOP_SECONDS = 15
_log = structlog.get_logger(__name__)

Worker = Callable[[], Awaitable[bool]]
"""Does the next piece of work; False when there is none."""

Measure = Callable[[], Awaitable[None]]
"""Sets gauges from the database."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An aggregate whose records wait for `Consumer.release`, and why."""

    topic: str
    key: str
    reason: str
    since: datetime


def _parked(row: Document) -> Parked:
    topic, key = row["_id"].split("|", 1)
    return Parked(topic, key, row["parked"]["reason"], row["parked"]["since"])


class _Subscriber(Protocol):
    tasks: list[asyncio.Task[Any]]
    consumer: Any


class Service:
    """Everything a service is made of but its features and its web edge."""

    def __init__(self, name: str, settings: ServiceSettings, clock: Clock = utc_now) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.mongo = Mongo(settings.mongodb_uri, settings.database(name))
        self.kafka = Kafka(settings.kafka_bootstrap_servers, settings.topic_prefix, name)
        self.outbox = Outbox(self.mongo, f"/understudy/{name}", clock)
        self.ticker = Ticker(name, self.mongo, self.outbox, clock)
        self.leases = Leases(self.mongo)
        self.fatal_error: BaseException | None = None
        self.consumers: dict[str, Consumer] = {}
        self._indexes: dict[str, list[IndexModel]] = defaultdict(list)
        self._measures: list[Measure] = []
        self._leased: dict[str, Work] = {"ticker": self.ticker.run}
        for bucket in range(BUCKETS):
            relay = Relay(self.mongo, self.kafka, name, bucket, clock)
            self._leased[f"relay/{bucket}"] = relay.run
        self._broker: KafkaBroker | None = None
        self._subscribers: Sequence[_Subscriber] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.index("parked", [("position", 1), ("order", 1)])
        self.index("parked", [("parked_at", 1)])
        self.index(
            "positions",
            [("parked.since", 1)],
            partialFilterExpression={"parked.since": {"$exists": True}},
        )
        self.index("dead_letters", [("recorded_at", 1)], expireAfterSeconds=_DEAD_LETTERS_SECONDS)

    # Composition, before start

    def subscribe(self, topic: Topic, apply: Apply, *, prepare: Prepare | None = None) -> None:
        """Apply the records of `topic`: one subscriber and one consumer group per topic."""
        if topic.name in self.consumers:
            raise ValueError(f"{self.name} subscribes to {topic.name} twice")
        self.consumers[topic.name] = Consumer(
            self.name,
            topic,
            apply,
            prepare=prepare,
            mongo=self.mongo,
            outbox=self.outbox,
            clock=self.clock,
        )

    def worker(self, name: str, work: Worker, *, wake_on: Sequence[str]) -> None:
        """Run `work` until nothing is left, by one replica at a time; again whenever one of the
        collections `wake_on` changes, and every second."""
        self._leased[name] = partial(self._work, work, tuple(wake_on))

    def measure(self, measure: Measure) -> None:
        """Run `measure` every few seconds in every replica: it sets gauges from the database."""
        self._measures.append(measure)

    def index(self, collection: str, keys: Sequence[tuple[str, int]], **options: Any) -> None:
        self._indexes[collection].append(IndexModel(list(keys), **options))

    async def parked(self) -> list[Parked]:
        """The aggregates whose handler raised, those that have waited longest first."""
        rows = self.mongo.collection("positions").find({"parked.since": {"$exists": True}})
        return [_parked(row) async for row in rows.sort("parked.since", 1)]

    def asyncapi(self, examples: asyncapi.Examples | None = None) -> dict[str, Any]:
        """The AsyncAPI 3 document of what this service sends and receives."""
        heard = {consumer.topic: consumer.events for consumer in self.consumers.values()}
        return asyncapi.document(self.name, heard, examples or {})

    # Life

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._bring_up(), name="bring-up")]

    async def stop(self) -> None:
        """Finish the batch in hand, give back leases, close. Bounded to about 40 s."""
        await ended(self._tasks)
        await self._stop_broker()
        await self.mongo.close()

    def fatal(self, error: BaseException) -> None:
        """End this process in good order, with an exit code that says it failed."""
        _log.critical("fatal, the process ends", error=repr(error))
        self.fatal_error = error
        os.kill(os.getpid(), signal.SIGTERM)

    async def readiness(self) -> dict[str, str]:
        """What is missing for work, by part; empty when ready."""
        missing: dict[str, str] = {}
        try:
            async with asyncio.timeout(3):
                await self.mongo.ping()
        except (PyMongoError, TimeoutError) as error:
            missing["mongodb"] = type(error).__name__
        if len(self._subscribers) < len(self.consumers):
            missing["kafka"] = "subscribers are starting"
        for topic, subscriber in zip(self.consumers, self._subscribers, strict=False):
            if reason := _silent(subscriber):
                missing[topic] = reason
        return missing

    async def _bring_up(self) -> None:
        async for attempt in AsyncRetrying(
            wait=wait_random_exponential(multiplier=0.2, max=5), after=_say_indexes_are_missing
        ):
            with attempt:
                await self._create_indexes()
        leased = [
            asyncio.create_task(self.leases.hold(name, work), name=name)
            for name, work in self._leased.items()
        ]
        self._tasks += [
            *leased,
            asyncio.create_task(self.leases.keep(), name="keep leases"),
            asyncio.create_task(self._measure(), name="measure"),
        ]
        async for attempt in AsyncRetrying(
            wait=wait_random_exponential(multiplier=0.2, max=5), after=_say_kafka_is_away
        ):
            with attempt:
                await self._start_broker()

    async def _create_indexes(self) -> None:
        await self.outbox.create_indexes()
        await self.ticker.create_indexes()
        # One command for each collection: a replica that starts waits for each.
        await asyncio.gather(
            *(
                self.mongo.collection(collection).create_indexes(indexes)
                for collection, indexes in self._indexes.items()
            )
        )

    async def _work(self, work: Worker, wake_on: tuple[str, ...]) -> None:
        async with self.mongo.changes.listen(*wake_on) as changes:
            while True:
                while await work():
                    pass
                await changes.wait(1)

    # Kafka

    async def _start_broker(self) -> None:
        """A new broker object each time: one that failed half-way cannot be started again."""
        settings = self.settings
        await kafka.create_topics(
            settings.kafka_bootstrap_servers,
            prefix=settings.topic_prefix,
            replication=settings.topic_replication,
            partitions_max=settings.topic_partitions_max,
        )
        self._broker = broker = self.kafka.broker()
        await broker.connect()
        self._watch_consumers(broker)
        subscribers = [self._subscriber(broker, one) for one in self.consumers.values()]
        try:
            await broker.start()
        except BaseException:
            await self._stop_broker()
            raise
        self._subscribers = subscribers

    def _watch_consumers(self, broker: KafkaBroker) -> None:
        """Have FastStream build our consumers; it offers no other place to say so."""
        config = broker.config.broker_config
        options = getattr(config.builder, "keywords", {})
        config.builder = partial(WatchedConsumer, **options, on_fatal=self.fatal)

    def _subscriber(self, broker: KafkaBroker, consumer: Consumer) -> BatchSubscriber:
        subscriber = broker.subscriber(
            self.kafka.topic(consumer.topic.name),
            batch=True,
            group_id=self.kafka.topic(f"{self.name}.{consumer.topic.name}"),
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            # Slept unpolled after each empty poll, so it is a part of every event's way.
            batch_timeout_ms=10,
            max_records=500,
            consumer_timeout_ms=1_000,  # so often it would look by itself what is to be asked
            max_poll_interval_ms=300_000,
            # Partitions of a replica that is gone wait for so long: the least that brokers allow.
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_500,
            parser=clean_headers,
            decoder=_keep_raw,
        )
        subscriber(partial(self._consume, consumer))
        return subscriber

    async def _consume(self, consumer: Consumer, records: list[Any]) -> None:
        try:
            await consumer.handle(records)
        except (SystemExit, KeyboardInterrupt) as error:
            # FastStream would leave a consumer that heartbeats and never polls again.
            self.fatal(error)
            raise RuntimeError("a handler asked to exit; its records will come again") from error

    async def _stop_broker(self) -> None:
        broker, self._broker = self._broker, None
        self._subscribers = []
        if broker is not None:
            stopping = asyncio.create_task(broker.stop(), name="stop the broker")
            try:
                await asyncio.wait({stopping}, timeout=_STOP_SECONDS)
            finally:
                await ended([stopping])

    async def _measure(self) -> None:
        """Ages and counts that only a look at the database can tell. One that cannot be had leaves
        the others alone, and is told once, until it says something else."""
        told: dict[Measure, str] = {}
        while True:
            for measure in (self._measure_machinery, *self._measures):
                try:
                    await measure()
                except Exception as error:  # noqa: BLE001 - whatever it is, the next is another
                    _tell_once(told, measure, error)
                else:
                    told.pop(measure, None)
            await asyncio.sleep(_MEASURE_SECONDS)

    async def _measure_machinery(self) -> None:
        METRICS.outbox_oldest_unpublished_seconds.labels(self.name).set(
            self._age(await self.outbox.oldest_unsent())
        )
        parked = await self.mongo.collection("parked").find_one({}, sort=[("parked_at", 1)])
        METRICS.parked_oldest_seconds.labels(self.name).set(
            self._age(None if parked is None else parked["parked_at"])
        )

    def _age(self, since: datetime | None) -> float:
        """In seconds; 0 if there is nothing to be old."""
        return 0.0 if since is None else (self.clock() - since).total_seconds()


async def _keep_raw(message: KafkaMessage) -> Any:
    """FastStream decoder: never raises, leaves judging to `Consumer`."""
    return list(message.raw_message)


def _silent(subscriber: _Subscriber) -> str | None:
    if not any(not task.done() for task in subscriber.tasks):
        return "the subscriber has ended"
    consumer = subscriber.consumer
    if isinstance(consumer, WatchedConsumer):
        silence = time.monotonic() - consumer.last_poll
        if silence > _POLL_SILENCE_SECONDS:
            return f"not polled for {silence:.0f} s"
    return None


def _tell_once(told: dict[Measure, str], measure: Measure, error: Exception) -> None:
    reason = described(error)
    if told.get(measure) != reason:
        told[measure] = reason
        level = _log.warning if is_infrastructure(error) else _log.exception
        level("a measure failed, its gauges stay as they were", error=reason)


def _say_indexes_are_missing(state: Any) -> None:
    error = state.outcome.exception()
    _log.warning("indexes could not be created, trying again", error=described(error))


def _say_kafka_is_away(state: Any) -> None:
    _log.warning("Kafka is away, trying again", error=repr(state.outcome.exception()))
