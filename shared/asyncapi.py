"""The AsyncAPI 3 document of a service, made from the contracts it imports and its topics."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, Literal

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI
from pydantic import BaseModel, create_model

from shared.events import topics
from shared.events.dead_letters import DeadLetterRecorded
from shared.events.envelope import Envelope, Event, event_types
from shared.events.handover import Participant, WorkHandedOver
from shared.events.topics import Topic

__all__ = ["document"]

_ANSWERS = {
    topics.PLANNER_HANDOVERS: Participant.PLANNER,
    topics.INBOX_HANDOVERS: Participant.INBOX,
    topics.WORK_HANDOVERS: Participant.SCHEDULER,
}


def document(service: str, consumed: list[Topic], version: str = "1.0.0") -> dict[str, Any]:
    """What `service` sends and receives, with the schema of every event as it is on the wire."""
    broker = KafkaBroker("kafka.example:9092")
    for topic in topics.TOPICS:
        if topic.writer == service:
            broker.publisher(topic.name, title=topic.name, schema=_schema(topic))
    for topic in consumed:
        subscriber = broker.subscriber(topic.name, title=f"{service} receives {topic.name}")
        subscriber(_receiver(topic))
    specification = AsyncAPI(
        broker, title=f"Understudy {service}", version=version, schema_version="3.0.0"
    )
    result: dict[str, Any] = specification.to_specification().to_jsonable()
    return result


def _receiver(topic: Topic) -> Any:
    async def receive(message: Any) -> None:
        """Documentation only: never started."""

    receive.__annotations__ = {"message": _schema(topic), "return": None}
    return receive


def _schema(topic: Topic) -> Any:
    envelopes = [_on_the_wire(event) for event in _events(topic)]
    return reduce(or_, envelopes)


def _events(topic: Topic) -> list[type[Event]]:
    events = [one for one in event_types().values() if one.topic is topic]
    if topic in _ANSWERS and WorkHandedOver not in events:
        events.append(WorkHandedOver)
    return events or [DeadLetterRecorded]


def _on_the_wire(event: type[Event]) -> type[BaseModel]:
    """The envelope with the type and the data of one contract."""
    return create_model(
        f"{event.__name__}Event",
        __base__=Envelope,
        __doc__=event.__doc__,
        type=(Literal[event.type], event.type),  # type: ignore[arg-type]  # made at run time
        data=(event, ...),
    )
