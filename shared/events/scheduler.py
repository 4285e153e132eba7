"""What the scheduler says: the team, absences (never why), who acts, and handovers."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events import topics
from shared.events.disciplines import Discipline
from shared.events.envelope import Contract, Event
from shared.events.handover import ItemKind, Participant

__all__ = [
    "AbsenceCancelled",
    "AbsenceChanged",
    "AbsenceEnded",
    "AbsenceReported",
    "AbsenceStarted",
    "ActsAs",
    "CoverageChanged",
    "HandoverCause",
    "HandoverCompleted",
    "HandoverStarted",
    "Leg",
    "MemberChanged",
    "Presence",
    "Recipient",
]


class MemberChanged(Event):
    """Full state of a member (compacted). `clients` None means all clients."""

    type: ClassVar = "member.changed.v1"
    topic: ClassVar = topics.TEAM_DIRECTORY

    member_id: str
    name: str
    initials: str
    colour: int
    email: str
    language: str
    time_zone: str
    clients: tuple[str, ...] | None
    active: bool
    present: bool
    epoch: int

    @property
    def aggregate_id(self) -> str:
        return self.member_id


class _Absence(Event):
    """An absence says who and when, never its kind or note. `until` None: until further notice."""

    absence_id: str
    member_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None

    @property
    def aggregate_id(self) -> str:
        return self.member_id


class AbsenceReported(_Absence):
    type: ClassVar = "absence.reported.v1"
    topic: ClassVar = topics.TEAM_ABSENCES


class AbsenceChanged(_Absence):
    type: ClassVar = "absence.changed.v1"
    topic: ClassVar = topics.TEAM_ABSENCES


class AbsenceCancelled(_Absence):
    type: ClassVar = "absence.cancelled.v1"
    topic: ClassVar = topics.TEAM_ABSENCES


class AbsenceStarted(_Absence):
    """The member is away from now on."""

    type: ClassVar = "absence.started.v1"
    topic: ClassVar = topics.TEAM_ABSENCES


class AbsenceEnded(_Absence):
    """The member is back, or this absence at least is over."""

    type: ClassVar = "absence.ended.v1"
    topic: ClassVar = topics.TEAM_ABSENCES


class ActsAs(StrEnum):
    OWNER = "owner"
    DEPUTY = "deputy"
    LEAD = "lead"
    GAP = "gap"


class CoverageChanged(Event):
    """Full state of who acts for a responsibility (compacted)."""

    type: ClassVar = "coverage.changed.v1"
    topic: ClassVar = topics.TEAM_COVERAGE

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str
    deputies: tuple[str, ...]
    acting: str | None
    acts_as: ActsAs
    epoch: int

    @property
    def aggregate_id(self) -> str:
        return self.responsibility_id

    @property
    def client(self) -> str:
        return self.client_id


class HandoverCause(StrEnum):
    """Why a handover began. That somebody is away, never the reason for it."""

    ABSENCE_STARTED = "absence_started"
    ABSENCE_ENDED = "absence_ended"
    COVERAGE_CHANGED = "coverage_changed"


class Presence(Contract):
    member_id: str
    present: bool


class Leg(Contract):
    """From the handover's epoch on, `to` acts for the responsibility; None is a gap."""

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    to: str | None


class HandoverStarted(Event):
    """Never amended: whatever comes next is a new handover with a higher epoch."""

    type: ClassVar = "handover.started.v1"
    topic: ClassVar = topics.WORK_HANDOVERS

    handover_id: str
    number: str
    epoch: int
    cause: HandoverCause
    absent_member: str | None
    presence: tuple[Presence, ...]
    participants: tuple[Participant, ...]
    legs: tuple[Leg, ...]
    started_at: AwareDatetime

    @property
    def aggregate_id(self) -> str:
        return self.handover_id


class Recipient(Contract):
    """What one member received, by kind; the first deadline among it, if any."""

    member_id: str
    items: dict[ItemKind, int]
    first_due_at: AwareDatetime | None
    responsibilities: tuple[str, ...]


class HandoverCompleted(Event):
    """All participants have answered and the receipt adds up."""

    type: ClassVar = "handover.completed.v1"
    topic: ClassVar = topics.WORK_HANDOVERS

    handover_id: str
    number: str
    epoch: int
    cause: HandoverCause
    absent_member: str | None
    started_at: AwareDatetime
    completed_at: AwareDatetime
    totals: dict[Participant, int]
    uncovered: int
    gaps: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    leads: tuple[str, ...]

    @property
    def aggregate_id(self) -> str:
        return self.handover_id
