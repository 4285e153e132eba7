"""When a handover's start was seen committed: from then on its receipt counts milliseconds."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.scheduler.handovers.store import Handovers
from shared.clock import Clock
from shared.mongo import is_infrastructure
from shared.outbox import Transaction

__all__ = ["CommitMarks"]

_LOST_AFTER = timedelta(seconds=10)
_log = structlog.get_logger(__name__)


class CommitMarks:
    """A measurement, not an effect: what a crash loses is filled in with the start's own time."""

    def __init__(self, handovers: Handovers, clock: Clock) -> None:
        self._handovers = handovers
        self._clock = clock
        self._writing: set[asyncio.Task[None]] = set()

    def watch(self, tx: Transaction, handover_id: str) -> None:
        """Mark the handover as soon as the transaction that starts it is committed."""
        tx.after_commit(partial(self._seen, handover_id))

    def _seen(self, handover_id: str) -> None:
        task = asyncio.create_task(self._write(handover_id, self._clock()))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, handover_id: str, at: datetime) -> None:
        try:
            await self._handovers.mark_committed(handover_id, at)
        except Exception as error:
            if not is_infrastructure(error):
                raise
            _log.info("commit mark left out", handover=handover_id, error=repr(error))

    async def fill_in(self) -> bool:
        """Worker: what nobody marked within seconds was committed by a process that is gone."""
        for handover in await self._handovers.unmarked(before=self._clock() - _LOST_AFTER):
            await self._handovers.mark_committed(handover.id, handover.started_at)
        return False
