"""How much leave somebody has in a year, has had, and has asked for. Pure.

Counted in working days of the member's own pattern without public holidays, by halves (see
`WorkCalendar.days_away`), as § 3 and § 5 of the German Federal Leave Act count working days and
halves; what counts as leave is an absence of the kind "holiday".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.scheduler.coverage.person import Stretch
from services.scheduler.workingtime.calendar import WorkCalendar

__all__ = ["Balance", "balance"]


@dataclass(frozen=True, slots=True)
class Balance:
    """In working days. `taken` lie before today, `planned` are approved from today on, `requested`
    wait for a decision. `unreadable`: so many absences are not counted because their kind cannot be
    read."""

    year: int
    allowance: float
    carried: float
    taken: float
    planned: float
    requested: float
    unreadable: int = 0

    @property
    def left(self) -> float:
        """If nothing of what is requested is approved; below 0: too much was approved."""
        return self.allowance + self.carried - self.taken - self.planned

    @property
    def left_then(self) -> float:
        """If all of it is."""
        return self.left - self.requested


def balance(
    calendar: WorkCalendar,
    year: int,
    today: date,
    *,
    leave: Iterable[Stretch],
    requested: Iterable[Stretch],
    unreadable: int = 0,
) -> Balance | None:
    """`leave`: absences that count; `requested`: what is undecided. A day that is in both counts as
    leave. None: no balance is kept."""
    terms = calendar.working_time.terms
    if terms.allowance is None:
        return None
    first, last = date(year, 1, 1), date(year, 12, 31)
    approved = list(leave)
    fixed = calendar.days_away(approved, first, last)
    both = calendar.days_away([*approved, *requested], first, last)
    return Balance(
        year=year,
        allowance=terms.allowance,
        carried=terms.carried.get(year, 0.0),
        taken=sum(share for day, share in fixed.items() if day < today),
        planned=sum(share for day, share in fixed.items() if day >= today),
        requested=sum(both.values()) - sum(fixed.values()),
        unreadable=unreadable,
    )
