"""The one envelope around every event: a CloudEvents 1.0 structured event in JSON.

An *event contract* is a frozen pydantic model derived from `Event`. It names its type, its
topic and its aggregate; the envelope adds identity, time, sequence and tracing. Producers emit
contracts, the outbox wraps them; consumers get both back from `Envelope.parse` and `decode`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.events.topics import Topic

__all__ = ["Contract", "Envelope", "Event", "InvalidEvent", "UnknownType", "decode", "event_types"]


class InvalidEvent(ValueError):
    """The record can never become valid: a dead letter. `reason` is a stable word for metrics."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class UnknownType(LookupError):
    """A sound event whose type this program does not know: count it and move on."""


class Contract(BaseModel):
    """Base of event payloads and their parts: frozen, and deaf to fields added later."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Contract):
    """A past-tense fact. Subclasses set `type` (with its version) and `topic`."""

    type: ClassVar[str]
    topic: ClassVar[Topic]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "type" in cls.__dict__:
            _TYPES[cls.type] = cls

    @property
    def aggregate_id(self) -> str:
        """The Kafka key: events with the same topic and key stay in order."""
        raise NotImplementedError

    @property
    def client(self) -> str | None:
        """The customer the event belongs to; None means internal to the agency."""
        return None

    @property
    def destination(self) -> Topic:
        """The topic of this very event; only protocol answers differ from `topic`."""
        return self.topic


_TYPES: dict[str, type[Event]] = {}


def event_types() -> dict[str, type[Event]]:
    """All contracts of the modules imported so far, by type name."""
    return dict(_TYPES)


class Envelope(BaseModel):
    """CloudEvents 1.0 attributes plus our extensions; `sequence` counts from 1 per aggregate."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1)
    source: str = Field(min_length=1)
    type: str = Field(min_length=1)
    subject: str = Field(min_length=1)
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    correlationid: str | None = None
    causationid: str | None = None
    clientid: str | None = None
    sequence: int = Field(ge=0)
    data: dict[str, Any]

    @classmethod
    def wrap(
        cls,
        event: Event,
        *,
        id: str,
        source: str,
        sequence: int,
        time: datetime,
        correlation_id: str | None = None,
        causation_id: str | None = None,
    ) -> Self:
        return cls(
            id=id,
            source=source,
            type=event.type,
            subject=event.aggregate_id,
            time=time,
            correlationid=correlation_id,
            causationid=causation_id,
            clientid=event.client,
            sequence=sequence,
            data=event.model_dump(mode="json"),
        )

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Raises `InvalidEvent` for anything that is not a sound envelope."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            reason = "not_json" if first["type"] == "json_invalid" else "invalid_envelope"
            raise InvalidEvent(reason, f"{where or 'record'}: {first['msg']}") from None

    def to_bytes(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


def decode(envelope: Envelope) -> Event:
    """The contract inside. Raises `UnknownType`, or `InvalidEvent` if the data does not fit."""
    contract = _TYPES.get(envelope.type)
    if contract is None:
        raise UnknownType(envelope.type)
    try:
        return contract.model_validate(envelope.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidEvent("invalid_data", f"{envelope.type} {where}: {first['msg']}") from None
