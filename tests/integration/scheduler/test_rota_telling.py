"""What the rota tells, on the real database: each once, to those whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from services.scheduler.rota.domain import Group, Shift, ShiftKind, Swap, days_from, shifts_of
from services.scheduler.rota.duties import (
    accept_swap,
    offer_swap,
    refuse_swap,
    take_shift,
    withdraw_swap,
)
from services.scheduler.rota.usecases import end_group
from shared.events.disciplines import Discipline
from shared.events.scheduler import SwapChanged, SwapStep
from tests.integration.scheduler.agency import LENA, Agency

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
