"""What operators do: see what is parked, let it go on; and what is kept of what cannot be valid."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pymongo.errors import BulkWriteError
from structlog.testing import capture_logs

from shared.consuming import Received, dispatch
from shared.events import topics
from shared.events.envelope import Event
from shared.observability import described
from shared.service import Service
from shared.settings import ServiceSettings
from tests.integration.machinery.conftest import Start, Topic
from tests.integration.machinery.test_consuming import content
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("topics")


async def test_what_prepare_refused_is_prepared_when_it_is_released(
    settings: ServiceSettings, start: Start, topic: Topic
) -> None:
    service = Service("inbox", settings)
    prepared: list[str] = []
    broken = True

    async def prepare(batch: Sequence[Received[Event]]) -> None:
        if broken:
            raise ZeroDivisionError("a bug of ours")
        prepared.extend(received.key for received in batch)

    service.subscribe(topics.CONTENT_STATUS, dispatch({}), prepare=prepare)
    await start(service)
    await topic.put("content.status", content("a", 1))

    async def parked() -> bool:
        return bool(await service.parked())

    await eventually(parked)
    (one,) = await service.parked()
    assert (one.topic, one.key) == ("content.status", "a")
    assert "ZeroDivisionError" in one.reason
    broken = False
    assert await service.consumers["content.status"].release("a") == 1
    assert prepared == ["a"]
    assert await service.parked() == []


async def test_a_dead_letter_keeps_no_body_of_a_personal_topic(
    settings: ServiceSettings, start: Start, topic: Topic
) -> None:
    service = Service("inbox", settings)
    service.subscribe(topics.COMMUNITY_MESSAGES, dispatch({}))
    await start(service)
    await topic.put("community.messages", ("p1:uwe", b'{"text": "seit heute kein Warmwasser"}'))
    (letter,) = await topic.read("inbox.dead-letters", 1)
    assert letter.data["reason"] == "invalid_envelope"
    assert letter.data["body"] == ""
    assert (letter.data["partition"], letter.data["offset"]) != (None, None)


def test_errors_of_the_database_are_told_without_what_was_written() -> None:
    error = BulkWriteError({"writeErrors": [{"op": {"note": "canary"}, "code": 11000}]})
    assert "canary" not in described(error)
    assert described(error).startswith("BulkWriteError")


async def test_a_measure_that_fails_is_told_once_and_leaves_the_others_alone(
    settings: ServiceSettings, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.service._MEASURE_SECONDS", 0.05)
    service, measured = Service("inbox", settings), 0

    async def broken() -> None:
        raise ZeroDivisionError("a bug of ours")

    async def sound() -> None:
        nonlocal measured
        measured += 1

    service.measure(broken)
    service.measure(sound)
    with capture_logs() as lines:
        await start(service)
        await eventually(lambda: measured >= 3)

    told = [line for line in lines if "measure failed" in line["event"]]
    assert [line["error"] for line in told] == ["ZeroDivisionError('a bug of ours')"]
