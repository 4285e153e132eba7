"""`docker-compose.yml`: allowed by the specification, and at one with the settings, the image and
the one-machine stack. Compose itself is not needed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.mongodb import mongodb
from deploy.local.settings import SERVICES, LocalSettings
from services.inbox.settings import InboxSettings
from services.notifier.settings import NotifierSettings
from services.planner.settings import PlannerSettings
from services.scheduler.settings import SchedulerSettings
from shared.settings import ServiceSettings
from tests.integration.deploy.compose import (
    FILE,
    ROOT,
    SECRETS,
    Compose,
    MissingVariable,
    variables,
)
from tests.integration.deploy.dockerfile import read

_SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "planner": PlannerSettings,
    "scheduler": SchedulerSettings,
    "inbox": InboxSettings,
    "notifier": NotifierSettings,
}
# Their images name a user that is not root by themselves.
_OF_THEIR_OWN_USER = {"grafana", "kafka", "prometheus"}
_KAFKA_IMAGE_OWN = {"CLUSTER_ID", "KAFKA_HEAP_OPTS"}


@pytest.fixture
def image_environment() -> dict[str, str]:
    """What the image tells its service."""
    [*_, last] = [each for each in read(ROOT / "deploy" / "Dockerfile") if each.cmd == "ENV"]
    given = dict(zip(last.value[::2], last.value[1::2], strict=True))
    of_the_process = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "SERVICE"}
    return {name: value for name, value in given.items() if name not in of_the_process}


# The file


def test_it_is_what_the_specification_allows() -> None:
    assert _checked(FILE).returncode == 0


def test_a_key_that_compose_does_not_know_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(FILE.read_text().replace("  read_only: true", "  readonly: true", 1))

    assert "readonly" in _checked(wrong).stdout


@pytest.mark.parametrize("missing", SECRETS)
def test_without_a_secret_it_says_what_to_do(missing: str) -> None:
    others = {name: secret for name, secret in SECRETS.items() if name != missing}
    with pytest.raises(MissingVariable, match=rf"{missing}: copy \.env\.example to \.env"):
        Compose(others)


def test_the_example_names_every_variable_and_its_default() -> None:
    example = (ROOT / ".env.example").read_text()
    shown = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    used = {**_passed_on(), **variables(FILE.read_text())}

    assert shown.keys() == used.keys()
    defaults = {name: default or "" for name, default in used.items()}
    assert shown == {**defaults, "PUBLIC_URL": "http://127.0.0.1:8080"}


def test_secrets_are_committed_nowhere() -> None:
    for name in SECRETS:
        assert f"{name}=\n" in (ROOT / ".env.example").read_text()
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


# What runs, and how it is confined


def test_images_are_pinned(compose: Compose) -> None:
    images = {name: each["image"] for name, each in compose.services.items() if "image" in each}

    assert images.keys() == compose.services.keys() - set(SERVICES)
    for image in images.values():
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+(-alpine)?", image)


def test_the_services_are_built_from_the_one_dockerfile(compose: Compose) -> None:
    for name in SERVICES:
        assert compose.services[name]["build"] == {
            "context": ".",
            "dockerfile": "deploy/Dockerfile",
            "args": {"SERVICE": name},
        }


def test_ports_are_published_to_the_loopback_alone(compose: Compose) -> None:
    published = {
        name: port for name, each in compose.services.items() for port in each.get("ports", [])
    }

    assert published["front-door"] == "127.0.0.1:8080:8080"
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published.values())
    assert not published.keys() & {*SERVICES, "mongodb"}


def test_everything_is_confined(compose: Compose) -> None:
    for name, each in compose.services.items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "front-door" else [])
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["restart"] == "unless-stopped", name
        assert not each.keys() & {"privileged", "network_mode", "pid", "ipc", "devices"}, name


def test_nothing_runs_as_root(compose: Compose) -> None:
    for name, each in compose.services.items():
        if name in _OF_THEIR_OWN_USER:
            assert "user" not in each
        else:
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", each["user"]), name


def test_what_is_mounted_is_there_and_only_read(compose: Compose) -> None:
    named = set()
    for name, each in compose.services.items():
        for mount in each.get("volumes", []):
            source, _, mode = mount.split(":") if mount.count(":") == 2 else (*mount.split(":"), "")
            if source.startswith("./"):
                assert mode == "ro", name
                assert (ROOT / source).exists(), source
            else:
                named.add(source)

    assert named == compose.volumes.keys()


def test_everybody_waits_for_whom_they_need(compose: Compose) -> None:
    for name in SERVICES:
        assert _waits_for(compose, name) == {"kafka", "mongodb"}
        assert compose.services[name]["healthcheck"]["test"][-1] == "/readyz"
    assert _waits_for(compose, "front-door") == set(SERVICES)


# What the services are told


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_knows_everything_that_it_is_told(
    name: str, compose: Compose, image_environment: Mapping[str, str]
) -> None:
    told = {**image_environment, **compose.services[name]["environment"]}

    assert _unknown(told, _SETTINGS[name]) == set()


def test_a_misspelt_setting_is_found(compose: Compose) -> None:
    assert _unknown({"PUBLIC_ULR": ""}, PlannerSettings) == {"PUBLIC_ULR"}
    # Another service's.
    assert _unknown({"SMTP_HOST": ""}, PlannerSettings) == {"SMTP_HOST"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_told_everything_that_it_needs(
    name: str,
    compose: Compose,
    image_environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for field in _SETTINGS[name].model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    for variable, value in {**image_environment, **compose.environment(name)}.items():
        monkeypatch.setenv(variable, value)

    settings = _SETTINGS[name]()

    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.kafka_bootstrap_servers == "kafka:9092"
    assert urlsplit(settings.mongodb_uri).netloc == "mongodb:27017"
    assert {"kafka", "mongodb"} < compose.services.keys()


def test_mail_stays_in_mailpit_unless_a_server_is_named(compose: Compose) -> None:
    theirs = {"SMTP_HOST": "mail.agency.example", "SMTP_PORT": "587", "SMTP_USERNAME": "understudy"}

    own = compose.environment("notifier")
    others = Compose({**SECRETS, **theirs}).environment("notifier")

    assert (own["SMTP_HOST"], own["SMTP_PORT"]) == ("mailpit", "1025")
    assert "SMTP_USERNAME" not in own
    assert others.items() >= theirs.items()


# The engines


def test_kafka_is_the_one_machine_stacks(compose: Compose) -> None:
    pom = ET.parse(ROOT / "deploy" / "local" / "pom.xml")
    version = pom.findtext(".//{*}dependency[{*}artifactId='kafka_2.13']/{*}version")

    assert compose.services["kafka"]["image"] == f"apache/kafka:{version}"


async def test_the_broker_knows_everything_that_it_is_told(
    compose: Compose, kafka_servers: str
) -> None:
    told = compose.environment("kafka").keys() - _KAFKA_IMAGE_OWN
    properties = {name.removeprefix("KAFKA_").lower().replace("_", ".") for name in told}

    assert properties <= await _known_to(kafka_servers)


def test_mongodb_is_told_what_the_one_machine_stacks_is(compose: Compose, tmp_path: Path) -> None:
    local = " ".join(mongodb(LocalSettings(state=tmp_path)).argv)
    told = [option.replace("=", " ", 1) for option in compose.services["mongodb"]["command"]]

    for option in told:
        assert option in {"mongod", "--bind_ip_all"} or option in local
    for kept in ("--slowms ", "--setParameter transactionLifetimeLimitSeconds=", "--replSet "):
        assert any(option.startswith(kept) for option in told)


def test_the_replica_set_is_called_what_the_services_call_it(compose: Compose) -> None:
    script = (ROOT / "deploy" / "compose" / "replica-set.js").read_text()
    uri = urlsplit(compose.environment("planner")["MONGODB_URI"])

    assert f'host: "{uri.netloc}"' in script
    assert f'_id: "{uri.query.removeprefix("replicaSet=")}"' in script


# What watches


def test_prometheus_asks_every_service_where_it_listens() -> None:
    config = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()

    for name in SERVICES:
        assert f"{name}:8000" in config


def _checked(file: Path) -> subprocess.CompletedProcess[str]:
    """By the schema of the specification that the package `check-jsonschema` carries."""
    schema = ("--builtin-schema", "vendor.compose-spec")
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, file],
        capture_output=True,
        text=True,
        check=False,
    )


def _passed_on() -> dict[str, None]:
    """The variables that have no value in the file: they are passed on if `.env` has them."""
    return dict.fromkeys(re.findall(r"^ +([A-Z_]+):$", FILE.read_text(), flags=re.MULTILINE))


def _waits_for(compose: Compose, name: str) -> set[str]:
    conditions: dict[str, dict[str, str]] = compose.services[name]["depends_on"]
    assert all(each == {"condition": "service_healthy"} for each in conditions.values())
    assert all("healthcheck" in compose.services[each] for each in conditions)
    return set(conditions)


def _unknown(told: Collection[str], settings: type[ServiceSettings]) -> set[str]:
    return set(told) - {field.upper() for field in settings.model_fields}


async def _known_to(kafka_servers: str) -> set[str]:
    """The names of all settings of a broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_servers)
    await admin.start()
    try:
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
    finally:
        await admin.close()
    return set(_names(answer.resources))


def _names(resources: Collection[Any]) -> Iterator[str]:
    for resource in resources:
        for name, *_ in resource[-1]:
            yield name
