"""What keeps a time from being asked for: it is over, too long, or taken already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.scheduler.absences.domain import Absence
from services.scheduler.absences.period import EndsNow
from services.scheduler.absences.store import Window
from services.scheduler.coverage.person import Stretch
from services.scheduler.desk import Desk
from services.scheduler.leave.asked import Asked
from services.scheduler.leave.domain import (
    LONGEST,
    AwayAnyway,
    Dates,
    LeaveAskedFor,
    LeaveTooLong,
    whole,
)
from services.scheduler.members.domain import Member
from shared.errors import AppError, FieldError
from shared.mongo import Session

__all__ = ["Obstacle", "Offer", "Taken", "free", "read_offers", "read_taken"]


class Obstacle(StrEnum):
    PAST = "past"
    TOO_LONG = "too_long"
    ASKED_FOR = "asked_for"
    AWAY = "away"


_REFUSALS: dict[Obstacle, type[AppError]] = {
    Obstacle.PAST: EndsNow,
    Obstacle.TOO_LONG: LeaveTooLong,
    Obstacle.ASKED_FOR: LeaveAskedFor,
    Obstacle.AWAY: AwayAnyway,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A time that could be asked for; `obstacle`: why it cannot."""

    dates: Dates
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """Of a member's time: `asked` for and not decided, and `away`."""

    asked: tuple[Dates, ...] = ()
    away: tuple[Stretch, ...] = ()

    def offer(self, dates: Dates, now: datetime) -> Offer:
        return Offer(dates, self._obstacle(dates, now))

    def _obstacle(self, dates: Dates, now: datetime) -> Obstacle | None:
        """Who is away for a part of it may ask for all of it."""
        if dates.ends_at <= now:
            return Obstacle.PAST
        if dates.ends_at - dates.starts_at > LONGEST:
            return Obstacle.TOO_LONG
        if any(dates.overlaps(one.stretch) for one in self.asked):
            return Obstacle.ASKED_FOR
        if any(dates.lie_within(one) for one in self.away):
            return Obstacle.AWAY
        return None


def free(offers: Sequence[Offer], *, leaving_out: bool) -> tuple[Dates, ...]:
    """The times that can be asked for; `leaving_out`: without the others, as long as there are
    any. Raises `EndsNow`, `LeaveTooLong`, `LeaveAskedFor` or `AwayAnyway`, for the first of
    several times that cannot."""
    found = tuple(one.dates for one in offers if one.obstacle is None)
    if len(found) == len(offers) or (leaving_out and found):
        return found
    index, refused = next((n, one.obstacle) for n, one in enumerate(offers) if one.obstacle)
    refusal = _REFUSALS[refused]
    if len(offers) == 1:
        raise refusal
    raise refusal(errors=[FieldError(f"/times/{index}", refusal.title)])


async def read_offers(
    desk: Desk,
    member: Member,
    asked: Asked,
    now: datetime,
    session: Session | None = None,
    *,
    but: str = "",
) -> list[Offer]:
    """One or more. `but`: the id of a request that does not count, because it is the one to change.
    Raises what `Asked.times` raises."""
    times = asked.times(member.zone)
    taken = await read_taken(desk, member.id, whole(times), session, but=but)
    return [taken.offer(one, now) for one in times]


async def read_taken(
    desk: Desk, member_id: str, span: Dates, session: Session | None = None, *, but: str = ""
) -> Taken:
    asked = await desk.leave.undecided(member_id, span, session)
    window = Window(span.starts_at, span.ends_at)
    away: list[Absence] = await desk.absences.within([member_id], window, session)
    return Taken(
        tuple(dates for one in asked if one.id != but for dates in one.times),
        tuple(one.stretch for one in away),
    )
