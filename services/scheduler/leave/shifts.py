"""Shifts of the rota that somebody's leave would leave open, and whether others could take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.leave.domain import Dates
from services.scheduler.rota.domain import Shift
from services.scheduler.rota.reading import own_shifts, read_hindrances
from services.scheduler.rota.rules import Hindrance
from shared.auth import Scope

__all__ = ["LostShift", "lost_shifts"]


@dataclass(frozen=True, slots=True)
class LostShift:
    """`group`: its name. `able`: how many of the others who take part could have the shift;
    `hindered`: of those who could not, how many each thing keeps from it, such as their rest."""

    shift: Shift
    group: str
    able: int
    hindered: Mapping[Hindrance, int]

    @property
    def taking_part(self) -> int:
        return self.able + sum(self.hindered.values())


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
    groups = {one.id: one for one in await desk.rota.groups(scope)}
    shown = [one for one in lost if one.group_id in groups]
    why_not = await read_hindrances(desk, groups.values(), shown, now)
    seen = tuple(
        _lost(one, groups[one.group_id].name, Counter(why_not[one.id].values())) for one in shown
    )
    return seen, len(lost) - len(shown)


def _lost(shift: Shift, group: str, counts: Mapping[Hindrance | None, int]) -> LostShift:
    hindered = {why: counts[why] for why in Hindrance if why in counts}
    return LostShift(shift, group, counts.get(None, 0), hindered)


def _overlap(shift: Shift, time: Dates) -> bool:
    return shift.starts_at < time.ends_at and time.starts_at < shift.ends_at
