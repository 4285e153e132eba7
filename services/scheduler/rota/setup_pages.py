"""What leads set up for the rota, page groups and rules, and what members wish, as pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from starlette.responses import Response

from services.scheduler.directory.store import Page
from services.scheduler.edge import Manager, PathId, Reader, time_zones
from services.scheduler.members.view import face
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.rota.domain import Group
from services.scheduler.rota.routes import GroupBody, RulesBody, Taking, WishBody
from services.scheduler.rota.usecases import (
    change_group,
    change_rules,
    create_group,
    end_group,
    find_group,
    remove_wish,
    wish,
)
from shared.auth import Identity, Permission
from shared.errors import AppError, NotFound
from shared.events.disciplines import Discipline
from shared.ids import new_id
from shared.outbox import Transaction
from shared.web import Router, reply
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/rota", include_in_schema=False)

_NEW_KINDS = 2
"""Empty rows of the form, for further kinds of shift."""


# Page groups


@router.get("/groups/new")
async def new_group(screen: TheScreen, who: Manager) -> Response:
    return await _new(screen, who, Form({}))


class _Made(BaseModel):
    group_id: str


@router.post("/groups")
async def create(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    try:
        body = parsed(GroupBody, _group_typed(typed))

        async def work(tx: Transaction) -> Response:
            group = await create_group(tx, screen.desk, who, body.edit())
            return reply(_Made(group_id=group.id))

        once = screen.once(typed, who, "POST /rota/groups", body)
        await screen.service.outbox.transaction(lambda tx: once(tx, body, work))
    except AppError as error:
        return await _new(screen, who, typed, error)
    return screen.onward("/rota")


@router.get("/groups/{group_id}")
async def show_group(screen: TheScreen, who: Reader, group_id: PathId) -> Response:
    return await _group(screen, who, group_id)


@router.post("/groups/{group_id}")
async def change(screen: TheScreen, who: Manager, group_id: PathId, typed: Typed) -> Response:
    await find_group(screen.desk, who, group_id)
    try:
        body, version = parsed(GroupBody, _group_typed(typed)), typed.version
        await screen.service.outbox.transaction(
            lambda tx: change_group(tx, screen.desk, who, group_id, body.edit(), version)
        )
    except AppError as error:
        return await _group(screen, who, group_id, typed, error)
    return screen.onward(f"/rota/groups/{group_id}")


@router.post("/groups/{group_id}/end")
async def end(screen: TheScreen, who: Manager, group_id: PathId, typed: Typed) -> Response:
    await find_group(screen.desk, who, group_id)
    try:
        version = typed.version
        await screen.service.outbox.transaction(
            lambda tx: end_group(tx, screen.desk, who, group_id, version, screen.now)
        )
    except AppError as error:
        return await _group(screen, who, group_id, None, error)
    return screen.onward("/rota")


def _group_typed(typed: Form) -> dict[str, Any]:
    """Rows of kinds that nothing was typed into are none."""
    numbers = (row for row in typed.every("kinds") if row.isdecimal())
    kinds = [_kind_typed(typed, number) for number in numbers]
    return {
        "name": typed.text("name"),
        "pages": typed.every("pages"),
        "time_zone": typed.text("time_zone"),
        "kinds": [kind for kind in kinds if kind["name"] or kind["starts"] or kind["ends"]],
        "members": typed.every("members"),
    }


def _kind_typed(typed: Form, number: str) -> dict[str, Any]:
    return {
        "id": typed.text(f"kind_{number}_id"),
        "name": typed.text(f"kind_{number}_name"),
        "weekdays": typed.every(f"kind_{number}_weekdays"),
        "starts": typed.text(f"kind_{number}_starts"),
        "ends": typed.text(f"kind_{number}_ends"),
    }


async def _new(
    screen: Screen, who: Identity, typed: Form, error: AppError | None = None
) -> Response:
    shown = _as_typed(typed) if error else {**_as_typed(Form({})), "time_zone": who.tz}
    return screen.page(
        "rota_group.html",
        error=error,
        group=None,
        key=typed.text("key") or new_id(),
        shown=shown,
        **await _choices(screen, who, ()),
    )


async def _group(
    screen: Screen,
    who: Identity,
    group_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    group = await find_group(screen.desk, who, group_id)
    shown = _as_stored(group) if typed is None else _as_typed(typed)
    return screen.page(
        "rota_group.html",
        error=error,
        group=group,
        shown=shown,
        **await _choices(screen, who, group.members),
    )


def _as_typed(typed: Form) -> dict[str, Any]:
    sent = _group_typed(typed)
    kinds = [{**kind, "weekdays": _numbers(kind["weekdays"])} for kind in sent["kinds"]]
    return {**sent, "kinds": _with_new(kinds)}


def _as_stored(group: Group) -> dict[str, Any]:
    kinds = [
        {
            "id": kind.id,
            "name": kind.name,
            "weekdays": list(kind.weekdays),
            "starts": kind.starts,
            "ends": kind.ends,
        }
        for kind in group.kinds
    ]
    return {
        "name": group.name,
        "pages": list(group.pages),
        "time_zone": group.time_zone,
        "kinds": _with_new(kinds),
        "members": list(group.members),
    }


def _with_new(kinds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    empty = {"id": "", "name": "", "weekdays": list(range(7)), "starts": "", "ends": ""}
    return [*kinds, *(dict(empty) for _ in range(max(_NEW_KINDS, 3 - len(kinds))))]


def _numbers(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isdecimal()]


async def _choices(screen: Screen, who: Identity, named: Collection[str]) -> dict[str, Any]:
    """Pages by client, and who could take part or is `named` already."""
    desk = screen.desk
    clients = await desk.directory.clients(who.scope)
    pages = await desk.directory.pages(who.scope, clients)
    by_client: dict[str, list[Page]] = {}
    for page in sorted(pages.values(), key=lambda one: one.name.casefold()):
        if not page.archived:
            by_client.setdefault(page.client_id, []).append(page)
    return {
        "clients": [
            (client, by_client[client.id])
            for client in clients.values()
            if client.id in by_client and not client.archived
        ],
        **await _people(screen, who, named),
        "time_zones": time_zones(),
        "writes": who.may(Permission.TEAM_WRITE),
    }


async def _people(screen: Screen, who: Identity, named: Collection[str]) -> dict[str, Any]:
    """Each with whether they could take part as things are; and how many of those named are out of
    sight."""
    members = {one.id: one for one in await screen.desk.members.all(who.scope)}
    able = {
        one.member_id
        for one in await screen.desk.qualifications.of(members)
        if one.discipline is Discipline.COMMUNITY and members[one.member_id].active
    }
    return {
        "people": [
            (face(one), one.id in able) for one in members.values() if one.id in {*able, *named}
        ],
        "unseen": sum(one not in members for one in named),
    }


# Rules


@router.get("/rules")
async def show_rules(screen: TheScreen, who: Reader) -> Response:
    return await _rules(screen, who)


@router.post("/rules")
async def put_rules(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    try:
        names = ("most_hours_day", "most_hours_week", "rest_hours")
        body = parsed(RulesBody, {name: typed.text(name) for name in names})
        version = typed.version
        await screen.service.outbox.transaction(
            lambda tx: change_rules(tx, screen.desk, who, body.edit(), version)
        )
    except AppError as error:
        return await _rules(screen, who, typed, error)
    return screen.onward("/rota/rules")


async def _rules(
    screen: Screen, who: Identity, typed: Form | None = None, error: AppError | None = None
) -> Response:
    writes = who.may(Permission.TEAM_WRITE) and who.scope.allows(None)
    rules = await screen.desk.rota.rules()
    return screen.page("rota_rules.html", error=error, rules=rules, typed=typed, writes=writes)


# Wishes


@router.get("/wishes")
async def show_wishes(screen: TheScreen, who: Taking) -> Response:
    return await _wishes(screen, who, Form({}))


@router.post("/wishes")
async def make_wish(screen: TheScreen, who: Taking, typed: Typed) -> Response:
    try:
        body = parsed(WishBody, _wish_typed(typed))
        await screen.service.outbox.transaction(
            lambda tx: wish(tx, screen.desk, who, body.edit(), screen.now)
        )
    except AppError as error:
        return await _wishes(screen, who, typed, error)
    return screen.onward("/rota/wishes")


@router.post("/wishes/{wish_id}/remove")
async def drop_wish(screen: TheScreen, who: Taking, wish_id: PathId) -> Response:
    await screen.service.outbox.transaction(lambda tx: remove_wish(tx, screen.desk, who, wish_id))
    return screen.onward("/rota/wishes")


def _wish_typed(typed: Form) -> dict[str, Any]:
    """A day goes before a weekday, which the form always has."""
    day = typed.optional("day")
    group_id, _, kind_id = typed.text("of").partition(":")
    return {
        "rather": typed.text("rather") == "yes",
        "weekday": None if day else typed.optional("weekday"),
        "day": day,
        "group_id": group_id or None,
        "kind_id": kind_id or None,
    }


async def _wishes(
    screen: Screen, who: Identity, typed: Form, error: AppError | None = None
) -> Response:
    desk = screen.desk
    if await desk.members.get(who.member_id) is None:
        raise NotFound
    named = _shifts_named(await desk.rota.groups(who.scope))
    today = screen.now.astimezone(ZoneInfo(who.tz)).date()
    found = await desk.rota.wishes(today, who.member_id)
    return screen.page(
        "rota_wishes.html",
        error=error,
        typed=typed,
        wishes=[
            (
                one,
                date.fromisoformat(one.day) if one.day else None,
                named.get(f"{one.group_id}:{one.kind_id or ''}"),
            )
            for one in found
        ],
        named=named,
        # Any Monday: for the names of the weekdays.
        weekdays=[date(2026, 1, 5 + number) for number in range(7)],
    )


def _shifts_named(groups: Iterable[Group]) -> dict[str, str]:
    """What a wish can be about, by what the form sends: each group, and each kind of it."""
    named = {}
    for group in groups:
        named[f"{group.id}:"] = group.name
        for kind in group.kinds:
            named[f"{group.id}:{kind.id}"] = f"{group.name}, {kind.name}"
    return named
