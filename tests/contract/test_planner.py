"""The planner emits exactly the golden events of tests/contract/planner, and reads others'."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.planner.content import domain as content
from services.planner.content.domain import Action, ContentItem, Revision, Variant
from services.planner.directory.domain import Client, Page, add_client, add_page
from services.planner.team.handlers import member_of
from shared.events.envelope import Envelope, Event, decode
from shared.events.planner import Platform
from shared.events.scheduler import MemberChanged

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
GOLDEN = Path(__file__).with_name("planner")
OTHERS = Path(__file__).parent

CLIENT = Client(id="c0ffee", name="Rösterei Morgenrot", time_zone="Europe/Berlin")
PAGE = Page(
    id="9a9e01",
    client_id=CLIENT.id,
    name="Rösterei Morgenrot",
    platform=Platform.INSTAGRAM,
    handle="@morgenrot",
)
ITEM = ContentItem(
    id="0193a1b2",
    client_id=CLIENT.id,
    title="Türchen 1: Guji",
    revision=Revision(number=1, text="Guji, washed.", by="tom", at=NOW),
    created_at=NOW,
    variants=(
        Variant(PAGE.id, datetime(2026, 12, 1, 6, 0, tzinfo=UTC)),
        Variant("9a9e02"),
    ),
)


def emitted() -> list[Event]:
    _, submitted = content.move_on(ITEM, Action.SUBMIT, NOW)
    return [add_client(CLIENT)[1], add_page(PAGE)[1], *submitted]


@pytest.mark.parametrize("event", emitted(), ids=lambda event: str(event.type))
def test_what_is_emitted_is_the_golden_event(event: Event) -> None:
    envelope = Envelope.wrap(
        event,
        id="0193a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        source="/understudy/planner",
        sequence=1,
        time=NOW,
        correlation_id="0193a1b2c3d47e5f8a9b0c1d2e3f0000",
    )
    golden = (GOLDEN / f"{event.type}.json").read_text()
    assert json.loads(envelope.to_bytes()) == json.loads(golden)
    assert decode(Envelope.parse(golden.encode())) == event


def test_a_member_is_read_from_the_schedulers_golden_event() -> None:
    golden = (OTHERS / "scheduler" / "member.changed.v1.json").read_bytes()
    envelope = Envelope.parse(golden)
    told = decode(envelope)
    assert isinstance(told, MemberChanged)
    member = member_of(told)
    assert member.id == envelope.subject
    assert (member.name, member.present) == (told.name, told.present)
