"""Encrypts reasons anew after the keys have changed, so that the older ones can be taken out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from services.scheduler.absences.keyring import ReasonUnreadable
from services.scheduler.absences.reasons import Reasons
from shared.clock import Clock
from shared.outbox import Outbox

__all__ = ["Rotation"]

_CHUNK = 100
_PAUSE = timedelta(minutes=1)
"""Between looks: a replica that does not know the newest key yet goes on writing with another."""

_log = structlog.get_logger(__name__)


class Rotation:
    """One that cannot be read is left as it is and logged; it holds up no other."""

    def __init__(self, kept: Sequence[Reasons], outbox: Outbox, clock: Clock) -> None:
        self._kept = kept
        self._outbox = outbox
        self._clock = clock
        self._next_look = clock()
        self._unreadable: set[str] = set()

    async def work(self) -> bool:
        """Worker: the next few; False when nothing is left, and until it is time to look again."""
        if self._clock() < self._next_look:
            return False
        found = False
        for reasons in self._kept:
            for id in await reasons.outdated(_CHUNK, but=self._unreadable):
                found = True
                await self._encrypt(reasons, id)
        if not found:
            self._next_look = self._clock() + _PAUSE
        return found

    async def _encrypt(self, reasons: Reasons, id: str) -> None:
        try:
            await self._outbox.transaction(partial(reasons.encrypt_anew, id=id))
        except ReasonUnreadable:
            _log.error("reason cannot be read", of=id)
            self._unreadable.add(id)
