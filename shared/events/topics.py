"""Every topic: its one writer, key, partitions, retention and compaction.

`community.messages` alone has many writers: any system may put incoming messages there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["SERVICES", "TOPICS", "Topic", "dead_letters"]

SERVICES = ("planner", "scheduler", "inbox", "notifier")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Topic:
    """`purpose` is what the catalogue says of it; `retention` applies to topics that are not
    compacted; `sequenced` says that records carry a gap-free sequence per key, so that a jump is an
    alarm; `personal` that bodies must not be kept anywhere longer, not even as dead letters."""

    name: str
    writer: str
    key: str
    purpose: str
    partitions: int = 8
    retention: timedelta = 7 * _DAY
    compacted: bool = False
    sequenced: bool = True
    personal: bool = False

    def config(self) -> dict[str, str]:
        """The broker's topic settings."""
        if self.compacted:
            return {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"}
        milliseconds = int(self.retention.total_seconds() * 1000)
        return {"cleanup.policy": "delete", "retention.ms": str(milliseconds)}


CONTENT_STATUS = Topic(
    "content.status",
    "planner",
    "content id",
    "Where each post in the making is on its way, and when it is to go out.",
)
PLANNER_DIRECTORY = Topic(
    "planner.directory",
    "planner",
    "client or page id",
    "All clients and pages. Read it from the start to have them all, then follow it.",
    compacted=True,
)
PLANNER_HANDOVERS = Topic(
    "planner.handovers",
    "planner",
    "handover id",
    "Which tasks a handover has moved.",
)

TEAM_DIRECTORY = Topic(
    "team.directory",
    "scheduler",
    "member id",
    "All members of the team. Read it from the start to have them all, then follow it.",
    compacted=True,
)
TEAM_ABSENCES = Topic(
    "team.absences",
    "scheduler",
    "member id",
    "Who is away, and from when until when. Fit for calendars and payroll: it never says why.",
)
TEAM_COVERAGE = Topic(
    "team.coverage",
    "scheduler",
    "responsibility id",
    "Who acts for each responsibility. Read it from the start to have them all, then follow it.",
    compacted=True,
)
TEAM_QUALIFICATIONS = Topic(
    "team.qualifications",
    "scheduler",
    "member id",
    "Whose qualification ends soon, and what depends on it.",
)
TEAM_LEAVE = Topic(
    "team.leave",
    "scheduler",
    "member id",
    "Who asks for leave, when, and what was decided. Never why: neither of the two.",
)
TEAM_ROTA = Topic(
    "team.rota",
    "scheduler",
    "member id",
    "Shifts that somebody is told about: swaps, shifts that fall open, shifts given and taken.",
)
WORK_HANDOVERS = Topic(
    "work.handovers",
    "scheduler",
    "handover id",
    "Handovers from their start to the closed receipt, and which publications they have moved.",
)

# Bodies of messages are personal data: they stay on Kafka for a day, no longer.
COMMUNITY_MESSAGES = Topic(
    "community.messages",
    "*",
    "page id + author id",
    "What people write to the pages. The inbox's webhooks put it here, as any other system may.",
    retention=_DAY,
    sequenced=False,
    personal=True,
)
COMMUNITY_CONVERSATIONS = Topic(
    "community.conversations",
    "inbox",
    "conversation id",
    "Which conversations are open, and who has them. Not what was said.",
)
INBOX_HANDOVERS = Topic(
    "inbox.handovers",
    "inbox",
    "handover id",
    "Which conversations a handover has moved.",
)

NOTIFICATIONS_DELIVERIES = Topic(
    "notifications.deliveries",
    "notifier",
    "notification id",
    "Whether mails to members have arrived.",
)
WORK_ACKNOWLEDGEMENTS = Topic(
    "work.acknowledgements",
    "notifier",
    "handover id",
    "Who has confirmed to have what a handover gave them.",
)


def dead_letters(service: str) -> Topic:
    """Where `service` puts records that can never be applied, each with its reason."""
    return _DEAD_LETTERS[service]


_DEAD_LETTERS = {
    service: Topic(
        f"{service}.dead-letters",
        service,
        "origin of the record",
        f"Records that the {service} was given and can never apply, each with its reason.",
        partitions=1,
        retention=30 * _DAY,
    )
    for service in SERVICES
}

TOPICS: tuple[Topic, ...] = (
    CONTENT_STATUS,
    PLANNER_DIRECTORY,
    PLANNER_HANDOVERS,
    TEAM_DIRECTORY,
    TEAM_ABSENCES,
    TEAM_COVERAGE,
    TEAM_QUALIFICATIONS,
    TEAM_LEAVE,
    TEAM_ROTA,
    WORK_HANDOVERS,
    COMMUNITY_MESSAGES,
    COMMUNITY_CONVERSATIONS,
    INBOX_HANDOVERS,
    NOTIFICATIONS_DELIVERIES,
    WORK_ACKNOWLEDGEMENTS,
    *_DEAD_LETTERS.values(),
)
