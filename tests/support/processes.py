"""Real processes of the services, for tests that kill, pause and restart them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.processes import Process
from deploy.local.programs import front_door, service, smtp
from deploy.local.settings import HOST, SERVICES, LocalSettings
from shared.kafka import create_topics
from tests.support.engines import Engines
from tests.support.ports import free_port

__all__ = ["ServiceProcesses"]


class ServiceProcesses:
    """The four services, the front door and an SMTP server, on engines and under a prefix.

    Nothing runs until `start` names it: "planner", "planner-2" (the second replica, if there are
    `replicas`), …, "front-door", "smtp". `processes` holds all of them by these names, for
    `kill`, `pause`, `resume`, `signal`; further ones may be put in. Leaving the context ends all.
    With `demo`, the front door leads to the demo's own processes too, on the ports in `settings`.
    """

    def __init__(
        self,
        engines: Engines,
        prefix: str,
        directory: Path,
        *,
        replicas: int = 1,
        demo: bool = False,
        env: Mapping[str, str] | None = None,
        partitions_max: int = 2,
    ) -> None:
        self._engines = engines
        self._prefix = prefix
        self._topics_exist = False
        self._partitions_max = partitions_max
        self.settings = _settings(directory, replicas)
        environment = {
            **engines.environment(prefix),
            "TOPIC_PARTITIONS_MAX": str(partitions_max),
            **(env or {}),
        }
        self.processes: dict[str, Process] = {}
        for name in SERVICES:
            for replica in range(replicas):
                self._add(service(self.settings, name, replica, env=environment))
        self._add(front_door(self.settings, demo=demo))
        self._add(smtp(self.settings))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The front door."""
        return self.settings.public_url

    def url_of(self, name: str, replica: int = 0) -> str:
        """One process of a service, with the root path."""
        return f"http://{HOST}:{self.settings.service_port(name, replica)}/{name}"

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    async def start(self, *names: str) -> None:
        """Start the named ones, or all, and wait until they are ready."""
        if not self._topics_exist:
            await create_topics(
                self._engines.kafka_servers,
                prefix=self._prefix,
                partitions_max=self._partitions_max,
            )
            self._topics_exist = True
        await asyncio.gather(*(self.processes[name].start() for name in names or self.processes))

    async def restart(self, name: str) -> None:
        """End politely, then start again."""
        await self.processes[name].stop()
        await self.processes[name].start()

    async def stop(self) -> None:
        await asyncio.gather(*(process.stop() for process in self.processes.values()))

    def _add(self, process: Process) -> None:
        self.processes[process.name] = process


def _settings(directory: Path, replicas: int) -> LocalSettings:
    return LocalSettings(
        state=directory,
        replicas=replicas,
        port=free_port(),
        planner_port=free_port(),
        scheduler_port=free_port(),
        inbox_port=free_port(),
        notifier_port=free_port(),
        platform_port=free_port(),
        sign_in_port=free_port(),
        smtp_port=free_port(),
    ).closed
