"""The rota as a page, live; one shift with who could take it; swaps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from starlette.responses import Response

from services.scheduler.desk import Desk
from services.scheduler.edge import Manager, PathId, Reader
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.rota.domain import Swap
from services.scheduler.rota.duties import (
    accept_swap,
    find_shift,
    offer_swap,
    refuse_swap,
    set_shift,
    take_shift,
    withdraw_swap,
)
from services.scheduler.rota.reading import (
    faces_seen,
    group_boards,
    own_shifts,
    read_candidates,
    read_shifts,
    swap_choices,
    swaps_seen,
)
from services.scheduler.rota.routes import Taking
from shared.auth import Identity, Permission
from shared.errors import AppError
from shared.outbox import Transaction
from shared.web import EventSourceResponse, Part, Router, ServerSentEvent, live
from shared.web.forms import Form, Typed

__all__ = ["router"]

router = Router(prefix="/rota", include_in_schema=False)

_WATCHED = ["rota_turns", "rota_swaps", "rota_groups", "coverage_clock"]
_OWN_AHEAD = timedelta(weeks=4)
_OPEN_AHEAD = timedelta(weeks=2)
_OWN_SHOWN = 5
_UNSEEN = "unseen"
"""In a form: whoever has the shift, out of the reader's sight."""

_EARLIEST, _LATEST = date(2000, 1, 3), date(2100, 12, 27)


class Weeks(IntEnum):
    """So many are shown at once."""

    ONE = 1
    TWO = 2
    FOUR = 4
    EIGHT = 8


FirstDay = Annotated[date | None, Query(alias="from", ge=_EARLIEST, le=_LATEST)]


@router.get("")
async def show_rota(
    screen: TheScreen, who: Reader, first: FirstDay = None, weeks: Weeks = Weeks.TWO
) -> Response:
    return screen.page("rota.html", **await _rota(screen, who, first, weeks.value))


@router.get("/live", response_class=EventSourceResponse)
async def follow_rota(
    request: Request,
    screen: TheScreen,
    who: Reader,
    first: FirstDay = None,
    weeks: Weeks = Weeks.TWO,
) -> AsyncIterator[ServerSentEvent]:
    drawn: tuple[object, Part] | None = None

    async def render() -> list[Part]:
        nonlocal drawn
        desk = screen.desk
        # A swap on offer changes nothing of the rota, so it is asked for by itself.
        offered = tuple(await desk.rota.swaps_of(who.member_id))
        groups = tuple(await desk.rota.groups(who.scope))
        minute = screen.now.replace(second=0, microsecond=0)
        state = (await desk.rota.turns(), await desk.clock.epoch(), offered, groups, minute)
        if drawn is None or drawn[0] != state:
            shown = await _rota(screen, who, first, weeks.value)
            drawn = state, Part("rota", screen.part("rota_board.html", **shown))
        return [drawn[1]]

    async for event in live(request, _WATCHED, render):
        yield event


async def _rota(screen: Screen, who: Identity, first: date | None, weeks: int) -> dict[str, Any]:
    desk, now = screen.desk, screen.now
    groups = await desk.rota.groups(who.scope)
    monday = _monday(first or now.astimezone(ZoneInfo(who.tz)).date())
    boards = await group_boards(desk, who, groups, monday, weeks, now)
    faces = await faces_seen(desk, who.scope)
    ids = [group.id for group in groups]
    soon = await desk.rota.shifts(now, now + _OPEN_AHEAD, groups=ids)
    coming = await read_shifts(desk, groups, soon, faces, now)
    own = await own_shifts(desk, who.member_id, now, now + _OWN_AHEAD)
    names = {group.id: group.name for group in groups}
    return {
        "boards": boards,
        "first": monday,
        "weeks": weeks,
        "today": now.astimezone(ZoneInfo(who.tz)).date(),
        "before": monday - timedelta(weeks=weeks),
        "after": monday + timedelta(weeks=weeks),
        "last": monday + timedelta(weeks=weeks, days=-1),
        "own": own[:_OWN_SHOWN],
        "group_names": names,
        "open": [one for one in coming if one.open],
        "swaps": await swaps_seen(desk, who, await desk.rota.swaps_of(who.member_id), now),
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


# One shift


@router.get("/shifts/{shift_id}")
async def show_shift(screen: TheScreen, who: Reader, shift_id: PathId) -> Response:
    return await _shift(screen, who, shift_id)


@router.post("/shifts/{shift_id}/take")
async def take(screen: TheScreen, who: Taking, shift_id: PathId, typed: Typed) -> Response:
    async def work(tx: Transaction) -> None:
        await take_shift(tx, screen.desk, who, shift_id, typed.version, screen.now)

    return await _done(screen, who, shift_id, typed, work)


@router.post("/shifts/{shift_id}/give")
async def give(screen: TheScreen, who: Manager, shift_id: PathId, typed: Typed) -> Response:
    """To the member chosen, or to nobody; locked or not."""
    shift, _ = await find_shift(screen.desk, who.scope, shift_id)
    chosen = typed.optional("member_id")

    async def work(tx: Transaction) -> None:
        await set_shift(
            tx,
            screen.desk,
            who,
            shift_id,
            shift.member_id if chosen == _UNSEEN else chosen,
            locked=bool(typed.text("locked")),
            version=typed.version,
            now=screen.now,
        )

    return await _done(screen, who, shift_id, typed, work)


@router.post("/shifts/{shift_id}/offer")
async def offer(screen: TheScreen, who: Taking, shift_id: PathId, typed: Typed) -> Response:
    async def work(tx: Transaction) -> None:
        taker, _, in_return = typed.text("swap").partition("|")
        await offer_swap(tx, screen.desk, who, shift_id, taker, in_return or None, screen.now)

    return await _done(screen, who, shift_id, typed, work)


async def _done(
    screen: Screen,
    who: Identity,
    shift_id: str,
    typed: Form,
    work: Callable[[Transaction], Awaitable[None]],
) -> Response:
    await find_shift(screen.desk, who.scope, shift_id)
    try:
        await screen.service.outbox.transaction(work)
    except AppError as error:
        return await _shift(screen, who, shift_id, typed, error)
    return screen.onward(f"/rota/shifts/{shift_id}")


async def _shift(
    screen: Screen,
    who: Identity,
    shift_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    desk, now = screen.desk, screen.now
    shift, group = await find_shift(desk, who.scope, shift_id)
    faces = await faces_seen(desk, who.scope)
    [seen] = await read_shifts(desk, [group], [shift], faces, now)
    candidates = await read_candidates(desk, seen, faces, now)
    pages = await desk.directory.pages(who.scope, group.client_ids)
    over = shift.ends_at <= now
    able = {one.member.member_id for one in candidates.able}
    mine = who.may(Permission.ROTA_OWN)
    offered = await desk.rota.swaps_about([shift_id])
    between = [one for one in offered if who.member_id in (one.giver, one.taker)]
    own = shift.member_id == who.member_id
    may_offer = mine and own and now < shift.starts_at and seen.why is None
    return screen.page(
        "rota_shift.html",
        error=error,
        typed=typed,
        unseen=_UNSEEN,
        seen=seen,
        pages=[pages[id] for id in group.pages if id in pages],
        candidates=candidates,
        over=over,
        may_take=mine and not over and seen.open and who.member_id in able,
        may_give=who.may(Permission.TEAM_WRITE) and not over,
        may_offer=may_offer,
        swaps=await swaps_seen(desk, who, between, now),
        choices=await swap_choices(desk, seen, faces, now) if may_offer else [],
    )


# Swaps

_Decide = Callable[[Transaction, Desk, Identity, str, int, datetime], Awaitable[Swap]]


@router.post("/swaps/{swap_id}/accept")
async def accept(screen: TheScreen, who: Taking, swap_id: PathId, typed: Typed) -> Response:
    return await _decided(screen, who, typed, accept_swap, swap_id)


@router.post("/swaps/{swap_id}/refuse")
async def refuse(screen: TheScreen, who: Taking, swap_id: PathId, typed: Typed) -> Response:
    return await _decided(screen, who, typed, refuse_swap, swap_id)


@router.post("/swaps/{swap_id}/withdraw")
async def withdraw(screen: TheScreen, who: Taking, swap_id: PathId, typed: Typed) -> Response:
    return await _decided(screen, who, typed, withdraw_swap, swap_id)


async def _decided(
    screen: Screen, who: Identity, typed: Form, decide: _Decide, swap_id: str
) -> Response:
    """Back to the shift, or to the rota with what was wrong."""
    try:
        version = typed.version
        swap = await screen.service.outbox.transaction(
            lambda tx: decide(tx, screen.desk, who, swap_id, version, screen.now)
        )
    except AppError as error:
        shown = await _rota(screen, who, None, 2)
        return screen.page("rota.html", error=error, **shown)
    return screen.onward(f"/rota/shifts/{swap.shift_id}")
