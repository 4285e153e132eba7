"""A generation of a rota, from the wish to have one to what became of it. Pure.

    begin -> queued -> solving --> proposed --apply----> applied
                 \\______/  \\           \\____discard__> discarded
          cancel  \\_________\\___________________________> cancelled
                             \\___________________________> failed

While it is being solved, the best rota so far is kept with it: whoever cannot wait takes that one.
A replica that stops leaves it `solving`; the next one that has the lease begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from services.scheduler.rota.domain import days_from
from services.scheduler.rota.problem import Best
from shared.errors import N_, InvalidRequest, NotAllowedNow

__all__ = [
    "MOST_ATTEMPTS",
    "MOST_SHIFTS",
    "AlreadyPlanning",
    "NothingFoundYet",
    "NothingToPlan",
    "Run",
    "RunDecided",
    "RunNotProposed",
    "RunState",
    "TooMuchToPlan",
    "applied",
    "better",
    "cancelled",
    "discarded",
    "failed",
    "proposed",
    "started",
    "taken_as_it_is",
]

MOST_SHIFTS = 500
"""Of one generation: so it is applied in one transaction, whole or not at all."""

MOST_ATTEMPTS = 3
_WEEK = 7


class RunState(StrEnum):
    QUEUED = "queued"
    SOLVING = "solving"
    PROPOSED = "proposed"
    APPLIED = "applied"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def at_work(self) -> bool:
        return self in (RunState.QUEUED, RunState.SOLVING)


@dataclass(frozen=True, slots=True)
class Run:
    """`first_day` (ISO date) and the `weeks` from it are days of each group's time zone.

    `given`: by id of the shift who is to have it, None: nobody; empty: nothing was found yet.
    `seconds`: how long the search has taken, `better` how often a better rota came up. `proved`: no
    rota leaves fewer shifts open. `dropped`: shifts of it that could not be given any more when it
    was applied.
    """

    id: str
    group_ids: tuple[str, ...]
    first_day: str
    weeks: int
    by: str
    asked_at: datetime
    state: RunState = RunState.QUEUED
    attempt: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    decided_by: str | None = None
    given: Mapping[str, str | None] = field(default_factory=dict)
    seconds: float = 0.0
    better: int = 0
    proved: bool = False
    dropped: int = 0
    version: int = 1

    @property
    def days(self) -> list[date]:
        return days_from(date.fromisoformat(self.first_day), self.weeks * _WEEK)

    @property
    def open(self) -> int:
        return sum(member_id is None for member_id in self.given.values())


def started(run: Run, now: datetime) -> Run:
    """By the replica that has the lease. One that was interrupted too often has failed."""
    if run.attempt >= MOST_ATTEMPTS:
        return failed(run, now)
    return _moved(
        run,
        state=RunState.SOLVING,
        attempt=run.attempt + 1,
        started_at=now,
        given={},
        better=0,
        seconds=0.0,
    )


def better(run: Run, best: Best) -> Run:
    """A better rota has come up."""
    return _with(run, best, better=run.better + 1)


def proposed(run: Run, best: Best, now: datetime) -> Run:
    """The search is over."""
    return _with(run, best, state=RunState.PROPOSED, ended_at=now)


def taken_as_it_is(run: Run, now: datetime) -> Run:
    """The best so far is good enough. Raises `NothingFoundYet`, `RunDecided`."""
    if not run.state.at_work:
        raise RunDecided
    if not run.given:
        raise NothingFoundYet
    return _moved(run, state=RunState.PROPOSED, ended_at=now)


def failed(run: Run, now: datetime) -> Run:
    return _moved(run, state=RunState.FAILED, ended_at=now)


def cancelled(run: Run, by: str, now: datetime) -> Run:
    """Raises `RunDecided`."""
    if not run.state.at_work:
        raise RunDecided
    return _moved(run, state=RunState.CANCELLED, ended_at=now, decided_by=by)


def discarded(run: Run, by: str) -> Run:
    """Raises `RunNotProposed`."""
    _refuse_if_not_proposed(run)
    return _moved(run, state=RunState.DISCARDED, decided_by=by)


def applied(run: Run, by: str, dropped: int) -> Run:
    """Raises `RunNotProposed`."""
    _refuse_if_not_proposed(run)
    return _moved(run, state=RunState.APPLIED, decided_by=by, dropped=dropped)


def _with(run: Run, best: Best, **changes: object) -> Run:
    found = {"given": best.given, "seconds": best.seconds, "proved": best.proved}
    return _moved(run, **found, **changes)


def _moved(run: Run, **changes: object) -> Run:
    return replace(run, **changes, version=run.version + 1)  # type: ignore[arg-type]  # by name


def _refuse_if_not_proposed(run: Run) -> None:
    if run.state is not RunState.PROPOSED:
        raise RunNotProposed


class NothingToPlan(InvalidRequest):
    code = "rota_nothing_to_plan"
    title = N_("There is no shift to plan")
    detail = N_("The groups have no shifts in these weeks, or only such as are locked or past.")
    remedy = N_("Choose later weeks, or enter kinds of shift for the group.")


class TooMuchToPlan(InvalidRequest):
    code = "rota_too_much"
    title = N_("These are too many shifts at once")
    detail = N_("There are {shifts} shifts to plan; up to {most} are planned at once.")
    remedy = N_("Choose fewer weeks or fewer groups, and plan the rest afterwards.")


class AlreadyPlanning(NotAllowedNow):
    code = "rota_already_planning"
    title = N_("A rota is being made for this group already")
    detail = N_("Two at the same time would plan the same shifts.")
    remedy = N_("Wait for it, or cancel it first.")


class RunDecided(NotAllowedNow):
    code = "rota_run_decided"
    title = N_("Nothing is being worked out any more")
    detail = N_("It was finished or cancelled meanwhile.")
    remedy = N_("Look at it again.")


class NothingFoundYet(NotAllowedNow):
    code = "rota_nothing_found_yet"
    title = N_("There is nothing to take yet")
    detail = N_("No rota has been found so far.")
    remedy = N_("Wait a few seconds.")


class RunNotProposed(NotAllowedNow):
    code = "rota_run_not_proposed"
    title = N_("There is no proposal to decide on")
    detail = N_("It is not finished, or was applied or discarded already.")
    remedy = N_("Look at it again.")
