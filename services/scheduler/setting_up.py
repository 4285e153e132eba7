"""What a new agency does first, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass

from services.scheduler.desk import Desk
from services.scheduler.responsibilities.store import Selection
from shared.auth import Identity

__all__ = ["Steps", "read_steps"]

_ALONE = 1


@dataclass(frozen=True, slots=True)
class Steps:
    """Each is true once it is done."""

    clients: bool
    members: bool
    qualifications: bool
    responsibilities: bool


async def read_steps(desk: Desk, who: Identity) -> Steps:
    members = [one.id for one in await desk.members.all(who.scope) if one.active]
    return Steps(
        clients=bool(await desk.directory.clients(who.scope)),
        members=len(members) > _ALONE,
        qualifications=bool(await desk.qualifications.of(members)),
        responsibilities=bool(await desk.responsibilities.select(who.scope, Selection())),
    )
