"""The one-machine stack as a whole: what is started in which order."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from deploy.local import assets, prerequisites
from deploy.local.kafka import answers_kafka, kafka
from deploy.local.mongodb import answers_mongodb, mongodb
from deploy.local.processes import Process, ProcessFailed
from deploy.local.programs import front_door, platform, service, sign_in, smtp
from deploy.local.settings import SERVICES, LocalSettings
from deploy.local.supervisor import Report, Supervisor
from shared.kafka import create_topics

__all__ = ["Stack", "StateInUse", "forget", "only_user_of", "prepare"]


class StateInUse(ProcessFailed):
    """Another stack is running on the same state."""


class Stack:
    """`async with Stack(settings) as stack: await stack.start_engines(); ...`

    Leaving ends everything that was started, last started first. `service_env` holds further
    environment variables by service name.
    """

    def __init__(
        self,
        settings: LocalSettings,
        *,
        service_env: Mapping[str, Mapping[str, str]] | None = None,
        report: Report = print,
    ) -> None:
        self.settings = settings
        self._service_env = service_env or {}
        self._report = report
        self._supervisor = Supervisor(report)
        self._state = ExitStack()

    async def __aenter__(self) -> Self:
        self._state.enter_context(only_user_of(self.settings))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._state:
            await self._supervisor.stop()

    async def start_engines(self) -> None:
        """Kafka and MongoDB, or a look whether the existing ones answer."""
        own = []
        if self.settings.kafka_bootstrap_servers is None:
            own.append(kafka(self.settings))
        elif not await answers_kafka(self.settings.kafka_servers)():
            raise ProcessFailed(f"No Kafka answers at {self.settings.kafka_servers}.")
        if self.settings.mongodb_uri is None:
            own.append(mongodb(self.settings))
        elif not await answers_mongodb(self.settings.mongodb)():
            raise ProcessFailed(f"No MongoDB answers at {self.settings.mongodb}.")
        await self._supervisor.start(*own)

    async def start_services(self, *, demo: bool = False) -> None:
        """Topics, mail unless a server is given, the four services, then the front door.

        With `demo`, the simulated platform and the page that signs in as anybody, too.
        """
        await create_topics(self.settings.kafka_servers, prefix=self.settings.topic_prefix)
        await self._supervisor.start(
            *([smtp(self.settings)] if self.settings.smtp_host is None else ()),
            *(
                service(self.settings, name, replica, env=self._service_env.get(name))
                for name in SERVICES
                for replica in range(self.settings.replicas)
            ),
            *(self._surroundings() if demo else ()),
        )
        await self._supervisor.start(front_door(self.settings, demo=demo))

    def _surroundings(self) -> Iterator[Process]:
        yield platform(self.settings, env=self._service_env.get("platform"))
        yield sign_in(self.settings)


async def prepare(settings: LocalSettings, *, report: Report = print) -> None:
    """Everything needed before something starts. Raises `MissingPrerequisites`."""
    prerequisites.check_programs(settings)
    if not assets.are_present(settings):
        report("  · fetching Kafka and htmx by Maven (the first time only)")
        began = time.monotonic()
        await assets.fetch(settings)
        report(f"  ✓ {'fetched':<43} {time.monotonic() - began:5.1f} s")


def forget(settings: LocalSettings) -> None:
    """Remove all state. What was downloaded stays. Raises `StateInUse` while a stack runs."""
    with only_user_of(settings):
        for path in settings.forgettable():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextmanager
def only_user_of(settings: LocalSettings) -> Iterator[None]:
    """Two stacks on the same state would ruin it; the kernel forgets the lock of a killed one."""
    settings.state.mkdir(parents=True, exist_ok=True)
    with (settings.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUse(f"A stack is running on {settings.state}. End it first.") from None
        yield
