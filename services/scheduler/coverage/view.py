"""What the coverage board shows, ready for its template (`shared/ui/templates/board.html`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.scheduler.coverage.person import WhyNot
from services.scheduler.members.view import Face
from shared.events.disciplines import Discipline
from shared.events.planner import Platform
from shared.events.scheduler import ActsAs
from shared.ui.board import DayAxis

__all__ = [
    "AwayStretch",
    "Board",
    "BoardRow",
    "ClientRows",
    "Passed",
    "Stretch",
]


@dataclass(frozen=True, slots=True)
class Passed:
    """Somebody who would have come first, and why it is not them."""

    member: Face
    why: WhyNot


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one instant to another somebody acts, or nobody does (`member` None, a gap)."""

    starts_at: datetime
    ends_at: datetime
    member: Face | None
    acts_as: ActsAs
    passed: tuple[Passed, ...]

    @property
    def all_away(self) -> bool:
        """Of a gap: whoever would be qualified is away."""
        whys = {one.why for one in self.passed}
        return WhyNot.AWAY in whys and whys <= {WhyNot.AWAY, WhyNot.UNQUALIFIED}

    @property
    def no_account(self) -> bool:
        """Of a gap: somebody has no account on the page."""
        return any(one.why is WhyNot.NO_ACCOUNT for one in self.passed)


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One responsibility; `now` is who acts at this moment, be it on the board or not.

    `page` is the page's name. `away`: ids of owner and deputies who are away now. `marked`:
    somebody else than the owner acts now, or nobody.
    """

    id: str
    client_id: str
    page_id: str | None
    page: str | None
    platform: Platform | None
    discipline: Discipline
    owner: Face
    deputies: tuple[Face, ...]
    away: tuple[str, ...]
    marked: bool
    now: Stretch
    stretches: tuple[Stretch, ...]
    version: int

    @property
    def gaps(self) -> tuple[Stretch, ...]:
        return tuple(one for one in self.stretches if one.acts_as is ActsAs.GAP)


@dataclass(frozen=True, slots=True)
class ClientRows:
    """`gaps`: how many of the rows have a gap on the board; `gaps_now`: how many have one now."""

    id: str
    name: str
    rows: tuple[BoardRow, ...]
    gaps: int
    gaps_now: int


@dataclass(frozen=True, slots=True)
class AwayStretch:
    """Who is away when, never why; `ends_at` None is until further notice."""

    absence_id: str
    member: Face
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """`days` days from `first` in `time_zone`, which is from `starts_at` up to `ends_at`."""

    first: date
    days: int
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    now: datetime
    absences: tuple[AwayStretch, ...]
    clients: tuple[ClientRows, ...]

    @property
    def axis(self) -> DayAxis:
        return DayAxis(self.first, self.days, ZoneInfo(self.time_zone), self.now)
