"""What people do with content items. Each runs in the transaction it is given.

A change of status takes the item's approval tasks along: asking for approval makes one, deciding
finishes it, and a text that is no longer the one to decide on drops it. A new text is work on the
tasks of the item that its writer holds, so a handback leaves them there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Unpack

from services.planner.campaigns.store import CampaignStore
from services.planner.campaigns.usecases import known_campaign
from services.planner.content import domain
from services.planner.content.calendar import PostCalendar
from services.planner.content.domain import (
    Action,
    ContentEdit,
    ContentItem,
    Events,
    Revision,
    Variant,
)
from services.planner.content.store import ContentStore
from services.planner.directory.store import DirectoryStore
from services.planner.directory.usecases import known_client, known_pages
from services.planner.errors import UnknownReference, check_version
from services.planner.tasks import domain as task_domain
from services.planner.tasks.domain import Task, TaskKind
from services.planner.tasks.store import TaskStore
from services.planner.tasks.usecases import NewTask, PageRequired, add_task
from shared.auth import Identity
from shared.errors import N_, FieldError, InvalidRequest
from shared.events.disciplines import Discipline
from shared.handover.rows import Rows
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = [
    "APPROVING",
    "ContentRef",
    "Decision",
    "Desk",
    "NewContent",
    "NewContentTask",
    "add_content",
    "add_content_task",
    "approve",
    "edit_content",
    "move_on",
    "request_changes",
]

APPROVING = Discipline.EDITORIAL_PLAN
"""Whoever answers for the editorial plan says yes to what goes into it."""

_LEAD_TIME = timedelta(days=1)
_AT_LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands on content items work with."""

    directory: DirectoryStore
    campaigns: CampaignStore
    content: ContentStore
    calendar: PostCalendar
    tasks: TaskStore
    rows: Rows


@dataclass(frozen=True, slots=True)
class NewContent:
    client_id: str
    title: str
    text: str
    variants: tuple[Variant, ...] = ()
    campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewContentTask:
    discipline: Discipline
    title: str
    due_at: datetime
    page_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer asks for, and of which revision."""

    revision: int
    remark: str


@dataclass(frozen=True, slots=True)
class ContentRef:
    """A content item as its caller last saw it."""

    id: str
    version: int


async def add_content(
    tx: Transaction, desk: Desk, who: Identity, new: NewContent, now: datetime
) -> ContentItem:
    """Raises `UnknownReference`, and `InvalidRequest` for two variants on one page."""
    await known_client(tx, desk.directory, who, new.client_id)
    await _check_pages(tx, desk, who, new.client_id, new.variants)
    if new.campaign_id is not None:
        await known_campaign(tx, desk.campaigns, who, new.client_id, new.campaign_id)
    item, events = domain.draft(
        ContentItem(
            id=new_id(),
            client_id=new.client_id,
            title=new.title,
            revision=Revision(number=1, text=new.text, by=who.member_id, at=now),
            created_at=now,
            campaign_id=new.campaign_id,
            variants=new.variants,
        )
    )
    await desk.content.insert(tx, item)
    _emit(tx, events)
    return item


async def add_content_task(
    tx: Transaction, desk: Desk, who: Identity, content_id: str, new: NewContentTask, now: datetime
) -> Task:
    """One discipline's part in the item. Raises `NotFound`, `ContentClosed`, and as `_page_for`."""
    item = await desk.content.get(who.scope, content_id, tx)
    domain.check_open(item)
    page_id = _page_for(item, new.discipline, new.page_id)
    task = _new_task(item, new.discipline, new.title, new.due_at, page_id)
    return await add_task(tx, desk.tasks, desk.rows, task, now)


async def edit_content(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    ref: ContentRef,
    now: datetime,
    **edit: Unpack[ContentEdit],
) -> ContentItem:
    """Raises `NotFound`, `StaleVersion`, `UnknownReference`, and as `domain.edit`."""
    before = await _load(tx, desk, who, ref)
    known = {variant.page_id for variant in before.variants}
    await _check_pages(tx, desk, who, before.client_id, edit.get("variants", ()), known)
    if campaign_id := edit.get("campaign_id"):
        await known_campaign(tx, desk.campaigns, who, before.client_id, campaign_id)
    after = await _save(tx, desk, before, domain.edit(before, who.member_id, now, **edit))
    if after.revision != before.revision:
        await _drop_tasks(tx, desk, who, after, now, only=TaskKind.APPROVAL)
        await _touch_tasks(tx, desk, who, after)
    if after.campaign_id != before.campaign_id:
        await desk.tasks.refile(tx, after.id, after.campaign_id)
    return after


# From status to status. All of these raise `NotFound`, `StaleVersion` and as their domain function.


async def move_on(
    tx: Transaction, desk: Desk, who: Identity, ref: ContentRef, action: Action, now: datetime
) -> ContentItem:
    """One of `domain.PLAIN`. Withdrawing drops the item's open tasks; reopening leaves them so."""
    before = await _load(tx, desk, who, ref)
    item = await _save(tx, desk, before, domain.move_on(before, action, now))
    if action is Action.SUBMIT:
        await add_task(tx, desk.tasks, desk.rows, _approval_task(item, now), now)
    if action is Action.WITHDRAW:
        await _drop_tasks(tx, desk, who, item, now)
    return item


async def approve(
    tx: Transaction, desk: Desk, who: Identity, ref: ContentRef, revision: int, now: datetime
) -> ContentItem:
    before = await _load(tx, desk, who, ref)
    item = await _save(tx, desk, before, domain.approve(before, revision, who.member_id, now))
    await _decide_tasks(tx, desk, who, item, now)
    return item


async def request_changes(
    tx: Transaction, desk: Desk, who: Identity, ref: ContentRef, decision: Decision, now: datetime
) -> ContentItem:
    before = await _load(tx, desk, who, ref)
    change = domain.request_changes(before, decision.revision, decision.remark)
    item = await _save(tx, desk, before, change)
    await _decide_tasks(tx, desk, who, item, now)
    return item


def _emit(tx: Transaction, events: Events) -> None:
    for event in events:
        tx.emit(event)


async def _load(tx: Transaction, desk: Desk, who: Identity, ref: ContentRef) -> ContentItem:
    item = await desk.content.get(who.scope, ref.id, tx)
    check_version(ref.version, item.version)
    return item


async def _save(
    tx: Transaction, desk: Desk, before: ContentItem, change: tuple[ContentItem, Events]
) -> ContentItem:
    after, events = change
    await desk.content.save(tx, before, after)
    _emit(tx, events)
    return after


async def _check_pages(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    client_id: str,
    variants: Sequence[Variant],
    known: Collection[str] = (),
) -> None:
    """Pages in `known` may stay even if they were archived since."""
    named = {
        f"/variants/{number}/page_id": variant.page_id
        for number, variant in enumerate(variants)
        if variant.page_id not in known
    }
    if named:
        await known_pages(tx, desk.directory, who, client_id, named)


async def _decide_tasks(
    tx: Transaction, desk: Desk, who: Identity, item: ContentItem, now: datetime
) -> None:
    for task in await desk.tasks.open_of_content(who.scope, item.id, tx):
        if task.kind is TaskKind.APPROVAL:
            await desk.tasks.save(tx, task, task_domain.decide(task, who.member_id, now))


async def _drop_tasks(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    item: ContentItem,
    now: datetime,
    only: TaskKind | None = None,
) -> None:
    for task in await desk.tasks.open_of_content(who.scope, item.id, tx):
        if only is None or task.kind is only:
            await desk.tasks.save(tx, task, task_domain.drop(task, who.member_id, now))


async def _touch_tasks(tx: Transaction, desk: Desk, who: Identity, item: ContentItem) -> None:
    for task in await desk.tasks.open_of_content(who.scope, item.id, tx):
        await desk.tasks.save(tx, task, task_domain.work_on(task, who.member_id))


def _new_task(
    item: ContentItem, discipline: Discipline, title: str, due_at: datetime, page_id: str | None
) -> NewTask:
    return NewTask(
        client_id=item.client_id,
        discipline=discipline,
        title=title,
        due_at=due_at,
        page_id=page_id,
        content_id=item.id,
        campaign_id=item.campaign_id,
    )


def _page_for(item: ContentItem, discipline: Discipline, given: str | None) -> str | None:
    """The page the work belongs to: one for publishing and community; for the other disciplines
    only if the item is for one page, because otherwise they serve all its pages at once.

    Raises `PageRequired`, `UnknownReference`, `InvalidRequest`.
    """
    if given is not None and given not in {variant.page_id for variant in item.variants}:
        raise UnknownReference("/page_id", "page")
    if discipline.per_page:
        page_id = given or item.only_page
        if page_id is None:
            raise PageRequired
        return page_id
    if given not in (None, item.only_page):
        message = N_("This discipline works for all pages of the content item at once.")
        raise InvalidRequest(errors=[FieldError("/page_id", message)])
    return item.only_page


def _approval_task(item: ContentItem, now: datetime) -> NewTask:
    due_at = _approval_due(item, now)
    task = _new_task(item, APPROVING, item.title, due_at, item.only_page)
    return replace(task, kind=TaskKind.APPROVAL, revision=item.revision.number)


def _approval_due(item: ContentItem, now: datetime) -> datetime:
    """A day before the first variant goes out, or a day from now; at least an hour from now."""
    wanted = item.due_at - _LEAD_TIME if item.due_at else now + _LEAD_TIME
    return max(wanted, now + _AT_LEAST)
