"""How tasks are brought to an end, whatever they make of being cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

__all__ = ["ended"]

_log = structlog.get_logger(__name__)


async def ended(tasks: Iterable[asyncio.Task[Any]], *, seconds: float = 5, tries: int = 4) -> None:
    """Cancel them and wait until they have ended; what they raise is of no interest any more.

    Python 3.11's `wait_for`, which libraries use, may swallow a cancellation, so it is said again
    after `seconds`. What does not end after so many `tries` is told and left behind.
    """
    pending = set(tasks)
    for _ in range(tries):
        for task in pending:
            task.cancel()
        if pending:
            done, pending = await asyncio.wait(pending, timeout=seconds)
            await asyncio.gather(*done, return_exceptions=True)
    for task in pending:
        _log.error("a task does not end", task=task.get_name())
