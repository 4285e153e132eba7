"""The inbox emits exactly the golden events of tests/contract/inbox, and reads others'."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.inbox.conversations.domain import changed
from services.inbox.intake.domain import receive, start
from services.inbox.sources.webhook import Delivery, messages_of
from shared.events.envelope import Envelope, Event, decode
from shared.events.inbox import MessageReceived
from shared.events.planner import ClientChanged, PageChanged
from shared.events.scheduler import CoverageChanged, HandoverStarted, MemberChanged
from shared.handover.rule import Holding

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
GOLDEN = Path(__file__).with_name("inbox")
OTHERS = Path(__file__).parent

DELIVERED = Delivery(
    type="message.received",
    data={
        "platform_message_id": "17890",
        "author_id": "katrin.brueht",
        "author_name": "Katrin Lohse",
        "kind": "direct",
        "thread": "dm-4711",
        "text": "Kommt das noch an? ☕",
        "sent_at": "2026-11-24T10:24:00+01:00",
    },
)


def emitted() -> list[Event]:
    [received], _ = messages_of(DELIVERED, "9a9e01")
    started = start(
        received,
        client_id="c0ffee",
        responsibility_id="9a9e01:community",
        holding=Holding(holder="tom", home=None, touched=False),
    )
    return [received, changed(receive(started, [received], NOW)[0])]


@pytest.mark.parametrize("event", emitted(), ids=lambda event: str(event.type))
def test_what_is_emitted_is_the_golden_event(event: Event) -> None:
    envelope = Envelope.wrap(
        event,
        id="0193a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        source="/understudy/inbox",
        sequence=1,
        time=NOW,
        correlation_id="0193a1b2c3d47e5f8a9b0c1d2e3f0000",
    )
    golden = (GOLDEN / f"{event.type}.json").read_text()
    assert json.loads(envelope.to_bytes()) == json.loads(golden)
    assert decode(Envelope.parse(golden.encode())) == event


def test_a_conversation_tells_nothing_of_what_was_said() -> None:
    _, told = emitted()
    assert "Kommt" not in told.model_dump_json()
    assert "Katrin" not in told.model_dump_json()


def test_another_systems_message_is_the_same_as_a_webhooks() -> None:
    golden = Envelope.parse((GOLDEN / "message.received.v1.json").read_bytes())
    assert isinstance(decode(golden), MessageReceived)
    assert golden.subject == "9a9e01:katrin.brueht"
    assert golden.clientid is None  # whose page it is, only the inbox knows


@pytest.mark.parametrize(
    ("producer", "contract"),
    [
        ("planner", ClientChanged),
        ("planner", PageChanged),
        ("scheduler", MemberChanged),
        ("scheduler", CoverageChanged),
        ("scheduler", HandoverStarted),
    ],
)
def test_others_golden_events_are_read(producer: str, contract: type[Event]) -> None:
    golden = (OTHERS / producer / f"{contract.type}.json").read_bytes()
    assert isinstance(decode(Envelope.parse(golden)), contract)
