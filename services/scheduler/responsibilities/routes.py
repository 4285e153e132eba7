"""Responsibilities and the clients' leads as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.scheduler.coverage.store import Covered
from services.scheduler.edge import Id, Manager, PathId, Reader, TheDesk
from services.scheduler.responsibilities.domain import Leads, Responsibility
from services.scheduler.responsibilities.store import Selection
from services.scheduler.responsibilities.usecases import (
    NewResponsibility,
    add_responsibility,
    set_leads,
    staff_responsibility,
)
from shared.errors import NotFound
from shared.events.disciplines import Discipline
from shared.events.scheduler import ActsAs
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Served, StrictModel, reply

__all__ = ["ResponsibilityView", "router"]

router = APIRouter(prefix="/api/v1", tags=["responsibilities"])

Deputies = Annotated[tuple[Id, ...], Field(max_length=50)]


class ResponsibilityView(BaseModel):
    """`page_id` null: for all pages without one of their own. `acting` null: a gap, now."""

    id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str
    deputies: tuple[str, ...]
    acting: str | None
    acts_as: ActsAs
    version: int

    @classmethod
    def of(cls, one: Responsibility, covered: Covered | None) -> ResponsibilityView:
        return cls(
            id=one.id,
            client_id=one.client_id,
            page_id=one.page_id,
            discipline=one.discipline,
            owner=one.owner,
            deputies=one.deputies,
            acting=covered.acting if covered else None,
            acts_as=covered.acts_as if covered else ActsAs.GAP,
            version=one.version,
        )


class ResponsibilityChange(BaseModel):
    """`handover_id`: the handover that follows, if somebody else acts now."""

    responsibility: ResponsibilityView
    handover_id: str | None


class PeopleBody(StrictModel):
    """`deputies` in the order in which they stand in."""

    owner: Id
    deputies: Deputies = ()


class ResponsibilityBody(PeopleBody):
    client_id: Id
    page_id: Id | None = None
    discipline: Discipline


class LeadsBody(StrictModel):
    """In the order in which they act when neither owner nor deputy can."""

    members: Deputies


class LeadsView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    client_id: str = Field(validation_alias="id")
    members: tuple[str, ...]
    version: int


class LeadsChange(BaseModel):
    """`handover_id`: the handover that follows, if somebody else acts now."""

    leads: LeadsView
    handover_id: str | None


@router.get("/responsibilities")
async def list_responsibilities(
    who: Reader,
    desk: TheDesk,
    paging: Paging,
    client: Annotated[str | None, Query(max_length=100)] = None,
    page: Annotated[str | None, Query(max_length=100)] = None,
    discipline: Discipline | None = None,
    member: Annotated[str | None, Query(max_length=100, description="Owner or deputy")] = None,
) -> Page[ResponsibilityView]:
    """By client."""
    found, following = await desk.responsibilities.page(
        who.scope, Selection(client, page, discipline, member), paging.cursor, paging.limit
    )
    covered = await desk.coverage.load(one.id for one in found)
    views = [ResponsibilityView.of(one, covered.get(one.id)) for one in found]
    return Page(items=views, next_cursor=following)


@router.post("/responsibilities", status_code=201, response_model=ResponsibilityChange)
async def create_responsibility(
    who: Manager, desk: TheDesk, service: Served, once: Idempotent, body: ResponsibilityBody
) -> Response:
    new = NewResponsibility(**body.model_dump())

    async def work(tx: Transaction) -> Response:
        added, handover_id = await add_responsibility(tx, desk, who, new, service.clock())
        return await _answer(tx, desk, added, handover_id, status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/responsibilities/{responsibility_id}", response_model=ResponsibilityView)
async def show_responsibility(who: Reader, desk: TheDesk, responsibility_id: PathId) -> Response:
    found = await desk.responsibilities.find(who.scope, responsibility_id)
    if found is None:
        raise NotFound
    covered = await desk.coverage.load([found.id])
    view = ResponsibilityView.of(found, covered.get(found.id))
    return reply(view, version=found.version)


@router.put("/responsibilities/{responsibility_id}", response_model=ResponsibilityChange)
async def put_responsibility(
    who: Manager,
    desk: TheDesk,
    service: Served,
    responsibility_id: PathId,
    version: IfMatch,
    body: PeopleBody,
) -> Response:
    """Other people. Work that somebody present holds stays with them."""

    async def work(tx: Transaction) -> Response:
        staffed, handover_id = await staff_responsibility(
            tx, desk, who, responsibility_id, body.owner, body.deputies, version, service.clock()
        )
        return await _answer(tx, desk, staffed, handover_id)

    return await service.outbox.transaction(work)


@router.get("/clients/{client_id}/leads", response_model=LeadsView)
async def show_leads(who: Reader, desk: TheDesk, client_id: PathId) -> Response:
    """Version 0: none were named yet."""
    if await desk.directory.client(who.scope, client_id) is None:
        raise NotFound
    leads = await desk.leads.get(client_id)
    return reply(_leads_view(leads), version=leads.version)


@router.put("/clients/{client_id}/leads", response_model=LeadsChange)
async def put_leads(
    who: Manager,
    desk: TheDesk,
    service: Served,
    client_id: PathId,
    version: IfMatch,
    body: LeadsBody,
) -> Response:
    leads, handover_id = await service.outbox.transaction(
        lambda tx: set_leads(tx, desk, who, client_id, body.members, version, service.clock())
    )
    change = LeadsChange(leads=_leads_view(leads), handover_id=handover_id)
    return reply(change, version=leads.version)


async def _answer(
    tx: Transaction,
    desk: TheDesk,
    responsibility: Responsibility,
    handover_id: str | None,
    *,
    status: int = 200,
) -> Response:
    covered = await desk.coverage.load([responsibility.id], tx.session)
    view = ResponsibilityView.of(responsibility, covered.get(responsibility.id))
    return reply(
        ResponsibilityChange(responsibility=view, handover_id=handover_id),
        status=status,
        version=responsibility.version,
    )


def _leads_view(leads: Leads) -> LeadsView:
    return LeadsView.model_validate(leads)
