"""The scheduler's settings: the agency."""

from __future__ import annotations

from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, field_validator, model_validator

from services.scheduler.absences.keyring import KeyRing
from services.scheduler.workingtime.domain import Region
from services.scheduler.workingtime.public_holidays import is_known
from shared.settings import ServiceSettings

__all__ = ["SchedulerSettings"]


class SchedulerSettings(ServiceSettings):
    port: int = 8002
    root_path: str = "/scheduler"

    agency_name: str = "Understudy"
    """On receipts."""
    agency_time_zone: str = "Europe/Berlin"
    """Handovers are numbered by its year."""
    most_at_once: int = Field(12, ge=1)
    """Responsibilities that one person should act for at the same time; when leave is decided, more
    than that is shown."""
    agency_country: str = ""
    """Whose public holidays nobody works on: ISO 3166-1 alpha-2, such as `DE`; empty: none."""
    agency_region: str = ""
    """The region within it, as ISO 3166-2 calls it without the country, such as `BY`."""
    absence_keys: SecretStr
    """Encrypt why somebody is away: Fernet keys with commas in between, the newest first."""

    @field_validator("agency_time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("not an IANA time zone")
        return name

    @field_validator("absence_keys")
    @classmethod
    def _usable(cls, keys: SecretStr) -> SecretStr:
        _key_ring(keys)
        return keys

    @model_validator(mode="after")
    def _known_region(self) -> Self:
        if self.agency_region and not self.agency_country:
            raise ValueError("a region needs its country")
        if self.home is not None and not is_known(self.home):
            raise ValueError("no public holidays are known of this country or region")
        return self

    @property
    def home(self) -> Region | None:
        if not self.agency_country:
            return None
        return Region(self.agency_country, self.agency_region or None)

    @property
    def key_ring(self) -> KeyRing:
        return _key_ring(self.absence_keys)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.agency_time_zone)


def _key_ring(keys: SecretStr) -> KeyRing:
    try:
        return KeyRing([one.strip() for one in keys.get_secret_value().split(",")])
    except ValueError:
        raise ValueError("each must be 32 bytes in URL-safe base64") from None
