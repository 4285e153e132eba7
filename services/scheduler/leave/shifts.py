"""Shifts of the rota that somebody's leave would leave open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.leave.domain import Dates
from services.scheduler.rota.domain import Shift
from services.scheduler.rota.reading import own_shifts
from shared.auth import Scope

__all__ = ["LostShift", "lost_shifts"]


@dataclass(frozen=True, slots=True)
class LostShift:
    """`group`: its name."""

    shift: Shift
    group: str


async def lost_shifts(
    desk: Desk, scope: Scope, member_id: str, leave: Sequence[Dates], now: datetime
) -> tuple[tuple[LostShift, ...], int]:
    """The member's own that overlap the leave and are not over, by start; and how many more, of
    groups out of the reader's sight."""
    start, end = max(now, leave[0].starts_at), leave[-1].ends_at
    if end <= start:
        return (), 0
    mine = await own_shifts(desk, member_id, start, end)
    lost = [one for one in mine if any(_overlap(one, time) for time in leave)]
    if not lost:
        return (), 0
    names = {one.id: one.name for one in await desk.rota.groups(scope)}
    seen = tuple(LostShift(one, names[one.group_id]) for one in lost if one.group_id in names)
    return seen, len(lost) - len(seen)


def _overlap(shift: Shift, time: Dates) -> bool:
    return shift.starts_at < time.ends_at and time.starts_at < shift.ends_at
