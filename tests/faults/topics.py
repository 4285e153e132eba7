"""All that stands on the topics, as a consumer would be given it from the beginning."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.events.topics import TOPICS, Topic

__all__ = ["Log", "Told", "read_log"]


@dataclass(frozen=True, slots=True)
class Told:
    """One record: an event's place in its aggregate, and its id."""

    topic: str
    key: str
    sequence: int
    id: str


@dataclass
class Log:
    """`told` has the records of each aggregate in the order of its partition. `ends` is the offset
    after the last of each partition that has one: a topic may end in markers, and in records of
    relays that were killed, which no consumer is given."""

    told: list[Told] = field(default_factory=list)
    ends: dict[TopicPartition, int] = field(default_factory=dict)


async def read_log(servers: str, prefix: str) -> Log:
    """Everything, from the beginning. Nobody may write meanwhile."""
    topics = {f"{prefix}{topic.name}": topic for topic in TOPICS}
    log = Log()
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign(await _partitions(servers, list(topics)))
        await consumer.seek_to_beginning()
        silent = 0
        while silent < 2:
            batches = await consumer.getmany(timeout_ms=500)
            silent = 0 if batches else silent + 1
            for partition, records in batches.items():
                log.ends[partition] = records[-1].offset + 1
                log.told += [_told(topics[partition.topic], one) for one in records if one.value]
    finally:
        await consumer.stop()
    return log


def _told(topic: Topic, record: ConsumerRecord[bytes, bytes]) -> Told:
    event = json.loads(record.value)
    return Told(topic.name, record.key.decode(), event["sequence"], event["id"])


async def _partitions(servers: str, topics: list[str]) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        described = await admin.describe_topics(topics)
    finally:
        await admin.close()
    return [
        TopicPartition(one["topic"], partition["partition"])
        for one in described
        for partition in one["partitions"]
    ]
