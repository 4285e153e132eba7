"""How what is due is grouped for the eye: overdue, today, this week, later. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

__all__ = ["DueGroup", "group_of"]


class DueGroup(StrEnum):
    OVERDUE = "overdue"
    EARLIER = "earlier"
    TODAY = "today"
    THIS_WEEK = "this_week"
    LATER = "later"


def group_of(due_at: datetime, now: datetime, zone: ZoneInfo, *, is_open: bool) -> DueGroup:
    """Days are those of `zone`; a week ends with Sunday. What is closed is never overdue."""
    if is_open and due_at < now:
        return DueGroup.OVERDUE
    day, today = due_at.astimezone(zone).date(), now.astimezone(zone).date()
    if day < today:
        return DueGroup.EARLIER
    if day == today:
        return DueGroup.TODAY
    sunday = today + timedelta(days=6 - today.weekday())
    return DueGroup.THIS_WEEK if day <= sunday else DueGroup.LATER
