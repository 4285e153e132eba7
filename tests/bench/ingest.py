"""Incoming messages: the whole pipeline against bare loops on the same broker and database."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from shared.events.envelope import Envelope, decode
from shared.events.inbox import MessageReceived
from shared.events.topics import COMMUNITY_MESSAGES
from tests.bench.figures import Figure, at_least
from tests.bench.world import Row, World
from tests.support.waiting import eventually

__all__ = ["ingest_against_bare_loops"]

_MESSAGES = 20_000
_AUTHORS = 2_000
_ROUNDS = 5
_BATCH = 500
_EVENT = b"x" * 700  # about as long as the envelope of a conversation's event

Write = Callable[[AsyncDatabase[Row], Sequence[MessageReceived]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Rates:
    """Messages per second of one round, and MongoDB's count of documents written per message."""

    pipeline: float
    drained: float
    equal_writes: float
    single_insert: float
    pipeline_writes: float
    equal_writes_writes: float


async def ingest_against_bare_loops(world: World) -> list[Figure]:
    """`ingest_messages_per_second`: 20,000 messages by 2,000 authors in random order are on the
    topic before the inbox (one process) may read them; from then until the last is in its
    database, threaded and routed, with its conversation's event in the outbox.
    `ingest_drained_per_second`: until Kafka has acknowledged those events as well.

    Compared, in the same round, with loops that read the same records in the same batches, decode
    them the same way and write with the same concern: `ingest_vs_equal_writes` writes as many
    documents (message; conversation, sequence and event of each conversation of a batch; the mark
    that the event is sent), without transactions, routing, duplicates or Kafka.
    `ingest_vs_single_insert` inserts a document per message and nothing else.
    """
    rounds = [await _round(world, number) for number in range(_ROUNDS)]
    pipeline = [one.pipeline for one in rounds]
    return [
        Figure(
            "ingest_messages_per_second",
            "1/s",
            pipeline,
            about="one inbox process, 20,000 messages of 2,000 authors in random order",
            detail={"documents_written_per_message": [one.pipeline_writes for one in rounds]},
        ),
        Figure(
            "ingest_drained_per_second",
            "1/s",
            [one.drained for one in rounds],
            about="the same, until the conversations' events are on Kafka too",
        ),
        Figure(
            "ingest_vs_equal_writes",
            "",
            [one.pipeline / one.equal_writes for one in rounds],
            at_least(0.7),
            [one.equal_writes for one in rounds],
            about="ratio to a bare loop that writes as many documents; its messages per second",
            detail={"documents_written_per_message": [one.equal_writes_writes for one in rounds]},
        ),
        Figure(
            "ingest_vs_single_insert",
            "",
            [one.pipeline / one.single_insert for one in rounds],
            None,
            [one.single_insert for one in rounds],
            about="ratio to a bare loop that inserts one document per message",
        ),
    ]


async def _round(world: World, number: int) -> _Rates:
    ends = await _ends(world)
    chosen = random.Random(number)
    authors = [f"r{number}a{chosen.randrange(_AUTHORS)}" for _ in range(_MESSAGES)]
    records = world.messages(authors)
    before = await _written(world)
    pipeline, drained = await _pipeline(world, records)
    between = await _written(world)
    equal_writes = await _bare(world, ends, _as_many_writes)
    after = await _written(world)
    single_insert = await _bare(world, ends, _one_insert)
    return _Rates(
        pipeline,
        drained,
        equal_writes,
        single_insert,
        (between - before) / _MESSAGES,
        (after - between) / _MESSAGES,
    )


async def _pipeline(world: World, records: Sequence[tuple[bytes, bytes]]) -> tuple[float, float]:
    """The inbox is paused while the records are put, so that it alone is measured."""
    rows = world.database("inbox")
    wanted = await rows["messages"].estimated_document_count() + len(records)

    async def stored() -> bool:
        return await rows["messages"].estimated_document_count() >= wanted

    async def drained() -> bool:
        return await rows["outbox"].find_one({"published_at": None}) is None

    inbox = world.services["inbox"]
    inbox.pause()
    try:
        await world.put(records)
    finally:
        inbox.resume()
    began = time.perf_counter()
    await eventually(stored, timeout=120, what="all messages are stored")
    in_store = time.perf_counter() - began
    await eventually(drained, timeout=120, what="all events are sent")
    return len(records) / in_store, len(records) / (time.perf_counter() - began)


# The bare loops


async def _bare(world: World, starts: dict[TopicPartition, int], write: Write) -> float:
    """Reads the round's records and hands each batch to `write`; messages per second."""
    name = f"{world.prefix}bare"
    database = world.mongodb[name]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=world.engines.kafka_servers, isolation_level="read_committed"
    )
    await consumer.start()
    try:
        consumer.assign(list(starts))
        for partition, offset in starts.items():
            consumer.seek(partition, offset)
        done, began = 0, time.perf_counter()
        while done < _MESSAGES:
            batches = await consumer.getmany(timeout_ms=500, max_records=_BATCH)
            records = [record for batch in batches.values() for record in batch]
            messages = [_decoded(record.value) for record in records]
            if messages:
                await write(database, messages)
            done += len(messages)
        return done / (time.perf_counter() - began)
    finally:
        await consumer.stop()
        await world.mongodb.drop_database(name)


def _decoded(body: bytes) -> MessageReceived:
    message = decode(Envelope.parse(body))
    assert isinstance(message, MessageReceived)
    return message


async def _one_insert(database: AsyncDatabase[Row], messages: Sequence[MessageReceived]) -> None:
    await database["messages"].insert_many([_row(one) for one in messages], ordered=False)


async def _as_many_writes(
    database: AsyncDatabase[Row], messages: Sequence[MessageReceived]
) -> None:
    await _one_insert(database, messages)
    latest = {one.aggregate_id: _row(one) for one in messages}
    events = [{"_id": row["_id"], "body": _EVENT, "published_at": None} for row in latest.values()]
    await database["conversations"].bulk_write(
        [
            UpdateOne({"_id": id}, {"$set": {**row, "_id": id}}, upsert=True)
            for id, row in latest.items()
        ],
        ordered=False,
    )
    await database["aggregates"].bulk_write(
        [UpdateOne({"_id": id}, {"$inc": {"sequence": 1}}, upsert=True) for id in latest],
        ordered=False,
    )
    await database["outbox"].insert_many(events, ordered=False)
    await database["outbox"].update_many(
        {"_id": {"$in": [event["_id"] for event in events]}},
        {"$set": {"published_at": datetime.now(UTC)}},
    )


def _row(message: MessageReceived) -> Row:
    return {"_id": f"{message.page_id}:{message.platform_message_id}", **message.model_dump()}


# Kafka and MongoDB


async def _ends(world: World) -> dict[TopicPartition, int]:
    """Where each partition of the topic of messages ends now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=world.engines.kafka_servers)
    await consumer.start()
    try:
        numbers = range(COMMUNITY_MESSAGES.partitions)
        partitions = [TopicPartition(world.messages_topic, number) for number in numbers]
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return ends


async def _written(world: World) -> int:
    """Documents that the whole MongoDB has inserted and updated so far."""
    status = await world.mongodb["admin"].command("serverStatus")
    counted = status["metrics"]["document"]
    return int(counted["inserted"]) + int(counted["updated"])
