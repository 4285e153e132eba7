"""Requests for leave as JSON: `/api/v1/leave-requests`; and what leave would do: `/api/v1/what-if`.

Others' requests are for those who may decide on them, and for nobody else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.routes import Note, ReasonView
from services.scheduler.absences.usecases import check_may_report
from services.scheduler.desk import Desk
from services.scheduler.edge import Day, Id, Instant, Moment, PathId, Reader, TheDesk, TimeZone
from services.scheduler.leave.asked import Asked, Every, Repeats
from services.scheduler.leave.domain import Dates, Did, Leave, LeaveState
from services.scheduler.leave.reading import (
    find_leave,
    leave_page,
    leave_reason,
    read_what_if,
)
from services.scheduler.leave.taken import Taken, free
from services.scheduler.leave.usecases import (
    Decision,
    NewLeave,
    NewTimes,
    approve_leave,
    change_leave,
    decline_leave,
    request_leave,
    withdraw_leave,
)
from services.scheduler.leave.whatif_view import TimeView, WhatIfView
from services.scheduler.members.domain import Member
from shared.auth import Identity, Permission
from shared.errors import N_, FieldError, InvalidRequest, NotFound
from shared.outbox import Transaction
from shared.web import (
    Idempotent,
    IfMatch,
    Page,
    Paging,
    Router,
    Served,
    StrictModel,
    reply,
    require,
)

__all__ = ["InstantsBody", "LeaveBody", "LeavePut", "planned_member", "router"]

router = Router(prefix="/api/v1", tags=["leave"])

Decider = Annotated[Identity, require(Permission.LEAVE_DECIDE)]
Said = Annotated[str, StringConstraints(max_length=2_000)]
_MISSING = N_("This is needed.")
_ONE_OR_SEVERAL = N_("Give either these, or from when until when.")


class StepView(BaseModel):
    """`gaps`: responsibilities that would be without anybody, as was known then."""

    model_config = ConfigDict(from_attributes=True)

    did: Did
    by: str
    at: AwareDatetime
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    times: list[TimeView]
    gaps: int | None
    said: str


class LeaveView(BaseModel):
    """`times`, in order, from `starts_at` to `ends_at`, which is not included. `absence_ids`: what
    the times are since they were approved, and `absence_id` the first of them."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    member_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    times: list[TimeView]
    state: LeaveState
    requested_at: AwareDatetime
    absence_id: str | None
    absence_ids: list[str]
    version: int


class LeaveDetail(LeaveView):
    reason: ReasonView | None
    trail: list[StepView]


class LeaveApproved(BaseModel):
    """`handover_id`: the handover that follows, if the leave has begun already."""

    leave: LeaveView
    handover_id: str | None


class TimeBody(StrictModel):
    """`ends_at` as a date includes that day."""

    starts_at: Moment
    ends_at: Moment


class InstantsBody(StrictModel):
    starts_at: Instant
    ends_at: Instant


class RepeatsBody(StrictModel):
    """`until`: the last day on which it may begin again. In months, a fifth weekday is the last
    one, and the last day stands in for a 29th to 31st that is missing."""

    every: Every
    until: Day


class TimesBody(StrictModel):
    """Once, from `starts_at` to `ends_at`, or again and again (`repeats`); or at several `times`,
    in order. `ends_at` as a date includes that day. Local times are in `time_zone`, or the
    member's.

    Of what repeats, times that are over, asked for or taken already are left out; the answer has
    the others. With `times`, one such time and nothing is taken.
    """

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    repeats: RepeatsBody | None = None
    times: Annotated[list[TimeBody], Field(min_length=1)] | None = None
    time_zone: TimeZone | None = None

    def asked(self) -> Asked:
        """Raises `InvalidRequest`."""
        if self.times is not None:
            if self.starts_at or self.ends_at or self.repeats:
                raise InvalidRequest(errors=[FieldError("/times", _ONE_OR_SEVERAL)])
            spans = tuple((one.starts_at, one.ends_at) for one in self.times)
            return Asked(spans, self.time_zone)
        if self.starts_at is None or self.ends_at is None:
            missing = "/starts_at" if self.starts_at is None else "/ends_at"
            raise InvalidRequest(errors=[FieldError(missing, _MISSING)])
        again = None if self.repeats is None else Repeats(self.repeats.every, self.repeats.until)
        return Asked(((self.starts_at, self.ends_at),), self.time_zone, again)


class LeaveBody(TimesBody):
    member_id: Id
    kind: Kind
    note: Note = ""

    def new(self) -> NewLeave:
        return NewLeave(self.asked(), Reason(self.kind, self.note))


class LeavePut(TimesBody):
    """`kind` and `note` left out stay as they are."""

    kind: Kind | None = None
    note: Note | None = None

    def new(self) -> NewTimes:
        return NewTimes(self.asked(), self.kind, self.note)


class DecisionBody(StrictModel):
    """`reason`: in writing, for the audit trail; needed to approve what leaves gaps."""

    reason: Said = ""


@router.get("/leave-requests")
async def list_leave(
    who: Reader, desk: TheDesk, paging: Paging, *, own: bool = False, decided: bool = False
) -> Page[LeaveView]:
    """To be decided, the soonest first; or `decided`, the latest first. `own`: nobody else's."""
    found, following = await leave_page(
        desk, who, own=own, decided=decided, cursor=paging.cursor, limit=paging.limit
    )
    return Page(items=[LeaveView.model_validate(one) for one in found], next_cursor=following)


@router.post("/leave-requests", status_code=201, response_model=LeaveView)
async def create_leave(
    who: Reader, desk: TheDesk, service: Served, once: Idempotent, body: LeaveBody
) -> Response:
    async def work(tx: Transaction) -> Response:
        leave = await request_leave(tx, desk, who, body.member_id, body.new(), service.clock())
        return _answer(leave, status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/leave-requests/{leave_id}", response_model=LeaveDetail)
async def show_leave(who: Reader, desk: TheDesk, leave_id: PathId) -> Response:
    leave, _ = await find_leave(desk, who, leave_id)
    reason = await leave_reason(desk, leave)
    detail = LeaveDetail(
        **LeaveView.model_validate(leave).model_dump(),
        reason=None if reason is None else ReasonView(kind=reason.kind, note=reason.note),
        trail=[StepView.model_validate(one) for one in leave.trail],
    )
    return reply(detail, version=leave.version)


@router.put("/leave-requests/{leave_id}", response_model=LeaveView)
async def put_leave(
    who: Reader,
    desk: TheDesk,
    service: Served,
    version: IfMatch,
    leave_id: PathId,
    body: LeavePut,
) -> Response:
    """Other times, another reason, until it is decided."""
    await find_leave(desk, who, leave_id)
    leave = await service.outbox.transaction(
        lambda tx: change_leave(tx, desk, who, leave_id, body.new(), version, service.clock())
    )
    return _answer(leave)


@router.post("/leave-requests/{leave_id}/approve", response_model=LeaveApproved)
async def approve(
    who: Decider,
    desk: TheDesk,
    service: Served,
    version: IfMatch,
    leave_id: PathId,
    body: DecisionBody,
) -> Response:
    """409 `leave_needs_reason` if gaps would stay open and nothing is said of it."""
    leave, handover_id = await service.outbox.transaction(
        lambda tx: approve_leave(
            tx, desk, who, leave_id, Decision(version, body.reason), service.clock()
        )
    )
    answer = LeaveApproved(leave=LeaveView.model_validate(leave), handover_id=handover_id)
    return reply(answer, version=leave.version)


@router.post("/leave-requests/{leave_id}/decline", response_model=LeaveView)
async def decline(
    who: Decider,
    desk: TheDesk,
    service: Served,
    version: IfMatch,
    leave_id: PathId,
    body: DecisionBody,
) -> Response:
    leave = await service.outbox.transaction(
        lambda tx: decline_leave(
            tx, desk, who, leave_id, Decision(version, body.reason), service.clock()
        )
    )
    return _answer(leave)


@router.post("/leave-requests/{leave_id}/withdraw", response_model=LeaveView)
async def withdraw(
    who: Reader, desk: TheDesk, service: Served, version: IfMatch, leave_id: PathId
) -> Response:
    await find_leave(desk, who, leave_id)
    leave = await service.outbox.transaction(
        lambda tx: withdraw_leave(tx, desk, who, leave_id, version, service.clock())
    )
    return _answer(leave)


@router.get("/leave-requests/{leave_id}/what-if")
async def what_if_of_leave(
    who: Reader, desk: TheDesk, service: Served, leave_id: PathId
) -> WhatIfView:
    """What it would do as things are now."""
    leave, member = await find_leave(desk, who, leave_id)
    return await _what_if(desk, who, member, leave.times, service.clock())


async def _again(
    repeats: Annotated[Every | None, Query(description="Together with `until`")] = None,
    until: Annotated[Day | None, Query(description="The last day on which it begins")] = None,
) -> Repeats | None:
    if repeats and until:
        return Repeats(repeats, until)
    if repeats or until:
        missing = "query:until" if repeats else "query:repeats"
        raise InvalidRequest(errors=[FieldError(missing, _MISSING)])
    return None


Again = Annotated[Repeats | None, Depends(_again)]


@router.get("/what-if")
async def what_if(
    who: Reader,
    desk: TheDesk,
    service: Served,
    member: Annotated[str, Query(max_length=100)],
    starts_at: Annotated[Moment, Query()],
    ends_at: Annotated[Moment, Query(description="As a date it includes that day")],
    again: Again,
    time_zone: Annotated[TimeZone | None, Query(description="Default: the member's")] = None,
) -> WhatIfView:
    """The gaps and overloads that leave would cause, and what could be done about them."""
    check_may_report(who, member)
    found = await planned_member(desk, who, member)
    asked = Asked(((starts_at, ends_at),), time_zone, again)
    offers = [Taken().offer(one, service.clock()) for one in asked.times(found.zone)]
    times = free(offers, leaving_out=again is not None)
    return await _what_if(desk, who, found, times, service.clock())


async def _what_if(
    desk: Desk, who: Identity, member: Member, times: tuple[Dates, ...], now: datetime
) -> WhatIfView:
    seen = await read_what_if(desk, who, member, times, now)
    return WhatIfView.of(seen, ZoneInfo(member.time_zone))


async def planned_member(desk: Desk, who: Identity, member_id: str) -> Member:
    """For whom the caller plans leave, as `check_may_report` allows. Raises `NotFound`."""
    own = who.member_id == member_id
    found = await (desk.members.get(member_id) if own else desk.members.find(who.scope, member_id))
    if found is None:
        raise NotFound
    return found


def _answer(leave: Leave, *, status: int = 200) -> Response:
    return reply(LeaveView.model_validate(leave), status=status, version=leave.version)
