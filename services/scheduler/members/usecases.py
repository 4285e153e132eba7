"""What people do with members. Each runs in the transaction it is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from services.scheduler.coverage.settling import Change
from services.scheduler.desk import Desk
from services.scheduler.errors import UnknownClient, check_version
from services.scheduler.members.domain import (
    EmailTaken,
    LastLead,
    Member,
    MemberEdit,
    change_member,
    initials_of,
    rarest_colour,
)
from shared.auth import Identity, Role
from shared.errors import N_, Forbidden, NotFound
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = ["BeyondOwnAccess", "NewMember", "add_member", "edit_member"]


@dataclass(frozen=True, slots=True)
class NewMember:
    """`initials` and `colour` None: chosen from the name and from what others have."""

    name: str
    email: str
    language: str
    time_zone: str
    role: Role
    clients: tuple[str, ...] | None
    initials: str | None = None
    colour: int | None = None


async def add_member(
    tx: Transaction, desk: Desk, who: Identity, new: NewMember, now: datetime
) -> Member:
    """Raises `EmailTaken`, `UnknownClient`, `BeyondOwnAccess`."""
    tick = await desk.clock.tick(tx, now)
    await _check_access(tx, desk, who, new.clients)
    await _check_email(tx, desk, new.email, None)
    member = Member(
        id=new_id(),
        name=new.name,
        initials=new.initials or initials_of(new.name),
        colour=new.colour or rarest_colour(await desk.members.colours(tx)),
        email=new.email,
        language=new.language,
        time_zone=new.time_zone,
        role=new.role,
        clients=new.clients,
    )
    await desk.members.put(tx, member)
    await desk.settling.settle(tx, tick, _edited(member, who))
    return member


async def edit_member(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    member_id: str,
    version: int,
    now: datetime,
    **edit: Unpack[MemberEdit],
) -> tuple[Member, str | None]:
    """The member, and the handover that follows if they act for something else from now on.

    Raises `NotFound`, `StaleVersion`, `EmailTaken`, `UnknownClient`, `BeyondOwnAccess`, `LastLead`.
    """
    tick = await desk.clock.tick(tx, now)
    before = await desk.members.find(who.scope, member_id, tx.session)
    if before is None:
        raise NotFound
    check_version(version, before.version)
    await _check_access(tx, desk, who, before.clients)
    after = change_member(before, **edit)
    await _check_access(tx, desk, who, after.clients)
    await _check_email(tx, desk, after.email, member_id)
    await _check_leads(tx, desk, before, after)
    await desk.members.put(tx, after)
    return after, await desk.settling.settle(tx, tick, _edited(after, who))


def _edited(member: Member, who: Identity) -> Change:
    return Change(members=frozenset({member.id}), edited=frozenset({member.id}), by=who.member_id)


async def _check_access(
    tx: Transaction, desk: Desk, who: Identity, clients: Iterable[str] | None
) -> None:
    """Nobody manages somebody who sees more than they do, or lets them."""
    if clients is None:
        if who.scope.clients is not None:
            raise BeyondOwnAccess
        return
    for client_id in clients:
        if not who.scope.allows(client_id):
            raise BeyondOwnAccess
        if await desk.directory.client(who.scope, client_id, tx.session) is None:
            raise UnknownClient(client=client_id)


async def _check_email(tx: Transaction, desk: Desk, email: str, member_id: str | None) -> None:
    if await desk.members.with_email(tx, email) not in (None, member_id):
        raise EmailTaken


async def _check_leads(tx: Transaction, desk: Desk, before: Member, after: Member) -> None:
    if _leads(before) and not _leads(after):
        others = await desk.members.active_leads(tx) - {before.id}
        if not others:
            raise LastLead(member=before.name)


def _leads(member: Member) -> bool:
    return member.active and member.role is Role.LEAD


class BeyondOwnAccess(Forbidden):
    code = "beyond_own_access"
    detail = N_("You can only manage members whose clients you have access to yourself.")
