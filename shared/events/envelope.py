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

__all__ = [
    "INVALID",
    "Contract",
    "Envelope",
    "Event",
    "InvalidEvent",
    "UnknownType",
    "decode",
    "event_types",
]


INVALID = ("empty_body", "wrong_key", "not_json", "invalid_envelope", "invalid_data")
"""The reasons for which a record can never become valid."""


class InvalidEvent(ValueError):
    """The record can never become valid: a dead letter. `reason` is one of `INVALID`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class UnknownType(LookupError):
    """A sound event whose type this program does not know: count it and move on."""


class Contract(BaseModel):
    """Base of event payloads and their parts: frozen, and deaf to fields added later.

    The text below a field is its description in the AsyncAPI documents and the event catalogue:
    what it means, its unit, its time zone.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,  # producers leave out nothing
    )


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

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    specversion: Literal["1.0"] = "1.0"
    """The CloudEvents version."""
    id: str = Field(min_length=1)
    """Unique per event; the same when an event is delivered again."""
    source: str = Field(min_length=1)
    """Who wrote it: `/understudy/<service>`, or a name of your own for what you write."""
    type: str = Field(min_length=1)
    """What happened, with its version. Pass over types you do not know."""
    subject: str = Field(min_length=1)
    """The aggregate it happened to; also the Kafka key."""
    time: AwareDatetime
    """When it was recorded, in UTC."""
    datacontenttype: Literal["application/json"] = "application/json"
    """What `data` is: always JSON."""
    correlationid: str | None = None
    """What it belongs to: the same through everything that one request or message set off."""
    causationid: str | None = None
    """The `id` of the event that led to this one; absent if a person or the clock did."""
    clientid: str | None = None
    """The customer it belongs to; absent means internal to the agency."""
    sequence: int = Field(ge=0)
    """Counts the events of one aggregate on one topic, from 1 without a gap. At or below the last
    one you handled is a delivery again."""
    data: dict[str, Any]
    """What the type says; see there."""

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
