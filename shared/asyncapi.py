"""The AsyncAPI 3 document of a service, made from the contracts, the topics and what it hears.

Payloads are as on the wire: what a service writes has every field, what any system may write
(`community.messages`) leaves out what has a default. The documents of all services are committed
under `docs/asyncapi`, with examples, by `deploy.contracts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from shared.events import topics
from shared.events.dead_letters import DeadLetterRecorded
from shared.events.envelope import Envelope, Event, event_types
from shared.events.handover import WorkHandedOver
from shared.events.topics import TOPICS, Topic

__all__ = ["VERSION", "Examples", "Heard", "document"]

VERSION = "0.1.0"
"""The release these contracts are of, or will be in."""

Heard = Mapping[Topic, Sequence[type[Event]]]
"""The topics a service reads, and which types of each; none means all of them."""

Examples = Mapping[str, Mapping[str, Any]]
"""Whole events, by type."""

_ANYBODY = "*"
_SCHEMAS = "#/components/schemas/{model}"
_BINDING: Final = {"bindingVersion": "0.5.0"}
_ANSWERS = (topics.PLANNER_HANDOVERS, topics.INBOX_HANDOVERS, topics.WORK_HANDOVERS)


def document(service: str, heard: Heard, examples: Examples) -> dict[str, Any]:
    """What `service` sends and receives."""
    told = {topic: _types(topic) for topic in TOPICS if _writes(service, topic, heard)}
    heard = {topic: types or _types(topic) for topic, types in heard.items()}
    messages = {
        event.type: _message(event, topic, examples.get(event.type))
        for topic, event in _both(told, heard)
    }
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:understudy:{service}",
        "info": {
            "title": f"Understudy {service}",
            "version": VERSION,
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _SERVER},
        "channels": _channels(told, heard),
        "operations": dict(_operations(service, told, heard)),
        "components": {"messages": messages, "schemas": _schemas(told, heard)},
    }


def _writes(service: str, topic: Topic, heard: Heard) -> bool:
    """What anybody may write is told where it is taken in: that service writes it as well."""
    return topic.writer == service or (topic.writer == _ANYBODY and topic in heard)


def _types(topic: Topic) -> list[type[Event]]:
    """All that can be on the topic."""
    if topic in map(topics.dead_letters, topics.SERVICES):
        return [DeadLetterRecorded]
    types = {one for one in event_types().values() if one.topic is topic}
    if topic in _ANSWERS:
        types.add(WorkHandedOver)
    return sorted(types, key=lambda one: str(one.type))


def _both(told: Heard, heard: Heard) -> Iterator[tuple[Topic, type[Event]]]:
    for side in (told, heard):
        for topic, types in side.items():
            for event in types:
                yield topic, event


# Channels


def _channels(told: Heard, heard: Heard) -> dict[str, Any]:
    types: dict[Topic, list[str]] = {}
    for topic, event in _both(told, heard):
        names = types.setdefault(topic, [])
        if event.type not in names:
            names.append(event.type)
    return {topic.name: _channel(topic, types[topic]) for topic in TOPICS if topic in types}


def _channel(topic: Topic, types: Sequence[str]) -> dict[str, Any]:
    return {
        "address": topic.name,
        "summary": topic.purpose,
        "description": " ".join(_habits(topic)),
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": 1,
                "topicConfiguration": _configuration(topic),
                **_BINDING,
            }
        },
        "x-key": topic.key,
        "x-writer": topic.writer,
        "x-sequenced": topic.sequenced,
        "x-personal": topic.personal,
    }


def _habits(topic: Topic) -> Iterator[str]:
    yield f"The record's key is the {topic.key}; what has the same key is in order."
    if topic.compacted:
        yield "Compacted: the last state of each key stays for ever, so gaps in the sequence are"
        yield "normal. An empty record says that the key is no more."
    else:
        yield (
            f"Records stay for {topic.retention.days} days."
            if topic.retention.days > 1
            else ("Records stay for one day.")
        )
    if not topic.sequenced:
        yield "Many systems may write here, so the sequence says nothing: know records by their"
        yield "own identity."
    if topic.personal:
        yield "Personal data: keep bodies nowhere longer than here without need."
    yield "An installation may have a prefix before the name, fewer partitions, and more replicas."


def _configuration(topic: Topic) -> dict[str, Any]:
    """The broker's settings, typed as the Kafka binding wants them."""
    if topic.compacted:
        return {"cleanup.policy": ["compact"]}
    milliseconds = int(topic.retention.total_seconds() * 1000)
    return {"cleanup.policy": ["delete"], "retention.ms": milliseconds}


# Operations


def _operations(service: str, told: Heard, heard: Heard) -> Iterator[tuple[str, dict[str, Any]]]:
    for topic, types in told.items():
        yield f"send.{topic.name}", _operation("send", topic, types)
    for topic, types in heard.items():
        group = {"groupId": {"type": "string", "const": f"{service}.{topic.name}"}, **_BINDING}
        operation = _operation("receive", topic, types) | {"bindings": {"kafka": group}}
        yield f"receive.{topic.name}", operation


def _operation(
    action: Literal["send", "receive"], topic: Topic, types: Sequence[type[Event]]
) -> dict[str, Any]:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": topic.purpose,
        "messages": [{"$ref": f"{channel}/messages/{event.type}"} for event in types],
    }


# Messages


def _message(event: type[Event], topic: Topic, example: Mapping[str, Any] | None) -> dict[str, Any]:
    summary, _, description = _text(event).partition("\n\n")
    name = event.type.rpartition(".")[0]
    message = {
        "name": event.type,
        "title": name.replace(".", " ").replace("_", " ").capitalize(),
        "summary": summary,
        "description": description or summary,
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "description": "None are set and none are needed: everything is in the payload.",
        },
        "correlationId": {
            "description": "The same through everything that one request or message set off.",
            "location": "$message.payload#/correlationid",
        },
        "payload": {"$ref": _SCHEMAS.format(model=event.type)},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, **_BINDING}},
        "x-client-scoped": _of_a_client(event),
    }
    if example is not None:
        message["examples"] = [{"name": event.type, "summary": summary, "payload": example}]
    return message


def _of_a_client(event: type[Event]) -> bool:
    return event.client is not Event.client


def _text(of: type) -> str:
    """The docstring, a line per paragraph."""
    paragraphs = (of.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


# Schemas


class _OnTheWire(GenerateJsonSchema):
    """Without the titles that repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # as pydantic asks
        return False


def _on_one_line(schema: dict[str, Any]) -> dict[str, Any]:
    """Its descriptions, which are docstrings."""
    if isinstance(said := schema.get("description"), str):
        schema["description"] = " ".join(said.split())
    for part in schema.values():
        if isinstance(part, dict):
            _on_one_line(part)
    return schema


def _schemas(told: Heard, heard: Heard) -> dict[str, Any]:
    modes: dict[type[Event], JsonSchemaMode] = {
        event: "validation" if topic.writer == _ANYBODY else "serialization"
        for topic, event in _both(told, heard)
    }
    references, found = models_json_schema(
        [*modes.items(), (Envelope, "validation")],
        ref_template=_SCHEMAS,
        schema_generator=_OnTheWire,
    )
    schemas: dict[str, Any] = _on_one_line(found["$defs"])
    schemas["Envelope"] = _envelope(schemas["Envelope"])
    for event, mode in modes.items():
        schemas[event.type] = _payload(event, references[event, mode])
    return dict(sorted(schemas.items()))


def _envelope(schema: Mapping[str, Any]) -> dict[str, Any]:
    """As CloudEvents wants it: with its version, whose absence we forgive, and without null, for
    which an attribute is left out."""
    properties = {
        name: {"type": "string", "description": field["description"]} if "anyOf" in field else field
        for name, field in schema["properties"].items()
    }
    required = ["specversion", *schema["required"]]
    return {**schema, "properties": properties, "required": required}


def _payload(event: type[Event], data: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"type": {"const": event.type}, "data": dict(data)}
    required = ["type", "data"]
    if _of_a_client(event):
        properties["clientid"] = {"type": "string"}
        required.append("clientid")
    return {
        "description": _text(event).partition("\n\n")[0],
        "allOf": [
            {"$ref": _SCHEMAS.format(model="Envelope")},
            {"type": "object", "properties": properties, "required": required},
        ],
    }


_SERVER: Final = {
    "host": "{brokers}",
    "protocol": "kafka",
    "title": "The installation's Kafka cluster",
    "description": (
        "Understudy's services connect without TLS and without a password: keep the brokers in the "
        "installation's own network. Whoever may read a topic sees the events of all clients on "
        "it, so give access by topic (ACLs), to systems the whole agency trusts. Write only to "
        "`community.messages`: every other topic has one writer."
    ),
    "variables": {
        "brokers": {
            "default": "kafka:9092",
            "description": "As in `KAFKA_BOOTSTRAP_SERVERS` of the services.",
        }
    },
}

_INTRODUCTION = """\
Facts, told after they are committed, each at least once.

- Every record is a CloudEvents 1.0 event, a JSON object; what the type says is in `data`.
- Read with `isolation.level=read_committed`, in a consumer group of your own, from `earliest`.
- Records of one key are in order. At or below the `sequence` you have is a delivery again.
- Pass over types and fields you do not know: both are added without notice. Nothing else changes
  within a version of a type.
- `clientid` says whose event it is. Absent means internal to the agency: not for customers.
- All times are RFC 3339 with an offset; ours are in UTC."""
