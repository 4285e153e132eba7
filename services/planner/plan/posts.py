"""The posts, by the time they go out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.responses import Response

from services.planner.callers import Reader
from services.planner.content.domain import ContentItem
from services.planner.content.store import ContentFilter
from services.planner.plan.names import Names, TaskRow, task_rows
from services.planner.plan.pages import Plan, Planner
from shared.auth import Identity
from shared.events.planner import ContentStatus
from shared.web import EventSourceResponse, Part, Router, ServerSentEvent, live

__all__ = ["PostQuery", "router"]

router = Router(prefix="/content", include_in_schema=False)

_SHOWN = 50


class PostQuery(BaseModel):
    """The filters of the list, as its address carries them; an empty one filters nothing."""

    model_config = ConfigDict(frozen=True)

    client: str | None = None
    page: str | None = None
    campaign: str | None = None
    status: ContentStatus | None = None
    past: bool = False
    cursor: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value

    def wanted(self, morning: datetime) -> ContentFilter:
        """From this morning on, with what has no time yet; or what was before, if asked for."""
        return ContentFilter(
            client_id=self.client,
            page_id=self.page,
            campaign_id=self.campaign,
            statuses=frozenset() if self.status is None else frozenset({self.status}),
            due_from=None if self.past else morning,
            due_to=morning if self.past else None,
            or_undated=not self.past,
        )

    def link(self, **changes: Any) -> str:
        """The list's path with other filters; from the beginning unless a cursor is given."""
        chosen = self.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"}) | changes
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"?{query}" if query else ""


Chosen = Annotated[PostQuery, Query()]


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with names, and whoever has something to do for it."""

    item: ContentItem
    client: str
    tasks: list[TaskRow]


@router.get("")
async def show_posts(plan: Planner, who: Reader, query: Chosen) -> Response:
    names = await plan.names(who)
    return plan.page(
        "posts.html",
        query=query,
        names=names,
        campaigns=await plan.desk.campaigns.all(who.scope, query.client),
        **await _posts(plan, who, query, names),
    )


@router.get("/live", response_class=EventSourceResponse)
async def follow_posts(
    request: Request, plan: Planner, who: Reader, query: Chosen
) -> AsyncIterator[ServerSentEvent]:
    async def render() -> list[Part]:
        names = await plan.names(who)
        shown = await _posts(plan, who, query, names)
        return [Part("posts", plan.part("post_list.html", query=query, names=names, **shown))]

    async for event in live(request, ["content", "tasks", "members", "clients", "pages"], render):
        yield event


async def _posts(plan: Plan, who: Identity, query: PostQuery, names: Names) -> dict[str, Any]:
    zone = ZoneInfo(who.tz)
    morning = datetime.combine(plan.now.astimezone(zone).date(), time(), zone)
    found = await plan.desk.content.slice(
        who.scope, query.wanted(morning), query.cursor, _SHOWN, latest_first=query.past
    )
    tasks = await plan.desk.tasks.open_of_each(who.scope, [item.id for item in found.items])
    rows = [
        PostRow(
            item,
            names.client(item.client_id),
            await task_rows(plan.desk, names, who.scope, tasks.get(item.id, [])),
        )
        for item in found.items
    ]
    return {"days": _by_day(rows, zone), "next_cursor": found.next_cursor}


def _by_day(rows: list[PostRow], zone: ZoneInfo) -> list[tuple[date | None, list[PostRow]]]:
    """Rows come by time, so each day comes once; undated ones are under None."""

    def day(row: PostRow) -> date | None:
        return None if row.item.due_at is None else row.item.due_at.astimezone(zone).date()

    return [(key, list(found)) for key, found in groupby(rows, day)]
