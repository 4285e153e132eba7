"""The worker that finds shifts which fall open, and tells of each once: see `openings`. It also
ends offers of shifts that have begun."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.scheduler.desk import Desk
from services.scheduler.members.domain import Member
from services.scheduler.rota.domain import Group, Shift
from services.scheduler.rota.duties import withdraw_late_swaps
from services.scheduler.rota.openings import compare, open_shifts_changed, opened
from services.scheduler.rota.reading import read_hindrances, read_shifts
from services.scheduler.rota.telling import rota_shift
from shared.auth import SYSTEM_SCOPE
from shared.clock import Clock
from shared.events.rota import OpenShift
from shared.ids import new_id
from shared.outbox import Outbox, Transaction

__all__ = ["OpenShifts", "tell_of_open_shifts"]

AHEAD = timedelta(days=28)
"""Shifts that begin later are told of when they come so near."""


class OpenShifts:
    """Looks when the rota or the team has changed, and every hour, for further shifts come near.

    Until then it costs one read of two small documents, and one of an index that is empty. What was
    looked at is remembered by the replica alone: the next one looks once more, and finds everything
    told.
    """

    def __init__(self, desk: Desk, outbox: Outbox, clock: Clock) -> None:
        self._desk = desk
        self._outbox = outbox
        self._clock = clock
        self._looked_at: tuple[int, int, datetime] | None = None

    async def work(self) -> bool:
        """Worker: always False, as one look finds everything."""
        now = self._clock()
        if await self._desk.rota.late_swaps(now):
            await self._outbox.transaction(lambda tx: withdraw_late_swaps(tx, self._desk, now))
        marks = (*await self._desk.rota.marks(), now.replace(minute=0, second=0, microsecond=0))
        if marks != self._looked_at:
            await self._outbox.transaction(lambda tx: tell_of_open_shifts(tx, self._desk, now))
            self._looked_at = marks
        return False


async def tell_of_open_shifts(tx: Transaction, desk: Desk, now: datetime) -> None:
    """What was told is written with the events: neither is there without the other."""
    groups = {group.id: group for group in await desk.rota.groups(SYSTEM_SCOPE, tx.session)}
    told = await desk.rota.openings(tx.session)
    new, over = compare(await _open_now(tx, desk, groups, now), told)
    if not new and not over:
        return
    holders = {shift.member_id for shift in new if shift.member_id is not None}
    openings = opened(new, {member_id: new_id() for member_id in sorted(holders)})
    # One whose shift has another holder by now is replaced, not taken out.
    replaced = {one.id for one in openings}
    await desk.rota.delete_openings(tx, (one for one in over if one.id not in replaced))
    await desk.rota.put_openings(tx, openings)
    left = [*(one for one in told if one not in over), *openings]
    found = await _with_readers(tx, desk, groups, new, now)
    for member_id in sorted(holders.union(one.member_id for one in over)):
        tx.emit(open_shifts_changed(member_id, found.get(member_id, ()), left))


async def _open_now(
    tx: Transaction, desk: Desk, groups: Mapping[str, Group], now: datetime
) -> list[Shift]:
    """Of somebody who cannot be there: not those that are planned with nobody."""
    coming = await desk.rota.shifts(now, now + AHEAD, groups=groups, session=tx.session)
    held = [shift for shift in coming if shift.member_id is not None]
    seen = await read_shifts(desk, groups.values(), held, {}, now, tx.session)
    return [one.shift for one in seen if one.open]


async def _with_readers(
    tx: Transaction,
    desk: Desk,
    groups: Mapping[str, Group],
    shifts: Sequence[Shift],
    now: datetime,
) -> dict[str, list[OpenShift]]:
    """By who has them: the shifts, with who could take each and the leads who see its group."""
    why_not = await read_hindrances(desk, groups.values(), shifts, now, tx.session)
    leads = {
        id: await desk.members.leads_of_all(groups[id].client_ids, tx.session)
        for id in {one.group_id for one in shifts}
    }
    found: dict[str, list[OpenShift]] = defaultdict(list)
    for shift in shifts:
        told = OpenShift(
            shift=rota_shift(shift, groups[shift.group_id]),
            able=tuple(one for one, why in why_not[shift.id].items() if why is None),
            leads=_asked(leads[shift.group_id], shift.member_id),
        )
        found[shift.member_id or ""].append(told)
    return found


def _asked(leads: Sequence[Member], holder: str | None) -> tuple[str, ...]:
    """Not whoever has the shift, nor those away unless all others are."""
    others = [one for one in leads if one.id != holder]
    return tuple(one.id for one in others if one.present) or tuple(one.id for one in others)
