"""What the scheduler tells about itself. No label names a person, a page or a client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Counter, Gauge, Histogram

from services.scheduler.absences.reasons import Reasons
from services.scheduler.coverage.store import CoverageStore
from services.scheduler.directory.store import Directory
from services.scheduler.handovers.store import Handovers
from services.scheduler.members.store import Members
from services.scheduler.risk.domain import Risk, acting_first
from shared.clock import Clock
from shared.events.disciplines import Discipline
from shared.observability import METRICS

__all__ = [
    "ABSENCE_MAILBOX_SILENT",
    "ABSENCE_MAILS",
    "HANDOVER_SECONDS",
    "ROTA_SHIFTS_OPEN",
    "measure_coverage",
    "measure_reasons",
    "tell_risk",
]

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

COVERAGE_GAP_SECONDS = Gauge(
    "understudy_coverage_gap_seconds",
    "Of the next eight weeks, the time in which nobody present and qualified acts, summed over "
    "responsibilities",
    ("discipline",),
)
SINGLE_POINTS_OF_FAILURE = Gauge(
    "understudy_single_points_of_failure",
    "Responsibilities with a bus factor of one: only one person could act for them",
    ("discipline",),
)
MEMBERS_OVERLOADED = Gauge(
    "understudy_members_overloaded",
    "Members who act now for more responsibilities at once than MOST_AT_ONCE",
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

ABSENCE_MAILS = Counter(
    "understudy_absence_mails_total",
    "Mails to the mailbox for absences, by outcome",
    ["outcome"],
)
ABSENCE_MAILBOX_SILENT = Gauge(
    "understudy_absence_mailbox_silent_seconds",
    "Since the mailbox for absences was last looked through; 0 if there is none",
)


def measure_coverage(
    service: str,
    coverage: CoverageStore,
    directory: Directory,
    handovers: Handovers,
    members: Members,
    clock: Clock,
) -> Callable[[], Awaitable[None]]:
    oldest_open = METRICS.handover_open_seconds.labels(service)

    async def measure() -> None:
        COVERAGE_GAPS.set(await coverage.count_gaps(await directory.archived()))
        MEMBERS_ABSENT.set(await members.count_absent())
        opened = await handovers.open()
        OPEN_HANDOVERS.set(len(opened))
        INCONSISTENT_HANDOVERS.set(sum(one.fault is not None for one in opened))
        ages = [(clock() - one.started_at).total_seconds() for one in opened]
        oldest_open.set(max(ages, default=0.0))

    return measure


def tell_risk(most_at_once: int) -> Callable[[Risk], None]:
    """All disciplines are told, also those with nothing to tell."""

    def tell(risk: Risk) -> None:
        seconds = dict.fromkeys(Discipline, 0.0)
        single = dict.fromkeys(Discipline, 0)
        for id, one in risk.outlook.responsibilities.items():
            seconds[one.discipline] += risk.gap_time(id).total_seconds()
            single[one.discipline] += risk.strengths[id].single is not None
        for discipline in Discipline:
            COVERAGE_GAP_SECONDS.labels(discipline.value).set(seconds[discipline])
            SINGLE_POINTS_OF_FAILURE.labels(discipline.value).set(single[discipline])
        acting = acting_first(risk.outlook)
        MEMBERS_OVERLOADED.set(sum(len(ids) > most_at_once for ids in acting.values()))

    return tell


def measure_reasons(kept: Sequence[Reasons]) -> Callable[[], Awaitable[None]]:
    async def measure() -> None:
        REASONS_OUTDATED.set(sum([await each.count_outdated() for each in kept]))
        REASONS_UNREADABLE.set(sum([await each.count_unreadable() for each in kept]))

    return measure
