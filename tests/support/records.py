"""What stands on the topics."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events import topics

__all__ = ["all_records"]


async def all_records(servers: str, prefix: str) -> dict[str, list[Any]]:
    """Everything on all topics so far, by unprefixed topic, each partition in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    found: dict[str, list[Any]] = {topic.name: [] for topic in topics.TOPICS}
    try:
        partitions = [
            TopicPartition(f"{prefix}{name}", number)
            for name in found
            for number in await _partitions(consumer, f"{prefix}{name}")
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        # Positions say nothing of the end: markers of transactions take offsets too.
        while batch := await consumer.getmany(timeout_ms=1_000):
            for partition, records in batch.items():
                found[partition.topic.removeprefix(prefix)] += records
    finally:
        await consumer.stop()
    return found


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer._client._wait_on_metadata(topic)
    return set(consumer._client.cluster.partitions_for_topic(topic))
