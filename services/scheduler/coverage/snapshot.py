"""Everything that decides who acts, of the whole agency at once, kept until it changes.

Whatever may change who acts takes the next epoch of the coverage clock. So what was read at an
epoch holds until there is a higher one, and a question about the whole team need not read it all
again. Only that a client or a page is archived takes none at once: that is seen within a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scheduler.absences.store import Window
from services.scheduler.coverage.clock import CoverageClock, Tick
from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.outlook import Outlook, concerning, look_ahead
from services.scheduler.coverage.team import TeamReader
from services.scheduler.directory.store import Directory
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.responsibilities.store import Responsibilities
from shared.clock import Clock
from shared.mongo import Mongo, Session
from shared.outbox import Transaction

__all__ = ["Snapshot", "Snapshots"]

_LOOKING_BACK = timedelta(days=1)
_KEPT_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class Snapshot:
    """As of `epoch`: all responsibilities that count, which are neither of archived clients and
    pages nor of pages that follow; and everybody, with their absences from a day before `read_at`.
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
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._mongo = mongo
        self._coverage_clock = coverage_clock
        self._responsibilities = responsibilities
        self._team = team
        self._directory = directory
        self._clock = clock
        self._kept: Snapshot | None = None

    async def latest(self) -> Snapshot:
        kept = self._kept_at(await self._coverage_clock.epoch())
        if kept is None:
            self._kept = kept = await self._mongo.in_transaction(self._read)
        return kept

    async def before(self, tx: Transaction, tick: Tick) -> Snapshot:
        """As of the epoch before this one, in a transaction that has written nothing else yet."""
        return self._kept_at(tick.epoch - 1) or await self._read(tx.session)

    def _kept_at(self, epoch: int) -> Snapshot | None:
        kept = self._kept
        if kept is None or kept.epoch != epoch or self._clock() - kept.read_at > _KEPT_FOR:
            return None
        return kept

    async def _read(self, session: Session) -> Snapshot:
        epoch, now = await self._coverage_clock.epoch(session), self._clock()
        archived = await self._directory.archived(session)
        responsibilities = [
            one
            for one in await self._responsibilities.every(session)
            if not one.follows and archived.isdisjoint({one.client_id, one.page_id})
        ]
        team = await self._team.everybody(
            responsibilities, Window(now - _LOOKING_BACK, None), session
        )
        return Snapshot(
            epoch=epoch,
            read_at=now,
            responsibilities={one.id: one for one in responsibilities},
            team=team,
            concerning=concerning(responsibilities, team),
        )
