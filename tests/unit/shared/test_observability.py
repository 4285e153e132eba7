"""Every log line is JSON with the correlation id, whichever library wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared.observability import (
    METRICS,
    Sparing,
    causation_id,
    configure_logging,
    correlation_id,
)

NAMES = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "aiokafka", "pymongo", "faststream")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Logging is the process's: put it back for the other tests."""
    before = [(log, log.handlers, log.level) for log in map(logging.getLogger, NAMES)]
    configured = structlog.get_config()
    yield
    for log, handlers, level in before:
        log.handlers = handlers
        log.setLevel(level)
    structlog.configure(**configured)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_our_lines_and_others_carry_the_same_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("planner")
    caused = correlation_id.set("c-1"), causation_id.set("e-1")
    structlog.get_logger("ours").warning("full", count=3)
    logging.getLogger("uvicorn.error").info("started %s", "here")
    correlation_id.reset(caused[0])
    causation_id.reset(caused[1])
    ours, theirs = lines(capsys)
    assert ours["event"] == "full"
    assert ours["count"] == 3
    assert theirs["event"] == "started here"
    for line in (ours, theirs):
        assert line["service"] == "planner"
        assert line["correlation_id"] == "c-1"
        assert line["causation_id"] == "e-1"
        assert line["timestamp"].endswith("Z")
    assert (ours["level"], ours["logger"]) == ("warning", "ours")
    assert (theirs["level"], theirs["logger"]) == ("info", "uvicorn.error")


def test_an_exception_is_one_line_without_local_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("scheduler")
    note = "canary"
    try:
        _ = len(note) / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")
        logging.getLogger("other").exception("failed")
    for line in lines(capsys):
        assert "ZeroDivisionError" in line["exception"]
        assert note not in json.dumps(line)


def test_the_level_holds_and_access_lines_of_uvicorn_do_not_come(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("inbox", "WARNING")
    structlog.get_logger("ours").info("quiet")
    logging.getLogger("uvicorn.access").info("GET /session?token=secret")
    assert lines(capsys) == []


def test_every_shared_metric_names_its_service_and_says_what_it_means() -> None:
    metrics = {k: v for k, v in vars(METRICS).items() if not k.startswith("_")}
    assert len(metrics) > 10
    for name, metric in metrics.items():
        (family,) = metric.describe()
        assert family.name.startswith("understudy_")
        assert family.name.removeprefix("understudy_") == name.removesuffix("_total")
        assert family.documentation


def record(name: str, message: str, at: float) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "", 0, message, ("Kafka",), None)
    made.created = at
    return made


def test_what_a_library_says_again_and_again_is_said_once_and_counted() -> None:
    sparing = Sparing("aiokafka", seconds=10)
    told = [record("aiokafka.conn", "%s is away", at) for at in (0, 1, 2, 11)]
    another = record("aiokafka.conn", "%s is back", 3)
    ours = [record("services.planner", "%s is away", at) for at in (0, 1)]

    passed = [one.getMessage() for one in (*told, another, *ours) if sparing.filter(one)]

    assert passed == [
        "Kafka is away",
        "Kafka is away (and 2 more)",
        "Kafka is back",
        "Kafka is away",
        "Kafka is away",
    ]
