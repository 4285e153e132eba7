"""`make dashboard`: write the dashboard's JSON anew from `panels.py`."""

from __future__ import annotations

from pathlib import Path

from deploy.grafana.dashboard import dashboard_json

DASHBOARD = Path(__file__).parent / "dashboards" / "understudy.json"

if __name__ == "__main__":
    DASHBOARD.parent.mkdir(exist_ok=True)
    DASHBOARD.write_text(dashboard_json())
    print(f"Written: {DASHBOARD}")
