"""The Dockerfile: what it promises whoever runs the image."""

from __future__ import annotations

import re

import pytest
from dockerfile import Command

from deploy.local.settings import SERVICES
from tests.integration.deploy.compose import ROOT, Compose
from tests.integration.deploy.dockerfile import ignored, read, stages

_COMMANDS = read(ROOT / "deploy" / "Dockerfile")
_IMAGE = stages(_COMMANDS)[-1]


def _only(instruction: str) -> Command:
    [command] = [each for each in _IMAGE.commands if each.cmd == instruction]
    return command


def test_base_images_are_pinned_and_the_last_one_is_slim() -> None:
    for stage in stages(_COMMANDS):
        assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z0-9-]+", stage.base)
    assert _IMAGE.base == "python:3.11.16-slim-bookworm"


def test_it_runs_as_a_number_that_is_not_roots(compose: Compose) -> None:
    """Kubernetes can tell that a number is not root; and Compose says the same one."""
    [user] = _only("USER").value

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert {compose.services[name]["user"] for name in SERVICES} == {user}


def test_signals_reach_the_service() -> None:
    assert _only("STOPSIGNAL").value == ("SIGTERM",)
    assert _only("ENTRYPOINT").json
    assert _only("ENTRYPOINT").value == ("python", "/understudy")


def test_health_is_asked_without_further_programs() -> None:
    check = _only("HEALTHCHECK")

    assert check.json
    assert check.value == ("CMD", "python", "healthcheck.py", "/healthz")


def test_pins_are_installed_with_their_hashes() -> None:
    installs = [
        each.original for each in _COMMANDS if each.cmd == "RUN" and "install" in each.original
    ]

    assert len(installs) == 2
    assert all("--require-hashes" in each for each in installs)


def test_the_last_stage_runs_nothing_and_takes_nothing_from_the_context() -> None:
    """So nothing is in it but what the others made."""
    assert not [each for each in _IMAGE.commands if each.cmd in {"RUN", "ADD"}]
    for copy in (each for each in _IMAGE.commands if each.cmd == "COPY"):
        assert copy.flags, copy.original


def test_nothing_is_run_by_an_absolute_path() -> None:
    """Otherwise the tests would run something of this machine."""
    for run in (each for each in _COMMANDS if each.cmd == "RUN"):
        assert not re.search(r"(^|[\s=])/", run.value[0]), run.original


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".local/secret",
        "deploy/local/__main__.py",
        "docker-compose.yml",
        "requirements/notes.md",
        "services/planner/__pycache__/app.cpython-311.pyc",
        "tests/conftest.py",
    ],
)
def test_what_no_image_needs_is_kept_back(path: str) -> None:
    assert ignored((ROOT / ".dockerignore").read_text())(path)


@pytest.mark.parametrize(
    "path",
    [
        "deploy/assets/pom.xml",
        "deploy/image/healthcheck.py",
        "requirements/planner.txt",
        "services/planner/locale/de/LC_MESSAGES/planner.po",
        "shared/ui/static/fonts/inter-400.woff2",
    ],
)
def test_what_images_need_is_sent(path: str) -> None:
    assert not ignored((ROOT / ".dockerignore").read_text())(path)
