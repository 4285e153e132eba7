"""What the notifier says: how deliveries went, and who has acknowledged a handover."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events import topics
from shared.events.disciplines import Discipline
from shared.events.envelope import Event

__all__ = [
    "DeliveryChanged",
    "DeliveryState",
    "LeaveDeliveryChanged",
    "NotificationKind",
    "ReminderDeliveryChanged",
    "RotaDeliveryChanged",
    "RotaNotice",
    "WorkAcknowledged",
]


class NotificationKind(StrEnum):
    """A brief tells a deputy what they take over, a summary tells a lead what moved."""

    BRIEF = "brief"
    SUMMARY = "summary"


class DeliveryState(StrEnum):
    """How far a delivery is. `unknown`: the mail server may or may not have taken it; a person
    decides. `superseded`: what it said was no longer true when its turn came, so it was not sent.
    """

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


class DeliveryChanged(Event):
    """A notification by mail was planned, or its delivery came to another state."""

    type: ClassVar = "delivery.changed.v1"
    topic: ClassVar = topics.NOTIFICATIONS_DELIVERIES

    notification_id: str
    """One member's notification about one handover."""
    member_id: str
    """Who is told."""
    kind: NotificationKind
    """What they are told."""
    handover_id: str
    """The handover it tells of."""
    state: DeliveryState
    """How far it is now."""

    @property
    def aggregate_id(self) -> str:
        return self.notification_id


class ReminderDeliveryChanged(Event):
    """A reminder of the end of a qualification was planned as a mail, or its delivery came to
    another state."""

    type: ClassVar = "reminder.delivery_changed.v1"
    topic: ClassVar = topics.NOTIFICATIONS_DELIVERIES

    notification_id: str
    """One member's reminder of one end, at one stage."""
    member_id: str
    """Who is told."""
    about_member: str
    """Whose qualification ends; the same as `member_id` where somebody is told of their own."""
    discipline: Discipline
    """The kind of work it is for."""
    state: DeliveryState
    """How far it is now."""

    @property
    def aggregate_id(self) -> str:
        return self.notification_id


class LeaveDeliveryChanged(Event):
    """A mail about a request for leave was planned, or its delivery came to another state."""

    type: ClassVar = "leave.delivery_changed.v1"
    topic: ClassVar = topics.NOTIFICATIONS_DELIVERIES

    notification_id: str
    """One member's notification about one step of one request."""
    member_id: str
    """Who is told."""
    about_member: str
    """Whose leave it is about; the same as `member_id` where somebody is told of their own."""
    leave_id: str
    """The request."""
    state: DeliveryState
    """How far it is now."""

    @property
    def aggregate_id(self) -> str:
        return self.notification_id


class RotaNotice(StrEnum):
    """What somebody is told of the rota: of a swap that is offered to them or answered; of shifts
    that have fallen open; of a rota that was applied; of a shift that a lead gave or took."""

    SWAP = "swap"
    OPEN_SHIFTS = "open_shifts"
    ROTA = "rota"
    SHIFT = "shift"


class RotaDeliveryChanged(Event):
    """A mail about shifts of the rota was planned, or its delivery came to another state."""

    type: ClassVar = "rota.delivery_changed.v1"
    topic: ClassVar = topics.NOTIFICATIONS_DELIVERIES

    notification_id: str
    """One member's notification about one change of the rota."""
    member_id: str
    """Who is told."""
    kind: RotaNotice
    """What they are told of."""
    state: DeliveryState
    """How far it is now."""

    @property
    def aggregate_id(self) -> str:
        return self.notification_id


class WorkAcknowledged(Event):
    """A member has confirmed to have what the handover gave them."""

    type: ClassVar = "work.acknowledged.v1"
    topic: ClassVar = topics.WORK_ACKNOWLEDGEMENTS

    handover_id: str
    """The handover that gave it to them."""
    member_id: str
    """Who has confirmed."""
    acknowledged_at: AwareDatetime
    """When, in UTC."""

    @property
    def aggregate_id(self) -> str:
        return self.handover_id
