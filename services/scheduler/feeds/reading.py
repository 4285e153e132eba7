"""What is behind a calendar's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scheduler.absences.domain import Absence
from services.scheduler.absences.store import Window
from services.scheduler.desk import Desk
from services.scheduler.feeds.domain import Whose
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from services.scheduler.rota.domain import Shift
from services.scheduler.rota.reading import own_shifts
from shared.errors import NotFound

__all__ = ["Away", "read_feed"]

_LOOKING_BACK = timedelta(days=90)
_LOOKING_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Away:
    """Of the `owner`'s calendar; `members` by id, who they are that are away. `shifts`: when the
    owner is on duty, in their own calendar; `groups` by id, the names of their groups."""

    owner: Member
    whose: Whose
    absences: list[Absence]
    members: dict[str, Member]
    shifts: list[Shift]
    groups: dict[str, str]


async def read_feed(desk: Desk, secret: str, now: datetime) -> Away:
    """Raises `NotFound` for an address that leads nowhere, also because its owner has left."""
    feed = await desk.feeds.get(secret)
    owner = None if feed is None else await desk.members.get(feed.member_id)
    if feed is None or owner is None or not owner.active:
        raise NotFound
    members = {owner.id: owner}
    if feed.whose is Whose.TEAM:
        seen = await desk.members.all(identity_of(owner).scope)
        members |= {one.id: one for one in seen if one.active}
    start, end = now - _LOOKING_BACK, now + _LOOKING_AHEAD
    away = await desk.absences.within(members, Window(start, end))
    shifts: list[Shift] = []
    groups: dict[str, str] = {}
    if feed.whose is Whose.MINE:
        shifts = await own_shifts(desk, owner.id, start, end)
        visible = await desk.rota.groups(identity_of(owner).scope, ended=True)
        groups = {group.id: group.name for group in visible}
    return Away(owner, feed.whose, away, members, shifts, groups)
