"""What people do with members. Each runs in the transaction it is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Unpack

from services.scheduler.coverage.clock import Tick
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
from services.scheduler.qualifications.reminders import schedule_reminders_of
from shared.auth import SIGN_IN, Identity, Role, Scope, Tokens
from shared.errors import N_, AlreadyExists, Forbidden, NotFound
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = [
    "LINK_GOOD_FOR",
    "BeyondOwnAccess",
    "NewMember",
    "NotEmpty",
    "add_first_member",
    "add_member",
    "edit_member",
    "identity_of",
    "sign_in_link",
]

LINK_GOOD_FOR = timedelta(days=1)


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
    return await _add(tx, desk, new, tick, who.member_id)


async def add_first_member(tx: Transaction, desk: Desk, new: NewMember, now: datetime) -> Member:
    """Nobody has to be there to do it. Raises `NotEmpty` if anybody is."""
    tick = await desk.clock.tick(tx, now)
    if await desk.members.any(tx):
        raise NotEmpty
    return await _add(tx, desk, new, tick, None)


async def _add(tx: Transaction, desk: Desk, new: NewMember, tick: Tick, by: str | None) -> Member:
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
    await desk.settling.settle(tx, tick, _edited(member, by))
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
    if after.active and not before.active:
        await schedule_reminders_of(tx, desk, member_id, tick.now)
    return after, await desk.settling.settle(tx, tick, _edited(after, who.member_id))


async def sign_in_link(
    desk: Desk, tokens: Tokens, who: Identity, member_id: str
) -> tuple[str, timedelta]:
    """A token that opens a session as the member, and how long it is good for.

    Raises `NotFound`; `Forbidden` for callers who are no lead; `BeyondOwnAccess` for a member who
    sees more than they do.
    """
    if who.role is not Role.LEAD:
        raise Forbidden
    member = await desk.members.find(who.scope, member_id)
    if member is None or not member.active:
        raise NotFound
    if not _within(who, member.clients):
        raise BeyondOwnAccess
    return tokens.issue(identity_of(member), LINK_GOOD_FOR, purpose=SIGN_IN), LINK_GOOD_FOR


def identity_of(member: Member) -> Identity:
    """What the member's session says of them."""
    clients = None if member.clients is None else frozenset(member.clients)
    return Identity(
        member_id=member.id,
        name=member.name,
        role=member.role,
        scope=Scope(clients),
        tz=member.time_zone,
        lang=member.language,
    )


def _edited(member: Member, by: str | None) -> Change:
    return Change(members=frozenset({member.id}), edited=frozenset({member.id}), by=by)


async def _check_access(
    tx: Transaction, desk: Desk, who: Identity, clients: Iterable[str] | None
) -> None:
    """Nobody manages somebody who sees more than they do, or lets them."""
    if not _within(who, clients):
        raise BeyondOwnAccess
    for client_id in clients or ():
        if await desk.directory.client(who.scope, client_id, tx.session) is None:
            raise UnknownClient(client=client_id)


def _within(who: Identity, clients: Iterable[str] | None) -> bool:
    if clients is None:
        return who.scope.clients is None
    return all(who.scope.allows(client_id) for client_id in clients)


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


class NotEmpty(AlreadyExists):
    code = "not_empty"
    title = N_("There is a team already")
    detail = N_("Only the first member can be added without being signed in.")
    remedy = N_("Ask a lead to add you.")
