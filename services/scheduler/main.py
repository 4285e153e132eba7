"""Composition root: settings from the environment, engines, application."""

from __future__ import annotations

import sys

from services.scheduler.app import NAME, create_scheduler
from services.scheduler.settings import SchedulerSettings
from shared.service import Service
from shared.web import serve

__all__ = ["main"]


def main() -> int:
    settings = SchedulerSettings()
    return serve(create_scheduler(Service(NAME, settings), settings))


if __name__ == "__main__":
    sys.exit(main())
