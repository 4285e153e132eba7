"""Time as an input: what falls due is done, in order, also when nobody was there to do it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.events.disciplines import Discipline
from shared.events.scheduler import (
    AbsenceEnded,
    AbsenceStarted,
    HandoverCause,
    HandoverStarted,
)
from shared.service import Service
from tests.integration.scheduler.agency import Agency, TestClock

COPY = Discipline.COPYWRITING


async def fire_all(service: Service) -> int:
    fired = 0
    while await service.ticker.fire_next():
        fired += 1
    return fired


async def test_a_planned_absence_runs_its_course(
    agency: Agency, service: Service, clock: TestClock
) -> None:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    await agency.away(jana, clock.now + timedelta(hours=1), clock.now + timedelta(hours=3))
    assert await fire_all(service) == 0
    clock.advance(hours=1)
    assert await fire_all(service) == 1
    assert await agency.acting(copy) == tom.id
    clock.advance(hours=2)
    assert await fire_all(service) == 1
    assert await agency.acting(copy) == jana.id
    causes = [one.cause for one in await agency.told(HandoverStarted)][-2:]
    assert causes == [HandoverCause.ABSENCE_STARTED, HandoverCause.ABSENCE_ENDED]


async def test_after_an_outage_everything_is_caught_up_in_order(
    agency: Agency, service: Service, clock: TestClock
) -> None:
    """Of three absences one is over, one has started and one is still to come."""
    await agency.client("roast")
    jana, tom, mira = [await agency.member(name, COPY) for name in ("Jana", "Tom", "Mira")]
    copy = await agency.responsibility("roast", COPY, jana, tom, mira)
    await agency.qualify(mira.id, Discipline.DESIGN, until=clock.now + timedelta(hours=5))
    design = await agency.responsibility("roast", Discipline.DESIGN, mira)
    before = len(await agency.told(HandoverStarted))
    hours = [clock.now + timedelta(hours=hour) for hour in range(25)]
    await agency.away(tom, hours[1], hours[2])
    await agency.away(jana, hours[3], hours[10])
    await agency.away(mira, hours[8], hours[9])

    clock.advance(hours=6)
    assert await fire_all(service) == 4, "Tom's start tells of his end; Mira is reminded of hers"

    assert await agency.acting(copy) == tom.id
    assert await agency.acting(design) is None
    started = await agency.told(AbsenceStarted)
    assert {one.member_id for one in started} == {tom.id, jana.id}
    assert [one.member_id for one in await agency.told(AbsenceEnded)] == [tom.id]
    handovers = (await agency.told(HandoverStarted))[before:]
    # Tom is here by now, so his row only finds that Jana's coverage is out of date.
    assert [one.absent_member for one in handovers] == [None, jana.id, None]
    clock.advance(hours=2)
    await fire_all(service)
    assert (await agency.told(HandoverStarted))[-1].absent_member == mira.id


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2027-03-28T02:30", "2027-03-28T01:00+00:00"),  # never happens: the jump to 03:00
        ("2027-10-31T02:30", "2027-10-31T00:30+00:00"),  # happens twice: the first
    ],
)
async def test_it_starts_at_the_right_instant_when_clocks_change(
    local: str, utc: str, agency: Agency, service: Service, clock: TestClock
) -> None:
    jana = await agency.member("Jana")
    starts = datetime.fromisoformat(local)
    await agency.away(jana, starts, starts + timedelta(hours=6))
    clock.now = datetime.fromisoformat(utc) - timedelta(milliseconds=1)
    assert await fire_all(service) == 0
    clock.advance(milliseconds=1)
    assert await fire_all(service) == 1
    member = await agency.desk.members.get(jana.id)
    assert member is not None
    assert not member.present
