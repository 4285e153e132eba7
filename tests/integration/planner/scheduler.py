"""What the scheduler tells the planner, put on the real topics."""

from __future__ import annotations

from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from shared.events.disciplines import Discipline
from shared.events.envelope import Envelope, Event
from shared.events.handover import Participant
from shared.events.scheduler import (
    ActsAs,
    CoverageChanged,
    HandoverCause,
    HandoverStarted,
    Leg,
    MemberChanged,
    Presence,
)
from shared.ids import new_id

__all__ = ["Scheduler", "coverage", "falls_ill", "member"]

NOW = datetime(2026, 11, 24, 9, 58, tzinfo=UTC)


class Scheduler:
    """Puts the scheduler's events on the real topics."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer = producer
        self._prefix = prefix
        self._sequences: dict[str, int] = {}
        self.sent: list[tuple[str, str, bytes]] = []

    async def send(self, event: Event) -> None:
        key = f"{event.topic.name}/{event.aggregate_id}"
        self._sequences[key] = self._sequences.get(key, 0) + 1
        envelope = Envelope.wrap(
            event,
            id=new_id(),
            source="/understudy/scheduler",
            sequence=self._sequences[key],
            time=NOW,
        )
        await self._put(event.topic.name, event.aggregate_id, envelope.to_bytes())

    async def send_all_again(self) -> None:
        for record in list(self.sent):
            await self._put(*record)

    async def _put(self, topic: str, key: str, body: bytes) -> None:
        await self._producer.send_and_wait(f"{self._prefix}{topic}", body, key=key.encode())
        self.sent.append((topic, key, body))


def member(member_id: str, *, present: bool = True, epoch: int = 1) -> MemberChanged:
    return MemberChanged(
        member_id=member_id,
        name=member_id.title(),
        initials=member_id[:2].upper(),
        colour=1,
        email=f"{member_id}@example.org",
        language="de",
        time_zone="Europe/Berlin",
        clients=None,
        active=True,
        present=present,
        epoch=epoch,
    )


def coverage(client_id: str, acting: str | None, epoch: int = 1) -> CoverageChanged:
    return CoverageChanged(
        responsibility_id=f"{client_id}:copywriting",
        client_id=client_id,
        page_id=None,
        discipline=Discipline.COPYWRITING,
        owner="jana",
        deputies=("tom",),
        acting=acting,
        acts_as=ActsAs.OWNER if acting == "jana" else ActsAs.DEPUTY,
        epoch=epoch,
    )


def falls_ill(client_id: str, epoch: int, who: str = "jana") -> HandoverStarted:
    return HandoverStarted(
        handover_id=f"h{epoch}",
        number=f"H-2026-{epoch:04}",
        epoch=epoch,
        cause=HandoverCause.ABSENCE_STARTED,
        absent_member=who,
        presence=(Presence(member_id=who, present=False),),
        participants=(Participant.PLANNER,),
        legs=(
            Leg(
                responsibility_id=f"{client_id}:copywriting",
                client_id=client_id,
                page_id=None,
                discipline=Discipline.COPYWRITING,
                to="tom",
            ),
        ),
        started_at=NOW,
    )
