"""What happens to deliveries: each in one transaction with the events it makes true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from services.notifier.briefs.domain import (
    Brief,
    Handover,
    Notification,
    in_force,
    leave_news,
    notifications,
    open_shifts_news,
    reminders,
    shifts_news,
    swap_news,
)
from services.notifier.briefs.letters import Letters, NoAddress
from services.notifier.delivery import domain
from services.notifier.delivery.domain import Changed, Decision, Delivery, Outcome, RetryPolicy
from services.notifier.delivery.store import Attempt, Deliveries, Told
from services.notifier.directory.people import Member
from services.notifier.directory.store import Directory
from services.notifier.leave import domain as leave
from services.notifier.leave.domain import LeaveRequest
from services.notifier.reminders import domain as reminding
from services.notifier.reminders.domain import Expiry, expiry_of
from services.notifier.rota import domain as rota
from services.notifier.rota.domain import Duties, Opening, OpenShifts, SwapNews, SwapOffer
from shared.auth import Identity
from shared.errors import NotFound, StaleVersion
from shared.events.notifier import DeliveryState
from shared.events.rota import OpenShiftsChanged, ShiftsChanged, SwapChanged
from shared.events.scheduler import HandoverCompleted, LeaveChanged, QualificationExpiring
from shared.outbox import Transaction

__all__ = [
    "acknowledge_brief",
    "begin_attempt",
    "decide_outcome",
    "lose_attempt",
    "put_off",
    "settle_attempt",
    "tell_of_expiry",
    "tell_of_handover",
    "tell_of_leave",
    "tell_of_open_shifts",
    "tell_of_shifts",
    "tell_of_swap",
]

LOOK_AGAIN = timedelta(seconds=2)
PUT_OFF = timedelta(minutes=1)
PATIENCE = timedelta(minutes=10)
"""How long a notification waits for the directory to tell who its member is."""


async def tell_of_handover(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    event: HandoverCompleted,
    now: datetime,
) -> None:
    await _plan(tx, deliveries, directory, notifications(event), now)


async def tell_of_expiry(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    event: QualificationExpiring,
    now: datetime,
) -> None:
    await directory.put_expiry(tx.session, expiry_of(event))
    await _plan(tx, deliveries, directory, reminders(event), now)


async def tell_of_leave(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    event: LeaveChanged,
    now: datetime,
) -> None:
    await directory.put_leave(tx.session, leave.request_of(event))
    await _plan(tx, deliveries, directory, leave_news(event), now)


async def tell_of_swap(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    event: SwapChanged,
    now: datetime,
) -> None:
    await directory.put_swap(tx.session, rota.offer_of(event))
    await _plan(tx, deliveries, directory, swap_news(event), now)


async def tell_of_open_shifts(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    event: OpenShiftsChanged,
    now: datetime,
) -> None:
    await directory.put_open_shifts(tx.session, rota.open_now_of(event))
    await _plan(tx, deliveries, directory, open_shifts_news(event), now)


async def tell_of_shifts(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    event: ShiftsChanged,
    now: datetime,
) -> None:
    await _plan(tx, deliveries, directory, shifts_news(event), now)


async def _plan(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    notifications: Iterable[Notification],
    now: datetime,
) -> None:
    """One notification per person and cause, however often the event comes."""
    wanted = list(notifications)
    known = await deliveries.known(tx.session, [each.id for each in wanted])
    for notification in wanted:
        if notification.id not in known:
            delivery, events = domain.plan(notification, now)
            clients = await _clients(tx, directory, notification)
            await deliveries.add(tx.session, Told(notification, delivery), clients)
            for event in events:
                tx.emit(event)


async def begin_attempt(
    tx: Transaction,
    deliveries: Deliveries,
    directory: Directory,
    letters: Letters,
    notification_id: str,
    process: str,
    now: datetime,
) -> Attempt | None:
    """The mail to send now, stored with the fact that it is being sent.

    None: nothing to send; somebody else does, or it is out of date, or there is no address.
    """
    told = await deliveries.load(tx.session, notification_id)
    if told is None or (begun := domain.begin(told.delivery, now)) is None:
        return None
    reader = await directory.member(told.delivery.member_id, tx.session)
    if reader is None:
        await _wait_for_directory(tx, deliveries, told.delivery, now)
        return None
    current = await _in_force(tx, directory, told.notification, reader, now)
    if current is None:
        await _apply(tx, deliveries, told.delivery, domain.supersede(told.delivery, now))
        return None
    try:
        attempt = await _compose(tx, directory, letters, current, begun[0], reader, process, now)
    except NoAddress:
        await _apply(tx, deliveries, told.delivery, domain.undeliverable(told.delivery, now))
        return None
    if current != told.notification:
        clients = await _clients(tx, directory, current)
        await deliveries.narrow(tx.session, current, clients)
    await deliveries.add_attempt(tx.session, attempt)
    await _apply(tx, deliveries, told.delivery, begun)
    return attempt


async def settle_attempt(
    tx: Transaction,
    deliveries: Deliveries,
    attempt: Attempt,
    outcome: Outcome,
    policy: RetryPolicy,
    now: datetime,
) -> None:
    """Record how an attempt went, even if somebody has taken its sender for dead."""
    told = await deliveries.load(tx.session, attempt.notification_id)
    if told is not None:
        changed = domain.settle(told.delivery, attempt.number, outcome, policy, now)
        await deliveries.end_attempt(tx.session, attempt, outcome, now)
        await _apply(tx, deliveries, told.delivery, changed)


async def lose_attempt(
    tx: Transaction, deliveries: Deliveries, notification_id: str, now: datetime
) -> None:
    """Its sender is gone: from now on a person has to look."""
    told = await deliveries.load(tx.session, notification_id)
    if told is not None:
        await _apply(tx, deliveries, told.delivery, domain.lose(told.delivery, now))


async def put_off(
    tx: Transaction, deliveries: Deliveries, notification_id: str, now: datetime
) -> None:
    """Something of ours failed before it could be sent: look again in a while."""
    told = await deliveries.load(tx.session, notification_id)
    if told is not None and told.delivery.state is DeliveryState.PLANNED:
        later = domain.postpone(told.delivery, now + PUT_OFF)
        await deliveries.save(tx.session, told.delivery, later)


async def acknowledge_brief(
    tx: Transaction,
    deliveries: Deliveries,
    notification_id: str,
    reader: Identity,
    now: datetime,
    *,
    by_link: bool,
) -> Told:
    """Only the person it was written for can take note of it. Raises `NotFound`."""
    told = await deliveries.load(tx.session, notification_id)
    if told is None or told.delivery.member_id != reader.member_id:
        raise NotFound
    changed = domain.acknowledge(told.delivery, now, by_link=by_link)
    return replace(told, delivery=await _apply(tx, deliveries, told.delivery, changed))


async def decide_outcome(
    tx: Transaction,
    deliveries: Deliveries,
    told: Told,
    decision: Decision,
    by: Identity,
    version: int,
    now: datetime,
) -> Told:
    """`told` is what the decider may see of it. Raises `StaleVersion`, `NothingToDecide`."""
    present = await deliveries.load(tx.session, told.notification.id) or told
    if present.delivery.version != version:
        raise StaleVersion(given=version, present=present.delivery.version)
    changed = domain.decide(present.delivery, decision, by.member_id, now)
    return replace(present, delivery=await _apply(tx, deliveries, present.delivery, changed))


async def _apply(
    tx: Transaction, deliveries: Deliveries, before: Delivery, changed: Changed
) -> Delivery:
    after, events = changed
    if after != before:
        await deliveries.save(tx.session, before, after)
        for event in events:
            tx.emit(event)
    return after


async def _wait_for_directory(
    tx: Transaction, deliveries: Deliveries, delivery: Delivery, now: datetime
) -> None:
    """The directory comes on another topic, so a member may be heard of later."""
    if now - delivery.planned_at < PATIENCE:
        await deliveries.save(tx.session, delivery, domain.postpone(delivery, now + LOOK_AGAIN))
    else:
        await _apply(tx, deliveries, delivery, domain.undeliverable(delivery, now))


async def _in_force(
    tx: Transaction, directory: Directory, notification: Notification, reader: Member, now: datetime
) -> Notification | None:
    match notification:
        case Notification(about=Expiry() as expiry):
            heard = await directory.expiry(expiry.qualification_id, tx.session)
            whose = await directory.member(expiry.member_id, tx.session)
            has_left = whose is not None and not whose.active
            told = reminding.holds(expiry, heard, now) and not has_left
            return notification if told else None
        case Notification(about=LeaveRequest() as request):
            known = await directory.leave([request.leave_id], tx.session)
            told = leave.holds(request, known.get(request.leave_id), now)
            return notification if told else None
        case Notification(content=SwapNews() | OpenShifts() | Duties()):
            left = await _rota_in_force(tx, directory, notification, reader, now)
            return left if reader.active else None
        case Notification(about=Handover(epoch=epoch), content=Brief()) if reader.left_after(epoch):
            return None
    coverage = await directory.coverage(notification.responsibilities, tx.session)
    return in_force(notification, coverage)


async def _rota_in_force(
    tx: Transaction, directory: Directory, notification: Notification, reader: Member, now: datetime
) -> Notification | None:
    match notification:
        case Notification(about=SwapOffer() as offer, content=SwapNews() as news):
            swaps = await directory.swaps([offer.swap_id], tx.session)
            told = rota.offer_holds(offer, news, swaps.get(offer.swap_id), now)
            return notification if told else None
        case Notification(about=Opening() as opening, content=OpenShifts() as shifts):
            present = await directory.open_shifts([opening.holder], tx.session)
            left = shifts.still_open(opening, present.get(opening.holder), now)
            left = left.seen_by(reader.may_see)
            return replace(notification, content=left) if left.open else None
        case Notification(content=Duties() as duties) if rota.duties_hold(duties, now):
            return notification
        case _:
            return None


async def _compose(
    tx: Transaction,
    directory: Directory,
    letters: Letters,
    notification: Notification,
    delivery: Delivery,
    reader: Member,
    process: str,
    now: datetime,
) -> Attempt:
    letter = letters.compose(
        notification,
        reader,
        people=await directory.members(notification.people, tx.session),
        responsibilities=await directory.responsibilities(
            notification.responsibilities, tx.session
        ),
        message_id=domain.message_id(notification.id, delivery.attempts, letters.domain),
        now=now,
    )
    return Attempt(notification.id, delivery.attempts, letter, now, process)


async def _clients(
    tx: Transaction, directory: Directory, notification: Notification
) -> set[str | None]:
    named = await directory.responsibilities(notification.responsibilities, tx.session)
    clients = {responsibility.client_id for responsibility in named.values()}
    # What speaks of no client is not of any that a limited scope allows.
    return clients.union(notification.clients) or {None}
