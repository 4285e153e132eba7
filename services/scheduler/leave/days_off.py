"""Days on which a colleague would have to act for somebody on leave although they are off. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from services.scheduler.leave.domain import Dates
from services.scheduler.workingtime.calendar import WorkCalendar, days_between

__all__ = ["days_off"]


def days_off(
    absent: WorkCalendar, colleague: WorkCalendar, standing_in: Iterable[Dates]
) -> tuple[date, ...]:
    """Of the days on which the absent one would work while the colleague stands in, those that are
    none of the colleague's: by their pattern, or for a public holiday. In the zone of the absent
    one; what nobody would do anyway needs nobody to stand in."""
    return tuple(
        sorted({day for day in _worked(absent, standing_in) if colleague.working(day) is None})
    )


def _worked(calendar: WorkCalendar, times: Iterable[Dates]) -> Iterator[date]:
    for one in times:
        for day in days_between(one.starts_at, one.ends_at, calendar.zone):
            working = calendar.working(day)
            if (
                working is not None
                and working.starts_at < one.ends_at
                and one.starts_at < working.ends_at
            ):
                yield day
