"""`team.directory` into the projection of members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.planner.team.store import Member, TeamStore
from shared.consuming import Received
from shared.events.scheduler import MemberChanged
from shared.outbox import Transaction

__all__ = ["member_handler"]


def member_handler(
    team: TeamStore,
) -> Callable[[Transaction, Received[MemberChanged]], Awaitable[None]]:
    async def store(tx: Transaction, received: Received[MemberChanged]) -> None:
        told = received.event
        member = Member(
            id=told.member_id,
            name=told.name,
            initials=told.initials,
            colour=told.colour,
            clients=told.clients,
            active=told.active,
            present=told.present,
        )
        await team.put(tx, member)

    return store
