"""The planner and the scheduler as the notifier hears them: their events on the real topics."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer

from shared.events.disciplines import Discipline
from shared.events.envelope import Envelope, Event
from shared.events.handover import ItemKind, Participant
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.events.scheduler import (
    ActsAs,
    CoverageChanged,
    HandoverCause,
    HandoverCompleted,
    MemberChanged,
    QualificationExpiring,
    Recipient,
    ReminderStage,
)
from shared.ids import new_id

__all__ = [
    "STARTED",
    "Others",
    "completed",
    "coverage",
    "expiring",
    "in_days",
    "member",
    "received",
]

STARTED = datetime(2026, 11, 24, 9, 42, 7, 200_000, tzinfo=UTC)
EPOCH = 7


class Others:
    """Speaks for the other services, each aggregate in its own gap-free sequence."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer = producer
        self._prefix = prefix
        self._sequences: Counter[str] = Counter()
        self._said: list[tuple[str, str, bytes]] = []

    async def say(self, *events: Event) -> None:
        for event in events:
            topic = f"{self._prefix}{event.destination.name}"
            self._sequences[f"{topic}/{event.aggregate_id}"] += 1
            envelope = Envelope.wrap(
                event,
                id=new_id(),
                source="/understudy/test",
                sequence=self._sequences[f"{topic}/{event.aggregate_id}"],
                time=datetime.now(UTC),
                correlation_id="correlation-of-the-test",
            )
            record = (topic, event.aggregate_id, envelope.to_bytes())
            self._said.append(record)
            await self._put(*record)

    async def repeat(self) -> None:
        """Everything that was said, once more."""
        for record in self._said:
            await self._put(*record)

    async def _put(self, topic: str, key: str, body: bytes) -> None:
        await self._producer.send_and_wait(topic, key=key.encode(), value=body)


def member(
    member_id: str,
    name: str,
    *,
    language: str = "en",
    present: bool = True,
    epoch: int = 1,
    email: str | None = None,
    clients: tuple[str, ...] | None = None,
    time_zone: str = "Europe/Berlin",
    colour: int = 1,
) -> MemberChanged:
    return MemberChanged(
        member_id=member_id,
        name=name,
        initials="".join(word[0] for word in name.split())[:2].upper(),
        colour=colour,
        email=f"{member_id}@agency.example" if email is None else email,
        language=language,
        time_zone=time_zone,
        clients=clients,
        active=True,
        present=present,
        epoch=epoch,
    )


def agency() -> list[Event]:
    """Two clients, one page, four members."""
    return [
        ClientChanged(client_id="c1", name="Rösterei Morgenrot", time_zone="Europe/Berlin"),
        ClientChanged(client_id="c2", name="Stadtwerke Auental", time_zone="Europe/Berlin"),
        PageChanged(page_id="p1", client_id="c1", name="Morgenrot", platform=Platform.INSTAGRAM),
        member("jana", "Jana Hoffmann", present=False, epoch=EPOCH, colour=5),
        member("tom", "Tom Berger"),
        member("mira", "Mira Öztürk", language="de", colour=2),
        member("lena", "Lena Vogt", colour=7),
    ]


def coverage(
    responsibility_id: str, acting: str | None, *, client_id: str = "c1", epoch: int = EPOCH
) -> CoverageChanged:
    place, _, discipline = responsibility_id.rpartition(":")
    return CoverageChanged(
        responsibility_id=responsibility_id,
        client_id=client_id,
        page_id=place if place.startswith("p") else None,
        discipline=Discipline(discipline),
        owner="jana",
        deputies=("tom", "mira"),
        acting=acting,
        acts_as=ActsAs.GAP if acting is None else ActsAs.DEPUTY,
        epoch=epoch,
    )


def received(
    member_id: str, *responsibilities: str, tasks: int = 3, conversations: int = 0
) -> Recipient:
    return Recipient(
        member_id=member_id,
        items={ItemKind.TASK: tasks, ItemKind.CONVERSATION: conversations},
        first_due_at=STARTED + timedelta(hours=2) if tasks else None,
        responsibilities=responsibilities,
    )


def completed(
    *recipients: Recipient,
    handover_id: str = "h1",
    cause: HandoverCause = HandoverCause.ABSENCE_STARTED,
    leads: tuple[str, ...] = ("lena",),
    gaps: tuple[str, ...] = (),
    uncovered: int = 0,
    epoch: int = EPOCH,
) -> HandoverCompleted:
    moved = sum(sum(each.items.values()) for each in recipients)
    return HandoverCompleted(
        handover_id=handover_id,
        number="H-2026-0147",
        epoch=epoch,
        cause=cause,
        absent_member="jana",
        started_at=STARTED,
        completed_at=STARTED + timedelta(milliseconds=400),
        totals={Participant.PLANNER: moved + uncovered},
        uncovered=uncovered,
        gaps=gaps,
        recipients=recipients,
        leads=leads,
    )


def in_days(days: int) -> datetime:
    """An end, to the millisecond as MongoDB keeps it."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def expiring(
    valid_until: datetime,
    *,
    stage: ReminderStage = ReminderStage.FIRST,
    leads: tuple[str, ...] = ("lena",),
    owned: tuple[str, ...] = ("c1:copywriting",),
    deputised: tuple[str, ...] = ("c2:copywriting",),
    gaps: tuple[str, ...] = ("c2:copywriting",),
) -> QualificationExpiring:
    """Mira's, for copywriting."""
    return QualificationExpiring(
        member_id="mira",
        discipline=Discipline.COPYWRITING,
        valid_until=valid_until,
        stage=stage,
        owned=owned,
        deputised=deputised,
        gaps=gaps,
        leads=leads,
    )
