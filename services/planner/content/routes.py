"""Content items over HTTP, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.planner.callers import Reader, Writer
from services.planner.content import usecases
from services.planner.content.domain import Action, ContentEdit, ContentItem, Variant
from services.planner.content.store import ContentFilter
from services.planner.content.usecases import (
    ContentRef,
    Decision,
    Desk,
    NewContent,
    NewContentTask,
)
from services.planner.fields import UNCHANGED, Id, Instant, Listing, Name, Remark, Text
from services.planner.tasks.routes import TaskView, created
from shared.events.disciplines import Discipline
from shared.events.planner import ContentStatus
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = [
    "ApproveBody",
    "At",
    "Command",
    "ContentBody",
    "ContentPatch",
    "ContentTaskBody",
    "Ref",
    "RequestChangesBody",
    "router",
]

router = Router(prefix="/api/v1/content", tags=["content"])


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _ref(content_id: str, version: IfMatch) -> ContentRef:
    return ContentRef(content_id, version)


At = Annotated[Desk, Depends(_desk)]
Ref = Annotated[ContentRef, Depends(_ref)]
Command = Literal["submit", "schedule", "unschedule", "mark-published", "withdraw", "reopen"]


class ContentQuery(Listing):
    """`due_from` and `due_to`, which is not included, are about the first publish time."""

    client: str | None = None
    page: str | None = None
    campaign: str | None = None
    status: tuple[ContentStatus, ...] = ()
    due_from: Instant | None = None
    due_to: Instant | None = None

    def wanted(self) -> ContentFilter:
        return ContentFilter(
            client_id=self.client,
            page_id=self.page,
            campaign_id=self.campaign,
            statuses=frozenset(self.status),
            due_from=self.due_from,
            due_to=self.due_to,
        )


class RevisionView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    text: str
    by: str
    at: datetime


class ApprovalView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    revision: int
    by: str
    at: datetime


class VariantView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    page_id: str
    publish_at: datetime | None


class ContentView(BaseModel):
    """`legal` are the commands that the status allows now."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    client_id: str
    campaign_id: str | None
    title: str
    status: ContentStatus
    legal: list[Action]
    revision: RevisionView
    approval: ApprovalView | None
    remark: str
    variants: list[VariantView]
    due_at: datetime | None
    created_at: datetime
    version: int


class VariantBody(StrictModel):
    page_id: Id
    publish_at: Instant | None = None


Variants = Annotated[list[VariantBody], Field(max_length=50)]


class ContentBody(StrictModel):
    client_id: Id
    campaign_id: Id | None = None
    title: Name
    text: Text = ""
    variants: Variants = Field(default_factory=list)

    def new(self) -> NewContent:
        return NewContent(
            client_id=self.client_id,
            title=self.title,
            text=self.text,
            variants=_variants(self.variants),
            campaign_id=self.campaign_id,
        )


class ContentPatch(StrictModel):
    """A new text is a new revision. `variants` replaces all of them."""

    title: Name = UNCHANGED
    text: Text = UNCHANGED
    campaign_id: Id | None = UNCHANGED
    variants: Variants = UNCHANGED

    def edit(self) -> ContentEdit:
        edit = ContentEdit()
        given = self.model_fields_set
        if "title" in given:
            edit["title"] = self.title
        if "text" in given:
            edit["text"] = self.text
        if "campaign_id" in given:
            edit["campaign_id"] = self.campaign_id
        if "variants" in given:
            edit["variants"] = _variants(self.variants)
        return edit


class ApproveBody(StrictModel):
    """The revision that was read, so that nobody approves a text they have not seen."""

    revision: int


class RequestChangesBody(StrictModel):
    revision: int
    remark: Remark = ""


class ContentTaskBody(StrictModel):
    """`page_id` is needed for publishing and community if the item is for several pages."""

    discipline: Discipline
    title: Name
    due_at: Instant
    page_id: Id | None = None


@router.get("")
async def list_content(
    who: Reader, at: At, query: Annotated[ContentQuery, Query()]
) -> Page[ContentView]:
    """By the first publish time, undated items last."""
    found = await at.content.slice(who.scope, query.wanted(), query.cursor, query.limit)
    return Page(items=[_view(item) for item in found.items], next_cursor=found.next_cursor)


@router.post("", status_code=201, response_model=ContentView)
async def add_content(
    who: Writer, at: At, service: Served, once: Idempotent, body: ContentBody
) -> Response:
    async def work(tx: Transaction) -> Response:
        item = await usecases.add_content(tx, at, who, body.new(), service.clock())
        location = f"{service.settings.root_path}/api/v1/content/{item.id}"
        return reply(_view(item), status=201, version=item.version, location=location)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/{content_id}", response_model=ContentView)
async def show_content(who: Reader, at: At, content_id: str) -> Response:
    return _reply(await at.content.get(who.scope, content_id))


@router.patch("/{content_id}", response_model=ContentView)
async def edit_content(
    who: Writer, at: At, service: Served, ref: Ref, body: ContentPatch
) -> Response:
    item = await service.outbox.transaction(
        lambda tx: usecases.edit_content(tx, at, who, ref, service.clock(), **body.edit())
    )
    return _reply(item)


@router.get("/{content_id}/revisions")
async def list_revisions(
    who: Reader, at: At, content_id: str, paging: Paging
) -> Page[RevisionView]:
    """The newest first."""
    await at.content.get(who.scope, content_id)
    found, cursor = await at.content.revisions(who.scope, content_id, paging.cursor, paging.limit)
    return Page(items=[RevisionView.model_validate(one) for one in found], next_cursor=cursor)


@router.post("/{content_id}/tasks", status_code=201, response_model=TaskView)
async def add_task(
    who: Writer, at: At, service: Served, once: Idempotent, content_id: str, body: ContentTaskBody
) -> Response:
    new = NewContentTask(body.discipline, body.title, body.due_at, body.page_id)

    async def work(tx: Transaction) -> Response:
        now = service.clock()
        return created(service, await usecases.add_content_task(tx, at, who, content_id, new, now))

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.post("/{content_id}/approve", response_model=ContentView)
async def approve(who: Writer, at: At, service: Served, ref: Ref, body: ApproveBody) -> Response:
    item = await service.outbox.transaction(
        lambda tx: usecases.approve(tx, at, who, ref, body.revision, service.clock())
    )
    return _reply(item)


@router.post("/{content_id}/request-changes", response_model=ContentView)
async def request_changes(
    who: Writer, at: At, service: Served, ref: Ref, body: RequestChangesBody
) -> Response:
    decision = Decision(body.revision, body.remark)
    item = await service.outbox.transaction(
        lambda tx: usecases.request_changes(tx, at, who, ref, decision, service.clock())
    )
    return _reply(item)


@router.post("/{content_id}/{command}", response_model=ContentView)
async def move_on(who: Writer, at: At, service: Served, ref: Ref, command: Command) -> Response:
    """`submit` makes an approval task for whoever answers for the editorial plan; `withdraw` drops
    the item's open tasks; `mark-published` records what was published by hand."""
    action = Action(command.replace("-", "_"))
    item = await service.outbox.transaction(
        lambda tx: usecases.move_on(tx, at, who, ref, action, service.clock())
    )
    return _reply(item)


def _variants(bodies: list[VariantBody]) -> tuple[Variant, ...]:
    return tuple(Variant(body.page_id, body.publish_at) for body in bodies)


def _view(item: ContentItem) -> ContentView:
    return ContentView.model_validate(item)


def _reply(item: ContentItem) -> Response:
    return reply(_view(item), version=item.version)
