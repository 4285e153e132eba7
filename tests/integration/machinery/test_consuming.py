"""Effects exactly once: duplicates, gaps, dead letters, unknown types, parking, outages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.protocol.fetch import FetchRequest
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect

from shared.clock import utc_now
from shared.consuming import Received, dispatch
from shared.events import topics
from shared.events.envelope import Envelope, Event
from shared.events.planner import ContentStatus, ContentStatusChanged
from shared.ids import new_id
from shared.outbox import Transaction
from shared.service import Service
from shared.settings import ServiceSettings
from tests.integration.machinery.conftest import Start, Topic
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("topics")


def content(name: str, sequence: int, title: str = "Türchen") -> tuple[str, bytes]:
    event = ContentStatusChanged(
        content_id=name,
        client_id="c1",
        title=title,
        status=ContentStatus.DRAFT,
        previous=None,
        variants=(),
    )
    return name, envelope_of(event, sequence).to_bytes()


def envelope_of(event: Event, sequence: int) -> Envelope:
    return Envelope.wrap(event, id=new_id(), source="/test", sequence=sequence, time=utc_now())


def changed(body: bytes, **attributes: Any) -> bytes:
    return Envelope.parse(body).model_copy(update=attributes).to_bytes()


class Effects:
    """A handler whose effect doubles visibly if it is applied twice."""

    def __init__(self, service: Service) -> None:
        self._titles = service.mongo.collection("titles")
        self.broken: set[str] = set()
        self.outages = 0
        self.calls = 0

    async def __call__(self, tx: Transaction, received: Received[ContentStatusChanged]) -> None:
        self.calls += 1
        if self.outages:
            self.outages -= 1
            raise AutoReconnect("the primary stepped down")
        if received.event.content_id in self.broken:
            raise ZeroDivisionError("a bug of ours")
        await self._titles.update_one(
            {"_id": received.event.content_id},
            {"$push": {"seen": received.envelope.sequence}},
            upsert=True,
            session=tx.session,
        )

    async def seen(self) -> dict[str, list[int]]:
        return {row["_id"]: row["seen"] async for row in self._titles.find()}

    async def are(self, **seen: list[int]) -> None:
        async def as_expected() -> bool:
            return await self.seen() == seen

        await eventually(as_expected, what=f"effects {seen}")


@pytest.fixture
def service(settings: ServiceSettings) -> Service:
    return Service("inbox", settings)


@pytest.fixture
def effects(service: Service) -> Effects:
    effects = Effects(service)
    service.subscribe(topics.CONTENT_STATUS, dispatch({ContentStatusChanged: effects}))
    return effects


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"understudy_{name}", labels) or 0.0


async def test_a_record_that_comes_again_changes_nothing(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    await start(service)
    first, second = content("a", 1), content("a", 2)
    await topic.put("content.status", first, first, second, first, second, content("b", 1))
    await effects.are(a=[1, 2], b=[1])


async def test_two_replicas_share_the_topic_and_apply_each_record_once(
    settings: ServiceSettings, start: Start, topic: Topic
) -> None:
    replicas = [Service("inbox", settings) for _ in range(2)]
    effects = [Effects(replica) for replica in replicas]
    for replica, effect in zip(replicas, effects, strict=True):
        replica.subscribe(topics.CONTENT_STATUS, dispatch({ContentStatusChanged: effect}))
        await start(replica)
    names = [f"n{number}" for number in range(40)]

    async def both_have_partitions() -> bool:
        # Records keep coming while the group settles, each key with its next sequence.
        for name in names:
            sequences[name] += 1
            await topic.put("content.status", content(name, sequences[name]))
        return all(effect.calls for effect in effects)

    sequences = dict.fromkeys(names, 0)
    await eventually(both_have_partitions)
    await effects[0].are(**{n: list(range(1, sequences[n] + 1)) for n in names})


async def test_what_can_never_be_valid_is_a_dead_letter_and_the_next_one_goes_through(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    await start(service)
    key, sound = content("a", 1)
    bad: dict[str, tuple[str | None, bytes | None]] = {
        "not_json": (key, b"{broken"),
        "empty_body": (key, None),
        "invalid_envelope": (key, changed(sound, specversion="2.0")),
        "invalid_data": (key, changed(sound, data={"content_id": 7})),
        "wrong_key": ("b", sound),
    }
    await topic.put("content.status", *bad.values(), content("a", 2))
    await effects.are(a=[2])
    letters = await topic.read("inbox.dead-letters", len(bad))
    assert {letter.data["reason"] for letter in letters} == set(bad)
    assert {letter.data["origin_topic"] for letter in letters} == {"content.status"}


async def test_an_invalid_record_among_sound_ones_of_its_key_leaves_no_gap(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    """Its sequence is passed over with it, so that its successor is no alarm."""
    await start(service)
    labels = {"service": "inbox", "topic": "content.status"}
    before = metric("consumer_gaps_total", **labels)
    key, second = content("a", 2)
    await topic.put(
        "content.status", content("a", 1), (key, changed(second, data={})), content("a", 3)
    )
    await effects.are(a=[1, 3])
    assert metric("consumer_gaps_total", **labels) == before


async def test_a_header_that_is_not_utf8_does_not_lose_its_record(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    await start(service)
    await topic.put("content.status", content("a", 1), headers=[("trace", b"\xff\xfe")])
    await topic.put("content.status", content("a", 2))
    await effects.are(a=[1, 2])


async def test_unknown_types_and_future_versions_are_counted_and_passed_over(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    await start(service)
    labels = {"service": "inbox", "topic": "content.status"}
    before = metric("unknown_types_total", **labels)
    key, sound = content("a", 1)
    await topic.put(
        "content.status",
        (key, changed(sound, type="content.status_changed.v2")),
        (key, changed(sound, type="content.sung.v1", sequence=2)),
        content("a", 3),
    )
    await effects.are(a=[3])
    assert metric("unknown_types_total", **labels) == before + 2
    assert await service.mongo.collection("dead_letters").count_documents({}) == 0


async def test_a_jump_in_a_sequence_is_counted_and_the_record_applied(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    await start(service)
    labels = {"service": "inbox", "topic": "content.status"}
    before = metric("consumer_gaps_total", **labels)
    await topic.put("content.status", content("a", 1), content("a", 4))
    await effects.are(a=[1, 4])
    await eventually(lambda: metric("consumer_gaps_total", **labels) == before + 1)  # after commit


async def test_an_aggregate_whose_handler_always_raises_waits_alone_and_is_released_in_order(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    effects.broken = {"bad"}
    await start(service)
    await topic.put("content.status", content("good", 1), content("bad", 1), content("bad", 2))
    await topic.put("content.status", content("good", 2), content("bad", 3))
    await effects.are(good=[1, 2])
    parked = service.mongo.collection("parked")

    async def three_wait() -> bool:
        return await parked.count_documents({}) == 3

    await eventually(three_wait)
    position = await service.mongo.collection("positions").find_one({"_id": "content.status|bad"})
    assert position is not None
    assert "ZeroDivisionError" in position["parked"]["reason"]

    consumer = service.consumers["content.status"]
    with pytest.raises(ZeroDivisionError):
        await consumer.release("bad")
    assert await parked.count_documents({}) == 3

    effects.broken = set()
    assert await consumer.release("bad") == 3
    await effects.are(good=[1, 2], bad=[1, 2, 3])
    await topic.put("content.status", content("bad", 4))
    await effects.are(good=[1, 2], bad=[1, 2, 3, 4])


async def test_a_database_that_is_away_for_a_moment_parks_and_loses_nothing(
    service: Service, effects: Effects, start: Start, topic: Topic
) -> None:
    effects.outages = 3
    await start(service)
    await topic.put("content.status", content("a", 1), content("b", 1))
    await effects.are(a=[1], b=[1])
    assert await service.mongo.collection("parked").count_documents({}) == 0


async def test_what_a_handler_emits_carries_correlation_and_cause(
    settings: ServiceSettings, start: Start, topic: Topic
) -> None:
    service = Service("planner", settings)

    async def echo(tx: Transaction, received: Received[ContentStatusChanged]) -> None:
        if received.event.title == "first":
            tx.emit(received.event.model_copy(update={"title": "echo"}))

    service.subscribe(topics.CONTENT_STATUS, dispatch({ContentStatusChanged: echo}))
    await start(service)
    key, body = content("a", 1, "first")
    cause = Envelope.parse(changed(body, correlationid="the-call"))
    await topic.put("content.status", (key, cause.to_bytes()))
    _, echoed = await topic.read("content.status", 2)
    assert (echoed.correlationid, echoed.causationid) == ("the-call", cause.id)


async def test_a_topic_that_is_not_sequenced_gives_every_delivery_to_a_handler_that_knows_ids(
    service: Service, start: Start, topic: Topic
) -> None:
    deliveries: list[str] = []

    async def apply(tx: Transaction, batch: Sequence[Received[Event]]) -> None:
        deliveries.extend(received.envelope.id for received in batch)

    service.subscribe(topics.COMMUNITY_MESSAGES, apply)
    await start(service)
    record = content("a", 0)
    await topic.put("community.messages", record, record)

    async def both() -> bool:
        return len(deliveries) == 2

    await eventually(both)
    assert await service.mongo.collection("positions").count_documents({}) == 0


async def test_an_error_that_outlasts_the_retries_rewinds_and_is_delivered_again(
    service: Service, effects: Effects, start: Start, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NACK: the offset stays behind, other partitions of the batch included."""
    monkeypatch.setattr("shared.consuming._RETRY_SECONDS", 0)
    effects.outages = 2
    await start(service)
    await topic.put("content.status", *(content(f"k{number}", 1) for number in range(8)))
    await effects.are(**{f"k{number}": [1] for number in range(8)})


async def test_the_broker_may_wait_at_rest_but_not_while_records_are_worked_on(
    service: Service, start: Start, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is given back while somebody works is asked for again soon."""
    asked: list[int] = []

    class Recorded(FetchRequest):  # type: ignore[misc]  # aiokafka is untyped
        def __init__(self, max_wait_time: int, *args: Any, **options: Any) -> None:
            asked.append(max_wait_time)
            super().__init__(max_wait_time, *args, **options)

    monkeypatch.setattr("aiokafka.consumer.fetcher.FetchRequest", Recorded)
    at_work, may_go_on = asyncio.Event(), asyncio.Event()

    async def apply(tx: Transaction, received: Received[ContentStatusChanged]) -> None:
        at_work.set()
        await may_go_on.wait()

    async def asked_at_last(milliseconds: int) -> None:
        async def seen() -> bool:
            return asked[-1:] == [milliseconds]

        await eventually(seen)

    service.subscribe(topics.CONTENT_STATUS, dispatch({ContentStatusChanged: apply}))
    await start(service)
    await asked_at_last(1_000)
    await topic.put("content.status", content("a", 1))
    await at_work.wait()
    await asked_at_last(200)
    may_go_on.set()
    await asked_at_last(1_000)
