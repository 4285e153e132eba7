"""Members as JSON: `/api/v1/members`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.scheduler.edge import (
    Email,
    Id,
    Language,
    Manager,
    Name,
    PathId,
    Reader,
    TheDesk,
    TimeZone,
)
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import NewMember, add_member, edit_member, sign_in_link
from shared.auth import Role, Tokens
from shared.errors import NotFound
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = ["MemberView", "router"]

router = Router(prefix="/api/v1/members", tags=["members"])

Initials = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=3)]
Colour = Annotated[int, Field(ge=1, le=8)]
UNCHANGED: Any = Field(default_factory=lambda: None)


class MemberView(BaseModel):
    """`clients` null: access to all. `present`: neither away nor gone."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    initials: str
    colour: int
    email: str
    language: str
    time_zone: str
    role: Role
    clients: tuple[str, ...] | None
    active: bool
    present: bool
    version: int


class MemberChange(BaseModel):
    """`handover_id`: the handover that follows, if the member acts for something else now."""

    member: MemberView
    handover_id: str | None


class MemberBody(StrictModel):
    name: Name
    email: Email
    language: Language = "de"
    time_zone: TimeZone = "Europe/Berlin"
    role: Role = Role.MEMBER
    clients: Annotated[tuple[Id, ...], Field(max_length=1_000)] | None = None
    initials: Initials | None = None
    colour: Colour | None = None


class MemberPatch(StrictModel):
    """What is left out stays."""

    name: Name = UNCHANGED
    email: Email = UNCHANGED
    language: Language = UNCHANGED
    time_zone: TimeZone = UNCHANGED
    role: Role = UNCHANGED
    clients: Annotated[tuple[Id, ...], Field(max_length=1_000)] | None = UNCHANGED
    active: bool = UNCHANGED
    initials: Initials = UNCHANGED
    colour: Colour = UNCHANGED


class SignInLink(BaseModel):
    """Good once pasted into a browser, until it expires."""

    url: str
    expires_in_seconds: int


@router.get("")
async def list_members(
    who: Reader,
    desk: TheDesk,
    paging: Paging,
    *,
    inactive: Annotated[bool, Query(description="Also those who have left")] = False,
) -> Page[MemberView]:
    """By name."""
    members, following = await desk.members.page(
        who.scope, paging.cursor, paging.limit, inactive=inactive
    )
    views = [MemberView.model_validate(member) for member in members]
    return Page(items=views, next_cursor=following)


@router.post("", status_code=201, response_model=MemberView)
async def create_member(
    who: Manager, desk: TheDesk, service: Served, once: Idempotent, body: MemberBody
) -> Response:
    new = NewMember(**body.model_dump())

    async def work(tx: Transaction) -> Response:
        return _created(service, await add_member(tx, desk, who, new, service.clock()))

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


def _created(service: Served, member: Member) -> Response:
    return reply(
        MemberView.model_validate(member),
        status=201,
        version=member.version,
        location=f"{service.settings.root_path}/api/v1/members/{member.id}",
    )


@router.get("/{member_id}", response_model=MemberView)
async def show_member(who: Reader, desk: TheDesk, member_id: PathId) -> Response:
    member = await desk.members.find(who.scope, member_id)
    if member is None:
        raise NotFound
    return reply(MemberView.model_validate(member), version=member.version)


@router.patch("/{member_id}", response_model=MemberChange)
async def change_member(
    who: Manager,
    desk: TheDesk,
    service: Served,
    member_id: PathId,
    version: IfMatch,
    body: MemberPatch,
) -> Response:
    edit = body.model_dump(exclude_unset=True)
    member, handover_id = await service.outbox.transaction(
        lambda tx: edit_member(tx, desk, who, member_id, version, service.clock(), **edit)
    )
    view = MemberView.model_validate(member)
    return reply(MemberChange(member=view, handover_id=handover_id), version=member.version)


@router.post("/{member_id}/sign-in-link", status_code=201)
async def create_sign_in_link(
    request: Request, who: Manager, desk: TheDesk, service: Served, member_id: PathId
) -> SignInLink:
    """For a lead to pass on to the member. Other systems get none: it would make them a person."""
    tokens: Tokens = request.app.state.tokens
    token, good_for = await sign_in_link(desk, tokens, who, member_id)
    settings = service.settings
    return SignInLink(
        url=f"{settings.public_url}{settings.root_path}/session?token={quote(token)}",
        expires_in_seconds=int(good_for / timedelta(seconds=1)),
    )
