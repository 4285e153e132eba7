"""Working days and balances of members, for whoever may know them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.scheduler.absences.domain import Absence, Kind
from services.scheduler.absences.store import Window
from services.scheduler.coverage.person import Stretch
from services.scheduler.desk import Desk
from services.scheduler.leave.domain import Dates
from services.scheduler.members.domain import Member
from services.scheduler.workingtime.balance import Balance, balance
from services.scheduler.workingtime.calendar import WorkCalendar
from shared.auth import Identity, Permission
from shared.errors import NotFound

__all__ = ["LeaveYear", "balances", "calendars", "find_terms_of", "leave_year", "may_read_terms"]

_AROUND = timedelta(days=1)
_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """An absence that counts as leave, and the working days of the year that it takes."""

    absence: Absence
    days: float


@dataclass(frozen=True, slots=True)
class LeaveYear:
    """`balance` None: none is kept."""

    balance: Balance | None
    taken: Sequence[Taken]


def may_read_terms(who: Identity, member_id: str) -> bool:
    """What is agreed with a member whom the caller sees: of others, only who decides on leave."""
    return who.member_id == member_id or who.may(Permission.LEAVE_DECIDE)


async def find_terms_of(desk: Desk, who: Identity, member_id: str) -> Member:
    """The member, for whoever may read what is agreed with them: they themselves and who decides on
    their leave. Raises `NotFound`."""
    if who.member_id == member_id:
        member = await desk.members.get(member_id)
    elif who.may(Permission.LEAVE_DECIDE):
        member = await desk.members.find(who.scope, member_id)
    else:
        member = None
    if member is None:
        raise NotFound
    return member


async def calendars(desk: Desk, members: Iterable[Member]) -> dict[str, WorkCalendar]:
    by_id = {one.id: one for one in members}
    found = await desk.working_times.load(by_id)
    return {
        id: WorkCalendar(one, by_id[id].zone, one.terms.region or desk.home)
        for id, one in found.items()
    }


async def balances(
    desk: Desk, member: Member, also: Sequence[Stretch], now: datetime
) -> list[Balance]:
    """Of the years that the absences begin or end in, as if they were asked for as leave, unless
    they are over; for whoever `find_terms_of` lets read it."""
    also = [one for one in also if one.ends_at is None or one.ends_at > now]
    edges = [one.starts_at for one in also]
    edges += [one.ends_at - _MOMENT for one in also if one.ends_at is not None]
    years = sorted({at.astimezone(member.zone).year for at in edges})
    found = [await leave_year(desk, member, year, now, also=also) for year in years]
    return [one.balance for one in found if one.balance is not None]


async def leave_year(
    desk: Desk, member: Member, year: int, now: datetime, *, also: Iterable[Stretch] = ()
) -> LeaveYear:
    """For whoever `find_terms_of` lets read it. `also`: as if this were asked for."""
    calendar = (await calendars(desk, [member]))[member.id]
    start = datetime.combine(date(year, 1, 1), time(), UTC) - _AROUND
    end = datetime.combine(date(year + 1, 1, 1), time(), UTC) + _AROUND
    absences = await desk.absences.within([member.id], Window(start, end))
    kinds = await desk.absences.reasons.kinds(one.id for one in absences)
    requests = await desk.leave.undecided(member.id, Dates(start, end))
    asked = await desk.leave.reasons.kinds(one.id for one in requests)
    leave = [one for one in absences if kinds.get(one.id) is Kind.HOLIDAY]
    first, last = date(year, 1, 1), date(year, 12, 31)
    taken = [
        Taken(one, sum(calendar.days_away([one.stretch], first, last).values())) for one in leave
    ]
    return LeaveYear(
        balance(
            calendar,
            year,
            now.astimezone(member.zone).date(),
            leave=[one.stretch for one in leave],
            requested=[
                *also,
                *(
                    time.stretch
                    for one in requests
                    if asked.get(one.id) is Kind.HOLIDAY
                    for time in one.times
                    if time.ends_at > now  # what is over cannot be approved any more
                ),
            ],
            unreadable=sum(one.id not in kinds for one in absences),
        ),
        [one for one in taken if one.days],
    )
