"""The AsyncAPI documents in the tree: what the code says, sound by the standard, and complete."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from deploy.contracts import catalogue
from deploy.contracts.baseline import last_release
from deploy.contracts.compatibility import breaks, report
from deploy.contracts.composition import composed
from deploy.contracts.documents import (
    CATALOGUE,
    FOLDER,
    Document,
    Documents,
    golden_events,
    text_of,
)
from shared.asyncapi import VERSION
from shared.events.envelope import Envelope, decode
from shared.events.topics import SERVICES, TOPICS

STANDARD = Path(__file__).with_name("asyncapi-3.0.0.schema.json")
WRITE = "is not what the code says. Run `make contracts` and commit what it changes."


@pytest.fixture(scope="module")
def documents() -> Documents:
    return composed()


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def document(documents: Documents, service: str) -> Document:
    return documents[service]


def messages(document: Document) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = document["components"]["messages"]
    return found


def payload_schema(document: Document, type: str) -> Draft7Validator:
    return Draft7Validator(
        {"components": document["components"], "$ref": f"#/components/schemas/{type}"}
    )


# What is in the tree


def test_the_document_is_what_the_code_says(document: Document, service: str) -> None:
    path = FOLDER / f"{service}.json"
    if not path.exists() or path.read_text() != text_of(document):
        pytest.fail(f"docs/asyncapi/{service}.json {WRITE}", pytrace=False)


def test_the_catalogue_is_what_the_documents_say(documents: Documents) -> None:
    if not CATALOGUE.exists() or CATALOGUE.read_text() != catalogue.page(documents):
        pytest.fail(f"docs/events.md {WRITE}", pytrace=False)


def test_nothing_breaks_who_relies_on_the_last_release(documents: Documents) -> None:
    version, released = last_release()
    if found := breaks(released, documents):
        pytest.fail(report(version, found), pytrace=False)


def test_this_release_reads_what_the_last_one_wrote() -> None:
    _, released = last_release()
    for document in released.values():
        for message in messages(document).values():
            for example in message.get("examples", ()):
                decode(Envelope.parse(json.dumps(example["payload"]).encode()))


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


# Sound


@pytest.fixture(scope="module")
def standard() -> Draft7Validator:
    schema = json.loads(STANDARD.read_text())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def test_it_is_asyncapi(document: Document, standard: Draft7Validator) -> None:
    standard.validate(document)


def test_the_standard_would_find_a_mistake(documents: Documents, standard: Draft7Validator) -> None:
    operations = {"send": {"action": "shout", "channel": {"$ref": "#/channels/team.absences"}}}
    assert not standard.is_valid({**documents["scheduler"], "operations": operations})


def test_references_lead_somewhere(document: Document) -> None:
    for reference in references(document):
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in target, reference
            target = target[part]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from references(one)


def test_examples_are_golden_and_fit_their_schemas(document: Document) -> None:
    golden = golden_events()
    for type, message in messages(document).items():
        [example] = message["examples"]
        assert example["payload"] == golden[type]
        payload_schema(document, type).validate(example["payload"])


def test_a_schema_would_find_a_mistake(documents: Documents) -> None:
    event = golden_events()["absence.reported.v1"]
    schema = payload_schema(documents["scheduler"], "absence.reported.v1")
    assert schema.is_valid(event)
    assert not schema.is_valid({**event, "data": {**event["data"], "member_id": None}})
    assert not schema.is_valid({**event, "type": "absence.changed.v1"})
    assert not schema.is_valid({name: event[name] for name in event if name != "sequence"})
    of_a_client = golden_events()["page.changed.v1"]
    schema = payload_schema(documents["planner"], "page.changed.v1")
    assert not schema.is_valid({n: of_a_client[n] for n in of_a_client if n != "clientid"})


# Complete


def test_every_topic_is_written_by_whom_the_table_says(documents: Documents) -> None:
    for topic in TOPICS:
        writers = {
            service
            for service, document in documents.items()
            if f"send.{topic.name}" in document["operations"]
        }
        assert writers == ({"inbox"} if topic.writer == "*" else {topic.writer})
        channel = documents[writers.pop()]["channels"][topic.name]
        kafka = channel["bindings"]["kafka"]
        assert kafka["partitions"] == topic.partitions
        assert {
            name: ",".join(value) if isinstance(value, list) else str(value)
            for name, value in kafka["topicConfiguration"].items()
        }.items() <= topic.config().items()


def test_every_golden_event_is_documented(documents: Documents) -> None:
    documented = {type for document in documents.values() for type in messages(document)}
    assert documented == set(golden_events())


def test_a_service_reads_only_what_it_has_handlers_for(documents: Documents) -> None:
    heard = documents["notifier"]["operations"]["receive.work.handovers"]["messages"]
    assert [one["$ref"].rpartition("/")[2] for one in heard] == ["handover.completed.v1"]
    told = documents["scheduler"]["operations"]["send.work.handovers"]["messages"]
    assert len(told) == 3


def test_everything_is_described(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, described in schema.get("properties", {}).items():
            assert described.get("description"), f"{name}.{field}: write below the field what it is"
    for channel in document["channels"].values():
        assert channel["summary"]
    for type, message in messages(document).items():
        assert message["summary"], type
