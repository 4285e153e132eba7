"""What the rota tells, on the real database: each once, to those whom it concerns."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.scheduler.absences.usecases import cancel_absence
from services.scheduler.members.domain import Member, MemberEdit
from services.scheduler.members.usecases import edit_member, identity_of
from services.scheduler.qualifications.usecases import remove_qualification
from services.scheduler.rota.domain import Group, Shift, ShiftKind, Swap, days_from, shifts_of
from services.scheduler.rota.duties import (
    accept_swap,
    offer_swap,
    refuse_swap,
    set_shift,
    take_shift,
    withdraw_swap,
)
from services.scheduler.rota.generating import apply_run
from services.scheduler.rota.open_shifts import OpenShifts
from services.scheduler.rota.proposal import read_proposal
from services.scheduler.rota.runs import Run, RunState
from services.scheduler.rota.usecases import end_group
from shared.auth import Role
from shared.events.disciplines import Discipline
from shared.events.rota import OpenShiftsChanged, ShiftsCause, ShiftsChanged, SwapChanged, SwapStep
from tests.integration.scheduler.agency import LENA, Agency, TestClock

COMMUNITY = Discipline.COMMUNITY
MONDAY = date(2026, 12, 7)
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


@dataclass
class Office:
    """Mira, Tom and Ada can watch the roastery's page, in the evenings from `MONDAY` on."""

    agency: Agency
    group: Group
    mira: Member
    tom: Member
    ada: Member

    async def planned(self, *holders: Member | None, group: Group | None = None) -> list[Shift]:
        """One shift a day, in this order."""
        empty = shifts_of(group or self.group, days_from(MONDAY, len(holders)))
        shifts = [
            replace(shift, member_id=holder.id if holder else None, version=1)
            for shift, holder in zip(empty, holders, strict=True)
        ]
        await self.agency.do(lambda tx: self.agency.desk.rota.put_shifts(tx, shifts))
        return shifts

    async def offer(
        self, giver: Member, shift: Shift, taker: Member, in_return: Shift | None = None
    ) -> Swap:
        return await self.agency.do(
            lambda tx: offer_swap(
                tx,
                self.agency.desk,
                identity_of(giver),
                shift.id,
                taker.id,
                in_return.id if in_return else None,
                self.agency.now,
            )
        )

    def worker(self) -> Callable[[], Awaitable[bool]]:
        """Of another replica each."""
        service = self.agency.service
        return OpenShifts(self.agency.desk, service.outbox, service.clock).work

    async def openings(self) -> list[OpenShiftsChanged]:
        return await self.agency.told(OpenShiftsChanged)

    async def swaps(self) -> list[SwapChanged]:
        return await self.agency.told(SwapChanged)


@pytest.fixture
async def office(agency: Agency) -> Office:
    await agency.client("roast", "roast-insta")
    await agency.client("harbour", "harbour-insta")
    late = ShiftKind("late", "Late", EVERY_DAY, "17:00", "22:00")
    group = Group("g1", "Evenings", ("roast-insta",), ("roast",), "Europe/Berlin", (late,))
    await agency.do(lambda tx: agency.desk.rota.put_group(tx, group))
    return Office(
        agency,
        group,
        mira=await agency.member("Mira", COMMUNITY),
        tom=await agency.member("Tom", COMMUNITY),
        ada=await agency.member("Ada", COMMUNITY, clients=("roast",)),
    )


# Swaps


async def test_a_swap_is_told_with_its_shifts_at_each_step(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    mine, theirs = await office.planned(office.mira, office.tom)
    swap = await office.offer(office.mira, mine, office.tom, theirs)
    [offered] = await office.swaps()
    assert (offered.step, offered.giver, offered.taker, offered.version) == (
        SwapStep.OFFERED,
        office.mira.id,
        office.tom.id,
        1,
    )
    assert offered.shift is not None
    assert offered.in_return is not None
    assert (offered.shift.kind, offered.shift.group, offered.shift.clients) == (
        "Late",
        "Evenings",
        ("roast",),
    )
    assert (offered.shift.starts_at, offered.in_return.shift_id) == (mine.starts_at, theirs.id)
    tom = identity_of(office.tom)
    await agency.do(lambda tx: accept_swap(tx, desk, tom, swap.id, 1, agency.now))
    [_, accepted] = await office.swaps()
    assert (accepted.step, accepted.version, accepted.shift) == (
        SwapStep.ACCEPTED,
        2,
        offered.shift,
    )


async def test_refused_is_told_and_withdrawn_says_no_more_than_that(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    first, second = await office.planned(office.mira, office.mira)
    refused = await office.offer(office.mira, first, office.tom)
    withdrawn = await office.offer(office.mira, second, office.tom)
    tom, mira = identity_of(office.tom), identity_of(office.mira)
    await agency.do(lambda tx: refuse_swap(tx, desk, tom, refused.id, 1, agency.now))
    await agency.do(lambda tx: withdraw_swap(tx, desk, mira, withdrawn.id, 1, agency.now))
    steps = {one.swap_id: one for one in await office.swaps() if one.version == 2}
    assert steps[refused.id].step is SwapStep.REFUSED
    assert steps[refused.id].shift is not None
    assert (steps[withdrawn.id].step, steps[withdrawn.id].shift) == (SwapStep.WITHDRAWN, None)


async def test_an_offer_ends_when_its_shift_changes_hands_or_is_gone(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    first, second = await office.planned(office.mira, office.tom)
    ends_with_the_shift = await office.offer(office.mira, first, office.tom)
    ends_with_the_group = await office.offer(office.tom, second, office.ada)
    await agency.away(office.mira, MONDAY, MONDAY)
    ada = identity_of(office.ada)
    await agency.do(lambda tx: take_shift(tx, desk, ada, first.id, 1, agency.now))
    assert [one.swap_id for one in await office.swaps() if one.step is SwapStep.WITHDRAWN] == [
        ends_with_the_shift.id
    ]
    await agency.do(lambda tx: end_group(tx, desk, LENA, "g1", 1, agency.now))
    withdrawn = [one.swap_id for one in await office.swaps() if one.step is SwapStep.WITHDRAWN]
    assert sorted(withdrawn) == sorted([ends_with_the_shift.id, ends_with_the_group.id])
    assert await desk.rota.swaps_of(office.tom.id) == []


async def test_an_offer_ends_when_a_shift_of_it_begins(office: Office, clock: TestClock) -> None:
    agency, desk = office.agency, office.agency.desk
    soon, later = await office.planned(office.tom, office.mira)
    swap = await office.offer(office.mira, later, office.tom, in_return=soon)
    await office.worker()()
    assert [one.step for one in await office.swaps()] == [SwapStep.OFFERED]
    clock.now = soon.starts_at
    for _ in range(2):
        await office.worker()()
    assert [(one.swap_id, one.step) for one in await office.swaps()] == [
        (swap.id, SwapStep.OFFERED),
        (swap.id, SwapStep.WITHDRAWN),
    ]
    assert await desk.rota.swaps_of(office.tom.id) == []
    assert agency.now == soon.starts_at


# Shifts that fall open


def shift_ids(*shifts: Shift) -> list[str]:
    return [one.id for one in shifts]


async def test_all_that_somebody_loses_is_told_once(office: Office, clock: TestClock) -> None:
    agency = office.agency
    nadia = await agency.member("Nadia", role=Role.LEAD)
    await agency.member("Hari", role=Role.LEAD, clients=("harbour",))
    mine = await office.planned(office.mira, office.mira, office.tom, None)
    work = office.worker()
    await work()
    assert await office.openings() == []  # what was planned with nobody is known
    absence, _ = await agency.away(office.mira, date(2026, 12, 1), date(2026, 12, 20))
    for _ in range(2):
        await work()
        await office.worker()()  # another replica, later
    [told] = await office.openings()
    assert told.member_id == office.mira.id
    assert [one.shift.shift_id for one in told.new] == shift_ids(*mine[:2])
    assert told.open == dict.fromkeys(shift_ids(*mine[:2]), told.opening_id)
    for one in told.new:
        assert sorted(one.able) == sorted([office.tom.id, office.ada.id])
        assert one.leads == (nadia.id,)
    assert "sick" not in told.model_dump_json()
    # Back again, it is theirs as before; ill again, it is told again.
    await agency.do(lambda tx: cancel_absence(tx, agency.desk, LENA, absence.id, agency.now))
    await work()
    _, back = await office.openings()
    assert (back.opening_id, back.new, back.open) == (None, (), {})
    await agency.away(office.mira, MONDAY, MONDAY)
    await work()
    *_, again = await office.openings()
    assert [one.shift.shift_id for one in again.new] == shift_ids(mine[0])
    assert again.opening_id not in (None, told.opening_id)


async def test_two_replicas_at_the_same_instant_tell_once(office: Office) -> None:
    await office.planned(office.mira, office.tom)
    await office.agency.away(office.mira, MONDAY, MONDAY)
    await asyncio.gather(*(office.worker()() for _ in range(4)))
    assert len(await office.openings()) == 1


async def test_what_is_taken_is_open_no_longer(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    first, second, _ = await office.planned(office.mira, office.mira, office.ada)
    await agency.away(office.mira, MONDAY, date(2026, 12, 20))
    work = office.worker()
    await work()
    tom = identity_of(office.tom)
    await agency.do(lambda tx: take_shift(tx, desk, tom, first.id, 1, agency.now))
    await work()
    _, taken = await office.openings()
    assert (taken.new, list(taken.open)) == ((), [second.id])
    # Now Tom has it; when he cannot be there either, that is told of him.
    await agency.away(office.tom, MONDAY, MONDAY)
    await work()
    *_, told = await office.openings()
    assert (told.member_id, [one.shift.shift_id for one in told.new]) == (
        office.tom.id,
        [first.id],
    )
    assert told.new[0].able == (office.ada.id,)


async def test_whoever_takes_over_may_fall_out_before_anybody_has_looked(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    [shift] = await office.planned(office.mira)
    await agency.away(office.mira, MONDAY, MONDAY)
    work = office.worker()
    await work()
    tom = identity_of(office.tom)
    await agency.do(lambda tx: take_shift(tx, desk, tom, shift.id, 1, agency.now))
    await agency.away(office.tom, MONDAY, MONDAY)
    await work()
    _, *both = await office.openings()
    assert {one.member_id: list(one.open) for one in both} == {
        office.mira.id: [],
        office.tom.id: [shift.id],
    }
    await work()
    assert len(await office.openings()) == 3


@pytest.mark.parametrize("what", ["left", "access", "qualification"])
async def test_whatever_it_is_that_keeps_them_from_it(office: Office, what: str) -> None:
    agency, desk = office.agency, office.agency.desk
    await office.planned(office.mira)
    work = office.worker()
    await work()
    edits: dict[str, MemberEdit] = {"left": {"active": False}, "access": {"clients": ("harbour",)}}
    mira = office.mira
    if what == "qualification":
        await agency.do(
            lambda tx: remove_qualification(tx, desk, LENA, mira.id, COMMUNITY, 1, agency.now)
        )
    else:
        await agency.do(
            lambda tx: edit_member(tx, desk, LENA, mira.id, 1, agency.now, **edits[what])
        )
    await work()
    [told] = await office.openings()
    assert sorted(told.new[0].able) == sorted([office.tom.id, office.ada.id])


async def test_shifts_are_told_when_they_come_near_and_while_they_run(
    office: Office, clock: TestClock
) -> None:
    agency = office.agency
    clock.now = datetime(2026, 11, 9, 15, 30, tzinfo=UTC)
    [shift] = await office.planned(office.mira)  # 28 days and half an hour ahead
    await agency.away(office.mira, MONDAY, MONDAY)
    work = office.worker()
    await work()
    assert await office.openings() == []
    clock.advance(hours=1)
    await work()
    [told] = await office.openings()
    assert list(told.open) == [shift.id]
    clock.now = shift.starts_at + timedelta(hours=1)
    await office.worker()()
    assert len(await office.openings()) == 1  # it runs, and is open still
    clock.now = shift.ends_at
    await work()
    *_, over = await office.openings()
    assert over.open == {}


async def test_at_rest_it_reads_two_small_documents(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.planned(office.mira)
    work = office.worker()
    await work()

    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing has changed")

    monkeypatch.setattr(office.agency.service.outbox, "transaction", refuse)
    assert not await work()


# A rota is applied


async def test_each_whose_shifts_changed_is_told_all_of_these_weeks(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    mira, tom, ada = office.mira, office.tom, office.ada
    nadia = await agency.member("Nadia", COMMUNITY, role=Role.LEAD)
    shifts = await office.planned(mira, tom, mira, None, None, nadia, mira)
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = shifts
    stale = replace(sunday, id="g1:early:2026-12-13", kind_id="early", member_id=mira.id)
    kept = [replace(wednesday, locked=True), stale]
    elsewhere = replace(wednesday, id="g2:late:2026-12-09", group_id="g2", member_id=ada.id)
    await agency.do(lambda tx: desk.rota.put_group(tx, replace(office.group, id="g2")))
    await agency.do(lambda tx: desk.rota.put_shifts(tx, [*kept, elsewhere]))
    given = {
        monday.id: tom.id,
        tuesday.id: tom.id,
        thursday.id: ada.id,
        friday.id: None,
        saturday.id: nadia.id,
    }
    # Ill on Sunday, Mira does not keep it; of the rest of the week she is there.
    await agency.away(mira, date(2026, 12, 13), date(2026, 12, 13))
    given[sunday.id] = mira.id
    run = Run("r1", ("g1",), MONDAY.isoformat(), 1, LENA.member_id, agency.now)
    proposed = replace(run, state=RunState.PROPOSED, given=given)
    await agency.do(lambda tx: desk.rota.put_run(tx, proposed))
    applied = await agency.do(lambda tx: apply_run(tx, desk, LENA, "r1", 1, agency.now))
    assert applied.dropped == 1
    told = {one.member_id: one for one in await agency.told(ShiftsChanged)}
    assert told.keys() == {mira.id, tom.id, ada.id}  # Nadia's are as they were
    assert {
        member_id: (
            [each.shift_id for each in one.shifts],
            list(one.new),
            [each.shift_id for each in one.gone],
        )
        for member_id, one in told.items()
    } == {
        mira.id: ([wednesday.id], [], [monday.id, stale.id, sunday.id]),
        tom.id: ([monday.id, tuesday.id], [monday.id], []),
        ada.id: ([elsewhere.id, thursday.id], [thursday.id], []),
    }
    of_tom = told[tom.id]
    assert (of_tom.cause, of_tom.change_id, of_tom.by) == (
        ShiftsCause.ROTA_APPLIED,
        "r1",
        LENA.member_id,
    )
    assert (of_tom.first_day, of_tom.last_day) == (MONDAY, date(2026, 12, 13))


async def test_a_shift_at_another_time_is_told_and_its_swaps_end(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    monday, tuesday = await office.planned(office.mira, office.tom)
    swap = await office.offer(office.mira, monday, office.tom)
    [late] = office.group.kinds
    later = replace(office.group, kinds=(replace(late, starts="18:00", ends="23:00"),))
    await agency.do(lambda tx: desk.rota.put_group(tx, later))
    given = {monday.id: office.mira.id, tuesday.id: office.tom.id}
    run = Run("r1", ("g1",), MONDAY.isoformat(), 1, LENA.member_id, agency.now)
    proposed = replace(run, state=RunState.PROPOSED, given=given)
    await agency.do(lambda tx: desk.rota.put_run(tx, proposed))
    proposal = await read_proposal(desk, LENA, proposed, agency.now)
    assert proposal.changes == 2
    await agency.do(lambda tx: apply_run(tx, desk, LENA, "r1", 1, agency.now))
    told = {one.member_id: one for one in await agency.told(ShiftsChanged)}
    of_mira = told[office.mira.id]
    hour = timedelta(hours=1)
    assert [one.starts_at for one in of_mira.gone] == [monday.starts_at]
    assert [one.starts_at for one in of_mira.shifts] == [monday.starts_at + hour]
    assert of_mira.new == (monday.id,)
    assert [one.swap_id for one in await office.swaps() if one.step is SwapStep.WITHDRAWN] == [
        swap.id
    ]


# A lead decides


async def test_whoever_gets_a_shift_and_whoever_had_it_are_told(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    [shift] = await office.planned(office.mira)

    async def give(member: Member | None, version: int, *, locked: bool = False) -> None:
        await agency.do(
            lambda tx: set_shift(
                tx,
                desk,
                LENA,
                shift.id,
                member.id if member else None,
                locked=locked,
                version=version,
                now=agency.now,
            )
        )

    await give(office.mira, 1, locked=True)
    assert await agency.told(ShiftsChanged) == []  # it is hers as before
    await give(office.tom, 2)
    await give(None, 3)
    told: dict[str, list[tuple[str, list[str], list[str]]]] = defaultdict(list)
    for one in await agency.told(ShiftsChanged):
        told[one.change_id].append(
            (one.member_id, [*one.new], [each.shift_id for each in one.gone])
        )
    assert sorted(map(sorted, told.values()), key=len) == [
        [(office.tom.id, [], [shift.id])],
        sorted([(office.tom.id, [shift.id], []), (office.mira.id, [], [shift.id])]),
    ]
    await office.worker()()
    assert await office.openings() == []  # who left it open knows


async def test_an_open_shift_that_a_lead_gives_is_open_no_longer(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    [shift] = await office.planned(office.mira)
    await agency.away(office.mira, MONDAY, MONDAY)
    work = office.worker()
    await work()
    await agency.do(
        lambda tx: set_shift(
            tx, desk, LENA, shift.id, office.tom.id, locked=True, version=1, now=agency.now
        )
    )
    await work()
    _, given = await office.openings()
    assert (given.new, given.open) == ((), {})


async def test_whose_shifts_go_with_their_group_are_told_each_once(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    first, _, third = await office.planned(office.mira, None, office.mira)
    await agency.do(lambda tx: end_group(tx, desk, LENA, "g1", 1, agency.now))
    [told] = await agency.told(ShiftsChanged)
    assert (told.member_id, told.cause, told.change_id) == (
        office.mira.id,
        ShiftsCause.GROUP_ENDED,
        "g1:2",
    )
    assert [one.shift_id for one in told.gone] == [first.id, third.id]
    await office.worker()()
    assert await office.openings() == []


async def test_whoever_cannot_be_there_is_told_who_took_it(office: Office) -> None:
    agency, desk = office.agency, office.agency.desk
    open_, free = await office.planned(office.mira, None)
    await agency.away(office.mira, MONDAY, MONDAY)
    tom = identity_of(office.tom)
    await agency.do(lambda tx: take_shift(tx, desk, tom, open_.id, 1, agency.now))
    await agency.do(lambda tx: take_shift(tx, desk, tom, free.id, 1, agency.now))
    [told] = await agency.told(ShiftsChanged)
    assert (told.member_id, told.cause, told.by) == (
        office.mira.id,
        ShiftsCause.TAKEN,
        office.tom.id,
    )
    assert [one.shift_id for one in told.gone] == [open_.id]


async def test_a_lead_who_is_there_is_asked_when_the_only_other_one_has_the_shift(
    office: Office,
) -> None:
    agency = office.agency
    nadia = await agency.member("Nadia", COMMUNITY, role=Role.LEAD)
    hari = await agency.member("Hari", role=Role.LEAD)
    await office.planned(nadia)
    await agency.away(hari, date(2026, 11, 20), date(2026, 12, 20))
    await agency.do(
        lambda tx: remove_qualification(tx, agency.desk, LENA, nadia.id, COMMUNITY, 1, agency.now)
    )
    await office.worker()()
    [told] = await office.openings()
    assert told.new[0].leads == (hari.id,)  # away, but nobody else is there
