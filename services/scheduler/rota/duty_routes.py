"""Shifts as JSON, who is on duty, and swaps: under `/api/v1/rota`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from services.scheduler.desk import Desk
from services.scheduler.edge import Id, Instant, Manager, PathId, Reader, TheDesk
from services.scheduler.rota.domain import Shift, Swap, SwapState
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
    ShiftSeen,
    faces_seen,
    on_duty,
    read_candidates,
    read_shifts,
)
from services.scheduler.rota.routes import Taking
from services.scheduler.rota.rules import Hindrance
from shared.auth import Identity
from shared.errors import N_, FieldError, InvalidRequest
from shared.outbox import Transaction
from shared.service import Service
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = ["ShiftPut", "SwapBody", "router"]

router = Router(prefix="/api/v1/rota", tags=["rota"])

_LONGEST = timedelta(days=93)


class ShiftView(BaseModel):
    """`open`: nobody has it, or whoever has it cannot be there for `why`. `member_id` null: nobody
    has it, or, if it is not open, somebody whom the caller does not see."""

    id: str
    group_id: str
    kind_id: str
    kind: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    member_id: str | None
    locked: bool
    open: bool
    why: Hindrance | None
    version: int

    @classmethod
    def of(cls, seen: ShiftSeen) -> ShiftView:
        shift = seen.shift
        return cls(
            id=shift.id,
            group_id=shift.group_id,
            kind_id=shift.kind_id,
            kind=shift.kind,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            member_id=None if seen.member is None else seen.member.member_id,
            locked=shift.locked,
            open=seen.open,
            why=seen.why,
            version=shift.version,
        )


class CandidateView(BaseModel):
    """`minutes`: of shifts in the four weeks before and after."""

    member_id: str
    name: str
    minutes: int


class ShiftDetail(ShiftView):
    """`candidates`: who could have it, the fewest hours first; `hindered`: who takes part and could
    not, by what keeps them from it."""

    candidates: list[CandidateView]
    hindered: dict[Hindrance, list[str]]


class OnDutyView(BaseModel):
    """`member_id` None: nobody is, though somebody should be."""

    shift_id: str
    member_id: str | None
    name: str | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class ShiftPut(StrictModel):
    """`member_id` null: nobody. `locked`: no generation changes it."""

    member_id: Id | None
    locked: bool


class SwapBody(StrictModel):
    """`in_return`: a shift of the colleague's."""

    shift_id: Id
    to: Id
    in_return: Id | None = None


class SwapView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    shift_id: str
    giver: str
    taker: str
    in_return: str | None
    offered_at: AwareDatetime
    state: SwapState
    decided_at: AwareDatetime | None
    version: int


# Shifts


@router.get("/shifts")
async def list_shifts(
    who: Reader,
    desk: TheDesk,
    service: Served,
    paging: Paging,
    starts_at: Annotated[Instant, Query(description="Shifts that touch the time from here")],
    ends_at: Annotated[Instant, Query(description="to here, at most 93 days later")],
    group_id: Annotated[str | None, Query(max_length=100)] = None,
) -> Page[ShiftView]:
    """By start."""
    if not starts_at < ends_at <= starts_at + _LONGEST:
        message = N_("This must be after the start, and at most 93 days later.")
        raise InvalidRequest(errors=[FieldError("query:ends_at", message)])
    groups = await desk.rota.groups(who.scope, ended=True)
    ids = [group.id for group in groups if group_id in (None, group.id)]
    found, following = await desk.rota.shift_page(
        starts_at, ends_at, ids, paging.cursor, paging.limit
    )
    faces = await faces_seen(desk, who.scope)
    seen = await read_shifts(desk, groups, found, faces, service.clock())
    return Page(items=[ShiftView.of(one) for one in seen], next_cursor=following)


@router.get("/on-duty")
async def show_on_duty(
    who: Reader,
    desk: TheDesk,
    service: Served,
    page: Annotated[str, Query(max_length=100)],
    at: Annotated[Instant | None, Query(description="Default: now")] = None,
) -> list[OnDutyView]:
    """Who is on duty for a page's community at an instant; empty: no shift is planned then."""
    now = service.clock()
    seen = await on_duty(desk, who.scope, page, at or now, now)
    return [
        OnDutyView(
            shift_id=one.shift.id,
            member_id=None if one.open or one.member is None else one.member.member_id,
            name=None if one.open or one.member is None else one.member.name,
            starts_at=one.shift.starts_at,
            ends_at=one.shift.ends_at,
        )
        for one in seen
    ]


@router.get("/shifts/{shift_id}", response_model=ShiftDetail)
async def show_shift(who: Reader, desk: TheDesk, service: Served, shift_id: PathId) -> Response:
    shift, group = await find_shift(desk, who.scope, shift_id)
    faces, now = await faces_seen(desk, who.scope), service.clock()
    [seen] = await read_shifts(desk, [group], [shift], faces, now)
    found = await read_candidates(desk, seen, faces, now)
    detail = ShiftDetail(
        **ShiftView.of(seen).model_dump(),
        candidates=[
            CandidateView(member_id=one.member.member_id, name=one.member.name, minutes=one.minutes)
            for one in found.able
        ],
        hindered={
            why: [member.member_id for member in those] for why, those in found.hindered.items()
        },
    )
    return reply(detail, version=shift.version)


@router.put("/shifts/{shift_id}", response_model=ShiftView)
async def put_shift(
    who: Manager,
    desk: TheDesk,
    service: Served,
    version: IfMatch,
    shift_id: PathId,
    body: ShiftPut,
) -> Response:
    """409 `rota_rule_broken` if a hard rule forbids it; the problem's `rule` names it."""
    shift = await service.outbox.transaction(
        lambda tx: set_shift(
            tx,
            desk,
            who,
            shift_id,
            body.member_id,
            locked=body.locked,
            version=version,
            now=service.clock(),
        )
    )
    return await _shift(desk, service, who, shift)


@router.post("/shifts/{shift_id}/take", response_model=ShiftView)
async def take(
    who: Taking, desk: TheDesk, service: Served, version: IfMatch, shift_id: PathId
) -> Response:
    """An open shift becomes the caller's."""
    shift = await service.outbox.transaction(
        lambda tx: take_shift(tx, desk, who, shift_id, version, service.clock())
    )
    return await _shift(desk, service, who, shift)


async def _shift(desk: Desk, service: Service, who: Identity, shift: Shift) -> Response:
    _, group = await find_shift(desk, who.scope, shift.id)
    faces = await faces_seen(desk, who.scope)
    [seen] = await read_shifts(desk, [group], [shift], faces, service.clock())
    return reply(ShiftView.of(seen), version=shift.version)


# Swaps


@router.get("/swaps")
async def list_swaps(who: Taking, desk: TheDesk) -> list[SwapView]:
    """Offered by or to the caller and not decided yet, the first ones first."""
    return [SwapView.model_validate(one) for one in await desk.rota.swaps_of(who.member_id)]


@router.post("/swaps", status_code=201, response_model=SwapView)
async def create_swap(
    who: Taking, desk: TheDesk, service: Served, once: Idempotent, body: SwapBody
) -> Response:
    """Offer one's own shift to a colleague. 409 `rota_rule_broken` if they could not have it."""

    async def work(tx: Transaction) -> Response:
        swap = await offer_swap(
            tx, desk, who, body.shift_id, body.to, body.in_return, service.clock()
        )
        return reply(SwapView.model_validate(swap), status=201, version=swap.version)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.post("/swaps/{swap_id}/accept", response_model=SwapView)
async def accept(
    who: Taking, desk: TheDesk, service: Served, version: IfMatch, swap_id: PathId
) -> Response:
    """By the colleague. 409 `rota_rule_broken` if a hard rule forbids it by now."""
    swap = await service.outbox.transaction(
        lambda tx: accept_swap(tx, desk, who, swap_id, version, service.clock())
    )
    return _swap(swap)


@router.post("/swaps/{swap_id}/refuse", response_model=SwapView)
async def refuse(
    who: Taking, desk: TheDesk, service: Served, version: IfMatch, swap_id: PathId
) -> Response:
    swap = await service.outbox.transaction(
        lambda tx: refuse_swap(tx, desk, who, swap_id, version, service.clock())
    )
    return _swap(swap)


@router.post("/swaps/{swap_id}/withdraw", response_model=SwapView)
async def withdraw(
    who: Taking, desk: TheDesk, service: Served, version: IfMatch, swap_id: PathId
) -> Response:
    swap = await service.outbox.transaction(
        lambda tx: withdraw_swap(tx, desk, who, swap_id, version, service.clock())
    )
    return _swap(swap)


def _swap(swap: Swap) -> Response:
    return reply(SwapView.model_validate(swap), version=swap.version)
