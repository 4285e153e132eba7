"""A post with everything about it: text, pages and times, tasks, revisions, and its way on."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request
from starlette.responses import Response

from services.planner.callers import Reader, Writer
from services.planner.content import usecases
from services.planner.content.domain import Action, ContentItem, Variant
from services.planner.content.routes import (
    ApproveBody,
    Command,
    ContentBody,
    ContentPatch,
    ContentTaskBody,
    RequestChangesBody,
)
from services.planner.content.usecases import ContentRef, Decision, NewContentTask
from services.planner.directory.domain import Page
from services.planner.fields import Day
from services.planner.plan.days import usual_time
from services.planner.plan.forms import Form, Refused, Typed, parsed, zoned_text
from services.planner.plan.names import Names, task_rows
from services.planner.plan.pages import Plan, Planner, asked_by_htmx
from shared.auth import Identity
from shared.errors import N_, AppError, StaleVersion
from shared.outbox import Transaction
from shared.ui.ui import Toast
from shared.web import EventSourceResponse, Part, Router, ServerSentEvent, live

__all__ = ["router"]

router = Router(prefix="/content", include_in_schema=False)

_REVISIONS = 20
_SAID = {
    Action.SUBMIT: N_("Approval is asked for: {title}"),
    Action.APPROVE: N_("Approved: {title}"),
    Action.REQUEST_CHANGES: N_("Changes are asked for: {title}"),
    Action.SCHEDULE: N_("Scheduled: {title}"),
    Action.UNSCHEDULE: N_("No longer scheduled: {title}"),
    Action.MARK_PUBLISHED: N_("Recorded as published: {title}"),
    Action.WITHDRAW: N_("Withdrawn: {title}"),
    Action.REOPEN: N_("A draft again: {title}"),
}
_UNDO = {
    Action.SCHEDULE: "unschedule",
    Action.UNSCHEDULE: "schedule",
    Action.WITHDRAW: "reopen",
    Action.REOPEN: "withdraw",
}


class _Conflict(StaleVersion):
    """Raised with the form at hand: what was typed stays in it, beside what is saved now."""

    detail = N_("What you typed is still in the form below; beside it is what is saved now.")
    remedy = N_("Bring the two together and save again.")


@router.get("/new")
async def new_item(
    plan: Planner,
    who: Writer,
    client: str | None = None,
    day: Annotated[Day | None, Query(alias="date")] = None,
) -> Response:
    return await _new_page(plan, who, client, Form({}), day=day)


@router.post("")
async def add_item(plan: Planner, who: Writer, typed: Typed) -> Response:
    try:
        body = parsed(ContentBody, _new_body(typed, who))
        item = await plan.service.outbox.transaction(
            lambda tx: usecases.add_content(tx, plan.desk, who, body.new(), plan.now)
        )
    except AppError as error:
        return await _new_page(plan, who, typed.text("client_id"), typed, error)
    return plan.onward(f"/content/{item.id}")


@router.get("/{content_id}")
async def show_item(plan: Planner, who: Reader, content_id: str) -> Response:
    return await _item_page(plan, who, content_id)


async def _existing(plan: Planner, who: Reader, content_id: str) -> str:
    """Raises `NotFound` before a stream begins, when that can still be the answer."""
    return (await plan.desk.content.get(who.scope, content_id)).id


@router.get("/{content_id}/live", response_class=EventSourceResponse)
async def follow_item(
    request: Request,
    plan: Planner,
    who: Reader,
    content_id: Annotated[str, Depends(_existing)],
    revision: int,
) -> AsyncIterator[ServerSentEvent]:
    """`revision` is the one in the form: a newer one is told beside it, never put into it."""

    async def render() -> list[Part]:
        shown = await _shown(plan, who, content_id)
        return [
            Part("newer", plan.part("item_newer.html", seen=revision, **shown)),
            Part("status", plan.part("item_status.html", **shown)),
            Part("tasks", plan.part("item_tasks.html", **shown)),
            Part("revisions", plan.part("item_revisions.html", **shown)),
        ]

    async for event in live(request, ["content", "tasks", "revisions", "members"], render):
        yield event


@router.post("/{content_id}/text")
async def save_text(plan: Planner, who: Writer, content_id: str, typed: Typed) -> Response:
    """Conflicts only with another text, not with a task or status that moved on meanwhile."""
    present = await plan.desk.content.get(who.scope, content_id)
    try:
        body = parsed(ContentPatch, {"text": typed.text("text")})
        if typed.text("seen") != str(present.revision.number):
            raise _Conflict
        await _edit(plan, who, present, body)
    except AppError as error:
        return await _item_page(plan, who, content_id, "text", typed, error)
    return plan.onward(f"/content/{content_id}")


@router.post("/{content_id}/plan")
async def save_plan(plan: Planner, who: Writer, content_id: str, typed: Typed) -> Response:
    """Title, campaign, pages and times. Conflicts only with another change of these."""
    present = await plan.desk.content.get(who.scope, content_id)
    try:
        body = parsed(ContentPatch, _plan_body(typed, who, present.variants))
        if typed.text("seen") != planned(present):
            raise _Conflict
        await _edit(plan, who, present, body)
    except AppError as error:
        return await _item_page(plan, who, content_id, "plan", typed, error)
    return plan.onward(f"/content/{content_id}")


@router.post("/{content_id}/tasks")
async def add_task(plan: Planner, who: Writer, content_id: str, typed: Typed) -> Response:
    try:
        body = parsed(ContentTaskBody, _task_body(typed, who))
        new = NewContentTask(body.discipline, body.title, body.due_at, body.page_id)
        await plan.service.outbox.transaction(
            lambda tx: usecases.add_content_task(tx, plan.desk, who, content_id, new, plan.now)
        )
    except AppError as error:
        return await _item_page(plan, who, content_id, "task", typed, error)
    return plan.onward(f"/content/{content_id}#tasks")


@router.post("/{content_id}/approve")
async def approve(plan: Planner, who: Writer, content_id: str, typed: Typed) -> Response:
    body = parsed(ApproveBody, {"revision": typed.text("revision")})
    ref = ContentRef(content_id, typed.version)
    item = await plan.service.outbox.transaction(
        lambda tx: usecases.approve(tx, plan.desk, who, ref, body.revision, plan.now)
    )
    return await _answer(plan, who, item, Action.APPROVE)


@router.post("/{content_id}/request-changes")
async def request_changes(plan: Planner, who: Writer, content_id: str, typed: Typed) -> Response:
    sent = {"revision": typed.text("revision"), "remark": typed.text("remark")}
    body = parsed(RequestChangesBody, sent)
    ref, decision = ContentRef(content_id, typed.version), Decision(body.revision, body.remark)
    item = await plan.service.outbox.transaction(
        lambda tx: usecases.request_changes(tx, plan.desk, who, ref, decision, plan.now)
    )
    return await _answer(plan, who, item, Action.REQUEST_CHANGES)


@router.post("/{content_id}/{command}")
async def move_on(
    plan: Planner, who: Writer, content_id: str, command: Command, typed: Typed
) -> Response:
    action, ref = Action(command.replace("-", "_")), ContentRef(content_id, typed.version)
    item = await plan.service.outbox.transaction(
        lambda tx: usecases.move_on(tx, plan.desk, who, ref, action, plan.now)
    )
    return await _answer(plan, who, item, action)


def planned(item: ContentItem) -> str:
    """A mark of what the plan form was made from."""
    made_from = repr((item.title, item.campaign_id, item.variants))
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


async def _edit(plan: Plan, who: Identity, seen: ContentItem, body: ContentPatch) -> None:
    async def work(tx: Transaction) -> None:
        ref = ContentRef(seen.id, seen.version)
        await usecases.edit_content(tx, plan.desk, who, ref, plan.now, **body.edit())

    try:
        await plan.service.outbox.transaction(work)
    except StaleVersion:
        raise _Conflict from None


async def _answer(plan: Plan, who: Identity, item: ContentItem, action: Action) -> Response:
    """To htmx the status as it is now, with a word and, where there is one, a way back."""
    if not asked_by_htmx(plan.request):
        return plan.back(f"/content/{item.id}")
    undo = _UNDO.get(action)
    query = urlencode({"version": item.version})
    return plan.page(
        "answer.html",
        part="item_status.html",
        toast=Toast(
            plan.said(_SAID[action], title=item.title),
            undo=undo and f"/content/{item.id}/{undo}?{query}",
        ),
        **await _shown(plan, who, item.id),
    )


async def _shown(plan: Plan, who: Identity, content_id: str) -> dict[str, Any]:
    """What the item's page and its live parts show."""
    item = await plan.desk.content.get(who.scope, content_id)
    names = await plan.names(who)
    tasks = await plan.desk.tasks.of_content(who.scope, content_id)
    revisions, _ = await plan.desk.content.revisions(who.scope, content_id, None, _REVISIONS)
    return {
        "item": item,
        "names": names,
        "rows": await task_rows(plan.desk, names, who.scope, tasks),
        "revisions": revisions,
    }


async def _item_page(
    plan: Plan,
    who: Identity,
    content_id: str,
    section: str = "",
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    """`section` is the form that was refused; it shows what was typed, the others what is saved."""
    shown = await _shown(plan, who, content_id)
    item: ContentItem = shown["item"]
    return plan.page(
        "item.html",
        status=200 if error is None else error.status,
        campaigns=await plan.desk.campaigns.all(who.scope, item.client_id),
        section=section,
        typed=typed,
        refused=None if error is None else Refused.of(plan.ui, plan.request, error),
        pages=_pages_for(shown["names"], item),
        conflict=isinstance(error, StaleVersion),
        planned=planned(item),
        **shown,
    )


def _pages_for(names: Names, item: ContentItem) -> list[Page]:
    """The client's pages, and those the item is on even if they were archived since."""
    used = {variant.page_id for variant in item.variants}
    archived = [p for p in names.pages.values() if p.archived and p.id in used]
    return [*names.pages_of(item.client_id), *archived]


async def _new_page(
    plan: Plan,
    who: Identity,
    client_id: str | None,
    typed: Form,
    error: AppError | None = None,
    day: date | None = None,
) -> Response:
    """`day` is the one clicked in the calendar."""
    names = await plan.names(who)
    chosen = names.chosen(client_id)
    if day is not None and chosen is not None:
        typed = _on(day, names.pages_of(chosen.id), plan.now.astimezone(ZoneInfo(who.tz)))
    return plan.page(
        "item_new.html",
        status=200 if error is None else error.status,
        names=names,
        chosen=chosen,
        day=day,
        campaigns=[] if chosen is None else await plan.desk.campaigns.all(who.scope, chosen.id),
        typed=typed,
        refused=None if error is None else Refused.of(plan.ui, plan.request, error),
    )


def _on(day: date, pages: Sequence[Page], now: datetime) -> Form:
    """A form with the day filled in for each page; an only page is chosen."""
    at = datetime.combine(day, usual_time(day, now)).isoformat(timespec="minutes")
    chosen = {"pages": [page.id for page in pages]} if len(pages) == 1 else {}
    return Form({**chosen, **{f"at-{page.id}": [at] for page in pages}})


def _new_body(typed: Form, who: Identity) -> dict[str, Any]:
    text = {"client_id": typed.text("client_id"), "text": typed.text("text")}
    return {**text, **_plan_body(typed, who)}


def _plan_body(typed: Form, who: Identity, saved: Sequence[Variant] = ()) -> dict[str, Any]:
    zone, times = ZoneInfo(who.tz), {variant.page_id: variant.publish_at for variant in saved}

    def publish_at(page_id: str) -> str | None:
        return zoned_text(typed.text(f"at-{page_id}"), zone, times.get(page_id))

    return {
        "title": typed.text("title"),
        "campaign_id": typed.optional("campaign_id"),
        "variants": [
            {"page_id": page_id, "publish_at": publish_at(page_id)}
            for page_id in typed.every("pages")
        ],
    }


def _task_body(typed: Form, who: Identity) -> dict[str, Any]:
    return {
        "discipline": typed.text("discipline"),
        "title": typed.text("title"),
        "due_at": zoned_text(typed.text("due_at"), ZoneInfo(who.tz)),
        "page_id": typed.optional("page_id"),
    }
