"""The relay: every event reaches Kafka, in order, whoever is killed or paused."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from shared.clock import utc_now
from shared.events.envelope import Envelope
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.kafka import Kafka
from shared.mongo import Mongo
from shared.outbox import BUCKETS, Outbox, Transaction
from shared.relay import Relay
from tests.integration.machinery.conftest import Topic
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("topics")
RELAY_PROGRAM = Path(__file__).with_name("relay_that_stops.py")


@pytest.fixture
async def outbox(mongo: Mongo) -> Outbox:
    outbox = Outbox(mongo, "/understudy/planner")
    await outbox.create_indexes()
    return outbox


@pytest.fixture
def kafka(kafka_servers: str, prefix: str) -> Kafka:
    return Kafka(kafka_servers, prefix, "planner")


def client(name: str, title: str = "Morgenrot") -> ClientChanged:
    return ClientChanged(client_id=name, name=title, time_zone="Europe/Berlin")


async def emit(outbox: Outbox, *events: ClientChanged | PageChanged) -> None:
    async def work(tx: Transaction) -> None:
        for event in events:
            tx.emit(event)

    await outbox.transaction(work)


def start_relays(mongo: Mongo, kafka: Kafka) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(Relay(mongo, kafka, "planner", bucket, utc_now).run())
        for bucket in range(BUCKETS)
    ]


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def unpublished(mongo: Mongo) -> int:
    return await mongo.collection("outbox").count_documents({"published_at": None})


async def nothing_waits(mongo: Mongo) -> bool:
    return await unpublished(mongo) == 0


async def test_each_aggregates_events_arrive_in_order_from_concurrent_writers(
    mongo: Mongo, outbox: Outbox, kafka: Kafka, topic: Topic
) -> None:
    relays = start_relays(mongo, kafka)
    await asyncio.gather(
        *(emit(outbox, client(f"c{number % 5}", str(number))) for number in range(100))
    )
    envelopes = await topic.read("planner.directory", 100)
    await stop(relays)
    for name in {envelope.subject for envelope in envelopes}:
        sequences = [one.sequence for one in envelopes if one.subject == name]
        assert sequences == list(range(1, 21))


async def test_an_event_that_kafka_refuses_blocks_its_own_aggregate_only(
    mongo: Mongo, outbox: Outbox, kafka: Kafka, topic: Topic
) -> None:
    await emit(outbox, client("good", "before"))
    await emit(outbox, client("huge", "x" * 2_000_000), client("huge", "small again"))
    await emit(outbox, client("good", "after"))
    relays = start_relays(mongo, kafka)
    envelopes = await topic.read("planner.directory", 2)

    async def only_the_huge_ones_wait() -> bool:
        return await unpublished(mongo) == 2

    await eventually(only_the_huge_ones_wait)
    await stop(relays)
    assert [(one.subject, one.sequence) for one in envelopes] == [("good", 1), ("good", 2)]


async def test_an_aggregate_of_thousands_of_events_starves_nobody(
    mongo: Mongo, outbox: Outbox, kafka: Kafka, topic: Topic
) -> None:
    await emit(outbox, *(client("busy") for _ in range(1_200)), client("quiet"))
    relays = start_relays(mongo, kafka)
    envelopes = await topic.read("planner.directory", 1_201)
    await eventually(lambda: nothing_waits(mongo))
    await stop(relays)
    busy = [one.sequence for one in envelopes if one.subject == "busy"]
    assert busy == list(range(1, 1_201))


async def test_a_relay_paused_after_sending_and_overtaken_changes_nothing_when_it_wakes(
    mongo: Mongo,
    outbox: Outbox,
    kafka: Kafka,
    topic: Topic,
    kafka_servers: str,
    prefix: str,
    mongodb_uri: str,
) -> None:
    """It stops itself (SIGSTOP) between `send` and the commit of its Kafka transaction."""
    page = PageChanged(page_id="p1", client_id="c1", name="1", platform=Platform.MASTODON)
    await emit(outbox, page)
    paused = await asyncio.create_subprocess_exec(
        sys.executable,
        str(RELAY_PROGRAM),
        kafka_servers,
        prefix,
        mongodb_uri,
        mongo.name,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert paused.stdout is not None
        assert (await asyncio.wait_for(paused.stdout.readline(), 30)).strip() == b"sent"
        await emit(outbox, page.model_copy(update={"name": "2"}))
        relays = start_relays(mongo, kafka)
        await eventually(lambda: nothing_waits(mongo))
        paused.send_signal(signal.SIGCONT)
        assert (await asyncio.wait_for(paused.stdout.readline(), 30)).strip() == b"fenced"
        await emit(outbox, page.model_copy(update={"name": "3"}))
        await eventually(lambda: nothing_waits(mongo))
        await stop(relays)
    finally:
        if paused.returncode is None:
            paused.kill()
        await paused.wait()
    envelopes = await topic.read("planner.directory", 3)
    assert [one.sequence for one in envelopes] == [1, 2, 3]
    assert _rebuilt(envelopes) == {"p1": "3"}


def _rebuilt(envelopes: list[Envelope]) -> dict[str, str]:
    """The projection a consumer makes of the compacted topic: the last state counts."""
    return {one.subject: one.data["name"] for one in envelopes}
