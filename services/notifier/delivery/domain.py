"""How a notification gets to its person: a state machine that never sends twice by itself.

    planned ──► sending ──► sent
       ▲           │  ├───► failed       refused for good, or too often
       │           │  └───► unknown      taken or not: only a person can tell
       ├───────────┘        refused for now: planned again, later
       └── failed, unknown  a person says "send again"
    planned ──► superseded  nothing of it was true any more
    unknown ──► sent        a person says "it arrived"
    any     ──► sent        the reader used the link in it, so they have it

An attempt's outcome that becomes known late still counts: it turns `unknown` into what it was,
unless a person has decided meanwhile.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.notifier.briefs.domain import About, Handover, Kind, Notification
from services.notifier.leave.domain import LeaveRequest
from services.notifier.reminders.domain import Expiry
from services.notifier.rota.domain import DutyChange, Opening, SwapOffer
from shared.errors import N_, NotAllowedNow
from shared.events.envelope import Event
from shared.events.notifier import (
    DeliveryChanged,
    DeliveryState,
    LeaveDeliveryChanged,
    NotificationKind,
    ReminderDeliveryChanged,
    RotaDeliveryChanged,
    RotaNotice,
    WorkAcknowledged,
)

__all__ = [
    "Accepted",
    "Changed",
    "Decision",
    "Delivery",
    "NothingToAcknowledge",
    "NothingToDecide",
    "Outcome",
    "Reason",
    "Refused",
    "RetryPolicy",
    "Unclear",
    "acknowledge",
    "begin",
    "decide",
    "lose",
    "message_id",
    "plan",
    "postpone",
    "settle",
    "supersede",
    "undeliverable",
]


class Reason(StrEnum):
    """Why a delivery is not `sent`, in a stable word."""

    REFUSED = "refused"
    REFUSED_FOR_NOW = "refused_for_now"
    REFUSED_TOO_OFTEN = "refused_too_often"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    CONNECTION_LOST = "connection_lost"
    PROCESS_LOST = "process_lost"
    NO_ADDRESS = "no_address"
    OUT_OF_DATE = "out_of_date"


class Decision(StrEnum):
    """What a person may say about an unknown outcome; a failed one can be sent again too."""

    SEND_AGAIN = "send_again"
    IT_ARRIVED = "it_arrived"


class NothingToDecide(NotAllowedNow):
    code = "nothing_to_decide"
    title = N_("There is nothing to decide about this delivery")
    detail = N_("Its outcome is known, or it is still under way.")


class NothingToAcknowledge(NotAllowedNow):
    code = "nothing_to_acknowledge"
    title = N_("There is nothing to take note of")
    detail = N_("The work has gone to somebody else since, or this is no brief.")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server said 250 after the mail: it is theirs now."""

    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server certainly did not take it. `permanent` False: worth another try."""

    reason: Reason
    reply: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Unclear:
    """The mail was on its way when the answer stayed away."""

    reason: Reason
    detail: str


Outcome = Accepted | Refused | Unclear


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The pause after each refusal for now; when they are used up, the delivery has failed."""

    pauses: tuple[timedelta, ...] = tuple(
        timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600)
    )

    def pause(self, tries: int) -> timedelta | None:
        return self.pauses[tries - 1] if tries <= len(self.pauses) else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """`attempts` counts all that were begun, `tries` those since a person last had a say.

    `due_at` is when the next attempt may begin, while planned. `reply` is what the mail server
    said last, for the person who has to make sense of it. `arrived`: the reader used its link.
    `decided_by` is who ended an uncertainty.
    """

    notification_id: str
    about: About
    member_id: str
    kind: Kind
    planned_at: datetime
    due_at: datetime
    changed_at: datetime
    state: DeliveryState = DeliveryState.PLANNED
    version: int = 1
    attempts: int = 0
    tries: int = 0
    reason: Reason | None = None
    reply: str = ""
    sent_at: datetime | None = None
    acknowledged_at: datetime | None = None
    arrived: bool = False
    decided_by: str | None = None


Changed = tuple[Delivery, list[Event]]


def plan(notification: Notification, now: datetime) -> Changed:
    """To be sent as soon as its turn comes."""
    planned = Delivery(
        notification_id=notification.id,
        about=notification.about,
        member_id=notification.member_id,
        kind=notification.kind,
        planned_at=now,
        due_at=now,
        changed_at=now,
    )
    return planned, [_told(planned)]


def begin(delivery: Delivery, now: datetime) -> Changed | None:
    """The next attempt; None when it is not planned or not due, or somebody else was quicker."""
    if delivery.state is not DeliveryState.PLANNED or delivery.due_at > now:
        return None
    counted = replace(delivery, attempts=delivery.attempts + 1, tries=delivery.tries + 1)
    return _enter(counted, DeliveryState.SENDING, now)


def message_id(notification_id: str, attempt: int, domain: str) -> str:
    """The same for the same attempt, whoever computes it and when; safe in a header."""
    digest = hashlib.sha256(f"{notification_id}:{attempt}".encode()).hexdigest()[:40]
    return f"<{digest}.{attempt}@{domain}>"


def settle(
    delivery: Delivery, attempt: int, outcome: Outcome, policy: RetryPolicy, now: datetime
) -> Changed:
    """What the outcome of `attempt` makes of it; nothing, if it has gone on since."""
    open_states = (DeliveryState.SENDING, DeliveryState.UNKNOWN)
    if attempt != delivery.attempts or delivery.state not in open_states:
        return delivery, []
    match outcome:
        case Accepted(reply=reply):
            return _sent(delivery, now, reply=reply)
        case _ if delivery.arrived:
            return _sent(delivery, now)
        case Unclear(reason=reason, detail=detail):
            return _enter(delivery, DeliveryState.UNKNOWN, now, reason=reason, reply=detail)
        case Refused():
            return _refused(delivery, outcome, policy, now)


def lose(delivery: Delivery, now: datetime) -> Changed:
    """Whoever was sending it is gone, and with them the knowledge of the outcome."""
    if delivery.state is not DeliveryState.SENDING:
        return delivery, []
    if delivery.arrived:
        return _sent(delivery, now)
    return _enter(delivery, DeliveryState.UNKNOWN, now, reason=Reason.PROCESS_LOST)


def supersede(delivery: Delivery, now: datetime) -> Changed:
    """Nothing of it is true any more, so it is not sent."""
    return _enter(delivery, DeliveryState.SUPERSEDED, now, reason=Reason.OUT_OF_DATE)


def undeliverable(delivery: Delivery, now: datetime) -> Changed:
    """There is no address to send it to."""
    return _enter(delivery, DeliveryState.FAILED, now, reason=Reason.NO_ADDRESS)


def postpone(delivery: Delivery, until: datetime) -> Delivery:
    """Look again later; not an attempt, and nothing to tell."""
    return replace(delivery, due_at=until, version=delivery.version + 1)


def decide(delivery: Delivery, decision: Decision, by: str, now: datetime) -> Changed:
    """A person ends the uncertainty. Raises `NothingToDecide`."""
    match decision, delivery.state:
        case Decision.SEND_AGAIN, DeliveryState.UNKNOWN | DeliveryState.FAILED:
            again = replace(delivery, due_at=now, tries=0, decided_by=by)
            return _enter(again, DeliveryState.PLANNED, now)
        case Decision.IT_ARRIVED, DeliveryState.UNKNOWN:
            return _sent(replace(delivery, decided_by=by), now)
        case _:
            raise NothingToDecide


def acknowledge(delivery: Delivery, now: datetime, *, by_link: bool) -> Changed:
    """The reader takes note: once, the first time counts. Raises `NothingToAcknowledge`.

    The link stands only in the mail: whoever uses it has the mail, so it has arrived.
    """
    about, superseded = delivery.about, delivery.state is DeliveryState.SUPERSEDED
    if not isinstance(about, Handover) or delivery.kind is not Kind.BRIEF or superseded:
        raise NothingToAcknowledge
    if delivery.acknowledged_at is not None:
        return delivery, []
    event = WorkAcknowledged(
        handover_id=about.id, member_id=delivery.member_id, acknowledged_at=now
    )
    noted = replace(delivery, acknowledged_at=now, arrived=by_link)
    if by_link and delivery.state not in (DeliveryState.SENDING, DeliveryState.SENT):
        arrived, events = _sent(noted, now)
        return arrived, [event, *events]
    return replace(noted, version=noted.version + 1), [event]


def _sent(delivery: Delivery, now: datetime, *, reply: str = "") -> Changed:
    return _enter(replace(delivery, sent_at=now), DeliveryState.SENT, now, reply=reply)


def _refused(delivery: Delivery, outcome: Refused, policy: RetryPolicy, now: datetime) -> Changed:
    reason, reply = outcome.reason, outcome.reply
    if outcome.permanent:
        return _enter(delivery, DeliveryState.FAILED, now, reason=reason, reply=reply)
    pause = policy.pause(delivery.tries)
    if pause is None:
        reason = Reason.REFUSED_TOO_OFTEN
        return _enter(delivery, DeliveryState.FAILED, now, reason=reason, reply=reply)
    later = replace(delivery, due_at=now + pause)
    return _enter(later, DeliveryState.PLANNED, now, reason=reason, reply=reply)


def _enter(
    delivery: Delivery,
    state: DeliveryState,
    now: datetime,
    *,
    reason: Reason | None = None,
    reply: str = "",
) -> Changed:
    changed = replace(
        delivery,
        state=state,
        reason=reason,
        reply=reply,
        changed_at=now,
        version=delivery.version + 1,
    )
    return changed, [_told(changed)]


def _told(delivery: Delivery) -> Event:
    """Its state, as an event of what it is about."""
    match delivery.about:
        case Handover(id=handover_id):
            return DeliveryChanged(
                notification_id=delivery.notification_id,
                member_id=delivery.member_id,
                kind=NotificationKind(delivery.kind),
                handover_id=handover_id,
                state=delivery.state,
            )
        case Expiry(member_id=about_member, discipline=discipline):
            return ReminderDeliveryChanged(
                notification_id=delivery.notification_id,
                member_id=delivery.member_id,
                about_member=about_member,
                discipline=discipline,
                state=delivery.state,
            )
        case LeaveRequest(leave_id=leave_id, member_id=about_member):
            return LeaveDeliveryChanged(
                notification_id=delivery.notification_id,
                member_id=delivery.member_id,
                about_member=about_member,
                leave_id=leave_id,
                state=delivery.state,
            )
        case SwapOffer() | Opening() | DutyChange():
            return RotaDeliveryChanged(
                notification_id=delivery.notification_id,
                member_id=delivery.member_id,
                kind=RotaNotice(delivery.kind),
                state=delivery.state,
            )
