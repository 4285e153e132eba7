"""How many shifts are open, for the dashboards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.metrics import ROTA_SHIFTS_OPEN
from services.scheduler.rota.reading import count_open
from shared.clock import Clock

__all__ = ["measure_rota"]


def measure_rota(desk: Desk, clock: Clock) -> Callable[[], Awaitable[None]]:
    """Counted anew when the rota or the team has changed, and every minute, for shifts begin."""
    counted: tuple[tuple[int, int], datetime] | None = None

    async def measure() -> None:
        nonlocal counted
        now = clock()
        minute = now.replace(second=0, microsecond=0)
        state = (await desk.rota.marks(), minute)
        if state != counted:
            ROTA_SHIFTS_OPEN.set(await count_open(desk, now))
            counted = state

    return measure
