"""The notifier emits exactly the golden events of tests/contract/notifier."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.notifier.briefs.domain import Brief, Handover, Notification, Share, Story
from services.notifier.delivery.domain import acknowledge, begin, plan
from services.notifier.leave.domain import LeaveNews, LeaveRequest
from services.notifier.reminders.domain import Expiry, Reminder
from services.notifier.rota.domain import ShiftTold, SwapNews, SwapOffer
from shared.events.disciplines import Discipline
from shared.events.envelope import Envelope, Event, decode
from shared.events.rota import SwapStep
from shared.events.scheduler import HandoverCause, LeaveStep, ReminderStage

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
GOLDEN = Path(__file__).with_name("notifier")
HANDOVER = Handover(
    id="0193a1b2",
    number="H-2026-0147",
    epoch=7,
    cause=HandoverCause.ABSENCE_STARTED,
    absent_member="jana",
    started_at=NOW,
    completed_at=NOW,
)
BRIEF = Notification(HANDOVER, "tom", Brief(Story.STANDING_IN, Share("tom", {}, None, ())))
END = datetime(2026, 12, 24, 23, tzinfo=UTC)
EXPIRY = Expiry("jana", Discipline.COPYWRITING, END, ReminderStage.FIRST)
REMINDER = Notification(EXPIRY, "lena", Reminder(("roast:copywriting",), (), ()))
LEAVE = Notification(
    LeaveRequest("0193a1b3", "jana", NOW, END, 1), "lena", LeaveNews(LeaveStep.REQUESTED, "jana")
)

SHIFT = ShiftTold("0193a1b4", "Evenings", "Late", ("roast",), NOW, NOW + timedelta(hours=5))
SWAP = Notification(
    SwapOffer("0193a1b5", 1, "jana", "tom"), "tom", SwapNews(SwapStep.OFFERED, SHIFT, None)
)


def emitted() -> list[Event]:
    (planned, _), (_, reminding) = plan(BRIEF, NOW), plan(REMINDER, NOW)
    (_, asking), (_, offering) = plan(LEAVE, NOW), plan(SWAP, NOW)
    begun = begin(planned, NOW)
    assert begun is not None
    return [*begun[1], *acknowledge(planned, NOW, by_link=False)[1], *reminding, *asking, *offering]


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
