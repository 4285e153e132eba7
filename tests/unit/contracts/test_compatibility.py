"""What breaks a consumer and what does not, change by change, on the documents of release 0.1.0."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from deploy.contracts.baseline import RELEASED, AlreadyReleased, keep
from deploy.contracts.compatibility import Break, breaks, report
from deploy.contracts.documents import Documents, kept

FIRST = kept(RELEASED / "0.1.0")
STARTED = "absence.started.v1"
Edit = Callable[[Documents], None]


def after(edit: Edit) -> list[Break]:
    present = deepcopy(FIRST)
    edit(present)
    return breaks(FIRST, present)


def edited(name: str, edit: Callable[[dict[str, Any]], Any]) -> Edit:
    """The same edit of a schema in every document that has it."""

    def apply(documents: Documents) -> None:
        for document in documents.values():
            if name in document["components"]["schemas"]:
                edit(document["components"]["schemas"][name])

    return apply


def of_field(name: str, field: str, **changed: Any) -> Edit:
    return edited(name, lambda schema: schema["properties"][field].update(changed))


def replaced(name: str, field: str, by: dict[str, Any]) -> Edit:
    return edited(name, lambda schema: schema["properties"].__setitem__(field, by))


def added(name: str, field: str, by: dict[str, Any], *, required: bool = True) -> Edit:
    def edit(schema: dict[str, Any]) -> None:
        schema["properties"][field] = by
        schema["required"] += [field] * required

    return edited(name, edit)


def channels(topic: str, edit: Callable[[dict[str, Any]], Any]) -> Edit:
    def apply(documents: Documents) -> None:
        for document in documents.values():
            if topic in document["channels"]:
                edit(document["channels"][topic])

    return apply


def kafka(topic: str, **changed: Any) -> Edit:
    return channels(topic, lambda channel: channel["bindings"]["kafka"].update(changed))


def kept_for(topic: str, days: int) -> Edit:
    configuration = {"cleanup.policy": ["delete"], "retention.ms": days * 86_400_000}
    return kafka(topic, topicConfiguration=configuration)


def without_type(documents: Documents, topic: str, type: str) -> None:
    for document in documents.values():
        if topic not in document["channels"]:
            continue
        document["channels"][topic]["messages"].pop(type, None)
        for operation in document["operations"].values():
            operation["messages"] = [
                one
                for one in operation["messages"]
                if one["$ref"] != f"#/channels/{topic}/messages/{type}"
            ]


def without_topic(documents: Documents, topic: str) -> None:
    for document in documents.values():
        document["channels"].pop(topic, None)
        for action in ("send", "receive"):
            document["operations"].pop(f"{action}.{topic}", None)


def renamed(documents: Documents) -> None:
    without_type(documents, "team.absences", STARTED)
    message = deepcopy(documents["scheduler"]["components"]["messages"][STARTED])
    documents["scheduler"]["components"]["messages"]["absence.begun.v1"] = message
    reference = {"$ref": "#/components/messages/absence.begun.v1"}
    documents["scheduler"]["channels"]["team.absences"]["messages"]["absence.begun.v1"] = reference


def moved(documents: Documents) -> None:
    without_type(documents, "team.absences", STARTED)
    reference = {"$ref": f"#/components/messages/{STARTED}"}
    documents["scheduler"]["channels"]["team.directory"]["messages"][STARTED] = reference


def unscoped(documents: Documents) -> None:
    for document in documents.values():
        if message := document["components"]["messages"].get("page.changed.v1"):
            message["x-client-scoped"] = False


def nobodys(field: str) -> Edit:
    def edit(schema: dict[str, Any]) -> None:
        del schema["properties"][field]
        schema["required"] = [one for one in schema["required"] if one != field]

    return edited("MemberChanged", edit)


def required_now(name: str, field: str) -> Edit:
    def edit(schema: dict[str, Any]) -> None:
        schema["required"].append(field)
        schema["properties"][field].pop("default")

    return edited(name, edit)


def optional(name: str, field: str) -> Edit:
    return edited(name, lambda schema: schema["required"].remove(field))


TEXT = {"type": "string"}
WORD = {"type": "string", "enum": ["a"]}


@pytest.mark.parametrize(
    ("edit", "where", "what"),
    [
        (nobodys("email"), "team.directory", "data.email is gone"),
        (optional("MemberChanged", "email"), "team.directory", "data.email may be absent now"),
        (
            replaced("MemberChanged", "email", {"anyOf": [TEXT, {"type": "null"}]}),
            "team.directory",
            "data.email may be null now",
        ),
        (
            replaced("CoverageChanged", "acting", TEXT),
            "team.coverage",
            "data.acting may not be null any more",
        ),
        (
            of_field("MemberChanged", "colour", type="string"),
            "team.directory",
            "data.colour is string, it was integer",
        ),
        (
            of_field("AbsenceStarted", "starts_at", format="date"),
            "team.absences",
            "data.starts_at has format date, it was date-time",
        ),
        (
            edited("Discipline", lambda schema: schema["enum"].append("singing")),
            "team.coverage",
            "data.discipline may be 'singing' now, which readers refuse",
        ),
        (
            edited("Discipline", lambda schema: schema["enum"].remove("research")),
            "team.coverage",
            "data.discipline may not be 'research' any more",
        ),
        (
            edited("Discipline", lambda schema: schema.pop("enum")),
            "work.handovers",
            "data.legs[].discipline may be anything now, it was one of few",
        ),
        (
            replaced("MemberChanged", "language", WORD),
            "team.directory",
            "data.language may be one of few now, it was anything",
        ),
        (
            of_field("MessageReceived", "text", maxLength=30_000),
            "community.messages",
            "data.text has maxLength 30000, it was 20000",
        ),
        (
            of_field("MessageReceived", "text", maxLength=10_000),
            "community.messages",
            "data.text has maxLength 10000, it was 20000",
        ),
        (
            of_field("MessageReceived", "text", minLength=1),
            "community.messages",
            "data.text has minLength 1, it was not set",
        ),
        (
            required_now("MessageReceived", "thread"),
            "community.messages",
            "data.thread may not be absent any more",
        ),
        (
            edited("Move", lambda schema: schema["properties"].pop("label")),
            "inbox.handovers",
            "data.moves[].label is gone",
        ),
        (
            of_field("MemberChanged", "email", pattern="@"),
            "team.directory",
            "data.email has pattern @, it was not set",
        ),
        (
            added("MemberChanged", "phone", TEXT),
            "team.directory",
            "data.phone is new and has no default",
        ),
        (
            edited("Envelope", lambda schema: schema["properties"].pop("sequence")),
            "every topic",
            "sequence is gone",
        ),
        (added("Envelope", "region", TEXT), "every topic", "region is new and has no default"),
        (unscoped, "planner.directory", "clientid is absent: nobody can tell whose it is"),
        (renamed, "team.absences", "the type is gone, or renamed"),
        (moved, "team.absences", "it is on team.directory instead"),
        (lambda tree: without_topic(tree, "team.absences"), "team.absences", "the topic is gone"),
        (
            channels("team.absences", lambda channel: channel.update({"x-key": "absence id"})),
            "team.absences",
            "the key is the absence id, it was the member id",
        ),
        (
            kafka("team.absences", partitions=12),
            "team.absences",
            "12 partitions, there were 8: keys move, and their order is lost",
        ),
        (
            kept_for("team.absences", 3),
            "team.absences",
            "records stay 3 days, they stayed 7 days",
        ),
        (
            kept_for("team.directory", 7),
            "team.directory",
            "not compacted any more: states are lost",
        ),
        (
            kafka("team.absences", topicConfiguration={"cleanup.policy": ["compact"]}),
            "team.absences",
            "compacted now",
        ),
        (
            channels("team.absences", lambda channel: channel.update({"x-sequenced": False})),
            "team.absences",
            "records have no sequence any more, by which deliveries again are known",
        ),
        (
            channels("community.messages", lambda channel: channel.update({"x-writer": "inbox"})),
            "community.messages",
            "other systems may not write here any more",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_breaks(edit: Edit, where: str, what: str) -> None:
    assert (where, what) in [(one.topic, one.what) for one in after(edit)]


def added_beside(documents: Documents) -> None:
    """A second version of a type, and a new topic."""
    scheduler = documents["scheduler"]
    message = deepcopy(scheduler["components"]["messages"][STARTED])
    scheduler["components"]["messages"]["absence.started.v2"] = message
    reference = {"$ref": "#/components/messages/absence.started.v2"}
    scheduler["channels"]["team.absences"]["messages"]["absence.started.v2"] = reference
    topic = deepcopy(scheduler["channels"]["team.absences"]) | {"address": "team.rota"}
    scheduler["channels"]["team.rota"] = topic


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda _: None, id="nothing"),
        pytest.param(
            added("MemberChanged", "phone", {**TEXT, "default": ""}), id="a field with a default"
        ),
        pytest.param(
            added("Move", "weight", {"type": "integer", "default": 1}), id="a field of a part"
        ),
        pytest.param(
            added("MessageReceived", "link", TEXT, required=False), id="a field one may leave out"
        ),
        pytest.param(
            added("Envelope", "region", {**TEXT, "default": ""}), id="a field of the envelope"
        ),
        pytest.param(of_field("MemberChanged", "email", description="Mail."), id="other words"),
        pytest.param(added_beside, id="a version, a topic"),
        pytest.param(kept_for("team.absences", 30), id="kept longer"),
    ],
)
def test_it_breaks_nobody(edit: Edit) -> None:
    assert after(edit) == []


def test_it_says_for_whom_and_what_to_do() -> None:
    [broken] = after(lambda tree: without_type(tree, "work.handovers", "handover.completed.v1"))
    assert broken.type == "handover.completed.v1"
    assert broken.whom == "notifier, and any other system that reads work.handovers"
    [broken] = after(nobodys("email"))
    assert broken.whom == (
        "inbox, notifier, planner, scheduler, and any other system that reads team.directory"
    )
    assert "add member.changed.v2 beside it" in broken.remedy
    told = report("0.1.0", [broken])
    assert "release 0.1.0" in told
    assert "data.email is gone" in told
    assert "docs/decisions/" in told


def test_what_a_release_promised_is_never_written_anew(tmp_path: Path) -> None:
    keep("0.2.0", FIRST, tmp_path)
    assert kept(tmp_path / "0.2.0") == FIRST
    with pytest.raises(AlreadyReleased, match="Raise the version"):
        keep("0.2.0", {}, tmp_path)


def test_a_field_without_a_default_breaks_our_own_services() -> None:
    [broken] = after(added("MemberChanged", "phone", TEXT))
    assert broken.whom.startswith("this release's own services")
    assert broken.remedy.startswith("give it a default")
