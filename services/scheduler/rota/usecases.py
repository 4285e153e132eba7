"""What leads set up, groups and rules, and what members wish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from services.scheduler.desk import Desk
from services.scheduler.errors import UnknownPage, check_version
from services.scheduler.responsibilities.domain import UnknownMember
from services.scheduler.rota.domain import (
    Group,
    GroupNeedsPages,
    Rules,
    RulesTooTight,
    ShiftKind,
    TooManyWishes,
    Wish,
    WishNeedsDay,
    check_kinds,
)
from services.scheduler.rota.duties import withdraw_swaps
from services.scheduler.rota.telling import group_ended
from shared.auth import Identity
from shared.errors import Forbidden, NotFound
from shared.ids import new_id
from shared.mongo import Session
from shared.outbox import Transaction

__all__ = [
    "GroupEdit",
    "RulesEdit",
    "WishEdit",
    "change_group",
    "change_rules",
    "create_group",
    "end_group",
    "find_group",
    "remove_wish",
    "wish",
]


_MOST_WISHES = 50


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """A kind with an unknown or no id is a new one."""

    name: str
    pages: tuple[str, ...]
    time_zone: str
    kinds: tuple[ShiftKind, ...]
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesEdit:
    most_hours_day: int
    most_hours_week: int
    rest_hours: int


@dataclass(frozen=True, slots=True)
class WishEdit:
    rather: bool
    weekday: int | None = None
    day: date | None = None
    group_id: str | None = None
    kind_id: str | None = None


# Groups and rules


async def find_group(
    desk: Desk, who: Identity, group_id: str, session: Session | None = None
) -> Group:
    """Raises `NotFound`."""
    group = await desk.rota.group(who.scope, group_id, session)
    if group is None:
        raise NotFound
    return group


async def create_group(tx: Transaction, desk: Desk, who: Identity, edit: GroupEdit) -> Group:
    """Raises `GroupNeedsPages`, `UnknownPage`, `UnknownMember`, `KindNotUsable`."""
    fields = await _checked(tx, desk, who, edit, None)
    group = Group(id=new_id(), **fields)
    await desk.rota.put_group(tx, group)
    return group


async def change_group(
    tx: Transaction, desk: Desk, who: Identity, group_id: str, edit: GroupEdit, version: int
) -> Group:
    """Shifts that are planned already stay as they are. Raises `NotFound`, `StaleVersion`, and what
    `create_group` raises."""
    await desk.rota.take_turn(tx)
    before = await find_group(desk, who, group_id, tx.session)
    if before.ended:
        raise NotFound
    check_version(version, before.version)
    fields = await _checked(tx, desk, who, edit, before)
    group = replace(before, **fields, version=before.version + 1)
    await desk.rota.put_group(tx, group)
    return group


async def end_group(
    tx: Transaction, desk: Desk, who: Identity, group_id: str, version: int, now: datetime
) -> None:
    """It is not planned any more, and its shifts to come are gone. Raises `NotFound`,
    `StaleVersion`."""
    await desk.rota.take_turn(tx)
    before = await find_group(desk, who, group_id, tx.session)
    if before.ended:
        raise NotFound
    check_version(version, before.version)
    group = replace(before, ended=True, version=before.version + 1)
    await desk.rota.put_group(tx, group)
    gone = await desk.rota.delete_to_come(tx, group_id, now)
    await withdraw_swaps(tx, desk, (one.id for one in gone), now)
    for event in group_ended(group, gone, who.member_id):
        tx.emit(event)


async def _checked(
    tx: Transaction, desk: Desk, who: Identity, edit: GroupEdit, before: Group | None
) -> dict[str, Any]:
    """The group's fields, with pages and members that the caller may see."""
    if not edit.pages:
        raise GroupNeedsPages
    pages = dict.fromkeys(edit.pages)
    clients: dict[str, None] = {}
    for page_id in pages:
        page = await desk.directory.page(who.scope, page_id, tx.session)
        if page is None:
            raise UnknownPage(page=page_id, extra={"page_id": page_id})
        clients[page.client_id] = None
    members = await _named(tx, desk, who, edit, before)
    check_kinds(edit.kinds)
    known = {kind.id for kind in before.kinds} if before else set()
    kinds = [kind if kind.id in known else replace(kind, id=new_id()) for kind in edit.kinds]
    return {
        "name": edit.name,
        "pages": tuple(pages),
        "client_ids": tuple(clients),
        "time_zone": edit.time_zone,
        "kinds": tuple(kinds),
        "members": members,
    }


async def _named(
    tx: Transaction, desk: Desk, who: Identity, edit: GroupEdit, before: Group | None
) -> tuple[str, ...]:
    """Those whom the caller names, and those named before whom they do not see."""
    for member_id in edit.members:
        if await desk.members.find(who.scope, member_id, tx.session) is None:
            raise UnknownMember(member=member_id, extra={"member_id": member_id})
    unseen = [
        member_id
        for member_id in (before.members if before else ())
        if await desk.members.find(who.scope, member_id, tx.session) is None
    ]
    return tuple(dict.fromkeys((*edit.members, *unseen)))


async def change_rules(
    tx: Transaction, desk: Desk, who: Identity, edit: RulesEdit, version: int
) -> Rules:
    """They hold for all clients, so only who sees all changes them. Raises `Forbidden`,
    `StaleVersion`, `RulesTooTight`."""
    if not who.scope.allows(None):
        raise Forbidden
    if edit.most_hours_week < edit.most_hours_day:
        raise RulesTooTight
    await desk.rota.take_turn(tx)
    before = await desk.rota.rules(tx.session)
    check_version(version, before.version)
    rules = replace(
        before,
        most_hours_day=edit.most_hours_day,
        most_hours_week=edit.most_hours_week,
        rest_hours=edit.rest_hours,
        version=before.version + 1,
    )
    await desk.rota.put_rules(tx, rules)
    return rules


# Wishes


async def wish(tx: Transaction, desk: Desk, who: Identity, edit: WishEdit, now: datetime) -> Wish:
    """Of one's own shifts, in place of what was wished about the same before. Raises `NotFound` for
    who is no member or a group out of sight, `WishNeedsDay`, `TooManyWishes`."""
    if await desk.members.get(who.member_id, tx.session) is None:
        raise NotFound
    if (edit.weekday is None) == (edit.day is None):
        raise WishNeedsDay
    if edit.group_id is not None:
        group = await find_group(desk, who, edit.group_id, tx.session)
        if edit.kind_id is not None and group.kind(edit.kind_id) is None:
            raise NotFound
    made = Wish(
        id=new_id(),
        member_id=who.member_id,
        rather=edit.rather,
        weekday=edit.weekday,
        day=None if edit.day is None else edit.day.isoformat(),
        group_id=edit.group_id,
        kind_id=edit.kind_id if edit.group_id else None,
    )
    yesterday = now.date() - timedelta(days=1)  # somewhere it is still today
    await desk.rota.delete_past_wishes(tx, who.member_id, yesterday)
    present = await desk.rota.wishes(yesterday, who.member_id, tx.session)
    for former in present:
        if former.about == made.about:
            await desk.rota.delete_wish(tx, former.id)
    if len([one for one in present if one.about != made.about]) >= _MOST_WISHES:
        raise TooManyWishes(most=_MOST_WISHES)
    await desk.rota.put_wish(tx, made)
    return made


async def remove_wish(tx: Transaction, desk: Desk, who: Identity, wish_id: str) -> None:
    """One's own. Raises `NotFound`."""
    found = await desk.rota.wish(wish_id, tx.session)
    if found is None or found.member_id != who.member_id:
        raise NotFound
    await desk.rota.delete_wish(tx, wish_id)
