"""Answers and acknowledgements in; and the workers that look after open handovers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from services.scheduler.handovers.store import Handovers
from services.scheduler.handovers.usecases import Closing, acknowledge, close_waiting, take_answer
from shared.clock import Clock
from shared.consuming import Received
from shared.events.handover import WorkHandedOver
from shared.events.notifier import WorkAcknowledged
from shared.outbox import Outbox, Transaction

__all__ = ["waiting_receipts", "work_acknowledged", "work_handed_over"]


def work_handed_over(
    closing: Closing, clock: Clock
) -> Callable[[Transaction, Received[WorkHandedOver]], Awaitable[None]]:
    async def handle(tx: Transaction, received: Received[WorkHandedOver]) -> None:
        await take_answer(tx, closing, received.event, clock())

    return handle


def work_acknowledged(
    handovers: Handovers,
) -> Callable[[Transaction, Received[WorkAcknowledged]], Awaitable[None]]:
    async def handle(tx: Transaction, received: Received[WorkAcknowledged]) -> None:
        await acknowledge(tx, handovers, received.event)

    return handle


def waiting_receipts(
    outbox: Outbox, closing: Closing, clock: Clock
) -> Callable[[], Awaitable[bool]]:
    """Worker: an answer to one handover may fill the hole for which another one waits."""

    async def work() -> bool:
        for handover in await closing.handovers.open():
            if handover.answered:
                again = partial(
                    close_waiting, closing=closing, handover_id=handover.id, now=clock()
                )
                await outbox.transaction(again)
        return False

    return work
