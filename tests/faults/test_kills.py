"""`kill -9` of every process, twice, while somebody calls in sick and 2,000 messages come in.

Seeded: which process dies after how many more accepted messages. Afterwards nothing is lost,
nothing doubled, conversations are in order, the receipts add up, and delivering every topic from
the beginning once more changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient
from standardwebhooks import Webhook
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random

from deploy.local.processes import Process
from tests.support.agency import Agency, NotNow
from tests.support.books import Books, Row
from tests.support.engines import OwnEngines
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

MESSAGES = 2_000
PER_DELIVERY = 4
AUTHORS = 150
TASKS = 60
PREFIX = "kills_"

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(600),
    # What our own clients of a killed engine leave behind is closed by the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass
class World:
    """Everything that runs, and what was accepted by it so far."""

    engines: OwnEngines
    services: ServiceProcesses
    agency: Agency
    books: Books
    accepted: list[str] = field(default_factory=list)

    def victims(self) -> dict[str, Process]:
        named = {"kafka": self.engines.kafka, "mongodb": self.engines.mongodb}
        names = ("planner", "scheduler", "inbox", "notifier", "front-door")
        return named | {name: self.services[name] for name in names}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    engines = OwnEngines(tmp_path / "engines")
    await engines.start()
    try:
        services = ServiceProcesses(engines.addresses, PREFIX, tmp_path / "services")
        async with services, Agency(services.url) as agency:
            await services.start()
            await agency.build()
            with MongoClient[Row](engines.addresses.mongodb_uri, tz_aware=True) as client:
                yield World(engines, services, agency, Books(client, PREFIX))
    finally:
        await engines.stop()


async def test_nothing_is_lost_or_doubled_whoever_is_killed(world: World) -> None:
    seed = int(os.environ.get("SEED", "20261124"))
    rng = random.Random(seed)
    tasks = [await world.agency.task(number) for number in range(TASKS)]
    await asyncio.gather(
        _send_all(world, _messages(rng)),
        _kill_all_twice(world, rng),
        _call_in_sick_and_return(world, rng),
    )
    await eventually(world.books.at_rest, timeout=120, what="everything is at rest")
    await _all_arrived(world)

    assert world.books.faults() == [], f"seed {seed}"
    assert world.books.doubled_notifications() == []
    assert {row["_id"] for row in world.books.rows("planner", "tasks")} == set(tasks)
    handovers = world.books.rows("scheduler", "handovers", {"absent_member": {"$ne": None}})
    assert Counter(one["cause"] for one in handovers) == {"absence_started": 1, "absence_ended": 1}
    _conversations_are_in_order(world.books)
    await _redelivery_changes_nothing(world)


# Load


def _messages(rng: random.Random) -> list[dict[str, Any]]:
    start = datetime.now(UTC) - timedelta(hours=1)
    return [
        {
            "platform_message_id": f"m{number:05d}",
            "author_id": f"a{(author := rng.randrange(AUTHORS))}",
            "author_name": f"Author {author}",
            "kind": "direct",
            "text": f"message {number}",
            "sent_at": (start + timedelta(milliseconds=number)).isoformat(),
        }
        for number in range(MESSAGES)
    ]


async def _send_all(world: World, messages: Sequence[dict[str, Any]]) -> None:
    """As a platform does: signed, in order, each delivery again until it is accepted."""
    source = world.agency.sources[0]
    async with httpx.AsyncClient(base_url=world.services.url, timeout=10) as http:
        for start in range(0, len(messages), PER_DELIVERY):
            chunk = list(messages[start : start + PER_DELIVERY])
            await _deliver(http, source, chunk)
            world.accepted.extend(one["platform_message_id"] for one in chunk)


async def _deliver(
    http: httpx.AsyncClient, source: dict[str, str], messages: list[dict[str, Any]]
) -> None:
    body = json.dumps({"type": "message.received", "data": messages})
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type((NotNow, httpx.TransportError)),
        wait=wait_random(0.05, 0.3),
        stop=stop_after_delay(120),
        reraise=True,
    ):
        with attempt:
            path = f"/inbox/webhooks/{source['id']}"
            response = await http.post(path, content=body, headers=_signed(source, body))
            if response.status_code >= 500:
                raise NotNow(response.text)
            assert response.status_code == 202, response.text


def _signed(source: dict[str, str], body: str) -> dict[str, str]:
    message_id, now = uuid4().hex, datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(source["secret"]).sign(message_id, now, body),
    }


async def _kill_all_twice(world: World, rng: random.Random) -> None:
    """One after the other, each when a random number of further messages has been accepted."""
    names = [*world.victims(), *world.victims()]
    rng.shuffle(names)
    share = MESSAGES // (len(names) + 1)
    for number, name in enumerate(names):
        await _accepted(world, number * share + rng.randrange(share))
        process = world.victims()[name]
        process.kill()
        await process.ended()
        await process.start()


async def _call_in_sick_and_return(world: World, rng: random.Random) -> None:
    sick_at, back_at = rng.randrange(300, 700), rng.randrange(1_200, 1_600)
    await _accepted(world, sick_at)
    reported = await world.agency.report_sick("Jana")
    await _accepted(world, back_at)
    await world.agency.return_to_work(reported["absence"]["id"])


async def _accepted(world: World, count: int) -> None:
    def enough() -> bool:
        return len(world.accepted) >= count

    await eventually(enough, timeout=240, what=f"{count} messages are accepted")


# Checks


async def _all_arrived(world: World) -> None:
    def arrived() -> bool:
        return len(world.books.rows("inbox", "messages")) >= MESSAGES

    await eventually(arrived, timeout=60, what="all messages arrived")
    ids = Counter(row["platform_message_id"] for row in world.books.rows("inbox", "messages"))
    assert set(ids) == set(world.accepted)
    assert max(ids.values()) == 1


def _conversations_are_in_order(books: Books) -> None:
    """Sent in order and delivered in order: arrival must follow the platform's time."""
    by_conversation: dict[str, list[Row]] = {}
    for row in books.rows("inbox", "messages"):
        by_conversation.setdefault(row["conversation_id"], []).append(row)
    for rows in by_conversation.values():
        rows.sort(key=lambda row: int(row["arrival"]))
        assert [row["sent_at"] for row in rows] == sorted(row["sent_at"] for row in rows)


async def _redelivery_changes_nothing(world: World) -> None:
    """All services stopped, every group set back to the beginning, all started again."""
    names = ("planner", "scheduler", "inbox", "notifier")
    await asyncio.gather(*(world.services[name].stop() for name in names))
    before = world.books.everything()
    ends = {}
    for name in names:
        for topic in _consumed(world.books, name):
            ends[name, topic] = await _rewind(world, f"{PREFIX}{name}.{topic}", f"{PREFIX}{topic}")
    await world.services.start(*names)
    for (name, topic), end in ends.items():
        await _until_read_again(world, f"{PREFIX}{name}.{topic}", end)
    await eventually(world.books.at_rest, timeout=60)
    await asyncio.gather(*(world.services[name].stop() for name in names))
    after = world.books.everything()
    assert set(before) == set(after)
    for collection, rows in before.items():
        assert rows == after[collection], collection


def _consumed(books: Books, service: str) -> set[str]:
    """The topics of which a service has positions, and the one that has none."""
    topics = {str(row["_id"]).split("|")[0] for row in books.rows(service, "positions")}
    return topics | ({"community.messages"} if service == "inbox" else set())


async def _rewind(world: World, group: str, topic: str) -> dict[TopicPartition, int]:
    """Set the group back to the beginning; returns what it must have committed to have read all."""
    servers = world.engines.addresses.kafka_servers
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, one) for one in await _partitions(servers, topic)]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, 0))
    finally:
        await consumer.stop()
    return await _visible_ends(servers, partitions)


async def _visible_ends(
    servers: str, partitions: list[TopicPartition]
) -> dict[TopicPartition, int]:
    """The offset after the last committed record of each partition that has one. A topic may end in
    markers, and in records of relays that were killed, which no consumer is given."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed")
    await consumer.start()
    ends: dict[TopicPartition, int] = {}
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        empty = 0
        while empty < 2:  # nobody writes any more
            batches = await consumer.getmany(timeout_ms=500)
            empty = 0 if batches else empty + 1
            ends |= {partition: records[-1].offset + 1 for partition, records in batches.items()}
    finally:
        await consumer.stop()
    return ends


async def _partitions(servers: str, topic: str) -> list[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return [partition["partition"] for partition in described["partitions"]]


async def _until_read_again(world: World, group: str, ends: dict[TopicPartition, int]) -> None:
    async def read() -> bool:
        return await _committed(world, group, ends)

    await eventually(read, timeout=60, what=f"{group} has read everything again")


async def _committed(world: World, group: str, ends: dict[TopicPartition, int]) -> bool:
    """Whether the group has read to the ends."""
    servers = world.engines.addresses.kafka_servers
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(ends))
        committed = {one: await consumer.committed(one) for one in ends}
    finally:
        await consumer.stop()
    return all((committed[one] or 0) >= end for one, end in ends.items())
