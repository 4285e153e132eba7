"""What of a calendar file could be asked for as leave. Nothing of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.scheduler.calendars.file import CalendarFile, Time
from services.scheduler.desk import Desk
from services.scheduler.leave.domain import Dates, merged, whole
from services.scheduler.leave.taken import Offer, read_taken
from services.scheduler.members.domain import Member

__all__ = ["Calendar", "read_calendar"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """`offers`: each time of the `file`, and what keeps it from being asked for."""

    file: CalendarFile
    offers: tuple[tuple[Offer, Time], ...] = ()


async def read_calendar(desk: Desk, member: Member, data: bytes, now: datetime) -> Calendar:
    """Of somebody for whom the caller may ask for leave. Raises `CalendarUnreadable`."""
    file = await desk.calendars.read(data, member.zone, now)
    if not file.times:
        return Calendar(file)
    times = [(Dates(one.starts_at, one.ends_at), one) for one in file.times]
    taken = await read_taken(desk, member.id, whole(merged(dates for dates, _ in times)))
    return Calendar(file, tuple((taken.offer(dates, now), one) for dates, one in times))
