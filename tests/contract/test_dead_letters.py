"""Every service tells of a record it can never apply as the golden event does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from aiokafka import ConsumerRecord

from shared.consuming import Consumer, dispatch
from shared.events import topics
from shared.events.envelope import Envelope, decode

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "any_service" / "dead_letter.recorded.v1.json"


class NoDatabase:
    def collection(self, name: str) -> None:
        return None


def record(body: bytes) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic="team.directory",
        partition=3,
        offset=1704,
        timestamp=0,
        timestamp_type=0,
        key=b"jana",
        value=body,
        checksum=None,
        serialized_key_size=4,
        serialized_value_size=len(body),
        headers=(),
    )


def test_what_is_emitted_is_the_golden_event() -> None:
    consumer = Consumer(
        "planner",
        topics.TEAM_DIRECTORY,
        dispatch({}),
        prepare=None,
        mongo=cast(Any, NoDatabase()),
        outbox=cast(Any, None),
        clock=lambda: NOW,
    )
    [dead] = consumer._sort([record(b"hello")]).dead
    event = consumer._dead_letter(dead)
    envelope = Envelope.wrap(
        event,
        id="0193a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        source="/understudy/planner",
        sequence=1,
        time=NOW,
    )
    golden = GOLDEN.read_text()
    assert json.loads(envelope.to_bytes()) == json.loads(golden)
    assert decode(Envelope.parse(golden.encode())) == event
    assert event.destination is topics.dead_letters("planner")
