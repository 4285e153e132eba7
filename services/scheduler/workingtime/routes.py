"""Working time, public holidays and leave balances as JSON.

What is agreed with others is for those who may decide on their leave, and for nobody else.
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from services.scheduler.edge import Manager, PathId, Reader, TheDesk
from services.scheduler.workingtime.balance import Balance
from services.scheduler.workingtime.domain import (
    MOST_DAYS,
    WEEKDAYS,
    Hours,
    Pattern,
    Region,
    Terms,
    Week,
    WorkingTime,
)
from services.scheduler.workingtime.public_holidays import public_holidays
from services.scheduler.workingtime.reading import calendars, find_terms_of, leave_year
from services.scheduler.workingtime.usecases import set_terms
from shared.errors import N_, NotFound
from shared.web import IfMatch, Router, Served, StrictModel, reply

__all__ = ["TermsBody", "router"]

router = Router(prefix="/api/v1/members/{member_id}", tags=["working time"])

FIRST_YEAR, LAST_YEAR = 2000, 2100
Year = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR)]


def _minutes(at: time) -> time:
    """Wall time, to the minute."""
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError(N_("This must be a time of day, like 09:30."))
    return at


def _halves(days: float) -> float:
    if days * 2 % 1:
        raise ValueError(N_("This must be whole or half days."))
    return days


TimeOfDay = Annotated[time, AfterValidator(_minutes)]
Days = Annotated[float, Field(ge=0, le=MOST_DAYS), AfterValidator(_halves)]
Carried = Annotated[float, Field(ge=-MOST_DAYS, le=MOST_DAYS), AfterValidator(_halves)]
KeptYear = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


class HoursBody(StrictModel):
    """Local to the member. `ends` 00:00 is the end of the day."""

    starts: TimeOfDay
    ends: TimeOfDay


class WeekBody(StrictModel):
    """A day left out, or null, is off."""

    monday: HoursBody | None = None
    tuesday: HoursBody | None = None
    wednesday: HoursBody | None = None
    thursday: HoursBody | None = None
    friday: HoursBody | None = None
    saturday: HoursBody | None = None
    sunday: HoursBody | None = None

    def week(self) -> Week:
        days: list[HoursBody | None] = [getattr(self, day) for day in WEEKDAYS]
        return tuple(None if one is None else Hours(one.starts, one.ends) for one in days)

    @classmethod
    def of(cls, week: Week) -> WeekBody:
        days = {
            name: HoursBody(starts=hours.starts, ends=hours.ends)
            for name, hours in zip(WEEKDAYS, week, strict=True)
            if hours is not None
        }
        return cls(**days)


class PatternBody(StrictModel):
    """The week that holds from the day `since` until the next one; null: always so far."""

    since: date | None = None
    week: WeekBody


class RegionBody(StrictModel):
    """ISO 3166-1 alpha-2, and the part of ISO 3166-2 after the country; null: the whole country."""

    country: str
    subdivision: str | None = None

    def region(self) -> Region:
        return Region(self.country, self.subdivision)

    @classmethod
    def of(cls, region: Region) -> RegionBody:
        return cls(country=region.country, subdivision=region.subdivision)


class TermsBody(StrictModel):
    """`region` null: public holidays are the agency's. `allowance`: working days of leave a year,
    also halves; null: no balance is kept. `carried`: how many come on top in a year, below 0: are
    taken off."""

    patterns: Annotated[list[PatternBody], Field(min_length=1)]
    region: RegionBody | None = None
    allowance: Days | None = None
    carried: Annotated[dict[KeptYear, Carried], Field(default_factory=dict)]

    def terms(self) -> Terms:
        return Terms(
            patterns=tuple(Pattern(one.since, one.week.week()) for one in self.patterns),
            region=None if self.region is None else self.region.region(),
            allowance=self.allowance,
            carried=self.carried,
        )


class WorkingTimeView(TermsBody):
    """`version` 0: nothing is agreed, so the agency's usual week holds."""

    member_id: str
    version: int

    @classmethod
    def of(cls, working_time: WorkingTime) -> WorkingTimeView:
        terms = working_time.terms
        region = terms.region
        return cls(
            member_id=working_time.member_id,
            version=working_time.version,
            patterns=[
                PatternBody(since=one.since, week=WeekBody.of(one.week)) for one in terms.patterns
            ],
            region=None if region is None else RegionBody.of(region),
            allowance=terms.allowance,
            carried=dict(terms.carried),
        )


class BalanceView(BaseModel):
    """Working days. `left` is without what is `requested`. `unreadable`: so many absences are not
    counted, because the key for their kind is missing."""

    year: int
    allowance: float
    carried: float
    taken: float
    planned: float
    requested: float
    left: float
    unreadable: int

    @classmethod
    def of(cls, balance: Balance) -> BalanceView:
        return cls(**{name: getattr(balance, name) for name in cls.model_fields})


class PublicHolidayView(BaseModel):
    """`name` in the caller's language, if it is known in it."""

    day: date
    name: str


@router.get("/working-time", response_model=WorkingTimeView)
async def show_working_time(who: Reader, desk: TheDesk, member_id: PathId) -> Response:
    """Which hours the member works, where public holidays are theirs, how much leave they have."""
    await find_terms_of(desk, who, member_id)
    return _answer(await desk.working_times.get(member_id))


@router.put("/working-time", response_model=WorkingTimeView)
async def put_working_time(
    who: Manager,
    desk: TheDesk,
    service: Served,
    member_id: PathId,
    version: IfMatch,
    body: TermsBody,
) -> Response:
    """Days of leave, also those of before, are counted by it from then on. `If-Match: "0"` if
    nothing is agreed yet."""
    working_time = await service.outbox.transaction(
        lambda tx: set_terms(tx, desk, who, member_id, body.terms(), version, service.clock())
    )
    return _answer(working_time)


@router.get("/leave-balance")
async def show_leave_balance(
    who: Reader, desk: TheDesk, service: Served, member_id: PathId, year: Year | None = None
) -> BalanceView:
    """Of this year if none is given. 404 too if no balance is kept for the member."""
    member = await find_terms_of(desk, who, member_id)
    now = service.clock()
    year = year or now.astimezone(member.zone).year
    found = await leave_year(desk, member, year, now)
    if found.balance is None:
        raise NotFound
    return BalanceView.of(found.balance)


@router.get("/public-holidays")
async def list_public_holidays(
    who: Reader, desk: TheDesk, service: Served, member_id: PathId, year: Year | None = None
) -> list[PublicHolidayView]:
    """On which days the member does not work because of them; none if no region is known."""
    member = await find_terms_of(desk, who, member_id)
    calendar = (await calendars(desk, [member]))[member.id]
    year = year or service.clock().astimezone(member.zone).year
    found = public_holidays(calendar.region, year, who.lang) if calendar.region else {}
    return [PublicHolidayView(day=day, name=name) for day, name in sorted(found.items())]


def _answer(working_time: WorkingTime) -> Response:
    view = WorkingTimeView.of(working_time)
    return reply(view, version=working_time.version)
