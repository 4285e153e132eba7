"""What the scheduler says of people: the team, absences, leave (never why), who acts, handovers,
expiries. Of their shifts: `shared.events.rota`."""

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
    "LeaveChanged",
    "LeaveStep",
    "Leg",
    "MemberChanged",
    "Presence",
    "QualificationExpiring",
    "Recipient",
    "ReminderStage",
]


class MemberChanged(Event):
    """A member of the team came to be, changed, went away or came back. Full state."""

    type: ClassVar = "member.changed.v1"
    topic: ClassVar = topics.TEAM_DIRECTORY

    member_id: str
    """The member, as every event names them."""
    name: str
    """What people call them."""
    initials: str
    """One to three letters, for small places."""
    colour: int
    """Which of the eight colours is theirs, 1 to 8."""
    email: str
    """Where mail reaches them."""
    language: str
    """The language they read: `de` or `en`."""
    time_zone: str
    """Their IANA time zone, such as `Europe/Berlin`."""
    clients: tuple[str, ...] | None
    """The customers whose work they may see; null means all."""
    active: bool
    """False: has left, or is not to work for now."""
    present: bool
    """False: away, whatever for."""
    epoch: int
    """The decision on who is there that `present` comes from; a higher one is newer."""

    @property
    def aggregate_id(self) -> str:
        return self.member_id


class _Absence(Event):
    """An absence says who and when, never why: its kind and note are no event's business."""

    absence_id: str
    """The absence."""
    member_id: str
    """Who is away."""
    starts_at: AwareDatetime
    """From when, in UTC."""
    ends_at: AwareDatetime | None
    """Until when, in UTC; null means until further notice."""

    @property
    def aggregate_id(self) -> str:
        return self.member_id


class AbsenceReported(_Absence):
    """A member is or will be away. Never says why."""

    type: ClassVar = "absence.reported.v1"
    topic: ClassVar = topics.TEAM_ABSENCES


class AbsenceChanged(_Absence):
    """The absence has other times now. Never says why."""

    type: ClassVar = "absence.changed.v1"
    topic: ClassVar = topics.TEAM_ABSENCES


class AbsenceCancelled(_Absence):
    """As if the absence had never been reported."""

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
    """As what somebody acts for a responsibility: its owner, a deputy, a lead of the client's list
    because no deputy can, or nobody at all (`gap`)."""

    OWNER = "owner"
    DEPUTY = "deputy"
    LEAD = "lead"
    GAP = "gap"


class CoverageChanged(Event):
    """Somebody else acts for a responsibility, or it came to be or was edited. Full state."""

    type: ClassVar = "coverage.changed.v1"
    topic: ClassVar = topics.TEAM_COVERAGE

    responsibility_id: str
    """One discipline for one page or client."""
    client_id: str
    """The customer it is for."""
    page_id: str | None
    """The page it is for; null means the client as a whole."""
    discipline: Discipline
    """The kind of work."""
    owner: str
    """Member whose it is."""
    deputies: tuple[str, ...]
    """Members who stand in, in this order."""
    acting: str | None
    """Member who acts now; null is a gap: nobody qualified is present."""
    acts_as: ActsAs
    """As what they act."""
    epoch: int
    """The decision this comes from; a higher one is newer."""

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
    """Whether a member is there, from the handover's epoch on."""

    member_id: str
    """The member."""
    present: bool
    """False: away, whatever for."""


class Leg(Contract):
    """Who acts for a responsibility, from the handover's epoch on."""

    responsibility_id: str
    """The responsibility."""
    client_id: str
    """The customer it is for."""
    page_id: str | None
    """The page it is for; null means the client as a whole."""
    discipline: Discipline
    """The kind of work."""
    to: str | None
    """Member who acts from now on; null is a gap."""
    open_work: bool = False
    """True: somebody asked that what is open goes along to whoever acts, also from a holder who is
    present, and stays there. False: only what has no present holder moves."""


class HandoverStarted(Event):
    """Who acts has changed, and every participant moves its open items accordingly.

    Never amended: whatever comes next is a new handover with a higher epoch.
    """

    type: ClassVar = "handover.started.v1"
    topic: ClassVar = topics.WORK_HANDOVERS

    handover_id: str
    """The handover."""
    number: str
    """What people call it, such as `H-2026-0147`."""
    epoch: int
    """Its place in the order of decisions; the higher one stands."""
    cause: HandoverCause
    """What set it off."""
    absent_member: str | None
    """Who went away or came back; null if it was neither."""
    presence: tuple[Presence, ...]
    """Who is there or away from now on, of those it changed for."""
    participants: tuple[Participant, ...]
    """Who has to answer before it is complete."""
    legs: tuple[Leg, ...]
    """The responsibilities for which somebody else acts from now on, or of which the open work goes
    along."""
    started_at: AwareDatetime
    """When it was decided, in UTC."""

    @property
    def aggregate_id(self) -> str:
        return self.handover_id


class Recipient(Contract):
    """What one member received."""

    member_id: str
    """Who received it."""
    items: dict[ItemKind, int]
    """How many items of each kind; a kind of which there are none is absent."""
    first_due_at: AwareDatetime | None
    """The first deadline among them, in UTC; null if none has one."""
    responsibilities: tuple[str, ...]
    """The responsibilities of the items, and those they now act for."""


class HandoverCompleted(Event):
    """All participants have answered and the receipt adds up."""

    type: ClassVar = "handover.completed.v1"
    topic: ClassVar = topics.WORK_HANDOVERS

    handover_id: str
    """The handover."""
    number: str
    """What people call it, such as `H-2026-0147`."""
    epoch: int
    """Its place in the order of decisions."""
    cause: HandoverCause
    """What set it off."""
    absent_member: str | None
    """Who went away or came back; null if it was neither."""
    started_at: AwareDatetime
    """When it was decided, in UTC."""
    completed_at: AwareDatetime
    """When the receipt was closed, in UTC."""
    totals: dict[Participant, int]
    """How many moves each participant made."""
    uncovered: int
    """How many items nobody has after it."""
    gaps: tuple[str, ...]
    """The responsibilities for which nobody acts, or of which items are uncovered."""
    recipients: tuple[Recipient, ...]
    """Who received what."""
    leads: tuple[str, ...]
    """Members to send the summary to."""

    @property
    def aggregate_id(self) -> str:
        return self.handover_id


class ReminderStage(StrEnum):
    """Which reminder of an end it is: the `first`, about 30 days before, or the `last`, about 7.
    A first one may come late, when the end was entered late."""

    FIRST = "first"
    LAST = "last"


class QualificationExpiring(Event):
    """A member's qualification ends soon: from then on they cannot act for its discipline. Told
    once for each stage of an end, unless that end was taken back and entered again."""

    type: ClassVar = "qualification.expiring.v1"
    topic: ClassVar = topics.TEAM_QUALIFICATIONS

    member_id: str
    """Whose qualification it is."""
    discipline: Discipline
    """The kind of work it is for."""
    valid_until: AwareDatetime
    """When it ends, in UTC: up to, and no longer at, this instant it is valid."""
    stage: ReminderStage
    """Which reminder of this end it is."""
    owned: tuple[str, ...]
    """The responsibilities of that discipline that are the member's own."""
    deputised: tuple[str, ...]
    """Those for which the member stands in."""
    gaps: tuple[str, ...]
    """Those of both for which nobody can act at the end, as things are now: a gap threatens."""
    leads: tuple[str, ...]
    """Members to tell besides, who are asked to see to it; never the member."""

    @property
    def aggregate_id(self) -> str:
        return self.member_id


class LeaveStep(StrEnum):
    """What somebody did with a request for leave. Approved, each of its times is an absence from
    then on, which `absence.reported.v1` tells: the first with the same id."""

    REQUESTED = "requested"
    CHANGED = "changed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class LeaveChanged(Event):
    """A member asked for leave, or the request was changed, withdrawn or decided. Never says why,
    neither of the leave nor of the decision."""

    type: ClassVar = "leave.changed.v1"
    topic: ClassVar = topics.TEAM_LEAVE

    leave_id: str
    """The request, and the absence that the first of its times becomes once approved."""
    member_id: str
    """Who wants to be away."""
    starts_at: AwareDatetime
    """From when, in UTC; of several times, when the first begins."""
    ends_at: AwareDatetime
    """Until when, in UTC; of several times, when the last ends."""
    count: int = 1
    """How many times within that, with breaks in between; 1: all of it."""
    step: LeaveStep
    """What was done."""
    by: str
    """The member who did it."""
    version: int
    """Of the request, after it; a higher one is newer."""
    leads: tuple[str, ...]
    """Members who are asked to decide; empty once there is nothing to decide. Never the member, nor
    who took this step."""

    @property
    def aggregate_id(self) -> str:
        return self.member_id
