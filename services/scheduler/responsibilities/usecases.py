"""What people do with responsibilities and the clients' leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduler.coverage.clock import Tick
from services.scheduler.coverage.settling import Change
from services.scheduler.desk import Desk
from services.scheduler.errors import UnknownClient, UnknownPage, check_version
from services.scheduler.responsibilities.domain import (
    Leads,
    Responsibility,
    check_leads,
    check_people,
    staff,
)
from shared.auth import Identity
from shared.errors import AlreadyExists, NotFound
from shared.events.disciplines import Discipline
from shared.outbox import Transaction

__all__ = ["NewResponsibility", "add_responsibility", "set_leads", "staff_responsibility"]


@dataclass(frozen=True, slots=True)
class NewResponsibility:
    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str
    deputies: tuple[str, ...]


async def add_responsibility(
    tx: Transaction, desk: Desk, who: Identity, new: NewResponsibility, now: datetime
) -> tuple[Responsibility, str | None]:
    """With the handover that gives its open work to whoever acts.

    Raises `UnknownClient`, `UnknownPage`, `AlreadyExists`, and what `check_people` raises.
    """
    tick = await desk.clock.tick(tx, now)
    await _check_place(tx, desk, who, new)
    added = Responsibility(new.client_id, new.page_id, new.discipline, new.owner, new.deputies)
    if await desk.responsibilities.find(who.scope, added.id, tx.session) is not None:
        raise AlreadyExists
    return added, await _save(tx, desk, who, added, tick)


async def staff_responsibility(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    responsibility_id: str,
    owner: str,
    deputies: Sequence[str],
    version: int,
    now: datetime,
) -> tuple[Responsibility, str | None]:
    """Other people. What is held stays with its holder; a handover follows if somebody else acts.

    Raises `NotFound`, `StaleVersion`, and what `check_people` raises.
    """
    tick = await desk.clock.tick(tx, now)
    before = await desk.responsibilities.find(who.scope, responsibility_id, tx.session)
    if before is None:
        raise NotFound
    check_version(version, before.version)
    after = staff(before, owner, deputies)
    return after, await _save(tx, desk, who, after, tick, before)


async def set_leads(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    client_id: str,
    members: Sequence[str],
    version: int,
    now: datetime,
) -> tuple[Leads, str | None]:
    """The client's leads in order; version 0 is a client that has none yet.

    Raises `UnknownClient`, `StaleVersion`, and what `check_leads` raises.
    """
    tick = await desk.clock.tick(tx, now)
    if await desk.directory.client(who.scope, client_id, tx.session) is None:
        raise NotFound
    before = await desk.leads.get(client_id, tx.session)
    check_version(version, before.version)
    people = await desk.team.people_at(members, tick.now, tx.session)
    check_leads(client_id, members, people, await _names(tx, desk, members))
    after = replace(before, members=tuple(members), version=before.version + 1)
    await desk.leads.put(tx, after)
    change = Change(clients=frozenset({client_id}), by=who.member_id)
    return after, await desk.settling.settle(tx, tick, change)


async def _check_place(tx: Transaction, desk: Desk, who: Identity, new: NewResponsibility) -> None:
    if await desk.directory.client(who.scope, new.client_id, tx.session) is None:
        raise UnknownClient(client=new.client_id)
    if new.page_id is not None:
        page = await desk.directory.page(who.scope, new.page_id, tx.session)
        if page is None or page.client_id != new.client_id:
            raise UnknownPage(page=new.page_id)


async def _save(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    responsibility: Responsibility,
    tick: Tick,
    before: Responsibility | None = None,
) -> str | None:
    people = await desk.team.people_at(responsibility.people, tick.now, tx.session)
    names = await _names(tx, desk, responsibility.people)
    check_people(responsibility, people, names, tick.now, before)
    await desk.responsibilities.put(tx, responsibility)
    change = Change(responsibilities=frozenset({responsibility.id}), by=who.member_id)
    return await desk.settling.settle(tx, tick, change)


async def _names(tx: Transaction, desk: Desk, member_ids: Sequence[str]) -> dict[str, str]:
    members = await desk.members.load(member_ids, tx.session)
    return {member.id: member.name for member in members.values()}
