"""What the stack tells its services, and what it leaves to the environment."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from deploy.local.programs import service, service_environment
from deploy.local.settings import HOST, SERVICES, LocalSettings
from services.scheduler.absences.keyring import KeyRing

_OUTSIDE = {
    "SMTP_HOST": "mail.agency.example",
    "SMTP_PORT": "587",
    "SMTP_USERNAME": "understudy",
    "PUBLIC_URL": "https://understudy.agency.example",
}


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalSettings:
    """An environment that names a mail server and an address of its own."""
    for name, value in _OUTSIDE.items():
        monkeypatch.setenv(name, value)
    return LocalSettings(state=tmp_path)


def test_a_mail_server_of_ones_own_is_left_to_the_environment(outside: LocalSettings) -> None:
    told = service(outside, "notifier").env

    assert not [name for name in told if name.startswith("SMTP_")]
    assert told["PUBLIC_URL"] == "https://understudy.agency.example"
    assert outside.front_door_url == f"http://{HOST}:{outside.port}"


def test_a_closed_stack_keeps_its_mail_and_its_links(outside: LocalSettings) -> None:
    told = service_environment(outside.closed, "notifier")

    assert (told["SMTP_HOST"], told["SMTP_PORT"]) == (HOST, str(outside.smtp_port))
    assert told["SMTP_USERNAME"] == ""
    assert told["PUBLIC_URL"] == outside.front_door_url


def test_only_the_scheduler_gets_the_keys_of_reasons_and_always_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ABSENCE_KEYS", raising=False)
    settings = LocalSettings(state=tmp_path)

    told = {name: service_environment(settings, name) for name in SERVICES}

    keys = told["scheduler"]["ABSENCE_KEYS"]
    KeyRing([keys])
    assert [name for name in SERVICES if "ABSENCE_KEYS" in told[name]] == ["scheduler"]
    assert service_environment(settings, "scheduler")["ABSENCE_KEYS"] == keys
    assert (tmp_path / "absence-keys").stat().st_mode & 0o777 == 0o600


def test_a_secret_is_never_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before it is on the disk, nothing is there, and the next start makes it up."""
    monkeypatch.delenv("ABSENCE_KEYS", raising=False)
    settings = LocalSettings(state=tmp_path)
    with monkeypatch.context() as killed:
        killed.setattr(os, "fsync", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            service_environment(settings, "scheduler")
    assert not (tmp_path / "absence-keys").exists()

    KeyRing([service_environment(settings, "scheduler")["ABSENCE_KEYS"]])
