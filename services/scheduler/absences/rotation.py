"""Encrypts reasons anew after the keys have changed, so that the older ones can be taken out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog

from services.scheduler.absences.keyring import ReasonUnreadable
from services.scheduler.absences.store import Absences
from services.scheduler.absences.usecases import encrypt_anew
from shared.clock import Clock
from shared.outbox import Outbox

__all__ = ["Rotation"]

_CHUNK = 100
_PAUSE = timedelta(minutes=1)
"""Between looks: a replica that does not know the newest key yet goes on writing with another."""

_log = structlog.get_logger(__name__)


class Rotation:
    """One that cannot be read is left as it is and logged; it holds up no other."""

    def __init__(self, absences: Absences, outbox: Outbox, clock: Clock) -> None:
        self._absences = absences
        self._outbox = outbox
        self._clock = clock
        self._next_look = clock()
        self._unreadable: set[str] = set()

    async def work(self) -> bool:
        """Worker: the next few; False when nothing is left, and until it is time to look again."""
        if self._clock() < self._next_look:
            return False
        ids = await self._absences.outdated(_CHUNK, but=self._unreadable)
        for absence_id in ids:
            await self._encrypt(absence_id)
        if not ids:
            self._next_look = self._clock() + _PAUSE
        return bool(ids)

    async def _encrypt(self, absence_id: str) -> None:
        try:
            await self._outbox.transaction(
                partial(encrypt_anew, absences=self._absences, absence_id=absence_id)
            )
        except ReasonUnreadable:
            _log.error("reason cannot be read", absence=absence_id)
            self._unreadable.add(absence_id)
