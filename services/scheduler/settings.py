"""The scheduler's settings: the agency."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from pydantic import field_validator

from shared.settings import ServiceSettings

__all__ = ["SchedulerSettings"]


class SchedulerSettings(ServiceSettings):
    port: int = 8002
    root_path: str = "/scheduler"

    agency_name: str = "Understudy"
    """On receipts."""
    agency_time_zone: str = "Europe/Berlin"
    """Handovers are numbered by its year."""

    @field_validator("agency_time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("not an IANA time zone")
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.agency_time_zone)
