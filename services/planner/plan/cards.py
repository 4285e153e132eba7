"""Posts as the calendar shows them: cards, in days, in weeks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.planner.content.calendar import DayPosts, Post, PostState
from services.planner.content.usecases import Desk
from services.planner.plan.days import Span
from services.planner.plan.names import Names, holding
from services.planner.tasks.domain import Task
from services.planner.team.store import Member
from shared.auth import Scope
from shared.events.planner import Platform

__all__ = ["Card", "Day", "Week", "cards_of", "in_weeks"]

_SATURDAY = 5
_DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Card:
    """A post with names. `holder` has its next open task; `gap`: nobody has one of them."""

    post: Post
    state: PostState
    client: str
    platforms: tuple[Platform, ...]
    holder: Member | None
    holding: str
    gap: bool


@dataclass(frozen=True, slots=True)
class Day:
    """`count` posts go out on it, of which `cards` are shown."""

    on: date
    today: date
    cards: Sequence[Card]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.cards)

    @property
    def past(self) -> bool:
        return self.on < self.today

    @property
    def weekend(self) -> bool:
        return self.on.weekday() >= _SATURDAY


@dataclass(frozen=True, slots=True)
class Week:
    days: Sequence[Day]

    @property
    def number(self) -> int:
        """By ISO 8601, as calendars on this side of the Atlantic count."""
        return self.days[0].on.isocalendar().week

    @property
    def finished(self) -> bool:
        return self.days[-1].past

    @property
    def present(self) -> bool:
        return any(day.on == day.today for day in self.days)


async def cards_of(
    desk: Desk, names: Names, scope: Scope, posts: Iterable[Post], now: datetime
) -> dict[str, Card]:
    """By the post's id, in the same order."""
    posts = list(posts)
    tasks = await desk.tasks.open_of_each(scope, [post.id for post in posts]) if posts else {}
    return {post.id: _card(post, tasks.get(post.id, []), names, now) for post in posts}


def in_weeks(
    days: Span,
    found: Mapping[date, DayPosts],
    cards: Mapping[str, Card],
    today: date,
    shown_of_finished: int | None,
) -> list[Week]:
    """The days with their posts, seven by seven; fewer cards in weeks that are over, if so said."""
    weeks = []
    for week in _sevens(days.days):
        shown = shown_of_finished if week[-1] < today else None
        weeks.append(Week([_day(each, today, found.get(each), cards, shown) for each in week]))
    return weeks


def _sevens(days: Sequence[date]) -> Iterator[Sequence[date]]:
    for first in range(0, len(days), _DAYS_OF_A_WEEK):
        yield days[first : first + _DAYS_OF_A_WEEK]


def _day(
    day: date,
    today: date,
    found: DayPosts | None,
    cards: Mapping[str, Card],
    shown: int | None,
) -> Day:
    posts = () if found is None else found.first[:shown]
    count = 0 if found is None else found.count
    return Day(day, today, [cards[post.id] for post in posts], count)


def _card(post: Post, tasks: Sequence[Task], names: Names, now: datetime) -> Card:
    held = next((task for task in tasks if task.holder is not None), None)
    holder = None if held is None else names.member(held.holder)
    pages = [names.pages[page_id] for page_id in post.page_ids if page_id in names.pages]
    return Card(
        post=post,
        state=post.state(now),
        client=names.client(post.client_id),
        platforms=tuple(dict.fromkeys(page.platform for page in pages)),
        holder=holder,
        holding=holding(holder, held.home if held else None),
        gap=any(task.holder is None for task in tasks),
    )
