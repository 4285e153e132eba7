"""What a calendar file would ask for, as JSON: `/api/v1/leave-requests/calendar-preview`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import AwareDatetime, BaseModel

from services.scheduler.absences.usecases import check_may_report
from services.scheduler.calendars.file import LeftOut
from services.scheduler.calendars.offers import Calendar, read_calendar
from services.scheduler.edge import Reader, TheDesk
from services.scheduler.leave.routes import planned_member
from services.scheduler.leave.taken import Obstacle
from shared.web import Router, Served

__all__ = ["router"]

router = Router(prefix="/api/v1/leave-requests", tags=["leave"])

_ICS = {"requestBody": {"content": {"text/calendar": {"schema": {"type": "string"}}}}}


class CalendarTime(BaseModel):
    """`obstacle`: why it cannot be asked for."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    whole_days: bool
    summary: str
    obstacle: Obstacle | None


class CalendarPreview(BaseModel):
    """`more`: how many later times there are besides. `left_out`: how many events, by why."""

    times: list[CalendarTime]
    more: int
    left_out: dict[LeftOut, int]

    @classmethod
    def of(cls, calendar: Calendar) -> CalendarPreview:
        return cls(
            times=[
                CalendarTime(
                    starts_at=time.starts_at,
                    ends_at=time.ends_at,
                    whole_days=time.whole_days,
                    summary=time.summary,
                    obstacle=offer.obstacle,
                )
                for offer, time in calendar.offers
            ],
            more=calendar.file.more,
            left_out=calendar.file.left_out,
        )


@router.post("/calendar-preview", openapi_extra=_ICS)
async def preview_calendar(
    request: Request,
    who: Reader,
    desk: TheDesk,
    service: Served,
    member: Annotated[str, Query(max_length=100)],
) -> CalendarPreview:
    """The times that the events of an iCalendar file (UTF-8, up to 1 MiB) take within a year. It
    changes nothing, and nothing of it is kept; ask for the chosen ones as `times` of a request."""
    check_may_report(who, member)
    found = await planned_member(desk, who, member)
    calendar = await read_calendar(desk, found, await request.body(), service.clock())
    return CalendarPreview.of(calendar)
