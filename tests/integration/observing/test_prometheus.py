"""Alerts and dashboard against a real Prometheus that scrapes the real services."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from deploy.grafana.panels import ROWS
from deploy.local.probes import answers_http
from deploy.local.processes import Process
from deploy.local.settings import HOST, SERVICES
from tests.support.agency import Agency
from tests.support.engines import Engines
from tests.support.ports import free_port
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PROMETHEUS = Path("deploy/prometheus")
ALERTS = PROMETHEUS / "alerts.yml"
_SCRAPED = "1s"
_YAML = YAML(typ="safe")


def test_each_alert_fires_when_it_should() -> None:
    """The cases are in `alerts_test.yml`, in promtool's own form."""
    cases = Path(__file__).with_name("alerts_test.yml")
    told = subprocess.run(
        ["promtool", "test", "rules", str(cases)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_each_alert_has_a_case() -> None:
    cases = Path(__file__).with_name("alerts_test.yml").read_text()
    fired = set(re.findall(r"alertname: (\w+)\n\s+eval_time", cases))
    assert fired == {rule["alert"] for rule in _rules()}


def test_each_alert_says_what_to_do() -> None:
    told = Path("docs/operations.md").read_text()
    assert [rule["alert"] for rule in _rules() if f"`{rule['alert']}`" not in told] == []


def test_the_configuration_is_sound() -> None:
    told = subprocess.run(
        ["promtool", "check", "config", str(PROMETHEUS / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


class Prometheus:
    """Asks a running one."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def value(self, expression: str) -> list[dict[str, Any]]:
        """Raises `AssertionError` for what is no sound expression."""
        answer = (await self._http.get("/api/v1/query", params={"query": expression})).json()
        assert answer["status"] == "success", answer
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def rules(self) -> list[dict[str, Any]]:
        answer = (await self._http.get("/api/v1/rules")).json()
        return [rule for group in answer["data"]["groups"] for rule in group["rules"]]

    async def metrics(self) -> set[str]:
        """The names of all that the targets tell, also of what has no series yet."""
        answer = (await self._http.get("/api/v1/targets/metadata")).json()
        return {_family(one["metric"]) for one in answer["data"]}


@pytest.fixture
async def scraped(engines: Engines, prefix: str, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """The four services after a sick call and a return, and a Prometheus that has seen it."""
    async with ServiceProcesses(engines, prefix, tmp_path) as services:
        await services.start()
        async with Agency(services.url) as agency:
            await agency.build()
            await agency.task(1)
            reported = await agency.report_sick("Jana")
            await agency.receipt_closed(reported["handover_id"])
            await agency.return_to_work(reported["absence"]["id"])
        process = _prometheus(services, tmp_path)
        await process.start()
        try:
            async with httpx.AsyncClient(base_url=f"http://{process.where}") as http:
                prometheus = Prometheus(http)
                await eventually(lambda: _has_scraped_all(prometheus), what="all are scraped twice")
                yield prometheus
        finally:
            await process.stop()


async def test_every_expression_has_an_answer(scraped: Prometheus) -> None:
    """Each panel's query finds series, each alert is evaluated, on metrics that exist."""
    expressions = [
        query.expression.replace("$__rate_interval", "1m")
        for row in ROWS
        for panel in row.panels
        for query in panel.queries
    ]
    assert [one for one in expressions if not await scraped.value(one)] == []

    async def evaluated() -> bool:
        return all(rule["health"] == "ok" for rule in await scraped.rules())

    assert await eventually(evaluated)
    known = await scraped.metrics()
    for rule in _rules():
        assert _metrics(rule["expr"]) <= known, rule["alert"]


async def _has_scraped_all(prometheus: Prometheus) -> bool:
    twice = await prometheus.value('count_over_time(up{job="understudy"}[1m]) > 1')
    up = await prometheus.value('up{job="understudy"} == 1')
    return len(twice) == len(up) == len(SERVICES)


def _prometheus(services: ServiceProcesses, directory: Path) -> Process:
    """With our own configuration, but for its targets and how often they are asked."""
    settings = _YAML.load(PROMETHEUS / "prometheus.yml")
    settings["global"] = {"scrape_interval": _SCRAPED, "evaluation_interval": _SCRAPED}
    settings["rule_files"] = [str(ALERTS.resolve())]
    (job,) = settings["scrape_configs"]
    ports = [services.settings.service_port(name) for name in SERVICES]
    job["static_configs"] = [{"targets": [f"{HOST}:{port}" for port in ports]}]
    path = directory / "prometheus.yml"
    _YAML.dump(settings, path)
    address = f"{HOST}:{free_port()}"
    return Process(
        "prometheus",
        (
            "prometheus",
            f"--config.file={path}",
            f"--storage.tsdb.path={directory / 'tsdb'}",
            f"--web.listen-address={address}",
        ),
        answers_http(f"http://{address}/-/ready"),
        directory / "logs",
        where=address,
    )


def _rules() -> list[dict[str, Any]]:
    groups = _YAML.load(ALERTS)["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _metrics(expression: str) -> set[str]:
    """Our own metrics in it, by the names of their families."""
    return {_family(name) for name in re.findall(r"understudy_\w+", expression)}


def _family(metric: str) -> str:
    return re.sub(r"_(bucket|count|sum|total)$", "", metric)
