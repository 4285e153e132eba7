"""How the demo's content items and tasks are written down; when things are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.events.disciplines import Discipline
from shared.events.planner import ContentStatus

__all__ = ["BERLIN", "Post", "Progress", "Task", "When", "instant"]

BERLIN = ZoneInfo("Europe/Berlin")
_WEEKDAYS = 5

When = tuple[int, str]
"""Working days from today (negative: back), and the hour in Berlin: `(2, "11:30")`."""


def instant(when: When, now: datetime) -> datetime:
    """In UTC. From a weekend, day 0 is the Friday before it, and day 1 the Monday after."""
    days, clock = when
    day = now.astimezone(BERLIN).date()
    while day.weekday() >= _WEEKDAYS:
        day -= timedelta(days=1)
    step = timedelta(days=1 if days > 0 else -1)
    for _ in range(abs(days)):
        day += step
        while day.weekday() >= _WEEKDAYS:
            day += step
    return datetime.combine(day, time.fromisoformat(clock), BERLIN).astimezone(UTC)


class Progress(StrEnum):
    TODO = "todo"
    STARTED = "in_progress"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Task:
    """`page` only where the discipline works for one page."""

    discipline: Discipline
    title: str
    due: When
    progress: Progress = Progress.TODO
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """`texts` are its revisions. `pages`: when it goes out where, if that is known. `status` is how
    far it has come; `by` wrote it."""

    client: str
    title: str
    by: str
    texts: tuple[str, ...]
    pages: tuple[tuple[str, When | None], ...]
    status: ContentStatus
    tasks: tuple[Task, ...] = ()
    campaign: bool = False
    remark: str = ""
