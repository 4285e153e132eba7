"""What is told of a request for leave: to leads that it waits for them, to the member what others
did with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.events.scheduler import LeaveChanged, LeaveStep

__all__ = ["LeaveNews", "LeaveRequest", "holds", "news_of", "request_of"]


@dataclass(frozen=True, slots=True)
class LeaveRequest:
    """As it was at `version`: a member wants to be away from `starts_at` up to `ends_at`, or
    `count` times within that."""

    leave_id: str
    member_id: str
    starts_at: datetime
    ends_at: datetime
    version: int
    count: int = 1

    @property
    def id(self) -> str:
        """Each version is told once."""
        return f"{self.leave_id}:{self.version}"


@dataclass(frozen=True, slots=True)
class LeaveNews:
    """What made that version, and the member who did it."""

    step: LeaveStep
    by: str

    @property
    def open(self) -> bool:
        """Somebody still has to decide."""
        return self.step in (LeaveStep.REQUESTED, LeaveStep.CHANGED)


def request_of(event: LeaveChanged) -> LeaveRequest:
    return LeaveRequest(
        event.leave_id, event.member_id, event.starts_at, event.ends_at, event.version, event.count
    )


def news_of(event: LeaveChanged) -> LeaveNews:
    return LeaveNews(event.step, event.by)


def holds(request: LeaveRequest, newest: LeaveRequest | None, now: datetime) -> bool:
    """Whether it is still to be told: not once something else was done with it, nor when the leave
    is over. `newest`: the version heard of last."""
    return newest in (None, request) and now < request.ends_at
