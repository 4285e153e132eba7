"""Child processes: started, found ready by probing, ended together with their parent.

Every child has a process group of its own, so that a Ctrl-C reaches only the parent, which ends
its children in order. Should the parent be killed, the kernel sends the children SIGTERM
(`setpriv --pdeathsig`, part of Debian's util-linux; done by that program rather than by a
`preexec_fn`, which is unsafe beside threads). The kernel looks at the *thread* that started
the child: start processes from the main thread.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Probe", "Process", "ProcessFailed"]

Probe = Callable[[], Awaitable[bool]]

_POLL_SECONDS = 0.05
_LOG_LIMIT_BYTES = 20_000_000


class ProcessFailed(Exception):
    """A process ended or stayed silent before it was ready. The message shows its last lines."""


async def _nothing() -> None:
    """The usual preparation."""


@dataclass(eq=False)
class Process:
    """One program and how to tell that it is ready.

    `ready` is asked until it says yes and must not raise. `prepare` runs before each start.
    """

    name: str
    argv: Sequence[str]
    ready: Probe
    logs: Path
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], Awaitable[None]] = _nothing
    where: str = ""
    """What people are told about it: its address."""
    start_seconds: float = 180
    """Two busy cores have been seen to take more than a minute to start a service."""
    stop_seconds: float = 20
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}.log"

    @property
    def pid(self) -> int:
        if self._child is None:
            raise ProcessLookupError(f"{self.name} was not started")
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or if it was never started."""
        return None if self._child is None else self._child.poll()

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def launch(self) -> None:
        """Start without preparing or waiting. A running process is left alone."""
        if self.running:
            return
        self.logs.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *self.argv],
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def start(self) -> None:
        """Prepare, start and wait until ready. Raises `ProcessFailed`, and then it is ended."""
        await self.prepare()
        self.launch()
        try:
            await self.until_ready()
        except BaseException:
            self.kill()
            raise

    async def until_ready(self) -> None:
        deadline = time.monotonic() + self.start_seconds
        while not await self.ready():
            if not self.running:
                raise ProcessFailed(self._story(f"ended with {self.exit_code} before it was ready"))
            if time.monotonic() > deadline:
                raise ProcessFailed(self._story(f"was not ready after {self.start_seconds:.0f} s"))
            await asyncio.sleep(_POLL_SECONDS)

    async def ended(self) -> int:
        """Wait for the end; returns the exit code, negative for a signal."""
        while (code := self.exit_code) is None:  # noqa: ASYNC110 - works across event loops
            await asyncio.sleep(_POLL_SECONDS)
        return code

    async def stop(self) -> None:
        """End it politely, or after `stop_seconds` by force."""
        if not self.running:
            return
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)  # a paused process would never hear it
        try:
            async with asyncio.timeout(self.stop_seconds):
                await self.ended()
        except TimeoutError:
            self.kill()

    def kill(self) -> None:
        """`kill -9` of the process and what it started, as if the power had gone."""
        if self._child is not None and self.running:
            self.signal(signal.SIGKILL)
            self._child.wait()

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def last_lines(self, count: int = 15) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def _story(self, what_happened: str) -> str:
        return f"{self.name} {what_happened}. The end of {self.log}:\n{self.last_lines()}"
