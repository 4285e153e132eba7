"""Events in: a completed handover is what there is to tell."""

from __future__ import annotations

from services.notifier.delivery.store import Deliveries
from services.notifier.delivery.usecases import plan
from services.notifier.directory.store import Directory
from shared.clock import Clock
from shared.consuming import Apply, Received, dispatch
from shared.events.scheduler import HandoverCompleted
from shared.outbox import Transaction

__all__ = ["on_handovers"]


def on_handovers(deliveries: Deliveries, directory: Directory, clock: Clock) -> Apply:
    async def completed(tx: Transaction, received: Received[HandoverCompleted]) -> None:
        await plan(tx, deliveries, directory, received.event, clock())

    return dispatch({HandoverCompleted: completed})
