"""What the documents of all services say together: every topic with its events and its readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from deploy.contracts.documents import Document, Documents

__all__ = ["Contracts", "Schema", "Told", "Topic", "read"]

Schema: TypeAlias = Mapping[str, Any]
"""A JSON schema in which every reference is replaced by what it refers to."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event type. `data` is the schema of its data."""

    type: str
    summary: str
    description: str
    of_a_client: bool
    data: Schema
    content_type: str
    example: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Topic:
    """`writers` are our services that write it; if `open`, any system may. `retention` None: the
    last state of each key stays. `readers` are our services, by event type."""

    name: str
    purpose: str
    key: str
    partitions: int
    retention: timedelta | None
    sequenced: bool
    personal: bool
    open: bool
    events: dict[str, Told] = field(default_factory=dict)
    writers: dict[str, list[str]] = field(default_factory=dict)
    readers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def compacted(self) -> bool:
        return self.retention is None


@dataclass(frozen=True, slots=True)
class Contracts:
    envelope: Schema
    topics: Mapping[str, Topic]


def read(documents: Documents) -> Contracts:
    topics: dict[str, Topic] = {}
    envelope: Schema = {}
    for service, document in documents.items():
        envelope = _resolved(document, document["components"]["schemas"]["Envelope"])
        for name, channel in document["channels"].items():
            topic = topics.setdefault(name, _topic(channel))
            topic.events.update((type, _told(document, type)) for type in channel["messages"])
        for operation in document["operations"].values():
            topic = topics[_last(operation["channel"])]
            side = topic.writers if operation["action"] == "send" else topic.readers
            for message in operation["messages"]:
                side.setdefault(_last(message), []).append(service)
    return Contracts(envelope, dict(sorted(topics.items())))


def _topic(channel: Schema) -> Topic:
    kafka = channel["bindings"]["kafka"]
    retention = kafka["topicConfiguration"].get("retention.ms")
    return Topic(
        name=channel["address"],
        purpose=channel["summary"],
        key=channel["x-key"],
        partitions=kafka["partitions"],
        retention=None if retention is None else timedelta(milliseconds=retention),
        sequenced=channel["x-sequenced"],
        personal=channel["x-personal"],
        open=channel["x-writer"] == "*",
    )


def _told(document: Document, type: str) -> Told:
    message = document["components"]["messages"][type]
    _, own = _resolved(document, message["payload"])["allOf"]
    examples = message.get("examples", [])
    return Told(
        type=type,
        summary=message["summary"],
        description=message["description"],
        of_a_client=message["x-client-scoped"],
        data=own["properties"]["data"],
        content_type=message["contentType"],
        example=examples[0]["payload"] if examples else None,
    )


def _resolved(document: Document, schema: Schema) -> dict[str, Any]:
    """What stands beside a reference, such as a description, wins over what it refers to."""
    if "$ref" in schema:
        target = document["components"]["schemas"][_last(schema)]
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return _resolved(document, {**target, **beside})
    return dict(_resolved_parts(document, schema))


def _resolved_parts(document: Document, schema: Schema) -> Iterator[tuple[str, Any]]:
    for name, value in schema.items():
        if name in ("properties", "patternProperties"):
            yield name, {key: _resolved(document, one) for key, one in value.items()}
        elif name in ("items", "additionalProperties", "propertyNames") and value is not True:
            yield name, _resolved(document, value) if value else value
        elif name in ("allOf", "anyOf", "oneOf"):
            yield name, [_resolved(document, one) for one in value]
        else:
            yield name, value


def _last(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
