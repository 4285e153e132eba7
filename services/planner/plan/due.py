"""The plan's first page, what is due and who has it; and the tasks on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import groupby
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import Response

from services.planner.callers import Reader
from services.planner.plan.grouping import DueGroup, group_of
from services.planner.plan.names import Names, TaskRow, task_rows
from services.planner.plan.pages import Plan, Planner
from services.planner.tasks.domain import TaskStatus
from services.planner.tasks.routes import ME, NOBODY
from services.planner.tasks.store import TaskFilter
from shared.auth import Identity
from shared.errors import N_
from shared.events.disciplines import Discipline
from shared.web import EventSourceResponse, Part, Router, ServerSentEvent, live

__all__ = ["DueQuery", "first_steps", "router"]

router = Router(include_in_schema=False)

GROUPS = {
    DueGroup.OVERDUE: N_("Overdue"),
    DueGroup.EARLIER: N_("Earlier"),
    DueGroup.TODAY: N_("Today"),
    DueGroup.THIS_WEEK: N_("This week"),
    DueGroup.LATER: N_("Later"),
}
_SHOWN = 50


class DueQuery(BaseModel):
    """The filters of the list, as its address carries them; an empty one filters nothing."""

    model_config = ConfigDict(frozen=True)

    client: str | None = None
    page: str | None = None
    campaign: str | None = None
    who: str | None = Field(None, description=f"A member's id, `{ME}` or `{NOBODY}`")
    discipline: Discipline | None = None
    status: Literal["open", "in_progress", "done", "dropped"] = "open"
    late: bool = False
    cursor: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value

    def wanted(self, plan: Plan, who: Identity) -> TaskFilter:
        statuses = frozenset() if self.status == "open" else frozenset({TaskStatus(self.status)})
        return TaskFilter(
            client_id=self.client,
            page_id=self.page,
            campaign_id=self.campaign,
            holder=who.member_id if self.who == ME else self.who,
            uncovered=self.who == NOBODY,
            discipline=self.discipline,
            open=True if self.status == "open" else None,
            statuses=statuses,
            due_to=plan.now if self.late else None,
        )

    def link(self, **changes: Any) -> str:
        """The list's path with other filters; from the beginning unless a cursor is given."""
        chosen = self.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"}) | changes
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"?{query}" if query else ""


Chosen = Annotated[DueQuery, Query()]


@router.get("/")
async def show_due(plan: Planner, who: Reader, query: Chosen) -> Response:
    names = await plan.names(who)
    return plan.page(
        "due.html",
        query=query,
        names=names,
        **await _due(plan, who, query, names),
    )


@router.get("/due/live", response_class=EventSourceResponse)
async def follow_due(
    request: Request, plan: Planner, who: Reader, query: Chosen
) -> AsyncIterator[ServerSentEvent]:
    async def render() -> list[Part]:
        names = await plan.names(who)
        shown = await _due(plan, who, query, names)
        return [Part("due", plan.part("due_live.html", query=query, names=names, **shown))]

    async for event in live(request, ["tasks", "content", "members", "clients", "pages"], render):
        yield event


async def _due(plan: Plan, who: Identity, query: DueQuery, names: Names) -> dict[str, Any]:
    """What the list shows, in groups, and the figures that stand over it."""
    wanted = query.wanted(plan, who)
    found = await plan.desk.tasks.slice(who.scope, wanted, query.cursor, _SHOWN)
    rows = await task_rows(plan.desk, names, who.scope, found.items)
    still_open = replace(wanted, statuses=frozenset(), open=True)
    overdue = replace(still_open, due_to=plan.now)
    uncovered = replace(still_open, holder=None, uncovered=True, due_to=None)
    return {
        "groups": _groups(plan, who, rows),
        "next_cursor": found.next_cursor,
        "total": await plan.desk.tasks.count(who.scope, wanted),
        "overdue": await plan.desk.tasks.count(who.scope, overdue),
        "uncovered": await plan.desk.tasks.count(who.scope, uncovered),
        "steps": None if rows or query != DueQuery() else await first_steps(plan, who, names),
    }


def _groups(plan: Plan, who: Identity, rows: list[TaskRow]) -> list[tuple[str, str, list[TaskRow]]]:
    """(group, its title, rows); the rows come by due time, so each group comes once."""
    zone, now = ZoneInfo(who.tz), plan.now

    def group(row: TaskRow) -> DueGroup:
        return group_of(row.task.due_at, now, zone, is_open=row.task.open)

    return [(key, plan.said(GROUPS[key]), list(found)) for key, found in groupby(rows, group)]


async def first_steps(plan: Plan, who: Identity, names: Names) -> dict[str, bool]:
    """What has been done of what a new agency does first; empty once there is any task."""
    if await plan.desk.tasks.count(who.scope, TaskFilter()):
        return {}
    return {
        "client": bool(names.clients),
        "page": bool(names.pages),
        "content": await plan.desk.content.any(who.scope),
        "task": False,
    }
