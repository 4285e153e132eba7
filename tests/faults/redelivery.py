"""Every topic delivered to every service once more, from the beginning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.settings import SERVICES
from tests.faults.checks import Finding, Wrong
from tests.faults.stage import PREFIX, Stage
from tests.faults.topics import Log, read_log
from tests.support.books import Books, Row
from tests.support.waiting import eventually

__all__ = ["redelivered"]

_READ_SECONDS = 240


async def redelivered(stage: Stage) -> list[Finding]:
    """What it changed, and it must change nothing. Leaves one replica of each service running."""
    await stage.stop_services()
    before = stage.books.everything()
    log = await read_log(stage.kafka_servers, PREFIX)
    ends = {
        f"{PREFIX}{name}.{topic}": _ends_of(log, topic)
        for name in SERVICES
        for topic in _consumed(stage.books, name)
    }
    for group, partitions in ends.items():
        await _rewind(stage.kafka_servers, group, partitions)
    await stage.start_services()
    for group, partitions in ends.items():
        await _until_read(stage.kafka_servers, group, partitions)
    await eventually(stage.books.at_rest, timeout=240, what="everything is at rest again")
    await stage.stop_services()
    return list(_changed(before, stage.books.everything()))


def _ends_of(log: Log, topic: str) -> dict[TopicPartition, int]:
    return {one: end for one, end in log.ends.items() if one.topic == f"{PREFIX}{topic}"}


def _consumed(books: Books, service: str) -> set[str]:
    """The topics of which a service has positions, and the one that has none."""
    topics = {str(row["_id"]).split("|")[0] for row in books.rows(service, "positions")}
    return topics | ({"community.messages"} if service == "inbox" else set())


async def _rewind(servers: str, group: str, partitions: Mapping[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(partitions))
        await consumer.commit(dict.fromkeys(partitions, 0))
    finally:
        await consumer.stop()


async def _until_read(servers: str, group: str, ends: Mapping[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(ends))

        async def read() -> bool:
            return all([(await consumer.committed(one) or 0) >= ends[one] for one in ends])

        await eventually(read, timeout=_READ_SECONDS, what=f"{group} has read everything again")
    finally:
        await consumer.stop()


def _changed(before: Mapping[str, list[Row]], after: Mapping[str, list[Row]]) -> Iterator[Finding]:
    for collection in sorted({*before, *after}):
        was, now = before.get(collection, []), after.get(collection, [])
        if was != now:
            rows = sum(one not in was for one in now) if len(now) < 1_000 else "some"
            text = f"redelivery changed {rows} rows of {collection} ({len(was)} before, {len(now)})"
            yield Finding(Wrong.DOUBLED, text)
