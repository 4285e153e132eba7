"""What the dashboard shows: three questions, and for each the few figures that answer it.

Gauges that features read from their database are told by every replica alike, so the largest is
shown; counters and histograms are each process's own, so they are summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from grafana_foundation_sdk.models import units

__all__ = ["ROWS", "Panel", "Query", "Row", "Shape"]


class Shape(Enum):
    """One number now, or lines over time."""

    NUMBER = "number"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Query:
    """`name` is the line's, and may use `{{label}}`."""

    expression: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """`width` of 24 columns. `alarm`: a number from which it is red."""

    title: str
    meaning: str
    queries: Sequence[Query]
    shape: Shape = Shape.LINES
    width: int = 8
    unit: str = units.Short
    alarm: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    question: str
    panels: Sequence[Panel]


def _number(title: str, meaning: str, expression: str, **more: object) -> Panel:
    options: dict[str, object] = {"width": 4, "alarm": 1, **more}
    return Panel(title, meaning, [Query(expression)], Shape.NUMBER, **options)  # type: ignore[arg-type]  # checked by the dataclass


def _share(histogram: str, share: float, *by: str) -> str:
    """The seconds within which the share (0..1) of what was observed lies."""
    rate = f"rate(understudy_{histogram}_bucket[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({', '.join([*by, 'le'])}) ({rate}))"


def _rate(counter: str, by: str) -> str:
    return f"sum by ({by}) (rate(understudy_{counter}[$__rate_interval]))"


_COVERED = Row(
    "Is the team covered?",
    [
        _number(
            "Gaps",
            "Responsibilities with nobody present and qualified",
            "max(understudy_coverage_gaps)",
        ),
        _number(
            "Tasks uncovered",
            "Open tasks without a holder",
            "max(understudy_planner_tasks_uncovered)",
        ),
        _number(
            "Conversations uncovered",
            "Open conversations without a holder",
            "max(understudy_inbox_conversations_uncovered)",
        ),
        _number(
            "Away now",
            "Members who are absent; why is nobody's business",
            "max(understudy_members_absent)",
            alarm=None,
        ),
        _number(
            "Open handovers",
            "Handovers to which not all services have answered",
            "max(understudy_open_handovers)",
            alarm=None,
        ),
        _number(
            "Oldest open handover",
            "A participant is down if this grows",
            "max(understudy_handover_open_seconds)",
            unit=units.Seconds,
            alarm=10,
        ),
        Panel(
            "Gaps and uncovered work",
            "All of it should be zero",
            [
                Query("max(understudy_coverage_gaps)", "gaps"),
                Query("max(understudy_planner_tasks_uncovered)", "tasks"),
                Query("max(understudy_inbox_conversations_uncovered)", "conversations"),
                Query("max(understudy_rota_shifts_open)", "shifts within a week"),
            ],
            width=12,
        ),
        Panel(
            "From report to complete receipt",
            "How long handovers take",
            [
                Query(_share("handover_seconds", 0.5), "half of them"),
                Query(_share("handover_seconds", 0.95), "95 %"),
            ],
            width=12,
            unit=units.Seconds,
        ),
        Panel(
            "Gaps of the next eight weeks",
            "Time without anybody, summed over responsibilities",
            [Query("max by (discipline) (understudy_coverage_gap_seconds)", "{{discipline}}")],
            width=12,
            unit=units.Seconds,
        ),
        Panel(
            "What hangs on one person",
            "Responsibilities with a bus factor of one; and people with too much at once",
            [
                Query(
                    "max by (discipline) (understudy_single_points_of_failure)", "{{discipline}}"
                ),
                Query("max(understudy_members_overloaded)", "people with too much"),
            ],
            width=12,
        ),
    ],
)

_FLOWING = Row(
    "Is work flowing?",
    [
        Panel(
            "Messages",
            "Incoming messages by what became of them",
            [Query(_rate("inbox_messages_total", "outcome"), "{{outcome}}")],
            unit=units.MessagesPerSecond,
        ),
        Panel(
            "Conversations that wait",
            "How many, and since when the first author waits",
            [
                Query("max(understudy_inbox_conversations_open)", "open"),
                Query("max(understudy_inbox_oldest_waiting_seconds) / 60", "longest wait, minutes"),
            ],
        ),
        Panel(
            "Tasks",
            "Open and overdue",
            [
                Query("max(understudy_planner_tasks_open)", "open"),
                Query("max(understudy_planner_tasks_overdue)", "overdue"),
            ],
        ),
        Panel(
            "From event to effect, 99 %",
            "How long until a change has its effect in another service",
            [Query(_share("consumer_delay_seconds", 0.99, "service"), "{{service}}")],
            unit=units.Seconds,
        ),
        Panel(
            "Oldest event not on Kafka",
            "Above 10 s events do not leave",
            [
                Query(
                    "max by (service) (understudy_outbox_oldest_unpublished_seconds)", "{{service}}"
                )
            ],
            unit=units.Seconds,
        ),
        Panel(
            "Mails",
            "Deliveries that are not finished",
            [Query("max by (state) (understudy_notifier_deliveries)", "{{state}}")],
        ),
    ],
)

_WELL = Row(
    "Is the machine well?",
    [
        _number(
            "Processes up",
            "Of the four services and their replicas",
            'sum(up{job="understudy"})',
            alarm=None,
        ),
        _number(
            "Records missing",
            "Jumps in sequences, in the last day",
            "sum(increase(understudy_consumer_gaps_total[1d]))",
        ),
        _number(
            "Dead letters",
            "Records that can never be valid, in the last day",
            "sum(increase(understudy_dead_letters_total[1d]))",
        ),
        _number(
            "Oldest parked record",
            "Waits for the release of its aggregate",
            "max(understudy_parked_oldest_seconds)",
            unit=units.Seconds,
        ),
        _number(
            "Unknown deliveries",
            "Mails that may have arrived or not: a person decides",
            "max(understudy_notifier_unknown_outcomes)",
        ),
        _number(
            "Receipts that do not add up",
            "All have answered, but the answers disagree",
            "max(understudy_inconsistent_handovers)",
        ),
        Panel(
            "Time to answer, 95 %",
            "Pages and API; live streams are not in it",
            [Query(_share("http_request_seconds", 0.95, "service"), "{{service}}")],
            unit=units.Seconds,
        ),
        Panel(
            "Requests that fail",
            "Answers from 500 on",
            [
                # A service that never failed has no such series: then it is a zero.
                Query(
                    _rate('http_request_seconds_count{status=~"5.."}', "service")
                    + " or 0 * "
                    + _rate("http_request_seconds_count", "service"),
                    "{{service}}",
                )
            ],
            unit=units.RequestsPerSecond,
        ),
        Panel(
            "What falls due, late by",
            "99 % of what is due is done within this time",
            [Query(_share("ticker_late_seconds", 0.99, "service"), "{{service}}")],
            unit=units.Seconds,
        ),
        Panel(
            "Memory",
            "Resident",
            [Query('process_resident_memory_bytes{job="understudy"}', "{{instance}}")],
            unit=units.BytesSI,
        ),
        Panel(
            "CPU",
            "Cores in use",
            [
                Query(
                    'rate(process_cpu_seconds_total{job="understudy"}[$__rate_interval])',
                    "{{instance}}",
                )
            ],
        ),
        Panel(
            "Kafka or MongoDB away",
            "Times that a service had to try again",
            [Query(_rate("infrastructure_failures_total", "service"), "{{service}}")],
            unit=units.EventsPerSecond,
        ),
    ],
)

ROWS = (_COVERED, _FLOWING, _WELL)
