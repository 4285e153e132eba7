"""`team.directory` into the projection of members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.planner.team.store import Member, TeamStore
from shared.consuming import Received
from shared.events.scheduler import MemberChanged
from shared.outbox import Transaction

__all__ = ["member_handler", "member_of"]


def member_handler(
    team: TeamStore,
) -> Callable[[Transaction, Received[MemberChanged]], Awaitable[None]]:
    async def store(tx: Transaction, received: Received[MemberChanged]) -> None:
        await team.put(tx, member_of(received.event))

    return store


def member_of(told: MemberChanged) -> Member:
    """What the planner keeps of a member; addresses and the like stay where they are."""
    return Member(
        id=told.member_id,
        name=told.name,
        initials=told.initials,
        colour=told.colour,
        clients=told.clients,
        active=told.active,
        present=told.present,
    )
