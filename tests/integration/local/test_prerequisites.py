"""What the machine lacks is named, with the cure, before anything starts."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from deploy.local.prerequisites import MissingPrerequisites, check_ports, check_programs
from deploy.local.settings import HOST, LocalSettings
from tests.support.ports import free_port


class Programs:
    """A directory that is the whole PATH."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def keep(self, *names: str) -> None:
        for name in names:
            (self.directory / name).symlink_to(shutil.which(name) or name)

    def script(self, name: str, output: str) -> None:
        program = self.directory / name
        program.unlink(missing_ok=True)  # never write through a link to the real one
        program.write_text(f"#!/bin/sh\n{output}\n")
        program.chmod(0o755)


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(
        state=tmp_path / "state",
        downloads=tmp_path / "nothing fetched yet",
        kafka_bootstrap_servers=None,
        mongodb_uri=None,
    )


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    real = Programs(tmp_path / "bin")
    real.directory.mkdir()
    real.keep("setpriv", "java", "mvn", "ldd", "sh")
    monkeypatch.setenv("PATH", str(real.directory))
    return real


def lacks(settings: LocalSettings) -> list[str]:
    with pytest.raises(MissingPrerequisites) as caught:
        check_programs(settings)
    return caught.value.lacks


def test_nothing_is_missing(settings: LocalSettings, programs: Programs) -> None:
    programs.script("java", """echo 'openjdk version "21.0.2" 2024-01-16' >&2""")
    programs.script("ldd", "echo 'libc.so.6 => /lib/libc.so.6'")

    check_programs(settings)


@pytest.mark.parametrize(
    ("program", "cure"),
    [
        ("java", "apt-get install openjdk-17-jre-headless"),
        ("mvn", "apt-get install maven"),
        ("setpriv", "apt-get install util-linux"),
    ],
)
def test_a_missing_program_is_named(
    settings: LocalSettings, programs: Programs, program: str, cure: str
) -> None:
    (programs.directory / program).unlink()

    [lack] = lacks(settings)

    assert lack.endswith(cure)


def test_all_lacks_are_named_at_once(settings: LocalSettings, programs: Programs) -> None:
    (programs.directory / "java").unlink()
    (programs.directory / "mvn").unlink()

    assert len(lacks(settings)) == 2


def test_an_old_java_is_named(settings: LocalSettings, programs: Programs) -> None:
    programs.script("java", """echo 'openjdk version "11.0.22" 2024-01-16' >&2""")

    [lack] = lacks(settings)

    assert "17 or newer" in lack
    assert "11.0.22" in lack


def test_libraries_of_mongod_are_named(settings: LocalSettings, programs: Programs) -> None:
    programs.script("ldd", "echo '  libcurl.so.4 => not found'; echo '  libssl.so.3 => not found'")

    [lack] = lacks(settings)

    assert lack.startswith("libcurl.so.4, libssl.so.3 (needed by mongod)")
    assert lack.endswith("apt-get install libcurl4 libssl3")


def test_existing_clusters_need_neither_java_nor_mongod(
    settings: LocalSettings, programs: Programs
) -> None:
    (programs.directory / "java").unlink()
    existing = settings.model_copy(
        update={"kafka_bootstrap_servers": "kafka:9092", "mongodb_uri": "mongodb://db"}
    )

    check_programs(existing)


def test_a_taken_port_is_named_with_its_setting(settings: LocalSettings) -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        ports = settings.model_copy(
            update={"kafka_port": taken, "kafka_controller_port": free_port()}
            | {"mongodb_port": free_port()}
        )
        with pytest.raises(MissingPrerequisites, match=f"{taken}.*UNDERSTUDY_KAFKA_PORT"):
            check_ports(ports, engines_only=True)


def test_a_given_mail_server_needs_no_port_of_ours(settings: LocalSettings) -> None:
    with socket.create_server((HOST, 0)) as other:
        free = {
            name: free_port()
            for name in LocalSettings.model_fields
            if name == "port" or name.endswith("_port")
        }
        taken = settings.model_copy(update=free | {"smtp_port": other.getsockname()[1]})
        with pytest.raises(MissingPrerequisites, match="UNDERSTUDY_SMTP_PORT"):
            check_ports(taken)

        check_ports(taken.model_copy(update={"smtp_host": "mail.agency.example"}))


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_PORT", "8090")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.delenv("PUBLIC_URL", raising=False)

    settings = LocalSettings()

    assert settings.public_url == f"http://{HOST}:8090"
    assert settings.kafka_servers == "kafka:9092"
