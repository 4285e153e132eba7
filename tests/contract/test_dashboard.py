"""The dashboard that is committed is the one that the panels make."""

from __future__ import annotations

from deploy.grafana.__main__ import DASHBOARD
from deploy.grafana.dashboard import dashboard_json


def test_the_dashboard_is_the_one_the_panels_make() -> None:
    assert DASHBOARD.read_text() == dashboard_json(), (
        f"{DASHBOARD.name} is not what deploy/grafana/panels.py makes: run `make dashboard`"
    )
