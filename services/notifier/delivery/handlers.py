"""Events in: a completed handover, or a qualification that ends, is what there is to tell."""

from __future__ import annotations

from services.notifier.delivery.store import Deliveries
from services.notifier.delivery.usecases import tell_of_expiry, tell_of_handover
from services.notifier.directory.store import Directory
from shared.clock import Clock
from shared.consuming import Apply, Received, dispatch
from shared.events.scheduler import HandoverCompleted, QualificationExpiring
from shared.outbox import Transaction

__all__ = ["on_handovers", "on_qualifications"]


def on_handovers(deliveries: Deliveries, directory: Directory, clock: Clock) -> Apply:
    async def completed(tx: Transaction, received: Received[HandoverCompleted]) -> None:
        await tell_of_handover(tx, deliveries, directory, received.event, clock())

    return dispatch({HandoverCompleted: completed})


def on_qualifications(deliveries: Deliveries, directory: Directory, clock: Clock) -> Apply:
    async def expiring(tx: Transaction, received: Received[QualificationExpiring]) -> None:
        await tell_of_expiry(tx, deliveries, directory, received.event, clock())

    return dispatch({QualificationExpiring: expiring})
