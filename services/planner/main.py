"""The planner's process: settings -> service -> application. Reads the environment."""

from __future__ import annotations

import sys

from services.planner.app import create_app
from services.planner.settings import PlannerSettings
from shared.web import serve

if __name__ == "__main__":
    sys.exit(serve(create_app(PlannerSettings())))
