"""Fixtures for all tests, and the engines of a run that is spread over several workers."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from deploy.local.prerequisites import MissingPrerequisites
from deploy.local.processes import ProcessFailed
from tests.support.fixtures import (
    emptied,
    engines,
    kafka_servers,
    kept_prefix,
    mongo,
    mongodb_client,
    mongodb_uri,
    own_engines,
    prefix,
    running_engines,
    topics,
)
from tests.support.workers import WholeWorlds

__all__ = [
    "emptied",
    "engines",
    "kafka_servers",
    "kept_prefix",
    "mongo",
    "mongodb_client",
    "mongodb_uri",
    "own_engines",
    "prefix",
    "topics",
]


# The same examples in every run, however slow the machine is.
settings.register_profile(
    "tests", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

# Not the default of a terminal, which takes half a minute to draw one exception with its locals.
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ]
)


def pytest_configure(config: pytest.Config) -> None:
    """With workers, their controller starts the engines; they find them in their environment."""
    is_worker = hasattr(config, "workerinput")
    if is_worker or not config.getoption("numprocesses", None) or config.option.collectonly:
        return
    run = ExitStack()
    config.add_cleanup(run.close)
    try:
        addresses = run.enter_context(running_engines())
    except (MissingPrerequisites, ProcessFailed) as failure:
        pytest.exit(str(failure), returncode=1)
    os.environ["KAFKA_BOOTSTRAP_SERVERS"] = addresses.kafka_servers
    os.environ["MONGODB_URI"] = addresses.mongodb_uri


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeWorlds | None:
    return WholeWorlds(config, log) if config.getvalue("dist") == "load" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The modules that take long begin, so that no worker is left alone with one at the end."""
    long = {item.path for item in items if {"slow", "faults"} & set(item.keywords)}
    items.sort(key=lambda item: item.path not in long)
