"""What leave would do, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.scheduler.coverage.person import WhyNot
from services.scheduler.leave.domain import Dates
from services.scheduler.leave.reading import GapSeen, OverloadSeen, WhatIfSeen
from services.scheduler.leave.shifts import LostShift
from services.scheduler.leave.whatif import Better
from services.scheduler.rota.rules import Hindrance
from shared.events.disciplines import Discipline

__all__ = ["TimeView", "WhatIfView"]


class TimeView(BaseModel):
    """`ends_at` is not included."""

    model_config = ConfigDict(from_attributes=True)

    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @classmethod
    def all(cls, times: Iterable[Dates]) -> list[TimeView]:
        return [cls(starts_at=one.starts_at, ends_at=one.ends_at) for one in times]


class PlaceGap(BaseModel):
    """`missing`: who else would come first, and why not them. `remedy`: the id of somebody who
    could be made a deputy and act through all of it."""

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    missing: dict[str, WhyNot]
    remedy: str | None

    @classmethod
    def of(cls, gap: GapSeen) -> PlaceGap:
        return cls(
            responsibility_id=gap.place.responsibility_id,
            client_id=gap.place.client_id,
            page_id=gap.place.page_id,
            discipline=gap.place.discipline,
            starts_at=gap.starts_at,
            ends_at=gap.ends_at,
            missing={each.member.member_id: each.why for each in gap.missing},
            remedy=None if gap.remedy is None else gap.remedy.member_id,
        )


class DayView(BaseModel):
    """The responsibilities that have nobody for a part of the day, in the member's zone."""

    day: date
    responsibilities: list[str]


class OverloadView(BaseModel):
    """`count`: responsibilities the member would act for at once; `before`: without the leave."""

    member_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    count: int
    before: int

    @classmethod
    def of(cls, overload: OverloadSeen) -> OverloadView:
        return cls(
            member_id=overload.member.member_id,
            starts_at=overload.starts_at,
            ends_at=overload.ends_at,
            count=overload.count,
            before=overload.before,
        )


class StandInView(BaseModel):
    member_id: str
    responsibilities: list[str]


class BetterView(BaseModel):
    """`gap_seconds`: what would still be uncovered, summed over responsibilities."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    times: list[TimeView]
    gap_seconds: int

    @classmethod
    def of(cls, better: Better) -> BetterView:
        return cls(
            starts_at=better.dates.starts_at,
            ends_at=better.dates.ends_at,
            times=TimeView.all(better.times),
            gap_seconds=_seconds(better.gap_time),
        )


class TrainingView(BaseModel):
    member_id: str
    discipline: Discipline
    gap_seconds: int


class DaysOffView(BaseModel):
    """The colleague stands in on these days, in the member's zone, and does not work on them."""

    member_id: str
    days: list[date]


class LostShiftView(BaseModel):
    """A shift of the rota that would be open. `able`: how many others could take it; `hindered`: of
    those who could not, how many each thing keeps from it, by rules of the rota such as `rest`."""

    shift_id: str
    group_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    able: int
    hindered: dict[Hindrance, int]

    @classmethod
    def of(cls, lost: LostShift) -> LostShiftView:
        return cls(
            shift_id=lost.shift.id,
            group_id=lost.shift.group_id,
            starts_at=lost.shift.starts_at,
            ends_at=lost.shift.ends_at,
            able=lost.able,
            hindered=dict(lost.hindered),
        )


class WhatIfView(BaseModel):
    """`hidden`: how many more responsibilities would have gaps, at clients the caller does not
    see. `better`: other dates that leave less uncovered, null if there are none. `working_days`:
    how many of the member's the leave takes, by halves; null for who may not read what is agreed
    with them."""

    member_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    times: list[TimeView]
    covered: bool
    gaps: list[PlaceGap]
    hidden: int
    days: list[DayView]
    overloads: list[OverloadView]
    most_at_once: int
    stand_ins: list[StandInView]
    better: BetterView | None
    trainings: list[TrainingView]
    working_days: float | None
    days_off: list[DaysOffView]
    shifts: list[LostShiftView]
    hidden_shifts: int

    @classmethod
    def of(cls, seen: WhatIfSeen, zone: ZoneInfo) -> WhatIfView:
        return cls(
            member_id=seen.member.member_id,
            starts_at=seen.starts_at,
            ends_at=seen.ends_at,
            times=TimeView.all(seen.times),
            covered=seen.covered,
            gaps=[PlaceGap.of(one) for one in seen.gaps],
            hidden=seen.hidden,
            days=[
                DayView(day=date.fromisoformat(day), responsibilities=ids)
                for day, ids in seen.day_by_day(zone)
            ],
            overloads=[OverloadView.of(one) for one in seen.overloads],
            most_at_once=seen.most,
            stand_ins=[
                StandInView(
                    member_id=one.member.member_id,
                    responsibilities=[each.responsibility_id for each in one.places],
                )
                for one in seen.stand_ins
            ],
            better=None if seen.better is None else BetterView.of(seen.better),
            trainings=[
                TrainingView(
                    member_id=one.member.member_id,
                    discipline=one.discipline,
                    gap_seconds=_seconds(one.gap_time),
                )
                for one in seen.trainings
            ],
            working_days=seen.working_days,
            days_off=[
                DaysOffView(member_id=one.member.member_id, days=list(one.days))
                for one in seen.days_off
            ],
            shifts=[LostShiftView.of(one) for one in seen.shifts],
            hidden_shifts=seen.hidden_shifts,
        )


def _seconds(time: timedelta) -> int:
    return round(time.total_seconds())
