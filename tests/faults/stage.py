"""All that runs for a rehearsal: engines of its own, two replicas of each service, an agency.

Whoever ends without having been hit is started again, as any supervisor does it, and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pymongo import MongoClient

from deploy.local.processes import Process, ProcessFailed
from deploy.local.settings import SERVICES
from tests.faults.load import Team
from tests.faults.victims import REPLICAS, VICTIMS, Blow, Kind
from tests.support.agency import Agency
from tests.support.books import Books, Row
from tests.support.engines import OwnEngines
from tests.support.processes import ServiceProcesses

__all__ = ["PREFIX", "Stage", "raised"]

PREFIX = "faults_"
_LOOK_SECONDS = 0.5
_START_SECONDS = 180
"""Eight processes at once take their time where others are at work, too."""


@dataclass
class Stage:
    engines: OwnEngines
    services: ServiceProcesses
    team: Team
    books: Books
    ended_alone: list[str] = field(default_factory=list)
    _under_fire: set[str] = field(default_factory=set)

    @property
    def kafka_servers(self) -> str:
        return self.engines.addresses.kafka_servers

    @property
    def maildir(self) -> Path:
        return self.services.settings.mail

    def process(self, victim: str) -> Process:
        engines = {"kafka": self.engines.kafka, "mongodb": self.engines.mongodb}
        return engines.get(victim) or self.services[victim]

    async def strike(self, blow: Blow) -> None:
        """Hit the victim, and see it back at work."""
        process = self.process(blow.victim)
        self._under_fire.add(blow.victim)
        try:
            if blow.kind is Kind.KILL:
                process.kill()
            else:
                await self._pause(process, blow.seconds)
            await self._back(process)
        finally:
            self._under_fire.discard(blow.victim)

    async def _pause(self, process: Process, seconds: float) -> None:
        process.pause()
        try:
            await asyncio.sleep(seconds)  # it is what is done to the victim
        finally:
            process.resume()

    async def _back(self, process: Process) -> None:
        """Ready again; started again if it woke up and ended itself."""
        try:
            await process.start()
        except ProcessFailed:
            self.ended_alone.append(f"{process.name} ended with {process.exit_code}")
            await process.start()

    async def stop_services(self) -> None:
        self._under_fire |= set(REPLICAS)
        await asyncio.gather(*(self.services[name].stop() for name in REPLICAS))

    async def start_services(self, names: Sequence[str] = SERVICES) -> None:
        await asyncio.gather(*(self.services[name].start() for name in names))
        self._under_fire -= set(names)

    async def keep_alive(self) -> None:
        """Until cancelled."""
        while True:
            for name in VICTIMS:
                process = self.process(name)
                if name not in self._under_fire and not process.running:
                    self.ended_alone.append(f"{name} ended with {process.exit_code}")
                    process.launch()
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def raised(directory: Path) -> AsyncIterator[Stage]:
    """Raises `MissingPrerequisites`, or `ProcessFailed` with the end of the log."""
    engines = OwnEngines(directory)
    try:
        await engines.start()
        services = ServiceProcesses(engines.addresses, PREFIX, directory, replicas=2)
        async with services, Agency(services.url) as agency:
            for process in (engines.kafka, engines.mongodb, *services.processes.values()):
                process.start_seconds = _START_SECONDS
            await services.start()
            team = await _team(agency)
            with MongoClient[Row](engines.addresses.mongodb_uri, tz_aware=True) as client:
                stage = Stage(engines, services, team, Books(client, PREFIX))
                watch = asyncio.create_task(stage.keep_alive(), name="keep alive")
                try:
                    yield stage
                finally:
                    watch.cancel()
                    await asyncio.gather(watch, return_exceptions=True)
    finally:
        await engines.stop()


async def _team(agency: Agency) -> Team:
    """The small agency, in which Tom and Mira are responsible for something, too."""
    await agency.build()
    for discipline, owner, deputies in (
        ("content_planning", "Tom", ("Mira", "Jana")),
        ("research", "Mira", ("Jana", "Tom")),
    ):
        for name in agency.members:
            await agency.qualify(name, discipline)
        await agency.make_responsible(discipline, None, owner, deputies)
    return Team(agency.client, agency.pages, agency.sources, agency.members)
