"""What the scheduler tells about itself. No label names a person, a page or a client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Gauge, Histogram

from services.scheduler.absences.reasons import Reasons
from services.scheduler.coverage.store import CoverageStore
from services.scheduler.handovers.store import Handovers
from services.scheduler.members.store import Members
from shared.clock import Clock
from shared.observability import METRICS

__all__ = ["HANDOVER_SECONDS", "ROTA_SHIFTS_OPEN", "measure_coverage", "measure_reasons"]

COVERAGE_GAPS = Gauge(
    "understudy_coverage_gaps", "Responsibilities for which nobody present and qualified acts now"
)
MEMBERS_ABSENT = Gauge(
    "understudy_members_absent", "Members of the team who are away now, for whatever reason"
)
HANDOVER_SECONDS = Histogram(
    "understudy_handover_seconds",
    "From a handover's start until its receipt was complete",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
OPEN_HANDOVERS = Gauge("understudy_open_handovers", "Handovers that are not complete")
INCONSISTENT_HANDOVERS = Gauge(
    "understudy_inconsistent_handovers",
    "Open handovers to which all have answered, but the answers do not add up",
)

ROTA_SHIFTS_OPEN = Gauge(
    "understudy_rota_shifts_open",
    "Shifts of the next seven days that nobody has, or that somebody has who cannot be there",
)

REASONS_OUTDATED = Gauge(
    "understudy_reasons_outdated", "Reasons of absences that an older key encrypts, or none"
)
REASONS_UNREADABLE = Gauge(
    "understudy_reasons_unreadable", "Reasons of absences whose key the scheduler does not have"
)


def measure_coverage(
    service: str,
    coverage: CoverageStore,
    handovers: Handovers,
    members: Members,
    clock: Clock,
) -> Callable[[], Awaitable[None]]:
    oldest_open = METRICS.handover_open_seconds.labels(service)

    async def measure() -> None:
        COVERAGE_GAPS.set(await coverage.count_gaps())
        MEMBERS_ABSENT.set(await members.count_absent())
        opened = await handovers.open()
        OPEN_HANDOVERS.set(len(opened))
        INCONSISTENT_HANDOVERS.set(sum(one.fault is not None for one in opened))
        ages = [(clock() - one.started_at).total_seconds() for one in opened]
        oldest_open.set(max(ages, default=0.0))

    return measure


def measure_reasons(kept: Sequence[Reasons]) -> Callable[[], Awaitable[None]]:
    async def measure() -> None:
        REASONS_OUTDATED.set(sum([await each.count_outdated() for each in kept]))
        REASONS_UNREADABLE.set(sum([await each.count_unreadable() for each in kept]))

    return measure
