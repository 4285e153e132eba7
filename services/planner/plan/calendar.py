"""The plan as a calendar: the posts of a month, a week or a day, and those without a day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import Response

from services.planner.callers import Reader
from services.planner.content.calendar import CalendarFilter, Post, PostState
from services.planner.fields import Day
from services.planner.plan.cards import Card, cards_of, in_weeks
from services.planner.plan.days import Span, View, beside, span
from services.planner.plan.due import first_steps
from services.planner.plan.names import Names
from services.planner.plan.pages import Plan, Planner
from services.planner.tasks.routes import ME, NOBODY
from services.planner.tasks.store import TaskFilter
from shared.auth import Identity
from shared.web import EventSourceResponse, Part, Router, ServerSentEvent, live

__all__ = ["CalendarQuery", "Chosen", "read_calendar", "router"]

router = Router(prefix="/calendar", include_in_schema=False)

_OF_A_DAY = {View.MONTH: 4, View.WEEK: 24, View.DAY: 60}
_OF_A_FINISHED_DAY = 2
_UNDATED = 12
_FOLLOWED = ["content", "tasks", "members", "clients", "pages"]


class CalendarQuery(BaseModel):
    """What is shown, as the calendar's address carries it; an empty filter filters nothing."""

    model_config = ConfigDict(frozen=True)

    view: View = View.MONTH
    date: Day | None = Field(None, description="A day of the month or week; without, today")
    client: str | None = None
    page: str | None = None
    campaign: str | None = None
    who: str | None = Field(None, description=f"A member's id, `{ME}` or `{NOBODY}`")
    status: tuple[PostState, ...] = ()
    cursor: str | None = Field(None, description="In a day's posts")
    undated: str | None = Field(None, description="A cursor in the posts without a day")

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value

    @property
    def filtered(self) -> bool:
        return any((self.client, self.page, self.campaign, self.who, self.status))

    def wanted(self, among: frozenset[str] | None) -> CalendarFilter:
        return CalendarFilter(
            client_id=self.client,
            page_id=self.page,
            campaign_id=self.campaign,
            among=among,
            states=frozenset(self.status),
        )

    def link(self, **changes: Any) -> str:
        """The same calendar with changes, its lists from the beginning unless a cursor is given."""
        said = self.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "undated"})
        query = {name: value for name, value in (said | changes).items() if value}
        return f"?{urlencode(query, doseq=True)}" if query else ""

    def toggled(self, state: PostState) -> str:
        """The link that takes a state into the filter, or out of it again."""
        chosen = [each.value for each in self.status]
        others = [each for each in chosen if each != state]
        return self.link(status=others if state in chosen else [*chosen, state.value])


Chosen = Annotated[CalendarQuery, Query()]


@dataclass(frozen=True, slots=True)
class Legend:
    """A state, how many posts are in it, and whether it is chosen; `link` changes that."""

    state: PostState
    count: int
    chosen: bool
    link: str


@router.get("")
async def show_calendar(plan: Planner, who: Reader, query: Chosen) -> Response:
    shown = await read_calendar(plan, who, query)
    return plan.page(
        "calendar.html",
        wide=True,
        campaigns=await plan.desk.campaigns.all(who.scope, query.client),
        steps=None if shown["names"].clients else await first_steps(plan, who, shown["names"]),
        **shown,
    )


@router.get("/live", response_class=EventSourceResponse)
async def follow_calendar(
    request: Request, plan: Planner, who: Reader, query: Chosen
) -> AsyncIterator[ServerSentEvent]:
    async def render() -> list[Part]:
        shown = await read_calendar(plan, who, query)
        return [
            Part("calendar", plan.part("calendar_days.html", **shown)),
            Part("legend", plan.part("calendar_legend.html", **shown)),
            Part("undated", plan.part("calendar_undated.html", **shown)),
        ]

    async for event in live(request, _FOLLOWED, render):
        yield event


async def read_calendar(plan: Plan, who: Identity, query: CalendarQuery) -> dict[str, Any]:
    """What the calendar's page and its live parts show. Raises `InvalidRequest` for a cursor of
    another list."""
    zone = ZoneInfo(who.tz)
    today = plan.now.astimezone(zone).date()
    day = query.date or today
    days = span(query.view, day, zone)
    names = await plan.names(who)
    wanted = query.wanted(await _among(plan, who, query))
    found = await _found(plan, who, query, wanted, days, names)
    counts = await plan.desk.calendar.states(
        who.scope, wanted, days.limits[0], days.limits[-1], plan.now
    )
    undated = await plan.desk.calendar.undated(who.scope, wanted, query.undated, _UNDATED)
    return {
        **found,
        "query": query,
        "names": names,
        "today": today,
        "day": day,
        "days": days,
        "before": beside(query.view, day, -1),
        "after": beside(query.view, day, 1),
        "legend": _legend(query, counts),
        "total": sum(counts.get(state, 0) for state in _shown_states(query)),
        "undated": await _cards(plan, who, names, undated.items),
        "undated_next": undated.next_cursor,
        "undated_count": await plan.desk.calendar.count_undated(who.scope, wanted),
    }


async def _found(
    plan: Plan,
    who: Identity,
    query: CalendarQuery,
    wanted: CalendarFilter,
    days: Span,
    names: Names,
) -> dict[str, Any]:
    """The posts of a day, from the cursor on; or of each day of a week or month the first."""
    calendar, shown = plan.desk.calendar, _OF_A_DAY[query.view]
    if query.view is View.DAY:
        limits = (days.limits[0], days.limits[-1])
        found = await calendar.slice(who.scope, wanted, limits, plan.now, query.cursor, shown)
        cards = await _cards(plan, who, names, found.items)
        return {"weeks": [], "cards": cards, "next_cursor": found.next_cursor}
    by_limit = await calendar.days(who.scope, wanted, days.limits, plan.now, shown)
    posts = [post for each in by_limit.values() for post in each.first]
    cards_by_id = await cards_of(plan.desk, names, who.scope, posts, plan.now)
    by_day = {day: by_limit[at] for at, day in days.day_by_limit().items() if at in by_limit}
    today = plan.now.astimezone(days.zone).date()
    few = _OF_A_FINISHED_DAY if query.view is View.MONTH else None
    weeks = in_weeks(days, by_day, cards_by_id, today, few)
    return {"weeks": weeks, "cards": [], "next_cursor": None}


async def _cards(plan: Plan, who: Identity, names: Names, posts: Iterable[Post]) -> list[Card]:
    return [*(await cards_of(plan.desk, names, who.scope, posts, plan.now)).values()]


async def _among(plan: Plan, who: Identity, query: CalendarQuery) -> frozenset[str] | None:
    """The content items with an open task that the one asked for has, or nobody; None: all."""
    if query.who is None:
        return None
    holder = who.member_id if query.who == ME else query.who
    wanted = TaskFilter(holder=holder, uncovered=query.who == NOBODY, open=True)
    return await plan.desk.tasks.content_ids(who.scope, wanted)


def _shown_states(query: CalendarQuery) -> list[PostState]:
    every: list[PostState] = [state for state in PostState if state is not PostState.WITHDRAWN]
    return [*query.status] or every


def _legend(query: CalendarQuery, counts: Mapping[PostState, int]) -> list[Legend]:
    """Every state that a post can be in on its way; the others if there are such posts."""
    rare = (PostState.OVERDUE, PostState.WITHDRAWN)
    return [
        Legend(state, counts.get(state, 0), state in query.status, query.toggled(state))
        for state in PostState
        if counts.get(state) or state in query.status or state not in rare
    ]
