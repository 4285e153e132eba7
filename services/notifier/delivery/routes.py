"""Notifications as JSON: `/api/v1/notifications`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import AwareDatetime, BaseModel
from starlette.responses import Response

from services.notifier.briefs.domain import (
    Brief,
    Handover,
    Kind,
    Notification,
    Share,
    Story,
    Summary,
)
from services.notifier.delivery.domain import Decision, Reason
from services.notifier.delivery.reading import Desk
from services.notifier.delivery.store import Told
from services.notifier.delivery.usecases import acknowledge_brief, decide_outcome
from services.notifier.leave.domain import LeaveNews, LeaveRequest
from services.notifier.reminders.domain import Expiry, Reminder
from services.notifier.rota.domain import (
    Duties,
    DutyChange,
    OpenShifts,
    OpenTold,
    ShiftTold,
    SwapNews,
    SwapOffer,
)
from shared.auth import Identity, Permission
from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind
from shared.events.notifier import DeliveryState
from shared.events.rota import ShiftsCause, SwapStep
from shared.events.scheduler import HandoverCause, LeaveStep, ReminderStage
from shared.web import IfMatch, Page, Paging, Router, Served, StrictModel, reply, require

__all__ = ["NotificationId", "desk", "router"]

router = Router(prefix="/api/v1/notifications", tags=["notifications"])


async def desk(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


Reader = Annotated[Identity, require(Permission.NOTIFICATIONS_READ_OWN)]
Decider = Annotated[Identity, require(Permission.NOTIFICATIONS_DECIDE)]
TheDesk = Annotated[Desk, Depends(desk)]
NotificationId = Annotated[str, Path(min_length=1, max_length=300)]


class HandoverView(BaseModel):
    """`number` is the receipt's, for people."""

    id: str
    number: str
    cause: HandoverCause
    absent_member: str | None
    started_at: AwareDatetime
    completed_at: AwareDatetime


class ShareView(BaseModel):
    """What one member received. `complete` false: part of it has gone to somebody else since.
    `items` null: part of it is of clients whom the reader does not see."""

    member_id: str
    items: Mapping[ItemKind, int] | None
    first_due_at: AwareDatetime | None
    responsibilities: tuple[str, ...]
    complete: bool

    @classmethod
    def of(cls, share: Share) -> ShareView:
        return cls(**{name: getattr(share, name) for name in cls.model_fields})


class BriefView(BaseModel):
    story: Story
    share: ShareView


class SummaryView(BaseModel):
    """`gaps`: responsibilities that nobody present and qualified acts for. `moved` and `uncovered`
    null: part of them is of clients whom the reader does not see."""

    shares: list[ShareView]
    moved: int | None
    uncovered: int | None
    gaps: tuple[str, ...]


class ReminderView(BaseModel):
    """The member's qualification ends at `valid_until`; from then on they cannot act for what is
    `owned` and `deputised`, and for `gaps` of these nobody else can either."""

    member_id: str
    discipline: Discipline
    valid_until: AwareDatetime
    stage: ReminderStage
    owned: tuple[str, ...]
    deputised: tuple[str, ...]
    gaps: tuple[str, ...]


class LeaveView(BaseModel):
    """A request for leave of `member_id`, `count` times within what is given, and what `by` did
    with it; never why."""

    leave_id: str
    member_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    count: int
    step: LeaveStep
    by: str


class ShiftView(BaseModel):
    """`group` and `kind`, as people call them; null: it is of clients whom the reader does not
    see."""

    shift_id: str
    group: str | None
    kind: str | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @classmethod
    def of(cls, shift: ShiftTold) -> ShiftView:
        return cls(**{name: getattr(shift, name) for name in cls.model_fields})


class SwapView(BaseModel):
    """What was done with the offer: `giver` offers `shift` to `taker`, perhaps for `in_return`."""

    swap_id: str
    giver: str
    taker: str
    step: SwapStep
    shift: ShiftView
    in_return: ShiftView | None


class OpenShiftView(ShiftView):
    """`yours`: the reader could take it. `able`: how many could; null for who is no lead."""

    yours: bool
    able: int | None

    @classmethod
    def of_open(cls, told: OpenTold) -> OpenShiftView:
        seen = ShiftView.of(told.shift).model_dump()
        return cls(**seen, yours=told.yours, able=told.able)


class DutiesView(BaseModel):
    """The reader's shifts after `by` applied a rota to the days from `first_day` to `last_day`, or,
    without these, gave or took a shift or ended a page group; which of them are `new`, and which
    are `gone`."""

    cause: ShiftsCause
    by: str
    first_day: date | None
    last_day: date | None
    shifts: list[ShiftView]
    new: tuple[str, ...]
    gone: list[ShiftView]


class NotificationView(BaseModel):
    """`brief`, `summary`, `reminder`, `leave`, `swap` or `open_shifts` is there, by `kind`;
    `duties` with the kinds `rota` and `shift`, `handover` with the first two. `open_shifts`: as
    they were when it was told. `reply` is what the mail server said last."""

    id: str
    version: int
    kind: Kind
    member_id: str
    handover: HandoverView | None = None
    brief: BriefView | None = None
    summary: SummaryView | None = None
    reminder: ReminderView | None = None
    leave: LeaveView | None = None
    swap: SwapView | None = None
    open_shifts: list[OpenShiftView] | None = None
    duties: DutiesView | None = None
    state: DeliveryState
    reason: Reason | None
    reply: str
    attempts: int
    planned_at: AwareDatetime
    due_at: AwareDatetime
    changed_at: AwareDatetime
    sent_at: AwareDatetime | None
    decided_by: str | None
    acknowledged_at: AwareDatetime | None

    @classmethod
    def of(cls, told: Told) -> NotificationView:
        notification = told.notification
        return cls(
            id=notification.id,
            handover=_handover(notification),
            brief=_brief(notification),
            summary=_summary(notification),
            reminder=_reminder(notification),
            leave=_leave(notification),
            swap=_swap(notification),
            open_shifts=_open_shifts(notification),
            duties=_duties(notification),
            **{name: getattr(told.delivery, name) for name in _OF_DELIVERY},
        )


_OF_DELIVERY = frozenset(NotificationView.model_fields) - {
    "id", "handover", "brief", "summary", "reminder", "leave", "swap",
    "open_shifts", "duties",
}  # fmt: skip


class DecisionBody(StrictModel):
    """`send_again`: one more attempt. `it_arrived`: the mail is there, nothing is sent."""

    decision: Decision


@router.get("")
async def list_notifications(
    caller: Reader,
    desk: TheDesk,
    paging: Paging,
    state: DeliveryState | None = None,
    own: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Page[NotificationView]:
    """The latest first. Members see their own; leads and operators everybody's, unless `own`."""
    found = await desk.page(caller, own=own, state=state, cursor=paging.cursor, limit=paging.limit)
    items = [NotificationView.of(told) for told in found.told]
    return Page(items=items, next_cursor=found.next_cursor)


@router.get("/{notification_id}", response_model=NotificationView)
async def read_notification(
    caller: Reader, desk: TheDesk, notification_id: NotificationId
) -> Response:
    return _answer(await desk.one(caller, notification_id))


@router.post("/{notification_id}/acknowledgement", response_model=NotificationView)
async def acknowledge(
    caller: Reader, desk: TheDesk, service: Served, notification_id: NotificationId
) -> Response:
    """The caller has what the brief says. Once; the first time counts. 409
    `nothing_to_acknowledge` for a summary, and for a brief whose work has moved on."""
    told = await service.outbox.transaction(
        lambda tx: acknowledge_brief(
            tx, desk.deliveries, notification_id, caller, service.clock(), by_link=False
        )
    )
    return _answer(told)


@router.post("/{notification_id}/decision", response_model=NotificationView)
async def decide(
    caller: Decider,
    desk: TheDesk,
    service: Served,
    version: IfMatch,
    notification_id: NotificationId,
    body: DecisionBody,
) -> Response:
    """For an `unknown` outcome; a `failed` one can be sent again too. 409 `nothing_to_decide`."""
    told = await desk.one(caller, notification_id)
    decided = await service.outbox.transaction(
        lambda tx: decide_outcome(
            tx, desk.deliveries, told, body.decision, caller, version, service.clock()
        )
    )
    return _answer(decided)


def _answer(told: Told) -> Response:
    return reply(NotificationView.of(told), version=told.delivery.version)


def _handover(notification: Notification) -> HandoverView | None:
    about = notification.about
    if not isinstance(about, Handover):
        return None
    return HandoverView(**{name: getattr(about, name) for name in HandoverView.model_fields})


def _brief(notification: Notification) -> BriefView | None:
    content = notification.content
    if not isinstance(content, Brief):
        return None
    return BriefView(story=content.story, share=ShareView.of(content.share))


def _summary(notification: Notification) -> SummaryView | None:
    content = notification.content
    if not isinstance(content, Summary):
        return None
    return SummaryView(
        shares=[ShareView.of(share) for share in content.shares],
        moved=content.moved,
        uncovered=content.uncovered,
        gaps=content.gaps,
    )


def _reminder(notification: Notification) -> ReminderView | None:
    about, content = notification.about, notification.content
    if not (isinstance(about, Expiry) and isinstance(content, Reminder)):
        return None
    return ReminderView(
        member_id=about.member_id,
        discipline=about.discipline,
        valid_until=about.valid_until,
        stage=about.stage,
        owned=content.owned,
        deputised=content.deputised,
        gaps=content.gaps,
    )


def _leave(notification: Notification) -> LeaveView | None:
    about, content = notification.about, notification.content
    if not (isinstance(about, LeaveRequest) and isinstance(content, LeaveNews)):
        return None
    return LeaveView(
        leave_id=about.leave_id,
        member_id=about.member_id,
        starts_at=about.starts_at,
        ends_at=about.ends_at,
        count=about.count,
        step=content.step,
        by=content.by,
    )


def _swap(notification: Notification) -> SwapView | None:
    about, content = notification.about, notification.content
    if not (isinstance(about, SwapOffer) and isinstance(content, SwapNews)):
        return None
    return SwapView(
        swap_id=about.swap_id,
        giver=about.giver,
        taker=about.taker,
        step=content.step,
        shift=ShiftView.of(content.shift),
        in_return=None if content.in_return is None else ShiftView.of(content.in_return),
    )


def _open_shifts(notification: Notification) -> list[OpenShiftView] | None:
    content = notification.content
    if not isinstance(content, OpenShifts):
        return None
    return [OpenShiftView.of_open(one) for one in content.open]


def _duties(notification: Notification) -> DutiesView | None:
    about, content = notification.about, notification.content
    if not (isinstance(about, DutyChange) and isinstance(content, Duties)):
        return None
    first, last = about.days or (None, None)
    return DutiesView(
        cause=content.cause,
        by=about.by,
        first_day=first,
        last_day=last,
        shifts=[ShiftView.of(one) for one in content.theirs],
        new=content.new,
        gone=[ShiftView.of(one) for one in content.gone],
    )
