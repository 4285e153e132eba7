"""The front door of Compose leads where the one-machine stack's does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.programs import caddy, front_door
from deploy.local.settings import SERVICES, LocalSettings
from tests.integration.deploy.compose import ROOT, Compose

_CADDYFILE = ROOT / "deploy" / "front-door" / "Caddyfile"


def test_caddy_takes_the_front_door_of_compose(compose: Compose) -> None:
    _caddy("validate", compose.environment("front-door"))


def test_both_have_the_same_routes(compose: Compose, tmp_path: Path) -> None:
    local = front_door(LocalSettings(state=tmp_path))

    composed = _adapted(compose.environment("front-door"))
    of_one_machine = _adapted(local.env)

    assert str(_CADDYFILE) in local.argv
    assert _without_addresses(composed) == _without_addresses(of_one_machine)


def test_each_route_leads_to_its_service(compose: Compose) -> None:
    routes = json.dumps(_adapted(compose.environment("front-door")))

    for name in SERVICES:
        assert f'"dial": "{name}:8000"' in routes


def test_it_listens_where_the_port_is_published(compose: Compose) -> None:
    [server] = _adapted(compose.environment("front-door"))["apps"]["http"]["servers"].values()
    [port] = compose.services["front-door"]["ports"]

    assert server["listen"] == [f"0.0.0.0:{port.rpartition(':')[2]}"]


def test_it_is_mounted_where_its_image_looks(compose: Compose) -> None:
    assert compose.services["front-door"]["volumes"] == ["./deploy/front-door:/etc/caddy:ro"]


def _adapted(environment: Mapping[str, str]) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(_caddy("adapt", environment))
    return config


def _caddy(command: str, environment: Mapping[str, str]) -> str:
    return subprocess.run(
        [caddy(), command, "--adapter", "caddyfile", "--config", _CADDYFILE],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _without_addresses(config: Any) -> Any:
    """Of a configuration, all but where it listens and where its upstreams are."""
    if isinstance(config, dict):
        return {
            key: _without_addresses(value)
            for key, value in config.items()
            if key not in {"dial", "listen"}
        }
    if isinstance(config, list):
        return [_without_addresses(each) for each in config]
    return config
