"""Leave as pages: ask for it and see what it would do, decide on it and see what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from starlette.responses import Response

from services.scheduler.absences.dialog import read_dialog
from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.keyring import ReasonUnreadable
from services.scheduler.calendars.offers import Calendar
from services.scheduler.coverage.board import Days, board_without
from services.scheduler.coverage.pages import to_board
from services.scheduler.coverage.view import AwayStretch
from services.scheduler.edge import Manager, PathId, Reader
from services.scheduler.leave.asked import Asked, Every
from services.scheduler.leave.domain import MOST_TIMES, Dates, Leave, LeaveState, merged, whole
from services.scheduler.leave.reading import (
    WhatIfSeen,
    find_leave,
    leave_page,
    leave_reason,
    read_what_if,
)
from services.scheduler.leave.routes import Decider, DecisionBody, LeaveBody
from services.scheduler.leave.taken import Obstacle, Offer, read_offers, read_taken
from services.scheduler.leave.typed import (
    Choice,
    asked_typed,
    chosen_from,
    leave_changed,
    leave_typed,
    offered,
    shown_dates,
    shown_times,
)
from services.scheduler.leave.usecases import (
    Decision,
    approve_leave,
    change_leave,
    decline_leave,
    others_decide,
    request_leave,
    withdraw_leave,
)
from services.scheduler.members.domain import Member
from services.scheduler.members.view import face
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.responsibilities.domain import with_deputy
from services.scheduler.responsibilities.usecases import assign_one
from services.scheduler.workingtime.balance import Balance
from services.scheduler.workingtime.reading import balances, may_read_terms
from shared.auth import Identity, Permission
from shared.errors import N_, AppError, NotFound
from shared.outbox import Transaction
from shared.web import Paging, Router, reply
from shared.web.forms import Form, Typed, parsed

__all__ = ["leave_form", "router"]

router = Router(prefix="/leave", include_in_schema=False)

_USUAL = Kind.HOLIDAY
_WEEK = 7
_LONGEST = 12 * _WEEK


@router.get("")
async def list_leave(
    screen: TheScreen,
    who: Reader,
    paging: Paging,
    *,
    of: Literal["mine", "all"] | None = None,
    decided: bool = False,
) -> Response:
    whose = of if of and who.may(Permission.LEAVE_DECIDE) else None
    whose = whose or ("all" if who.may(Permission.LEAVE_DECIDE) else "mine")
    found, following = await leave_page(
        screen.desk,
        who,
        own=whose == "mine",
        decided=decided,
        cursor=paging.cursor,
        limit=paging.limit,
    )
    members = await screen.desk.members.load(one.member_id for one in found)
    return screen.page(
        "leave.html",
        rows=[{"leave": one, "member": face(members[one.member_id])} for one in found],
        of=whose,
        decided=decided,
        next_cursor=following,
    )


# Asking


@router.get("/new")
async def new_leave(screen: TheScreen, who: Reader, member_id: str = "") -> Response:
    return await leave_form(screen, who, Form({"member_id": [member_id]}))


@router.post("/what-if")
async def show_what_if(screen: TheScreen, who: Reader, typed: Typed) -> Response:
    """The form again, with what it would do. Not by GET: why is no part of an address."""
    return await leave_form(screen, who, typed)


@router.post("")
async def ask(screen: TheScreen, who: Reader, typed: Typed) -> Response:
    try:
        leave_id = await _asked_once(screen, who, typed, leave_typed(typed))
    except AppError as error:
        return await leave_form(screen, who, typed, error)
    return screen.onward(f"/leave/{leave_id}")


class _Asked(BaseModel):
    leave_id: str


async def _asked_once(screen: Screen, who: Identity, typed: Form, body: LeaveBody) -> str:
    async def work(tx: Transaction) -> Response:
        leave = await request_leave(tx, screen.desk, who, body.member_id, body.new(), screen.now)
        return reply(_Asked(leave_id=leave.id))

    once = screen.once(typed, who, "POST /leave", body)
    answer = await screen.service.outbox.transaction(lambda tx: once(tx, body, work))
    return _Asked.model_validate_json(bytes(answer.body)).leave_id


async def leave_form(
    screen: Screen,
    who: Identity,
    typed: Form,
    error: AppError | None = None,
    choice: Sequence[Choice] | None = None,
    calendar: Calendar | None = None,
) -> Response:
    """`choice`: times of a `calendar` that was just read; None: of those that were typed."""
    dialog = await read_dialog(screen.desk, who)
    allowed = {one.member_id for one in dialog.people}
    member_id = typed.text("member_id") or (who.member_id if who.member_id in allowed else "")
    member = await screen.desk.members.get(member_id) if member_id in allowed else None
    asked = asked_typed(typed) if member else None
    offers = await _offers(screen, member, asked) if member and asked else []
    times = _worth_seeing(offers)
    seen = await _what_if(screen, who, member, times) if member and times else None
    return screen.page(
        "leave_new.html",
        error=error,
        dialog=dialog,
        member_id=member_id,
        kinds=_kinds(),
        every=tuple(Every),
        typed=typed,
        choice=await _choice(screen, typed, member) if choice is None else choice,
        calendar=calendar,
        most_times=MOST_TIMES,
        offers=offers,
        seen=seen,
        better=_better(seen, member),
        balances=await _balances(screen, who, member, seen, typed.text("kind") or _USUAL),
        **await _days(screen, who, seen),
    )


# Looking and deciding


@router.get("/{leave_id}")
async def show_leave(screen: TheScreen, who: Reader, leave_id: PathId) -> Response:
    return await _leave(screen, who, leave_id)


@router.post("/{leave_id}")
async def change(screen: TheScreen, who: Reader, leave_id: PathId, typed: Typed) -> Response:
    try:
        leave, member = await find_leave(screen.desk, who, leave_id)
        body, version = leave_changed(typed, leave, member.zone), typed.version
        await screen.service.outbox.transaction(
            lambda tx: change_leave(tx, screen.desk, who, leave_id, body.new(), version, screen.now)
        )
    except AppError as error:
        return await _leave(screen, who, leave_id, typed, error)
    return screen.onward(f"/leave/{leave_id}")


@router.post("/{leave_id}/approve")
async def approve(screen: TheScreen, who: Decider, leave_id: PathId, typed: Typed) -> Response:
    try:
        decision = _decision(typed)
        leave, handover_id = await screen.service.outbox.transaction(
            lambda tx: approve_leave(tx, screen.desk, who, leave_id, decision, screen.now)
        )
    except AppError as error:
        return await _leave(screen, who, leave_id, typed, error)
    if handover_id is None:
        return screen.onward(f"/leave/{leave.id}")
    said = screen.said(N_("The leave is approved. What is open moves to the deputies."))
    return await to_board(screen, who, said, handover=handover_id, start=None)


@router.post("/{leave_id}/decline")
async def decline(screen: TheScreen, who: Decider, leave_id: PathId, typed: Typed) -> Response:
    try:
        decision = _decision(typed)
        await screen.service.outbox.transaction(
            lambda tx: decline_leave(tx, screen.desk, who, leave_id, decision, screen.now)
        )
    except AppError as error:
        return await _leave(screen, who, leave_id, typed, error)
    return screen.onward(f"/leave/{leave_id}")


@router.post("/{leave_id}/withdraw")
async def withdraw(screen: TheScreen, who: Reader, leave_id: PathId, typed: Typed) -> Response:
    try:
        await find_leave(screen.desk, who, leave_id)
        version = typed.version
        await screen.service.outbox.transaction(
            lambda tx: withdraw_leave(tx, screen.desk, who, leave_id, version, screen.now)
        )
    except AppError as error:
        return await _leave(screen, who, leave_id, typed, error)
    return screen.onward(f"/leave/{leave_id}")


@router.post("/{leave_id}/deputy")
async def make_deputy(screen: TheScreen, who: Manager, leave_id: PathId, typed: Typed) -> Response:
    """The remedy for a gap: one more deputy, who comes after those there are."""
    responsibility_id, member_id = typed.text("responsibility_id"), typed.text("member_id")
    try:
        await find_leave(screen.desk, who, leave_id)
        before = await screen.desk.responsibilities.find(who.scope, responsibility_id)
        if before is None:
            raise NotFound
        wanted = with_deputy(before, member_id, typed.version)
        await screen.service.outbox.transaction(
            lambda tx: assign_one(tx, screen.desk, who, wanted, screen.now)
        )
    except AppError as error:
        return await _leave(screen, who, leave_id, typed, error)
    # A reason that was typed meanwhile is kept.
    onward = screen.onward(f"/leave/{leave_id}")
    return await _leave(screen, who, leave_id, typed) if screen.by_htmx else onward


def _decision(typed: Form) -> Decision:
    body = parsed(DecisionBody, {"reason": typed.text("reason")})
    return Decision(typed.version, body.reason)


async def _leave(
    screen: Screen,
    who: Identity,
    leave_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    leave, member = await find_leave(screen.desk, who, leave_id)
    open_ = leave.state is LeaveState.REQUESTED
    seen = await _what_if(screen, who, member, leave.times) if open_ else None
    people = await screen.desk.members.load(one.by for one in leave.trail)
    own = leave.member_id == who.member_id
    why = await _why(screen, leave)
    changed = typed and (typed.has("starts_day") or typed.has("offer"))
    form = typed if typed and changed else _as_asked(leave, member, why[0])
    return screen.page(
        "leave_request.html",
        error=error,
        leave=leave,
        member=face(member),
        own=own,
        why=why,
        people={id: face(one) for id, one in people.items()},
        may_change=open_ and (own or who.may(Permission.ABSENCE_REPORT_ANY)),
        may_decide=open_
        and who.may(Permission.LEAVE_DECIDE)
        and not (own and await others_decide(screen.desk, member)),
        kinds=_kinds(),
        every=tuple(Every),
        member_zone=member.time_zone,
        typed=typed or Form({}),
        form=form,
        choice=await _choice(screen, form, member, but=leave.id),
        seen=seen,
        better=_better(seen, member),
        balances=await _balances(screen, who, member, seen, why[0].kind) if why[0] else [],
        **await _days(screen, who, seen),
    )


def _as_asked(leave: Leave, member: Member, reason: Reason | None) -> Form:
    """What the form for changing the request holds at first."""
    why = {} if reason is None else {"kind": reason.kind.value, "note": reason.note}
    fields: dict[str, list[str]] = {}
    for name, value in (*_shown(leave.times, member), *why.items()):
        fields.setdefault(name, []).append(value)
    return Form(fields)


def _shown(times: Sequence[Dates], member: Member) -> list[tuple[str, str]]:
    """What the form's fields hold: one time is typed, of several some are chosen."""
    return list(shown_dates(times[0], member).items()) if len(times) == 1 else shown_times(times)


async def _why(screen: Screen, leave: Leave) -> tuple[Reason | None, AppError | None]:
    """The reason, or what keeps it from being read: everything else can be done without it."""
    try:
        return await leave_reason(screen.desk, leave), None
    except ReasonUnreadable as error:
        return None, error


# When


async def _offers(screen: Screen, member: Member, asked: Asked) -> list[Offer]:
    """Empty: what is typed makes no sense yet."""
    try:
        return await read_offers(screen.desk, member, asked, screen.now)
    except AppError:
        return []


def _worth_seeing(offers: Sequence[Offer]) -> tuple[Dates, ...]:
    """Of several times, those that can be asked for; a single one is seen unless it is over."""
    if len(offers) == 1:
        return tuple(one.dates for one in offers if one.obstacle is not Obstacle.PAST)
    return tuple(one.dates for one in offers if one.obstacle is None)


async def _choice(
    screen: Screen, typed: Form, member: Member | None, *, but: str = ""
) -> list[Choice]:
    """The times on offer in the form. Raises `InvalidRequest`."""
    if member is None or not (times := offered(typed)):
        return []
    taken = await read_taken(screen.desk, member.id, whole(merged(times)), but=but)
    return chosen_from(typed, [taken.offer(one, screen.now) for one in times])


# What it would do


async def _balances(
    screen: Screen, who: Identity, member: Member | None, seen: WhatIfSeen | None, kind: str
) -> list[Balance]:
    """What it leaves of the year's leave, if it is any, and if the reader may know."""
    if member is None or seen is None or kind != Kind.HOLIDAY:
        return []
    if not may_read_terms(who, member.id):
        return []
    return await balances(screen.desk, member, [one.stretch for one in seen.times], screen.now)


async def _what_if(
    screen: Screen, who: Identity, member: Member, times: tuple[Dates, ...]
) -> WhatIfSeen:
    return await read_what_if(screen.desk, who, member, times, screen.now)


def _better(seen: WhatIfSeen | None, member: Member | None) -> list[tuple[str, str]]:
    """Other dates that would be better, as the form's fields hold them."""
    if seen is None or member is None or seen.better is None:
        return []
    return _shown(seen.better.times, member)


async def _days(screen: Screen, who: Identity, seen: WhatIfSeen | None) -> dict[str, Any]:
    """Who would act from day to day, for what the leave changes: whole weeks, and not too many."""
    if seen is None or not (ids := seen.responsibilities):
        return {"board": None, "board_ends": False}
    zone = ZoneInfo(who.tz)
    first = seen.starts_at.astimezone(zone).date()
    last = (seen.ends_at - timedelta(milliseconds=1)).astimezone(zone).date()
    first -= timedelta(days=first.weekday())
    weeks = -(-((last - first).days + 1) // _WEEK)
    leave = [AwayStretch("", seen.member, one.starts_at, one.ends_at) for one in seen.times]
    days = Days(first, min(weeks * _WEEK, _LONGEST), zone)
    snapshot = await screen.desk.snapshots.latest()
    board = await board_without(screen.desk, who.scope, snapshot, ids, leave, days, screen.now)
    axis = replace(board.axis, holidays=screen.holidays(days.first, days.count))
    return {"board": board, "axis": axis, "board_ends": days.count < weeks * _WEEK}


def _kinds() -> tuple[Kind, ...]:
    """Nobody asks for leave to be ill."""
    return tuple(kind for kind in Kind if kind is not Kind.SICK)
