"""The scheduler emits exactly the golden events of tests/contract/scheduler."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.scheduler.absences.domain import cancel, end, report, reschedule
from services.scheduler.absences.period import Period
from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.person import Person
from services.scheduler.coverage.store import Covered
from services.scheduler.handovers.domain import (
    PARTICIPANTS,
    Handover,
    HandoverLeg,
    complete,
    part_of,
)
from services.scheduler.leave.domain import Dates, leave_changed, request
from services.scheduler.members.domain import Member, member_changed
from services.scheduler.qualifications.domain import Qualification
from services.scheduler.qualifications.expiry import expiring
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.rota.domain import Group, Shift, Swap
from services.scheduler.rota.openings import Opening, open_shifts_changed
from services.scheduler.rota.telling import rota_shift, shift_given, swap_changed
from shared.auth import Role
from shared.events.disciplines import Discipline
from shared.events.envelope import Envelope, Event, decode
from shared.events.handover import ItemKind, Move, Participant, WorkHandedOver
from shared.events.rota import OpenShift
from shared.events.scheduler import ActsAs, HandoverCause, Presence, ReminderStage

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
GOLDEN = Path(__file__).with_name("scheduler")

JANA = Member(
    id="jana",
    name="Jana Hoffmann",
    initials="JH",
    colour=6,
    email="jana@agency.example",
    language="de",
    time_zone="Europe/Berlin",
    role=Role.MEMBER,
    clients=("roast",),
    present=False,
    epoch=7,
)
COVERED = Covered(
    client_id="roast",
    page_id="insta",
    discipline=Discipline.PUBLISHING,
    owner="jana",
    deputies=("tom", "mira"),
    acting="tom",
    acts_as=ActsAs.DEPUTY,
    epoch=7,
)
HANDOVER = Handover(
    id="0193a1b2",
    number="H-2026-0147",
    epoch=7,
    cause=HandoverCause.ABSENCE_STARTED,
    absent_member="jana",
    absence_id="a1",
    started_by="lena",
    started_at=NOW,
    participants=PARTICIPANTS,
    presence=(Presence(member_id="jana", present=False),),
    legs=(
        HandoverLeg(
            "insta:publishing", "roast", "insta", Discipline.PUBLISHING, "tom", ActsAs.DEPUTY
        ),
        HandoverLeg("roast:design", "roast", None, Discipline.DESIGN, None, ActsAs.GAP),
    ),
    clients=("roast",),
    totals={Participant.PLANNER: 0, Participant.SCHEDULER: 1, Participant.INBOX: 0},
)
MOVED = WorkHandedOver(
    handover_id="0193a1b2",
    epoch=7,
    participant=Participant.SCHEDULER,
    part=1,
    moves=(
        Move(
            item_id="advent:v1",
            kind=ItemKind.PUBLICATION,
            label="So packen wir Advent",
            responsibility_id="insta:publishing",
            client_id="roast",
            move_no=1,
            from_holder="jana",
            to_holder="tom",
            home="jana",
            due_at=NOW + timedelta(hours=1),
        ),
    ),
    moved_at=NOW,
)
END = datetime(2026, 12, 24, 23, tzinfo=UTC)
TWICE = (Dates(NOW, NOW + timedelta(hours=4)), Dates(END - timedelta(hours=4), END))
GROUP = Group("0193a1b4", "Evenings", ("roast-insta",), ("roast",), "Europe/Berlin", ())
SHIFT = Shift(
    id="0193a1b4:late:2026-11-24",
    group_id=GROUP.id,
    kind_id="late",
    kind="Late",
    day="2026-11-24",
    starts_at=NOW,
    ends_at=NOW + timedelta(hours=5),
    member_id="jana",
)
SWAP = Swap("0193a1b5", SHIFT.id, "jana", "tom", None, NOW, until=SHIFT.starts_at)
OPEN = OpenShift(shift=rota_shift(SHIFT, GROUP), able=("tom", "mira"), leads=("lena",))
QUALIFIED = Qualification("jana", Discipline.COPYWRITING, level=2, valid_until=END)
CONCERNED = [
    Responsibility("roast", None, Discipline.COPYWRITING, "jana", ("tom",)),
    Responsibility("works", None, Discipline.COPYWRITING, "mira", ("jana",)),
]
TEAM = Team(
    {
        "tom": Person(
            "tom", active=True, clients=None, qualified_until={Discipline.COPYWRITING: None}
        )
    }
)


def emitted() -> list[Event]:
    tomorrow, next_week = NOW + timedelta(days=1), NOW + timedelta(days=6)
    absence, reported = report("a1", "jana", Period(NOW, next_week), by="lena", now=NOW)
    _, changed = reschedule(absence, Period(NOW, None), tomorrow)
    _, ended = end(absence, tomorrow, tomorrow)
    _, cancelled = cancel(absence, tomorrow)
    completed = complete(HANDOVER, [part_of(MOVED)], ["lena"], NOW + timedelta(seconds=1))
    _, expires = expiring(QUALIFIED, ReminderStage.FIRST, END, CONCERNED, TEAM, ["lena"])
    return [
        member_changed(JANA),
        *reported,
        *changed,
        *ended,
        *cancelled,
        COVERED.event(),
        HANDOVER.started(),
        MOVED,
        completed,
        expires,
        swap_changed(SWAP, rota_shift(SHIFT, GROUP), None),
        *shift_given("0193a1b7", replace(SHIFT, member_id=None), SHIFT, GROUP, "lena"),
        open_shifts_changed("jana", [OPEN], [Opening(SHIFT.id, "jana", "0193a1b6")]),
        leave_changed(request("0193a1b3", "jana", TWICE, by="jana", now=NOW), ["lena"]),
    ]


@pytest.mark.parametrize("event", emitted(), ids=lambda event: str(event.type))
def test_what_is_emitted_is_the_golden_event(event: Event) -> None:
    envelope = Envelope.wrap(
        event,
        id="0193a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        source="/understudy/scheduler",
        sequence=1,
        time=NOW,
        correlation_id="0193a1b2c3d47e5f8a9b0c1d2e3f0000",
    )
    golden = (GOLDEN / f"{event.type}.json").read_text()
    assert json.loads(envelope.to_bytes()) == json.loads(golden)
    assert decode(Envelope.parse(golden.encode())) == event
