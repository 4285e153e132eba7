"""Responsibilities and the clients' leads as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.scheduler.coverage.store import Covered
from services.scheduler.edge import Id, Manager, PathId, Reader, TheDesk
from services.scheduler.responsibilities.domain import (
    MOST_AT_ONCE,
    Leads,
    Responsibility,
    Wanted,
)
from services.scheduler.responsibilities.query import MatrixChoice
from services.scheduler.responsibilities.sheet import decoded
from services.scheduler.responsibilities.sheets import (
    Preview,
    SheetRefused,
    given_out,
    preview,
    take_in,
)
from services.scheduler.responsibilities.store import Selection
from services.scheduler.responsibilities.usecases import (
    Assigned,
    assign,
    assign_one,
    set_leads,
    take_back,
)
from shared.errors import NotFound
from shared.events.disciplines import Discipline
from shared.events.scheduler import ActsAs
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = ["ResponsibilityView", "router"]

router = Router(prefix="/api/v1", tags=["responsibilities"])

_CSV = "text/csv; charset=utf-8"

Deputies = Annotated[tuple[Id, ...], Field(max_length=50)]


class ResponsibilityView(BaseModel):
    """`page_id` null: for all pages without one of their own. `acting` null: a gap, now. `follows`:
    the page has the client's people, also when those change."""

    id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str
    deputies: tuple[str, ...]
    acting: str | None
    acts_as: ActsAs
    follows: bool
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
            follows=one.follows,
            version=one.version,
        )


class ResponsibilityChange(BaseModel):
    """`handover_id`: the handover that follows, if somebody else acts now, or open work goes along.
    `assignment_id`: by which it can be taken back."""

    responsibility: ResponsibilityView
    handover_id: str | None
    assignment_id: str


class AssignmentChange(BaseModel):
    """`responsibilities` in the order of what was sent; the rest as above."""

    responsibilities: list[ResponsibilityView]
    handover_id: str | None
    assignment_id: str


class PeopleBody(StrictModel):
    """`owner` null, of a page: it follows the client's. `deputies` in the order in which they stand
    in. `open_work`: what is open goes along to whoever acts, also from holders who are present, and
    stays there."""

    owner: Id | None
    deputies: Deputies = ()
    open_work: bool = False


class _Place(StrictModel):
    client_id: Id
    page_id: Id | None = None
    discipline: Discipline


class ResponsibilityBody(_Place):
    owner: Id
    deputies: Deputies = ()

    def wanted(self) -> Wanted:
        return Wanted(**self.model_dump(), version=0)


class AssignmentBody(_Place):
    """`version`: of the responsibility this was decided on, 0 if there was none; null: whatever
    there is. `owner` null, of a page: it follows the client's."""

    owner: Id | None
    deputies: Deputies = ()
    version: Annotated[int, Field(ge=0)] | None = None

    def wanted(self) -> Wanted:
        return Wanted(**self.model_dump())


class AssignmentsBody(StrictModel):
    """All are made, or none. `open_work` as for a single responsibility."""

    assignments: Annotated[tuple[AssignmentBody, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
    open_work: bool = False


class SheetTaken(BaseModel):
    """`assignment_id`: by which all of it can be taken back; null if nothing was changed."""

    created: int
    changed: int
    unchanged: int
    handover_id: str | None
    assignment_id: str | None

    @classmethod
    def of(cls, found: Preview, made: Assigned | None) -> SheetTaken:
        return cls(
            created=found.new,
            changed=len(found.changes) - found.new,
            unchanged=found.unchanged,
            handover_id=made.handover_id if made else None,
            assignment_id=made.assignment.id if made else None,
        )


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
    async def work(tx: Transaction) -> Response:
        made = await assign_one(tx, desk, who, body.wanted(), service.clock())
        return await _one(tx, desk, made, status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.post("/assignments", status_code=201, response_model=AssignmentChange)
async def create_assignment(
    who: Manager, desk: TheDesk, service: Served, once: Idempotent, body: AssignmentsBody
) -> Response:
    """Many at once, with one handover. If some cannot be made, each is named with the reason, and
    nothing is changed."""
    wanted = [one.wanted() for one in body.assignments]

    async def work(tx: Transaction) -> Response:
        now = service.clock()
        made = await assign(tx, desk, who, wanted, now, open_work=body.open_work)
        return await _many(tx, desk, made)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.post("/assignments/{assignment_id}/take-back", response_model=AssignmentChange)
async def take_assignment_back(
    who: Manager, desk: TheDesk, service: Served, assignment_id: PathId
) -> Response:
    """As it was before. Refused where somebody has changed it since."""

    async def work(tx: Transaction) -> Response:
        made = await take_back(tx, desk, who, assignment_id, service.clock())
        return await _many(tx, desk, made, status=200)

    return await service.outbox.transaction(work)


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
    """Other people. Work that somebody present holds stays with them, unless asked otherwise."""
    found = await desk.responsibilities.find(who.scope, responsibility_id)
    if found is None:
        raise NotFound
    wanted = Wanted(
        found.client_id, found.page_id, found.discipline, body.owner, body.deputies, version
    )

    async def work(tx: Transaction) -> Response:
        now = service.clock()
        made = await assign_one(tx, desk, who, wanted, now, open_work=body.open_work)
        return await _one(tx, desk, made)

    return await service.outbox.transaction(work)


@router.get("/responsibility-sheet", response_class=Response)
async def give_out_sheet(
    who: Reader,
    desk: TheDesk,
    client: Annotated[str | None, Query(max_length=100)] = None,
    discipline: Discipline | None = None,
    member: Annotated[str | None, Query(max_length=100, description="Owner or deputy")] = None,
) -> Response:
    """CSV: each place where somebody is responsible, or should be."""
    choice = MatrixChoice(client=client, discipline=discipline, member=member)
    return Response(await given_out(desk, who.scope, choice), media_type=_CSV)


@router.post(
    "/responsibility-sheet",
    openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def take_in_sheet(
    request: Request,
    who: Manager,
    desk: TheDesk,
    service: Served,
    *,
    dry_run: Annotated[bool, Query(description="Only say what it would do")] = False,
    open_work: Annotated[bool, Query(description="What is open goes along")] = False,
) -> SheetTaken:
    """All lines are taken, or none: then each bad one is named, with its number and the reason.
    Sent again it changes nothing more, so it needs no `Idempotency-Key`."""
    text = decoded(await request.body())

    async def work(tx: Transaction) -> SheetTaken:
        now = service.clock()
        if not dry_run:
            return SheetTaken.of(*await take_in(tx, desk, who, text, now, open_work=open_work))
        found = await preview(tx, desk, who, text, now)
        if found.problems:
            raise SheetRefused(found.problems)
        return SheetTaken.of(found, None)

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


async def _one(tx: Transaction, desk: TheDesk, made: Assigned, *, status: int = 200) -> Response:
    [view] = await _views(tx, desk, made)
    change = ResponsibilityChange(
        responsibility=view, handover_id=made.handover_id, assignment_id=made.assignment.id
    )
    return reply(change, status=status, version=view.version)


async def _many(tx: Transaction, desk: TheDesk, made: Assigned, *, status: int = 201) -> Response:
    change = AssignmentChange(
        responsibilities=await _views(tx, desk, made),
        handover_id=made.handover_id,
        assignment_id=made.assignment.id,
    )
    return reply(change, status=status)


async def _views(tx: Transaction, desk: TheDesk, made: Assigned) -> list[ResponsibilityView]:
    covered = await desk.coverage.load((one.id for one in made.responsibilities), tx.session)
    return [ResponsibilityView.of(one, covered.get(one.id)) for one in made.responsibilities]


def _leads_view(leads: Leads) -> LeadsView:
    return LeadsView.model_validate(leads)
