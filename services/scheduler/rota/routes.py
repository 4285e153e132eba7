"""What the rota is made by, as JSON: page groups, rules and wishes, under `/api/v1/rota`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.scheduler.desk import Desk
from services.scheduler.edge import Id, Manager, Name, PathId, Reader, TheDesk, TimeZone
from services.scheduler.rota.domain import Group, Rules, ShiftKind, Wish
from services.scheduler.rota.reading import with_members_seen
from services.scheduler.rota.usecases import (
    GroupEdit,
    RulesEdit,
    WishEdit,
    change_group,
    change_rules,
    create_group,
    end_group,
    find_group,
    remove_wish,
    wish,
)
from shared.auth import Identity, Permission
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Router, Served, StrictModel, reply, require

__all__ = ["GroupBody", "RulesBody", "Taking", "WishBody", "router"]

router = Router(prefix="/api/v1/rota", tags=["rota"])

Taking = Annotated[Identity, require(Permission.ROTA_OWN)]
"""May take shifts, swap them and wish for some."""

Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Annotated[int, Field(ge=0, le=6, description="0 is Monday")]
_MOST = 500


class KindBody(StrictModel):
    """`id` of a kind there is already; left out, it is a new one."""

    id: str = Field("", max_length=100)
    name: Name
    weekdays: list[Weekday] = Field(max_length=7)
    starts: Clock
    ends: Clock = Field(description="Not after the start: on the next day")

    def kind(self) -> ShiftKind:
        return ShiftKind(
            self.id, self.name, tuple(sorted(set(self.weekdays))), self.starts, self.ends
        )


class GroupBody(StrictModel):
    """`members`: who takes part; none: everybody qualified, with access to all the clients."""

    name: Name
    pages: list[Id] = Field(max_length=_MOST)
    time_zone: TimeZone
    kinds: list[KindBody] = Field(max_length=20)
    members: list[Id] = Field([], max_length=_MOST)

    def edit(self) -> GroupEdit:
        return GroupEdit(
            name=self.name,
            pages=tuple(self.pages),
            time_zone=self.time_zone,
            kinds=tuple(one.kind() for one in self.kinds),
            members=tuple(self.members),
        )


class KindView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    weekdays: list[int]
    starts: str
    ends: str


class GroupView(BaseModel):
    """`members`: without those whom the caller does not see. They stay when it is changed."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    pages: list[str]
    client_ids: list[str]
    time_zone: str
    kinds: list[KindView]
    members: list[str]
    ended: bool
    version: int


class RulesBody(StrictModel):
    most_hours_day: int = Field(ge=1, le=24)
    most_hours_week: int = Field(ge=1, le=168)
    rest_hours: int = Field(ge=0, le=48)

    def edit(self) -> RulesEdit:
        return RulesEdit(**self.model_dump())


class RulesView(BaseModel):
    """`version` 0: nobody has changed what they are to begin with."""

    model_config = ConfigDict(from_attributes=True)

    most_hours_day: int
    most_hours_week: int
    rest_hours: int
    version: int


class WishBody(StrictModel):
    """`rather` false: rather not. Either `weekday`, every week, or `day`."""

    rather: bool
    weekday: Weekday | None = None
    day: date | None = None
    group_id: Id | None = None
    kind_id: Id | None = None

    def edit(self) -> WishEdit:
        return WishEdit(**self.model_dump())


class WishView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    member_id: str
    rather: bool
    weekday: int | None
    day: date | None
    group_id: str | None
    kind_id: str | None


# Groups


@router.get("/groups")
async def list_groups(who: Reader, desk: TheDesk, *, ended: bool = False) -> list[GroupView]:
    """Those all of whose clients the caller sees, by name."""
    found = await desk.rota.groups(who.scope, ended=ended)
    return [GroupView.model_validate(one) for one in await with_members_seen(desk, who, found)]


@router.post("/groups", status_code=201, response_model=GroupView)
async def create(
    who: Manager, desk: TheDesk, service: Served, once: Idempotent, body: GroupBody
) -> Response:
    async def work(tx: Transaction) -> Response:
        group = await create_group(tx, desk, who, body.edit())
        where = f"{service.settings.root_path}/api/v1/rota/groups/{group.id}"
        view = GroupView.model_validate(group)
        return reply(view, status=201, version=group.version, location=where)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/groups/{group_id}", response_model=GroupView)
async def show_group(who: Reader, desk: TheDesk, group_id: PathId) -> Response:
    return await _group(desk, who, await find_group(desk, who, group_id))


@router.put("/groups/{group_id}", response_model=GroupView)
async def put_group(
    who: Manager,
    desk: TheDesk,
    service: Served,
    version: IfMatch,
    group_id: PathId,
    body: GroupBody,
) -> Response:
    """Shifts that are planned already stay as they are, until they are planned anew."""
    group = await service.outbox.transaction(
        lambda tx: change_group(tx, desk, who, group_id, body.edit(), version)
    )
    return await _group(desk, who, group)


@router.delete("/groups/{group_id}", status_code=204)
async def delete_group(
    who: Manager, desk: TheDesk, service: Served, version: IfMatch, group_id: PathId
) -> None:
    """It is not planned any more. Its shifts to come are gone; those of the past stay."""
    await service.outbox.transaction(
        lambda tx: end_group(tx, desk, who, group_id, version, service.clock())
    )


async def _group(desk: Desk, who: Identity, group: Group) -> Response:
    [seen] = await with_members_seen(desk, who, [group])
    return reply(GroupView.model_validate(seen), version=group.version)


# Rules


@router.get("/rules", response_model=RulesView, dependencies=[require(Permission.TEAM_READ)])
async def show_rules(desk: TheDesk) -> Response:
    return _rules(await desk.rota.rules())


@router.put("/rules", response_model=RulesView)
async def put_rules(
    who: Manager, desk: TheDesk, service: Served, version: IfMatch, body: RulesBody
) -> Response:
    """For the whole agency, so only for those who see all clients."""
    rules = await service.outbox.transaction(
        lambda tx: change_rules(tx, desk, who, body.edit(), version)
    )
    return _rules(rules)


def _rules(rules: Rules) -> Response:
    return reply(RulesView.model_validate(rules), version=rules.version)


# Wishes


@router.get("/wishes")
async def list_wishes(who: Taking, desk: TheDesk, service: Served) -> list[WishView]:
    """One's own, without those of days past."""
    found = await desk.rota.wishes(service.clock().date(), who.member_id)
    return [WishView.model_validate(one) for one in found]


@router.post("/wishes", status_code=201, response_model=WishView)
async def create_wish(
    who: Taking, desk: TheDesk, service: Served, once: Idempotent, body: WishBody
) -> Response:
    """In place of what one has wished about the same before; 50 in all."""

    async def work(tx: Transaction) -> Response:
        made: Wish = await wish(tx, desk, who, body.edit(), service.clock())
        return reply(WishView.model_validate(made), status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.delete("/wishes/{wish_id}", status_code=204)
async def delete_wish(who: Taking, desk: TheDesk, service: Served, wish_id: PathId) -> None:
    await service.outbox.transaction(lambda tx: remove_wish(tx, desk, who, wish_id))
