"""Giving a post of the calendar another day: dropped on it, or by a small form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from services.planner.callers import Writer
from services.planner.content import usecases
from services.planner.content.domain import ContentItem, Variant, check_open
from services.planner.content.routes import ContentPatch
from services.planner.content.usecases import ContentRef
from services.planner.fields import Day
from services.planner.plan.calendar import CalendarQuery, Chosen, read_calendar
from services.planner.plan.days import moved, usual_time
from services.planner.plan.forms import Form, Refused, Typed, parsed
from services.planner.plan.pages import Plan, Planner, asked_by_htmx
from shared.auth import Identity
from shared.errors import N_, AppError, NotAllowedNow
from shared.outbox import Transaction
from shared.ui.ui import Toast
from shared.web import Router, StrictModel

__all__ = ["router"]

router = Router(prefix="/calendar/posts", include_in_schema=False)


class PlanBody(StrictModel):
    """Without a time the post keeps its hour, or takes the usual one."""

    day: Day
    time: dt.time | None = None


class NoPageYet(NotAllowedNow):
    code = "no_page_yet"
    title = N_("This post is for no page yet")
    detail = N_("When a post goes out is set for each page it goes out on.")
    remedy = N_("Open the post, choose its pages, then plan it.")


@router.get("/{content_id}")
async def ask_when(plan: Planner, who: Writer, content_id: str, query: Chosen) -> Response:
    """The form: alone for the dialog on the calendar, else as a page."""
    item = await plan.desk.content.get(who.scope, content_id)
    check_open(item)
    return await _form(plan, who, item, query, Form({}))


@router.post("/{content_id}")
async def plan_post(
    plan: Planner, who: Writer, content_id: str, query: Chosen, typed: Typed
) -> Response:
    present = await plan.desk.content.get(who.scope, content_id)
    try:
        body = parsed(PlanBody, {"day": typed.text("day"), "time": typed.optional("time")})
        variants = _variants(present, body, plan.now, ZoneInfo(who.tz))
        item = await _save(plan, who, ContentRef(content_id, typed.version), variants)
    except AppError as error:
        if asked_by_htmx(plan.request):
            raise
        return await _form(plan, who, present, query, typed, error)
    if not asked_by_htmx(plan.request):
        return plan.onward(f"/calendar{query.link(date=body.day.isoformat())}")
    said = plan.part("calendar_said.txt", item=item)
    toast = Toast(said, undo=None if item == present else _way_back(present, item))
    return plan.page("calendar_answer.html", toast=toast, **await read_calendar(plan, who, query))


@router.post("/{content_id}/restore")
async def restore_post(plan: Planner, who: Writer, content_id: str, typed: Typed) -> Response:
    """Gives every page the time it had; the way back from `plan_post`."""
    present = await plan.desk.content.get(who.scope, content_id)
    times = [
        {"page_id": each.page_id, "publish_at": typed.optional(f"at-{each.page_id}")}
        for each in present.variants
    ]
    before = parsed(ContentPatch, {"variants": times}).edit()["variants"]
    await _save(plan, who, ContentRef(content_id, typed.version), before)
    return plan.back("/calendar")


def _variants(
    item: ContentItem, body: PlanBody, now: dt.datetime, zone: ZoneInfo
) -> tuple[Variant, ...]:
    """Raises `NoPageYet`."""
    if not item.variants:
        raise NoPageYet
    at = body.time
    if at is None and item.due_at is None:
        at = usual_time(body.day, now.astimezone(zone))
    return moved(item.variants, body.day, at, zone)


async def _save(
    plan: Plan, who: Identity, ref: ContentRef, variants: Sequence[Variant]
) -> ContentItem:
    """Raises `StaleVersion` if somebody changed the post since it was shown."""

    async def work(tx: Transaction) -> ContentItem:
        return await usecases.edit_content(
            tx, plan.desk, who, ref, plan.now, variants=tuple(variants)
        )

    return await plan.service.outbox.transaction(work)


def _way_back(before: ContentItem, after: ContentItem) -> str:
    times = {
        f"at-{each.page_id}": each.publish_at.isoformat()
        for each in before.variants
        if each.publish_at
    }
    query = urlencode({"version": after.version, **times})
    return f"/calendar/posts/{after.id}/restore?{query}"


async def _form(
    plan: Plan,
    who: Identity,
    item: ContentItem,
    query: CalendarQuery,
    typed: Form,
    error: AppError | None = None,
) -> Response:
    context: dict[str, Any] = {
        "item": item,
        "query": query,
        "names": await plan.names(who),
        "typed": typed,
        "at": _offered(item, query, plan.now.astimezone(ZoneInfo(who.tz))),
        "refused": None if error is None else Refused.of(plan.ui, plan.request, error),
    }
    if asked_by_htmx(plan.request):
        return plan.page("calendar_dialog.html", **context)
    status = 200 if error is None else error.status
    return plan.page("calendar_plan.html", status=status, **context)


def _offered(item: ContentItem, query: CalendarQuery, now: dt.datetime) -> dt.datetime:
    """When it goes out now; else the usual time of the day that is shown."""
    if item.due_at is not None:
        return item.due_at.astimezone(now.tzinfo)
    day = max(query.date or now.date(), now.date())
    return dt.datetime.combine(day, usual_time(day, now), now.tzinfo)
