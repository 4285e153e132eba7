"""Events in: completed handovers, ends of qualifications, leave, shifts: what there is to tell."""

from __future__ import annotations

from services.notifier.delivery.store import Deliveries
from services.notifier.delivery.usecases import (
    tell_of_expiry,
    tell_of_handover,
    tell_of_leave,
    tell_of_open_shifts,
    tell_of_shifts,
    tell_of_swap,
)
from services.notifier.directory.store import Directory
from shared.clock import Clock
from shared.consuming import Apply, Received, dispatch
from shared.events.rota import OpenShiftsChanged, ShiftsChanged, SwapChanged
from shared.events.scheduler import HandoverCompleted, LeaveChanged, QualificationExpiring
from shared.outbox import Transaction

__all__ = ["on_handovers", "on_leave", "on_qualifications", "on_rota"]


def on_handovers(deliveries: Deliveries, directory: Directory, clock: Clock) -> Apply:
    async def completed(tx: Transaction, received: Received[HandoverCompleted]) -> None:
        await tell_of_handover(tx, deliveries, directory, received.event, clock())

    return dispatch({HandoverCompleted: completed})


def on_qualifications(deliveries: Deliveries, directory: Directory, clock: Clock) -> Apply:
    async def expiring(tx: Transaction, received: Received[QualificationExpiring]) -> None:
        await tell_of_expiry(tx, deliveries, directory, received.event, clock())

    return dispatch({QualificationExpiring: expiring})


def on_leave(deliveries: Deliveries, directory: Directory, clock: Clock) -> Apply:
    async def changed(tx: Transaction, received: Received[LeaveChanged]) -> None:
        await tell_of_leave(tx, deliveries, directory, received.event, clock())

    return dispatch({LeaveChanged: changed})


def on_rota(deliveries: Deliveries, directory: Directory, clock: Clock) -> Apply:
    async def swap(tx: Transaction, received: Received[SwapChanged]) -> None:
        await tell_of_swap(tx, deliveries, directory, received.event, clock())

    async def open_shifts(tx: Transaction, received: Received[OpenShiftsChanged]) -> None:
        await tell_of_open_shifts(tx, deliveries, directory, received.event, clock())

    async def shifts(tx: Transaction, received: Received[ShiftsChanged]) -> None:
        await tell_of_shifts(tx, deliveries, directory, received.event, clock())

    return dispatch({SwapChanged: swap, OpenShiftsChanged: open_shifts, ShiftsChanged: shifts})
