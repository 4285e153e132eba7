"""How much leave waits for somebody's decision: every page says it."""

from __future__ import annotations

from datetime import datetime

from services.scheduler.desk import Desk
from shared.auth import Identity, Permission

__all__ = ["count_waiting"]


async def count_waiting(desk: Desk, who: Identity, now: datetime) -> int:
    """Others' requests that `who` may decide on, of which not all days have passed."""
    if not who.may(Permission.LEAVE_DECIDE):
        return 0
    of = None
    if who.scope.clients is not None:
        of = {one.id for one in await desk.members.all(who.scope)}
    return await desk.leave.count_undecided(now, of=of, but=who.member_id)
