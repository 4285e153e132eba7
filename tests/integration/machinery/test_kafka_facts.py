"""What FastStream and aiokafka would lose or hide, and we do not: each seen on real Kafka.

The rest of the list is impossible by construction: services import neither library (see the
import contracts in `pyproject.toml`), so the one subscriber in `shared/service.py` and the one
producer in `shared/kafka.py` are all there is. Redelivery after an error, dead letters and headers
are in `test_consuming`, fencing and order in `test_relay`.
"""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import CorruptRecordException, KafkaError, OutOfOrderSequenceNumber
from faststream import AckPolicy

from shared.consuming import Received, dispatch
from shared.events import topics
from shared.events.planner import ContentStatusChanged
from shared.kafka import create_topics
from shared.outbox import Transaction
from shared.relay import Relay
from shared.service import Service
from shared.settings import ServiceSettings
from tests.integration.machinery.conftest import Start, Topic
from tests.integration.machinery.test_consuming import Effects, content
from tests.support.waiting import eventually


@pytest.fixture
def service(settings: ServiceSettings) -> Service:
    return Service("inbox", settings)


@pytest.fixture
def effects(service: Service) -> Effects:
    effects = Effects(service)
    service.subscribe(topics.CONTENT_STATUS, dispatch({ContentStatusChanged: effects}))
    return effects


@pytest.fixture
def fatal(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What would have ended the process."""
    errors: list[BaseException] = []
    monkeypatch.setattr(service, "fatal", errors.append)
    return errors


async def test_records_of_every_codec_are_read(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    await start(service)
    for number, codec in enumerate(("gzip", "snappy", "lz4", "zstd"), start=1):
        await topic.put("content.status", content("a", number), compression=codec)
    await effects.are(a=[1, 2, 3, 4])


async def test_an_unreadable_record_ends_the_process_instead_of_losing_its_neighbours(
    service: Service,
    effects: Effects,
    fatal: list[BaseException],
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await start(service)

    async def corrupt(*_: Any, **__: Any) -> Any:
        raise CorruptRecordException

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", corrupt)
    await eventually(lambda: bool(fatal))
    assert isinstance(fatal[0], CorruptRecordException)


async def test_a_handler_that_exits_ends_the_process_instead_of_leaving_a_zombie(
    service: Service, fatal: list[BaseException], start: Start, topic: Topic
) -> None:
    async def leave(tx: Transaction, received: Received[ContentStatusChanged]) -> None:
        raise SystemExit(3)

    service.subscribe(topics.CONTENT_STATUS, dispatch({ContentStatusChanged: leave}))
    await start(service)
    await topic.put("content.status", content("a", 1))
    await eventually(lambda: bool(fatal))
    assert isinstance(fatal[0], SystemExit)


async def test_a_subscriber_that_has_ended_makes_the_service_not_ready(
    service: Service, effects: Effects, start: Start
) -> None:
    await start(service)
    (subscriber,) = service._subscribers
    for task in subscriber.tasks:
        task.cancel()

    async def told() -> bool:
        return "ended" in (await service.readiness()).get("content.status", "")

    await eventually(told)


async def test_a_subscriber_that_no_longer_polls_makes_the_service_not_ready(
    service: Service, effects: Effects, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start(service)
    monkeypatch.setattr("shared.service._POLL_SILENCE_SECONDS", -1)
    assert "not polled" in (await service.readiness())["content.status"]


async def test_there_is_one_way_to_subscribe_and_it_is_the_safe_one(
    service: Service, effects: Effects, start: Start
) -> None:
    await start(service)
    assert service._broker is not None
    for subscriber in service._broker.subscribers:
        assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
        assert subscriber.batch_timeout_ms <= 10  # type: ignore[attr-defined]  # a BatchSubscriber
        options = subscriber._connection_args  # type: ignore[attr-defined]  # a KafkaSubscriber
        assert options["auto_offset_reset"] == "earliest"
        assert options["isolation_level"] == "read_committed"
    with pytest.raises(ValueError, match="twice"):
        service.subscribe(topics.CONTENT_STATUS, dispatch({}))


async def test_topics_are_made_from_the_table_and_never_by_the_broker(
    kafka_servers: str, prefix: str
) -> None:
    await create_topics(kafka_servers, prefix=prefix, partitions_max=2)
    await create_topics(kafka_servers, prefix=prefix, partitions_max=2)  # again is harmless
    producer = AIOKafkaProducer(bootstrap_servers=kafka_servers, request_timeout_ms=2_000)
    await producer.start()
    try:

        async def made() -> bool:
            """The broker hears of them from its controller, a moment later."""
            known = await producer.client.fetch_all_metadata()
            partitions = {
                topic: known.partitions_for_topic(f"{prefix}{topic.name}")
                for topic in topics.TOPICS
            }
            assert all(partitions.values()), partitions
            return all(len(found) == min(2, one.partitions) for one, found in partitions.items())

        assert await eventually(made)
        with pytest.raises(KafkaError):
            await producer.send_and_wait(f"{prefix}nobody.asked.for", b"{}")
    finally:
        await producer.stop()


async def test_a_producer_that_lost_its_sequence_is_replaced(
    settings: ServiceSettings,
    start: Start,
    topic: Topic,
    topics: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`OutOfOrderSequence` is final for a producer: the relay ends and begins with a new one."""
    service = Service("planner", settings)
    producers: set[int] = set()
    send = Relay._send

    async def fail_first(self: Relay, producer: AIOKafkaProducer, rows: Any) -> None:
        producers.add(id(producer))
        if len(producers) == 1:
            raise OutOfOrderSequenceNumber
        await send(self, producer, rows)

    monkeypatch.setattr(Relay, "_send", fail_first)
    await start(service)

    async def work(tx: Transaction) -> None:
        tx.emit(ContentStatusChanged.model_validate(_content()))

    await service.outbox.transaction(work)
    (envelope,) = await topic.read("content.status", 1)
    assert envelope.sequence == 1
    assert len(producers) == 2


def _content() -> dict[str, Any]:
    return {
        "content_id": "a",
        "client_id": "c1",
        "title": "Türchen",
        "status": "draft",
        "previous": None,
        "variants": [],
    }


async def test_a_service_that_starts_before_kafka_says_so_and_waits(
    settings: ServiceSettings, effects: Effects
) -> None:
    nowhere = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:9"})
    service = Service("inbox", nowhere)
    service.subscribe(topics.CONTENT_STATUS, dispatch({ContentStatusChanged: effects}))
    await service.start()
    try:
        assert "kafka" in await service.readiness()
    finally:
        await service.stop()
