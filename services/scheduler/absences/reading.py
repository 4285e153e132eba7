"""Who may read what of absences."""

from __future__ import annotations

from services.scheduler.absences.domain import Absence, Reason
from services.scheduler.absences.store import Window
from services.scheduler.desk import Desk
from shared.auth import Identity, Permission
from shared.errors import NotFound

__all__ = ["absences_page", "find_absence", "may_know_why", "reason_for"]


async def absences_page(
    desk: Desk,
    who: Identity,
    member_id: str | None,
    window: Window,
    cursor: str | None,
    limit: int,
    *,
    cancelled: bool = True,
) -> tuple[list[Absence], str | None]:
    """Those of members the caller may see, and their own; `member_id`: of one member only;
    `cancelled`: also those."""
    visible = {member.id for member in await desk.members.all(who.scope)} | {who.member_id}
    if member_id is not None:
        visible &= {member_id}
    return await desk.absences.page(visible, window, cursor, limit, cancelled=cancelled)


async def find_absence(desk: Desk, who: Identity, absence_id: str) -> Absence:
    """Raises `NotFound`."""
    absence = await desk.absences.get(absence_id)
    if absence is None or not await _may_see(desk, who, absence.member_id):
        raise NotFound
    return absence


async def _may_see(desk: Desk, who: Identity, member_id: str) -> bool:
    if member_id == who.member_id:
        return True
    return await desk.members.find(who.scope, member_id) is not None


def may_know_why(who: Identity, member_id: str) -> bool:
    """Whether the reasons of the member's absences are the caller's business; and with them who
    reported an absence: who is ill says so themselves, and leave is what a lead has decided."""
    return who.member_id == member_id or who.may(Permission.ABSENCE_READ_PRIVATE)


async def reason_for(desk: Desk, who: Identity, absence: Absence) -> Reason | None:
    """Why, if the caller is the member or entitled to know. Raises `ReasonUnreadable`."""
    if may_know_why(who, absence.member_id):
        return await desk.absences.reasons.get(absence.id)
    return None
