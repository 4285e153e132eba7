"""The risk of the whole agency, thought through once for all who ask, and anew when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from services.scheduler.coverage.clock import CoverageClock
from services.scheduler.coverage.snapshot import Snapshot, Snapshots
from services.scheduler.risk.domain import AHEAD, Risk, assess
from shared.clock import Clock

__all__ = ["Risks", "kept_up"]

_KEPT_FOR = timedelta(minutes=10)
"""Whatever changes who acts takes an epoch; this is how far the eight weeks may lag behind."""
_AT_MOST_EVERY = timedelta(minutes=1)


class Risks:
    """Holds the newest one of this process."""

    def __init__(self, clock: Clock, coverage_clock: CoverageClock, snapshots: Snapshots) -> None:
        self._clock = clock
        self._coverage_clock = coverage_clock
        self._snapshots = snapshots
        self._thinking = asyncio.Lock()
        self.kept: Risk | None = None

    async def latest(self) -> Risk:
        """As of the present epoch."""
        # Of many who ask at the same time one thinks, and the others take what comes of it.
        async with self._thinking:
            kept, now = self.kept, self._clock()
            if kept is None or await self.changed(kept) or not _fresh(kept, now):
                snapshot = await self._snapshots.latest()
                # In a thread, because for a large agency it takes longer than others should wait.
                kept = self.kept = await asyncio.to_thread(_thought_through, snapshot, now)
            return kept

    async def changed(self, risk: Risk) -> bool:
        return await self._coverage_clock.epoch() != risk.epoch


def kept_up(
    risks: Risks, clock: Clock, tell: Callable[[Risk], None]
) -> Callable[[], Awaitable[None]]:
    """A measure that tells of the newest risk: within a minute of a change, and no more often."""
    told: Risk | None = None

    async def measure() -> None:
        nonlocal told
        kept, now = risks.kept, clock()
        due = kept is None or not _fresh(kept, now)
        if kept is not None and not due and now - kept.start >= _AT_MOST_EVERY:
            due = await risks.changed(kept)
        if due:
            kept = await risks.latest()
        if kept is not None and kept is not told:
            tell(kept)
            told = kept

    return measure


def _thought_through(snapshot: Snapshot, now: datetime) -> Risk:
    outlook = snapshot.outlook(snapshot.responsibilities, now, now + AHEAD)
    return assess(snapshot.epoch, outlook)


def _fresh(risk: Risk, now: datetime) -> bool:
    return timedelta() <= now - risk.start < _KEPT_FOR
