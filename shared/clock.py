"""The clock as a value: whoever needs the time is given one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "utc_now"]

Clock = Callable[[], datetime]
"""Returns the current instant, aware, in UTC, to the millisecond."""


def utc_now() -> datetime:
    """Milliseconds, because MongoDB keeps no more and a value must survive storing."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
