"""What the notifier tells about itself. No label names a person, a page or a client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import Gauge

from services.notifier.delivery.store import Deliveries
from shared.clock import Clock
from shared.events.notifier import DeliveryState

__all__ = ["measure_deliveries"]

DELIVERIES = Gauge(
    "understudy_notifier_deliveries", "Unfinished deliveries by their state", ["state"]
)
OLDEST_UNDELIVERED_SECONDS = Gauge(
    "understudy_notifier_oldest_undelivered_seconds",
    "How long the oldest notification that is neither sent nor given up has waited",
)
UNKNOWN_OUTCOMES = Gauge(
    "understudy_notifier_unknown_outcomes",
    "Deliveries that may or may not have arrived and wait for a person's decision",
)


def measure_deliveries(deliveries: Deliveries, clock: Clock) -> Callable[[], Awaitable[None]]:
    async def measure() -> None:
        counts = await deliveries.count_unfinished()
        for state, count in counts.items():
            DELIVERIES.labels(state.value).set(count)
        UNKNOWN_OUTCOMES.set(counts[DeliveryState.UNKNOWN])
        oldest = await deliveries.oldest_undelivered()
        waited = 0.0 if oldest is None else (clock() - oldest).total_seconds()
        OLDEST_UNDELIVERED_SECONDS.set(waited)

    return measure
