"""Who can be made responsible for a place: the able first, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.store import Window
from services.scheduler.accounts.domain import Place
from services.scheduler.coverage.person import WhyNot
from services.scheduler.desk import Desk
from services.scheduler.members.view import Face, face
from shared.auth import Scope

__all__ = ["Choice", "read_choices"]


@dataclass(frozen=True, slots=True)
class Choice:
    """`level` None: none was ever entered. `why`: why not at present; somebody who is merely away
    can be chosen."""

    member: Face
    level: int | None
    why: WhyNot | None

    @property
    def able(self) -> bool:
        return self.why in (None, WhyNot.AWAY)


async def read_choices(
    desk: Desk,
    scope: Scope,
    place: Place,
    now: datetime,
    present: Sequence[str] = (),
) -> list[Choice]:
    """Also those who are named at `present`, whatever has become of them."""
    members = {one.id: one for one in await desk.members.all(scope) if one.active}
    members |= await desk.members.load(present)
    people = await desk.team.people_within(members, Window(now, None))
    demand = (await desk.team.checked_pages([place])).demand(place)
    skills = {
        one.member_id: one.level
        for one in await desk.qualifications.of(members)
        if one.discipline is place.discipline
    }
    choices = [
        Choice(face(one), skills.get(one.id), people[one.id].why_not(demand, now))
        for one in members.values()
    ]
    return sorted(choices, key=lambda one: (not one.able, -(one.level or 0), one.member.name))
