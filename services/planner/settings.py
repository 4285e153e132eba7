"""The planner's settings."""

from __future__ import annotations

from shared.settings import ServiceSettings

__all__ = ["PlannerSettings"]


class PlannerSettings(ServiceSettings):
    port: int = 8001
    root_path: str = "/planner"
