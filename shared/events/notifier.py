"""What the notifier says: how deliveries went, and who has acknowledged a handover."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events import topics
from shared.events.envelope import Event

__all__ = ["DeliveryChanged", "DeliveryState", "NotificationKind", "WorkAcknowledged"]


class NotificationKind(StrEnum):
    BRIEF = "brief"
    SUMMARY = "summary"


class DeliveryState(StrEnum):
    """`UNKNOWN`: the mail server may or may not have taken it; a person decides.
    `SUPERSEDED`: what it said was no longer true when its turn came, so it was not sent."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


class DeliveryChanged(Event):
    type: ClassVar = "delivery.changed.v1"
    topic: ClassVar = topics.NOTIFICATIONS_DELIVERIES

    notification_id: str
    member_id: str
    kind: NotificationKind
    handover_id: str
    state: DeliveryState

    @property
    def aggregate_id(self) -> str:
        return self.notification_id


class WorkAcknowledged(Event):
    """A member has confirmed to have what the handover gave them."""

    type: ClassVar = "work.acknowledged.v1"
    topic: ClassVar = topics.WORK_ACKNOWLEDGEMENTS

    handover_id: str
    member_id: str
    acknowledged_at: AwareDatetime

    @property
    def aggregate_id(self) -> str:
        return self.handover_id
