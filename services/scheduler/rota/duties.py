"""Who has which shift: taken, given, locked, swapped. Never against a hard rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.members.domain import Member
from services.scheduler.responsibilities.domain import InactiveMember, UnknownMember
from services.scheduler.rota import domain
from services.scheduler.rota.crew import Crew, duty_of, read_crew
from services.scheduler.rota.domain import (
    Group,
    NotTakingPart,
    NotTheirShift,
    NotYourShift,
    Shift,
    ShiftTaken,
    Swap,
)
from services.scheduler.rota.planning import AROUND
from services.scheduler.rota.rules import check
from services.scheduler.rota.telling import (
    tell_of_given,
    tell_of_swap,
    tell_of_taken,
    tell_of_withdrawn,
)
from shared.auth import SYSTEM_SCOPE, Identity, Scope
from shared.errors import Forbidden, NotFound
from shared.ids import new_id
from shared.mongo import Session
from shared.outbox import Transaction

__all__ = [
    "accept_swap",
    "find_shift",
    "find_swap",
    "offer_swap",
    "refuse_swap",
    "set_shift",
    "take_shift",
    "withdraw_late_swaps",
    "withdraw_swap",
    "withdraw_swaps",
]


async def find_shift(
    desk: Desk, scope: Scope, shift_id: str, session: Session | None = None
) -> tuple[Shift, Group]:
    """Raises `NotFound`."""
    shift = await desk.rota.shift(shift_id, session)
    group = None if shift is None else await desk.rota.group(scope, shift.group_id, session)
    if shift is None or group is None:
        raise NotFound
    return shift, group


async def take_shift(
    tx: Transaction, desk: Desk, who: Identity, shift_id: str, version: int, now: datetime
) -> Shift:
    """An open shift becomes the caller's; what is left of it, if it has begun. No generation takes
    it away again. Raises `NotFound`, `StaleVersion`, `ShiftOver`, `ShiftTaken`, `NotTakingPart`,
    `RuleBroken`."""
    await desk.rota.take_turn(tx)
    shift, group = await find_shift(desk, who.scope, shift_id, tx.session)
    check_version(version, shift.version)
    member = await _member(tx, desk, who.member_id)
    crew = await _crew(tx, desk, group, shift, [member.id, shift.member_id])
    if shift.member_id is not None and crew.unable(shift, shift.member_id, now) is None:
        raise ShiftTaken
    taken = domain.give(shift, member.id, locked=True, now=now)
    _check_part(group, member)
    await _check(tx, desk, crew, taken, now)
    await _give(tx, desk, [taken], now)
    tell_of_taken(tx, shift, group, member.id)
    return taken


async def set_shift(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    shift_id: str,
    member_id: str | None,
    *,
    locked: bool,
    version: int,
    now: datetime,
) -> Shift:
    """Given to somebody or nobody, kept from generations or not, as a lead decides. Raises
    `NotFound`, `StaleVersion`, `ShiftOver`, `UnknownMember`, `InactiveMember`, `RuleBroken`."""
    await desk.rota.take_turn(tx)
    shift, group = await find_shift(desk, who.scope, shift_id, tx.session)
    check_version(version, shift.version)
    given = domain.give(shift, member_id, locked=locked, now=now)
    if member_id is not None and member_id != shift.member_id:
        if await desk.members.find(who.scope, member_id, tx.session) is None:
            raise UnknownMember(member=member_id, extra={"member_id": member_id})
        await _member(tx, desk, member_id)
        await _check(tx, desk, await _crew(tx, desk, group, shift, [member_id]), given, now)
    if member_id != shift.member_id:
        await _give(tx, desk, [given], now)
        await tell_of_given(tx, desk, shift, given, who.member_id)
    else:
        await desk.rota.put_shifts(tx, [given])
    return given


# Swaps


async def find_swap(
    desk: Desk, who: Identity, swap_id: str, session: Session | None = None
) -> Swap:
    """For the two it is between. Raises `NotFound`."""
    swap = await desk.rota.swap(swap_id, session)
    if swap is None or who.member_id not in (swap.giver, swap.taker):
        raise NotFound
    return swap


async def offer_swap(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    shift_id: str,
    taker: str,
    in_return: str | None,
    now: datetime,
) -> Swap:
    """One's own shift to a colleague, perhaps for one of theirs. What could not be accepted now is
    not offered; the same is offered once. Raises `NotFound`, `UnknownMember`, `NotYourShift`,
    `SameMember`, `NotTheirShift`, `ShiftBegun`, `NotTakingPart`, `RuleBroken`."""
    await desk.rota.take_turn(tx)
    shift, _ = await find_shift(desk, who.scope, shift_id, tx.session)
    if await desk.members.find(who.scope, taker, tx.session) is None:
        raise UnknownMember(member=taker, extra={"member_id": taker})
    other = None
    if in_return is not None:
        other, _ = await find_shift(desk, who.scope, in_return, tx.session)
    swap = domain.offer(new_id(), shift, who.member_id, taker, other, now)
    for before in await desk.rota.swaps_about([shift_id], tx.session):
        if (before.shift_id, before.taker, before.in_return) == (shift_id, taker, in_return):
            return before
    await _exchanged(tx, desk, swap, now)
    return await _put(tx, desk, swap)


async def accept_swap(
    tx: Transaction, desk: Desk, who: Identity, swap_id: str, version: int, now: datetime
) -> Swap:
    """By the colleague: the shifts change hands, and stay as agreed. Raises `NotFound`,
    `Forbidden`, `StaleVersion`, `SwapDecided`, `ShiftBegun`, `NotYourShift`, `NotTheirShift`,
    `NotTakingPart`, `RuleBroken`."""
    await desk.rota.take_turn(tx)
    before = await _asked(tx, desk, who, swap_id, version)
    swap = domain.accept(before, now)
    exchanged = await _exchanged(tx, desk, before, now)
    await _put(tx, desk, swap)
    await _give(tx, desk, exchanged, now, accepted=swap.id)
    return swap


async def refuse_swap(
    tx: Transaction, desk: Desk, who: Identity, swap_id: str, version: int, now: datetime
) -> Swap:
    """Raises `NotFound`, `Forbidden`, `StaleVersion`, `SwapDecided`."""
    return await _put(tx, desk, domain.refuse(await _asked(tx, desk, who, swap_id, version), now))


async def withdraw_swap(
    tx: Transaction, desk: Desk, who: Identity, swap_id: str, version: int, now: datetime
) -> Swap:
    """By whoever offered it. Raises `NotFound`, `Forbidden`, `StaleVersion`, `SwapDecided`."""
    before = await find_swap(desk, who, swap_id, tx.session)
    if before.giver != who.member_id:
        raise Forbidden
    check_version(version, before.version)
    return await _put(tx, desk, domain.withdraw(before, now))


async def withdraw_swaps(
    tx: Transaction, desk: Desk, shift_ids: Iterable[str], now: datetime, but: str | None = None
) -> None:
    """Shifts that are others', at another time, or gone are not on offer any more."""
    offered = await desk.rota.swaps_about(shift_ids, tx.session)
    await _withdraw(tx, desk, (swap for swap in offered if swap.id != but), now)


async def withdraw_late_swaps(tx: Transaction, desk: Desk, now: datetime) -> None:
    """Nor are shifts that have begun."""
    await _withdraw(tx, desk, await desk.rota.late_swaps(now, tx.session), now)


async def _withdraw(tx: Transaction, desk: Desk, swaps: Iterable[Swap], now: datetime) -> None:
    void = [domain.withdraw(swap, now) for swap in swaps]
    await desk.rota.put_swaps(tx, void)
    tell_of_withdrawn(tx, void)


async def _put(tx: Transaction, desk: Desk, swap: Swap) -> Swap:
    await desk.rota.put_swaps(tx, [swap])
    await tell_of_swap(tx, desk, swap)
    return swap


async def _asked(tx: Transaction, desk: Desk, who: Identity, swap_id: str, version: int) -> Swap:
    swap = await find_swap(desk, who, swap_id, tx.session)
    if swap.taker != who.member_id:
        raise Forbidden
    check_version(version, swap.version)
    return swap


async def _exchanged(tx: Transaction, desk: Desk, swap: Swap, now: datetime) -> list[Shift]:
    """The shifts as they are after the swap, not stored. Each is checked without the other one,
    which changes hands at the same time."""
    first = await desk.rota.shift(swap.shift_id, tx.session)
    if first is None or first.member_id != swap.giver:
        raise NotYourShift
    second = None
    if swap.in_return is not None:
        second = await desk.rota.shift(swap.in_return, tx.session)
        if second is None or second.member_id != swap.taker:
            raise NotTheirShift
    pairs = [(first, swap.taker, second)]
    if second is not None:
        pairs.append((second, swap.giver, first))
    exchanged = []
    for shift, member_id, other in pairs:
        group = await desk.rota.group(SYSTEM_SCOPE, shift.group_id, tx.session)
        if group is None:
            raise NotFound
        given = domain.give(shift, member_id, locked=True, now=now)
        _check_part(group, await _member(tx, desk, member_id))
        crew = await _crew(tx, desk, group, shift, [member_id])
        await _check(tx, desk, crew, given, now, without=other)
        exchanged.append(given)
    return exchanged


# What all of them share


async def _member(tx: Transaction, desk: Desk, member_id: str) -> Member:
    """Other systems, and who runs the installation, have no shifts."""
    member = await desk.members.get(member_id, tx.session)
    if member is None:
        raise UnknownMember(member=member_id, extra={"member_id": member_id})
    if not member.active:
        raise InactiveMember(member=member.name, extra={"member_id": member_id})
    return member


def _check_part(group: Group, member: Member) -> None:
    """Raises `NotTakingPart`. A lead may give a shift to others all the same."""
    if not group.may_take_part(member.id):
        raise NotTakingPart(member=member.name, extra={"member_id": member.id})


async def _crew(
    tx: Transaction, desk: Desk, group: Group, shift: Shift, members: Sequence[str | None]
) -> Crew:
    named = replace(group, members=tuple(one for one in members if one is not None))
    start, end = shift.starts_at - AROUND, shift.ends_at + AROUND
    return await read_crew(desk, [named], start, end, session=tx.session)


async def _check(
    tx: Transaction,
    desk: Desk,
    crew: Crew,
    given: Shift,
    now: datetime,
    without: Shift | None = None,
) -> None:
    """Raises `RuleBroken` if whoever the shift is given to cannot have it."""
    member_id = given.member_id
    if member_id is None:
        return
    near = await desk.rota.shifts(
        given.starts_at - AROUND, given.ends_at + AROUND, members=[member_id], session=tx.session
    )
    apart = {given.id} if without is None else {given.id, without.id}
    check(
        crew.hands[member_id],
        crew.members[member_id].name,
        duty_of(given, now),
        crew.demands[given.group_id],
        crew.duties((one for one in near if one.id not in apart), now),
        crew.rules,
    )


async def _give(
    tx: Transaction, desk: Desk, shifts: Sequence[Shift], now: datetime, accepted: str | None = None
) -> None:
    await desk.rota.put_shifts(tx, shifts)
    await withdraw_swaps(tx, desk, (one.id for one in shifts), now, but=accepted)
