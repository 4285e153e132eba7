"""What follows from a change to the team: presence, coverage and one handover, together."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.usecases import (
    Revision,
    cancel_absence,
    change_absence,
    end_absence,
    turn_absence,
)
from services.scheduler.members.usecases import edit_member
from services.scheduler.qualifications.usecases import expire
from services.scheduler.responsibilities.domain import Unqualified
from shared.events.disciplines import Discipline
from shared.events.scheduler import (
    AbsenceEnded,
    AbsenceReported,
    AbsenceStarted,
    CoverageChanged,
    HandoverCause,
    HandoverStarted,
    MemberChanged,
)
from shared.service import Service
from tests.integration.scheduler.agency import LENA, Agency, TestClock

COPY, COMMUNITY = Discipline.COPYWRITING, Discipline.COMMUNITY


async def test_a_sick_call_hands_everything_over_at_once(agency: Agency) -> None:
    await agency.client("roast", "insta")
    jana = await agency.member("Jana Hoffmann", COPY, COMMUNITY)
    tom = await agency.member("Tom Berger", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    community = await agency.responsibility("roast/insta", COMMUNITY, jana)

    absence, handover_id = await agency.away(jana)

    started = (await agency.told(HandoverStarted))[-1]
    assert started.handover_id == handover_id
    assert (started.cause, started.absent_member) == (HandoverCause.ABSENCE_STARTED, jana.id)
    assert [(one.member_id, one.present) for one in started.presence] == [(jana.id, False)]
    assert {leg.responsibility_id: leg.to for leg in started.legs} == {
        copy.id: tom.id,
        community.id: None,
    }
    coverage = [one for one in await agency.told(CoverageChanged) if one.epoch == started.epoch]
    assert {one.responsibility_id: one.acts_as.value for one in coverage} == {
        copy.id: "deputy",
        community.id: "gap",
    }
    member = (await agency.told(MemberChanged))[-1]
    assert (member.member_id, member.present, member.epoch) == (jana.id, False, started.epoch)
    assert [one.absence_id for one in await agency.told(AbsenceReported, AbsenceStarted)] == [
        absence.id,
        absence.id,
    ]


async def test_who_owns_nothing_is_handed_over_too_because_of_what_they_hold(
    agency: Agency,
) -> None:
    jana = await agency.member("Jana Hoffmann")
    _, handover_id = await agency.away(jana)
    started = (await agency.told(HandoverStarted))[-1]
    assert started.handover_id == handover_id
    assert started.legs == ()


async def test_coming_back_is_a_new_handover_with_a_higher_epoch(
    agency: Agency, clock: TestClock
) -> None:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    absence, _ = await agency.away(jana)
    clock.advance(hours=1)

    await agency.do(lambda tx: end_absence(tx, agency.desk, LENA, absence.id, None, clock.now))

    first, second = (await agency.told(HandoverStarted))[-2:]
    assert second.cause is HandoverCause.ABSENCE_ENDED
    assert second.epoch > first.epoch
    assert [leg.to for leg in second.legs] == [jana.id]
    assert await agency.acting(copy) == jana.id
    assert len(await agency.told(AbsenceEnded)) == 1


async def test_undo_is_cancelling_the_absence(agency: Agency) -> None:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    absence, _ = await agency.away(jana)
    await agency.do(lambda tx: cancel_absence(tx, agency.desk, LENA, absence.id, agency.now))
    assert await agency.acting(copy) == jana.id
    assert (await agency.told(HandoverStarted))[-1].presence[0].present


async def test_of_two_overlapping_absences_the_last_to_end_brings_the_member_back(
    agency: Agency, clock: TestClock
) -> None:
    jana = await agency.member("Jana")
    holiday, _ = await agency.away(jana)
    clock.advance(hours=1)
    sick, second = await agency.away(jana)
    assert second is None, "she was away already"
    clock.advance(hours=1)

    _, none = await agency.do(
        lambda tx: end_absence(tx, agency.desk, LENA, holiday.id, None, clock.now)
    )
    assert none is None, "she is still sick"
    _, back = await agency.do(
        lambda tx: end_absence(tx, agency.desk, LENA, sick.id, None, clock.now)
    )
    assert back is not None
    assert len(await agency.told(HandoverStarted)) == 2


async def test_a_planned_absence_changes_nothing_before_its_time(
    agency: Agency, clock: TestClock, service: Service
) -> None:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    before = len(await agency.told(HandoverStarted))
    absence, handover_id = await agency.away(
        jana, clock.now + timedelta(hours=1), clock.now + timedelta(hours=2)
    )
    assert handover_id is None
    assert await agency.acting(copy) == jana.id
    due = service.mongo.collection("due")
    assert await due.count_documents({"data.absence_id": absence.id}) == 2

    clock.advance(hours=1)
    await agency.do(lambda tx: turn_absence(tx, agency.desk, absence.id, clock.now))
    assert await agency.acting(copy) == tom.id
    await agency.do(lambda tx: turn_absence(tx, agency.desk, absence.id, clock.now))
    clock.advance(hours=1)
    await agency.do(lambda tx: turn_absence(tx, agency.desk, absence.id, clock.now))
    assert await agency.acting(copy) == jana.id
    assert len(await agency.told(HandoverStarted)) == before + 2
    assert len(await agency.told(AbsenceStarted)) == 1
    assert len(await agency.told(AbsenceEnded)) == 1


async def test_an_active_absence_moved_to_tomorrow_brings_the_member_back_until_then(
    agency: Agency, clock: TestClock
) -> None:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    absence, _ = await agency.away(jana)
    later = Revision(clock.now + timedelta(days=1), None, None, Kind.HOLIDAY)
    changed, handover_id = await agency.do(
        lambda tx: change_absence(
            tx, agency.desk, LENA, absence.id, later, absence.version, clock.now
        )
    )
    assert handover_id is not None
    assert not changed.started
    assert await agency.acting(copy) == jana.id
    reason = await agency.desk.absences.reasons.get(absence.id)
    assert reason == Reason(Kind.HOLIDAY)


async def test_an_expired_qualification_makes_a_gap_and_a_handover(
    agency: Agency, clock: TestClock
) -> None:
    await agency.client("roast")
    jana = await agency.member("Jana", COPY, until=clock.now + timedelta(hours=1))
    copy = await agency.responsibility("roast", COPY, jana)
    clock.advance(hours=1)
    await agency.do(lambda tx: expire(tx, agency.desk, jana.id, COPY, clock.now))
    assert await agency.acting(copy) is None
    started = (await agency.told(HandoverStarted))[-1]
    assert started.cause is HandoverCause.COVERAGE_CHANGED
    assert started.presence == ()


async def test_a_lead_of_the_client_acts_when_nobody_else_can(agency: Agency) -> None:
    await agency.client("roast")
    jana, nora = await agency.member("Jana", COPY), await agency.member("Nora", COPY)
    copy = await agency.responsibility("roast", COPY, jana)
    await agency.leads("roast", nora)
    await agency.away(jana)
    assert await agency.acting(copy) == nora.id
    await agency.away(nora)
    assert await agency.acting(copy) is None


async def test_losing_access_is_losing_the_work(agency: Agency) -> None:
    await agency.client("roast")
    await agency.client("other")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    await agency.do(
        lambda tx: edit_member(tx, agency.desk, LENA, jana.id, 1, agency.now, clients=("other",))
    )
    assert await agency.acting(copy) == tom.id
    assert (await agency.told(MemberChanged))[-1].clients == ("other",)


async def test_an_edit_that_leaves_the_same_person_acting_starts_no_handover(
    agency: Agency,
) -> None:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    await agency.responsibility("roast", COPY, jana)
    before = len(await agency.told(HandoverStarted))
    made = await agency.assign("roast", COPY, jana, tom)
    assert made.handover_id is None
    assert len(await agency.told(HandoverStarted)) == before
    assert (await agency.told(CoverageChanged))[-1].deputies == (tom.id,)


async def test_nobody_unqualified_becomes_deputy(agency: Agency) -> None:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom")
    with pytest.raises(Unqualified):
        await agency.responsibility("roast", COPY, jana, tom)


async def test_member_and_deputy_sick_at_the_same_instant_cannot_miss_each_other(
    agency: Agency, service: Service, clock: TestClock
) -> None:
    """Two replicas, whose clocks differ by a second; each takes one of the calls."""
    slow = Service("scheduler", service.settings, lambda: clock.now - timedelta(seconds=1))
    other = Agency.of(slow)
    await agency.client("roast")
    mira = await agency.member("Mira", COPY)
    for turn in range(5):
        jana, tom = await agency.member(f"J{turn}", COPY), await agency.member(f"T{turn}", COPY)
        await agency.client(f"client{turn}")
        copy = await agency.responsibility(f"client{turn}", COPY, jana, tom, mira)
        clock.advance(minutes=1)
        await asyncio.gather(agency.away(jana), other.away(tom))
        assert await agency.acting(copy) == mira.id
    await slow.mongo.close()


async def test_numbers_are_consecutive_within_the_agencys_year(
    agency: Agency, clock: TestClock
) -> None:
    jana = await agency.member("Jana")
    clock.now = clock.now.replace(year=2026, month=12, day=31, hour=22, minute=59)
    first, _ = await agency.away(jana)
    await agency.do(lambda tx: cancel_absence(tx, agency.desk, LENA, first.id, agency.now))
    clock.advance(minutes=1)  # 23:00 UTC is midnight in Berlin
    await agency.away(jana)
    assert [one.number for one in await agency.told(HandoverStarted)] == [
        "H-2026-0001",
        "H-2026-0002",
        "H-2027-0001",
    ]


async def test_more_responsibilities_than_a_transaction_should_hold(
    agency: Agency, service: Service
) -> None:
    """Coverage in chunks first, the handover last, whatever happens in between."""
    agency.desk.settling._limit = 3
    await agency.client("roast", *(f"page{n}" for n in range(10)))
    jana, tom = await agency.member("Jana", COMMUNITY), await agency.member("Tom", COMMUNITY)
    mira = await agency.member("Mira", COMMUNITY)
    owned = [
        await agency.responsibility(f"roast/page{n}", COMMUNITY, jana, tom, mira) for n in range(10)
    ]
    before = len(await agency.told(HandoverStarted))

    _, handover_id = await agency.away(jana)
    assert len(await agency.told(HandoverStarted)) == before
    assert not (await agency.told(MemberChanged))[-1].present

    work = agency.desk.settling.work
    assert await work(service.outbox, service.clock)
    assert await work(service.outbox, service.clock)
    # The deputy falls ill while the chunks are under way: a second settlement.
    _, second = await agency.away(tom)
    while await work(service.outbox, service.clock):
        pass

    one, two = (await agency.told(HandoverStarted))[before:]
    assert (one.handover_id, two.handover_id) == (handover_id, second)
    assert [await agency.acting(each) for each in owned] == [mira.id] * 10
    latest: dict[str, str | None] = {}
    for handover in (one, two):
        for leg in handover.legs:
            latest[leg.responsibility_id] = leg.to
    assert latest == {each.id: mira.id for each in owned}
    assert not await work(service.outbox, service.clock)


async def test_more_legs_than_one_event_should_carry_are_several_handovers(
    agency: Agency, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.desk.settling._limit = 3
    monkeypatch.setattr("services.scheduler.coverage.settling._LEGS", 4)
    await agency.client("roast", *(f"page{n}" for n in range(10)))
    jana, tom = await agency.member("Jana", COMMUNITY), await agency.member("Tom", COMMUNITY)
    for n in range(10):
        await agency.responsibility(f"roast/page{n}", COMMUNITY, jana, tom)
    before = len(await agency.told(HandoverStarted))
    await agency.away(jana)
    while await agency.desk.settling.work(service.outbox, service.clock):
        pass
    started = (await agency.told(HandoverStarted))[before:]
    assert sorted(len(one.legs) for one in started) == [2, 4, 4]
    assert sum(len(one.presence) for one in started) == 1


async def test_a_member_keeps_the_version_when_coming_and_going(agency: Agency) -> None:
    jana = await agency.member("Jana")
    await agency.away(jana)
    stored = await agency.desk.members.get(jana.id)
    assert stored is not None
    assert stored == replace(jana, present=False, epoch=stored.epoch)
