"""Everything that decides who acts, of the whole agency at once, kept until it changes.

Whatever may change who acts takes the next epoch of the coverage clock. So what was read at an
epoch holds until there is a higher one, and a question about the whole team need not read it all
again. Only that a client or a page is archived takes none at once: that is seen within a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scheduler.absences.store import Window
from services.scheduler.coverage.clock import CoverageClock
from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.outlook import Outlook, concerning, look_ahead
from services.scheduler.coverage.team import TeamReader
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.responsibilities.store import Responsibilities
from shared.clock import Clock
from shared.mongo import Mongo, Session
from shared.outbox import Transaction

__all__ = ["Snapshot", "Snapshots"]

_LOOKING_BACK = timedelta(days=8)
"""A board that shows leave begins on the Monday before."""
_KEPT_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class Snapshot:
    """As of `epoch`: all responsibilities that count, which are neither of archived clients and
    pages nor of pages that follow; and everybody, with their absences from a week before `read_at`.
    `concerning`: where each member may ever act."""

    epoch: int
    read_at: datetime
    responsibilities: Mapping[str, Responsibility]
    team: Team
    concerning: Mapping[str, tuple[str, ...]]

    def outlook(self, ids: Iterable[str], start: datetime, end: datetime) -> Outlook:
        """Of the responsibilities with these ids."""
        chosen = (self.responsibilities[id] for id in dict.fromkeys(ids))
        return look_ahead(chosen, self.team, start, end)


class Snapshots:
    """Reads the newest one, or takes what this process has kept if nothing has changed."""

    def __init__(
        self,
        mongo: Mongo,
        coverage_clock: CoverageClock,
        responsibilities: Responsibilities,
        team: TeamReader,
        clock: Clock,
    ) -> None:
        self._mongo = mongo
        self._coverage_clock = coverage_clock
        self._responsibilities = responsibilities
        self._team = team
        self._clock = clock
        self._reading = asyncio.Lock()
        self._kept: Snapshot | None = None

    async def latest(self) -> Snapshot:
        """As of the present epoch."""
        # Of many who ask after a change one reads, and the others take what it has found.
        async with self._reading:
            kept = self._kept_at(await self._coverage_clock.epoch())
            if kept is None:
                self._kept = kept = await self._mongo.in_transaction(self._read)
            return kept

    async def concerning(self, tx: Transaction, member_id: str, window: Window) -> Snapshot:
        """What concerns one member, as it is in the transaction: enough for the gaps that they
        would leave, not for what others have besides."""
        led = await self._team.leads.clients_led_by(tx, [member_id])
        found = await self._responsibilities.concerning(
            tx, members=[member_id], clients=led, ids=(), limit=0
        )
        counting = await self._team.counting(found, tx.session)
        team = await self._team.within(counting, window, [member_id], tx.session)
        epoch = await self._coverage_clock.epoch(tx.session)
        return _snapshot(epoch, self._clock(), counting, team)

    def _kept_at(self, epoch: int) -> Snapshot | None:
        kept = self._kept
        if kept is None or kept.epoch != epoch or self._clock() - kept.read_at > _KEPT_FOR:
            return None
        return kept

    async def _read(self, session: Session) -> Snapshot:
        epoch, now = await self._coverage_clock.epoch(session), self._clock()
        everything = await self._responsibilities.every(session)
        responsibilities = await self._team.counting(everything, session)
        team = await self._team.everybody(
            responsibilities, Window(now - _LOOKING_BACK, None), session
        )
        return _snapshot(epoch, now, responsibilities, team)


def _snapshot(
    epoch: int, read_at: datetime, responsibilities: Sequence[Responsibility], team: Team
) -> Snapshot:
    return Snapshot(
        epoch=epoch,
        read_at=read_at,
        responsibilities={one.id: one for one in responsibilities},
        team=team,
        concerning=concerning(responsibilities, team),
    )
