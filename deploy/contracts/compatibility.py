"""What of the present contracts breaks somebody who relies on those of the last release. Pure.

Two parties are asked, because topics keep events and services are upgraded one by one:

- *readers*: a program built for the last release is given the events of this one;
- *successors*: this release is given the events of the last one, which are still on the topic,
  or which another system goes on writing.

So within a version of a type nothing changes but this: a field may be added, with a default for
when it is absent. Types and topics may be added, and events may be kept longer. All else is
breaking; `docs/decisions/0009` says why, and what to do instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from deploy.contracts.documents import Documents
from deploy.contracts.reading import Contracts, Schema, Told, Topic, read

__all__ = ["Break", "Change", "Party", "breaks", "changes", "report"]


class Party(Enum):
    """Who cannot go on with a changed schema."""

    READERS = "what the last release reads with"
    SUCCESSORS = "what the last release has written"


@dataclass(frozen=True, slots=True)
class Change:
    """`where` is a path into the event, such as `data.moves[].label`."""

    where: str
    what: str
    party: Party


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that is broken. `type` None: the topic itself."""

    topic: str
    type: str | None
    what: str
    whom: str
    remedy: str


def breaks(released: Documents, present: Documents) -> list[Break]:
    """By topic and type, in the order of the released catalogue."""
    before, now = read(released), read(present)
    found = [*_envelope_breaks(before, now)]
    for name, topic in before.topics.items():
        if name in now.topics:
            found += _topic_breaks(topic, now.topics[name])
            found += _type_breaks(topic, now.topics[name], now)
        else:
            found.append(Break(name, None, "the topic is gone", _everybody(topic), _KEEP_TOPIC))
    return found


def report(version: str, found: Sequence[Break]) -> str:
    """For whoever made the change: what broke, for whom, and what to do."""
    lines = [f"These contracts break those of release {version}.", ""]
    for one in found:
        lines.append(f"  {one.topic}" + (f", {one.type}" if one.type else ""))
        lines += [
            f"    what:  {one.what}",
            f"    whom:  {one.whom}",
            f"    to do: {one.remedy}",
            "",
        ]
    lines.append("Why, and what may change: docs/decisions/0009-what-breaks-a-consumer.md")
    return "\n".join(lines)


# Topics


def _topic_breaks(before: Topic, now: Topic) -> Iterator[Break]:
    for what in _topic_changes(before, now):
        yield Break(before.name, None, what, _everybody(before), _KEEP_TOPIC)


def _topic_changes(before: Topic, now: Topic) -> Iterator[str]:
    if now.key != before.key:
        yield f"the key is the {now.key}, it was the {before.key}"
    if now.partitions != before.partitions:
        yield (
            f"{now.partitions} partitions, there were {before.partitions}: "
            "keys move, and their order is lost"
        )
    if now.compacted != before.compacted:
        yield "compacted now" if now.compacted else "not compacted any more: states are lost"
    elif _shorter(before.retention, now.retention):
        yield f"records stay {_days(now.retention)}, they stayed {_days(before.retention)}"
    if before.sequenced and not now.sequenced:
        yield "records have no sequence any more, by which deliveries again are known"
    if before.open and not now.open:
        yield "other systems may not write here any more"


def _shorter(before: timedelta | None, now: timedelta | None) -> bool:
    return before is not None and now is not None and now < before


def _days(retention: timedelta | None) -> str:
    return "for ever" if retention is None else f"{retention / timedelta(days=1):g} days"


# Types


def _envelope_breaks(before: Contracts, now: Contracts) -> Iterator[Break]:
    for change in changes(before.envelope, now.envelope):
        whom = "every consumer" if change.party is Party.READERS else _STORED
        yield Break("every topic", None, f"{change.where} {change.what}", whom, _KEEP_FIELD)


def _type_breaks(before: Topic, now: Topic, everything: Contracts) -> Iterator[Break]:
    for type, told in before.events.items():
        if type not in now.events:
            what = _where_it_went(type, everything)
            yield Break(before.name, type, what, _readers(before, type), _keep_type(type))
            continue
        for change in _event_changes(told, now.events[type]):
            whom = _readers(before, type) if change.party is Party.READERS else _STORED
            what = f"{change.where} {change.what}"
            remedy = _GIVE_DEFAULT if change.what == _NO_DEFAULT else _new_version(type)
            yield Break(before.name, type, what, whom, remedy)


def _where_it_went(type: str, now: Contracts) -> str:
    topics = [name for name, topic in now.topics.items() if type in topic.events]
    return f"it is on {', '.join(topics)} instead" if topics else "the type is gone, or renamed"


def _event_changes(before: Told, now: Told) -> Iterator[Change]:
    if now.content_type != before.content_type:
        what = f"is {now.content_type}, it was {before.content_type}"
        yield Change("the body", what, Party.READERS)
    if before.of_a_client and not now.of_a_client:
        yield Change("clientid", "is absent: nobody can tell whose it is", Party.READERS)
    yield from changes(before.data, now.data, "data")


def _readers(topic: Topic, type: str) -> str:
    ours = ", ".join(sorted(topic.readers.get(type, [])))
    others = f"any other system that reads {topic.name}"
    return f"{ours}, and {others}" if ours else others


def _everybody(topic: Topic) -> str:
    ours = sorted({reader for readers in topic.readers.values() for reader in readers})
    others = f"any other system that uses {topic.name}"
    return f"{', '.join(ours)}, and {others}" if ours else others


_STORED = (
    "this release's own services: they are given events of the last one, which are still on the "
    "topic or go on being written"
)
_KEEP_TOPIC = "put it back; or add a topic beside it, and write both until nobody uses the old one"
_NO_DEFAULT = "is new and has no default"
_GIVE_DEFAULT = "give it a default, which says what its absence in older events means"
_KEEP_FIELD = "put it back; the envelope is the same for all, so add fields to it, with a default"


def _keep_type(type: str) -> str:
    return f"put {type} back, and send it as long as a release that reads it is in use"


def _new_version(type: str) -> str:
    name, _, version = type.rpartition(".v")
    successor = f"{name}.v{int(version) + 1}"
    return (
        f"leave {type} as it was, add {successor} beside it, and send both until no release that "
        f"reads {type} alone is in use"
    )


# Schemas

_SAID_ONLY = frozenset({"description", "title", "examples", "default", "deprecated"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_NULL: Schema = {"type": "null"}


def changes(before: Schema, now: Schema, where: str = "") -> Iterator[Change]:
    """What breaks a party, of two schemas without references. Conservative: a difference that
    cannot be judged breaks readers."""
    yield from _null_changes(before, now, where)
    old, new = _forms(before), _forms(now)
    if len(old) == len(new) == 1:
        yield from _form_changes(old[0], new[0], where)
    elif list(map(_shape, old)) != list(map(_shape, new)):
        yield Change(where, "has other forms than before", Party.READERS)


def _null_changes(before: Schema, now: Schema, where: str) -> Iterator[Change]:
    was, may = _may_be_null(before), _may_be_null(now)
    if may and not was:
        yield Change(where, "may be null now", Party.READERS)
    if was and not may:
        yield Change(where, "may not be null any more", Party.SUCCESSORS)


def _form_changes(before: Schema, now: Schema, where: str) -> Iterator[Change]:
    if before.get("type") != now.get("type"):
        what = f"is {now.get('type', 'anything')}, it was {before.get('type', 'anything')}"
        yield Change(where, what, Party.READERS)
        return
    yield from _value_changes(before, now, where)
    for keyword in sorted((before.keys() | now.keys()) & (_UPPER | _LOWER)):
        yield from _limit_changes(keyword, before, now, where)
    yield from _property_changes(before, now, where)
    for keyword, part in (("items", "[]"), ("additionalProperties", "{}"), ("propertyNames", "{}")):
        yield from _part_changes(keyword, before, now, f"{where}{part}")
    for keyword in sorted(_other(before) | _other(now)):
        if before.get(keyword) != now.get(keyword):
            yield Change(where, _differs(keyword, before, now), Party.READERS)


def _value_changes(before: Schema, now: Schema, where: str) -> Iterator[Change]:
    old, new = _values(before), _values(now)
    if old is not None and new is not None:
        for value in (value for value in new if value not in old):
            what = f"may be {value!r} now, which readers refuse"
            yield Change(where, what, Party.READERS)
        for value in (value for value in old if value not in new):
            yield Change(where, f"may not be {value!r} any more", Party.SUCCESSORS)
    elif old is not None:
        yield Change(where, "may be anything now, it was one of few", Party.READERS)
    elif new is not None:
        yield Change(where, "may be one of few now, it was anything", Party.SUCCESSORS)


def _limit_changes(keyword: str, before: Schema, now: Schema, where: str) -> Iterator[Change]:
    old, new = before.get(keyword), now.get(keyword)
    if old == new:
        return
    what = _differs(keyword, before, now)
    if old is None or new is None:
        yield Change(where, what, Party.SUCCESSORS if old is None else Party.READERS)
    else:
        wider = new > old if keyword in _UPPER else new < old
        yield Change(where, what, Party.READERS if wider else Party.SUCCESSORS)


def _property_changes(before: Schema, now: Schema, where: str) -> Iterator[Change]:
    old, new = before.get("properties", {}), now.get("properties", {})
    surely, surely_now = set(before.get("required", ())), set(now.get("required", ()))
    for name, schema in old.items():
        path = f"{where}.{name}" if where else name
        if name not in new:
            yield Change(path, "is gone", Party.READERS)
            continue
        if name in surely and name not in surely_now:
            yield Change(path, "may be absent now", Party.READERS)
        if name in surely_now - surely and "default" not in new[name]:
            yield Change(path, "may not be absent any more", Party.SUCCESSORS)
        yield from changes(schema, new[name], path)
    for name in new.keys() - old.keys():
        if name in surely_now and "default" not in new[name]:
            path = f"{where}.{name}" if where else name
            yield Change(path, _NO_DEFAULT, Party.SUCCESSORS)


def _part_changes(keyword: str, before: Schema, now: Schema, where: str) -> Iterator[Change]:
    old, new = before.get(keyword), now.get(keyword)
    if isinstance(old, dict) and isinstance(new, dict):
        yield from changes(old, new, where)
    elif old != new:
        yield Change(where, _differs(keyword, before, now), Party.READERS)


def _differs(keyword: str, before: Schema, now: Schema) -> str:
    old, new = before.get(keyword, "not set"), now.get(keyword, "not set")
    return f"has {keyword} {new}, it was {old}"


def _forms(schema: Schema) -> list[Schema]:
    """The alternatives, without null."""
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    forms = list(alternatives) if alternatives else [schema]
    return [form for form in forms if form.get("type") != "null"]


def _may_be_null(schema: Schema) -> bool:
    return any(one == _NULL for one in schema.get("anyOf") or schema.get("oneOf") or [schema])


def _shape(schema: Schema) -> Schema:
    """The schema without what is only said."""
    return {name: value for name, value in schema.items() if name not in _SAID_ONLY}


def _values(schema: Schema) -> Sequence[object] | None:
    """The values it is limited to; None: it is not."""
    if "const" in schema:
        return [schema["const"]]
    values: Sequence[object] | None = schema.get("enum")
    return values


_COMPARED = (
    _SAID_ONLY
    | _UPPER
    | _LOWER
    | {"type", "properties", "required", "items", "additionalProperties", "propertyNames"}
    | {"enum", "const", "anyOf", "oneOf"}
)


def _other(schema: Schema) -> set[str]:
    return set(schema) - _COMPARED
