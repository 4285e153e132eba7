"""The event catalogue: the documents of all services as one page to read, `docs/events.md`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from deploy.contracts.documents import Documents
from deploy.contracts.reading import Contracts, Schema, Told, Topic, read

__all__ = ["page"]


def page(documents: Documents) -> str:
    contracts = read(documents)
    version = next(iter(documents.values()))["info"]["version"]
    return "\n".join(_lines(contracts, version, _words(documents))) + "\n"


def _words(documents: Documents) -> list[str]:
    """Each list of words that a field is limited to, with what it says of them."""
    lists = {
        name: schema
        for document in documents.values()
        for name, schema in document["components"]["schemas"].items()
        if "enum" in schema
    }
    return [
        f"| {_ticked(schema['enum'])} | {schema['description']} |"
        for _, schema in sorted(lists.items())
    ]


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _lines(contracts: Contracts, version: str, words: Iterable[str]) -> Iterator[str]:
    topics = sorted(
        contracts.topics.values(), key=lambda topic: ("dead-" in topic.name, topic.name)
    )
    told: dict[str, str] = {}
    yield from _HEAD.format(version=version).splitlines()
    yield ""
    yield from _contents(topics)
    yield from ("", "## The envelope", "", *_ENVELOPE.splitlines(), "")
    yield from _fields(contracts.envelope)
    for topic in topics:
        yield from _topic(topic, told)
    yield from ("", "## Words", "", *_WORDS_HEAD.splitlines(), "")
    yield from ("| Words | Meaning |", "|---|---|", *words)


# Topics


def _contents(topics: Iterable[Topic]) -> Iterator[str]:
    yield from ("| Topic | Written by | Read by | Events |", "|---|---|---|---|")
    for topic in topics:
        events = ", ".join(f"[{_name(type)}](#{_anchor(type)})" for type in topic.events)
        yield f"| {_link(topic.name)} | {_writers(topic)} | {_readers(topic)} | {events} |"


def _topic(topic: Topic, told: dict[str, str]) -> Iterator[str]:
    """`told` says in which topic's section an event's fields stand."""
    yield from ("", f"## {topic.name}", "", topic.purpose, "")
    yield from ("| Written by | Read by | Key | Partitions | Kept |", "|---|---|---|---|---|")
    facts = (_writers(topic), _readers(topic), topic.key, str(topic.partitions), _kept(topic))
    yield f"| {' | '.join(facts)} |"
    if not topic.sequenced:
        yield from ("", _NO_SEQUENCE)
    if topic.personal:
        yield from ("", _PERSONAL)
    for event in topic.events.values():
        yield ""
        if event.type in told:
            yield f"Also here: `{event.type}`, as on {_link(told[event.type], event.type)}."
        else:
            told[event.type] = topic.name
            yield from _event(topic, event)


def _writers(topic: Topic) -> str:
    writers = ", ".join(_distinct(topic.writers))
    return f"{writers}, any other system" if topic.open else writers


def _readers(topic: Topic) -> str:
    return ", ".join(_distinct(topic.readers)) or "other systems"


def _distinct(services: Mapping[str, list[str]]) -> list[str]:
    return sorted({service for names in services.values() for service in names})


def _kept(topic: Topic) -> str:
    if topic.retention is None:
        return "the last state of each key, for ever (compacted)"
    days = topic.retention.days
    return "1 day" if days == 1 else f"{days} days"


# Events


def _event(topic: Topic, event: Told) -> Iterator[str]:
    yield from (f"### {event.type}", "", event.summary, "")
    if event.description != event.summary:
        yield from (event.description, "")
    readers = topic.readers.get(event.type)
    scope = "`clientid` says whose it is." if event.of_a_client else "Has no `clientid`."
    yield f"Read by: {', '.join(sorted(readers))}. {scope}" if readers else scope
    yield ""
    yield from _fields(event.data)
    if event.example is not None:
        body = json.dumps(event.example, ensure_ascii=False, indent=2)
        yield from ("", "<details><summary>Example</summary>", "", "```json")
        yield from (*body.splitlines(), "```", "", "</details>")


def _fields(schema: Schema) -> Iterator[str]:
    yield from ("| Field | Type | Present | Meaning |", "|---|---|---|---|")
    for path, field, always in _walk(schema, ""):
        presence = "always" if always else "sometimes"
        yield f"| `{path}` | {_type(field)} | {presence} | {_meaning(field)} |"


def _walk(schema: Schema, prefix: str) -> Iterator[tuple[str, Schema, bool]]:
    """The fields, those of parts after the field that has them."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield prefix + name, field, name in required
        inner = _something(field)
        if inner.get("type") == "array":
            yield from _walk(_something(inner["items"]), f"{prefix}{name}[].")
        else:
            yield from _walk(inner, f"{prefix}{name}.")


def _something(schema: Schema) -> Schema:
    """What it is if it is not null."""
    found: Schema = next(
        (one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema
    )
    return found


def _type(schema: Schema) -> str:
    name = _name_of(_something(schema))
    return f"{name} or null" if "anyOf" in schema else name


def _name_of(schema: Schema) -> str:
    if "enum" in schema or "const" in schema:
        return "word"
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_PLURALS.get(_name_of(_something(schema['items'])), 'parts')}"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"{_PLURALS[_name_of(inner)]} by word" if isinstance(inner, dict) else "part"
    return "time" if schema.get("format") == "date-time" else _NAMES[kind]


_NAMES = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}
_PLURALS = {"text": "texts", "number": "numbers", "word": "words", "time": "times", "part": "parts"}


def _meaning(schema: Schema) -> str:
    said = [str(schema.get("description", ""))]
    inner = _something(schema)
    if inner.get("type") == "array":
        inner = _something(inner["items"])
    words = inner.get("enum") or inner.get("propertyNames", {}).get("enum")
    if words:
        said.append(f"One of {_ticked(words)}.")
    if "const" in inner:
        said.append(f"`{inner['const']}`.")
    if "maxLength" in inner:
        said.append(f"At most {inner['maxLength']:,} characters.")
    return " ".join(filter(None, said)).replace("|", "\\|")


def _name(type: str) -> str:
    return type.rpartition(".")[0]


def _link(topic: str, heading: str | None = None) -> str:
    return f"[{topic}](#{_anchor(heading or topic)})"


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^a-z0-9_-]", "", heading.lower())


_HEAD = """\
# Events

<!-- Written by `make contracts` from docs/asyncapi. -->

Everything Understudy tells on Kafka, as of version {version}. For programs, the same is an AsyncAPI
3 document of each service: [planner](asyncapi/planner.json), [scheduler](asyncapi/scheduler.json),
[inbox](asyncapi/inbox.json), [notifier](asyncapi/notifier.json).

- **To read events in another system**, begin with a dozen lines of Python:
  [integrating](integrating.md).
- **What may change**: types and fields are added without notice, so pass over those you do not
  know. Nothing else changes within a version of a type
  ([why](decisions/0009-what-breaks-a-consumer.md)).
- **Names**: an installation may have a prefix before every topic (`TOPIC_PREFIX`).

## Contents

[The envelope](#the-envelope), [the words](#words), and by topic:
"""

_NO_SEQUENCE = (
    "Many systems write here, so the sequence says nothing: know records by their identity."
)

_PERSONAL = "**Personal data**: keep bodies nowhere longer than here without need."

_WORDS_HEAD = """\
The fields that are one of few words. The lists are closed: another word comes with another version
of the type."""

_ENVELOPE = """\
Every record is one [CloudEvents 1.0](https://cloudevents.io) event, a JSON object. What the type
says is in `data`. Kafka headers are not used."""
