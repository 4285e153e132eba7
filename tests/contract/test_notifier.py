"""The notifier emits exactly the golden events of tests/contract/notifier."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.notifier.delivery.domain import Delivery, acknowledge, begin
from shared.events.envelope import Envelope, Event, decode
from shared.events.notifier import NotificationKind

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
GOLDEN = Path(__file__).with_name("notifier")
DELIVERY = Delivery(
    notification_id="0193a1b2:tom:brief",
    handover_id="0193a1b2",
    member_id="tom",
    kind=NotificationKind.BRIEF,
    planned_at=NOW,
    due_at=NOW,
    changed_at=NOW,
)


def emitted() -> list[Event]:
    begun = begin(DELIVERY, NOW)
    assert begun is not None
    return [*begun[1], *acknowledge(DELIVERY, NOW, by_link=False)[1]]


@pytest.mark.parametrize("event", emitted(), ids=lambda event: str(event.type))
def test_what_is_emitted_is_the_golden_event(event: Event) -> None:
    envelope = Envelope.wrap(
        event,
        id="0193a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        source="/understudy/notifier",
        sequence=1,
        time=NOW,
        correlation_id="0193a1b2c3d47e5f8a9b0c1d2e3f0000",
    )
    golden = (GOLDEN / f"{event.type}.json").read_text()
    assert json.loads(envelope.to_bytes()) == json.loads(golden)
    assert decode(Envelope.parse(golden.encode())) == event
